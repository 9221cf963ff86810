"""In the window: sounds are starred, named, binned and found again."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMenu

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key


def test_stars_are_given_taken_and_filtered(desk, takes):
    desk.pick(takes[0])
    desk.press(Key.Key_S)
    desk.press(Key.Key_Right)
    desk.press(Key.Key_S)
    assert [e.starred for e in desk.shown()] == [True, True, False]
    desk.click("Starred")
    assert [e.id for e in desk.shown()] == [takes[0].id, takes[1].id]
    desk.view.setFocus()
    desk.view.selectAll()
    desk.press(Key.Key_S)
    assert not any(e.starred for e in desk.session.entries())
    desk.click("All")
    assert len(desk.shown()) == 3
    desk.press(Key.Key_Z, CTRL)
    assert [e.starred for e in desk.shown()] == [True, True, False]


def test_a_sound_without_a_star_leaves_the_starred_ones(desk, takes):
    desk.pick(takes[0])
    desk.press(Key.Key_S)
    desk.click("Starred")
    desk.view.setFocus()
    desk.view.choose(takes[0].id)
    desk.press(Key.Key_S)
    assert not desk.fresh(takes[0]).starred
    assert not desk.shown()
    desk.press(Key.Key_Z, CTRL)
    assert [e.id for e in desk.shown()] == [takes[0].id]


def test_what_comes_is_not_shown_among_stars_or_finds(desk, takes):
    desk.click("Starred")
    desk.make("wind")
    assert not desk.shown()
    desk.click("All")
    assert len(desk.shown()) == 5
    desk.press(Key.Key_F, CTRL)
    desk.type("rain")
    desk.until(lambda: len(desk.shown()) == 3)
    desk.make("thunder")
    assert {e.title for e in desk.shown()} == {"rain"}
    field = desk.named(QLineEdit, "Search results")
    field.setFocus()
    desk.press(Key.Key_Escape)
    desk.until(lambda: len(desk.shown()) == 7)


@pytest.mark.parametrize("key", [Key.Key_X, Key.Key_Delete, Key.Key_Backspace])
def test_what_is_rejected_goes_to_the_bin_and_comes_back(desk, takes, key):
    desk.pick(takes[0])
    desk.press(key)
    assert [e.id for e in desk.shown()] == [takes[1].id, takes[2].id]
    assert desk.current().id == takes[1].id, "the next one is at hand"
    assert takes[0].delivered.is_file()
    desk.act_on("Undo")
    assert [e.id for e in desk.shown()] == [e.id for e in takes]
    desk.view.choose(takes[2].id)
    desk.press(key)
    desk.press(Key.Key_Z, CTRL)
    assert len(desk.shown()) == 3
    desk.press(Key.Key_Y, CTRL)
    assert len(desk.shown()) == 2
    desk.click("Bin")
    assert [e.id for e in desk.shown()] == [takes[2].id]
    desk.view.setFocus()
    desk.view.choose(takes[2].id)
    desk.press(key)
    assert not desk.shown()
    desk.click("All")
    assert len(desk.shown()) == 3


def test_undo_in_the_banner_is_about_the_bin_whatever_was_done_since(desk, takes):
    desk.pick(takes[0])
    desk.press(Key.Key_X)
    desk.view.choose(takes[1].id)
    desk.press(Key.Key_S)
    desk.act_on("Undo")
    assert not desk.fresh(takes[0]).rejected
    assert desk.fresh(takes[1]).starred


def test_a_banner_leaves_the_keyboard_where_it_was(desk, takes):
    desk.pick(takes[0])
    desk.press(Key.Key_X)
    desk.act_on("Undo")
    assert desk.view.hasFocus()
    desk.press(Key.Key_X)
    [undo] = desk._buttons("Undo")
    undo.setFocus(Qt.FocusReason.TabFocusReason)
    desk.press(Key.Key_Space)
    assert len(desk.shown()) == 3
    assert desk.view.hasFocus()


def test_the_bin_is_emptied_with_its_files(desk, takes):
    desk.pick(takes[0])
    desk.press(Key.Key_X)
    desk.click("Bin")
    desk.click("Empty bin")
    desk.until(lambda: not desk.shown())
    desk.until(lambda: not takes[0].delivered.exists() and not takes[0].original.exists())
    assert takes[1].delivered.exists()
    desk.click("All")
    assert len(desk.shown()) == 2


def test_several_are_rejected_and_starred_together(desk, takes):
    desk.pick(takes[0])
    desk.press(Key.Key_Right, SHIFT)
    assert desk.view.selected_ids() == [takes[0].id, takes[1].id]
    desk.press(Key.Key_X)
    assert [e.id for e in desk.shown()] == [takes[2].id]
    assert "2 takes are in the bin" in desk.told[-1]
    desk.press(Key.Key_Z, CTRL)
    assert len(desk.shown()) == 3


def test_a_sound_is_renamed_in_the_list_and_in_the_strip(desk, takes):
    desk.pick(takes[0])
    desk.press(Key.Key_F2)
    desk.until(lambda: desk.view.findChildren(QLineEdit))
    [field] = desk.view.findChildren(QLineEdit)
    field.setText("Tin roof")

    def enter() -> None:
        QTest.keyClick(field, Key.Key_Return)

    named = desk.finished(takes[0], enter)
    assert named.delivered.name == "Tin roof.wav"
    assert not takes[0].delivered.exists()
    assert desk.named(QLineEdit, "Name of the file").text() == "Tin roof"
    strip = desk.named(QLineEdit, "Name of the file")
    strip.setFocus()
    desk.press(Key.Key_A, CTRL)
    desk.type("sx 1")
    again = desk.finished(takes[0], lambda: desk.press(Key.Key_Return))
    assert again.delivered.name == "sx 1.wav"
    assert not again.starred and not again.rejected, "letters of a name are no keys of the list"
    desk.view.setFocus()
    back = desk.finished(takes[0], lambda: desk.press(Key.Key_Z, CTRL))
    assert back.delivered.name == "Tin roof.wav"


def test_search_finds_words_of_prompts_and_names(desk, takes):
    other = desk.make("wind in trees")
    desk.press(Key.Key_F, CTRL)
    desk.type("TREES wind")
    desk.until(lambda: [e.id for e in desk.shown()] == [e.id for e in other])
    desk.press(Key.Key_A, CTRL)
    desk.type("nothing of this")
    desk.until(lambda: not desk.shown())
    assert "Nothing found" in desk.view._hint
    desk.press(Key.Key_Escape)
    desk.until(lambda: len(desk.shown()) == 5)
    desk.press(Key.Key_Down)
    assert desk.view.hasFocus()


def test_the_menu_of_a_take_does_what_its_keys_do(desk, takes):
    desk.pick(takes[0])
    menu: QMenu = desk.view.menu()
    words = {action.text().split("\t")[0]: action for action in menu.actions()}
    words["Star"].trigger()
    assert desk.fresh(takes[0]).starred
    words["Reject"].trigger()
    assert desk.fresh(takes[0]).rejected
