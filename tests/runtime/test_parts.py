"""What a detector may say of a picture, and what is made of it."""

import numpy as np
import pytest

from hearsight.errors import HearsightError
from hearsight.parts import detected, whole

PICTURE = np.zeros((20, 30, 3), np.uint8)
BOXES = np.array([[15, 10, 30, 20], [0, 0, 15, 10]], np.float32)
SCORES = np.array([0.9, 0.5], np.float32)


def boxes(*values):
    return np.array([values, *BOXES[1:]], np.float32)


def test_boxes_that_reach_over_the_edge_end_there():
    first, second = detected(boxes(-3, 10, 30.25, 21), SCORES, 9, (0.5,), PICTURE, "a.png")
    assert (first.box, first.weight) == ((0, 10, 30, 20), 0.5)
    assert (second.box, second.weight) == ((0, 0, 15, 10), 1)


@pytest.mark.parametrize(
    ("found", "scores", "sentence"),
    [
        (boxes(np.nan, 0, 1, 1), SCORES, "no numbers"),
        (BOXES, np.array([np.inf, 0.5], np.float32), "no numbers"),
        (BOXES, SCORES[:1], "2 parts and 1 scores"),
    ],
)
def test_what_is_no_number_is_refused(found, scores, sentence):
    with pytest.raises(HearsightError, match=sentence):
        detected(found, scores, 9, (), PICTURE, "a.png")


@pytest.mark.parametrize("nothing", [(20, 5, 10, 15), (40, 5, 50, 15), (5, 5, 5, 15)])
def test_what_is_outside_or_has_no_area_is_no_part(nothing):
    [part] = detected(boxes(*nothing), SCORES, 1, (0.5,), PICTURE, "a.png")
    assert (part.box, part.score, part.weight) == ((0, 0, 15, 10), 0.5, 0.5)


def test_the_whole_is_all_of_a_picture():
    assert whole(PICTURE).box == (0, 0, 30, 20)
