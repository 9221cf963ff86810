"""Give a finished file a name that nobody has, on every file system and beside other programs."""

from __future__ import annotations

import os
from pathlib import Path

from .naming import free_name

__all__ = ["claim"]


def claim(part: Path, folder: Path, name: str, suffix: str, own: Path | None = None) -> Path:
    """Move `part`, a file inside `folder`, to `name` or the next free number after it.

    A file that is there is never written over, except `own`, which is replaced where its name
    comes up. The file appears whole under its name.

    Raises:
        OSError: the folder cannot be written.
    """

    def taken(free: str) -> bool:
        path = folder / f"{free}{suffix}"
        try:
            if own is not None and _same(path, own):
                _replace(part, own, path)
            else:
                _move(part, path)
        except FileExistsError:
            return True
        return False

    # Asking whether a name is free and taking it later would leave time for others to take it.
    return folder / f"{free_name(name, taken)}{suffix}"


def _same(path: Path, other: Path) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False


def _replace(part: Path, own: Path, path: Path) -> None:
    try:
        os.replace(part, own)
    except PermissionError as problem:  # Windows, while another program has it open
        raise FileExistsError(str(own)) from problem
    if own.name != path.name:  # a file system that takes `Rain` and `rain` for one
        os.rename(own, path)


def _move(part: Path, path: Path) -> None:
    """Rename, unless the name is taken: FileExistsError."""
    if os.name == "nt":
        os.rename(part, path)
        return
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # no hard links here, as on memory sticks: reserve the name instead
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        os.replace(part, path)
    else:
        os.unlink(part)
