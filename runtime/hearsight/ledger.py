"""`results.jsonl`: which sounds of a batch are done, so that a stopped run can go on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from .errors import OutputError
from .events import ErrorEvent, Result, Start, to_line

__all__ = ["LEDGER", "Ledger", "Past", "read_past"]

LEDGER = "results.jsonl"


@dataclass(frozen=True)
class Past:
    """What earlier runs left: the last base seed, and per (id, variation) the last request hash.

    `damaged` counts lines that could not be read; what they told is done again.
    """

    seed: int | None
    done: Mapping[tuple[str, int], str]
    damaged: int


def read_past(path: Path) -> Past:
    """Read a ledger; none at `path` means that nothing is done.

    Raises:
        OutputError: it is there and cannot be read.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return Past(None, {}, 0)
    except OSError as problem:
        raise OutputError(f"{path} cannot be read: {problem.strerror}.") from None
    seed: int | None = None
    done: dict[tuple[str, int], str] = {}
    damaged = 0
    for line in lines:
        if not line.strip():
            continue
        record = _record(line)
        event, found = record.get("event"), record.get("seed")
        if event == "start" and type(found) is int:
            seed = found
        elif event == "result" and type(record.get("variation")) is int:
            key = str(record.get("id")), record["variation"]
            done[key] = str(record.get("request_sha256"))
        elif event != "error":
            damaged += 1
    return Past(seed, done, damaged)


class Ledger:
    """An open ledger that is only ever added to; a context manager.

    Each line is on the disk before `add` returns, so a record that can be read is true even
    after a power cut. A line that an earlier run could not finish is closed first.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            torn = path.is_file() and path.read_bytes()[-1:] not in (b"", b"\n")
            self._file = path.open("ab", buffering=0)
            if torn:
                self._file.write(b"\n")
        except OSError as problem:
            raise self._error(problem) from None

    def add(self, event: Start | Result | ErrorEvent) -> None:
        """Append one event; raises OutputError."""
        try:
            line = to_line(event).encode()
            if self._file.write(line) != len(line):
                raise OSError(0, "the line was cut short; is the disk full?")
            os.fsync(self._file.fileno())
        except OSError as problem:
            raise self._error(problem) from None

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def _error(self, problem: OSError) -> OutputError:
        return OutputError(
            f"{self._path} cannot be written: {problem.strerror}. Free space or choose another "
            "--out-dir, then run again with --resume."
        )


def _record(line: bytes) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return cast(dict[str, Any], data) if isinstance(data, dict) else {}
