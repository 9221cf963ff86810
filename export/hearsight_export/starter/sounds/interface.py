"""Games and films: laser, pickup, whoosh and drone."""

import numpy as np

from hearsight_export.starter.sounds import dsp
from hearsight_export.starter.sounds.dsp import Rng, Wave
from hearsight_export.starter.sounds.kind import Params


def laser(params: Params, rng: Rng, n: int) -> Wave:
    """Falling zaps, single shots up to rapid fire."""
    rate = dsp.between(params["rate"], 0.8, 6.5)
    top = dsp.between(params["pitch"], 1500.0, 6000.0) * rng.uniform(0.9, 1.1)
    seconds = min(rng.uniform(0.18, 0.4), 0.85 / rate)
    size = dsp.samples(seconds)
    x = np.linspace(0.0, 1.0, size)
    floor = top * rng.uniform(0.06, 0.15)
    curve = floor + (top - floor) * np.exp(-rng.uniform(3.5, 6.5) * x)
    wobble = 1.0 + rng.choice([0.0, 0.06]) * np.sin(2.0 * np.pi * rng.uniform(30.0, 60.0) * x)
    buzz = dsp.table([1.0, 0.0, 0.25, 0.0, 0.08] if rng.random() < 0.5 else [1.0, 0.4, 0.2, 0.1])
    zap = dsp.play(buzz, dsp.phase(curve * wobble, size)) * dsp.swell(size, 0.02, 0.6)
    out = np.zeros(n, dtype=np.float32)
    for position in dsp.steady(rng, n, rate, 0.04).tolist():
        dsp.add(out, zap, position, rng.uniform(0.9, 1.0))
    return out


def pickup(params: Params, rng: Rng, n: int) -> Wave:
    """The two or more quick rising square notes of a coin in an old game."""
    base = dsp.between(params["pitch"], 480.0, 1500.0) * 2.0 ** (rng.integers(-1, 2) / 12.0)
    leaps = ((0, 5), (0, 7), (0, 4, 7), (0, 4, 7, 12), (0, 12))[int(rng.integers(0, 5))]
    quick = rng.uniform(0.05, 0.09)
    last = rng.uniform(0.25, 0.5)
    square = dsp.table([1.0, 0.0, 0.33, 0.0, 0.2])
    chime = np.zeros(dsp.samples(quick * len(leaps) + last), dtype=np.float32)
    for index, leap in enumerate(leaps):
        final = index == len(leaps) - 1
        size = dsp.samples(last if final else quick)
        note = dsp.play(square, dsp.phase(base * 2.0 ** (leap / 12.0), size))
        fade = dsp.decay(size, last * 1.5) if final else np.ones(size, dtype=np.float32)
        dsp.add(chime, note * fade * dsp.swell(size, 0.02, 0.05), dsp.samples(index * quick))
    out = np.zeros(n, dtype=np.float32)
    for position in dsp.steady(rng, n, dsp.between(params["rate"], 0.6, 1.9), 0.1).tolist():
        dsp.add(out, chime, position, rng.uniform(0.9, 1.0))
    return out


def whoosh(params: Params, rng: Rng, n: int) -> Wave:
    """Something passing: noise that swells, bends in pitch and is gone."""
    centre = dsp.between(params["pitch"], 420.0, 2400.0) * rng.uniform(0.9, 1.1)
    seconds = dsp.between(params["rate"], 1.3, 0.28)
    out = np.zeros(n, dtype=np.float32)
    for position in dsp.steady(rng, n, dsp.between(params["rate"], 0.5, 1.3), 0.15, 0.06).tolist():
        size = dsp.samples(seconds * rng.uniform(0.9, 1.1))
        x = np.linspace(0.0, 1.0, size)
        arch = np.sin(np.pi * x ** rng.uniform(0.8, 1.2))
        curve = centre * 2.0 ** (1.3 * (arch - 0.6))
        air = dsp.narrow(rng, size, curve, centre * 0.5) + 0.5 * dsp.narrow(
            rng, size, curve * 1.9, centre
        )
        dsp.add(out, air * arch.astype(np.float32) ** 2, position, rng.uniform(0.8, 1.0))
    return out


def drone(params: Params, rng: Rng, n: int) -> Wave:
    """Detuned low voices held without end, their brightness pulsing."""
    base = dsp.between(params["pitch"], 46.0, 190.0) * rng.uniform(0.95, 1.05)
    pulse = dsp.between(params["rate"], 0.35, 4.5)
    lift = (0.5 - 0.5 * np.cos(2.0 * np.pi * dsp.phase(pulse, n, rng.uniform(0.3, 0.7)))).astype(
        np.float32
    )
    count = np.arange(1, 33)
    dark = dsp.table(count**-2.0, rng)
    bright = dsp.table(dsp.bump(count * base, base * rng.uniform(6.0, 10.0), 1.0) / count**0.3, rng)
    out = np.zeros(n, dtype=np.float32)
    for ratio in (1.0, rng.uniform(1.003, 1.009), rng.choice([1.5, 2.0]) * 1.002):
        turns = dsp.phase(base * ratio, n, rng.uniform(0.0, 1.0))
        out += dsp.play(dark, turns)
        out += (0.2 + 0.5 * params["intensity"]) * (0.25 + 0.75 * lift) * dsp.play(bright, turns)
    return out * (0.45 + 0.55 * lift)
