"""What the loudspeaker gets, sample by sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight_desktop.reel import Reel

RAMP = np.arange(1, 5001, dtype=np.float32) / 5000


def playing(audio=RAMP, position=0, loop=None):
    reel = Reel()
    reel.load(audio, position)
    reel.loop = loop
    reel.start()
    return reel


def drawn(reel, sizes):
    pieces = [reel.fill(size) for size in sizes]
    return np.concatenate([p[0] for p in pieces]), np.concatenate([p[1] for p in pieces])


@given(sizes=st.lists(st.integers(1, 900), min_size=1, max_size=20))
def test_buffers_of_any_size_give_the_sound_as_it_is(sizes):
    sound, places = drawn(playing(), sizes)
    wanted = np.pad(RAMP, (0, 20 * 900))[: sum(sizes)]
    np.testing.assert_array_equal(sound[:, 0], wanted)
    np.testing.assert_array_equal(sound[:, 1], wanted)
    np.testing.assert_array_equal(places, np.minimum(np.arange(sum(sizes)), 5000))


@given(
    sizes=st.lists(st.integers(1, 900), min_size=1, max_size=20),
    first=st.integers(0, 4998),
    length=st.integers(2, 5000),
    start=st.integers(0, 4999),
)
def test_a_loop_goes_round_without_a_gap_both_ends_played(sizes, first, length, start):
    last = min(first + length - 1, 4999)
    reel = playing(loop=(first, last))
    reel.seek(start)
    reel.fill(240)  # the jump has passed over
    sound, places = drawn(reel, sizes)
    wanted = [start]
    while len(wanted) < 240 + sum(sizes):
        here = wanted[-1]
        wanted.append(first if here in (last, 4999) else here + 1)
    np.testing.assert_array_equal(places, wanted[240:])
    np.testing.assert_array_equal(sound[:, 0], RAMP[wanted[240:]])
    assert reel.running


def test_it_ends_with_the_sound():
    reel = playing()
    reel.fill(4999)
    assert reel.running
    sound, _ = reel.fill(100)
    assert not reel.running
    assert reel.position == 5000
    assert sound[0, 0] == 1
    assert not sound[1:].any()


def test_a_start_is_not_softened():
    sound, _ = playing(np.ones(1000, np.float32)).fill(10)
    np.testing.assert_array_equal(sound, 1)


@pytest.mark.parametrize("size", [7, 100, 240, 1000])
@pytest.mark.parametrize("jump", ["pause", "seek", "load", "load and seek"])
def test_no_jump_clicks(size, jump):
    reel = playing(np.full(10_000, 0.8, np.float32), 1000)
    before, _ = drawn(reel, [size] * (1 + 500 // size))
    if jump == "pause":
        reel.stop()
    elif jump == "seek":
        reel.seek(9000)
    else:
        reel.load(np.full(9000, -0.8, np.float32), 3000)
    if jump == "load and seek":
        reel.seek(20)
    after, _ = drawn(reel, [size] * (1 + 500 // size))
    whole = np.concatenate([before, after])[:, 0]
    assert np.abs(np.diff(whole)).max() < 0.02
    assert whole[-1] == pytest.approx({"pause": 0, "seek": 0.8}.get(jump, -0.8))


def test_another_sound_goes_on_at_the_same_place():
    reel = playing(RAMP, 1000)
    reel.fill(500)
    reel.load(-RAMP, reel.position)
    _, places = reel.fill(500)
    np.testing.assert_array_equal(places, 1500 + np.arange(500))
    sound, _ = reel.fill(10)
    np.testing.assert_array_equal(sound[:, 0], -RAMP[2000:2010])


def test_a_louder_volume_comes_without_a_step():
    reel = playing(np.ones(5000, np.float32))
    reel.volume = 0.25
    assert np.abs(np.diff(reel.fill(1000)[0][:, 0])).max() < 0.001
    np.testing.assert_allclose(reel.fill(10)[0], 0.25)


def test_stereo_stays_stereo():
    both = np.stack([RAMP, -RAMP], axis=1)
    np.testing.assert_array_equal(playing(both).fill(1000)[0], both[:1000])


def test_nothing_plays_before_the_start_and_without_a_sound():
    reel = Reel()
    assert not reel.fill(100)[0].any()
    reel.start()
    assert not reel.fill(100)[0].any()
    assert not reel.running
