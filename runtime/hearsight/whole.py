"""Files that are there whole, or as they were before."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["part_of", "write_whole"]


def part_of(path: Path) -> Path:
    """Where a file lies until it is whole."""
    return path.with_name(f"{path.name}.part")


def write_whole(path: Path, *pieces: bytes, more: Iterable[bytes] = ()) -> None:
    """Put `pieces`, and then `more` as they come, at `path`, in place of what was there.

    They are written beside it, flushed to the disk, and put in its place in one go. Of what
    could not be finished nothing is left.

    Raises:
        OSError: the disk is full or not there, or nothing may be written.
    """
    part = part_of(path)
    try:
        with open(part, "wb") as file:
            file.writelines(pieces)
            file.writelines(more)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
