"""Give an Ogg stream a fixed serial number, so that equal sounds make equal files.

libsndfile draws the number at random. Format: RFC 3533, section 6.
"""

from __future__ import annotations

import struct
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["with_serial"]

_HEADER = 27


def with_serial(data: bytes, serial: int) -> bytes:
    """The same single-stream Ogg file with another serial number and fresh page checksums."""
    out = bytearray(data)
    at = 0
    while at < len(out):
        segments = out[at + _HEADER - 1]
        lacing = out[at + _HEADER : at + _HEADER + segments]
        end = at + _HEADER + segments + sum(lacing)
        struct.pack_into("<I", out, at + 14, serial)
        struct.pack_into("<I", out, at + 22, 0)
        struct.pack_into("<I", out, at + 22, _crc(out[at:end]))
        at = end
    return bytes(out)


def _crc(page: bytes | bytearray) -> int:
    """CRC-32 with polynomial 0x04C11DB7, not reflected, starting from zero."""
    table = _table().tolist()
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFFFFFF) ^ table[value >> 24 ^ byte]
    return value


@cache
def _table() -> NDArray[np.uint32]:
    value = np.arange(256, dtype=np.uint32) << np.uint32(24)
    for _ in range(8):
        value = (value << np.uint32(1)) ^ np.where(value >> np.uint32(31), 0x04C11DB7, 0).astype(
            np.uint32
        )
    return value
