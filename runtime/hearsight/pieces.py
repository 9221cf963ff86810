"""A vocoder over a long mel, piece by piece: bounded memory, progress, and the same samples.

A frame's samples depend on no more than `reach` frames to either side, so that a piece which is
run with so many around it gives what the whole would give, but for rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Piece", "count", "pieces"]

# What is run twice is 2 in so many: a twelfth here. Time goes with the frames that are run, and
# memory with those of a piece: of 20 seconds at once, the largest BigVGAN takes half a gigabyte.
_TIMES_REACH = 24
_SHORTEST_REACH = 16


@dataclass(frozen=True)
class Piece:
    """Frames `start` to `end` that a piece is for, and `first` to `last` that are run for it."""

    start: int
    end: int
    first: int
    last: int


def count(frames: int, reach: int) -> int:
    """How many pieces so many frames are."""
    return max(1, -(-frames // (_TIMES_REACH * max(reach, _SHORTEST_REACH))))


def pieces(frames: int, reach: int) -> Iterator[Piece]:
    """Pieces in order that cover all frames, of one size but for the last one.

    As many frames are run for each, so that what is fitted to a size is fitted once; at the
    ends the real edge is among them.
    """
    total = count(frames, reach)
    size = -(-frames // total)
    run = min(frames, size + 2 * reach)
    for index in range(total):
        start = min(index * size, frames)
        end = min(start + size, frames)
        first = min(max(start - reach, 0), frames - run)
        yield Piece(start, end, first, first + run)
