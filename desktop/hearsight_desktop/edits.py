"""What a user did to a take, applied: the kept part, fades, loop, level, rate and channels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hearsight import Finish, finish_sound

from .entry import Edit

__all__ = ["Edited", "apply", "checked", "samples_of"]

Samples = NDArray[np.float32]

_SHORTEST = 0.001  # seconds: what stays of a sound, however far its ends are pushed together
_SHORTEST_LOOP = 0.01  # seconds: below it a loop is a tone of its own
_LOWEST_DB = {"peak": -60.0, "lufs": -70.0, "none": -70.0}


@dataclass(frozen=True)
class Edited:
    """A take as the user wants it.

    audio: float32 [samples] or [samples, 2] in [-1, 1] at `sample_rate` Hz. loop: first and last
    sample of the loop, both played. gain_db: level change. notes: sentences about what was done
    otherwise than asked for.
    """

    audio: Samples
    sample_rate: int
    loop: tuple[int, int] | None = None
    gain_db: float = 0.0
    notes: tuple[str, ...] = ()


def checked(edit: Edit, seconds: float) -> Edit:
    """The edit brought into a sound of that length.

    At least a millisecond is kept (or all of a shorter sound), the two fades together are no
    longer than that part, and a loop region lies in it; what is left of a region that was cut
    away is dropped when it lasts less than a hundredth of a second.
    """
    shortest = min(_SHORTEST, seconds)
    start = min(max(_number(edit.start, 0.0), 0.0), seconds - shortest)
    end = seconds if edit.end is None else _number(edit.end, seconds)
    end = min(max(end, start + shortest), seconds)
    fade_in = min(max(_number(edit.fade_in, 0.0), 0.0), end - start)
    fade_out = min(max(_number(edit.fade_out, 0.0), 0.0), end - start - fade_in)
    loop = None
    if edit.loop:
        first, last = (min(max(_number(edge, start), start), end) for edge in edit.loop)
        loop = (first, last) if last - first >= min(_SHORTEST_LOOP, end - start) else None
    level_db = min(max(_number(edit.level_db, Edit.level_db), _LOWEST_DB[edit.level]), 0.0)
    return replace(
        edit,
        start=start,
        end=None if end >= seconds else end,
        fade_in=fade_in,
        fade_out=fade_out,
        loop=loop,
        level_db=level_db,
    )


def apply(
    audio: Samples,
    sample_rate: int,
    edit: Edit,
    channels: Literal[1, 2],
    *,
    to: int | None = None,
    trim: bool = False,
) -> Edited:
    """The kept part of `audio` [samples] or [samples, 2], finished at `to` Hz (its own by
    default), with one or two channels.

    Fades never reach into a loop. A loop around the whole part is a circle and is brought to
    the other rate as one, so that its seam stays what it is. `trim` also cuts silence at both
    ends of what has no loop.

    Raises:
        HearsightError: the sound holds values that are not numbers.
    """
    to = to or sample_rate
    edit = checked(edit, len(audio) / sample_rate)
    first = min(round(edit.start * sample_rate), max(0, len(audio) - 1))
    end = len(audio) if edit.end is None else round(edit.end * sample_rate)
    part = audio[first : max(end, first + 1)]
    loop = None if edit.loop is None else samples_of(edit.loop, sample_rate, len(audio))
    whole = loop == (first, first + len(part) - 1)
    notes: list[str] = []
    if loop and trim:
        trim = False
        notes.append("Silence at the ends was kept, as the sound has a loop.")
    if loop and not whole:
        room = (loop[0] - first) / sample_rate, (first + len(part) - 1 - loop[1]) / sample_rate
        edit = _outside(edit, room, notes)
    done = finish_sound(
        part,
        sample_rate,
        Finish(
            trim=trim,
            fade_in=edit.fade_in,
            fade_out=edit.fade_out,
            level=edit.level,
            level_db=edit.level_db,
            sample_rate=to,
            channels=channels,
        ),
        len(part) / sample_rate,
        loop=whole,
    )
    region = done.loop
    if loop and not whole:
        seconds = (loop[0] - first) / sample_rate, (loop[1] + 1 - first) / sample_rate
        region = samples_of(seconds, to, len(done.audio))
    if edit.loop and region is None:
        notes.append("The loop is too short for a file and was left out.")
    return Edited(done.audio, to, region, done.gain_db, (*notes, *done.notes))


def samples_of(
    region: tuple[float, float], sample_rate: int, length: int
) -> tuple[int, int] | None:
    """First and last sample, both played, of a region in seconds of a sound of `length` samples;
    None when it holds fewer than two."""
    first, last = (round(edge * sample_rate) for edge in region)
    first, last = max(first, 0), min(last, length) - 1
    return (first, last) if last > first else None


def _outside(edit: Edit, room: tuple[float, float], notes: list[str]) -> Edit:
    """The edit with fades that end where its loop begins, and begin where it ends."""
    fades = {"fade_in": ("in", room[0]), "fade_out": ("out", room[1])}
    for name, (way, most) in fades.items():
        if getattr(edit, name) > most:
            edit = replace(edit, **{name: most})
            notes.append(
                f"The fade {way} was shortened to {most:.3g} seconds, where the loop "
                f"{'begins' if way == 'in' else 'ends'}."
            )
    return edit


def _number(value: float, otherwise: float) -> float:
    return value if math.isfinite(value) else otherwise
