"""BigVGAN, the mel-to-waveform network with anti-aliased periodic activations.

Architecture: Lee et al. 2023, "BigVGAN: A Universal Neural Vocoder with Large-Scale Training".
The activation is written in polyphase form: the same numbers as up-sampling by two, Snake and
down-sampling by two, without the interleaved signal ever being formed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .config import BigVGANConfig

__all__ = ["BigVGAN", "PolyphaseSnake", "kaiser_sinc"]

TAPS = 12
SMALL = 1e-9  # keeps the division by beta from overflowing


def kaiser_sinc(taps: int = TAPS, cutoff: float = 0.25, half_width: float = 0.3) -> np.ndarray:
    """Low-pass filter of `taps` coefficients that sum to one.

    Kaiser-windowed sinc; the window's beta follows Kaiser's formula for the attenuation of
    `half_width` (fractions of the sampling rate as the BigVGAN paper's code takes them).
    """
    attenuation = 2.285 * (taps // 2 - 1) * math.pi * 4 * half_width + 7.95
    if attenuation > 50:
        beta = 0.1102 * (attenuation - 8.7)
    elif attenuation >= 21:
        beta = 0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21)
    else:
        beta = 0.0
    time = np.arange(-(taps // 2), taps // 2) + 0.5
    taps_ = 2 * cutoff * np.sinc(2 * cutoff * time) * np.kaiser(taps, beta)
    return taps_ / taps_.sum()


def polyphase() -> tuple[np.ndarray, np.ndarray]:
    """Kernels of both filters: up [2, 7], one row a phase of the result, and down [2, 7], one
    row a phase of what comes in.
    """
    f = kaiser_sinc()
    up, down = np.zeros((2, 7)), np.zeros((2, 7))
    up[0, :6], up[1, 1:] = 2 * f[1::2][::-1], 2 * f[0::2][::-1]
    down[0, 1:], down[1, :6] = f[1::2], f[0::2]
    return up, down


class PolyphaseSnake(nn.Module):
    """Anti-aliased SnakeBeta over [B, C, T]: x + sin(a x)^2 / b at twice the rate.

    `alpha` and `beta` are logarithms, one per channel; Snake alone has no beta, and b is a. The
    two phases of the doubled signal travel as two channels; both filters are depthwise
    convolutions with constant weights.
    """

    up: Tensor
    down: Tensor

    def __init__(self, channels: int, beta: bool = True) -> None:
        super().__init__()
        self.channels = channels
        self.alpha = nn.Parameter(torch.zeros(channels))
        self.beta = nn.Parameter(torch.zeros(channels)) if beta else None
        up, down = polyphase()
        for name, taps in (("up", up[:, None]), ("down", down[None])):
            kernel = torch.from_numpy(taps).float().repeat(channels, 1, 1)
            self.register_buffer(name, kernel, persistent=False)

    @property
    def rates(self) -> tuple[Tensor, Tensor]:
        """a and b of every channel [C]."""
        beta = self.alpha if self.beta is None else self.beta
        return torch.exp(self.alpha), torch.exp(beta) + SMALL

    def forward(self, x: Tensor) -> Tensor:
        batch, channels = x.shape[0], self.channels
        phases = F.conv1d(F.pad(x, (3, 3), mode="replicate"), self.up, groups=channels)
        phases = phases.reshape(batch, channels, 2, -1)
        a, b = (rate[:, None, None] for rate in self.rates)
        phases = phases + (1 - torch.cos(2 * a * phases)) / (2 * b)
        first = phases[:, :, :1, :1].expand(-1, -1, 2, 3)
        last = phases[:, :, 1:, -1:].expand(-1, -1, 2, 3)
        phases = torch.cat((first, phases, last), dim=-1).reshape(batch, 2 * channels, -1)
        return F.conv1d(phases, self.down, groups=channels)


class Block(nn.Module):
    """Residual block (the paper's AMP block): activation, dilated conv, activation, conv."""

    def __init__(
        self, channels: int, kernel: int, dilations: Sequence[int], beta: bool = True
    ) -> None:
        super().__init__()

        def conv(dilation: int) -> nn.Conv1d:
            padding = (kernel - 1) * dilation // 2
            return nn.Conv1d(channels, channels, kernel, dilation=dilation, padding=padding)

        self.convs1 = nn.ModuleList(conv(d) for d in dilations)
        self.convs2 = nn.ModuleList(conv(1) for _ in dilations)
        self.activations = nn.ModuleList(
            PolyphaseSnake(channels, beta) for _ in range(2 * len(dilations))
        )

    def forward(self, x: Tensor) -> Tensor:
        for i, (conv1, conv2) in enumerate(zip(self.convs1, self.convs2, strict=True)):
            y = conv1(self.activations[2 * i](x))
            x = x + conv2(self.activations[2 * i + 1](y))
        return x


class BigVGAN(nn.Module):
    """Log mel [B, mel_bins, F] (and noise [B, 1, S]) to waveform [B, S], S = F * prod(rates)."""

    def __init__(self, config: BigVGANConfig) -> None:
        super().__init__()
        self.config = config
        beta = config.activation == "snakebeta"
        width = config.channels
        self.conv_pre = nn.Conv1d(config.mel_bins, width, 7, padding=3)
        self.ups = nn.ModuleList()
        self.noise = nn.ModuleList()
        self.resblocks = nn.ModuleList()
        for stage, (rate, kernel) in enumerate(zip(config.rates, config.kernels, strict=True)):
            half = width // 2
            self.ups.append(
                nn.ConvTranspose1d(width, half, kernel, stride=rate, padding=(kernel - rate) // 2)
            )
            if config.noise:
                stride = math.prod(config.rates[stage + 1 :])
                kernel_n = 2 * stride + stride % 2 if stride > 1 else 3
                self.noise.append(
                    nn.Conv1d(
                        1, half, kernel_n, stride=stride, padding=(kernel_n - stride + 1) // 2
                    )
                )
            for block_kernel in config.block_kernels:
                self.resblocks.append(Block(half, block_kernel, config.dilations, beta))
            width = half
        self.activation_post = PolyphaseSnake(width, beta)
        self.conv_post = nn.Conv1d(width, 1, 7, padding=3, bias=config.post_bias)

    def forward(self, mel: Tensor, noise: Tensor | None = None) -> Tensor:
        wave = self.before_limit(mel, noise)[:, 0]
        return torch.tanh(wave) if self.config.final == "tanh" else torch.clamp(wave, -1.0, 1.0)

    def before_limit(self, mel: Tensor, noise: Tensor | None = None) -> Tensor:
        """The wave [B, 1, S] before it is kept in [-1, 1]."""
        per_stage = len(self.config.block_kernels)
        x = self.conv_pre(mel)
        for stage, up in enumerate(self.ups):
            x = up(x)
            if noise is not None:
                x = x + self.noise[stage](noise)
            blocks = self.resblocks[stage * per_stage : (stage + 1) * per_stage]
            x = reduce(torch.add, (block(x) for block in blocks)) / per_stage
        return self.conv_post(self.activation_post(x))
