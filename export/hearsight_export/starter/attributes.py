"""Measured attributes of a sound, for asking whether adjectives do what they say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .sounds import SAMPLE_RATE

__all__ = ["MEASURES", "centroid", "density", "envelope", "level", "rate"]

Wave = NDArray[np.float32]


def level(wave: Wave) -> float:
    """RMS over the whole clip in dBFS."""
    return float(10.0 * np.log10(np.mean(wave.astype(np.float64) ** 2) + 1e-12))


def centroid(wave: Wave) -> float:
    """Power-weighted mean frequency in Hz."""
    power = np.abs(np.fft.rfft(wave)) ** 2
    return float(np.average(np.fft.rfftfreq(len(wave), 1.0 / SAMPLE_RATE), weights=power + 1e-12))


def envelope(wave: Wave, hop: int) -> NDArray[np.float32]:
    """RMS of every `hop` samples."""
    frames = wave[: len(wave) // hop * hop].reshape(-1, hop)
    return np.sqrt(np.mean(frames**2, axis=1) + 1e-12)


def density(wave: Wave) -> float:
    """Onsets per second: rises of 6 dB within 16 ms, 30 dB below the peak at least."""
    curve = 20.0 * np.log10(envelope(wave, 128))
    rises = np.flatnonzero((curve[2:] - curve[:-2] > 6.0) & (curve[2:] > curve.max() - 30.0))
    onsets = 1 + np.count_nonzero(np.diff(rises) > 5) if len(rises) else 0
    return onsets * SAMPLE_RATE / len(wave)


def rate(wave: Wave) -> float:
    """First strong peak of the envelope's autocorrelation in Hz; 0 where nothing repeats."""
    curve = envelope(wave, 160) ** 0.5
    curve = curve - curve.mean()
    n = len(curve)
    r = np.fft.irfft(np.abs(np.fft.rfft(curve, 4 * n)) ** 2)[: n // 2 + 1]
    r = r / (r[0] + 1e-20) * n / (n - np.arange(len(r)))
    dips = np.flatnonzero(r[4:] < 0.0)
    if not len(dips):
        return 0.0
    inner = np.arange(4 + dips[0], len(r) - 1)
    peaks = inner[(r[inner] >= r[inner - 1]) & (r[inner] >= r[inner + 1])]
    if not len(peaks) or r[peaks].max() < 0.1:
        return 0.0
    return float(100.0 / peaks[r[peaks] >= 0.8 * r[peaks].max()][0])


MEASURES = {"level": level, "density": density, "centroid": centroid, "rate": rate}
