"""Bells, sirens and telephones."""

import numpy as np

from hearsight_export.starter.sounds import dsp
from hearsight_export.starter.sounds.dsp import Rng, Wave
from hearsight_export.starter.sounds.kind import Params

# Hum, prime, tierce, quint, nominal and upper partials of a tuned church bell.
PARTIALS = np.array([0.5, 1.0, 1.19, 1.5, 2.0, 2.51, 2.66, 3.01, 4.1])


def bell(params: Params, rng: Rng, n: int) -> Wave:
    """Slow tolls of one tuned bell that ring into each other."""
    prime = dsp.between(params["pitch"], 210.0, 1150.0) * rng.uniform(0.93, 1.07)
    ring = dsp.between(params["pitch"], 4.5, 2.2)
    gains = np.array([0.55, 0.8, 0.7, 0.35, 1.0, 0.3, 0.3, 0.35, 0.25]) * rng.uniform(0.6, 1.2, 9)
    times = ring * np.array([1.5, 1.0, 0.8, 0.6, 0.6, 0.4, 0.4, 0.3, 0.2])
    toll = dsp.modes(
        min(n, dsp.samples(4.0)), prime * PARTIALS * rng.uniform(0.995, 1.005, 9), times, gains
    )
    dsp.add(toll, dsp.click(rng, 0.015, lambda f: dsp.bump(f, prime * 4.0, 0.8)), 0, 0.4)
    out = np.zeros(n, dtype=np.float32)
    for position in dsp.steady(rng, n, rng.uniform(0.45, 0.85), 0.05).tolist():
        dsp.add(out, toll, position, rng.uniform(0.8, 1.0))
    return out


def siren(params: Params, rng: Rng, n: int) -> Wave:
    """A horn that wails up and down, or alternates between two tones."""
    rate = dsp.between(params["rate"], 0.3, 4.5)
    low = dsp.between(params["pitch"], 420.0, 850.0) * rng.uniform(0.95, 1.05)
    turn = dsp.phase(rate * rng.uniform(0.95, 1.05), n, rng.uniform(0.0, 1.0))
    style = rng.random()
    if style < 0.65 or rate > 2.0:
        sweep = 0.5 - 0.5 * np.cos(2.0 * np.pi * turn)
        curve = low * 2.0 ** (rng.uniform(0.9, 1.15) * sweep)
    else:
        sweep = np.clip(0.5 + 12.0 * np.sin(2.0 * np.pi * turn), 0.0, 1.0)
        curve = low * 1.15 * 2.0 ** (rng.uniform(0.4, 0.6) * sweep)
    horn = dsp.table(np.array([1.0, 0.55, 0.5, 0.25, 0.2, 0.1]) * rng.uniform(0.7, 1.2, 6))
    loud = (0.35 + 0.65 * sweep).astype(np.float32)
    return dsp.play(horn, dsp.phase(curve, n)) * loud


def telephone(params: Params, rng: Rng, n: int) -> Wave:
    """Rings and pauses: two little bells struck in turn, or an electronic warble."""
    base = dsp.between(params["pitch"], 750.0, 2000.0) * rng.uniform(0.95, 1.05)
    speed = rng.uniform(17.0, 24.0)
    on, off = rng.uniform(1.0, 1.7), rng.uniform(0.7, 1.4)
    at = dsp.phase(1.0, n)
    start = rng.uniform(0.02, 0.12)
    ringing = ((at - start) % (on + off) < on) & (at >= start)
    if rng.random() < 0.6:
        out = np.zeros(n, dtype=np.float32)
        size = dsp.samples(0.45)
        gongs = [
            dsp.modes(size, tone * np.array([1.0, 2.3, 3.6]), (0.6, 0.4, 0.25), (1.0, 0.6, 0.35))
            for tone in (base, base * rng.uniform(1.15, 1.3))
        ]
        for index, position in enumerate(dsp.steady(rng, n, speed, 0.02, 0.05).tolist()):
            if ringing[position]:
                dsp.add(out, gongs[index % 2], position, rng.uniform(0.8, 1.0))
        return out
    other = np.floor(at * speed) % 2.0
    beep = dsp.table([1.0, 0.0, 0.3, 0.0, 0.12])
    tone = dsp.play(beep, dsp.phase(base * (1.0 + 0.25 * other), n))
    gate = np.convolve(ringing.astype(np.float32), np.full(80, 1.0 / 80, dtype=np.float32), "same")
    return tone * gate
