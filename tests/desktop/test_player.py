"""The player against miniaudio's null backend, which takes its time but needs no sound card."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import numpy as np
import pytest

from hearsight_desktop.player import MiniaudioPlayer, PlaybackError

RATE = 48000


@pytest.fixture
def player() -> Iterator[MiniaudioPlayer]:
    player = MiniaudioPlayer()
    yield player
    player.close()


def until(fact: Callable[[], object]) -> None:
    """Wait for what comes by itself."""
    deadline = monotonic() + 20
    while not fact():
        assert monotonic() < deadline, "it did not come"


def tone(seconds: float, rate: int = RATE) -> np.ndarray:
    return np.sin(np.arange(round(seconds * rate)) * 0.05).astype(np.float32)


def test_nothing_plays_until_asked_to(player):
    player.load(tone(2), RATE)
    assert (player.position, player.length, player.playing) == (0, 2, False)
    assert player._device is None


def test_it_plays_forward_and_stops_at_the_end(player):
    player.load(tone(0.2), RATE)
    player.play()
    assert player.playing
    seen = [0.0]

    def ended() -> bool:
        seen.append(player.position)
        return not player.playing

    until(ended)
    assert sorted(seen) == seen
    assert len(set(seen)) > 10, "it moves evenly, not from buffer to buffer"
    assert player.position == 0.2
    player.play()
    assert player.position < 0.2, "it begins anew"


def test_pause_stays_where_it_was_heard_and_play_goes_on_there(player):
    player.load(tone(5), RATE)
    player.play(1.0)
    until(lambda: player.position > 1.1)
    player.pause()
    there = player.position
    assert not player.playing
    assert 1.1 < there < 2
    player.play()
    assert player.position == there
    until(lambda: player.position > there)


def test_a_loop_goes_round(player):
    player.load(tone(1), RATE)
    player.loop = (0.3, 0.4)
    assert player.loop == (0.3, 0.4)
    player.play(0.35)
    seen = []

    def went_round() -> bool:
        seen.append(player.position)
        return (np.diff(seen) < 0).sum() >= 3

    until(went_round)
    assert min(seen) >= 0.3
    assert max(seen) < 0.4
    assert player.playing


def test_a_loop_is_brought_into_the_sound(player):
    player.load(tone(1), RATE)
    player.loop = (0.5, 7.0)
    assert player.loop == (0.5, 1.0)
    player.loop = (3.0, 7.0)
    assert player.loop is None


def test_another_sound_is_compared_at_the_same_position(player):
    player.load(tone(10), RATE)
    player.play(4.0)
    until(lambda: player.position > 4.0)
    before = player.position
    player.load(tone(8), RATE, keep=True)
    assert player.playing
    assert before <= player.position < before + 1
    until(lambda: player.position > before + 0.1)


def test_a_shorter_sound_is_compared_from_its_start(player):
    player.load(tone(10), RATE)
    player.play(4.0)
    player.load(tone(2), RATE, keep=True)
    assert player.playing
    assert player.position < 2


def test_a_sound_of_another_rate_keeps_the_position_too(player):
    player.load(tone(10), RATE)
    player.play(4.0)
    until(lambda: player.position > 4.0)
    player.load(tone(10, 96000), 96000, keep=True)
    assert 4 <= player.position < 6
    until(lambda: player._device_rate == 96000 and player.position > 4.2)
    assert player.playing


def test_another_sound_stops_the_one_before_unless_asked_to_go_on(player):
    player.load(tone(10), RATE)
    player.play(4.0)
    player.load(tone(10), RATE)
    assert not player.playing
    assert player.position == 0


def test_seeking_is_seen_at_once(player):
    player.load(tone(10), RATE)
    player.seek(3.0)
    assert player.position == 3
    player.play()
    until(lambda: player.position > 3)
    player.seek(7.0)
    assert 7 <= player.position < 8
    player.seek(99.0)
    until(lambda: not player.playing)
    assert player.position == 10


def test_seeking_in_the_last_moment_goes_on_there(player):
    player.load(tone(0.3), RATE)
    player.play()
    until(lambda: not player._reel.running)  # all is handed out, and not all is heard
    player.seek(0.1)
    assert player.playing
    until(lambda: not player.playing)


@pytest.mark.parametrize("loudly", [True, False])
def test_a_lost_device_is_told_and_playing_goes_on_with_the_next(player, monkeypatch, loudly):
    monkeypatch.setattr("hearsight_desktop.player._LOOK", 0.1)
    player.load(tone(20), RATE)
    player.play(4.0)
    until(lambda: player._device and player.position > 4.0)
    if loudly:
        player._device._stop_callback(None)  # as miniaudio does when it is unplugged
    else:
        player._device.callback_generator = None  # it just asks for nothing any more
    until(lambda: not player.playing)
    assert 4 < player.position < 20
    with pytest.raises(PlaybackError, match="lost"):
        player.check()
    player.check()  # said once
    player.play()
    there = player.position
    until(lambda: player.position > there + 0.1)


@pytest.mark.parametrize(("backend", "said"), [("jack", "no sound output"), ("wax", "'wax'")])
def test_a_missing_device_is_told(player, monkeypatch, backend, said):
    monkeypatch.setenv("HEARSIGHT_AUDIO", backend)
    player.load(tone(1), RATE)
    player.play(0.5)
    until(lambda: not player.playing)
    assert player.position == 0.5
    with pytest.raises(PlaybackError, match=said):
        player.check()


def test_playing_what_plays_changes_nothing(player):
    player.load(tone(5), RATE)
    player.play(1.0)
    until(lambda: player.position > 1.1)
    places = player._reel.position
    player.play()
    assert player._reel.position >= places
    assert player._reel._leaving is None


def test_any_thread_may_call(player):
    sounds = [tone(0.3), tone(0.1), tone(0.2, 96000)]
    player.load(sounds[0], RATE)

    def hammer(seed: int) -> None:
        draw = np.random.default_rng(seed)
        acts = [
            player.play,
            player.pause,
            lambda: player.play(draw.uniform(-1, 1)),
            lambda: player.seek(draw.uniform(-1, 1)),
            lambda: player.load(sounds[draw.integers(2)], RATE, keep=True),
            lambda: setattr(player, "loop", tuple(sorted(draw.uniform(-0.1, 0.4, 2)))),
            lambda: setattr(player, "volume", draw.uniform()),
            lambda: player.playing,
            player.check,
        ]
        for index in draw.integers(len(acts), size=400):
            acts[index]()
            assert 0 <= player.position <= 0.31

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(hammer, range(3)))
    player.load(sounds[2], 96000)
    player.play()
    until(lambda: player.position > 0)


def test_the_device_is_given_back_when_idle(player, monkeypatch):
    monkeypatch.setattr("hearsight_desktop.player._IDLE", 0.2)
    monkeypatch.setattr("hearsight_desktop.player._LOOK", 0.05)
    player.load(tone(0.2), RATE)
    player.play()
    until(lambda: player._device)
    until(lambda: not player.playing and player._device is None)
    player.play()
    until(lambda: player._device)


def test_a_device_can_be_opened_and_closed_many_times():
    for _ in range(20):
        player = MiniaudioPlayer()
        player.load(tone(1), RATE)
        player.play()
        until(lambda: player.position > 0)  # noqa: B023
        player.close()
        assert not player._keeper.is_alive()
