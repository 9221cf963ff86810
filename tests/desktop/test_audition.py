"""Listening: comparing at one place, cuts that keep their place, loops, and a real device."""

from __future__ import annotations

import numpy as np
import pytest
from desk import LONG, Tape

from hearsight_desktop.audition import Audition
from hearsight_desktop.player import MiniaudioPlayer, PlaybackError

RATE = 8000


def noise(seconds: float, seed: int = 1) -> np.ndarray:
    size = round(seconds * RATE)
    return np.random.default_rng(seed).uniform(-0.5, 0.5, size).astype(np.float32)


class Heard:
    """All that an audition tells."""

    def __init__(self, audition: Audition) -> None:
        self.moved: list[float] = []
        self.changed: list[bool] = []
        self.failed: list[str] = []
        audition.moved.connect(self.moved.append)
        audition.changed.connect(self.changed.append)
        audition.failed.connect(self.failed.append)


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
def audition(qtbot, tape) -> Audition:
    made = Audition(tape)
    made.load(noise(1.0), RATE)
    return made


def test_another_sound_goes_on_at_the_same_place(audition, tape):
    audition.play()
    tape.wind(0.4)
    audition.load(noise(1.5, 2), RATE)
    assert (audition.playing, audition.position) == (True, pytest.approx(0.4))
    audition.load(noise(0.3, 3), RATE)
    assert (audition.playing, audition.position) == (True, 0), "this one has nothing there"


def test_a_sound_that_stands_is_compared_at_the_same_place(audition, tape):
    audition.seek(0.4)
    audition.load(noise(1.5, 2), RATE)
    assert (audition.playing, audition.position) == (False, pytest.approx(0.4))


def test_after_one_that_ended_the_next_begins(audition, tape):
    audition.play()
    tape.wind(5)
    audition.load(noise(3.0, 2), RATE)
    audition.play()
    assert audition.position == 0


def test_places_are_those_of_the_original_whatever_was_cut(audition, tape):
    audition.play()
    tape.wind(0.5)
    audition.load(noise(0.6), RATE, offset=0.3)
    assert audition.position == pytest.approx(0.5)
    assert tape.position == pytest.approx(0.2)
    audition.seek(0.8)
    assert tape.position == pytest.approx(0.5)
    audition.seek(0.1)
    assert audition.position == pytest.approx(0.3)
    audition.load(noise(0.2), RATE, offset=0.7)
    assert audition.position == pytest.approx(0.7), "what is cut away cannot be heard"


@pytest.mark.parametrize("at", [None, 0.3])
def test_what_ended_plays_again_from_its_first_kept_moment(audition, tape, at):
    audition.load(noise(0.6), RATE, offset=0.3)
    audition.play()
    tape.wind(9)
    audition.play(at)
    assert audition.position == pytest.approx(0.3)


def test_a_loop_is_the_region_or_the_whole_and_stays_for_the_next(audition, tape):
    audition.set_looping(True)
    assert tape.loop == (0, 1.0)
    audition.load(noise(0.8), RATE, offset=0.2, region=(0.4, 0.6))
    assert tape.loop == (pytest.approx(0.2), pytest.approx(0.4))
    audition.load(noise(0.5), RATE, loops=False)
    assert tape.loop is None
    audition.load(noise(0.5), RATE)
    assert tape.loop == (0, 0.5)
    audition.set_looping(False)
    assert tape.loop is None


def test_it_is_told_when_it_begins_moves_and_ends(qtbot, audition, tape):
    heard = Heard(audition)
    audition.play()
    tape.wind(0.4)
    qtbot.waitUntil(lambda: 0.4 in [round(each, 3) for each in heard.moved], timeout=LONG)
    tape.wind(2)
    qtbot.waitUntil(lambda: heard.changed == [True, False], timeout=LONG)
    count = len(heard.moved)
    qtbot.wait(80)
    assert len(heard.moved) == count, "nothing is looked at while nothing plays"


def test_nothing_is_heard_of_what_was_taken_away(audition, tape):
    heard = Heard(audition)
    audition.play()
    audition.unload()
    assert (audition.playing, audition.position) == (False, 0)
    assert heard.changed == [True, False]


def test_a_lost_device_is_told_once_and_tried_again(qtbot, audition, tape, monkeypatch):
    heard = Heard(audition)
    problems = ["The output was lost."]

    def check() -> None:
        if problems:
            tape.pause()
            raise PlaybackError(problems.pop())

    monkeypatch.setattr(tape, "check", check)
    audition.play()
    audition.play()
    assert heard.failed == ["The output was lost."]
    assert audition.playing


# The real player, on miniaudio's device that plays to nobody


@pytest.fixture
def real(qtbot):
    made = Audition(MiniaudioPlayer())
    yield made
    made.close()


def test_a_device_plays_to_the_end(qtbot, real):
    heard = Heard(real)
    real.load(noise(0.3), RATE)
    real.play()
    qtbot.waitUntil(lambda: heard.changed == [True, False], timeout=LONG)
    assert heard.moved == sorted(heard.moved)
    assert real.position == pytest.approx(0.3)
    assert not heard.failed


def test_a_device_goes_on_at_the_same_place_with_another_sound(qtbot, real):
    real.load(noise(30.0), RATE)
    real.play(10.0)
    qtbot.waitUntil(lambda: real.position > 10.05, timeout=LONG)
    before = real.position
    real.load(noise(30.0, 2), RATE)
    assert real.playing
    assert before <= real.position < before + 5
    qtbot.waitUntil(lambda: real.position > before + 0.05, timeout=LONG)
    real.pause()
    stood = real.position
    qtbot.wait(60)
    assert real.position == stood


def test_a_device_goes_round(qtbot, real):
    real.load(noise(1.0), RATE, region=(0.2, 0.3))
    real.set_looping(True)
    real.seek(0.2)
    heard = Heard(real)
    real.play()
    qtbot.waitUntil(lambda: heard.moved != sorted(heard.moved), timeout=LONG)
    assert all(0.19 <= place <= 0.31 for place in heard.moved)


def test_where_there_is_no_device_it_is_told(qtbot, real, monkeypatch):
    monkeypatch.setenv("HEARSIGHT_AUDIO", "nonsense")
    heard = Heard(real)
    real.load(noise(1.0), RATE)
    real.play()
    qtbot.waitUntil(lambda: bool(heard.failed), timeout=LONG)
    qtbot.waitUntil(lambda: heard.changed[-1:] == [False], timeout=LONG)
    assert "nonsense" in heard.failed[0]
    monkeypatch.setenv("HEARSIGHT_AUDIO", "null")
    real.play()
    qtbot.waitUntil(lambda: real.position > 0.05, timeout=LONG)
