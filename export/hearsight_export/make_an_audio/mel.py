"""The log mels that Make-An-Audio was trained on."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from ..models.mel import LogMel, MelConfig

__all__ = ["MEL", "DecimalMel"]

MEL = MelConfig(hop=256, bins=80)
_OFFSET = 1e-9  # on the power of every bin, before the root
_SCALE = 1e4  # of the spectrum meanwhile


class DecimalMel(LogMel):
    """Waveform [B, 256 F] to decimal logarithms of mel magnitudes [B, 80, F].

    Samples are clipped to [-1, 1]; the ends are reflected by (window - hop) / 2 samples.
    """

    def __init__(self) -> None:
        super().__init__(MEL)

    def forward(self, audio: Tensor) -> Tensor:
        config = self.config
        pad = (config.window - config.hop) // 2
        padded = F.pad(audio.clamp(-1, 1)[:, None], (pad, pad), mode="reflect")
        kernel = self._kernel() * _SCALE
        real, imag = F.conv1d(padded, kernel, stride=config.hop).chunk(2, dim=1)
        # Scaled, because exporters take a summand as small as the offset for zero.
        magnitude = torch.sqrt(real * real + imag * imag + _OFFSET * _SCALE**2)
        mel = torch.matmul(self.filters / _SCALE, magnitude)
        return torch.log(torch.clamp(mel, min=config.floor)) / math.log(10)
