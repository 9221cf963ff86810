"""Footsteps on gravel, on wood and in snow."""

from collections.abc import Callable

import numpy as np

from hearsight_export.starter.sounds import dsp
from hearsight_export.starter.sounds.dsp import Rng, Wave
from hearsight_export.starter.sounds.kind import Params


def gravel(params: Params, rng: Rng, n: int) -> Wave:
    """Each step grinds a few dozen small stones."""
    stones: list[Wave] = []
    for centre in rng.uniform(1500.0, 6000.0, 12):
        stone = dsp.click(
            rng, rng.uniform(0.006, 0.018), lambda f, c=centre: dsp.bump(f, c, 0.5), 0.0003
        )
        stones.append(stone / np.float32(np.abs(stone).max()))

    def step(seconds: float) -> Wave:
        out = np.zeros(dsp.samples(seconds + 0.03), dtype=np.float32)
        count = int(rng.integers(28, 50) * (0.6 + 0.8 * params["intensity"]))
        heel = rng.normal(0.18, 0.08, count // 2)
        toe = rng.normal(0.62, 0.16, count - count // 2)
        at = np.clip(np.concatenate((heel, toe)), 0.0, 1.0) * seconds * dsp.SAMPLE_RATE
        dsp.scatter(rng, out, at.astype(np.intp), stones, 6.0)
        grit = dsp.coloured(rng, len(out), lambda f: dsp.bump(f, 3200.0, 0.8))
        return out + 0.12 * grit * dsp.swell(len(out), 0.2, 0.6)

    return _walk(params, rng, n, 0.24, step)


def wood(params: Params, rng: Rng, n: int) -> Wave:
    """Each step is a hollow thump of the boards and a click of the heel."""
    boards = rng.uniform(85.0, 420.0, 5)
    heel = rng.uniform(900.0, 1700.0)

    def step(seconds: float) -> Wave:
        size = dsp.samples(0.3)
        bend = rng.uniform(0.95, 1.05)
        thump = dsp.modes(size, boards * bend, rng.uniform(0.08, 0.2, 5), rng.uniform(0.4, 1.0, 5))
        snap = dsp.click(rng, 0.025, lambda f: dsp.bump(f, heel * bend, 0.7))
        dsp.add(thump, snap, 0, 0.5 * (0.5 + params["intensity"]))
        toe = dsp.modes(size, boards[:3] * 1.3, (0.07, 0.06, 0.05), (0.25, 0.25, 0.25))
        dsp.add(thump, toe, dsp.samples(0.35 * seconds), 1.0)
        return thump

    return _walk(params, rng, n, 0.22, step)


def snow(params: Params, rng: Rng, n: int) -> Wave:
    """Each step presses out one long soft crunch with a creak in it."""
    centre = rng.uniform(650.0, 1000.0)

    def step(seconds: float) -> Wave:
        size = dsp.samples(seconds)
        x = np.linspace(0.0, 1.0, size)
        press = np.interp(x, (0.0, 0.25, 0.6, 1.0), (0.0, 1.0, 0.55, 0.0)).astype(np.float32)
        powder = dsp.coloured(rng, size, lambda f: dsp.bump(f, centre, 0.6))
        creak = dsp.wander(rng, size, rng.uniform(70.0, 110.0), 0.0, 1.0) ** 2
        squeak = dsp.narrow(rng, size, centre * 1.9 * (1.0 + 0.25 * x), 60.0)
        return press * creak * (powder + 0.3 * squeak)

    return _walk(params, rng, n, 0.34, step)


def _walk(params: Params, rng: Rng, n: int, seconds: float, step: Callable[[float], Wave]) -> Wave:
    rate = dsp.between(params["rate"], 1.0, 3.2)
    out = np.zeros(n, dtype=np.float32)
    for index, position in enumerate(dsp.steady(rng, n, rate, 0.05).tolist()):
        one = step(min(seconds, 0.75 / rate) * rng.uniform(0.9, 1.1))
        dsp.add(out, one, position, (1.0 if index % 2 else 0.85) * rng.uniform(0.85, 1.0))
    return np.tanh(2.5 / float(np.abs(out).max()) * out)
