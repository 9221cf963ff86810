"""Griffin-Lim as a graph: magnitudes from mels, phases by iterated projection from noise."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .mel import MelConfig, mel_filters

__all__ = ["GriffinLim"]

MOMENTUM = 0.99
FIT_ROUNDS = 10


class GriffinLim(nn.Module):
    """Natural-log mels [B, F, bins] and white noise [B, S] to a waveform [B, S], S = hop * F.

    Magnitudes are the non-negative least-squares spectrum behind the mels (multiplicative
    updates, Lee and Seung 2001). Phases begin as those of the noise, so that the same noise
    gives the same sound, and follow the accelerated algorithm of Perraudin, Balazs and
    Sondergaard 2013. Framing is that of `LogMel`.

    The window is `blocks` hops at the most: frames and overlap-add are shifted blocks, and a
    real transform folded at its middle is two matrix products of half the size. No transform
    operator is needed, so that the graph runs wherever matrix products do.
    """

    cosine: Tensor
    window: Tensor
    filters: Tensor

    def __init__(self, config: MelConfig, rounds: int) -> None:
        super().__init__()
        self.config, self.rounds = config, rounds
        self.blocks = -(-config.window // config.hop)
        cosine = np.cos(2 * np.pi * np.arange(config.window) / config.window)
        tables = {
            "cosine": cosine,
            "window": 0.5 - 0.5 * cosine,
            "filters": mel_filters(config),
        }
        for name, table in tables.items():
            self.register_buffer(name, torch.from_numpy(table).float(), persistent=False)

    def forward(self, mel: Tensor, noise: Tensor) -> Tensor:
        config = self.config
        tables = self._tables()
        magnitude = self._magnitude(mel)
        before = (config.window - config.hop) // 2
        after = self.blocks * config.hop - config.hop - before
        total = self._overlap_add((self.window**2).expand(1, mel.shape[1], -1))
        scale = 1 / torch.clamp(total, min=0.05)
        real, imag = self._analyse(F.pad(noise, (before, after)), tables)
        wave = self._synthesise(magnitude, real, imag, tables, scale)
        last_real, last_imag = torch.zeros_like(real), torch.zeros_like(imag)
        for turn in range(self.rounds):
            now_real, now_imag = self._analyse(wave, tables)
            ahead = MOMENTUM if turn else 0.0
            real = now_real + ahead * (now_real - last_real)
            imag = now_imag + ahead * (now_imag - last_imag)
            last_real, last_imag = now_real, now_imag
            wave = self._synthesise(magnitude, real, imag, tables, scale)
        return wave[:, before : before + noise.shape[1]]

    def _magnitude(self, mel: Tensor) -> Tensor:
        target = torch.exp(mel)
        filters = self.filters
        # Floors, not small summands: the exporter takes those for zero and drops them.
        share = filters / torch.clamp(filters.sum(0), min=1e-9)
        estimate = torch.clamp(torch.matmul(target / filters.sum(1), share), min=1e-8)
        wanted = torch.matmul(target, filters)
        for _ in range(FIT_ROUNDS):
            had = torch.matmul(torch.matmul(estimate, filters.T), filters)
            estimate = torch.clamp(estimate * wanted / torch.clamp(had, min=1e-12), min=1e-8)
        return estimate

    def _tables(self) -> tuple[Tensor, Tensor]:
        """Cosines [N/2+1, N/2+1] and sines [N/2-1, N/2+1] of the folded transform."""
        size = self.config.window
        half = size // 2
        bins = torch.arange(half + 1, device=self.cosine.device)
        phase = bins[:, None] * bins % size
        return self.cosine[phase], self.cosine[(phase[1:half] + 3 * size // 4) % size]

    def _frames(self, wave: Tensor) -> Tensor:
        """Overlapping frames [B, F, N] of a padded waveform [B, (F + blocks - 1) * hop]."""
        parts = wave.reshape(wave.shape[0], -1, self.config.hop)
        count = parts.shape[1] - self.blocks + 1
        shifted = [parts[:, j : j + count] for j in range(self.blocks)]
        return torch.cat(shifted, dim=2)[..., : self.config.window]

    def _overlap_add(self, frames: Tensor) -> Tensor:
        """The sum [B, (F + blocks - 1) * hop] of frames [B, F, N] at their places."""
        hop, blocks = self.config.hop, self.blocks
        frames = F.pad(frames, (0, blocks * hop - self.config.window))
        total = F.pad(frames[..., :hop], (0, 0, 0, blocks - 1))
        for j in range(1, blocks):
            part = frames[..., j * hop : (j + 1) * hop]
            total = total + F.pad(part, (0, 0, j, blocks - 1 - j))
        return total.flatten(1)

    def _analyse(self, wave: Tensor, tables: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        half = self.config.window // 2
        frames = self._frames(wave) * self.window
        rising, falling = frames[..., 1:half], torch.flip(frames[..., half + 1 :], (2,))
        even = torch.cat((frames[..., :1], rising + falling, frames[..., half : half + 1]), dim=2)
        return torch.matmul(even, tables[0]), -torch.matmul(rising - falling, tables[1])

    def _synthesise(
        self,
        magnitude: Tensor,
        real: Tensor,
        imag: Tensor,
        tables: tuple[Tensor, Tensor],
        scale: Tensor,
    ) -> Tensor:
        """Padded waveform of the given magnitudes with the phases of `real` and `imag`."""
        gain = magnitude * torch.rsqrt(torch.clamp(real * real + imag * imag, min=1e-16))
        real, imag = real * gain, imag * gain
        size = self.config.window
        half = size // 2
        # Every bin but the first and the last stands for two of the full spectrum.
        inner = real[..., 1:half]
        weighted = torch.cat((real[..., :1] / 2, inner, real[..., half:] / 2), dim=2)
        even = torch.matmul(weighted, tables[0]) * (2 / size)
        odd = torch.matmul(imag, tables[1].T) * (2 / size)
        rising = even[..., 1:half] - odd
        falling = torch.flip(even[..., 1:half] + odd, (2,))
        frames = torch.cat((even[..., :1], rising, even[..., half:], falling), dim=2)
        return self._overlap_add(frames * self.window) * scale
