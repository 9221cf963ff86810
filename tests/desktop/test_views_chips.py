from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel

from hearsight import Init, Prompt
from hearsight_desktop.views.chips import ChipList
from hearsight_desktop.views.voice import weight_dial

PICTURE = Prompt("image", "/a/storm.png", 0.7)
SOUND = Prompt("audio", "/a/wind.wav")
EVERYTHING = ("text", "image", "video", "audio")


@pytest.fixture
def chips(qtbot):
    made = ChipList()
    qtbot.addWidget(made)
    made.set_model("Model", EVERYTHING, True)
    made.show()
    return made


def said(chip):
    return [label.text() for label in chip.findChildren(QLabel) if not label.isHidden()]


def test_a_muted_chip_is_left_out_and_comes_back_as_it_was(chips, qtbot):
    chips.show_prompts([PICTURE, SOUND], None)
    with qtbot.waitSignal(chips.changed):
        chips.chips[0].stops[2].click()
    assert chips.prompts() == (SOUND,)
    chips.chips[0].stops[2].click()
    assert chips.prompts() == (PICTURE, SOUND)


def test_del_removes_the_chip_with_the_keyboard_and_goes_to_the_next(chips, qtbot):
    chips.window().activateWindow()
    chips.show_prompts([PICTURE, SOUND], None)
    with qtbot.waitSignal(chips.removed) as told:
        qtbot.keyClick(chips.chips[0].stops[1], Qt.Key.Key_Delete)
    assert told.args == ["/a/storm.png"]
    assert chips.prompts() == (SOUND,)
    assert chips.focusWidget() in chips.chips[0].stops


def test_only_one_sound_is_begun_with(chips):
    chips.show_prompts([SOUND], Init("/a/old.wav", span=(1.0, 2.0)))
    assert chips.init() == Init("/a/old.wav", span=(1.0, 2.0))
    assert "new from 1 to 2 s" in said(chips.chips[1])
    chips.chips[0].findChild(QComboBox).activated.emit(1)
    assert chips.init() == Init("/a/wind.wav")
    assert chips.prompts() == (Prompt("audio", "/a/old.wav"),)
    chips.add(Prompt("audio", "/a/third.wav"), begin=True)
    assert chips.init() == Init("/a/third.wav")
    assert len(chips.prompts()) == 2


def test_what_the_model_does_not_understand_says_so(chips):
    chips.show_prompts([PICTURE], Init("/a/old.wav"))
    chips.set_model("Starter", ("text",), False)
    assert "Starter does not understand pictures." in said(chips.chips[0])
    assert "Starter cannot start from a sound." in said(chips.chips[1])
    chips.set_model("Other", EVERYTHING, True)
    assert not any("Starter" in words for chip in chips.chips for words in said(chip))


def test_pictures_are_asked_for_once_for_each_that_comes(chips, qtbot):
    asked = []
    chips.thumbnail_wanted.connect(asked.append)
    chips.show_prompts([PICTURE, SOUND], None)
    chips.add(Prompt("video", "/a/b.mov"))
    assert asked == [Path("/a/storm.png"), Path("/a/b.mov")]


@pytest.mark.parametrize(("place", "weight"), [(0, 0.25), (50, 1.0), (100, 4.0)])
def test_weights_multiply_along_the_slider(qtbot, place, weight):
    dial = weight_dial("Weight")
    qtbot.addWidget(dial)
    dial.setValue(1)
    dial.setValue(place)
    assert dial.number() == weight


def test_a_weight_is_exact_until_it_is_moved_and_a_double_click_resets_it(chips, qtbot):
    chips.show_prompts([Prompt("image", "/a/b.png", -3.14159)], None)
    assert chips.prompts()[0].weight == -3.14159
    qtbot.mouseDClick(chips.chips[0].stops[1], Qt.MouseButton.LeftButton)
    assert chips.prompts()[0].weight == 1.0
