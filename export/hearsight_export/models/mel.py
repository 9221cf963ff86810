"""Log-mel spectrogram as plain convolutions, so that it can live inside a graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["LogMel", "MelConfig", "mel_filters", "mel_points"]


@dataclass(frozen=True)
class MelConfig:
    """Analysis settings: rates and band edges in Hz, window and hop in samples."""

    sample_rate: int = 16000
    window: int = 1024
    hop: int = 160
    bins: int = 64
    low: float = 0.0
    high: float = 8000.0
    floor: float = 1e-5


def _hz_to_mel(hz: np.ndarray) -> np.ndarray:
    linear = hz * 3 / 200
    return np.where(hz < 1000, linear, 15 + 27 * np.log(np.maximum(hz, 1e-9) / 1000) / np.log(6.4))


def _mel_to_hz(mel: np.ndarray) -> np.ndarray:
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


def mel_points(config: MelConfig, count: int) -> np.ndarray:
    """Frequencies in Hz, evenly spaced on the mel scale from `low` to `high`, both included."""
    return _mel_to_hz(np.linspace(*_hz_to_mel(np.array([config.low, config.high])), count))


def mel_filters(config: MelConfig) -> np.ndarray:
    """Triangular filters [bins, window/2 + 1] on Slaney's mel scale, each of unit area.

    The scale is linear below 1 kHz and logarithmic above (Slaney 1998, Auditory Toolbox).
    """
    edges = mel_points(config, config.bins + 2)
    hz = np.linspace(0, config.sample_rate / 2, config.window // 2 + 1)
    rising = (hz[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - hz[None]) / (edges[2:] - edges[1:-1])[:, None]
    area = 2 / (edges[2:] - edges[:-2])
    return np.maximum(0, np.minimum(rising, falling)) * area[:, None]


class LogMel(nn.Module):
    """Waveform [B, S] in [-1, 1] to natural-log mel magnitudes [B, S / hop, bins].

    S is a multiple of hop. The ends are reflected by (window - hop) / 2 samples, or, `centred`,
    by half a window: then frames lie around every hop-th sample from the first on, as in
    librosa, without the last. The window is a periodic Hann.
    """

    cosine: Tensor
    window: Tensor
    filters: Tensor

    def __init__(self, config: MelConfig | None = None, centred: bool = False) -> None:
        super().__init__()
        self.config = config = config or MelConfig()
        self.centred = centred
        cosine = np.cos(2 * np.pi * np.arange(config.window) / config.window)
        tables = {
            "cosine": cosine,
            "window": 0.5 - 0.5 * cosine,
            "filters": mel_filters(config),
        }
        for name, table in tables.items():
            self.register_buffer(name, torch.from_numpy(table).float(), persistent=False)

    def _kernel(self) -> Tensor:
        """Windowed cosines and sines [window + 2, 1, window], from one period of a cosine.

        Made on the fly: as a stored weight it would be the largest one of a small bundle.
        """
        size = self.config.window
        time = torch.arange(size, device=self.cosine.device)
        phase = torch.arange(size // 2 + 1, device=self.cosine.device)[:, None] * time
        phase = torch.cat((phase, phase + size * 3 // 4)) % size
        return (self.cosine[phase] * self.window)[:, None]

    def forward(self, audio: Tensor) -> Tensor:
        config = self.config
        pad = config.window // 2 if self.centred else (config.window - config.hop) // 2
        padded = F.pad(audio[:, None], (pad, pad), mode="reflect")
        real, imag = F.conv1d(padded, self._kernel(), stride=config.hop).chunk(2, dim=1)
        magnitude = torch.sqrt(torch.clamp(real * real + imag * imag, min=1e-12))
        mel = torch.matmul(self.filters, magnitude).transpose(1, 2)
        log_mel = torch.log(torch.clamp(mel, min=config.floor))
        return log_mel[:, :-1] if self.centred else log_mel
