"""Close to people: clock, heartbeat and applause."""

import numpy as np

from hearsight_export.starter.sounds import dsp
from hearsight_export.starter.sounds.dsp import Rng, Wave
from hearsight_export.starter.sounds.kind import Params


def clock(params: Params, rng: Rng, n: int) -> Wave:
    """Even ticks, tick and tock of two pitches."""
    rate = dsp.between(params["rate"], 1.0, 5.0)
    base = dsp.between(params["pitch"], 900.0, 3000.0) * rng.uniform(0.9, 1.1)
    ratios = np.array([1.0, 1.7, 2.3]) * rng.uniform(0.95, 1.05, 3)
    fall = rng.uniform(0.015, 0.04)
    ticks: list[Wave] = []
    for bend in (1.0, rng.uniform(0.72, 0.85)):
        tick = dsp.modes(
            900, base * bend * ratios, fall * np.array([1.0, 0.8, 0.6]), (1.0, 0.7, 0.5)
        )
        echo = 0.35 * dsp.modes(
            900, base * bend * ratios * 0.8, (fall, fall, fall), (1.0, 0.5, 0.3)
        )
        dsp.add(tick, echo, dsp.samples(0.012))
        dsp.add(tick, dsp.click(rng, 0.004, lambda f: dsp.highpass(f, 2500.0)), 0, 0.3)
        ticks.append(tick)
    out = np.zeros(n, dtype=np.float32)
    for index, position in enumerate(dsp.steady(rng, n, rate, 0.004).tolist()):
        dsp.add(out, ticks[index % 2], position, rng.uniform(0.93, 1.0))
    return out


def heartbeat(params: Params, rng: Rng, n: int) -> Wave:
    """Two low thumps to a beat, the second shorter and higher."""
    rate = dsp.between(params["rate"], 0.75, 2.7)
    hard = params["intensity"]
    size = dsp.samples(0.22)
    fall = np.exp(-np.arange(size) / dsp.samples(0.03))
    pitch = rng.uniform(48.0, 62.0)

    def thump(frequency: float, seconds: float) -> Wave:
        body = dsp.sine(frequency * (1.0 + 0.6 * fall), size) * dsp.decay(size, seconds)
        body[:64] *= np.linspace(0.0, 1.0, 64, dtype=np.float32)
        flesh = dsp.coloured(rng, size, lambda f: dsp.bump(f, 150.0, 0.6)) * dsp.decay(size, 0.1)
        return body + (0.1 + 0.2 * hard) * flesh

    lub, dub = thump(pitch, 0.3), thump(pitch * 1.3, 0.2)
    wait = dsp.samples(0.31 * (1.0 / rate) ** 0.6)
    out = np.zeros(n, dtype=np.float32)
    for position in dsp.steady(rng, n, rate, 0.02).tolist():
        dsp.add(out, lub, position, rng.uniform(0.9, 1.0))
        dsp.add(out, dub, position + wait, rng.uniform(0.5, 0.65))
    return out


def applause(params: Params, rng: Rng, n: int) -> Wave:
    """From a few people clapping to a full hall, each with their own hands and pace."""
    intensity = params["intensity"]
    people = max(3, round(dsp.between(intensity, 3.0, 48.0) * rng.uniform(0.85, 1.15)))
    out = np.zeros(n, dtype=np.float32)
    for _ in range(people):
        centre = rng.uniform(800.0, 2100.0)
        clap = dsp.click(rng, rng.uniform(0.02, 0.05), lambda f, c=centre: dsp.bump(f, c, 0.45))
        clap /= np.float32(np.abs(clap).max())
        pace = rng.uniform(2.8, 4.6)
        spots = dsp.steady(rng, n, pace, 0.06, 1.0 / pace)
        near = rng.uniform(0.25, 1.0)
        dsp.scatter(rng, out, spots, [clap * np.float32(near)], 1.5)
    if intensity > 0.5:
        hall = dsp.coloured(rng, n, lambda f: dsp.bump(f, 1300.0, 0.7))
        out += 0.5 * (intensity - 0.5) * hall * dsp.wander(rng, n, 4.0, 0.7, 1.0)
    return np.tanh(2.0 / float(np.abs(out).max()) * out)
