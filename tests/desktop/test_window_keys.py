"""In the window: everything is reached with keys, has a name for the ear, and text stays text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from desk import Desk, film, picture, sound
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAction, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from hearsight_desktop.entry import Entry
from hearsight_desktop.views.cards import Disclosure
from hearsight_desktop.views.keys import Act, keys_of
from hearsight_desktop.views.shortcuts import ShortcutsView

NO, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
Key = Qt.Key


@pytest.fixture
def busy(desk, tmp_path) -> Desk:
    """A window in which everything is to be seen: files, details, takes, a film, a banner."""
    desk.drop(picture(tmp_path / "a.png"), film(tmp_path / "b.avi"), sound(tmp_path / "c.wav"))
    [more] = desk.inputs.findChildren(Disclosure)
    more.set_open(True)
    first, second = desk.make("rain", Length=1.0)
    desk.pick(first)
    desk.finished(first, lambda: desk.detail.waveform.looped.emit((0.2, 0.6)))
    desk.press(Key.Key_S)
    desk.view.choose(second.id)
    desk.press(Key.Key_X)
    desk.until(lambda: desk._buttons("Undo"))
    desk.until(desk.detail.picture.isVisible)
    desk.until(lambda: desk.window.listening._sound is not None)
    return desk


def stops(window: QWidget) -> list[QWidget]:
    """What takes the keyboard and can be seen."""
    found = []
    for part in window.findChildren(QWidget):
        inside = isinstance(part.parent(), (QAbstractSpinBox, QComboBox))
        if part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.isVisible() and part.isEnabled():
            scrolls = isinstance(part.parentWidget(), QAbstractScrollArea)
            if not inside and not scrolls and part.window() is window and not part.focusProxy():
                found.append(part)
    return found


def name(part: QWidget) -> str:
    if isinstance(part, QComboBox):  # which says what it stands at, where labels are its name
        return part.accessibleName()
    face = QAccessible.queryAccessibleInterface(part)
    return face.text(QAccessible.Text.Name).strip() if face else ""


def walk(window: QWidget, key: Key, modifier=NO) -> list[QWidget]:
    """Where the keyboard comes with one key, from where it stands until it is there again."""
    seen: list[QWidget] = []
    while (focus := QApplication.focusWidget()) not in seen:
        assert focus is not None and len(seen) < 200
        seen.append(focus)
        QTest.keyClick(window.windowHandle(), key, modifier)
    return seen


def test_tab_comes_to_everything_and_back(busy):
    for area in busy.window.findChildren(QAbstractScrollArea):
        area.verticalScrollBar().setValue(0)
    busy.inputs.focus_text()
    there = walk(busy.window, Key.Key_Tab)
    missed = [(type(part).__name__, name(part)) for part in stops(busy.window) if part not in there]
    assert not missed
    busy.inputs.focus_text()
    back = walk(busy.window, Key.Key_Tab, SHIFT)
    assert set(back) == set(there)


def test_tab_goes_through_the_window_as_it_is_read(busy):
    order = (
        "Model", "Preset", "Add a picture, video or sound", "Weight of a.png", "Remove c.wav",
        "Prompt", "Length", "Seed", "Follow prompt", "Seamless loop", "More", "Negative prompt",
        "Candidates", "Generate", "Queue", "Search results", "Results", "Waveform", "Spectrogram",
        "Play (Space)", "Volume", "Name of the file", "Form of delivery", "Copy file (Ctrl+C)",
        "Export…", "Free memory",
    )  # fmt: skip
    busy.named(QComboBox, "Model").setFocus()
    there = [name(part) for part in walk(busy.window, Key.Key_Tab)]
    places = [there.index(each) for each in order]
    assert places == sorted(places), [there[place] for place in sorted(places)]


def test_all_that_takes_the_keyboard_has_a_name(busy):
    nameless = [
        (type(part).__name__, part.toolTip()) for part in stops(busy.window) if not name(part)
    ]
    assert not nameless


def test_windows_beside_have_names_and_are_reached_by_tab(desk):
    desk.window.choosing.show_bundles()
    desk.window.choosing.show_preferences()
    desk.window._show_keys()
    views = (desk.window.choosing._bundles, desk.window.choosing._preferences)
    desk.until(desk.window.choosing._bundles._model.rowCount)
    for view in views:
        with desk.qtbot.waitActive(view):
            view.activateWindow()
        parts = stops(view)
        assert parts
        assert not [type(part).__name__ for part in parts if not name(part)]
        parts[0].setFocus()
        there = walk(view, Key.Key_Tab)
        assert not [name(part) for part in parts if part not in there]


def test_takes_are_spoken(busy):
    face = QAccessible.queryAccessibleInterface(busy.view)
    assert face.text(QAccessible.Text.Name) == "Results"
    index = busy.view.currentIndex()
    spoken = index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith("variation 1 of") and "starred" in spoken


def test_mnemonics_and_shortcuts_mean_one_thing_each(busy):
    keys: dict[str, str] = {}
    for action in busy.window.findChildren(QAction):
        for key in action.shortcuts():
            words = key.toString()
            assert keys.setdefault(words, action.text()) == action.text(), words
    assert {"Ctrl+Return", "Ctrl+Shift+Return", "Esc", "Shift+Esc", "Ctrl+Z", "Ctrl+Y"} <= set(keys)
    asked = {keys_of(act) for act in Act} - {""}
    assert not asked & set(keys), "a key of the list would be taken away by the window"


def test_f1_shows_the_keys(desk):
    desk.press(Key.Key_F1)
    [view] = desk.window.findChildren(ShortcutsView)
    assert view.isVisible()
    QTest.keyClick(view, Key.Key_Escape)
    assert not view.isVisible()


def test_keys_go_to_the_parts_of_the_window(desk):
    desk.make()
    desk.press(Key.Key_R, CTRL)
    assert desk.view.hasFocus()
    desk.press(Key.Key_F, CTRL)
    assert desk.window.results._search.hasFocus()
    desk.press(Key.Key_P, CTRL)
    assert desk.inputs.text.hasFocus()


def test_what_is_wanted_can_be_asked_for_from_everywhere(busy):
    asked: list[str] = []
    busy.inputs.asked.connect(asked.append)
    with busy.held("load"):
        for part in stops(busy.window):
            part.setFocus()
            before = len(asked)
            busy.press(Key.Key_Return, CTRL)
            assert len(asked) == before + 1, (type(part).__name__, name(part))
        busy.press(Key.Key_Escape, SHIFT)
    busy.idle()


# Text stays text


def fields(desk: Desk) -> Iterator[QWidget]:
    """Everything that is typed into."""
    desk.click("Save these settings as a preset")
    yield desk.named(QLineEdit, "Name of the preset")
    desk.press(Key.Key_Escape)
    for kind in (QPlainTextEdit, QLineEdit):
        for field in desk.window.findChildren(kind):
            if field.isVisible() and field.isEnabled():
                yield field
    desk.view.setFocus()
    desk.press(Key.Key_F2)
    yield from desk.view.findChildren(QLineEdit)


def test_no_key_of_the_list_works_while_text_is_typed(busy):
    played: list[bool] = []
    busy.window.listening._audition.changed.connect(played.append)
    [entry] = busy.shown()
    count = 0
    for field in fields(busy):
        count += 1
        field.setFocus()
        busy.type("xsliofaX 19")
        for key in (Key.Key_Space, Key.Key_Backspace, Key.Key_Delete, Key.Key_Left, Key.Key_Right):
            busy.press(key)
        for key in (Key.Key_C, Key.Key_D, Key.Key_L, Key.Key_E):
            busy.press(key, CTRL)
        now: Entry = busy.fresh(entry)
        assert (now.starred, now.rejected, now.edit) == (True, False, entry.edit), name(field)
        assert not played, name(field)
        assert not any(dialog.isVisible() for dialog in busy.dialogs()), name(field)
        assert busy.session.preferences.audition
        field.parentWidget().setFocus()
    assert count >= 9


def test_text_that_is_typed_arrives_with_all_its_letters(busy):
    busy.inputs.focus_text()
    busy.press(Key.Key_A, CTRL)
    busy.type("slow xylophone, 3 falls of oil 19")
    assert busy.inputs.text.words() == "slow xylophone, 3 falls of oil 19"


def test_undo_in_a_text_is_about_the_text(busy):
    [entry] = busy.shown()
    busy.inputs.focus_text()
    busy.press(Key.Key_A, CTRL)
    busy.type("x")
    busy.press(Key.Key_Z, CTRL)
    busy.press(Key.Key_Z, CTRL)
    assert busy.fresh(entry).starred
    assert len(busy.shown()) == 1


def test_copy_in_a_text_copies_the_text(busy):
    busy.inputs.focus_text()
    busy.press(Key.Key_A, CTRL)
    busy.press(Key.Key_C, CTRL)
    assert QGuiApplication.clipboard().text() == busy.inputs.text.words()


def test_keys_do_nothing_where_there_is_no_sound(desk):
    desk.view.setFocus()
    for key in map(ord, "SXLIOFA19 "):
        desk.press(Key(key))
    for key in (Key.Key_Delete, Key.Key_F2, Key.Key_Right, Key.Key_Home):
        desk.press(key)
    for key in (Key.Key_C, Key.Key_D, Key.Key_E, Key.Key_L, Key.Key_Z, Key.Key_Y):
        desk.press(key, CTRL)
    assert not desk.news
    assert not desk.tape.playing
    assert desk.session.entries() == []
