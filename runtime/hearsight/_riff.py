"""The chunks of a WAV file: built from data, found again, read back.

Sources: Microsoft's "Multimedia Programming Interface and Data Specifications 1.0" (RIFF, INFO,
smpl), EBU Tech 3285 (bext version 1), the iXML specification 3.01.
"""

from __future__ import annotations

import json
import struct
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO
from xml.etree import ElementTree
from xml.sax.saxutils import escape

__all__ = [
    "Chunk",
    "bext",
    "info",
    "ixml",
    "pack",
    "printable",
    "read_bext",
    "read_info",
    "read_ixml",
    "read_smpl",
    "smpl",
    "walk",
]

_BEXT = struct.Struct("<256s32s32s10s8sQH64s190s")
_SMPL = struct.Struct("<9I")
_LOOP = struct.Struct("<6I")


@dataclass(frozen=True)
class Chunk:
    """Where a chunk's content lies in the file: offset and size in bytes, size as stated."""

    id: bytes
    offset: int
    size: int


def walk(file: BinaryIO) -> Iterator[Chunk]:
    """The chunks of an open RIFF (little-endian) or IFF (big-endian) file, from its start."""
    file.seek(0)
    order = ">I" if file.read(12)[:4] == b"FORM" else "<I"
    at = 12
    while len(head := file.read(8)) == 8:
        if not head[:4].isascii() or b"\0" in head[:4]:
            return  # no chunk: whatever lies here, it is not for walking through
        size = struct.unpack(order, head[4:])[0]
        yield Chunk(head[:4], at + 8, size)
        at += 8 + size + size % 2
        file.seek(at)


def pack(name: bytes, content: bytes) -> bytes:
    """A chunk with its header, padded to an even length."""
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def info(fields: Mapping[str, str]) -> bytes:
    """LIST/INFO: four-letter keys to texts, UTF-8, empty ones left out."""
    parts = [pack(k.encode("ascii"), v.encode() + b"\0") for k, v in fields.items() if v]
    return pack(b"LIST", b"INFO" + b"".join(parts))


def bext(description: str, originator: str, history: str, date: datetime | None) -> bytes:
    """Broadcast extension, version 1. OriginatorReference and UMID stay empty on purpose:
    stale ones make editors ask questions."""
    fixed = _BEXT.pack(
        _ascii(description)[:256],
        _ascii(originator)[:32],
        b"",
        f"{date:%Y-%m-%d}".encode() if date else b"",
        f"{date:%H:%M:%S}".encode() if date else b"",
        0,
        1,
        b"",
        b"",
    )
    return pack(b"bext", fixed + _ascii(history) + b"\r\n\0")


def ixml(note: str, channels: int, record: Mapping[str, Any] | None) -> bytes:
    """iXML: NOTE, the TRACK_LIST that some readers cannot do without, and JSON in USER."""
    names = ("mono",) if channels == 1 else ("left", "right")
    tracks = "".join(
        f"<TRACK><CHANNEL_INDEX>{i}</CHANNEL_INDEX><INTERLEAVE_INDEX>{i}</INTERLEAVE_INDEX>"
        f"<NAME>{name}</NAME></TRACK>"
        for i, name in enumerate(names, 1)
    )
    # Escaped to ASCII, JSON has no character that XML forbids.
    user = "" if record is None else f"<USER>{escape(json.dumps(record, allow_nan=False))}</USER>"
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<BWFXML><IXML_VERSION>3.01</IXML_VERSION><NOTE>{escape(note)}</NOTE>"
        f"<TRACK_LIST><TRACK_COUNT>{channels}</TRACK_COUNT>{tracks}</TRACK_LIST>{user}</BWFXML>"
    )
    return pack(b"iXML", text.encode())


def smpl(sample_rate: int, first: int, last: int) -> bytes:
    """Sampler chunk with one endless forward loop; `last` is the last sample played."""
    period = round(1e9 / sample_rate)
    head = _SMPL.pack(0, 0, period, 60, 0, 0, 0, 1, 0)
    return pack(b"smpl", head + _LOOP.pack(0, 0, first, last, 0, 0))


def read_info(content: bytes) -> dict[str, str]:
    """The texts of a LIST chunk's content; empty if it is another kind of list."""
    found: dict[str, str] = {}
    at = 4 if content[:4] == b"INFO" else len(content)
    while at + 8 <= len(content):
        size = struct.unpack_from("<I", content, at + 4)[0]
        text = content[at + 8 : at + 8 + size].split(b"\0")[0]
        found[content[at : at + 4].decode("latin-1")] = text.decode("utf-8", "replace")
        at += 8 + size + size % 2
    return found


def read_bext(content: bytes) -> dict[str, str]:
    """The texts of a bext chunk; raises struct.error when it is too short to be one."""
    fields = _BEXT.unpack_from(content)
    texts = [fields[i].split(b"\0")[0].decode("latin-1") for i in (0, 1, 3, 4)]
    history = content[_BEXT.size :].split(b"\0")[0].decode("latin-1").strip()
    names = ("description", "originator", "date", "time", "history")
    return dict(zip(names, [*texts, history], strict=True))


def read_smpl(content: bytes) -> tuple[int, int] | None:
    """First and last sample of the first loop, None without one; raises struct.error."""
    if _SMPL.unpack_from(content)[7] == 0:
        return None
    _, _, first, last, _, _ = _LOOP.unpack_from(content, _SMPL.size)
    return first, last


def read_ixml(content: bytes) -> dict[str, str]:
    """NOTE and USER of an iXML chunk, where present; raises ValueError when it is not XML."""
    if b"<!DOCTYPE" in content:
        raise ValueError("it declares a document type, which iXML does not have")
    try:
        root = ElementTree.fromstring(content.rstrip(b"\0 \r\n\t"))
    except (ElementTree.ParseError, LookupError) as problem:  # or an unknown encoding
        raise ValueError(f"it is not XML: {problem}") from problem
    return {
        name: root.findtext(name) or "" for name in ("NOTE", "USER") if root.find(name) is not None
    }


def printable(text: str) -> str:
    """The text in one line, without what XML and UTF-8 cannot hold."""
    return " ".join(
        "".join(
            " " if c < " " or "\ud800" <= c <= "\udfff" or c in "\ufffe\uffff" else c for c in text
        ).split()
    )


def _ascii(text: str) -> bytes:
    """Accents dropped, anything else outside ASCII as `?`, one line."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return printable(plain).encode("ascii", "replace")
