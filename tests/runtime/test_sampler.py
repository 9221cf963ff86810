"""The loop and its stop button."""

import threading

import numpy as np
import pytest

from hearsight.errors import Cancelled
from hearsight.sampler import Cancel, Guide, sample
from hearsight.tiling import circle, line

ROWS = np.array(
    [
        [900, 0.1, 0.9, 0.5, 0.25, 0.0, 0.5],
        [500, 0.5, 0.5, 0.5, 0.25, 0.125, 0.0],
        [100, 0.9, 0.1, 0.5, 0.25, 0.125, 2.0],
    ]
)
START = np.ones((1, 2, 3), np.float32)
WEIGHTS = np.array([-1.0, 2.0], np.float32)
GUIDE = Guide(np.zeros((1, 2, 4), np.float32), WEIGHTS)  # one window, two branches


def step(inputs):
    """A graph whose network sees twice what is there."""
    _, _, _, k_x, k_d, k_prev, k_noise = inputs["row"]
    d = 2 * inputs["x"]
    x = k_x * inputs["x"] + k_d * d + k_prev * inputs["d_prev"] + k_noise * inputs["noise"]
    return x, d


def run(step=step, noises=None, progress=None, cancel=None, constrain=None, guides=None):
    return sample(
        step,
        START,
        guides or [GUIDE] * len(ROWS),
        ROWS,
        noises or (lambda row: np.full_like(START, row + 1)),
        progress or (lambda *event: None),
        cancel or Cancel(),
        tiling=line(3, 3),
        time_axis=2,
        constrain=constrain,
    )


def run_in_windows(tiles, step, *, rows=ROWS, cond=None, progress=None, cancel=None):
    """Sample a latent [1, 2, frames] whose entries are all different."""
    start = np.arange(2 * tiles.frames, dtype=np.float32).reshape(1, 2, -1) / 10
    if cond is None:
        cond = np.zeros((len(tiles.starts), 2, 4), np.float32)
    return sample(
        step,
        start,
        [Guide(cond, WEIGHTS)] * len(rows),
        rows,
        lambda row: np.sin((row + 1) * start),
        progress or (lambda *event: None),
        cancel or Cancel(),
        tiling=tiles,
        time_axis=2,
    )


def test_each_row_feeds_the_next_with_its_latent_and_its_clean_guess():
    x, d = 1.0, 0.0
    for index, (*_, k_x, k_d, k_prev, k_noise) in enumerate(ROWS):
        x, d = k_x * x + k_d * 2 * x + k_prev * d + k_noise * (index + 1), 2 * x
    np.testing.assert_allclose(run(), np.full_like(START, x))


def test_the_graph_gets_float32_of_every_input():
    seen = []
    run(step=lambda inputs: seen.append(inputs) or step(inputs))
    assert [set(inputs) for inputs in seen] == [
        {"x", "d_prev", "noise", "cond", "weights", "row"}
    ] * len(ROWS)
    assert {a.dtype for inputs in seen for a in inputs.values()} == {np.dtype(np.float32)}


def test_each_row_is_told_by_its_own_guide():
    alone = Guide(np.ones((1, 1, 4), np.float32), np.ones(1, np.float32))
    seen = []

    def look(inputs):
        seen.append((inputs["weights"].tolist(), inputs["cond"].shape))
        return step(inputs)

    run(step=look, guides=[alone, GUIDE, alone])
    assert seen == [([1], (1, 4)), ([-1, 2], (2, 4)), ([1], (1, 4))]
    with pytest.raises(ValueError, match="zip"):
        run(guides=[GUIDE])


def test_noise_is_asked_only_for_rows_that_add_some():
    asked = []
    run(noises=lambda row: asked.append(row) or START)
    assert asked == [0, 2]


def test_progress_counts_the_rows():
    events = []
    run(progress=lambda *event: events.append(event))
    assert events == [("denoise", done, 3) for done in range(4)]


def test_constrain_changes_the_latent_before_each_row():
    levels = []

    def silence(x, row):
        levels.append(row[2])
        return np.zeros_like(x)

    result = run(constrain=silence, noises=lambda row: np.zeros_like(START))
    assert levels == [0.9, 0.5, 0.1]
    np.testing.assert_array_equal(result, np.zeros_like(START))


@pytest.mark.parametrize("tiles", [line(29, 8), circle(29, 8, 1), circle(5, 8, 2)])
def test_windows_of_a_model_that_hears_one_frame_at_a_time_are_as_good_as_one(tiles):
    """Frame by frame there is nothing to hear in a window's neighbourhood: blending must not show,
    neither in the latent, nor in the clean guess and the noise that the next row gets."""
    one = run_in_windows(line(tiles.frames, tiles.frames), step)
    np.testing.assert_allclose(run_in_windows(tiles, step), one, rtol=1e-5, atol=1e-5)


def test_each_window_hears_its_own_condition():
    tiles = line(20, 8)
    cond = np.stack([np.full((2, 4), index, np.float32) for index in range(len(tiles.starts))])

    def told(inputs):
        heard = np.full_like(inputs["x"], inputs["cond"][0, 0])
        return heard, heard

    got = run_in_windows(tiles, told, rows=ROWS[:1], cond=cond)[0, 0]
    last = len(tiles.starts) - 1
    assert (got[0], got[-1]) == (0, last)
    assert (np.diff(got) >= -1e-6).all()
    assert set(np.unique(np.round(got))) == set(range(last + 1))


def test_progress_counts_the_runs_of_all_windows():
    events, tiles = [], line(20, 8)
    run_in_windows(tiles, step, progress=lambda *event: events.append(event))
    runs = 3 * len(tiles.starts)
    assert len(tiles.starts) > 1
    assert events == [("denoise", done, runs) for done in range(runs + 1)]


def test_cancel_stops_before_the_next_window():
    cancel, done = Cancel(), []

    def stop_in_second_window(inputs):
        done.append(inputs)
        if len(done) == 2:
            cancel.cancel()
        return step(inputs)

    with pytest.raises(Cancelled):
        run_in_windows(line(20, 8), stop_in_second_window, cancel=cancel)
    assert len(done) == 2


def test_a_window_too_many_or_too_few_conditions_is_a_defect():
    with pytest.raises(ValueError, match="zip"):
        run_in_windows(line(20, 8), step, cond=np.zeros((1, 2, 4), np.float32))


def test_cancel_stops_before_the_next_row():
    cancel, done = Cancel(), []

    def stop_in_second(inputs):
        done.append(inputs)
        if len(done) == 2:
            cancel.cancel()
        return step(inputs)

    with pytest.raises(Cancelled):
        run(step=stop_in_second, cancel=cancel)
    assert len(done) == 2


def test_cancel_calls_what_waits_for_it_and_nothing_afterwards():
    cancel, calls = Cancel(), []
    with cancel.calling(lambda: calls.append("outer")):
        with cancel.calling(lambda: calls.append("inner")):
            pass
        cancel.cancel()
    assert calls == ["outer"]
    cancel.cancel()
    assert calls == ["outer"]


def test_who_starts_waiting_after_cancel_is_called_at_once():
    cancel, calls = Cancel(), []
    cancel.cancel()
    with cancel.calling(lambda: calls.append("late")):
        assert calls == ["late"]


def test_cancel_is_heard_across_threads():
    cancel, stopped = Cancel(), threading.Event()
    with cancel.calling(stopped.set):
        threading.Thread(target=cancel.cancel).start()
        assert stopped.wait(5)
    assert cancel.cancelled
    with pytest.raises(Cancelled):
        cancel.raise_if()
