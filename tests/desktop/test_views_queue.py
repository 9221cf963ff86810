import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QMenu, QVBoxLayout, QWidget

from hearsight_desktop.views.icons import IconButton
from hearsight_desktop.views.progress import ProgressLine, time_left
from hearsight_desktop.views.queue import GenerateButton


@pytest.fixture
def button(qtbot):
    window = QWidget()
    column = QVBoxLayout(window)
    made = GenerateButton(window)
    column.addWidget(QLineEdit(window))
    column.addWidget(made)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    yield made
    window.close()


def action(button, words):
    [found] = [
        act
        for menu in button.findChildren(QMenu)
        for act in menu.actions()
        if act.text().replace("&", "") == words
    ]
    return found


def test_esc_cancels_what_runs_and_shift_esc_all(button, qtbot):
    field = button.window().findChild(QLineEdit)
    field.setFocus()
    with qtbot.assertNotEmitted(button.cancelled):
        qtbot.keyClick(field, Qt.Key.Key_Escape)
    button.show_queue("Rain", [])
    with qtbot.waitSignal(button.cancelled) as told:
        qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert told.args == ["running"]
    with qtbot.waitSignal(button.cancelled) as told:
        qtbot.keyClick(field, Qt.Key.Key_Escape, Qt.KeyboardModifier.ShiftModifier)
    assert told.args == ["all"]


def test_the_menu_asks_and_cancels(button, qtbot):
    button.show_queue("Rain", [("a", "Wind & <b>weather</b>"), ("b", "Dog")])
    with qtbot.waitSignal(button.asked) as told:
        action(button, "Instead of all that waits").trigger()
    assert told.args == ["replace"]
    with qtbot.waitSignal(button.cancelled) as told:
        action(button, "Cancel what waits").trigger()
    assert told.args == ["waiting"]
    with qtbot.waitSignal(button.removed) as told:
        action(button, "Dog").trigger()
    assert told.args == ["b"]


def test_what_waits_is_counted_and_a_long_queue_cut_short(button):
    button.show_queue("", [(str(n), f"Sound {n}") for n in range(30)])
    assert action(button, "and 10 more").isEnabled() is False
    button.show_queue("", [])
    assert action(button, "Cancel what waits").isEnabled() is False
    assert action(button, "Nothing is running").isEnabled() is False


def test_progress_says_stage_step_and_time(qtbot):
    line = ProgressLine()
    qtbot.addWidget(line)
    assert line.isHidden()
    line.show_progress("denoise", 12, 50, 33.0)
    words = [part.text() for part in line.findChildren(QWidget) if hasattr(part, "text")]
    assert "Making the sound, 12 of 50" in words
    assert "about 35 s left" in words
    line.show_hint("The first sound takes longer.")
    stop = line.findChild(IconButton)
    with qtbot.waitSignal(line.cancelled):
        stop.click()
    line.show_cancelling()
    assert not stop.isEnabled()
    line.show_idle()
    assert line.isHidden()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (3.0, "a few seconds left"),
        (47.0, "about 45 s left"),
        (58.0, "about 1 min left"),
        (600.0, "about 10 min left"),
        (2.6 * 3600, "about 3 h left"),
    ],
)
def test_time_left_is_said_roughly(seconds, words):
    assert time_left(seconds) == words
