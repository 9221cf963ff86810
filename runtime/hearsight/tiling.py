"""Windows over time, straight or round: what a model makes in one piece, laid over one another.

A sound longer than its model makes well, or one whose end runs on into its start, is played in
windows that overlap. Every step of the sampler blends their results (Bar-Tal et al. 2023,
MultiDiffusion, eq. 5), and so does the decoder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["Tiling", "Window", "circle", "line", "runs"]

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Window:
    """Which frames of the whole it covers, in order, and what each counts there, 0 to 1."""

    frames: NDArray[np.int64]
    share: Array


@dataclass(frozen=True)
class Tiling:
    """Windows of `size` frames over `frames` frames; the shares of a frame sum to 1.

    Two neighbours cross over in `fade` frames in the middle of their overlap. On a circle the
    last window goes on at frame 0, and the last and the first one are neighbours.
    """

    frames: int
    size: int
    starts: tuple[int, ...]
    fade: int
    round: bool

    @property
    def whole(self) -> bool:
        """Whether one window is all there is, so that nothing needs blending."""
        return len(self.starts) == 1 and not self.round

    def windows(self, scale: int = 1) -> Iterator[Window]:
        """The windows, at `scale` values a frame."""
        for index, start in enumerate(self.starts):
            frames = np.arange(start * scale, (start + self.size) * scale) % (self.frames * scale)
            place = np.arange(self.size * scale, dtype=np.float64) + 0.5
            share = np.ones(self.size * scale)
            before, after = self._overlaps(index)
            if before is not None:
                share *= _ramp(place, before * scale / 2, self.fade * scale)
            if after is not None:
                share *= 1 - _ramp(place, (self.size - after / 2) * scale, self.fade * scale)
            yield Window(frames, share.astype(np.float32))

    def blend(self, parts: Iterator[Array], axis: int, scale: int = 1) -> Array:
        """The whole from the windows' results, `scale` values a frame along `axis`."""
        if self.whole:
            return next(parts)
        total: Array | None = None
        for window, part in zip(self.windows(scale), parts, strict=True):
            moved = np.moveaxis(part, axis, 0)
            if total is None:
                total = np.zeros((self.frames * scale, *moved.shape[1:]), np.float32)
            share = window.share.reshape(-1, *(1,) * (moved.ndim - 1))
            for first, last in runs(window.frames):
                start = window.frames[first]
                total[start : start + last - first] += (share * moved)[first:last]
        assert total is not None, "there is a window"
        return np.ascontiguousarray(np.moveaxis(total, 0, axis))

    def _overlaps(self, index: int) -> tuple[int | None, int | None]:
        """Frames shared with the window before and the one after."""
        hops = [b - a for a, b in pairwise((*self.starts, self.frames + self.starts[0]))]
        last = len(hops) - 1
        return (
            self.size - hops[index - 1] if index or self.round else None,
            self.size - hops[index] if index < last or self.round else None,
        )


def line(frames: int, longest: int) -> Tiling:
    """Windows of at most `longest` frames over `frames` frames, evenly spaced.

    They overlap by a quarter or more, and are as few as that allows.
    """
    if frames <= longest:
        return Tiling(frames, frames, (0,), 1, False)
    fade = _fade(longest)
    count = -(-(frames - fade) // (longest - fade))
    starts = np.round(np.linspace(0, frames - longest, count)).astype(int)
    return Tiling(frames, longest, tuple(starts.tolist()), fade, False)


def circle(frames: int, longest: int, multiple: int) -> Tiling:
    """Windows over a circle of `frames` frames, each a multiple of `multiple` long.

    A short circle is one window that overlaps itself, so that the model hears its start after
    its end.
    """
    fade = _fade(longest)
    if frames + fade <= longest:
        size = -(-(frames + fade) // multiple) * multiple
        return Tiling(frames, size, (0,), min(fade, size - frames, frames), True)
    count = max(2, -(-frames // (longest - fade)))
    starts = np.round(np.arange(count) * frames / count).astype(int)
    return Tiling(frames, longest, tuple(starts.tolist()), fade, True)


def runs(frames: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """First and end of every stretch of `frames` that counts up by one."""
    breaks = np.flatnonzero(np.diff(frames) != 1) + 1
    edges = [0, *breaks.tolist(), len(frames)]
    yield from pairwise(edges)


def _fade(longest: int) -> int:
    """Frames in which neighbours cross over: a quarter; windows of one frame cannot overlap."""
    return min(max(1, longest // 4), longest - 1)


def _ramp(place: NDArray[np.float64], centre: float, width: float) -> NDArray[np.float64]:
    return np.clip((place - centre) / max(width, 1e-9) + 0.5, 0, 1)
