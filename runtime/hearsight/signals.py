"""Read what a sensor of motion measured: a table of numbers, one column for each channel."""

from __future__ import annotations

import csv
import math
from array import array
from pathlib import Path
from tokenize import TokenError
from typing import cast

import numpy as np
from numpy.typing import NDArray

from . import _sniff
from .errors import MediaError

__all__ = ["checked", "read_signal"]

_MOST_BYTES = 64 * 2**20
# NumPy reads the header as a Python literal, and lets through what goes wrong there.
_BAD_HEADERS = (SyntaxError, TypeError, TokenError, RecursionError)


def checked(path: str | Path) -> Path:
    """The path, if a file is there that may be such a table.

    Raises:
        MediaError: it is missing, empty, of another kind, or too large.
    """
    path = Path(path)
    if (kind := _sniff.kind_of(path)) is not None:
        raise MediaError(f"{path} is no table of a sensor: give it as {kind}.")
    if path.suffix.lower() not in (".npy", ".csv"):
        raise MediaError(f"{path} is no table that is read; save it as .npy or .csv.")
    if path.stat().st_size > _MOST_BYTES:
        raise MediaError(f"The file {path} is too large for a sensor's table: over 64 MiB.")
    return path


def read_signal(
    path: str | Path, *, channels: int, samples: int | None = None
) -> NDArray[np.float32]:
    """Read a signal as float32 [channels, samples].

    The file holds a row for each sample or, where that does not fit, a row for each channel: a
    .npy array of numbers, or a .csv whose first row may name the columns.

    Args:
        path: of the file.
        channels: how many it must have.
        samples: how many it must have; None takes any number.

    Raises:
        MediaError: it is missing, damaged, of another shape, or holds what is no number.
    """
    path = checked(path)
    table = _array(path) if path.suffix.lower() == ".npy" else _cells(path)
    for turned in (table.T, table):
        if turned.shape[0] == channels and samples in (None, turned.shape[1]):
            break
    else:
        wanted = "any number of" if samples is None else samples
        raise MediaError(
            f"{path} has the shape {list(table.shape)}, and {wanted} samples of {channels} "
            "channels are wanted."
        )
    if not (np.abs(turned) <= np.finfo(np.float32).max).all():
        raise MediaError(f"{path} holds values that are not numbers (NaN or infinity).")
    return np.ascontiguousarray(turned, np.float32)


def _array(path: Path) -> NDArray[np.float64]:
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            readers = {(1, 0): np.lib.format.read_array_header_1_0}
            readers[2, 0] = np.lib.format.read_array_header_2_0
            if version not in readers:
                raise ValueError("it is of a version that is not known")
            shape, _, dtype = readers[version](file)
            if len(shape) != 2 or dtype.kind not in "fiu":
                raise ValueError("not a table of numbers")
            # Before memory is taken for what a damaged header says.
            if math.prod(shape) * dtype.itemsize != path.stat().st_size - file.tell():
                raise ValueError("it is cut short, or longer than it says")
            file.seek(0)
            return np.load(file, allow_pickle=False).astype(np.float64)
    except (OSError, ValueError, *_BAD_HEADERS) as problem:
        raise MediaError(f"{path} cannot be read as a .npy table: {problem}.") from None


def _cells(path: Path) -> NDArray[np.float64]:
    found, width = array("d"), 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            for first, row in enumerate(row for row in reader if any(map(str.strip, row))):
                numbers = [_number(cell) for cell in row]
                if not first and all(number is None for number in numbers):
                    continue  # names of the columns
                if None in numbers:
                    raise MediaError(f"{path}, row {reader.line_num} holds what is no number.")
                width = width or len(numbers)
                if len(numbers) != width:
                    raise MediaError(f"{path} must have as many numbers in every row.")
                found.extend(cast("list[float]", numbers))
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise MediaError(f"{path} cannot be read as a .csv table: {problem}.") from None
    if not found:
        raise MediaError(f"{path} holds no numbers.")
    return np.frombuffer(found, np.float64).reshape(-1, width)


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
