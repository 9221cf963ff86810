"""The chosen take, large: cutting with mouse and keys, one time axis, transport, ways out."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QDrag, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QDoubleSpinBox, QLabel, QLineEdit, QWidget

import hearsight
from hearsight_desktop.delivery import DELIVERIES
from hearsight_desktop.edits import checked
from hearsight_desktop.entry import Edit, Entry
from hearsight_desktop.peaks import peaks
from hearsight_desktop.spectrum import spectrogram
from hearsight_desktop.views.delivery import DeliveryStrip
from hearsight_desktop.views.detail import DetailView
from hearsight_desktop.views.keys import Act
from hearsight_desktop.views.marks import Mark, marks_of, moment, moved
from hearsight_desktop.views.picture import PictureView
from hearsight_desktop.views.timeline import MARGIN, TimeAxis, clock, ticks
from hearsight_desktop.views.transport import TransportBar
from hearsight_desktop.views.waves import narrowed, wave_image

RATE = 8000
SECONDS = 4.0
NO, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
TAKE = Entry(
    id="1",
    batch="b",
    number=1,
    name="rain_01",
    request=hearsight.text("rain", seed=7),
    model="micro",
    item_seed=1,
    provider="CPU",
    precision="fp32",
    why="chosen",
    created=datetime(2026, 3, 1),
    seconds=SECONDS,
    sample_rate=RATE,
    original=Path("original.wav"),
)


@pytest.fixture
def detail(qtbot) -> DetailView:
    made = DetailView()
    qtbot.addWidget(made)
    made.resize(824, 500)
    made.show_entry(TAKE)
    sound = np.random.default_rng(1).uniform(-1, 1, round(RATE * SECONDS)).astype(np.float32)
    made.show_sound(peaks(sound), RATE, spectrogram(sound, RATE, height=32, width=64))
    made.show()
    qtbot.waitExposed(made)
    made.waveform.setFocus()
    return made


@pytest.fixture
def wave(detail):
    return detail.waveform


def facts(wave) -> list[tuple]:
    """Everything that the waveform tells from now on."""
    told: list[tuple] = []
    wave.trimmed.connect(lambda *v: told.append(("trimmed", *np.round(v, 2))))
    wave.faded.connect(lambda *v: told.append(("faded", *np.round(v, 2))))
    wave.looped.connect(lambda v: told.append(("looped", v and tuple(np.round(v, 2)))))
    wave.sought.connect(lambda v: told.append(("sought", round(v, 2))))
    return told


def mouse(widget, kind, x, y, buttons=Qt.MouseButton.LeftButton) -> None:
    place = QPointF(x, y)
    button = Qt.MouseButton.LeftButton if kind != QEvent.Type.MouseMove else Qt.MouseButton.NoButton
    event = QMouseEvent(kind, place, widget.mapToGlobal(place), button, buttons, NO)
    QApplication.sendEvent(widget, event)


def drag(widget, first, last) -> None:
    mouse(widget, QEvent.Type.MouseButtonPress, *first)
    middle = [(a + b) / 2 for a, b in zip(first, last, strict=True)]
    mouse(widget, QEvent.Type.MouseMove, *middle)
    mouse(widget, QEvent.Type.MouseMove, *last)
    mouse(widget, QEvent.Type.MouseButtonRelease, *last, Qt.MouseButton.NoButton)


def x_of(wave, seconds) -> float:
    return wave.axis.x(seconds, wave.width())


# Cutting with the mouse.


def test_what_is_worth_knowing_of_a_take_stands_below_it(detail):
    def said(words: str) -> bool:
        return any(label.text() == words for label in detail.findChildren(QLabel))

    odd = "These words were not understood, so the sound does not follow them: flies."
    detail.show_entry(replace(TAKE, notes=(odd,)))
    assert said(odd)
    detail.delivery.show_notes("Level +2.7 dB.")
    assert said(f"{odd} Level +2.7 dB.")
    detail.clear()
    assert not said(odd)


def test_handles_at_the_ends_trim(wave):
    told, middle = facts(wave), wave.height() / 2
    drag(wave, (x_of(wave, 0), middle), (x_of(wave, 1), middle))
    drag(wave, (x_of(wave, 4), middle), (x_of(wave, 3), middle))
    assert told == [("trimmed", 1, 4), ("trimmed", 1, 3)]


def test_an_end_is_never_dragged_over_the_other(wave):
    told, middle = facts(wave), wave.height() / 2
    wave.show_edit(Edit(start=1.0, end=2.0))
    drag(wave, (x_of(wave, 1), middle), (x_of(wave, 3.5), middle))
    assert told == [("trimmed", 2, 2)]
    assert wave.edit.start < wave.edit.end


def test_knobs_above_the_ends_fade(wave):
    told, top = facts(wave), wave.body().top() + 6
    drag(wave, (x_of(wave, 0), top), (x_of(wave, 0.5), top))
    drag(wave, (x_of(wave, 4), top), (x_of(wave, 2.5), top))
    assert told == [("faded", 0.5, 0), ("faded", 0.5, 1.5)]


def test_a_region_is_chosen_by_dragging_and_then_kept_or_looped(qtbot, wave):
    told, middle = facts(wave), wave.height() / 2
    drag(wave, (x_of(wave, 1), middle), (x_of(wave, 2), middle))
    assert told == []
    assert wave.selection == pytest.approx((1, 2), abs=0.01)
    qtbot.keyClick(wave, Qt.Key.Key_L, SHIFT)
    drag(wave, (x_of(wave, 3), middle), (x_of(wave, 0.5), middle))
    qtbot.keyClick(wave, Qt.Key.Key_Return)
    assert told == [("looped", (1, 2)), ("trimmed", 0.5, 3)]
    assert wave.selection is None


def test_the_ends_of_a_loop_are_dragged_below_the_sound(wave):
    wave.show_edit(Edit(loop=(1.0, 2.0)))
    told, foot = facts(wave), wave.height() - 6
    drag(wave, (x_of(wave, 2), foot), (x_of(wave, 3), foot))
    assert told == [("looped", (1, 3))]


def test_a_click_seeks_and_the_ruler_scrubs(wave):
    told = facts(wave)
    drag(wave, (x_of(wave, 2), 80), (x_of(wave, 2), 80))
    drag(wave, (x_of(wave, 1), 5), (x_of(wave, 3), 5))
    assert told[0] == ("sought", 2)
    assert told[1:] == [("sought", 1), ("sought", 2), ("sought", 3), *told[4:]]
    assert wave.selection is None


def test_escape_puts_back_what_is_being_dragged(qtbot, wave):
    told, middle = facts(wave), wave.height() / 2
    mouse(wave, QEvent.Type.MouseButtonPress, x_of(wave, 0), middle)
    mouse(wave, QEvent.Type.MouseMove, x_of(wave, 2), middle)
    assert wave.edit.start == pytest.approx(2, abs=0.01)
    qtbot.keyClick(wave, Qt.Key.Key_Escape)
    mouse(wave, QEvent.Type.MouseButtonRelease, x_of(wave, 2), middle, Qt.MouseButton.NoButton)
    assert (wave.edit, told) == (Edit(), [])


def test_the_menu_takes_back_loops_fades_and_cuts(wave):
    told = facts(wave)
    wave.show_edit(Edit(start=1, end=3, fade_in=0.5, loop=(1.5, 2.5)))
    actions = {a.text().split("\t")[0]: a for a in wave.menu().actions()}
    assert not actions["Keep only the selection"].isEnabled()
    for words in ("Remove the loop", "Remove the fades", "Keep the whole sound"):
        actions[words].trigger()
    assert told == [("looped", None), ("faded", 0, 0), ("trimmed", 0, SECONDS)]


# Cutting with keys.


def test_up_and_down_choose_what_left_and_right_move(qtbot, wave):
    told = facts(wave)
    assert "Position" in wave.accessibleDescription()
    qtbot.keyClick(wave, Qt.Key.Key_Down)
    assert "Start" in wave.accessibleDescription()
    for _ in range(5):
        qtbot.keyClick(wave, Qt.Key.Key_Right)
    qtbot.keyClick(wave, Qt.Key.Key_Left)
    assert told[-1] == ("trimmed", 0.16, SECONDS)
    assert "0:00.160" in wave.accessibleDescription()
    qtbot.keyClick(wave, Qt.Key.Key_Down)
    qtbot.keyClick(wave, Qt.Key.Key_Left, CTRL)
    assert told[-1] == ("trimmed", 0.16, 4.0)
    assert wave.edit.end == pytest.approx(SECONDS - 0.004)
    qtbot.keyClick(wave, Qt.Key.Key_Down)
    qtbot.keyClick(wave, Qt.Key.Key_Right)
    assert told[-1] == ("faded", 0.04, 0)


def test_shift_and_arrows_choose_a_region_from_where_it_is_heard(qtbot, wave):
    wave.show_position(2.0)
    for _ in range(3):
        qtbot.keyClick(wave, Qt.Key.Key_Right, SHIFT)
    assert wave.selection == pytest.approx((2.0, 2.12))
    for _ in range(5):
        qtbot.keyClick(wave, Qt.Key.Key_Left, SHIFT)
    assert wave.selection == pytest.approx((1.92, 2.0))
    assert "selected 0:01.920 to 0:02.000" in wave.accessibleDescription()
    qtbot.keyClick(wave, Qt.Key.Key_Escape)
    assert wave.selection is None


def test_arrows_move_what_is_heard(qtbot, detail, wave):
    told = facts(wave)
    detail.show_position(1.0)
    qtbot.keyClick(wave, Qt.Key.Key_Right)
    qtbot.keyClick(wave, Qt.Key.Key_Home)
    qtbot.keyClick(wave, Qt.Key.Key_End)
    assert told == [("sought", 1.04), ("sought", 0), ("sought", SECONDS)]
    with qtbot.waitSignal(detail.spectrogram.sought) as sought:
        qtbot.keyClick(detail.spectrogram, Qt.Key.Key_Left, CTRL)
    assert sought.args[0] == pytest.approx(0.996)


@pytest.mark.parametrize("part", ["waveform", "spectrogram"])
@pytest.mark.parametrize(
    ("key", "modifier", "act"),
    [
        (Qt.Key.Key_Space, NO, Act.PLAY),
        (Qt.Key.Key_Space, SHIFT, Act.REPLAY),
        (Qt.Key.Key_I, NO, Act.MARK_IN),
        (Qt.Key.Key_L, NO, Act.LOOP),
        (Qt.Key.Key_S, NO, Act.STAR),
    ],
)
def test_keys_of_the_table_ask_before_the_window_can_take_them(
    qtbot, detail, part, key, modifier, act
):
    stolen = detail.addAction("stolen")
    stolen.setShortcut(key)
    stolen.triggered.connect(lambda: pytest.fail("the window took the key"))
    view = getattr(detail, part)
    view.setFocus()
    with qtbot.waitSignal(view.asked) as asked:
        qtbot.keyClick(view, key, modifier)
    assert asked.args == [act]


def test_marks_begin_end_and_fade_where_it_is_heard(wave):
    told = facts(wave)
    wave.show_position(1.0)
    wave.act(Act.MARK_IN)
    wave.show_position(3.0)
    wave.act(Act.MARK_OUT)
    wave.act(Act.FADE)
    wave.act(Act.FADE)
    assert told == [
        ("trimmed", 1, SECONDS),
        ("trimmed", 1, 3),
        ("faded", 0.01, 0.05),
        ("faded", 0, 0),
    ]


marks = st.sampled_from([mark for mark in Mark if mark is not Mark.POSITION])


@given(st.lists(st.tuples(marks, st.floats(-1, 6)), max_size=12))
def test_whatever_is_moved_the_cut_fits_the_sound(moves):
    edit = checked(Edit(loop=(1.0, 2.0)), SECONDS)
    for mark, to in moves:
        if mark in marks_of(edit):
            edit = moved(mark, edit, SECONDS, to)
        assert edit == checked(edit, SECONDS)
        start, end = (moment(m, edit, SECONDS, 0) for m in (Mark.START, Mark.END))
        assert 0 <= start < end <= SECONDS
        for other in marks_of(edit)[1:]:
            assert start - 1e-9 <= moment(other, edit, SECONDS, 0) <= end + 1e-9


# Time.


def test_the_wheel_zooms_around_the_mouse_and_both_pictures_follow(detail, wave):
    x = x_of(wave, 1.0)
    place = QPointF(x, 50)
    wheel = QWheelEvent(
        place, wave.mapToGlobal(place), QPoint(), QPoint(0, 360), Qt.MouseButton.NoButton, NO,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(wave, wheel)
    assert wave.axis.last - wave.axis.first == pytest.approx(SECONDS / 1.25**3)
    assert wave.axis.at(x, wave.width()) == pytest.approx(1.0)
    assert detail.spectrogram.axis is wave.axis


@given(st.lists(st.tuples(st.sampled_from(["zoom", "scroll"]), st.floats(0.01, 50)), max_size=20))
def test_what_is_seen_always_lies_in_the_sound(moves):
    axis = TimeAxis()
    axis.reset(SECONDS)
    for what, value in moves:
        axis.zoom(value, 1.0) if what == "zoom" else axis.scroll(value - 25)
        assert -1e-9 <= axis.first < axis.last <= SECONDS + 1e-9
        assert axis.x(axis.first, 500) == pytest.approx(MARGIN)
        assert axis.at(axis.x(axis.last, 500), 500) == pytest.approx(axis.last)


def test_the_page_turns_when_what_is_heard_leaves_it(detail):
    detail.axis.show(0.0, 1.0)
    detail.show_position(2.5)
    assert detail.axis.first == 0.0
    detail.show_position(2.5, follow=True)
    assert (detail.axis.first, detail.axis.last) == (2.5, 3.5)


def test_times_are_round_and_few():
    assert ticks(0.0, 4.0, 8) == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]
    assert ticks(0.21, 0.29, 4) == pytest.approx([0.22, 0.24, 0.26, 0.28])
    assert [clock(61.256), clock(0.9999, 3), clock(59.999)] == ["1:01.26", "0:01.000", "1:00.00"]


# Pictures.


def test_columns_are_narrowed_without_losing_a_peak():
    shape = np.zeros((1000, 2), np.float32)
    shape[637] = (-0.8, 0.9)
    for width in (10, 333, 999, 1000, 2500):
        made = narrowed(shape, width)
        assert made.shape == (width, 2)
        assert (made.min(), made.max()) == pytest.approx((-0.8, 0.9))


def test_a_wave_is_drawn_as_high_as_it_is_loud(detail):
    shape = np.array([[0, 0], [-1, 1], [-0.5, 0.5], [0, 0]], np.float32)
    image = wave_image(shape, 101, detail.palette().color(detail.foregroundRole()))
    inked = [sum(image.pixelColor(x, y).alpha() > 127 for y in range(101)) for x in range(4)]
    assert inked[0] == 1
    assert inked[1] >= 99
    assert 48 <= inked[2] <= 54


def test_everything_is_drawn_for_every_state(detail, wave):
    pictures = [wave.grab().toImage()]
    for change in (
        lambda: wave.show_edit(Edit(start=1, end=3, fade_in=0.5, loop=(1.5, 2.5))),
        lambda: detail.show_position(2.0),
        lambda: detail.axis.zoom(8, 2.0),
        lambda: wave.show_sound(None),
        detail.clear,
    ):
        change()
        pictures.append(wave.grab().toImage())
    assert all(a != b for a, b in itertools.pairwise(pictures))
    assert not detail.spectrogram.grab().isNull()


def test_another_take_shows_nothing_of_the_one_before(detail):
    with_sound = detail.waveform.grab().toImage()
    detail.show_entry(replace(TAKE, starred=True))
    assert detail.waveform.grab().toImage() == with_sound
    detail.show_entry(replace(TAKE, id="2", seconds=2.0))
    assert detail.waveform.grab().toImage() != with_sound
    assert detail.axis.last == 2.0


def test_a_frame_is_shown_whole_and_none_hides_the_picture(qtbot):
    view = PictureView()
    qtbot.addWidget(view)
    view.resize(200, 100)
    frame = np.zeros((90, 120, 3), np.uint8)
    frame[..., 0] = 255
    view.show_frame(frame[:, ::2])  # not in one piece of memory
    del frame
    image = view.grab().toImage()
    ratio = image.devicePixelRatio()
    assert view.isVisible()
    assert image.pixelColor(round(100 * ratio), round(50 * ratio)).red() == 255
    assert image.pixelColor(round(8 * ratio), round(50 * ratio)).green() > 0
    view.show_frame(None)
    assert not view.isVisible()


# Transport and delivery.


def test_the_play_button_shows_what_is_heard_not_what_was_clicked(qtbot):
    bar = TransportBar()
    qtbot.addWidget(bar)
    bar.show_length(4.0)
    play = next(b for b in bar.findChildren(QWidget) if b.toolTip() == "Play (Space)")
    with qtbot.waitSignal(bar.play_asked):
        play.click()
    assert not play.isChecked()
    bar.show_playing(True)
    assert play.isChecked()
    assert play.accessibleName() == "Stop (Space)"
    bar.show_position(1.234)
    assert "0:01.23 / 0:04.00" in [label.text() for label in bar.findChildren(QLabel)]


def test_showing_a_volume_asks_for_none(qtbot):
    bar = TransportBar()
    qtbot.addWidget(bar)
    with qtbot.assertNotEmitted(bar.volume_asked):
        bar.show_volume(0.4)


def test_a_seam_is_checked_only_where_there_is_a_loop(qtbot):
    bar = TransportBar()
    qtbot.addWidget(bar)
    seam = next(b for b in bar.findChildren(QWidget) if getattr(b, "text", str)() == "Check seam")
    assert not seam.isEnabled()
    assert "Shift+L" in seam.toolTip()
    bar.show_loop(True)
    with qtbot.waitSignal(bar.seam_asked):
        seam.click()


@pytest.fixture
def strip(qtbot) -> DeliveryStrip:
    made = DeliveryStrip()
    qtbot.addWidget(made)
    made.show_forms(list(DELIVERIES.values()), "unreal")
    made.show_take("rain_01", Edit())
    return made


def named(strip, kind, name):
    return next(w for w in strip.findChildren(kind) if w.accessibleName() == name)


def test_a_form_of_delivery_is_chosen_by_its_key(qtbot, strip):
    forms = named(strip, QComboBox, "Form of delivery")
    assert forms.currentData() == "unreal"
    with qtbot.waitSignal(strip.chosen) as chosen:
        qtbot.keyClick(forms, Qt.Key.Key_Down)
    assert chosen.args == ["library"]


def test_a_name_is_told_once_and_never_empty(qtbot, strip):
    field = named(strip, QLineEdit, "Name of the file")
    told = []
    strip.renamed.connect(told.append)
    field.selectAll()
    qtbot.keyClicks(field, "gate slam")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    field.clear()
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert told == ["gate slam"]
    assert field.text() == "gate slam"


def test_a_level_is_told_with_its_number(qtbot, strip):
    told = []
    strip.levelled.connect(lambda *v: told.append(v))
    level, db = (
        named(strip, QComboBox, "Level"),
        named(strip, QDoubleSpinBox, "Level in decibels"),
    )
    qtbot.keyClick(level, Qt.Key.Key_Down)
    assert db.suffix() == " LUFS"
    db.setValue(-18.0)
    qtbot.keyClick(level, Qt.Key.Key_Down)
    assert not db.isEnabled()
    strip.show_take("rain_01", Edit(level="lufs", level_db=-20))
    assert [v[0] for v in told] == ["lufs", "lufs", "none"]
    assert told[1][1] == -18.0


def test_the_handle_drags_copies_of_finished_files_only(qtbot, strip, monkeypatch, tmp_path):
    dragged = []

    def record(drag, actions):
        dragged.append((actions, [url.toLocalFile() for url in drag.mimeData().urls()]))
        return actions

    monkeypatch.setattr(QDrag, "exec", record)
    file = tmp_path / "rain ü_01.wav"
    file.write_bytes(b"")
    strip.show_files([file])
    drag(strip.handle, (5, 5), (60, 5))
    assert dragged[0] == (Qt.DropAction.CopyAction, [str(file)])
    file.unlink()
    dragged.clear()
    with qtbot.waitSignal(strip.handle.refused) as refused:
        strip.handle.drag()
    assert "no longer there" in refused.args[0]
    strip.show_files([], "The file is still being written.")
    assert not strip.handle.isEnabled()
    assert strip.handle.toolTip() == "The file is still being written."
    assert dragged == []


def test_what_cannot_be_exported_says_why(strip):
    button = next(b for b in strip.findChildren(QWidget) if "picture" in getattr(b, "text", str)())
    strip.show_picture_export("ffmpeg is not on the PATH.")
    assert not button.isEnabled()
    assert button.toolTip() == "ffmpeg is not on the PATH."
    strip.show_picture_export("")
    assert button.isEnabled()


def test_everything_that_can_have_the_focus_has_a_name(detail):
    detail.delivery.show_files([Path("x.wav")])
    for widget in detail.findChildren(QWidget):
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and widget.isVisible():
            inner = widget.objectName().startswith("qt_") or isinstance(
                widget.parent(), (QComboBox, QDoubleSpinBox)
            )
            text = getattr(widget, "text", str)()
            assert inner or widget.accessibleName() or text, widget
