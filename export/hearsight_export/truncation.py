"""Which tensor a half-downloaded checkpoint breaks off at."""

from __future__ import annotations

import json
import pickletools
import re
import struct
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path

__all__ = ["cut_pickle", "cut_safetensors"]

_ENTRY = struct.Struct("<4s5H3L2H")  # a zip entry's header (APPNOTE 4.3.7)
_STRINGS = ("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "UNICODE")
_WORDS = ("storage", "cpu")
_NUMBERS = ("BININT", "BININT1", "BININT2", "LONG1")
_MOST_HEADER_BYTES = 10**8  # as safetensors itself has it


def cut_safetensors(path: Path) -> str:
    """Says which tensor lies beyond the end of the file; empty if none does."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or (length <= _MOST_HEADER_BYTES and size < 8 + length):
            return f"it ends after {size} bytes, before the list of its tensors does"
        if length > _MOST_HEADER_BYTES:
            return ""
        try:
            listed = json.loads(file.read(length))
            ends = [
                (value["data_offsets"][1] + 8 + length, name)
                for name, value in listed.items()
                if name != "__metadata__"
            ]
        except (ValueError, AttributeError, LookupError, TypeError):
            return ""
    beyond = [(end, name) for end, name in ends if end > size]
    if not beyond:
        return ""
    end, name = min(beyond)
    return f"{name} was expected to end at byte {end}, and the file ends at {size}"


def cut_pickle(path: Path) -> str:
    """Says which tensor a zip of PyTorch's, whose end is missing, breaks off at.

    The zip tells sizes at its end only, so the last entry that was begun is looked for from
    behind. Nothing is unpickled: the pickle's opcodes are looked through for names.
    """
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as whole:
        ends = f"the file ends at byte {len(whole)}"
        *_, name_length, extra_length = _ENTRY.unpack(
            whole[: _ENTRY.size].ljust(_ENTRY.size, b"\0")
        )
        first = whole[_ENTRY.size : _ENTRY.size + name_length]
        start = _ENTRY.size + name_length + extra_length
        stem = first.removesuffix(b"/data.pkl") + b"/data/"
        last = whole.rfind(stem)
        key = whole[last + len(stem) : last + len(stem) + 20].decode("ascii", "replace")
        digits = re.match(r"\d+", key)
        try:
            whole.seek(start)
            stored = dict(_storages(whole))
        except (ValueError, IndexError, UnicodeDecodeError):
            return f"the list of its tensors was expected first, and {ends} within it"
    if last < 0 or not digits:
        return f"its tensors were expected after the list of them, and {ends} before the first"
    name, values = stored.get(digits[0], (f"the storage {digits[0]}", 0))
    return f"{name} was expected with {values} values, and {ends} in it or right after it"


def _storages(pickled: mmap) -> Iterator[tuple[str, tuple[str, int]]]:
    """Key of each storage, the name it is kept under and how many values it has."""
    name = key = ""
    for opcode, value, _ in pickletools.genops(pickled):
        if opcode.name in _STRINGS and value not in _WORDS:
            if key:
                continue  # the device it was saved from
            if value.isdecimal():
                key = value
            else:
                name = value
        elif key and opcode.name in _NUMBERS:
            yield key, (name, int(value))
            key = ""
