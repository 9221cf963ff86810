"""Things struck or broken: door knock, wood, metal, glass, explosion."""

import numpy as np

from hearsight_export.starter.sounds import dsp
from hearsight_export.starter.sounds.dsp import Rng, Wave
from hearsight_export.starter.sounds.kind import Params

DOORS = ("wood", "metal")


def door_knock(params: Params, rng: Rng, n: int) -> Wave:
    """Knuckles in groups of three to five, with a pause to listen."""
    rate = dsp.between(params["rate"], 2.4, 7.5)
    size = dsp.samples(0.4)
    if params["material"] < 0.5:
        frequencies = rng.uniform(140.0, 620.0, 6)
        knock = dsp.modes(size, frequencies, rng.uniform(0.06, 0.13, 6), rng.uniform(0.4, 1.0, 6))
        dsp.add(knock, dsp.click(rng, 0.012, lambda f: dsp.bump(f, 1200.0, 0.8)), 0, 0.4)
    else:
        frequencies = rng.uniform(220.0, 2600.0, 9)
        knock = dsp.modes(size, frequencies, rng.uniform(0.2, 0.5, 9), rng.uniform(0.3, 1.0, 9))
        dsp.add(knock, dsp.click(rng, 0.01, lambda f: dsp.bump(f, 3000.0, 0.8)), 0, 0.5)
    out = np.zeros(n, dtype=np.float32)
    start = rng.uniform(0.03, 0.15)
    count = int(rng.integers(3, 6))
    while start < n / dsp.SAMPLE_RATE:
        for _ in range(count):
            dsp.add(out, knock, dsp.samples(start), rng.uniform(0.7, 1.0))
            start += rng.uniform(0.92, 1.08) / rate
        start += rng.uniform(0.7, 1.2)
    return out


def wood_hit(params: Params, rng: Rng, n: int) -> Wave:
    """Single clear knocks of a block or log, seconds apart."""
    base = dsp.between(params["pitch"], 240.0, 1300.0) * rng.uniform(0.9, 1.1)
    size = dsp.samples(0.5)
    ratios = np.array([1.0, 2.35, 3.9, 5.6]) * rng.uniform(0.95, 1.05, 4)
    ring = rng.uniform(0.1, 0.2)
    hard = 0.3 + 0.6 * params["intensity"]
    out = np.zeros(n, dtype=np.float32)
    for position in dsp.steady(rng, n, rng.uniform(0.6, 1.1), 0.25).tolist():
        bend = rng.uniform(0.985, 1.015)
        gains = np.array([1.0, 0.7 * hard, 0.5 * hard, 0.4 * hard]) * rng.uniform(0.7, 1.0, 4)
        hit = dsp.modes(size, base * ratios * bend, ring * np.array([1.0, 0.6, 0.45, 0.3]), gains)
        snap = dsp.click(rng, 0.008, lambda f: dsp.bump(f, base * 3.0, 0.8))
        dsp.add(hit, snap, 0, 0.35 * hard)
        dsp.add(out, hit, position, rng.uniform(0.8, 1.0))
    return out


def metal_hit(params: Params, rng: Rng, n: int) -> Wave:
    """Clangs with many unrelated long partials."""
    base = dsp.between(params["pitch"], 220.0, 900.0) * rng.uniform(0.9, 1.1)
    ratios = np.concatenate(([1.0], 1.0 + np.cumsum(rng.uniform(0.35, 1.1, 11))))
    frequencies = base * ratios
    hard = 0.35 + 0.65 * params["intensity"]
    gains = hard ** (np.arange(12) / 3.0) * rng.uniform(0.3, 1.0, 12)
    times = rng.uniform(0.9, 2.2) * (base / frequencies) ** 0.35 * rng.uniform(0.6, 1.2, 12)
    size = min(n, dsp.samples(1.8))
    clang = dsp.modes(size, frequencies, times, gains)
    dsp.add(clang, dsp.click(rng, 0.02, lambda f: dsp.highpass(f, 2000.0)), 0, 0.6 * hard)
    out = np.zeros(n, dtype=np.float32)
    for position in dsp.steady(rng, n, rng.uniform(0.45, 0.75), 0.2).tolist():
        dsp.add(out, clang, position, rng.uniform(0.75, 1.0))
    return out


def glass(params: Params, rng: Rng, n: int) -> Wave:
    """A smash, then bright shards that ring and settle."""
    intensity = params["intensity"]
    base = dsp.between(params["pitch"], 1700.0, 3600.0)
    grains: list[Wave] = []
    for _ in range(14):
        tones = np.minimum(base * 2.0 ** rng.uniform(-0.2, 1.1, 3), 7500.0)
        shard = dsp.modes(3200, tones, rng.uniform(0.05, 0.3, 3), rng.uniform(0.3, 1.0, 3))
        grains.append(shard / np.float32(np.abs(shard).max()))
    out = np.zeros(n, dtype=np.float32)
    start = dsp.samples(rng.uniform(0.03, 0.15))
    while start < n:
        smash = dsp.click(rng, rng.uniform(0.1, 0.25), lambda f: dsp.bump(f, base * 1.5, 0.9))
        dsp.add(out, smash, start, 0.25 + 0.35 * intensity)
        count = int(dsp.between(intensity, 9.0, 60.0) * rng.uniform(0.8, 1.2))
        delays = np.concatenate(
            (
                rng.exponential(0.06 + 0.1 * intensity, count),
                rng.uniform(0.3, 1.0 + intensity, count // 4 + 1),
            )
        )
        at = start + (delays * dsp.SAMPLE_RATE).astype(np.intp)
        for position, delay in zip(at.tolist(), delays.tolist(), strict=True):
            level = rng.uniform(0.15, 0.7) * np.exp(-1.5 * delay)
            dsp.add(out, grains[int(rng.integers(0, 14))], position, level)
        start += dsp.samples(rng.uniform(2.2, 4.0))
    return out


def explosion(params: Params, rng: Rng, n: int) -> Wave:
    """A blast whose treble dies first, a sinking boom, and falling debris."""
    intensity = params["intensity"]
    size = min(n, dsp.samples(3.0))
    scale = (0.6 + 0.7 * intensity) * rng.uniform(0.85, 1.15)
    out = np.zeros(n, dtype=np.float32)
    start = dsp.samples(rng.uniform(0.02, 0.12))
    blast = (
        1.2
        * dsp.coloured(rng, size, lambda f: dsp.bump(f, 90.0, 0.9))
        * dsp.decay(size, 2.6 * scale)
    )
    blast += (
        1.0
        * dsp.coloured(rng, size, lambda f: dsp.bump(f, 420.0, 0.9))
        * dsp.decay(size, 1.5 * scale)
    )
    blast += (
        0.8
        * dsp.coloured(rng, size, lambda f: dsp.bump(f, 2400.0, 1.0))
        * dsp.decay(size, 0.8 * scale)
    )
    sink = 38.0 + 70.0 * np.exp(-np.arange(size) / dsp.samples(0.18))
    blast = np.tanh(blast + 1.6 * dsp.sine(sink, size) * dsp.decay(size, 1.6 * scale))
    while start < n:
        dsp.add(out, blast, start)
        debris = start + dsp.scattered(rng, dsp.samples(1.8), 6.0 + 22.0 * intensity)
        bits = [
            dsp.click(rng, 0.02, lambda f, c=c: dsp.bump(f, c, 0.6))
            for c in (900.0, 1800.0, 3500.0)
        ]
        for position in debris[debris < n].tolist():
            fade = np.exp(-1.6 * (position - start) / dsp.SAMPLE_RATE)
            dsp.add(
                out, bits[int(rng.integers(0, 3))], position, 0.16 * fade * rng.uniform(0.3, 1.0)
            )
        start += dsp.samples(rng.uniform(2.6, 4.5))
    return out
