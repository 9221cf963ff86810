"""CLAP 2022's audio tower: Cnn14 over the log mel of five seconds, as a unit vector.

Cnn14: Kong et al. 2020, "PANNs: Large-Scale Pretrained Audio Neural Networks for Audio Pattern
Recognition", table II.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from ..clap.hearing import ClapMel, repeat_to
from ..make_an_audio.text import Projection
from ..weights import Weights

__all__ = ["HEARD_RATE", "HEARD_SECONDS", "ClapSound", "build_audio"]

HEARD_RATE, HEARD_SECONDS = 44100, 5
_SAMPLES, _HOP = HEARD_RATE * HEARD_SECONDS, 320
_BLOCKS = 6


class ClapSound(nn.Module):
    """Sound [B, S] at 44.1 kHz, five seconds at most, to unit vectors [B, D].

    A shorter sound is repeated until five seconds are full, and cut there. Of a longer one the
    original code takes five seconds at random; here it is the first five, so that a sound has one
    vector.
    """

    def __init__(self, base: Cnn14, space: int) -> None:
        super().__init__()
        self.base = base
        self.projection = Projection(base.fc1.out_features, space)
        self.mel = ClapMel(base.bn0.num_features, HEARD_RATE, _HOP)

    @property
    def space(self) -> int:
        """Number of values of a vector."""
        return self.projection.linear1.out_features

    def forward(self, audio: Tensor) -> Tensor:
        return self.embed(self.mel(repeat_to(audio, _SAMPLES, whole=False)))

    def embed(self, mel: Tensor) -> Tensor:
        """The same for a log mel [B, frames, bins] in dB."""
        return F.normalize(self.projection(self.base(mel)), dim=-1)


class Cnn14(nn.Module):
    """Log mel [B, frames, bins] to features [B, D]."""

    def __init__(self, bins: int, widths: tuple[int, ...], features: int) -> None:
        super().__init__()
        self.bn0 = nn.BatchNorm2d(bins)
        for index, (given, out) in enumerate(zip((1, *widths), widths, strict=False), 1):
            self.add_module(f"conv_block{index}", _Block(given, out))
        self.blocks = len(widths)
        self.fc1 = nn.Linear(widths[-1], features)

    def forward(self, mel: Tensor) -> Tensor:
        x = self.bn0(mel.transpose(1, 2)[..., None])[..., 0].transpose(1, 2)[:, None]
        for index in range(1, self.blocks + 1):
            x = self.get_submodule(f"conv_block{index}")(x)
            if index < self.blocks:
                x = F.avg_pool2d(x, 2)
        x = x.mean(dim=3)
        return F.relu(self.fc1(x.amax(dim=2) + x.mean(dim=2)))


class _Block(nn.Module):
    """Two convolutions of three by three, each normed and rectified."""

    def __init__(self, given: int, out: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(given, out, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(out), nn.BatchNorm2d(out)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


def build_audio(weights: Weights) -> ClapSound:
    """The tower at the widths of the weights, filled with them, in evaluation mode.

    Raises:
        MisfitError: names the first tensor that is missing, of another shape, or too many.
    """
    block = "base.conv_block{}.conv1.weight"
    widths = tuple(weights.shape(block.format(i), 4)[0] for i in range(1, _BLOCKS + 1))
    base = Cnn14(
        weights.shape("base.bn0.weight", 1)[0], widths, weights.shape("base.fc1.weight", 2)[0]
    )
    tower = ClapSound(base, weights.shape("projection.linear1.weight", 2)[0])
    weights.fill(tower)
    return tower.eval().requires_grad_(False)
