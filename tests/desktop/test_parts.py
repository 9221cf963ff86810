"""Which parts of a picture are known."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from test_history import BEGAN, entry

from hearsight import Heard, Prompt, Request
from hearsight_desktop.parts import known_parts, parts_of, regarded, within

WHOLE = Heard(1, None, None, 1.0)
FIRST = Heard(1, (10.0, 20.0, 30.0, 60.0), 0.9, 1.0)
SECOND = Heard(1, (0.0, 0.0, 5.0, 5.0), 0.6, 0.0)
OTHER = Heard(0, (1.0, 1.0, 2.0, 2.0), 0.5, 1.0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "street.png"
    made.write_bytes(b"a picture")
    written(made, -60)
    return made


def written(file: Path, seconds: float) -> None:
    """The file was last written so many seconds after the first take was made."""
    when = (BEGAN + timedelta(seconds=seconds)).timestamp()
    os.utime(file, (when, when))


def take(count: int, file: Path, *sources: Heard, **fields):
    request = Request((Prompt("image", "/a/other.png"), Prompt("image", str(file))))
    return entry(count, request=request, sources=sources, **fields)


def test_parts_are_those_of_one_prompt_and_the_whole_is_none(file):
    made = take(1, file, OTHER, WHOLE, FIRST, SECOND)
    assert parts_of(made, 1) == (FIRST, SECOND)
    assert parts_of(made, 0) == (OTHER,)


def test_the_last_look_counts_of_the_same_model_at_the_same_file(file):
    takes = [
        take(1, file, FIRST),
        take(2, file, WHOLE, SECOND, FIRST),
        take(3, file, WHOLE),  # listened to as a whole: nobody looked for parts
        take(4, file, FIRST, model="another"),
        take(5, file.with_name("else.png"), FIRST),
    ]
    assert known_parts(takes, file, "micro") == (SECOND, FIRST)
    assert known_parts(reversed(takes), file, "micro") == (SECOND, FIRST)
    assert known_parts(takes, file, "another") == (FIRST,)
    assert known_parts(takes, file, "third") == ()


def test_nothing_is_known_of_a_file_that_was_changed_or_is_gone(file):
    takes = [take(1, file, FIRST), take(20, file, SECOND)]
    written(file, 10)
    assert known_parts(takes, file, "micro") == (SECOND,)
    written(file, 30)
    assert known_parts(takes, file, "micro") == ()
    file.unlink()
    assert known_parts(takes, file, "micro") == ()


def test_the_picture_to_look_at_is_the_first_in_which_parts_were_found(file):
    assert regarded(take(1, file, WHOLE, FIRST)) == (file, (FIRST,))
    assert regarded(take(1, file, WHOLE)) is None
    file.unlink()
    assert regarded(take(1, file, FIRST)) is None


def test_a_box_lies_within_its_picture():
    assert within((10.0, 20.0, 30.0, 60.0), (100, 80)) == (0.1, 0.25, 0.3, 0.75)
    assert within((-5.0, -1.0, 130.0, 90.0), (100, 80)) == (0.0, 0.0, 1.0, 1.0)
