"""Tables of rows against diffusers' schedulers and against latent-diffusion's own sampler."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, FlowMatchEulerDiscreteScheduler

from hearsight.errors import RequestError
from hearsight.manifest import Betas, Schedule
from hearsight.schedule import COLUMNS, cumulative_alphas, rows

AUDIOLDM = Schedule(1000, Betas("scaled_linear", 0.0015, 0.0195), "epsilon", "first", "upstream")
FLOW = Schedule(1000, Betas("flow"), "flow")
BETAS = {
    "linear": Betas("linear", 0.0001, 0.02),
    "scaled_linear": Betas("scaled_linear", 0.0015, 0.0195),
    "cosine": Betas("cosine"),
}
COUNTS = [1, 2, 3, 4, 7, 10, 15, 20, 30, 50, 64, 150, 333, 750]

# What the original AudioLDM sampler prepared for 5 steps at eta 1, last step first.
ORIGINAL_TIMESTEPS = [1, 201, 401, 601, 801]
ORIGINAL_ALPHAS = [0.99699444, 0.61244285, 0.23297508, 0.04650208, 0.00412008]
ORIGINAL_ALPHAS_PREV = [0.9985, 0.99699444, 0.61244285, 0.23297508, 0.04650208]
ORIGINAL_SIGMAS = [0.02743205, 0.05469228, 0.5595228, 0.8024133, 0.9341377]

# Counts at which the original sampler asks for training step 1000 and fails.
ORIGINAL_FAILURES = {3, 9, 27, 36, 37, *range(101, 112), *range(251, 334), *range(501, 1001)}


def column(table: np.ndarray, name: str) -> np.ndarray:
    return table[:, COLUMNS.index(name)]


def toy_model(x: np.ndarray, t: float) -> np.ndarray:
    """Stands for a network: smooth, bounded, different at every step and value."""
    return np.tanh(0.7 * x + np.cos(t / 90)) + 0.1 * np.sin(5 * x)


def denoised(schedule: Schedule, x: np.ndarray, out: np.ndarray, row: np.ndarray) -> np.ndarray:
    """What the denoise graph makes of the network's output."""
    alpha, sigma = row[1], row[2]
    return {
        "epsilon": lambda: (x - sigma * out) / alpha,
        "v": lambda: alpha * x - sigma * out,
        "sample": lambda: out,
        "flow": lambda: x - sigma * out,
    }[schedule.prediction]()


def play(schedule: Schedule, table: np.ndarray, x: np.ndarray, noise: np.ndarray) -> np.ndarray:
    d_prev = np.zeros_like(x)
    for row, added in zip(table, noise, strict=True):
        _, _, _, k_x, k_d, k_prev, k_noise = row
        d = denoised(schedule, x, toy_model(x, row[0]), row)
        x, d_prev = k_x * x + k_d * d + k_prev * d_prev + k_noise * added, d
    return x


def start(seed: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal(64), rng.standard_normal((steps, 64))


def settings(schedule: Schedule) -> dict[str, object]:
    return {
        "num_train_timesteps": schedule.train_steps,
        "beta_start": schedule.betas.start,
        "beta_end": schedule.betas.end,
        "beta_schedule": {"cosine": "squaredcos_cap_v2"}.get(
            schedule.betas.kind, schedule.betas.kind
        ),
        "prediction_type": {"v": "v_prediction"}.get(schedule.prediction, schedule.prediction),
        "timestep_spacing": schedule.spacing,
        "steps_offset": 1,
    }


def diffusers_ddim(schedule: Schedule, steps: int) -> DDIMScheduler:
    """Their scheduler, with its float32 alphas replaced by float64 ones of the same formula."""
    theirs = DDIMScheduler(
        **settings(schedule), clip_sample=False, set_alpha_to_one=schedule.final_alpha == "one"
    )
    exact = torch.from_numpy(cumulative_alphas(schedule.betas, schedule.train_steps))
    torch.testing.assert_close(theirs.alphas_cumprod, exact.float(), rtol=2e-4, atol=1e-7)
    theirs.alphas_cumprod = exact
    theirs.final_alpha_cumprod = exact[0] if schedule.final_alpha == "first" else exact.new_ones(())
    theirs.set_timesteps(steps)
    return theirs


@pytest.mark.parametrize("steps", COUNTS)
@pytest.mark.parametrize("spacing", ["leading", "trailing"])
@pytest.mark.parametrize("final_alpha", ["one", "first"])
def test_ddim_rows_do_what_diffusers_does_in_each_step(steps, spacing, final_alpha):
    schedule = Schedule(1000, BETAS["scaled_linear"], "epsilon", final_alpha, spacing)
    theirs = diffusers_ddim(schedule, steps)
    x, out, noise = torch.from_numpy(np.random.default_rng(steps).standard_normal((3, 16)))
    for eta in (0.0, 0.6):
        table = rows(schedule, "ddim", steps, eta)
        np.testing.assert_array_equal(column(table, "t"), theirs.timesteps)
        for row in table:
            expected = theirs.step(out, int(row[0]), x, eta=eta, variance_noise=noise)
            d = denoised(schedule, x.numpy(), out.numpy(), row)
            ours = row[3] * x.numpy() + row[4] * d + row[6] * noise.numpy()
            np.testing.assert_allclose(d, expected.pred_original_sample, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(ours, expected.prev_sample, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("betas", BETAS)
@pytest.mark.parametrize("prediction", ["epsilon", "v", "sample"])
@pytest.mark.parametrize(("steps", "eta"), [(5, 0.0), (20, 0.5), (50, 1.0)])
def test_a_whole_ddim_loop_ends_where_diffusers_ends(betas, prediction, steps, eta):
    schedule = Schedule(1000, BETAS[betas], prediction, "first", "leading")
    theirs = diffusers_ddim(schedule, steps)
    x, noise = start(steps, steps)
    expected = torch.from_numpy(x)
    for index, t in enumerate(theirs.timesteps):
        out = torch.from_numpy(toy_model(expected.numpy(), float(t)))
        added = torch.from_numpy(noise[index])
        expected = theirs.step(out, int(t), expected, eta=eta, variance_noise=added).prev_sample
    ours = play(schedule, rows(schedule, "ddim", steps, eta), x, noise)
    np.testing.assert_allclose(ours, expected, rtol=1e-8, atol=1e-8)


def diffusers_dpm(schedule: Schedule, steps: int) -> DPMSolverMultistepScheduler:
    kept = settings(schedule)
    upstream = schedule.spacing == "upstream"
    theirs = DPMSolverMultistepScheduler(
        **(kept | {"timestep_spacing": "leading"} if upstream else kept),
        algorithm_type="dpmsolver++",
        solver_order=2,
        solver_type="midpoint",
        final_sigmas_type="zero" if schedule.final_alpha == "one" else "sigma_min",
    )
    if upstream:
        theirs.set_timesteps(timesteps=list(column(rows(schedule, "ddim", steps), "t").astype(int)))
    else:
        theirs.set_timesteps(steps)
    return theirs


@pytest.mark.parametrize("steps", [1, 2, 4, 5, 14, 15, 16, 20, 30, 50, 100])
@pytest.mark.parametrize("spacing", ["leading", "trailing", "upstream"])
@pytest.mark.parametrize("final_alpha", ["one", "first"])
@pytest.mark.parametrize(("betas", "prediction"), [("scaled_linear", "epsilon"), ("linear", "v")])
def test_a_whole_dpm_loop_ends_where_diffusers_ends(steps, spacing, final_alpha, betas, prediction):
    schedule = Schedule(1000, BETAS[betas], prediction, final_alpha, spacing)
    theirs = diffusers_dpm(schedule, steps)
    table = rows(schedule, "dpm++2m", steps)
    np.testing.assert_array_equal(column(table, "t"), theirs.timesteps)
    x, noise = start(steps, len(table))
    expected = torch.from_numpy(x)
    for t in theirs.timesteps:
        out = torch.from_numpy(toy_model(expected.numpy(), float(t)))
        expected = theirs.step(out, t, expected).prev_sample.double()
    ours = play(schedule, table, x, noise)
    # theirs is float32 inside, with logarithms of small differences
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4)


def test_dpm_falls_back_to_first_order_where_diffusers_does():
    clean = Schedule(1000, BETAS["linear"], "epsilon", "one", "trailing")
    first = replace(clean, final_alpha="first")
    orders = {
        (schedule.final_alpha, steps): column(rows(schedule, "dpm++2m", steps), "k_prev") != 0
        for schedule in (clean, first)
        for steps in (14, 15)
    }
    for looks_back in orders.values():
        assert not looks_back[0]
        assert looks_back[1:-1].all()
    assert not orders["one", 14][-1]
    assert not orders["one", 15][-1]
    assert not orders["first", 14][-1]
    assert orders["first", 15][-1]


@pytest.mark.parametrize("steps", [1, 2, 4, 10, 25, 50, 1000])
@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_a_whole_flow_loop_ends_where_diffusers_ends(steps, shift):
    schedule = replace(FLOW, betas=Betas("flow", shift=shift))
    theirs = FlowMatchEulerDiscreteScheduler(1000, shift=shift)
    theirs.set_timesteps(steps)
    table = rows(schedule, "euler", steps)
    np.testing.assert_allclose(column(table, "t"), theirs.timesteps, rtol=1e-5)
    x, noise = start(steps, steps)
    expected = torch.from_numpy(x)
    for t in theirs.timesteps:
        out = torch.from_numpy(toy_model(expected.numpy(), float(t)))
        expected = theirs.step(out, t, expected).prev_sample.double()
    np.testing.assert_allclose(play(schedule, table, x, noise), expected, rtol=1e-4, atol=1e-4)


def test_upstream_spacing_is_the_original_audioldm_sampler():
    table = rows(AUDIOLDM, "ddim", 5, eta=1.0)[::-1]
    np.testing.assert_array_equal(column(table, "t"), ORIGINAL_TIMESTEPS)
    np.testing.assert_allclose(column(table, "alpha") ** 2, ORIGINAL_ALPHAS, rtol=2e-6)
    np.testing.assert_allclose(column(table, "k_noise"), ORIGINAL_SIGMAS, rtol=2e-6)
    # a step from pure data shows the signal's share that it aims at
    aim = column(table, "k_x") * column(table, "alpha") + column(table, "k_d")
    np.testing.assert_allclose(aim**2, ORIGINAL_ALPHAS_PREV, rtol=2e-6)


@pytest.mark.parametrize(("asked", "made"), [(30, 31), (60, 63), (150, 167), (180, 200)])
def test_upstream_spacing_takes_more_steps_where_the_original_did(asked, made):
    assert len(rows(AUDIOLDM, "ddim", asked)) == made


def test_upstream_spacing_refuses_exactly_the_counts_at_which_the_original_fails():
    refused = set()
    for steps in range(1, 1001):
        try:
            rows(AUDIOLDM, "ddim", steps)
        except RequestError:
            refused.add(steps)
    assert refused == ORIGINAL_FAILURES


@pytest.mark.parametrize(
    ("spacing", "solver", "steps", "nearest"),
    [
        ("upstream", "ddim", 300, "250 or 334"),
        ("upstream", "ddim", 1000, "500"),
        ("leading", "ddim", 1000, "999"),
        ("leading", "dpm++2m", 999, "998"),
        ("trailing", "ddim", 1001, "1000"),
        ("trailing", "ddim", 0, "1"),
    ],
)
def test_an_impossible_count_names_the_nearest_possible_ones(spacing, solver, steps, nearest):
    schedule = replace(AUDIOLDM, spacing=spacing)
    with pytest.raises(RequestError, match=rf"^{steps} steps .*: {nearest}\.$"):
        rows(schedule, solver, steps)


@pytest.mark.parametrize("spacing", ["leading", "trailing", "upstream"])
@pytest.mark.parametrize("solver", ["ddim", "dpm++2m"])
@pytest.mark.parametrize("betas", BETAS)
def test_every_possible_count_gives_a_sound_table(spacing, solver, betas):
    schedule = Schedule(1000, BETAS[betas], "v", "one", spacing)
    for steps in [*range(1, 60), *range(60, 1001, 23)]:
        try:
            table = rows(schedule, solver, steps, eta=1.0)
        except RequestError:
            continue
        times = column(table, "t")
        assert np.isfinite(table).all()
        assert len(table) == steps or spacing == "upstream"
        assert (np.diff(times) < 0).all()
        assert 0 <= times[-1] <= times[0] <= 999
        np.testing.assert_allclose(column(table, "alpha") ** 2 + column(table, "sigma") ** 2, 1)


def test_given_betas_are_taken_as_they_are():
    same = Betas("given", values=tuple(np.linspace(0.0001, 0.02, 1000)))
    np.testing.assert_allclose(
        cumulative_alphas(same, 1000), cumulative_alphas(BETAS["linear"], 1000)
    )


@pytest.mark.parametrize(
    ("schedule", "solver", "instead"),
    [(FLOW, "ddim", "'euler'"), (AUDIOLDM, "euler", "'ddim' or 'dpm\\+\\+2m'")],
)
def test_a_solver_that_does_not_fit_the_model_names_those_that_do(schedule, solver, instead):
    with pytest.raises(RequestError, match=instead):
        rows(schedule, solver, 10)
