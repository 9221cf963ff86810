"""The chips of the parts that a model found in a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from hearsight import Heard, Prompt
from hearsight_desktop.pictures import Thumbnail
from hearsight_desktop.views.chips import ChipList
from hearsight_desktop.views.parts import PartChip
from hearsight_desktop.views.picture import PictureView

FILE = Path("/a/street.png")
LEFT = Heard(0, (0.0, 0.0, 100.0, 100.0), 0.9, 1.0)
RIGHT = Heard(0, (100.0, 0.0, 200.0, 100.0), 0.6, 1.0)


@pytest.fixture
def chips(qtbot) -> ChipList:
    made = ChipList()
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def chip(chips):
    chips.show_prompts([Prompt("image", str(FILE))], None)
    chips.show_parts(FILE, (LEFT, RIGHT))
    return chips.chips[0]


def sources(chips: ChipList) -> tuple[float, ...]:
    [prompt] = chips.prompts()
    return prompt.sources


def halves() -> Thumbnail:
    """A picture, red on the left and blue on the right, of 200 by 100 pixels as a file."""
    pixels = np.zeros((50, 100, 3), np.uint8)
    pixels[:, :50, 0] = pixels[:, 50:, 2] = 255
    return Thumbnail(pixels, (200, 100))


def colour(part: PartChip) -> str:
    return part.image.pixelColor(part.image.rect().center()).name()


def test_parts_are_weighed_and_left_out_one_by_one(chips, chip, qtbot):
    first, second = chip.parts.chips
    assert sources(chips) == (), "as long as nothing is said every part counts 1"
    with qtbot.waitSignal(chips.changed):
        second.stops[0].setValue(0)
    assert sources(chips) == (1.0, 0.25)
    with qtbot.waitSignal(chips.changed):
        first.stops[1].click()
    assert sources(chips) == (0.0, 0.25)
    assert not first.stops[0].isEnabled()
    first.stops[1].click()
    qtbot.mouseDClick(second.stops[0], Qt.MouseButton.LeftButton)
    assert sources(chips) == ()


def test_each_shows_what_is_cut_out_whichever_comes_first(chips, chip):
    chips.show_thumbnail(FILE, halves())
    assert [colour(part) for part in chip.parts.chips] == ["#ff0000", "#0000ff"]
    chips.add(Prompt("image", "/a/other.png"))
    other = chips.chips[1]
    chips.show_thumbnail(Path("/a/other.png"), halves())
    chips.show_parts(Path("/a/other.png"), (RIGHT,))
    assert [colour(part) for part in other.parts.chips] == ["#0000ff"]
    assert len(chip.parts.chips) == 2


def test_a_box_outside_its_picture_is_cut_at_the_edge(chips, chip):
    chips.show_thumbnail(FILE, halves())
    chips.show_parts(FILE, (Heard(0, (150.0, -9.0, 900.0, 900.0), 0.5, 1.0),))
    [part] = chip.parts.chips
    assert (part.image.width(), part.image.height()) == (25, 50)
    chips.show_parts(FILE, (Heard(0, (7.0, 7.0, 7.0, 7.0), 0.5, 1.0),))
    [part] = chip.parts.chips
    assert not part.image.isNull()


def test_weights_of_a_request_come_back_exactly_before_and_after_the_parts_are_known(chips):
    asked = (3.14159, 0.0, 1.0)
    chips.show_prompts([Prompt("image", str(FILE), sources=asked)], None)
    assert sources(chips) == asked
    [chip] = chips.chips
    assert len(chip.parts.chips) == 3
    chips.show_parts(FILE, (LEFT, RIGHT, LEFT))
    assert sources(chips) == asked
    chips.show_thumbnail(FILE, halves())
    assert sources(chips) == asked


def test_other_parts_than_before_are_weighed_anew(chips, chip):
    chip.parts.chips[0].stops[1].click()
    chips.show_parts(FILE, (LEFT, RIGHT))
    assert sources(chips) == (0.0,), "the same parts are as they were"
    chips.show_parts(FILE, (RIGHT, LEFT))
    assert sources(chips) == ()
    assert not chip.parts.chips[0].stops[1].isChecked()


def test_another_model_forgets_the_parts_and_asks_again(chips, chip, qtbot):
    chip.parts.chips[0].stops[1].click()
    with qtbot.waitSignal(chips.parts_wanted) as told:
        chips.forget_parts()
    assert told.args == [FILE]
    assert sources(chips) == ()
    assert chip.parts.isHidden()


def test_parts_that_do_not_count_are_kept_and_left_unsaid(chips, chip):
    chip.parts.chips[0].stops[1].click()
    chips.set_parts_count(False)
    assert sources(chips) == ()
    assert not chip.parts.chips[1].stops[0].isEnabled()
    chips.set_parts_count(True)
    assert sources(chips) == (0.0,)


def test_the_keyboard_reaches_every_part_and_del_leaves_it_out(chips, chip, qtbot):
    with qtbot.waitActive(chips):
        chips.activateWindow()
    before: QWidget = chip.stops[0]
    for stop in chip.stops[1:]:
        QWidget.setTabOrder(before, stop)
        before = stop
    chip.stops[1].setFocus()
    named = []
    for _ in range(7):
        named.append(QApplication.focusWidget().accessibleName())
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert named == [
        "Weight of street.png",
        "Leave street.png out for now",
        "Remove street.png",
        "Weight of part 1 of street.png",
        "Leave part 1 of street.png out for now",
        "Weight of part 2 of street.png",
        "Leave part 2 of street.png out for now",
    ]
    dial, button = chip.parts.chips[1].stops
    dial.setFocus()
    qtbot.keyClick(dial, Qt.Key.Key_Left)
    assert 0 < sources(chips)[1] < 1
    qtbot.keyClick(dial, Qt.Key.Key_Delete)
    assert sources(chips) == (1.0, 0.0)
    assert len(chips) == 1, "the picture itself is still there"
    assert button.accessibleName() == "Hear part 2 of street.png again"
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert 0 < sources(chips)[1] < 1, "it counts as much as before"


def test_the_ear_is_told_which_part_it_is_and_how_sure(chip):
    first, _ = chip.parts.chips
    assert first.accessibleName() == "Part 1 of street.png"
    assert first.accessibleDescription() == "90% sure"


def test_the_large_picture_frames_the_parts_and_fainter_those_left_out(qtbot):
    view = PictureView()
    qtbot.addWidget(view)
    view.resize(200, 100)
    black = Thumbnail(np.zeros((50, 100, 3), np.uint8), (200, 100))
    left_out = Heard(0, RIGHT.box, 0.6, 0.0)

    def light(*parts: Heard) -> tuple[float, float]:
        """How light the left and the right half are."""
        view.show_parts(black, parts)
        shown = (
            view.grab().toImage().convertToFormat(view.grab().toImage().Format.Format_Grayscale8)
        )
        seen = np.frombuffer(shown.constBits(), np.uint8).reshape(shown.height(), -1)
        middle = shown.width() // 2
        return float(seen[:, :middle].mean()), float(seen[:, middle : 2 * middle].mean())

    none, both, one = light(), light(LEFT, RIGHT), light(LEFT, left_out)
    assert both[0] > none[0] + 3
    assert both[1] > none[1] + 3
    assert none[1] < one[1] < both[1]
    view.show_frame(np.zeros((50, 100, 3), np.uint8))
    assert not view._parts, "a frame of a video has none"
