"""Rain, thunder and wind."""

import numpy as np

from hearsight_export.starter.sounds import dsp
from hearsight_export.starter.sounds.dsp import Rng, Wave
from hearsight_export.starter.sounds.kind import Params

RAIN_SURFACES = ("leaves", "street", "tin roof")


def rain(params: Params, rng: Rng, n: int) -> Wave:
    """A steady hiss under many separate drops whose ring is that of the surface."""
    intensity = params["intensity"]
    surface = round(params["material"] * 2)
    rate = dsp.between(intensity, 18.0, 260.0) * rng.uniform(0.8, 1.25)
    if surface == 0:
        centre = rng.uniform(1300.0, 1900.0)
        hiss = dsp.coloured(rng, n, lambda f: dsp.bump(f, centre, 0.9))
        grains = [
            dsp.click(rng, rng.uniform(0.015, 0.03), lambda f, c=c: dsp.bump(f, c, 0.6), 0.002)
            for c in rng.uniform(500.0, 1800.0, 6)
        ]
        bed = 0.10
    elif surface == 1:
        centre = rng.uniform(4200.0, 5600.0)
        hiss = dsp.coloured(rng, n, lambda f: dsp.bump(f, centre, 0.9) + 0.12)
        grains = [
            dsp.click(rng, rng.uniform(0.006, 0.016), lambda f, c=c: dsp.bump(f, c, 0.8))
            for c in rng.uniform(2500.0, 6500.0, 6)
        ]
        bed = 0.16
    else:
        plate = np.sort(rng.uniform(650.0, 4200.0, 9))
        hiss = dsp.coloured(
            rng,
            n,
            lambda f: sum(
                (0.35 * dsp.bump(f, c, 0.16) for c in plate[::2]), 0.5 * dsp.bump(f, 2000.0, 1.0)
            ),
        )
        grains = []
        for _ in range(10):
            picked = rng.choice(plate, 4, replace=False) * rng.uniform(0.86, 1.16, 4)
            ring = dsp.modes(1100, picked, rng.uniform(0.025, 0.08, 4), rng.uniform(0.3, 1.0, 4))
            ring[:48] += 0.6 * dsp.white(rng, 48) * dsp.decay(48, 0.004)
            grains.append(ring)
        bed = 0.12
    out = hiss * dsp.wander(rng, n, 1.0, 0.85, 1.15) * np.float32(bed * (0.25 + 1.6 * intensity))
    peaks = [grain / np.float32(np.abs(grain).max()) for grain in grains]
    dsp.scatter(rng, out, dsp.scattered(rng, n, rate), peaks, 6.0)
    return np.tanh(0.7 * out)


def thunder(params: Params, rng: Rng, n: int) -> Wave:
    """A crack, near ones only, and a low rumble that rolls away in uneven swells."""
    intensity, distance = params["intensity"], params["distance"]
    out = np.zeros(n, dtype=np.float32)
    rumble = dsp.coloured(rng, n, lambda f: dsp.bump(f, 75.0, 0.9))
    growl = dsp.coloured(rng, n, lambda f: dsp.bump(f, 260.0, 0.8))
    start = dsp.samples(rng.uniform(0.02, 0.12))
    while start < n:
        left = n - start
        length = rng.uniform(4.5, 7.5) + 1.5 * intensity
        fall = dsp.decay(left, length)
        rise = min(left, dsp.samples(0.02 + 0.2 * distance))
        fall[:rise] *= np.linspace(0.0, 1.0, rise, dtype=np.float32)
        rolls = dsp.wander(rng, left, 5.0, 0.05, 1.0) ** 1.5
        rolls[: min(left, 3000)] = np.maximum(rolls[: min(left, 3000)], 0.7)
        out[start:] += fall * rolls * rumble[start:]
        out[start:] += (0.55 + 0.2 * intensity) * fall**1.6 * rolls * growl[start:]
        crack = (1.0 - distance) ** 1.5 * (0.15 + 1.1 * intensity)
        for offset in np.cumsum(rng.uniform(0.0, 0.11, rng.integers(3, 7))):
            snap = dsp.click(rng, rng.uniform(0.08, 0.35), lambda f: dsp.bump(f, 900.0, 1.7))
            dsp.add(out, snap, start + dsp.samples(offset) - 1, crack * rng.uniform(0.4, 1.0))
        start += dsp.samples(rng.uniform(4.5, 6.5))
    return np.tanh(2.0 / float(np.abs(out).max()) * out)


def wind(params: Params, rng: Rng, n: int) -> Wave:
    """Gusts: a body of low noise and two howling bands whose pitch follows the gust."""
    intensity, pitch = params["intensity"], params["pitch"]
    gust = dsp.wander(rng, n, 0.7 + 0.6 * intensity, 0.1, 1.0)
    flutter = dsp.wander(rng, n, 9.0, 0.8 - 0.2 * intensity, 1.0)
    centre = dsp.between(pitch, 260.0, 950.0) * rng.uniform(0.9, 1.1)
    bend = (0.75 + 0.6 * gust) * dsp.wander(rng, n, 2.0, 0.95, 1.05)
    howl = dsp.narrow(rng, n, centre * bend, centre * 0.10)
    whistle = dsp.narrow(rng, n, centre * rng.uniform(1.6, 2.1) * bend, centre * 0.12)
    body = dsp.coloured(
        rng, n, lambda f: dsp.bump(f, centre * 0.55, 1.0) + 0.06 * dsp.lowpass(f, 2500.0)
    )
    return flutter * (
        (0.25 + 0.75 * gust) * body
        + 0.9 * gust**1.5 * howl
        + (0.15 + 0.35 * pitch) * gust**2 * whistle
    )
