"""Shared signal tools: coloured noise, ringing modes, wavetables and the placing of events."""

from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

import numpy as np
import numpy.typing as npt
from scipy import fft, signal

SAMPLE_RATE = 16000

Wave: TypeAlias = npt.NDArray[np.floating]
Gain: TypeAlias = Callable[[Wave], Wave]
Rng: TypeAlias = np.random.Generator

TABLE = 4096


def samples(seconds: float) -> int:
    """Length of `seconds` in samples, at least one."""
    return max(1, round(seconds * SAMPLE_RATE))


def amplitude(decibels: float) -> float:
    """Linear gain of a level in dB."""
    return float(10.0 ** (decibels / 20.0))


def between(value: float, low: float, high: float) -> float:
    """Geometric interpolation: `low` at 0, `high` at 1 (both positive)."""
    return float(low * (high / low) ** value)


def bump(f: Wave, centre: float, octaves: float) -> Wave:
    """Bell-shaped gain around `centre` Hz, `octaves` wide on each side."""
    return np.exp(-0.5 * (np.log2(np.maximum(f, 1.0) / centre) / octaves) ** 2)


def lowpass(f: Wave, corner: float, order: float = 2.0) -> Wave:
    """Butterworth-shaped low-pass gain."""
    return 1.0 / np.sqrt(1.0 + (f / corner) ** (2.0 * order))


def highpass(f: Wave, corner: float, order: float = 2.0) -> Wave:
    """Butterworth-shaped high-pass gain."""
    return 1.0 / np.sqrt(1.0 + (corner / np.maximum(f, 1.0)) ** (2.0 * order))


def white(rng: Rng, n: int) -> Wave:
    """White noise of unit RMS."""
    return rng.standard_normal(n, dtype=np.float32)


def coloured(rng: Rng, n: int, gain: Gain) -> Wave:
    """Stationary noise of unit RMS whose magnitude spectrum follows `gain(hertz)`."""
    size = _fast(n + 16)
    bins = size // 2 + 1
    spectrum = rng.standard_normal(2 * bins, dtype=np.float32).view(np.complex64)
    weights = gain(np.linspace(0.0, SAMPLE_RATE / 2, bins, dtype=np.float32))
    out = np.fft.irfft(spectrum * weights.astype(np.float32), size)[:n]
    return out / (np.sqrt(np.mean(out * out)) + 1e-9)


def shape(wave: Wave, gain: Gain) -> Wave:
    """`wave` through the zero-phase filter `gain(hertz)`."""
    size = _fast(len(wave) + 256)
    f = np.linspace(0.0, SAMPLE_RATE / 2, size // 2 + 1, dtype=np.float32)
    return np.fft.irfft(np.fft.rfft(wave, size) * gain(f).astype(np.float32), size)[: len(wave)]


def wander(rng: Rng, n: int, hertz: float, low: float, high: float) -> Wave:
    """A slow random curve between `low` and `high` with about `hertz` turns per second."""
    knots = max(3, int(np.ceil(n / SAMPLE_RATE * hertz)) + 2)
    values = rng.uniform(low, high, knots)
    where = np.linspace(0.0, n, knots)
    where[1:-1] += rng.uniform(-0.3, 0.3, knots - 2) * n / (knots - 1)
    turn = np.interp(np.arange(n), where, np.arange(knots, dtype=float))
    base = np.minimum(turn.astype(np.intp), knots - 2)
    x = turn - base
    x = x * x * (3.0 - 2.0 * x)
    return (values[base] * (1.0 - x) + values[base + 1] * x).astype(np.float32)


def phase(frequency: Wave | float, n: int, start: float = 0.0) -> Wave:
    """Running phase in cycles of an oscillator at `frequency` Hz (a number or a curve of `n`)."""
    if isinstance(frequency, np.ndarray):
        return start + np.cumsum(frequency, dtype=np.float64) / SAMPLE_RATE
    return start + np.arange(n) * (frequency / SAMPLE_RATE)


def sine(frequency: Wave | float, n: int) -> Wave:
    """Sine at `frequency` Hz (a number or a curve of `n`)."""
    return np.sin((2.0 * np.pi) * phase(frequency, n)).astype(np.float32)


def table(gains: Sequence[float] | Wave, rng: Rng | None = None) -> Wave:
    """One period with harmonics 1.. at `gains`; random harmonic phases when `rng` is given."""
    spectrum = np.zeros(TABLE // 2 + 1, dtype=np.complex128)
    count = len(gains)
    turns = np.zeros(count) if rng is None else rng.uniform(0.0, 2.0 * np.pi, count)
    spectrum[1 : count + 1] = -1j * np.asarray(gains) * np.exp(1j * turns)
    period = np.fft.irfft(spectrum, TABLE)
    return (period / (np.abs(period).max() + 1e-12)).astype(np.float32)


def play(period: Wave, cycles: Wave) -> Wave:
    """The wavetable `period` read at running phase `cycles`."""
    return period[(cycles * TABLE).astype(np.int64) & (TABLE - 1)]


def decay(n: int, seconds: float) -> Wave:
    """Exponential that falls by 60 dB in `seconds`."""
    return np.exp(np.arange(n, dtype=np.float32) * np.float32(-6.9 / (seconds * SAMPLE_RATE)))


def swell(n: int, attack: float, release: float) -> Wave:
    """Flat-topped envelope with raised-cosine ends, `attack` and `release` as parts of `n`."""
    out = np.ones(n, dtype=np.float32)
    rise, fall = max(1, int(n * attack)), max(1, int(n * release))
    out[:rise] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / rise)
    out[n - fall :] *= 0.5 + 0.5 * np.cos(np.pi * (np.arange(fall) + 1) / fall)
    return out


def modes(
    n: int,
    frequencies: Sequence[float] | Wave,
    decays: Sequence[float] | Wave,
    gains: Sequence[float] | Wave,
) -> Wave:
    """Struck resonances: damped sines with 60 dB decay times in seconds."""
    blow = np.zeros(n)
    blow[0] = 1.0
    out = np.zeros(n)
    for frequency, seconds, gain in zip(frequencies, decays, gains, strict=True):
        if not 20.0 < frequency < 0.48 * SAMPLE_RATE:
            continue
        radius = np.exp(-6.9 / (seconds * SAMPLE_RATE))
        angle = 2.0 * np.pi * frequency / SAMPLE_RATE
        feedback = [1.0, -2.0 * radius * np.cos(angle), radius * radius]
        out += signal.lfilter([0.0, gain * np.sin(angle)], feedback, blow)
    return out.astype(np.float32)


def click(rng: Rng, seconds: float, gain: Gain, attack: float = 0.0005) -> Wave:
    """A short burst of coloured noise that decays by 60 dB in `seconds`."""
    n = samples(seconds)
    out = coloured(rng, max(n, 32), gain)[:n] * decay(n, seconds)
    rise = min(n, samples(attack))
    out[:rise] *= np.linspace(0.0, 1.0, rise, dtype=np.float32)
    return out


def narrow(rng: Rng, n: int, frequency: Wave | float, bandwidth: float) -> Wave:
    """Noise about `bandwidth` Hz wide that follows the curve `frequency`: a whistle in wind."""
    count = max(4, int(n / SAMPLE_RATE * 2.0 * bandwidth) + 4)
    slow = rng.standard_normal((2, count))
    where = np.linspace(0.0, count - 1.001, n)
    knots = np.arange(count)
    turns = (2.0 * np.pi) * phase(frequency, n)
    return (
        np.interp(where, knots, slow[0]) * np.cos(turns)
        + np.interp(where, knots, slow[1]) * np.sin(turns)
    ).astype(np.float32)


def steady(
    rng: Rng, n: int, rate: float, jitter: float, first: float = 0.15
) -> npt.NDArray[np.intp]:
    """Sample positions of a roughly regular series, the first within `first` seconds."""
    count = int(n / SAMPLE_RATE * rate * 1.6) + 4
    gaps = np.maximum(0.25, 1.0 + jitter * rng.standard_normal(count)) / rate
    times = rng.uniform(0.02, first) + np.concatenate(([0.0], np.cumsum(gaps)))
    positions = (times * SAMPLE_RATE).astype(np.intp)
    return positions[positions < n]


def scattered(rng: Rng, n: int, rate: float) -> npt.NDArray[np.intp]:
    """Sample positions of independent events, `rate` per second on average, at least one."""
    count = max(1, int(rng.poisson(rate * n / SAMPLE_RATE)))
    return np.sort(rng.integers(0, n, count))


def add(out: Wave, grain: Wave, position: int, gain: float = 1.0) -> None:
    """Mix `grain` into `out` in place from `position`, cut at the end of `out`."""
    end = min(len(out), position + len(grain))
    if end > position:
        out[position:end] += np.float32(gain) * grain[: end - position]


def scatter(
    rng: Rng, out: Wave, positions: npt.NDArray[np.intp], grains: Sequence[Wave], spread: float
) -> None:
    """Mix a random one of `grains` in at each position, with levels `spread` dB apart."""
    which = rng.integers(0, len(grains), len(positions))
    levels = 10.0 ** (spread * rng.standard_normal(len(positions)) / 20.0)
    for position, index, level in zip(
        positions.tolist(), which.tolist(), levels.tolist(), strict=True
    ):
        add(out, grains[index], position, level)


def carry(rng: Rng, wave: Wave, distance: float) -> Wave:
    """`wave` heard from `distance`: air takes the treble and reflections blur it."""
    n = len(wave)
    tail = samples(0.15 + 0.55 * distance)
    room = white(rng, tail) * decay(tail, 0.15 + 0.55 * distance)
    room *= np.float32((0.04 + 0.4 * distance) / np.sqrt(np.sum(room * room)))
    room[0] += np.float32(1.0 - 0.35 * distance)
    size = _fast(n + tail)
    f = np.linspace(0.0, SAMPLE_RATE / 2, size // 2 + 1, dtype=np.float32)
    air = lowpass(f, between(distance, 9000.0, 1300.0), 1.0).astype(np.float32)
    return np.fft.irfft(np.fft.rfft(wave, size) * np.fft.rfft(room, size) * air, size)[:n]


def _fast(n: int) -> int:
    return cast(int, fft.next_fast_len(n, real=True))
