"""The seam of a loop, in figures and by ear."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hearsight_desktop.seam import check_sound, seam_jump_db

RATE = 48000


def sine(hertz: float, seconds: float) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE).astype(np.float32)


def test_a_circle_does_not_jump():
    assert seam_jump_db(sine(100, 1), RATE, (0, RATE - 1)) < 4
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    assert seam_jump_db(noise, RATE, (100, RATE - 1)) < 12


def test_a_click_is_told_by_its_height():
    audio = sine(100, 1)
    cut = (0, RATE - RATE // 400 - 1)  # ends at a crest, begins at zero
    assert seam_jump_db(audio, RATE, cut) > 30
    both = np.stack([sine(100, 1), np.zeros(RATE, np.float32)], axis=1)
    assert seam_jump_db(both, RATE, cut) == pytest.approx(seam_jump_db(audio, RATE, cut))


def test_silence_has_no_jump():
    assert seam_jump_db(np.zeros(1000, np.float32), RATE, (0, 999)) == -math.inf
    assert seam_jump_db(np.zeros(2, np.float32), RATE, (0, 1)) == -math.inf


@pytest.mark.parametrize("channels", [1, 2])
def test_a_short_loop_goes_round_five_times(channels):
    audio = np.arange(10_000, dtype=np.float32)
    audio = audio if channels == 1 else np.stack([audio, -audio], axis=1)
    heard = check_sound(audio, RATE, (1000, 2999))
    np.testing.assert_array_equal(heard, np.concatenate([audio[1000:3000]] * 6))


@pytest.mark.parametrize("channels", [1, 2])
def test_of_a_long_loop_the_seam_is_heard_five_times_as_it_is(channels):
    audio = np.arange(1, 10 * RATE + 1, dtype=np.float32)
    audio = audio if channels == 1 else np.stack([audio, -audio], axis=1)
    loop = (RATE, 9 * RATE - 1)
    heard = check_sound(audio, RATE, loop)
    one = heard if channels == 1 else heard[:, 0]
    seams = np.flatnonzero((one[:-1] == 9 * RATE) & (one[1:] == RATE + 1))
    assert len(seams) == 5
    assert len(heard) == 5 * 1.5 * RATE + 4 * 0.25 * RATE
    assert one[0] == 0
    assert one[-1] == 0
    assert (audio[loop[0]] if channels == 1 else audio[loop[0], 0]) == RATE + 1, "untouched"
