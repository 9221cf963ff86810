"""Tables as text, JSON Lines or CSV or TSV, become rows with line numbers."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Literal, cast

from .errors import RequestError

__all__ = ["KINDS", "Kind", "Row", "read_table"]

Kind = Literal["jsonl", "csv", "tsv"]

KINDS: Mapping[str, Kind] = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "tsv"}
"""What the suffix of a file says it is."""

Row = dict[str, Any] | RequestError
"""Columns that hold something, as JSON values or as text, or what is wrong with the line."""


def read_table(
    text: str, kind: Kind, where: str
) -> tuple[tuple[str, ...], Iterator[tuple[int, Row]]]:
    """The header, which JSON Lines do not have, and each row with its line number from 1.

    Raises:
        RequestError: `where` and line of a table whose structure is broken.
    """
    if kind == "jsonl":
        return (), _json_lines(text)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter="," if kind == "csv" else "\t", strict=True
    )
    try:
        header = tuple(name.strip() for cells in islice(reader, 1) for name in cells)
    except csv.Error as problem:
        raise RequestError(f"{where}, line {reader.line_num}: {problem}.") from None
    for name, count in Counter(header).items():
        if count > 1:
            raise RequestError(f"{where}, line 1: the column {name!r} is there twice.")
    return header, _cells(reader, header, where)


def _json_lines(text: str) -> Iterator[tuple[int, Row]]:
    for line, written in enumerate(text.split("\n"), 1):
        if not written.strip():
            continue
        try:
            row = json.loads(written, object_pairs_hook=_once)
        except json.JSONDecodeError as problem:
            yield line, RequestError(f"not valid JSON: {problem.msg} at character {problem.colno}.")
            continue
        except (ValueError, RecursionError) as problem:
            yield line, RequestError(f"not valid JSON: {problem}.")
            continue
        if isinstance(row, dict):
            row = cast(dict[str, Any], row)
            yield line, {key: value for key, value in row.items() if value is not None}
        else:
            yield line, RequestError('a line must be one JSON object, such as {"prompt": "rain"}.')


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for key, count in Counter(key for key, _ in pairs).items():
        if count > 1:
            raise ValueError(f"the key {key!r} is given twice")
    return dict(pairs)


def _cells(reader: Any, header: tuple[str, ...], where: str) -> Iterator[tuple[int, Row]]:
    before: int = reader.line_num
    try:
        for cells in cast(Iterable[list[str]], reader):
            line, before = before + 1, reader.line_num
            if len(cells) == len(header):
                filled = zip(header, cells, strict=True)
                yield line, {name: cell for name, cell in filled if cell.strip()}
            elif cells:
                yield line, RequestError(f"{len(cells)} cells, but the header has {len(header)}.")
    except csv.Error as problem:
        raise RequestError(f"{where}, line {reader.line_num}: {problem}.") from None
