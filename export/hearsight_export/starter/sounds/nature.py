"""Water and fire: sea, stream, bubbles, fire."""

import numpy as np

from hearsight_export.starter.sounds import dsp
from hearsight_export.starter.sounds.dsp import Rng, Wave
from hearsight_export.starter.sounds.kind import Params


def sea(params: Params, rng: Rng, n: int) -> Wave:
    """Waves: a low swell that builds, breaks into bright foam and hisses back."""
    intensity = params["intensity"]
    rate = dsp.between(params["rate"], 0.17, 0.6)
    pace = dsp.wander(rng, n, 0.5, 0.85, 1.15) * rate
    turn = dsp.phase(pace, n, rng.uniform(0.0, 1.0)) % 1.0
    build = np.where(turn < 0.4, (turn / 0.4) ** 2, np.exp(-(turn - 0.4) * 5.0)).astype(np.float32)
    later = np.clip((turn - 0.3) / 0.15, 0.0, 1.0)
    ebb = np.exp(-np.maximum(turn - 0.45, 0.0) * 4.5) * np.clip((1.0 - turn) / 0.2, 0.0, 1.0)
    foam = (later * ebb).astype(np.float32)
    swell = dsp.coloured(rng, n, lambda f: dsp.bump(f, 220.0, 1.2))
    hiss = dsp.coloured(rng, n, lambda f: dsp.bump(f, 2600.0, 1.3))
    roar = dsp.coloured(rng, n, lambda f: dsp.bump(f, 700.0, 1.0))
    return (
        (0.15 + 0.7 * build) * swell
        + (0.05 + (0.5 + 0.5 * intensity) * foam) * hiss
        + (0.2 + 0.9 * intensity) * build * roar
    )


def _blip(frequency: float, seconds: float, rise: float) -> Wave:
    """One air bubble: a damped sine whose pitch climbs by the part `rise`."""
    n = dsp.samples(seconds)
    curve = frequency * (1.0 + rise * np.linspace(0.0, 1.0, n) ** 1.5)
    out = dsp.sine(curve, n) * dsp.decay(n, seconds * 1.1)
    start = min(n, 32)
    out[:start] *= np.linspace(0.0, 1.0, start, dtype=np.float32)
    return out


def stream(params: Params, rng: Rng, n: int) -> Wave:
    """Running water: a crowd of tiny bubbles over a soft mid-band murmur."""
    intensity = params["intensity"]
    low = dsp.between(intensity, 750.0, 380.0)
    grains = [
        _blip(f, rng.uniform(0.02, 0.06), rng.uniform(0.0, 0.5))
        for f in low * 2.0 ** rng.uniform(0.0, 2.3, 80)
    ]
    murmur = dsp.coloured(
        rng, n, lambda f: dsp.bump(f, low * 1.8, 0.8) + 0.05 * dsp.lowpass(f, 5000.0)
    )
    out = murmur * dsp.wander(rng, n, 6.0, 0.5, 1.0) * np.float32(0.05 + 0.5 * intensity)
    rate = dsp.between(intensity, 35.0, 170.0) * rng.uniform(0.85, 1.2)
    dsp.scatter(rng, out, dsp.scattered(rng, n, rate), grains, 6.0)
    return np.tanh(0.6 * out)


def bubbles(params: Params, rng: Rng, n: int) -> Wave:
    """Separate round bubbles, now and then in a quick climbing run."""
    rate = dsp.between(params["rate"], 2.0, 14.0)
    base = dsp.between(params["pitch"], 190.0, 850.0)
    out = np.zeros(n, dtype=np.float32)
    for position in dsp.steady(rng, n, rate, 0.5).tolist():
        frequency = base * 2.0 ** rng.uniform(-0.35, 0.45)
        seconds = rng.uniform(0.05, 0.11) * (300.0 / base) ** 0.3
        level = rng.uniform(0.35, 1.0)
        dsp.add(out, _blip(frequency, seconds, rng.uniform(0.5, 1.3)), position, level)
        if rng.random() < 0.25:
            small = _blip(frequency * 1.4, seconds * 0.6, 0.9)
            dsp.add(out, small, position + dsp.samples(0.4 / rate), 0.6 * level)
    return out


def fire(params: Params, rng: Rng, n: int) -> Wave:
    """Sharp crackles in clusters above the low flutter of the flames."""
    intensity = params["intensity"]
    flames = dsp.coloured(rng, n, lambda f: dsp.bump(f, 170.0, 1.0) + 0.02 * dsp.lowpass(f, 3000.0))
    flutter = dsp.wander(rng, n, 11.0, 0.3, 1.0) * dsp.wander(rng, n, 1.2, 0.6, 1.0)
    out = flames * flutter * np.float32(0.06 + 0.28 * intensity)
    grains = []
    for centre in rng.uniform(1400.0, 6000.0, 10):
        snap = dsp.click(
            rng, rng.uniform(0.004, 0.02), lambda f, c=centre: dsp.bump(f, c, 0.9), 0.0002
        )
        grains.append(snap / np.float32(np.abs(snap).max()))
    seeds = dsp.scattered(rng, n, dsp.between(intensity, 1.5, 9.0))
    followers = [
        seed + (rng.exponential(0.05, rng.integers(1, 6)) * dsp.SAMPLE_RATE).astype(np.intp)
        for seed in seeds
    ]
    crackles = np.concatenate([seeds, *followers])
    dsp.scatter(rng, out, crackles[crackles < n], grains, 7.0)
    return np.tanh(0.8 * out)
