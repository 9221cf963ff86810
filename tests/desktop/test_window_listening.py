"""In the window: hearing, comparing, cutting, starring, binning and finding sounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from desk import LONG, Desk, film, samples
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QSlider,
    QToolButton,
)

import hearsight
from hearsight_desktop.delivery import heard
from hearsight_desktop.entry import Edit
from hearsight_desktop.player import PlaybackError

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key


def go(desk: Desk, entry) -> None:
    desk.pick(entry)
    desk.window.listening._audition.pause()


def hears(desk: Desk, entry) -> bool:
    """Whether the player holds this take as it is delivered."""
    now = desk.fresh(entry)
    audio, rate = desk.session._takes.audio(now)
    return np.array_equal(desk.tape.audio, heard(audio, rate, now, desk.session.delivery))


def loop(desk: Desk, entry) -> None:
    """Mark a loop in the chosen take."""
    desk.finished(entry, lambda: desk.detail.waveform.looped.emit((0.2, 0.6)))
    desk.until(lambda: desk.window.listening._sound[0].edit.loop)


# Playing


def test_space_plays_and_stops_where_it_stands(desk, takes):
    go(desk, takes[0])
    desk.press(Key.Key_Space)
    assert desk.tape.playing
    desk.tape.wind(0.25)
    desk.press(Key.Key_Space)
    assert not desk.tape.playing
    assert desk.tape.position == pytest.approx(0.25)
    desk.press(Key.Key_Space)
    assert desk.tape.playing
    assert desk.tape.position == pytest.approx(0.25)
    desk.press(Key.Key_Space, SHIFT)
    assert desk.tape.playing
    assert desk.tape.position == 0


def test_what_ended_plays_again_from_its_start(desk, takes):
    go(desk, takes[0])
    play = desk.named(QAbstractButton, "Play (Space)")
    desk.press(Key.Key_Space)
    assert play.isChecked()
    desk.tape.wind(2)
    desk.until(lambda: not play.isChecked())
    assert (
        desk.model.index_of(takes[0].id).data(Qt.ItemDataRole.AccessibleTextRole).endswith("1.0 s")
    )
    desk.press(Key.Key_Space)
    assert desk.tape.position == 0
    assert desk.tape.playing


def test_arrows_move_and_play_and_keep_the_place(desk, takes):
    go(desk, takes[0])
    desk.press(Key.Key_Space)
    for entry, key in (
        (takes[1], Key.Key_Right),
        (takes[2], Key.Key_Right),
        (takes[1], Key.Key_Left),
    ):
        desk.tape.wind(0.1)
        before = desk.tape.position
        desk.press(key)
        desk.until(lambda entry=entry: hears(desk, entry))
        assert desk.current().id == entry.id
        assert desk.tape.playing
        assert desk.tape.position == pytest.approx(before)
    assert desk.detail.entry.id == takes[1].id


def test_numbers_jump_within_the_batch_and_keep_the_place(desk, takes):
    other = desk.make("wind", Length=1.0, Variations=2)
    go(desk, takes[0])
    desk.press(Key.Key_Space)
    desk.tape.wind(0.4)
    desk.press(Key.Key_3)
    desk.until(lambda: hears(desk, takes[2]))
    assert desk.tape.position == pytest.approx(0.4)
    desk.press(Key.Key_1)
    desk.until(lambda: hears(desk, takes[0]))
    assert (desk.tape.playing, desk.tape.position) == (True, pytest.approx(0.4))
    desk.press(Key.Key_9)
    assert desk.current().id == takes[0].id
    assert other[0].batch != takes[0].batch


def test_auto_play_can_be_turned_off(desk, takes):
    go(desk, takes[0])
    desk.press(Key.Key_A)
    assert not desk.session.preferences.audition
    assert not desk.named(QToolButton, "Auto-play").isChecked()
    desk.press(Key.Key_Right)
    desk.until(lambda: hears(desk, takes[1]))
    assert not desk.tape.playing
    desk.click("Auto-play")
    desk.view.setFocus()
    desk.press(Key.Key_Right)
    desk.until(lambda: hears(desk, takes[2]))
    assert desk.tape.playing


def test_a_stopped_sound_and_choosing_one_make_no_noise(desk, takes):
    go(desk, takes[0])
    desk.make("wind")
    assert desk.current().id == takes[0].id, "who listens is not disturbed by what comes"
    assert not desk.tape.playing


def test_loop_goes_round_the_whole_or_the_region(desk, takes):
    go(desk, takes[0])
    desk.press(Key.Key_L)
    assert desk.named(QAbstractButton, "Loop (L)").isChecked()
    assert desk.tape.loop == (0.0, pytest.approx(1.0))
    loop(desk, takes[0])
    desk.until(lambda: desk.tape.loop == (pytest.approx(0.2), pytest.approx(0.6)))
    desk.press(Key.Key_Right)
    desk.until(lambda: hears(desk, takes[1]))
    assert desk.tape.loop == (0.0, pytest.approx(1.0))
    desk.press(Key.Key_L)
    assert desk.tape.loop is None


def test_volume_is_kept(qtbot, desk):
    desk.named(QSlider, "Volume").setValue(40)
    assert desk.tape.volume == pytest.approx(0.4)
    desk.close()
    again = Desk(qtbot).open()
    assert again.tape.volume == pytest.approx(0.4)
    again.close()


def test_where_nothing_can_be_played_it_is_told_once(desk, takes, monkeypatch):
    go(desk, takes[0])
    problems = ["There is no sound output."]

    def check() -> None:
        if problems:
            desk.tape.pause()
            raise PlaybackError(problems.pop())

    monkeypatch.setattr(desk.tape, "check", check)
    play = desk.named(QAbstractButton, "Play (Space)")
    desk.press(Key.Key_Space)
    assert desk.told == ["There is no sound output."]
    desk.until(lambda: not play.isChecked())


def test_a_double_click_plays_from_the_start(desk, takes):
    go(desk, takes[0])
    desk.window.listening._audition.seek(0.5)
    place = desk.view.visualRect(desk.model.index_of(takes[0].id)).center()
    QTest.mouseDClick(desk.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert desk.tape.playing
    assert desk.tape.position == 0


def test_a_click_on_a_tile_plays_it_and_shows_it(desk, takes):
    go(desk, takes[0])
    place = desk.view.visualRect(desk.model.index_of(takes[1].id)).center() + QPoint(0, 20)
    QTest.mouseClick(desk.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    desk.until(lambda: hears(desk, takes[1]))
    assert desk.tape.playing
    assert desk.detail.entry.id == takes[1].id
    desk.until(lambda: desk.detail.waveform._peaks is not None)


# Cutting


def test_in_and_out_cut_where_it_is_heard(desk, takes):
    go(desk, takes[0])
    audition = desk.window.listening._audition
    audition.seek(0.25)
    first = desk.finished(takes[0], lambda: desk.press(Key.Key_I))
    desk.until(lambda: hears(desk, takes[0]))
    audition.seek(0.75)
    both = desk.finished(takes[0], lambda: desk.press(Key.Key_O))
    faded = desk.finished(takes[0], lambda: desk.press(Key.Key_F))
    assert (both.edit.start, both.edit.end) == (pytest.approx(0.25), pytest.approx(0.75))
    assert (faded.edit.fade_in, faded.edit.fade_out) == (0.01, 0.05)
    assert len(samples(faded.delivered)) == 24000
    whole = samples(takes[0].original)
    assert len(whole) == 48000, "the original stays whole"
    assert np.abs(samples(faded.delivered)[:3]).max() < 1e-2
    desk.until(lambda: hears(desk, takes[0]))
    desk.press(Key.Key_Space, SHIFT)
    assert audition.position == pytest.approx(0.25)
    assert first.edit.end is None
    for edit in (both.edit, first.edit, Edit()):
        desk.finished(takes[0], lambda: desk.press(Key.Key_Z, CTRL))
        assert desk.fresh(takes[0]).edit == edit
    assert len(samples(desk.fresh(takes[0]).delivered)) == 48000
    desk.finished(takes[0], lambda: desk.press(Key.Key_Y, CTRL))
    assert desk.fresh(takes[0]).edit == first.edit
    desk.finished(takes[0], lambda: desk.press(Key.Key_Z, CTRL | SHIFT))
    assert desk.fresh(takes[0]).edit == both.edit


def test_a_cut_keeps_playing_where_it_is_heard(desk, takes):
    go(desk, takes[0])
    desk.press(Key.Key_Space)
    desk.tape.wind(0.5)
    desk.finished(takes[0], lambda: desk.detail.waveform.trimmed.emit(0.3, 0.9))
    desk.until(lambda: hears(desk, takes[0]))
    assert desk.tape.playing
    assert desk.window.listening._audition.position == pytest.approx(0.5)
    assert desk.tape.position == pytest.approx(0.2)


def test_the_waveform_has_the_keys_too(desk, takes):
    go(desk, takes[0])
    desk.detail.waveform.setFocus()
    desk.press(Key.Key_Space)
    assert desk.tape.playing
    desk.press(Key.Key_Space)
    desk.press(Key.Key_S)
    assert desk.fresh(takes[0]).starred
    desk.press(Key.Key_Home)
    for _ in range(10):
        desk.press(Key.Key_Right)
    assert desk.window.listening._audition.position == pytest.approx(0.1)
    desk.finished(takes[0], lambda: desk.press(Key.Key_I))
    assert desk.fresh(takes[0]).edit.start == pytest.approx(0.1)


def test_a_mouse_drags_the_end_of_a_sound(desk, takes):
    go(desk, takes[0])
    wave = desk.detail.waveform
    x = round(wave.axis.x(1.0, wave.width()))
    y = wave.body().center().y()
    half = round(wave.axis.x(0.5, wave.width()))
    QTest.mousePress(wave, Qt.MouseButton.LeftButton, pos=QPoint(x, y))
    QTest.mouseMove(wave, QPoint(half + 20, y))
    QTest.mouseMove(wave, QPoint(half, y))

    def release() -> None:
        QTest.mouseRelease(wave, Qt.MouseButton.LeftButton, pos=QPoint(half, y))

    cut = desk.finished(takes[0], release)
    assert cut.edit.end == pytest.approx(0.5, abs=0.02)
    assert desk.model.index_of(cut.id).data(Qt.ItemDataRole.AccessibleTextRole).count("0.5 s")


def test_level_is_changed_for_this_sound_alone(desk, takes):
    go(desk, takes[0])
    louder = desk.finished(takes[0], lambda: desk.choose("Level", "lufs"))
    assert (louder.edit.level, louder.edit.level_db) == ("lufs", -23.0)
    loudness = hearsight.loudness(samples(louder.delivered)[:, None], 48000)
    assert loudness == pytest.approx(-23.0, abs=0.2)
    field = desk.named(QDoubleSpinBox, "Level in decibels")
    desk.finished(takes[0], lambda: field.setValue(-30.0))
    loudness = hearsight.loudness(samples(desk.fresh(takes[0]).delivered)[:, None], 48000)
    assert loudness == pytest.approx(-30.0, abs=0.2)
    assert desk.fresh(takes[1]).edit == Edit()
    desk.pick(takes[1])
    assert desk.named(QComboBox, "Level").currentData() == "peak"
    assert desk.fresh(takes[1]).edit == Edit()


def test_the_seam_is_measured_and_played_five_times(desk, takes):
    go(desk, takes[0])
    check = desk.named(QAbstractButton, "Check seam")
    assert not check.isEnabled()
    loop(desk, takes[0])
    assert check.isEnabled()
    said = [label.text() for label in desk.detail.transport.findChildren(QLabel)]
    assert any("Seam:" in words and "dB" in words for words in said)
    desk.press(Key.Key_L)
    before = desk.window.listening._audition.position
    QTest.mouseClick(check, Qt.MouseButton.LeftButton)
    assert desk.tape.playing
    assert desk.tape.loop is None
    assert not hears(desk, takes[0])
    assert desk.detail.waveform.position == before, "the playhead does not run along"
    desk.tape.wind(60)
    desk.until(lambda: hears(desk, takes[0]))
    assert not desk.tape.playing
    assert desk.tape.loop == (pytest.approx(0.2), pytest.approx(0.6))


def test_space_ends_a_seam_check(desk, takes):
    go(desk, takes[0])
    loop(desk, takes[0])
    desk.click("Check seam")
    assert desk.tape.playing
    desk.view.setFocus()
    desk.press(Key.Key_Space)
    assert not desk.tape.playing
    assert hears(desk, takes[0])
    desk.press(Key.Key_Space)
    assert desk.tape.playing
    assert hears(desk, takes[0])


def test_a_loop_that_was_asked_for_can_be_checked_at_once(desk):
    request = replace(hearsight.text("hum", seed=1, seconds=1.0, steps=2), loop=True)
    desk.inputs.show_request(request, "micro")
    with desk.qtbot.waitSignal(desk.session.ended, timeout=LONG):
        desk.press(Key.Key_Return, CTRL)
    [made] = desk.shown()
    assert made.edit.loop
    desk.pick(made)
    assert desk.named(QAbstractButton, "Check seam").isEnabled()
    assert (
        "smpl" in str(samples(made.delivered).shape) or hearsight.read_info(made.delivered)["loop"]
    )


# A video beside


def test_the_picture_follows_the_sound(desk, tmp_path):
    video = film(tmp_path / "a film.avi")
    desk.drop(video)
    made = desk.make("steps", Length=1.0, Variations=2)
    desk.pick(made[0])
    picture = desk.detail.picture
    desk.until(picture.isVisible)

    def shade() -> int:
        return picture._image.pixelColor(10, 10).green()

    desk.press(Key.Key_Space)
    seen = [shade()]
    for _ in range(4):
        desk.tape.wind(0.2)
        desk.until(lambda: desk.detail.waveform.position == pytest.approx(desk.tape.position))
        seen.append(shade())
    assert seen == sorted(set(seen)), "each frame is brighter than the one before"
    assert seen == [pytest.approx(20 + 40 * n, abs=9) for n in range(5)]
    desk.window.listening._audition.pause()
    desk.detail.waveform.sought.emit(0.25)
    assert shade() == pytest.approx(60, abs=9)
    desk.view.setFocus()
    desk.view.choose(made[1].id)
    desk.until(lambda: hears(desk, made[1]))
    assert picture.isVisible(), "the next one is for the same film"
    plain = desk.make("wind", Length=0.4)
    assert picture.isVisible()
    desk.inputs.chips.show_prompts([], None)
    silent = desk.make("wind", Length=0.4)
    desk.pick(silent[0])
    assert not picture.isVisible()
    assert plain[0].request.prompts != silent[0].request.prompts


def test_a_cut_sound_begins_with_the_picture(desk, tmp_path):
    desk.drop(film(tmp_path / "a.avi"))
    [made, *_] = desk.make("steps", Length=1.0)
    desk.pick(made)
    desk.until(desk.detail.picture.isVisible)
    desk.finished(made, lambda: desk.detail.waveform.trimmed.emit(0.5, 1.0))
    desk.until(lambda: hears(desk, made))
    desk.press(Key.Key_Space, SHIFT)
    desk.tape.wind(0.2)
    desk.until(lambda: desk.detail.waveform.position == pytest.approx(0.7))
    assert desk.detail.picture._image.pixelColor(5, 5).green() == pytest.approx(60, abs=9)


def test_a_deleted_original_is_told_and_the_app_goes_on(desk, takes):
    takes[1].original.unlink()
    desk.view.setFocus()
    desk.view.choose(takes[1].id)
    desk.until(lambda: desk.told)
    assert "was deleted" in desk.told[0]
    desk.pick(takes[2])
    desk.press(Key.Key_Space)
    assert desk.tape.playing
