"""What stands before and behind a detector's network: pictures to its size, its output to boxes.

Operators are those that mean the same from operator set 11 on, as the network keeps its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

__all__ = ["GREY", "Layout", "Nodes", "chosen", "decoded", "fed"]

Layout = Literal["yolov8", "yolox", "rt-detr", "rt-detr of transformers"]

GREY = 114.0  # around pictures of another shape, in YOLO's training
_STRIDES = (8, 16, 32)
_ANTIALIASED_FROM = 18  # the operator set


class Nodes:
    """Nodes in the making; values and constants get names of their own."""

    def __init__(self, opset: int) -> None:
        self.opset = opset
        self.made: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def add(self, op: str, *inputs: str, output: str = "", **attributes: object) -> str:
        """A node of one output: its name, which is `output` if given."""
        name = output or f"hs_{len(self.made)}"
        self.made.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def real(self, value: str) -> str:
        """A value in float32."""
        return self.add("Cast", value, to=TensorProto.FLOAT)

    def whole(self, value: str) -> str:
        """A value in int64."""
        return self.add("Cast", value, to=TensorProto.INT64)

    def best(self, values: str, count: str, axis: int) -> tuple[str, str]:
        """The `count` largest values along an axis, the largest first, and where they are."""
        names = f"hs_{len(self.made)}_values", f"hs_{len(self.made)}_places"
        self.made.append(helper.make_node("TopK", [values, count], list(names), axis=axis))
        return names

    def number(self, value: NDArray | Sequence[float] | float) -> str:
        """A constant in float32."""
        return self._constant(np.asarray(value, np.float32))

    def count(self, value: Sequence[int] | int) -> str:
        """A constant in int64."""
        return self._constant(np.asarray(value, np.int64))

    def part(self, value: str, first: int, end: int, axis: int = 1) -> str:
        """A slice along one axis."""
        ends = (self.count([number]) for number in (first, end, axis))
        return self.add("Slice", value, *ends)

    def _constant(self, value: NDArray) -> str:
        name = f"hs_constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name


def fed(nodes: Nodes, layout: Layout, height: int, width: int) -> tuple[str, str, str]:
    """What the network takes of `image`, uint8 [1, H, W, 3].

    Returns pixels [1, 3, height, width], the picture's width and height as int64 [1, 2], and
    float [3, 4]: what to take off the corners of a box, what to multiply them by then, and what
    they are at the most.
    """
    size = nodes.part(nodes.add("Shape", "image"), 1, 3, axis=0)
    sides = nodes.real(size)
    across = nodes.add("Gather", size, nodes.count([1, 0]), axis=0)
    limit = nodes.real(nodes.add("Concat", across, across, axis=0))
    planes = nodes.real(nodes.add("Transpose", "image", perm=[0, 3, 1, 2]))
    target = nodes.number([height, width])
    if layout in ("yolov8", "yolox"):
        ratio = nodes.add("ReduceMin", nodes.add("Div", target, sides), keepdims=0)
        scaled = nodes.add("Mul", sides, ratio)
        whole = nodes.add("Round" if layout == "yolov8" else "Floor", scaled)
        whole = nodes.add("Max", whole, nodes.number([1, 1]))
        surplus = nodes.add("Sub", target, whole)
        share = nodes.number(0.5 if layout == "yolov8" else 0.0)
        spare = nodes.add("Sub", nodes.add("Mul", surplus, share), nodes.number(0.1))
        before = nodes.add("Max", nodes.add("Round", spare), nodes.number([0, 0]))
        after = nodes.add("Sub", surplus, before)
        resized = nodes.add("Round", _resized(nodes, planes, nodes.whole(whole), False))
        none = nodes.count([0, 0])
        pads = [none, nodes.whole(before), none, nodes.whole(after)]
        pads = nodes.add("Concat", *pads, axis=0)
        pixels = nodes.add("Pad", resized, pads, nodes.number(GREY))
        offset = nodes.add("Gather", before, nodes.count([1, 0, 1, 0]), axis=0)
        factor = nodes.add("Div", nodes.number([1, 1, 1, 1]), ratio)
    else:
        pixels = nodes.add("Round", _resized(nodes, planes, nodes.count([height, width]), True))
        offset = nodes.number([0, 0, 0, 0])
        factor = limit if layout == "rt-detr of transformers" else nodes.number([1, 1, 1, 1])
    if layout == "yolox":
        pixels = nodes.add("Gather", pixels, nodes.count([2, 1, 0]), axis=1)  # blue first
    else:
        pixels = nodes.add("Div", pixels, nodes.number(255.0))
    rows = [nodes.add("Reshape", row, nodes.count([1, 4])) for row in (offset, factor, limit)]
    frame = nodes.add("Concat", *rows, axis=0)
    return pixels, nodes.add("Reshape", across, nodes.count([1, 2])), frame


def decoded(
    nodes: Nodes, layout: Layout, said: Sequence[str], height: int, width: int
) -> tuple[str, str, str, str]:
    """Corners [N, 4], scores [N], classes [N] and their number of what a network said.

    said: names of its outputs, in the order that `detectors` tells them.
    """
    said = [nodes.real(nodes.add("Gather", name, nodes.count(0), axis=0)) for name in said]
    if layout == "rt-detr":
        labels = nodes.whole(said[0])
        most = nodes.add("ReduceMax", labels, keepdims=0)
        return said[1], said[2], labels, nodes.add("Add", most, nodes.count(1))
    if layout == "rt-detr of transformers":
        scores, boxes = nodes.add("Sigmoid", said[0]), said[1]
        centre, size = nodes.part(boxes, 0, 2), nodes.part(boxes, 2, 4)
    elif layout == "yolox":
        centre, size = nodes.part(said[0], 0, 2), nodes.part(said[0], 2, 4)
        cells, strides = _cells(height, width)
        moved = nodes.add("Add", centre, nodes.number(cells))
        centre = nodes.add("Mul", moved, nodes.number(strides))
        size = nodes.add("Mul", nodes.add("Exp", size), nodes.number(strides))
        scores = nodes.add("Mul", nodes.part(said[0], 4, 5), nodes.part(said[0], 5, 2**31 - 1))
    else:
        rows = nodes.add("Transpose", said[0], perm=[1, 0])
        centre, size = nodes.part(rows, 0, 2), nodes.part(rows, 2, 4)
        scores = nodes.part(rows, 4, 2**31 - 1)
    half = nodes.add("Mul", size, nodes.number(0.5))
    ends = nodes.add("Sub", centre, half), nodes.add("Add", centre, half)
    best, classes = nodes.best(scores, nodes.count([1]), axis=1)
    flat = nodes.count([-1])
    number = nodes.add("Gather", nodes.add("Shape", scores), nodes.count(1), axis=0)
    return (
        nodes.add("Concat", *ends, axis=1),
        nodes.add("Reshape", best, flat),
        nodes.add("Reshape", classes, flat),
        number,
    )


def chosen(
    nodes: Nodes, found: tuple[str, str, str, str], frame: str, limits: tuple[float, float, int]
) -> None:
    """`boxes` [1, N, 4] and `scores` [1, N]: what is left of overlapping boxes, best first.

    limits: what scores must be above, the overlap above which the weaker box of a class goes,
    and how many are kept.
    """
    corners, best, classes, number = found
    confidence, overlap, most = limits
    one_hot = nodes.add("OneHot", classes, number, nodes.number([0, 1]), axis=-1)
    flat = nodes.count([-1, 1])
    shared = nodes.add("Mul", one_hot, nodes.add("Reshape", best, flat))
    by_class = _batch(nodes, nodes.add("Transpose", shared, perm=[1, 0]))
    kept = nodes.add(
        "NonMaxSuppression",
        _batch(nodes, corners),
        by_class,
        nodes.count([most]),
        nodes.number([overlap]),
        nodes.number([confidence]),
    )
    index = nodes.add("Reshape", nodes.part(kept, 2, 3), nodes.count([-1]))
    left = nodes.add("Gather", best, index, axis=0)
    # In float32: operator set 11 has no smallest of whole numbers.
    there = nodes.real(nodes.add("Shape", left))
    count = nodes.whole(nodes.add("Min", there, nodes.number([most])))
    scores, order = nodes.best(left, count, axis=0)
    picked = nodes.add("Gather", corners, nodes.add("Gather", index, order, axis=0), axis=0)
    offset, factor, limit = (nodes.part(frame, row, row + 1, axis=0) for row in range(3))
    moved = nodes.add("Mul", nodes.add("Sub", picked, offset), factor)
    inside = nodes.add("Min", nodes.add("Max", moved, nodes.number(0.0)), limit)
    _batch(nodes, inside, "boxes")
    _batch(nodes, scores, "scores")


def _resized(nodes: Nodes, planes: str, sides: str, smooth: bool) -> str:
    """Linear, between the centres of pixels; as wide as pixels merge only if `smooth`."""
    sizes = nodes.add("Concat", nodes.count([1, 3]), sides, axis=0)
    finer = {"antialias": 1} if smooth and nodes.opset >= _ANTIALIASED_FROM else {}
    none = nodes.number([])
    inputs = (planes, none, none, sizes) if nodes.opset < 13 else (planes, "", "", sizes)
    mode = "half_pixel"
    return nodes.add("Resize", *inputs, mode="linear", coordinate_transformation_mode=mode, **finer)


def _cells(height: int, width: int) -> tuple[NDArray, NDArray]:
    """Column and row [N, 2], and size in pixels [N, 1], of each of YOLOX's cells."""
    cells, strides = [], []
    for stride in _STRIDES:
        rows, columns = np.mgrid[: height // stride, : width // stride]
        cells.append(np.stack((columns, rows), axis=-1).reshape(-1, 2))
        strides.append(np.full((cells[-1].shape[0], 1), stride))
    return np.concatenate(cells), np.concatenate(strides)


def _batch(nodes: Nodes, value: str, output: str = "") -> str:
    """The value with an axis of 1 in front; also where it is empty."""
    shape = nodes.add("Concat", nodes.count([1]), nodes.add("Shape", value), axis=0)
    return nodes.add(
        "Expand", value, shape, output=output
    )  # a Reshape takes zeros for something else
