"""BigVGAN as the `vocoder` graph of a bundle."""

from __future__ import annotations

import torch
from torch import Tensor

from ..graphs import Part
from .config import BigVGANConfig
from .flat import FlatBigVGAN
from .networks import BigVGAN

__all__ = ["reach", "vocoder_part"]

_SNAKE = 5  # samples to either side that a value of the anti-aliased activation depends on


def vocoder_part(model: BigVGAN, frames: int = 1) -> Part:
    """The graph `mel` [B, bins, F] to `audio` [B, S].

    frames: of the mel to each frame of the latent, by which a bundle counts time.

    Traced, and compared with PyTorch, at sizes that need no more than some frames: every
    stage sees edges and what lies between.
    """
    config = model.config
    assert not config.noise, "a vocoder graph takes nothing but the mel"
    pick = torch.Generator().manual_seed(5)

    def mel(batch: int, count: int) -> dict[str, Tensor]:
        return {"mel": torch.randn(batch, config.mel_bins, frames * count, generator=pick)}

    return Part(
        "vocoder",
        FlatBigVGAN(model).eval(),
        mel(2, 5),
        {"mel": {0: "B", 2: _times(frames)}},
        {"audio": ("B", _times(frames * config.samples_per_frame))},
        samples=[mel(1, 13), mel(1, 1)],
        hot=True,
        reach=reach(config),
    )


def reach(config: BigVGANConfig) -> int:
    """Mel frames to either side on which the samples of a frame depend, by counting taps."""
    first, last = 0, config.samples_per_frame - 1  # samples of frame 0
    first, last = first - 3 - _SNAKE, last + 3 + _SNAKE  # conv_post and the activation before
    widest = max(config.block_kernels)
    block = sum((widest - 1) // 2 * (d + 1) + 2 * _SNAKE for d in config.dilations)
    for rate, kernel in reversed(list(zip(config.rates, config.kernels, strict=True))):
        padding = (kernel - rate) // 2
        first, last = first - block, last + block
        first = -((kernel - 1 - padding - first) // rate)  # rounded up
        last = (last + padding) // rate
    return max(3 - first, last + 3)  # conv_pre


def _times(count: int) -> str:
    return "T" if count == 1 else f"{count}T"
