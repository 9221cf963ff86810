"""CIAP's picture encoder into CLAP's space (luffy-taro-106/IE-643)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hearsight.manifest import Conditioners, ImageConditioner, License, Precision, Space

from .clap.parts import SPACE
from .conditioning import Addition
from .fronts import PictureFront, export_picture_encoder
from .weights import Origin, Weights, renamed

__all__ = ["CiapImage", "ciap_addition", "load_ciap"]

SIZE = 224  # of the pictures in training; the trunk itself takes any
LEVELS = 4
LICENSE = License("not stated", "https://github.com/luffy-taro-106/IE-643")


class CiapImage(nn.Module):
    """Pixels [B, 3, H, W] in [0, 1] to vectors [B, D] of almost unit length.

    A ResNet-18 without mean and deviation of ImageNet, a linear layer, and, in the later one
    of its two generations, a layer norm; divided by length + 1e-8.
    """

    def __init__(self, width: int, space: int, later: bool) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(LEVELS)]
        self.backbone = nn.Sequential(
            nn.Conv2d(3, width, 7, 2, 3, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, 1),
            *(
                nn.Sequential(
                    _Block(before, after, 1 if level == 0 else 2), _Block(after, after, 1)
                )
                for level, (before, after) in enumerate(zip([width, *widths], widths, strict=False))
            ),
        )
        self.proj = nn.Linear(widths[-1], space)
        self.ln = nn.LayerNorm(space) if later else nn.Identity()

    def forward(self, pixels: Tensor) -> Tensor:
        vector = self.ln(self.proj(self.backbone(pixels).mean((2, 3))))
        return vector / (torch.linalg.vector_norm(vector, dim=1, keepdim=True) + 1e-8)


class _Block(nn.Module):
    """Two 3x3 convolutions around which the input goes (He et al. 2016, ResNet-18)."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.downsample = nn.Sequential()
        if stride > 1:
            conv = nn.Conv2d(before, after, 1, stride, bias=False)
            self.downsample = nn.Sequential(conv, nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        inner = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(inner + self.downsample(x))


def load_ciap(state: Mapping[str, Tensor]) -> CiapImage:
    """The picture encoder of either generation: `fc` alone, or `proj` with `ln`.

    Raises:
        MisfitError: names the first tensor that does not fit.
    """
    earlier = renamed([(r"^proj\.", "fc.")])
    weights = Weights(
        state, earlier if "fc.weight" in state else Origin, (r".*\.num_batches_tracked$",)
    )
    width = weights.shape("backbone.0.weight", 4)[0]
    space = weights.shape("proj.weight", 2)[0]
    model = CiapImage(width, space, later="ln.weight" in state)
    weights.fill(model)
    return model.eval()


def ciap_addition(
    model: CiapImage, root: Path, precisions: Sequence[Precision] = ("fp32",)
) -> Addition:
    """Export the encoder into folder `root` as the graph `image`.

    Pictures are squeezed to 224x224 by Pillow's bilinear filter, whatever their shape.

    Raises:
        ParityError: the graph does not compute what PyTorch computes.
    """
    front = PictureFront(SIZE, "linear", crop=False)
    graphs = {"image": export_picture_encoder(model, front, root, precisions=precisions)}
    return Addition(
        "ciap",
        "CIAP: pictures to CLAP's space",
        graphs,
        Conditioners(image=ImageConditioner(("image",))),
        Space(SPACE, (int(graphs["image"].outputs[0].shape[1]),)),
        {"image": LICENSE},
    )
