"""What a user does to a take, on sounds of every length."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight import HearsightError, loudness
from hearsight_desktop.edits import apply, checked, samples_of
from hearsight_desktop.entry import Edit

RATE = 8000

numbers = st.floats(-3, 5) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1.0])
edits = st.builds(
    Edit,
    start=numbers,
    end=st.none() | numbers,
    fade_in=numbers,
    fade_out=numbers,
    loop=st.none() | st.tuples(numbers, numbers),
    level=st.sampled_from(["none", "peak", "lufs"]),
    level_db=st.floats(-100, 20) | st.just(math.nan),
)


def noise(samples: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    shape = samples if channels == 1 else (samples, channels)
    values = np.random.default_rng(seed).uniform(-0.5, 0.5, shape)
    return values.astype(np.float32)


def sine(seconds: float, hertz: float = 440, level: float = 0.5, rate: int = RATE) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


@given(edit=edits, seconds=st.floats(0.0002, 4))
def test_any_edit_is_brought_into_the_sound(edit, seconds):
    kept = checked(edit, seconds)
    end = seconds if kept.end is None else kept.end
    assert 0 <= kept.start < end <= seconds
    assert kept.fade_in >= 0
    assert kept.fade_out >= 0
    assert kept.fade_in + kept.fade_out <= (end - kept.start) * (1 + 1e-9)
    if kept.loop:
        assert kept.start <= kept.loop[0] < kept.loop[1] <= end
    assert math.isfinite(kept.level_db)
    assert checked(kept, seconds) == kept


@settings(max_examples=60)
@given(
    edit=edits,
    samples=st.integers(1, 3 * RATE),
    channels=st.sampled_from([(1, 1), (1, 2), (2, 1), (2, 2)]),
    to=st.sampled_from([None, 8000, 12000, 16000]),
    trim=st.booleans(),
)
def test_whatever_is_done_gives_a_sound_that_a_file_holds(edit, samples, channels, to, trim):
    done = apply(noise(samples, channels[0]), RATE, edit, channels[1], to=to, trim=trim)
    kept = checked(edit, samples / RATE)
    seconds = (samples / RATE if kept.end is None else kept.end) - kept.start
    if not trim:
        assert abs(len(done.audio) - seconds * done.sample_rate) <= 0.5 + done.sample_rate / RATE
    assert len(done.audio) >= 1
    assert done.audio.shape[1:] == ((2,) if channels[1] == 2 else ())
    assert done.audio.dtype == np.float32
    assert np.isfinite(done.audio).all()
    assert np.abs(done.audio).max() <= 1
    if done.loop:
        assert 0 <= done.loop[0] < done.loop[1] < len(done.audio)
    assert bool(kept.loop) == bool(done.loop) or any("too short" in note for note in done.notes)


def test_an_edit_that_changes_nothing_keeps_every_sample():
    sound = noise(RATE, 2)
    done = apply(sound, RATE, Edit(level="none"), 2)
    np.testing.assert_array_equal(done.audio, sound)
    assert (done.gain_db, done.notes, done.loop) == (0, (), None)


def test_the_kept_part_is_what_lies_between_its_ends():
    sound = noise(RATE)
    done = apply(sound, RATE, Edit(0.25, 0.75, level="none"), 1)
    np.testing.assert_array_equal(done.audio, sound[2000:6000])


def test_fades_lie_at_the_ends_of_the_kept_part():
    edit = Edit(0.25, 0.75, fade_in=0.1, fade_out=0.2, level="none")
    audio = apply(np.ones(RATE, np.float32), RATE, edit, 1).audio
    assert (np.diff(audio[:800]) > 0).all()
    assert (audio[800:2400] == 1).all()
    assert (np.diff(audio[2400:]) < 0).all()
    assert max(audio[0], audio[-1]) < 1e-5


def test_levels():
    peak = apply(sine(1), RATE, Edit(), 1)
    assert np.abs(peak.audio).max() == pytest.approx(10 ** (-1 / 20), abs=1e-4)
    assert peak.gain_db == pytest.approx(5.02, abs=0.01)
    ambience = apply(sine(1), RATE, Edit(level="lufs", level_db=-23), 1)
    assert loudness(ambience.audio, RATE) == pytest.approx(-23, abs=0.01)
    short = apply(sine(0.2), RATE, Edit(level="lufs", level_db=-23), 1)
    assert any("no loudness" in note for note in short.notes)


def test_a_loop_region_is_the_same_part_at_another_rate():
    edit = Edit(0.1, 0.9, loop=(0.2, 0.5), level="none")
    assert apply(sine(1), RATE, edit, 1).loop == (800, 3199)
    again = apply(sine(1), RATE, edit, 1, to=48000)
    assert again.loop == (4800, 19199)


def test_a_loop_around_everything_stays_a_circle_at_another_rate():
    """A tone that fits a whole number of times: no end at which a filter could ring."""
    sound = sine(1, 50)
    done = apply(sound, RATE, Edit(loop=(0.0, 1.0), level="none"), 1, to=12000)
    assert done.loop == (0, 11999)
    np.testing.assert_allclose(done.audio, sine(1, 50, rate=12000), atol=2e-4)


def test_a_trimmed_loop_is_a_circle_of_its_own():
    done = apply(sine(1, 50), RATE, Edit(0.2, 0.8, loop=(0.2, 0.8), level="none"), 1, to=12000)
    assert done.loop == (0, 7199)
    np.testing.assert_allclose(done.audio, sine(0.6, 50, rate=12000), atol=2e-4)


def test_fades_do_not_reach_into_a_loop():
    sound = np.ones(RATE, np.float32)
    edit = Edit(fade_in=0.5, fade_out=0.5, loop=(0.3, 0.9), level="none")
    done = apply(sound, RATE, edit, 1)
    assert done.loop
    assert (done.audio[done.loop[0] : done.loop[1] + 1] == 1).all()
    assert done.audio[0] < 0.01
    assert done.audio[-1] < 0.01
    assert len(done.notes) == 2
    whole = apply(sound, RATE, Edit(fade_in=0.5, loop=(0.0, 1.0), level="none"), 1)
    assert (whole.audio == 1).all()
    assert any("Fades were left out" in note for note in whole.notes)


def test_silence_is_cut_where_there_is_no_loop():
    sound = np.concatenate([np.zeros(RATE), sine(1), np.zeros(RATE)]).astype(np.float32)
    assert len(apply(sound, RATE, Edit(), 1, trim=True).audio) == pytest.approx(RATE, abs=2)
    looped = apply(sound, RATE, Edit(loop=(1.0, 2.0)), 1, trim=True)
    assert len(looped.audio) == 3 * RATE
    assert any("Silence" in note for note in looped.notes)


def test_numbers_that_are_none_are_refused():
    with pytest.raises(HearsightError, match="not numbers"):
        apply(np.full(100, np.nan, np.float32), RATE, Edit(), 1)


def test_samples_of_a_region_include_both_ends():
    assert samples_of((0.0, 1.0), 10, 10) == (0, 9)
    assert samples_of((0.2, 0.5), 10, 10) == (2, 4)
    assert samples_of((-1.0, 9.0), 10, 10) == (0, 9)
    assert samples_of((0.2, 0.3), 10, 10) is None
