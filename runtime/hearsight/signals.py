"""Read what a sensor of motion measured: a table of numbers, one column for each channel."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from . import _sniff
from .errors import MediaError

__all__ = ["checked", "read_signal"]

_MOST_BYTES = 64 * 2**20


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
        loaded = np.load(path, allow_pickle=False)
        if not isinstance(loaded, np.ndarray):
            raise ValueError("not a table of numbers")
        found = cast("NDArray[Any]", loaded)
        if found.ndim != 2 or found.dtype.kind not in "fiu":
            raise ValueError("not a table of numbers")
        return found.astype(np.float64)
    except (OSError, ValueError, EOFError) as problem:
        raise MediaError(f"{path} cannot be read as a .npy table: {problem}.") from None


def _cells(path: Path) -> NDArray[np.float64]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file, strict=True) if any(map(str.strip, row))]
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise MediaError(f"{path} cannot be read as a .csv table: {problem}.") from None
    found: list[list[float]] = []
    for number, row in enumerate(rows, 1):
        try:
            found.append([float(cell) for cell in row])
        except ValueError:
            if number > 1:
                raise MediaError(f"{path}, row {number} holds what is no number.") from None
    if len({len(row) for row in found}) != 1:
        raise MediaError(f"{path} must have as many numbers in every row.")
    return np.array(found, np.float64)
