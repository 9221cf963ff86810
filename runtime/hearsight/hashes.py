"""Hashes of large files, remembered between runs so that they are computed once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any, cast

import platformdirs

__all__ = ["HashMemory", "file_sha256"]

_CHUNK = 2**20
_MOST_ENTRIES = 4096
_SETTLED_NS = 2_000_000_000  # a file changed this recently may change again unnoticed


class HashMemory:
    """Hashes by path, size and time of change, kept in the user's cache folder.

    A cache that cannot be read or written costs time, never an error. With `forget`, what is
    remembered is not believed, but what is computed is remembered.
    """

    def __init__(self, *, forget: bool = False) -> None:
        self._file = platformdirs.user_cache_path("hearsight", appauthor=False) / "hashes.json"
        self._known = _load(self._file)
        self._forget = forget
        self._new: dict[str, list[Any]] = {}

    def sha256(self, path: Path) -> str:
        """The hash of a file in hexadecimal digits; raises OSError if it cannot be read."""
        key = str(path.resolve())
        stat = path.stat()
        facts = [stat.st_size, stat.st_mtime_ns]
        entry = self._new.get(key) or (None if self._forget else self._known.get(key))
        if entry and entry[:2] == facts:
            return str(entry[2])
        digest = file_sha256(path)
        if time.time_ns() - stat.st_mtime_ns > _SETTLED_NS:
            self._new[key] = [*facts, digest]
        return digest

    def save(self) -> None:
        """Write down what was computed, if anything was."""
        if not self._new:
            return
        entries = {**_load(self._file), **self._new}
        for key in list(entries)[: max(0, len(entries) - _MOST_ENTRIES)]:
            del entries[key]
        part = self._file.with_suffix(f".{os.getpid()}.part")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(entries), encoding="utf-8")
            part.replace(self._file)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
        self._new = {}


def file_sha256(path: Path) -> str:
    """Hash a file's content; raises OSError if it cannot be read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _load(file: Path) -> dict[str, list[Any]]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(data, dict):
        return {}
    entries = cast(dict[str, Any], data)
    return {
        key: cast(list[Any], value)
        for key, value in entries.items()
        if isinstance(value, list) and len(cast(list[Any], value)) == 3
    }
