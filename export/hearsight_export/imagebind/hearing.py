"""How ImageBind hears a sound: three clips as log mels of Kaldi's kind, inside the graph."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["RATE", "Clips", "KaldiMel"]

RATE = 16000
CLIPS, CLIP = 3, 2 * RATE  # of two seconds
FRAMES, BANDS = 204, 128
MEAN, DEVIATION = -4.268, 9.138  # of log mels, in training

_WINDOW, _HOP, _FFT = 400, 160, 512
_LOW, _HIGH = 20.0, 8000.0  # Hz
_EMPHASIS = 0.97
_FLOOR = 2.0**-23  # of power, the resolution of float32


class Clips(nn.Module):
    """Sound [1, S] at 16 kHz to clips [3, S'], each without its mean, and how long they are [1].

    They begin at 0, 1 and 2 thirds of what is left of the sound beside two seconds, so that the
    last one ends before the sound does; all are the whole of a shorter sound. S' is two seconds,
    with zeros behind.
    """

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        index = torch.arange(CLIP, device=audio.device)
        length = torch.full_like(index[:1], audio.shape[1])  # a tensor, as the graph's is free
        heard = length.clamp(max=CLIP)
        starts = [number * (length - heard) // CLIPS for number in range(CLIPS)]
        places = torch.stack([torch.minimum(index + start, length - 1) for start in starts])
        inside = (index < heard).float()
        clips = audio[0][places] * inside
        mean = clips.sum(dim=1, keepdim=True) / heard
        return (clips - mean) * inside, heard


class KaldiMel(nn.Module):
    """Clips [N, S'] of which `heard` [1] samples count to normalised log mels [N, 1, 128, 204].

    As torchaudio.compliance.kaldi computes them: frames of 25 ms every 10 ms, none beyond the
    ends, their mean taken away, the highs raised (0.97, the first sample standing for the one
    before it), symmetric Hann, power, triangles that are even on the scale 1127 ln(1 + f / 700).
    What is short of 204 frames is zero before it is normalised. A clip that is shorter than a
    frame is one frame with silence behind; the original code fails there.
    """

    kernel: Tensor
    filters: Tensor

    def __init__(self) -> None:
        super().__init__()
        kernel = torch.from_numpy(_kernel()).float()[:, None]
        self.register_buffer("kernel", kernel, persistent=False)
        filters = torch.from_numpy(_triangles()).float()
        self.register_buffer("filters", filters, persistent=False)

    def forward(self, clips: Tensor, heard: Tensor) -> Tensor:
        real, imag = F.conv1d(clips[:, None], self.kernel, stride=_HOP).chunk(2, dim=1)
        power = torch.matmul(self.filters, real * real + imag * imag)
        mel = torch.log(power.clamp(min=_FLOOR))
        frames = (heard - _WINDOW).clamp(min=0) // _HOP + 1
        mel = mel * (torch.arange(mel.shape[2], device=mel.device) < frames)
        mel = F.pad(mel, (0, FRAMES - mel.shape[2]))
        return ((mel - MEAN) / DEVIATION)[:, None]


def _kernel() -> np.ndarray:
    """Everything from a frame to its spectrum, which is linear: [real and imaginary, window].

    The highest bin is left out: no triangle covers it.
    """
    frame = np.eye(_WINDOW) - 1 / _WINDOW
    before = np.vstack((frame[:1], frame[:-1]))
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / (_WINDOW - 1))
    windowed = (frame - _EMPHASIS * before) * hann[:, None]
    phase = 2 * np.pi * np.outer(np.arange(_FFT // 2), np.arange(_WINDOW)) / _FFT
    return np.concatenate((np.cos(phase), -np.sin(phase))) @ windowed


def _triangles() -> np.ndarray:
    """Bands [128, bins] of height one."""

    def mels(hz: np.ndarray | float) -> np.ndarray:
        return 1127 * np.log1p(np.asarray(hz) / 700)

    edges = np.linspace(mels(_LOW), mels(_HIGH), BANDS + 2)
    at = mels(np.arange(_FFT // 2) * RATE / _FFT)
    rising = (at - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - at) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling))
