"""How often the app ended in the middle of a job: one that ends it is not tried forever."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

__all__ = ["Attempts"]


class Attempts:
    """Kept in a file, which is there while a job runs; what is no such file counts as none."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._job, self._count = _read(file)

    def of(self, id: str) -> int:
        """How often the app ended in the middle of this job."""
        return self._count if id == self._job else 0

    def begin(self, id: str) -> None:
        """The job runs now."""
        self._job, self._count = id, self.of(id) + 1
        with contextlib.suppress(OSError):  # a full disk is told of by whoever writes sounds
            self._file.write_text(json.dumps([id, self._count]), encoding="utf-8")

    def end(self) -> None:
        """No job runs any more."""
        self._job, self._count = "", 0
        with contextlib.suppress(OSError):
            self._file.unlink(missing_ok=True)


def _read(file: Path) -> tuple[str, int]:
    try:
        job, count = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, RecursionError):
        return "", 0
    return (job, count) if isinstance(job, str) and isinstance(count, int) else ("", 0)
