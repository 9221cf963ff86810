"""Ctrl-C: once stops the work cleanly, twice leaves at once, and neither leaves half files."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import TypeVar

from ..sampler import Cancel
from ..whole import part_of

__all__ = ["interruptible"]

T = TypeVar("T")

_LOOK_EVERY = 0.1


def interruptible(work: Callable[[Cancel], T], targets: Iterable[Path] = ()) -> T:
    """Do the work in a thread of its own, so that signals are heard while graphs run.

    The first Ctrl-C (or SIGTERM) cancels the token that `work` was given; the second removes
    the `.part` files of `targets` and ends the process with code 130. What `work` raises is
    raised here.
    """
    cancel = Cancel()
    outcome: list[T] = []
    problem: list[BaseException] = []

    def runner() -> None:
        try:
            outcome.append(work(cancel))
        except BaseException as error:
            problem.append(error)

    def heard(number: int, frame: FrameType | None) -> None:
        if cancel.cancelled:
            for target in targets:
                with contextlib.suppress(OSError):
                    part_of(target).unlink()
            if sys.stderr.isatty():
                sys.stderr.write("\x1b[?25h\n")  # the cursor, which progress bars hide
                sys.stderr.flush()
            os._exit(130)
        cancel.cancel()
        print("Stopping after this step; Ctrl-C again quits at once.", file=sys.stderr, flush=True)

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    thread = threading.Thread(target=runner, daemon=True)
    try:
        thread.start()
        # A join without a timeout would not hear a signal on Windows.
        while thread.is_alive():
            thread.join(_LOOK_EVERY)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if problem:
        raise problem[0]
    return outcome[0]
