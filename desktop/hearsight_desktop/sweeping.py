"""Garbage of the window is collected in the window's thread.

Python collects cycles in whichever thread happens to reach the threshold. What belongs to Qt may
only be deleted in its own thread: a timer or a widget that a worker sweeps up ends the process.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

__all__ = ["Sweeping"]

_EVERY = 250  # ms


class Sweeping(QObject):
    """Collects in the thread that made it, instead of Python in any; until `stop`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.collect()
        gc.freeze()  # what is there now stays: later sweeps need not look at it
        gc.disable()
        self._timer = QTimer(self, interval=_EVERY)
        self._timer.timeout.connect(self.sweep)
        self._timer.start()

    def sweep(self) -> None:
        """Collect the oldest generation that is due, by Python's own thresholds."""
        due = [c > t > 0 for c, t in zip(gc.get_count(), gc.get_threshold(), strict=True)]
        for generation in (2, 1, 0):
            if due[generation]:
                gc.collect(generation)
                return

    def stop(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
