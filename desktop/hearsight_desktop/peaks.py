"""The outline of a sound at every zoom: its lowest and highest samples, in steps of four."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Peaks", "columns", "peaks"]

_BIN = 16  # samples in a bin of the first level
_STEP = 4
_FINE = 8  # bins in a column, at least: how far it may reach beyond its samples


@dataclass(frozen=True, eq=False)
class Peaks:
    """audio: the sound itself, not a copy. levels: samples per bin, and [bins, 2] lowest and
    highest sample of all channels in each, finest first."""

    audio: NDArray[np.float32]
    levels: tuple[tuple[int, NDArray[np.float32]], ...]


def peaks(audio: NDArray[np.float32]) -> Peaks:
    """Of a sound [samples] or [samples, channels]; 10 minutes take some tenths of a second."""
    low, high = _extremes(audio)
    size = 1
    levels: list[tuple[int, NDArray[np.float32]]] = []
    while len(low) > _STEP:
        low, high = (
            _halved(_halved(low, np.minimum), np.minimum),
            _halved(_halved(high, np.maximum), np.maximum),
        )
        size *= _STEP
        if size >= _BIN:
            levels.append((size, np.stack([low, high], axis=1)))
    return Peaks(audio, tuple(levels))


def columns(peaks: Peaks, first: float, last: float, width: int) -> NDArray[np.float32]:
    """Lowest and highest sample [width, 2] in each of `width` equal parts of the samples from
    `first` to `last` (not included), both of which may lie outside the sound: 0 there.

    Exact where a column has fewer than 128 samples; else one may reach an eighth of its own
    width beyond its edges. Each column has the sample that lies at its start, at least.
    """
    edges = np.linspace(first, last, width + 1)
    span = (last - first) / width
    size, values = 1, None
    for bins, level in peaks.levels:
        if bins * _FINE <= span:
            size, values = bins, level
    total = len(peaks.audio)
    begins = np.floor(edges[:-1]).astype(np.int64)
    ends = np.maximum(np.ceil(edges[1:]).astype(np.int64), begins + 1)
    inside = (ends > 0) & (begins < total)
    found = np.zeros((width, 2), np.float32)
    if not inside.any():
        return found
    begins = np.maximum(begins[inside], 0) // size
    ends = -(-np.minimum(ends[inside], total) // size)
    low_end, high_end = int(begins[0]), int(ends[-1])
    if values is None:
        low, high = _extremes(peaks.audio[low_end:high_end])
    else:
        low, high = values[low_end:high_end].T
    # `reduceat` takes the part from each even index to the odd one after it, and wants to see
    # something behind the last.
    pairs = np.stack([begins, ends], axis=1).ravel() - low_end
    found[inside, 0] = np.minimum.reduceat(np.append(low, low[-1:]), pairs)[::2]
    found[inside, 1] = np.maximum.reduceat(np.append(high, high[-1:]), pairs)[::2]
    return found


def _extremes(audio: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Lowest and highest of the channels."""
    if audio.ndim == 1:
        return audio, audio
    if audio.shape[1] == 1:
        return audio[:, 0], audio[:, 0]
    left, right = audio[:, 0], audio[:, 1]
    return np.minimum(left, right), np.maximum(left, right)


def _halved(values: NDArray[np.float32], pick: np.ufunc) -> NDArray[np.float32]:
    """Of each two neighbours one; what is left over at the end stays."""
    pairs = len(values) // 2
    halved = pick(values[: 2 * pairs : 2], values[1 : 2 * pairs : 2])
    return np.append(halved, values[-1:]) if len(values) % 2 else halved
