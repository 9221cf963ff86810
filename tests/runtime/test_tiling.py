"""Windows over time: together they are the whole, however they are laid."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight.tiling import Tiling, circle, line, runs

lines = st.builds(line, st.integers(1, 3000), st.integers(1, 400))


@st.composite
def circles(draw):
    multiple = draw(st.integers(1, 8))
    return circle(draw(st.integers(1, 3000)), multiple * draw(st.integers(1, 60)), multiple)


tilings = lines | circles()


def blended(tiles: Tiling, whole: np.ndarray, axis: int, scale: int = 1) -> np.ndarray:
    """What comes of windows that all show the same whole."""
    return tiles.blend((whole.take(w.frames, axis) for w in tiles.windows(scale)), axis, scale)


@settings(deadline=None)
@given(tilings, st.sampled_from([1, 2, 7, 80]))
def test_the_shares_of_every_frame_sum_to_one(tiles, scale):
    total = np.zeros(tiles.frames * scale)
    for window in tiles.windows(scale):
        assert ((window.share >= 0) & (window.share <= 1)).all()
        np.add.at(total, window.frames, window.share)
    np.testing.assert_allclose(total, 1, atol=1e-5)


@settings(deadline=None)
@given(st.integers(1, 3000), st.integers(1, 400))
def test_a_line_is_covered_by_windows_that_overlap_by_a_quarter(frames, longest):
    tiles = line(frames, longest)
    assert tiles.size == min(frames, longest)
    assert tiles.starts[0] == 0
    assert tiles.starts[-1] + tiles.size == frames
    hops = np.diff(tiles.starts)
    assert (hops >= 1).all()
    assert (tiles.size - hops >= longest // 4).all()
    assert len(set(hops)) <= 2  # evenly spaced
    assert tiles.whole == (frames <= longest)


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 3000), st.integers(1, 8))
def test_a_window_on_a_circle_is_never_longer_than_the_model_makes(parts, frames, multiple):
    longest = parts * multiple
    tiles = circle(frames, longest, multiple)
    assert tiles.size <= longest
    assert tiles.size % multiple == 0
    assert not tiles.whole
    hops = np.diff([*tiles.starts, tiles.frames + tiles.starts[0]])
    assert (tiles.size - hops >= longest // 4).all()


@settings(deadline=None)
@given(st.integers(1, 3000), st.integers(2, 400))
def test_there_are_as_few_windows_as_their_overlap_allows(frames, longest):
    fade = max(1, longest // 4)
    most = longest + (len(line(frames, longest).starts) - 2) * (longest - fade)
    assert frames <= longest or most < frames  # one window fewer could not reach the end


@settings(max_examples=60, deadline=None)
@given(tilings, st.sampled_from([1, 3]), st.integers(0, 2), st.integers(0, 99))
def test_windows_that_agree_blend_to_the_whole(tiles, scale, axis, seed):
    shape = [2, 2, 2]
    shape[axis] = tiles.frames * scale
    whole = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    got = blended(tiles, whole, axis, scale)
    assert got.dtype == np.float32
    assert got.flags.c_contiguous
    np.testing.assert_allclose(got, whole, atol=1e-5)


@given(st.integers(1, 100), st.integers(0, 100))
def test_one_window_is_the_whole_bit_for_bit(frames, more):
    tiles = line(frames, frames + more)
    part = np.random.default_rng(frames).standard_normal((1, frames)).astype(np.float32)
    [window] = tiles.windows()
    assert np.array_equal(window.frames, np.arange(frames))
    assert tiles.blend(iter([part]), 1) is part


@settings(deadline=None)
@given(tilings)
def test_a_value_is_never_beyond_those_it_is_blended_from(tiles):
    parts = [np.full((tiles.size,), float(i % 3), np.float32) for i in range(len(tiles.starts))]
    got = tiles.blend(iter(parts), 0)
    assert got.min() >= -1e-5
    assert got.max() <= 2 + 1e-5


def test_a_part_too_many_or_too_few_is_a_defect():
    tiles = line(20, 8)
    parts = [np.zeros(8, np.float32)] * (len(tiles.starts) - 1)
    with pytest.raises(ValueError, match="zip"):
        tiles.blend(iter(parts), 0)


def test_a_circle_does_not_know_where_it_begins():
    """Every place of a circle is at least half an overlap away from some window's ends."""
    for frames, longest in [(10, 40), (39, 40), (40, 40), (100, 40), (101, 40)]:
        tiles = circle(frames, longest, 1)
        inside = np.zeros(frames)
        for window in tiles.windows():
            place = np.arange(tiles.size)
            np.maximum.at(inside, window.frames, np.minimum(place, tiles.size - 1 - place))
        assert inside.min() >= longest // 4 // 2 - 1, (frames, inside.min())


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=60))
def test_runs_are_the_longest_stretches_that_count_up(values):
    frames = np.array(values)
    stretches = list(runs(frames))
    assert [i for first, end in stretches for i in range(first, end)] == list(range(len(values)))
    for first, end in stretches:
        assert (np.diff(frames[first:end]) == 1).all()
    for (_, end), (first, _) in pairwise(stretches):
        assert frames[first] != frames[end - 1] + 1
