"""A noise schedule and a solver become a table with one row per step.

Every solver here is `x_next = k_x*x + k_d*d + k_prev*d_prev + k_noise*noise`, where `d` is the
clean latent that the model sees in `x = alpha*clean + sigma*noise`. The denoise graph does this
sum, so a solver is nothing but the numbers in its rows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import exact
from .errors import RequestError
from .manifest import Betas, Schedule

__all__ = ["COLUMNS", "cumulative_alphas", "rows"]

COLUMNS = ("t", "alpha", "sigma", "k_x", "k_d", "k_prev", "k_noise")

Array = NDArray[np.float64]
Steps = NDArray[np.int64]


def rows(
    schedule: Schedule, solver: str, steps: int, eta: float = 0.0, strength: float = 1.0
) -> Array:
    """The table [rows, 7] in float64, first step first, columns as in `COLUMNS`.

    `t` is what the model was trained to be told: a training step, or sigma times `train_steps`
    for flow models. `alpha` and `sigma` are the roots: alpha**2 + sigma**2 == 1, for flow
    alpha + sigma == 1.

    There are `steps` rows, except with `upstream` spacing: latent-diffusion samplers stride by
    the whole number train_steps // steps and so take a few steps more when that does not divide
    evenly (150 gives 167 of 1000). `eta` belongs to `ddim` alone: 0 is deterministic, 1 is
    ancestral sampling (Song et al. 2021, eq. 16). `strength` below 1 leaves out the noisiest
    rows, but not the last: a sound with the noise of the first row left is changed by that much
    (Meng et al. 2022, SDEdit, sec. 3).

    Raises:
        RequestError: a solver that cannot play this schedule, or a number of steps that it
            cannot make, with the nearest numbers that it can.
    """
    flow = schedule.betas.kind == "flow"
    if flow and solver != "euler":
        raise RequestError(
            f"Solver {solver!r} cannot play a flow model; leave the solver open or use 'euler'."
        )
    if not flow and solver not in ("ddim", "dpm++2m"):
        raise RequestError(
            f"Solver {solver!r} cannot play this model; leave the solver open or use "
            "'ddim' or 'dpm++2m'."
        )
    _refuse_impossible(schedule, solver, steps)
    if flow:
        table = _euler(schedule, steps)
    elif solver == "ddim":
        table = _ddim(schedule, steps, eta)
    else:
        table = _dpm(schedule, steps)
    left_out = len(table) - max(1, round(strength * len(table)))
    if left_out:
        table = table[left_out:].copy()
        # The first row has nothing to look back to: what it gives to d_prev goes to d.
        table[0, COLUMNS.index("k_d")] += table[0, COLUMNS.index("k_prev")]
        table[0, COLUMNS.index("k_prev")] = 0
    return table


def cumulative_alphas(betas: Betas, train_steps: int) -> Array:
    """Share of the signal's variance left after each training step, float64 [train_steps]."""
    ramp = np.arange(train_steps, dtype=np.float64) / max(train_steps - 1, 1)
    if betas.kind == "linear":
        noise = betas.start + (betas.end - betas.start) * ramp
    elif betas.kind == "scaled_linear":
        start, end = math.sqrt(betas.start), math.sqrt(betas.end)
        noise = (start + (end - start) * ramp) ** 2
    elif betas.kind == "cosine":
        time = np.arange(train_steps + 1) / train_steps
        left = exact.turn((time + 0.008) / 1.008 / 4)[0] ** 2
        noise = np.minimum(1 - left[1:] / left[:-1], 0.999)
    else:
        noise = np.asarray(betas.values, np.float64)
    return np.cumprod(1 - noise, dtype=np.float64)


def _timesteps(schedule: Schedule, solver: str, steps: int) -> Steps:
    """Training steps to visit, noisiest first; some may lie outside of training.

    diffusers adds a step before training began for some counts of trailing steps (61, 103, 998
    of 1000), where its float steps miss the end; there is none here.
    """
    total = schedule.train_steps
    if schedule.spacing == "upstream":
        return np.arange(0, total, total // steps)[::-1] + 1
    if schedule.spacing == "trailing":
        return np.round(total - np.arange(steps) * (total / steps)).astype(np.int64) - 1
    if solver == "ddim":
        return np.arange(steps)[::-1] * (total // steps) + 1
    # diffusers divides by one more here, so that the noisiest step is not the lowest of its part
    return np.arange(1, steps + 1)[::-1] * (total // (steps + 1)) + 1


def _possible(schedule: Schedule, solver: str, steps: int) -> bool:
    if not 1 <= steps <= schedule.train_steps:
        return False
    if solver == "euler":
        return True
    times = _timesteps(schedule, solver, steps)
    return bool(times[0] < schedule.train_steps and np.all(np.diff(times) < 0))


def _refuse_impossible(schedule: Schedule, solver: str, steps: int) -> None:
    if _possible(schedule, solver, steps):
        return
    below = range(min(steps, schedule.train_steps + 1) - 1, 0, -1)
    above = range(max(steps, 0) + 1, schedule.train_steps + 1)
    nearest = [
        str(found)
        for found in (
            next((n for n in side if _possible(schedule, solver, n)), None)
            for side in (below, above)
        )
        if found is not None
    ]
    raise RequestError(
        f"{steps} steps cannot be made with {solver} and {schedule.spacing} spacing out of "
        f"{schedule.train_steps} training steps; the nearest that can: {' or '.join(nearest)}."
    )


def _ddim(schedule: Schedule, steps: int, eta: float) -> Array:
    """Song et al. 2021, eq. 12, with the noise prediction written as (x - alpha*d) / sigma."""
    left = cumulative_alphas(schedule.betas, schedule.train_steps)
    final = 1.0 if schedule.final_alpha == "one" else left[0]
    times = _timesteps(schedule, "ddim", steps)
    if schedule.spacing == "upstream":
        before = np.append(times[1:], -1)
    else:
        # diffusers goes back by the whole stride, even where rounding moved the next step
        before = times - schedule.train_steps // steps
    now = left[times]
    then = np.where(before >= 0, left[before], final)
    alpha, sigma = np.sqrt(now), np.sqrt(1 - now)
    spread = eta * np.sqrt((1 - then) / (1 - now) * (1 - now / then))
    towards = np.sqrt(np.maximum(1 - then - spread**2, 0)) / sigma
    keep = np.sqrt(then) - towards * alpha
    return _table(times, alpha, sigma, towards, keep, np.zeros(len(times)), spread)


def _dpm(schedule: Schedule, steps: int) -> Array:
    """DPM-Solver++(2M) with the midpoint rule, Lu et al. 2022, algorithm 2.

    The first step has nothing to look back to; the last is of first order too when it goes to
    clean data (where the second-order term is undefined) or when there are fewer than 15 steps.
    """
    left = cumulative_alphas(schedule.betas, schedule.train_steps)
    times = _timesteps(schedule, "dpm++2m", steps)
    count = len(times)
    final = 1.0 if schedule.final_alpha == "one" else left[0]
    levels = np.append(left[times], final)
    alpha, sigma = np.sqrt(levels), np.sqrt(1 - levels)
    towards = sigma[1:] / sigma[:-1]
    # alpha_next * (1 - exp(-h)) with exp(-h) spelled out, defined at alpha 0 and sigma 0 too
    keep = alpha[1:] - towards * alpha[:-1]
    back = np.zeros(count)
    last = count - 1 if schedule.final_alpha == "one" or count < 15 else count
    if last > 1:
        log_snr = exact.log(alpha[: last + 1]) - exact.log(sigma[: last + 1])
        width = np.diff(log_snr)
        back[1:last] = keep[1:last] * 0.5 * width[1:] / width[:-1]
    zeros = np.zeros(count)
    return _table(times, alpha[:-1], sigma[:-1], towards, keep + back, -back, zeros)


def _euler(schedule: Schedule, steps: int) -> Array:
    """Straight steps along the flow, at the noise levels that diffusers takes.

    It bends the levels by `shift` twice at the clean end: once for the smallest level it knows
    and once for the evenly spaced ones between.
    """
    shift = schedule.betas.shift
    smallest = _bend(np.array(1 / schedule.train_steps), shift)
    sigma = np.append(_bend(np.linspace(1.0, smallest, steps), shift), 0.0)
    towards = sigma[1:] / sigma[:-1]
    zeros = np.zeros(steps)
    times = sigma[:-1] * schedule.train_steps
    return _table(times, 1 - sigma[:-1], sigma[:-1], towards, 1 - towards, zeros, zeros)


def _table(*columns: NDArray[Any]) -> Array:
    return np.stack(columns, axis=1).astype(np.float64)


def _bend(sigma: Array, shift: float) -> Array:
    return shift * sigma / (1 + (shift - 1) * sigma)
