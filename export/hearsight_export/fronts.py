"""Picture preprocessing as graphs, node by node, as each model's own code resizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import torch
from onnx import TensorProto, compose, helper, numpy_helper
from torch import Tensor, nn

from hearsight.manifest import Graph, Precision

from .graphs import Part, export_part, trace

__all__ = ["PictureFront", "behind_picture_front", "export_picture_encoder", "put_before"]


@dataclass(frozen=True)
class PictureFront:
    """How a model's own code brings pictures to its size.

    size: side of the square in pixels. resampling: `cubic` (a = -0.5) or `linear`, both with
    antialiasing and on bytes, so that they round as Pillow does. crop: the shorter side becomes
    `size`, the longer one is rounded down, and the middle square is cut out, as CLIP does; else
    both sides become `size` and shapes are squeezed.
    """

    size: int
    resampling: Literal["cubic", "linear"] = "cubic"
    crop: bool = True


def behind_picture_front(model: onnx.ModelProto, like: PictureFront) -> onnx.ModelProto:
    """Put resizing before a model that takes pixels [1, 3, size, size] in [0, 1].

    The result takes `image`, uint8 [1, H, W, 3].
    """
    size = like.size
    constants = {
        "target": np.array([size, size], np.int64),
        "ends": np.array([1, 3], np.int64),
        "two": np.array(2, np.float32),
        "axes": np.array([2, 3], np.int64),
        "white": np.array(255, np.float32),
    }
    grow = [
        helper.make_node("Shape", ["planes"], ["whole"], start=2),
        helper.make_node("ReduceMin", ["whole"], ["shorter"], keepdims=1),
        helper.make_node("Mul", ["whole", "target"], ["grown"]),
        helper.make_node("Div", ["grown", "shorter"], ["sides"]),
        helper.make_node("Concat", ["ends", "sides"], ["sizes"], axis=0),
    ]
    squeeze = [helper.make_node("Concat", ["ends", "target"], ["sizes"], axis=0)]
    crop = [
        helper.make_node("Sub", ["sides", "target"], ["surplus"]),
        helper.make_node("Cast", ["surplus"], ["spare"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["spare", "two"], ["half"]),
        helper.make_node("Round", ["half"], ["offset"]),  # halves to even, as torchvision
        helper.make_node("Cast", ["offset"], ["start"], to=TensorProto.INT64),
        helper.make_node("Add", ["start", "target"], ["end"]),
        helper.make_node("Slice", ["resized", "start", "end", "axes"], ["square"]),
    ]
    cubic = {"cubic_coeff_a": -0.5} if like.resampling == "cubic" else {}
    nodes = [
        helper.make_node("Transpose", ["image"], ["planes"], perm=[0, 3, 1, 2]),
        *(grow if like.crop else squeeze),
        # Scales follow from whole sizes axis by axis, as in Pillow; the operator's own
        # aspect-ratio policy scales both axes alike and is off by part of a pixel. All four
        # sizes are given, as ONNX Runtime 1.31 loses the names of axes in a linear one.
        helper.make_node(
            "Resize",
            ["planes", "", "", "sizes"],
            ["resized"],
            mode=like.resampling,
            antialias=1,
            exclude_outside=1,
            **cubic,
        ),
        *(crop if like.crop else []),
        helper.make_node(
            "Cast", ["square" if like.crop else "resized"], ["levels"], to=TensorProto.FLOAT
        ),
        helper.make_node("Div", ["levels", "white"], ["pixels"]),
    ]
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        "front",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "H", "W", 3])],
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [1, 3, size, size])],
        [numpy_helper.from_array(v, k) for k, v in constants.items() if k in used],
    )
    return put_before(model, graph)


def put_before(model: onnx.ModelProto, front: onnx.GraphProto) -> onnx.ModelProto:
    """A model of one input behind a graph of one output, which keeps its inputs' names.

    The model itself is changed: what copies or checks it whole, as `onnx.compose` does, fails
    above 2 GB.
    """
    graph = model.graph
    first = compose.add_prefix_graph(front, "front_", rename_inputs=False, rename_outputs=False)
    made, taken = front.output[0].name, graph.input[0].name
    for node in first.node:
        for names in (node.input, node.output):
            names[:] = [taken if name == made else name for name in names]
    nodes = [*first.node, *graph.node]
    del graph.node[:], graph.input[:]
    graph.node.extend(nodes)
    graph.input.extend(first.input)
    graph.initializer.extend(first.initializer)
    return model


def export_picture_encoder(
    encoder: nn.Module,
    like: PictureFront,
    root: Path,
    name: str = "image",
    output: str = "cond",
    precisions: Sequence[Precision] = ("fp32",),
) -> Graph:
    """Write an encoder of pixels [1, 3, size, size] in [0, 1] behind its front, checked.

    What is compared with PyTorch are bytes that need no resizing.
    """
    size = like.size
    with torch.no_grad():
        width = encoder.eval()(torch.zeros(1, 3, size, size)).shape[1]
    picture = np.random.default_rng(4).integers(0, 256, (1, size, size, 3), np.uint8)
    part = Part(
        "image",
        _Pixels(encoder),
        {"image": torch.from_numpy(picture)},
        {"image": {1: "H", 2: "W"}},
        {output: (1, width)},
        name=name,
    )
    pixels = {"pixels": torch.rand(1, 3, size, size)}
    model = trace(Part("image", encoder, pixels, {}, part.outputs, name=name))
    return export_part(part, root, precisions, behind_picture_front(model, like))


class _Pixels(nn.Module):
    """A picture encoder as PyTorch sees it: bytes [1, size, size, 3]."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, image: Tensor) -> Tensor:
        return self.encoder(image.permute(0, 3, 1, 2).float() / 255)
