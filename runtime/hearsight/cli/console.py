"""Where words go: results to standard output, everything else to standard error."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from ..errors import Cancelled, OutputError
from ..events import End, ErrorEvent, Event, ProgressEvent, Result, StageEvent, Start, to_line
from .asked import said
from .progress import Progress
from .settings import Settings

__all__ = ["Console"]

_LEVELS = ("error", "warning", "info", "debug")


class Console:
    """The two streams and the log file of one command; a context manager.

    Standard output carries paths, tables or JSON and nothing else. On a terminal, standard
    error shows bars; elsewhere a plain line every ten seconds.
    """

    def __init__(self, settings: Settings) -> None:
        self.json = settings.json
        self._level = _LEVELS.index("error" if settings.quiet else settings.log_level)
        self._log = _opened(settings.log_file)
        self._progress = Progress(
            shown=self._level >= _LEVELS.index("info"),
            color=settings.color and not os.environ.get("NO_COLOR"),
        )

    def error(self, text: str) -> None:
        """Say what failed."""
        self._say("error", text)

    def warning(self, text: str) -> None:
        """Say what the user may not expect."""
        self._say("warning", text)

    def info(self, text: str) -> None:
        """Say how it goes."""
        self._say("info", text)

    def print(self, text: str) -> None:
        """Put a result on standard output."""
        self._out(text + "\n")

    def document(self, data: Any) -> None:
        """Put one JSON document on standard output."""
        self._out(json.dumps(data, indent=2, allow_nan=False) + "\n")

    def tell(self, event: Event) -> None:
        """An event: a line of JSON with `--json`, words and bars otherwise.

        Raises:
            Cancelled: nobody reads standard output any more.
            OutputError: it cannot be written, such as to a full disk.
        """
        if self.json:
            self._out(to_line(event))
        match event:
            case Start():
                self._progress.start(event.total)
                self.info(_started(event))
            case StageEvent() | ProgressEvent():
                self._progress.move(event)
                if isinstance(event, StageEvent):
                    self._say("debug", f"{event.id or 'sound'}: {event.stage}")
                    self.info(event.hint)
            case Result():
                self._progress.advance()
                if not self.json:
                    self._out(f"{event.path}\n")
                self.info(_made(event))
                for line in said(event.sources):
                    self.info(f"  {line}")
                for note in event.notes:
                    self.warning(f"  {note}")
            case ErrorEvent():
                self._progress.advance()
                self.error(_failed(event))
            case End():
                self._progress.stop()
                self.info(_ended(event))

    def __enter__(self) -> Console:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()
        self._close_log()

    def _say(self, level: str, text: str) -> None:
        if not text:
            return
        self._note(level, text)
        if _LEVELS.index(level) <= self._level:
            mark = f"{level}: " if level in ("error", "warning") else ""
            self._progress.write(f"{mark}{text}")

    def _note(self, level: str, text: str) -> None:
        """Add a line to the log file; one that cannot be written is given up, not the sound."""
        if not self._log:
            return
        try:
            self._log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {level} {text}\n")
        except OSError as problem:
            name = self._log.name
            self._close_log()
            self.warning(f"The log file {name} ends here: {problem.strerror}.")

    def _close_log(self) -> None:
        if self._log:
            with contextlib.suppress(OSError):  # what is still buffered
                self._log.close()
            self._log = None

    def _out(self, text: str) -> None:
        try:
            with self._progress.aside():
                sys.stdout.write(text)
                sys.stdout.flush()
        except BrokenPipeError:
            # What is buffered can go nowhere; without this Python complains when it exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise Cancelled("Standard output was closed by its reader.") from None
        except OSError as problem:
            raise OutputError(
                f"Standard output cannot be written: {problem.strerror}. Send it elsewhere."
            ) from None


def _opened(name: str) -> TextIO | None:
    if not name:
        return None
    try:
        return Path(name).open("a", encoding="utf-8", buffering=1)
    except OSError as problem:
        raise OutputError(f"The log file {name} cannot be written: {problem.strerror}.") from None


def _started(event: Start) -> str:
    kept = f", {event.skipped} already there" if event.skipped else ""
    return f"{_sounds(event.total)} to make with {event.bundle!r}, seed {event.seed}{kept}"


def _made(event: Result) -> str:
    took = sum(timing.seconds for timing in event.timings)
    looped = ", loops" if event.loop else ""
    name = f"{event.id}: " if event.id else ""
    return (
        f"  {name}{event.duration:.2f} s, seed {event.seed}, variation {event.variation + 1}, "
        f"gain {event.gain_db:+.1f} dB{looped}; made in {took:.1f} s "
        f"({event.provider.removesuffix('ExecutionProvider')}, {event.precision})"
    )


def _failed(event: ErrorEvent) -> str:
    where = [f"line {event.line}"] if event.line else []
    where += [event.id] if event.id else []
    return f"{', '.join(where)}: {event.message}" if where else event.message


def _ended(event: End) -> str:
    counts = [f"{_sounds(event.done)} made"]
    counts += [f"{event.failed} failed"] if event.failed else []
    counts += [f"{event.skipped} skipped"] if event.skipped else []
    return f"{', '.join(counts)} in {event.seconds:.1f} s"


def _sounds(count: int) -> str:
    return "1 sound" if count == 1 else f"{count} sounds"
