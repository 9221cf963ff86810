"""How long a stage of the work still takes, told from how it went so far; no clock of its own."""

from __future__ import annotations

__all__ = ["Pace"]

_SOONEST = 1.0  # seconds of a stage before its pace says anything


class Pace:
    """Watches the steps of one job, a stage at a time."""

    def __init__(self) -> None:
        self._stage = ("", 0)
        self._first = (0, 0.0)

    def seconds_left(self, stage: str, step: int, total: int, now: float) -> float | None:
        """Of this stage, or None while its pace is not known yet.

        The step at which a stage was first heard of counts for nothing: what goes before it is
        slower. `now`: in seconds, of a clock that never goes back.
        """
        if (stage, total) != self._stage or step < self._first[0]:
            self._stage, self._first = (stage, total), (step, now)
            return None
        steps, seconds = step - self._first[0], now - self._first[1]
        if steps <= 0 or seconds < _SOONEST:
            return None
        return max(total - step, 0) * seconds / steps
