"""The part of a sound that is seen: one axis for all that is drawn along time."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

__all__ = ["MARGIN", "TimeAxis", "clock", "ticks"]

MARGIN = 12
"""Logical pixels left and right of the sound, so that handles at its ends can be grabbed."""

_SHORTEST = 0.005
_STEPS = (1.0, 2.0, 5.0)


class TimeAxis(QObject):
    """Seconds `first` to `last` of a sound of `seconds` lie between the margins of a widget."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.seconds = 0.0
        self.first = 0.0
        self.last = 0.0

    def x(self, seconds: float, width: int) -> float:
        """Where a moment lies in a widget of this width."""
        span = max(self.last - self.first, 1e-9)
        return MARGIN + (seconds - self.first) / span * (width - 2 * MARGIN)

    def at(self, x: float, width: int) -> float:
        """The moment that lies there, inside the sound."""
        share = (x - MARGIN) / max(width - 2 * MARGIN, 1)
        moment = self.first + share * (self.last - self.first)
        return min(max(moment, 0.0), self.seconds)

    def reset(self, seconds: float) -> None:
        """Another sound of this length, all of it."""
        self.seconds = seconds
        self.show(0.0, seconds)

    def show(self, first: float, last: float) -> None:
        """See this part; it is moved into the sound and is never too short to be told apart."""
        span = min(max(last - first, _SHORTEST), self.seconds)
        first = min(max(first, 0.0), self.seconds - span)
        self.first, self.last = first, first + span
        self.changed.emit()

    def show_all(self) -> None:
        """See the whole sound."""
        self.show(0.0, self.seconds)

    def zoom(self, factor: float, around: float) -> None:
        """See `factor` times less, more if below 1; the moment `around` stays where it is."""
        first = around - (around - self.first) / factor
        self.show(first, first + (self.last - self.first) / factor)

    def scroll(self, share: float) -> None:
        """Move on by a share of what is seen, back if negative."""
        step = (self.last - self.first) * share
        self.show(self.first + step, self.last + step)

    def reveal(self, moment: float) -> None:
        """Turn to the page that a moment is on."""
        if not self.first <= moment <= self.last:
            self.show(moment, moment + self.last - self.first)


def ticks(first: float, last: float, most: int) -> list[float]:
    """Round moments between two, at most that many."""
    span = last - first
    if span <= 0 or most < 1:
        return []
    sizes = (base * 10.0**power for power in range(-4, 5) for base in _STEPS)
    size = next((size for size in sizes if span / size <= most), span)
    start = -(-first // size)
    return [(start + i) * size for i in range(int((last - start * size) / size + 1e-9) + 1)]


def clock(seconds: float, decimals: int = 2) -> str:
    """As `0:01.25`: minutes, seconds, and as much of a second as is told."""
    scale = 10**decimals
    whole, rest = divmod(round(max(seconds, 0.0) * scale), scale)
    tail = f".{rest:0{decimals}}" if decimals else ""
    return f"{whole // 60}:{whole % 60:02}{tail}"
