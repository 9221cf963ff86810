"""How CLAP hears a sound: level, rate, length and log mel, inside the graph."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..models.mel import MelConfig, mel_filters

__all__ = ["ClapMel", "Upsample3", "level", "repeat_to"]


def level(audio: Tensor) -> Tensor:
    """Sound [B, S] without its mean and with a peak of 0.5, as AudioLDM reads files."""
    centred = audio - audio.mean(dim=1, keepdim=True)
    return 0.5 * centred / (centred.abs().amax(dim=1, keepdim=True) + 1e-8)


def repeat_to(audio: Tensor, samples: int, *, whole: bool = True) -> Tensor:
    """Sound [B, S] from its beginning, again and again, until there are so many samples.

    whole: only as often as all of it fits, then zeros.
    """
    index = torch.arange(samples, device=audio.device)
    length = torch.full_like(index[:1], audio.shape[1])  # a tensor, as the graph's length is free
    repeated = audio[:, index % length]
    return repeated * (index < samples - samples % length) if whole else repeated


class Upsample3(nn.Module):
    """Sound [B, S] to [B, 3 S]: a Hann-windowed sinc of 6 zero crossings, cut off at 0.99 of
    the old Nyquist frequency, which are the defaults of torchaudio's resampling.
    """

    kernel: Tensor

    def __init__(self, crossings: int = 6, rolloff: float = 0.99) -> None:
        super().__init__()
        self.width = math.ceil(crossings / rolloff)
        time = np.arange(-self.width, self.width + 1)[None] - np.arange(3)[:, None] / 3
        time = np.clip(time * rolloff, -crossings, crossings)
        window = np.cos(time * np.pi / crossings / 2) ** 2
        kernel = np.sinc(time) * window * rolloff
        self.register_buffer("kernel", torch.from_numpy(kernel).float()[:, None], persistent=False)

    def forward(self, audio: Tensor) -> Tensor:
        padded = F.pad(audio[:, None], (self.width, self.width))
        return F.conv1d(padded, self.kernel).transpose(1, 2).flatten(1)


class ClapMel(nn.Module):
    """Sound [B, S] to log mel [B, S / hop + 1, bins] in dB of power, of 48 kHz every 480 samples.

    Slaney's bands of unit area from 50 to 14000 Hz; Hann windows of 1024 samples centred on
    every hop, the ends reflected; floor -100 dB (torchlibrosa in LAION-AI/CLAP).
    """

    kernel: Tensor
    filters: Tensor

    def __init__(self, bins: int = 64, sample_rate: int = 48000, hop: int = 480) -> None:
        super().__init__()
        self.config = config = MelConfig(sample_rate, 1024, hop, bins, 50.0, 14000.0, 1e-10)
        time = np.arange(config.window)
        phase = 2 * np.pi * np.outer(np.arange(config.window // 2 + 1), time) / config.window
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * time / config.window)
        kernel = np.concatenate((np.cos(phase), -np.sin(phase))) * hann
        self.register_buffer("kernel", torch.from_numpy(kernel).float()[:, None], persistent=False)
        filters = torch.from_numpy(mel_filters(config)).float()
        self.register_buffer("filters", filters, persistent=False)

    def forward(self, audio: Tensor) -> Tensor:
        half = self.config.window // 2
        padded = F.pad(audio[:, None], (half, half), mode="reflect")
        real, imag = F.conv1d(padded, self.kernel, stride=self.config.hop).chunk(2, dim=1)
        power = torch.matmul(self.filters, real * real + imag * imag).transpose(1, 2)
        return 10 * torch.log10(torch.clamp(power, min=self.config.floor))
