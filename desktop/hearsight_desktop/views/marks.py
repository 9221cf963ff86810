"""What can be moved along a sound: where it is heard, its ends, its fades and its loop."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from ..edits import checked
from ..entry import Edit

__all__ = ["Mark", "marks_of", "moment", "moved"]

_LOOP_GAP = 0.01


class Mark(Enum):
    """Something that can be moved; the value is its name."""

    POSITION = "Position"
    START = "Start"
    END = "End"
    FADE_IN = "Fade in"
    FADE_OUT = "Fade out"
    LOOP_START = "Loop start"
    LOOP_END = "Loop end"


def marks_of(edit: Edit) -> list[Mark]:
    """Those that an edited sound has."""
    return [mark for mark in Mark if edit.loop or mark not in (Mark.LOOP_START, Mark.LOOP_END)]


def moment(mark: Mark, edit: Edit, seconds: float, position: float) -> float:
    """Where a mark is in a sound of that length, in seconds."""
    end = seconds if edit.end is None else edit.end
    loop = edit.loop or (edit.start, end)
    return {
        Mark.POSITION: position,
        Mark.START: edit.start,
        Mark.END: end,
        Mark.FADE_IN: edit.start + edit.fade_in,
        Mark.FADE_OUT: end - edit.fade_out,
        Mark.LOOP_START: loop[0],
        Mark.LOOP_END: loop[1],
    }[mark]


def moved(mark: Mark, edit: Edit, seconds: float, to: float) -> Edit:
    """The edit with a mark moved as far towards `to` as the others let it."""
    end = seconds if edit.end is None else edit.end
    to = min(max(to, 0.0), seconds)
    if mark is Mark.START:
        edit = replace(edit, start=min(to, end))
    elif mark is Mark.END:
        edit = replace(edit, end=max(to, edit.start))
    elif mark is Mark.FADE_IN:
        edit = replace(edit, fade_in=min(to - edit.start, end - edit.fade_out - edit.start))
    elif mark is Mark.FADE_OUT:
        edit = replace(edit, fade_out=min(end - to, end - edit.start - edit.fade_in))
    elif edit.loop and mark is Mark.LOOP_START:
        edit = replace(edit, loop=(min(to, edit.loop[1] - _LOOP_GAP), edit.loop[1]))
    elif edit.loop and mark is Mark.LOOP_END:
        edit = replace(edit, loop=(edit.loop[0], max(to, edit.loop[0] + _LOOP_GAP)))
    return checked(edit, seconds)
