"""How far a run is: bars on a terminal, a plain line every ten seconds elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..events import ProgressEvent, StageEvent

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

__all__ = ["Progress"]

_PLAIN_EVERY = 10.0


class Progress:
    """The state of a run on standard error.

    `shown` False keeps silent about progress; `write` writes all the same.
    """

    def __init__(self, *, shown: bool, color: bool) -> None:
        self._shown = shown
        self._color = color
        self._terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._bars: Bars | None = None
        self._done = self._total = 0
        self._told = time.monotonic()

    def start(self, total: int) -> None:
        """Begin a run of `total` sounds."""
        self._total = total
        if self._shown and self._terminal and total:
            self._bars = _bars(color=self._color)
            if total > 1:
                self._bars.add_task("all", total=total)
            self._bars.add_task("load", total=None)
            self._bars.start()

    def move(self, event: StageEvent | ProgressEvent) -> None:
        """Show the stage or step that an event tells of."""
        steps = (event.step, event.total) if isinstance(event, ProgressEvent) else (0, None)
        if self._bars:
            task = self._bars.tasks[-1]
            name = f"{event.id}: {event.stage}" if event.id else event.stage
            self._bars.update(task.id, description=name, completed=steps[0], total=steps[1])
        elif self._shown and time.monotonic() - self._told >= _PLAIN_EVERY:
            self._told = time.monotonic()
            step = f" {steps[0]}/{steps[1]}" if steps[1] else ""
            all_ = f"{self._done}/{self._total} {event.id} " if self._total else ""
            self.write(f"{all_}{event.stage}{step}")

    def advance(self, count: int = 1) -> None:
        """So many more sounds are made, or have failed."""
        self._done += count
        if self._bars and self._total > 1:
            self._bars.advance(self._bars.tasks[0].id, count)

    def write(self, text: str) -> None:
        """Put a line on standard error, above the bars."""
        with self.aside():
            print(text, file=sys.stderr, flush=True)

    @contextmanager
    def aside(self) -> Generator[None, None, None]:
        """While the block writes to the terminal, the bars are not on it."""
        if not self._bars:
            yield
            return
        self._bars.stop()
        try:
            yield
        finally:
            self._bars.start()

    def stop(self) -> None:
        """Take the bars away for good."""
        if self._bars:
            self._bars.stop()
            self._bars = None


def _bars(*, color: bool) -> Bars:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    return Bars(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr, no_color=not color),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
