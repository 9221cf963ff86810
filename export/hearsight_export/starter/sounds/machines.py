"""Engine, helicopter, saw and typewriter."""

import numpy as np

from hearsight_export.starter.sounds import dsp
from hearsight_export.starter.sounds.dsp import Rng, Wave
from hearsight_export.starter.sounds.kind import Params


def engine(params: Params, rng: Rng, n: int) -> Wave:
    """A four-stroke: firing pulses through an exhaust, uneven when idling, harsh under load."""
    rate, intensity = params["rate"], params["intensity"]
    firing = dsp.between(rate, 20.0, 110.0) * rng.uniform(0.93, 1.07)
    curve = firing * dsp.wander(rng, n, 3.0, 0.97, 1.03)
    harmonics = np.arange(1, 121)
    f = harmonics * firing / 4.0
    # Four cylinders per turn of the table: every fourth harmonic is the firing order.
    order = np.where(harmonics % 4 == 0, 1.0, np.where(harmonics % 2 == 0, 0.35, 0.14))
    exhaust = dsp.bump(f, rng.uniform(75.0, 130.0), 0.9) + 0.5 * dsp.bump(
        f, rng.uniform(250.0, 450.0), 0.6
    )
    exhaust = exhaust + (0.1 + 0.4 * intensity) * dsp.bump(f, rng.uniform(700.0, 1300.0), 0.7)
    turns = dsp.phase(curve / 4.0, n)
    tone = dsp.play(dsp.table(order * exhaust * rng.uniform(0.6, 1.2, 120), rng), turns)
    pulse = np.exp(-4.0 * ((turns * 4.0) % 1.0)).astype(np.float32)
    hiss = dsp.coloured(rng, n, lambda f: dsp.bump(f, 900.0, 1.3))
    out = tone + (0.08 + 0.12 * intensity) * hiss * (0.3 + pulse)
    return np.tanh((1.0 + 1.5 * intensity) * out)


def helicopter(params: Params, rng: Rng, n: int) -> Wave:
    """Rotor blades chop the air over a steady turbine."""
    rate = dsp.between(params["rate"], 6.0, 17.0) * rng.uniform(0.97, 1.03)
    turns = dsp.phase(rate, n, rng.uniform(0.0, 1.0)) % 1.0
    chop = (np.minimum(turns * 12.0, 1.0) * np.exp(-5.0 * turns)).astype(np.float32)
    slap = dsp.coloured(rng, n, lambda f: dsp.bump(f, 110.0, 1.1) + 0.25 * dsp.bump(f, 600.0, 0.9))
    wash = dsp.coloured(rng, n, lambda f: dsp.bump(f, 1500.0, 1.2))
    whine = dsp.sine(rng.uniform(1700.0, 2600.0), n)
    return chop * slap * 1.6 + (0.05 + 0.18 * chop) * wash + np.float32(0.03) * whine


def saw(params: Params, rng: Rng, n: int) -> Wave:
    """A hand saw: a long push and a lighter pull, each a rasp of teeth."""
    rate, intensity = params["rate"], params["intensity"]
    strokes = dsp.between(rate, 0.8, 2.6) * dsp.wander(rng, n, 1.0, 0.94, 1.06)
    turns = dsp.phase(strokes, n, 0.0)
    part = turns % 1.0
    push = np.clip(np.sin(np.pi * np.minimum(part / 0.52, 1.0)), 0.0, 1.0) ** 0.7
    pull = np.clip(np.sin(np.pi * np.clip((part - 0.56) / 0.4, 0.0, 1.0)), 0.0, 1.0) ** 0.7
    speed = (push + 0.8 * pull).astype(np.float32)
    teeth = dsp.phase(rng.uniform(90.0, 150.0) * (0.35 + 0.65 * speed), n) % 1.0
    rasp = np.exp(-3.0 * teeth).astype(np.float32)
    centre = rng.uniform(1300.0, 2000.0)
    bright = dsp.coloured(rng, n, lambda f: dsp.bump(f, centre * 1.8, 0.5))
    dull = dsp.coloured(rng, n, lambda f: dsp.bump(f, centre, 0.45) + 0.3 * dsp.bump(f, 350.0, 0.6))
    grip = (0.5 + 0.5 * intensity) * push + 0.45 * pull
    return rasp * (push * bright + pull * 0.7 * dull + 0.5 * push * dull) * grip.astype(np.float32)


def typewriter(params: Params, rng: Rng, n: int) -> Wave:
    """Type bars strike the roller in bursts; at the end of a line a small bell."""
    rate, intensity = params["rate"], params["intensity"]
    grains: list[Wave] = []
    for _ in range(8):
        key = dsp.modes(
            1100,
            (rng.uniform(160.0, 240.0), *rng.uniform(1500.0, 4500.0, 3)),
            (0.05, 0.04, 0.03, 0.025),
            (0.5, 0.6, 0.5, 0.4),
        )
        dsp.add(
            key, dsp.click(rng, 0.012, lambda f: dsp.highpass(f, 1800.0)), 0, 0.35 + 0.4 * intensity
        )
        lift = dsp.click(rng, 0.01, lambda f: dsp.bump(f, 2600.0, 0.6))
        dsp.add(key, lift, dsp.samples(rng.uniform(0.03, 0.05)), 0.2)
        grains.append(key)
    out = np.zeros(n, dtype=np.float32)
    keys = dsp.steady(rng, n, dsp.between(rate, 2.2, 11.0), 0.35)
    dsp.scatter(rng, out, keys, grains, 2.0)
    if rng.random() < 0.3 and n > dsp.SAMPLE_RATE:
        tone = rng.uniform(2300.0, 3000.0)
        ding = dsp.modes(dsp.samples(0.8), (tone, tone * 2.4), (0.9, 0.4), (1.0, 0.3))
        dsp.add(out, ding, int(rng.integers(n // 3, n)), 0.6)
    return out
