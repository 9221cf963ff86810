"""What a sound is made of, as a picture: time to the right, pitch upwards, level as colour."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["colours", "row_hertz", "spectrogram"]

_LOWEST = 30.0  # Hz of the bottom row
_HIGHEST = 20_000.0  # Hz of the top row, where the rate has them
_WINDOW = 0.04  # seconds, at least: 2048 samples at 44.1 and 48 kHz
_QUIETEST = -100.0  # dB below a sine at full scale: value 0; full scale is 255
_LOOKS = 4  # windows in a column, at most: of a long sound the loudest of some is shown
_BLOCK = 256  # windows at a time


def spectrogram(
    audio: NDArray[np.float32], sample_rate: int, *, height: int = 256, width: int = 2048
) -> NDArray[np.uint8]:
    """Level [height, columns] of a sound [samples] or [samples, channels], high pitch in row 0.

    Rows are spaced as `row_hertz` says; the columns, at most `width`, divide the whole time
    evenly. A value is (dB + 100) * 2.55, where 0 dB is a sine at full scale.
    """
    size = 1 << math.ceil(math.log2(_WINDOW * sample_rate))
    mono = audio if audio.ndim == 1 else audio.mean(axis=1, dtype=np.float32)
    count = min(width, max(1, -(-len(mono) // (size // 8))))
    looks = min(_LOOKS, max(1, round(len(mono) / count / (size // 2))))
    starts = np.floor((np.arange(count * looks) + 0.5) * len(mono) / (count * looks)).astype(int)
    padded = np.pad(mono, (size // 2, size))
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    rows = _rows(height, sample_rate, 2 * size)
    picture = np.empty((count, height), np.uint8)
    for at in range(0, count, _BLOCK):
        block = starts[at * looks : (at + _BLOCK) * looks]
        pieces = padded[block[:, None] + np.arange(size)] * window
        # Twice as many bins as the window has: a tone between two of them is as loud as one on one.
        power = np.abs(np.fft.rfft(pieces, 2 * size, axis=1)).astype(np.float32) ** 2
        power = power.reshape(-1, looks, power.shape[1]).max(axis=1) * (4 / window.sum() ** 2)
        level = 10 * np.log10(np.maximum(_picked(power, *rows), 1e-12))
        picture[at : at + _BLOCK] = np.clip((level / -_QUIETEST + 1) * 255, 0, 255).round()
    return np.ascontiguousarray(picture.T)


def row_hertz(height: int, sample_rate: int) -> NDArray[np.float64]:
    """The frequency in the middle of each row, highest first: steps of equal musical interval."""
    top = min(_HIGHEST, sample_rate / 2)
    return top * (_LOWEST / top) ** (np.arange(height) / max(height - 1, 1))


@cache
def colours() -> NDArray[np.uint8]:
    """RGB [256, 3] for the values of a picture: from near black over violet, red and orange to
    cream, evenly lighter to the eye (Oklab, Ottosson 2020), so that it also reads in grey."""
    t = np.linspace(0, 1, 256)
    lightness = 0.12 + 0.86 * t
    hue = np.radians(285 + 170 * t)
    chroma = 0.17 * np.sin(np.pi * t**0.9) ** 0.8 + 0.035 * t
    while True:  # less colour where a screen cannot show it
        light = _light(lightness, chroma * np.cos(hue), chroma * np.sin(hue))
        outside = ((light < -1e-4) | (light > 1.0001)).any(axis=1)
        if not outside.any():
            break
        chroma = np.where(outside, chroma * 0.97, chroma)
    light = np.clip(light, 0, 1)
    screen = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    table = (255 * screen).round().astype(np.uint8)
    table.setflags(write=False)
    return table


def _light(
    lightness: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Linear sRGB [n, 3] of Oklab colours."""
    cones = np.stack(
        [
            lightness + 0.3963377774 * a + 0.2158037573 * b,
            lightness - 0.1055613458 * a - 0.0638541728 * b,
            lightness - 0.0894841775 * a - 1.2914855480 * b,
        ]
    )
    mix = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    return (mix @ cones**3).T


def _rows(height: int, sample_rate: int, size: int) -> tuple[NDArray[np.float64], ...]:
    """Where the lower edge, middle and upper edge of each row lie among the FFT's bins."""
    middles = row_hertz(height, sample_rate) * size / sample_rate
    half = (middles[0] / middles[-1]) ** (0.5 / max(height - 1, 1))
    return middles / half, middles, np.minimum(middles * half, size / 2)


def _picked(
    power: NDArray[np.float32],
    lower: NDArray[np.float64],
    middle: NDArray[np.float64],
    upper: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Power [columns, rows]: between two bins where rows are finer than bins, so that low notes
    do not come in stairs, and the loudest bin of the row where they are coarser."""
    left = np.minimum(middle.astype(int), power.shape[1] - 2)
    share = (middle - left).astype(np.float32)
    picked = power[:, left] * (1 - share) + power[:, left + 1] * share
    first, last = np.ceil(lower).astype(int), np.floor(upper).astype(int)
    for row in np.flatnonzero(last > first):
        picked[:, row] = power[:, first[row] : last[row] + 1].max(axis=1)
    return picked
