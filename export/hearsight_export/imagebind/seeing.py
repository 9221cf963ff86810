"""How ImageBind sees: pictures, moments of a video, and pictures of depth and of warmth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F

from hearsight.manifest import Graph, Precision

from ..clip.towers import MEAN, STD
from ..fronts import PictureFront, export_picture_encoder, put_before
from ..graphs import Part, export_part, trace
from .networks import FRAMES

__all__ = ["Gray", "Looking", "export_moment", "export_picture"]

_VIEWS = 3  # of a moment: both ends and the middle of its longer side
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow makes pictures gray
_EXAMPLE = (230, 260)  # a frame to trace and compare with


class Looking(nn.Module):
    """Pixels in [0, 1], of pictures [B, 3, S, S] or moments [B, 2, 3, S, S], to vectors [B, D]."""

    mean: Tensor
    std: Tensor

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        for name, values in (("mean", MEAN), ("std", STD)):
            self.register_buffer(name, torch.tensor(values)[:, None, None], persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        pixels = (pixels - self.mean) / self.std
        return self.encoder(pixels.transpose(1, 2) if pixels.ndim == 5 else pixels)


class Gray(nn.Module):
    """Pixels [B, 3, S, S] in [0, 1] to vectors [B, D] of their brightness.

    Nothing published says how depth and warmth were prepared; this is what its users found to
    work best: gray values as they are, of depth those of nearness.
    """

    luma: Tensor

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.register_buffer("luma", torch.tensor(_LUMA)[:, None, None], persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        return self.encoder((pixels * self.luma).sum(1, keepdim=True))


class _Views(nn.Module):
    """Views of a moment, [views, 2, 3, S, S] in [0, 1], to the mean of their vectors [1, D]."""

    def __init__(self, looking: Looking) -> None:
        super().__init__()
        self.looking = looking

    def forward(self, views: Tensor) -> Tensor:
        return self.looking(views).mean(0, keepdim=True)


class _Moment(nn.Module):
    """A moment as PyTorch sees it: two frames uint8 [2, H, W, 3] of any size to a vector [1, D]."""

    def __init__(self, looking: Looking, size: int) -> None:
        super().__init__()
        self.views, self.size = _Views(looking), size

    def forward(self, moment: Tensor) -> Tensor:
        size, (high, wide) = self.size, moment.shape[1:3]
        sides = [side * size // min(high, wide) for side in (high, wide)]
        frames = F.interpolate(
            moment.permute(0, 3, 1, 2).float() / 255, sides, mode="bilinear", align_corners=False
        )
        views = []
        for share in (lambda spare: 0, lambda spare: (spare + 1) // 2, lambda spare: spare):
            top, left = (share(side - size) for side in sides)
            views.append(frames[:, :, top : top + size, left : left + size])
        return self.views(torch.stack(views))


def export_picture(
    encoder: nn.Module,
    size: int,
    root: Path,
    name: str = "image",
    output: str = "cond",
    precisions: Sequence[Precision] = ("fp32",),
) -> Graph:
    """Write the encoder of pixels [1, 3, size, size] in [0, 1] behind CLIP's own resizing.

    Raises:
        ParityError: the graph does not compute what PyTorch computes.
    """
    return export_picture_encoder(encoder, PictureFront(size), root, name, output, precisions)


def export_moment(
    looking: Looking,
    size: int,
    root: Path,
    image: Graph,
    precisions: Sequence[Precision] = ("fp32",),
) -> Graph:
    """Write `moment`: two frames to the mean vector of three views, beside the graph `image`.

    The shorter side becomes `size` by plain interpolation (not antialiased, as the original code
    does with videos); the views are squares at both ends and in the middle of the longer one,
    where half a pixel is rounded up.

    Raises:
        ParityError: the graph does not compute what PyTorch computes.
    """
    module = _Moment(looking, size)
    frames = np.random.default_rng(7).integers(0, 256, (FRAMES, *_EXAMPLE, 3), np.uint8)
    tall = np.ascontiguousarray(frames.transpose(0, 2, 1, 3))
    dim = image.outputs[0].shape[1]
    part = Part(
        "moment",
        module,
        {"moment": torch.from_numpy(frames)},
        {"moment": {1: "H", 2: "W"}},
        {"embed": (1, dim)},
        samples=[{"moment": torch.from_numpy(tall)}],
    )
    views = {"views": torch.rand(_VIEWS, FRAMES, 3, size, size)}
    model = trace(Part("moment", module.views, views, {}, part.outputs))
    return export_part(part, root, precisions, put_before(model, _cut(size)), [image])


def _cut(size: int) -> onnx.GraphProto:
    """Frames `moment` uint8 [2, H, W, 3] to `views` [3, 2, 3, size, size] in [0, 1]."""
    constants = {
        "target": np.array([size, size], np.int64),
        "ends": np.array([FRAMES, 3], np.int64),
        "axes": np.array([2, 3], np.int64),
        "first": np.array([0], np.int64),
        "one": np.array(1, np.int64),
        "two": np.array(2, np.int64),
        "start0": np.array([0, 0], np.int64),
        "white": np.array(255, np.float32),
    }
    nodes = [
        helper.make_node("Transpose", ["moment"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["planes"], ["levels"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["levels", "white"], ["pixels"]),
        helper.make_node("Shape", ["planes"], ["whole"], start=2),
        helper.make_node("ReduceMin", ["whole"], ["shorter"], keepdims=1),
        helper.make_node("Mul", ["whole", "target"], ["grown"]),
        helper.make_node("Div", ["grown", "shorter"], ["sides"]),
        helper.make_node("Concat", ["ends", "sides"], ["sizes"], axis=0),
        helper.make_node("Resize", ["pixels", "", "", "sizes"], ["resized"], mode="linear"),
        helper.make_node("Sub", ["sides", "target"], ["start2"]),
        helper.make_node("Add", ["start2", "one"], ["spare"]),
        helper.make_node("Div", ["spare", "two"], ["start1"]),
    ]
    for view in range(_VIEWS):
        start, end, square = f"start{view}", f"end{view}", f"square{view}"
        nodes += [
            helper.make_node("Add", [start, "target"], [end]),
            helper.make_node("Slice", ["resized", start, end, "axes"], [square]),
            helper.make_node("Unsqueeze", [square, "first"], [f"view{view}"]),
        ]
    views = [f"view{view}" for view in range(_VIEWS)]
    nodes.append(helper.make_node("Concat", views, ["views"], axis=0))
    return helper.make_graph(
        nodes,
        "front",
        [helper.make_tensor_value_info("moment", TensorProto.UINT8, [FRAMES, "H", "W", 3])],
        [
            helper.make_tensor_value_info(
                "views", TensorProto.FLOAT, [_VIEWS, FRAMES, 3, size, size]
            )
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
