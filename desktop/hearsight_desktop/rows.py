"""Entries as lines of JSON, and back: what the history and the originals' receipts hold."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from functools import cache
from typing import TYPE_CHECKING

from hearsight import RequestError, request_from_json, request_to_json

from .entry import Edit, Entry

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["entry_line", "read_entry"]

# Names of files are made of it, so nothing else may stand in its place.
_ID = re.compile(r"[0-9a-f]{32}")


def entry_line(entry: Entry) -> str:
    """An entry as JSON in ASCII; `read_entry` gives an equal one back."""
    data = asdict(entry)
    data["request"] = request_to_json(entry.request)
    data["created"] = entry.created.isoformat()
    data["original"] = str(entry.original)
    data["delivered"] = None if entry.delivered is None else str(entry.delivered)
    return json.dumps(data, allow_nan=False)


def read_entry(line: str) -> Entry:
    """Read an entry strictly.

    Raises:
        ValueError: it is no entry, or not one of this version.
    """
    try:
        entry = _adapter().validate_json(line)
        # The request once more, by the one reader that knows what a request may say.
        request = request_from_json(json.loads(line)["request"])
    except (RecursionError, RequestError, TypeError) as problem:
        raise ValueError(str(problem)) from problem
    if not _ID.fullmatch(entry.id) or entry.number < 1 or entry.sample_rate < 1:
        raise ValueError(f"id {entry.id!r}, number {entry.number}, {entry.sample_rate} Hz")
    return replace(entry, request=request)


@cache
def _adapter() -> TypeAdapter[Entry]:
    from pydantic import ConfigDict, TypeAdapter, with_config

    config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    for part in (Edit, Entry):
        with_config(config)(part)
    return TypeAdapter(Entry)
