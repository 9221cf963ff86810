"""What tells BigVGANs apart: sizes of the network, and the mel that they were trained on."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from hearsight.manifest import Mel

__all__ = ["PUBLISHED", "BigVGANConfig", "Vocoder", "name_of_config"]


@dataclass(frozen=True)
class BigVGANConfig:
    """Sizes of a generator; one mel frame becomes `prod(rates)` samples.

    noise: whether a second input, white noise at the output rate, enters every stage through
    a strided convolution, so that rain and wind need not be invented from a smooth spectrum.
    activation: `snake` has one number a channel where `snakebeta` has two. final: how the wave is
    kept in [-1, 1]. post_bias: whether the last convolution has a bias. Version 1 is `tanh` with
    it, version 2 `clamp` without.
    """

    mel_bins: int
    channels: int
    rates: tuple[int, ...]
    kernels: tuple[int, ...]
    block_kernels: tuple[int, ...] = (3, 7, 11)
    dilations: tuple[int, ...] = (1, 3, 5)
    noise: bool = False
    activation: Literal["snakebeta", "snake"] = "snakebeta"
    final: Literal["tanh", "clamp"] = "tanh"
    post_bias: bool = True

    @property
    def samples_per_frame(self) -> int:
        """Output samples for each mel frame."""
        return math.prod(self.rates)


@dataclass(frozen=True)
class Vocoder:
    """A generator's sizes, its sample rate in Hz, and the mel it understands."""

    network: BigVGANConfig
    sample_rate: int
    mel: Mel


def _base(bins: int) -> BigVGANConfig:
    return BigVGANConfig(bins, 512, (8, 8, 2, 2), (16, 16, 4, 4))


def _large(bins: int) -> BigVGANConfig:
    return BigVGANConfig(bins, 1536, (4, 4, 2, 2, 2, 2), (8, 8, 4, 4, 4, 4))


def _second(network: BigVGANConfig) -> BigVGANConfig:
    return replace(network, final="clamp", post_bias=False)


def _ln(rate: int, network: BigVGANConfig, fmax: float) -> Vocoder:
    hop = network.samples_per_frame
    return Vocoder(network, rate, Mel(network.mel_bins, 4 * hop, hop, 0.0, fmax, "ln", 1e-5))


_V2_512 = replace(_large(128), rates=(8, 4, 2, 2, 2, 2), kernels=(16, 8, 4, 4, 4, 4))

PUBLISHED = {
    "bigvgan_base_22khz_80band": _ln(22050, _base(80), 8000.0),
    "bigvgan_base_24khz_100band": _ln(24000, _base(100), 12000.0),
    "bigvgan_22khz_80band": _ln(22050, _large(80), 8000.0),
    "bigvgan_24khz_100band": _ln(24000, _large(100), 12000.0),
    "bigvgan_v2_22khz_80band_256x": _ln(22050, _second(_large(80)), 11025.0),
    "bigvgan_v2_22khz_80band_fmax8k_256x": _ln(22050, _second(_large(80)), 8000.0),
    "bigvgan_v2_24khz_100band_256x": _ln(24000, _second(_large(100)), 12000.0),
    "bigvgan_v2_44khz_128band_256x": _ln(44100, _second(_large(128)), 22050.0),
    "bigvgan_v2_44khz_128band_512x": _ln(44100, _second(_V2_512), 22050.0),
    "Make-An-Audio": Vocoder(_large(80), 16000, Mel(80, 1024, 256, 0.0, 8000.0, "log10", 1e-5)),
}
"""The public configurations, by the names of NVIDIA/BigVGAN, and that of Make-An-Audio."""


def name_of_config(config: BigVGANConfig) -> str:
    """The published networks of these sizes in words, or the sizes."""
    names = [name for name, one in PUBLISHED.items() if one.network == config]
    return " or ".join(names) or str(config)
