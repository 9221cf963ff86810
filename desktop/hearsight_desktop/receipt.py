"""What lies beside an original: the entry as it was last written, and its delivered file's mark.

The mark is the SHA-256 of the file as it was delivered: whoever changed it since owns it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from hearsight import OutputError, write_whole

from .entry import Entry
from .rows import entry_line, read_entry

__all__ = ["mark", "read_receipt", "write_receipt"]

_BLOCK = 1 << 20  # bytes read at a time


def mark(path: Path) -> str:
    """SHA-256 of a file, in hex.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def write_receipt(path: Path, entry: Entry, delivered_mark: str = "") -> None:
    """Write a receipt; it is there whole, or as it was before.

    Raises:
        OutputError: the disk is full, or not there, or cannot be written.
    """
    data = {"mark": delivered_mark, "entry": json.loads(entry_line(entry))}
    try:
        write_whole(path, json.dumps(data).encode())
    except OSError as problem:
        raise OutputError(
            f"{path} could not be written: {problem.strerror or problem}. "
            "Free some space there, and see that its disk is connected."
        ) from problem


def read_receipt(path: Path) -> tuple[Entry, str]:
    """The entry, and the mark of its delivered file (empty while there is none).

    Raises:
        OSError: there is no receipt, or it cannot be read.
        ValueError: it is damaged.
    """
    try:
        data = json.loads(path.read_text(encoding="ascii"))
        entry = read_entry(json.dumps(data["entry"]))
        delivered_mark = data["mark"]
    except (KeyError, RecursionError, TypeError) as problem:
        raise ValueError(f"{path}: {problem}") from problem
    if entry.id != path.stem or not isinstance(delivered_mark, str):
        raise ValueError(f"{path} belongs to another take")
    return entry, delivered_mark
