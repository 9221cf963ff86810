"""CLIP that looks at a part of a picture, as SSV2A cuts parts out: on bytes, inside the graph."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, compose, helper, numpy_helper
from torch import Tensor, nn

from hearsight.manifest import Graph, Precision

from ..clip.towers import ClipImage
from ..fronts import PictureFront, behind_picture_front
from ..graphs import OPSET, Part, export_part, trace

__all__ = ["FRAME", "behind_cut", "export_eye"]

FRAME = 512  # side of the square that frames of a video are squeezed to before all else


def behind_cut(model: onnx.ModelProto, squeeze: int = 0) -> onnx.ModelProto:
    """Put the cutting of a part before a model that takes `image`, uint8 [1, H, W, 3].

    The result takes `box` [1, 4] too: left, top, right and bottom in pixels, which are rounded
    to whole ones (halves to even, as Pillow's users do) and kept inside of the picture. The part
    is stretched to the size of the whole picture by Pillow's bicubic filter, whatever its shape.
    squeeze: the side of the square that the picture is brought to first, if not 0.
    """
    constants = {
        "zero": np.zeros(2, np.int64),
        "one": np.ones(2, np.int64),
        "two": np.array([2], np.int64),
        "start": np.array([0], np.int64),
        "end": np.array([4], np.int64),
        "along": np.array([1], np.int64),
        "axes": np.array([2, 3], np.int64),
        "ends": np.array([1, 3], np.int64),
        "square": np.array([squeeze, squeeze], np.int64),
        "order": np.array([1, 0, 3, 2], np.int64),
    }
    node = helper.make_node
    whole = [
        node("Transpose", ["image"], ["planes"], perm=[0, 3, 1, 2]),
        node("Shape", ["planes"], ["size"], start=2),
    ]
    squeezed = [
        *_resize("planes", "square", "picture"),
        node("Identity", ["square"], ["sides"]),
        node("Cast", ["size"], ["from"], to=TensorProto.FLOAT),
        node("Cast", ["square"], ["into"], to=TensorProto.FLOAT),
        node("Div", ["into", "from"], ["factor"]),
        node("Concat", ["factor", "factor"], ["factors"], axis=0),
        node("Mul", ["turned", "factors"], ["scaled"]),
    ]
    kept = [
        node("Identity", ["planes"], ["picture"]),
        node("Identity", ["size"], ["sides"]),
        node("Identity", ["turned"], ["scaled"]),
    ]
    nodes = [
        *whole,
        node("Gather", ["box", "order"], ["turned"], axis=1),  # top, left, bottom, right
        *(squeezed if squeeze else kept),
        node("Round", ["scaled"], ["rounded"]),
        node("Cast", ["rounded"], ["corners"], to=TensorProto.INT64),
        node("Slice", ["corners", "start", "two", "along"], ["first"]),
        node("Slice", ["corners", "two", "end", "along"], ["second"]),
        node("Squeeze", ["first", "start"], ["low_said"]),
        node("Squeeze", ["second", "start"], ["high_said"]),
        node("Sub", ["sides", "one"], ["last"]),
        node("Max", ["low_said", "zero"], ["low_inside"]),
        node("Min", ["low_inside", "last"], ["low"]),
        node("Add", ["low", "one"], ["least"]),
        node("Max", ["high_said", "least"], ["high_inside"]),
        node("Min", ["high_inside", "sides"], ["high"]),
        node("Slice", ["picture", "low", "high", "axes"], ["cut"]),
        *_resize("cut", "sides", "stretched"),
        node("Transpose", ["stretched"], ["part"], perm=[0, 2, 3, 1]),
    ]
    used = {name for entry in nodes for name in entry.input}
    graph = helper.make_graph(
        nodes,
        "cut",
        [
            helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "H", "W", 3]),
            helper.make_tensor_value_info("box", TensorProto.FLOAT, [1, 4]),
        ],
        [helper.make_tensor_value_info("part", TensorProto.UINT8, [1, None, None, 3])],
        [numpy_helper.from_array(v, k) for k, v in constants.items() if k in used],
    )
    front = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=model.ir_version
    )
    front = compose.add_prefix(front, "cut_", rename_inputs=False)
    taken = model.graph.input[0].name
    for node in model.graph.node:
        node.input[:] = ["cut_part" if name == taken else name for name in node.input]
    model.graph.input[0].name = "cut_part"
    merged = compose.merge_models(front, model, io_map=[("cut_part", "cut_part")])
    del merged.metadata_props[:]
    return merged


def export_eye(
    image: ClipImage,
    root: Path,
    name: str = "image",
    precisions: Sequence[Precision] = ("fp32",),
    squeeze: int = 0,
    beside: Sequence[Graph] = (),
) -> Graph:
    """Write the graph `name` of role `image`: `image` and `box` to a unit vector `embed`.

    Compared with PyTorch are pictures that need no resizing, looked at as a whole.
    """
    size, width = image.size, image.space
    picture = np.random.default_rng(4).integers(0, 256, (1, size, size, 3), np.uint8)
    if squeeze:  # a picture of one colour is the same in every size
        picture = np.broadcast_to(picture[:, :1, :1], (1, squeeze, squeeze, 3)).copy()
    side = float(picture.shape[1])
    part = Part(
        "image",
        _Whole(image),
        {"image": torch.from_numpy(picture), "box": torch.tensor([[0.0, 0.0, side, side]])},
        {"image": {1: "H", 2: "W"}},
        {"embed": (1, width)},
        name=name,
    )
    pixels = {"pixels": torch.rand(1, 3, size, size)}
    model = trace(Part("image", image, pixels, {}, part.outputs, name=name))
    model = behind_cut(behind_picture_front(model, PictureFront(size)), squeeze)
    return export_part(part, root, precisions, model, beside)


def _resize(planes: str, sides: str, into: str) -> list[onnx.NodeProto]:
    """Bytes to bytes as Pillow's bicubic filter, as `PictureFront` has it."""
    return [
        helper.make_node("Concat", ["ends", sides], [f"{into}_sizes"], axis=0),
        helper.make_node(
            "Resize",
            [planes, "", "", f"{into}_sizes"],
            [into],
            mode="cubic",
            antialias=1,
            exclude_outside=1,
            cubic_coeff_a=-0.5,
        ),
    ]


class _Whole(nn.Module):
    """A CLIP as PyTorch sees it: bytes [1, n, n, 3], of which the middle square is taken."""

    def __init__(self, image: ClipImage) -> None:
        super().__init__()
        self.image = image

    def forward(self, image: Tensor, box: Tensor) -> Tensor:
        size = self.image.size
        return self.image(image[:, :size, :size].permute(0, 3, 1, 2).float() / 255)
