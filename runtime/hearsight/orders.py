"""What a client of `runtime-cli serve` may say: its lines, and the orders that they hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

from . import _parse
from .errors import RequestError
from .limits import check
from .names import check_template
from .request import Request
from .wav import Subtype

__all__ = [
    "MOST_BYTES",
    "Free",
    "Generate",
    "Order",
    "Shutdown",
    "Stop",
    "checked",
    "kind",
    "read_lines",
    "read_object",
]

MOST_BYTES = 2**20
"""Of one line of the client."""

_CHUNK = 2**16


@dataclass(frozen=True, kw_only=True)
class Generate:
    """Make the sounds of a request, in files of a folder.

    name: template of their names. overwrite: replace files of these names; otherwise names that
    are taken get a number.
    """

    do: Literal["generate"]
    job: str
    folder: str
    request: Request
    name: str = "{prompt}"
    bit_depth: Subtype = "24"
    overwrite: bool = False


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Stop the job of that name, whether it waits or runs; one that is over stays as it is."""

    do: Literal["cancel"]
    job: str


@dataclass(frozen=True, kw_only=True)
class Free:
    """Close the graphs after the jobs that were queued before; the next job opens them again."""

    do: Literal["free"]


@dataclass(frozen=True, kw_only=True)
class Shutdown:
    """Cancel everything and end."""

    do: Literal["shutdown"]


Order: TypeAlias = Generate | Stop | Free | Shutdown

_ORDERS: Mapping[str, type[Order]] = {
    "generate": Generate,
    "cancel": Stop,
    "free": Free,
    "shutdown": Shutdown,
}


def read_lines(read: Callable[[int], bytes], most: int = MOST_BYTES) -> Iterator[bytes | None]:
    """The lines of a stream without their ends; None for one of more than `most` bytes.

    Args:
        read: gives up to so many bytes as soon as there are some, and none at the end.
    """
    line, too_long = bytearray(), False
    while chunk := read(_CHUNK):
        for index, piece in enumerate(chunk.split(b"\n")):
            if index:  # a line feed stood before this piece
                yield None if too_long else bytes(line)
                line, too_long = bytearray(), False
            too_long = too_long or len(line) + len(piece) > most
            line = bytearray() if too_long else line + piece
    if line or too_long:
        yield None if too_long else bytes(line)


def read_object(text: str) -> dict[str, Any]:
    """A line as an object; raises RequestError."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as problem:
        reason = "nested too deeply" if isinstance(problem, RecursionError) else problem
        raise RequestError(f"The line is not valid JSON: {reason}.") from None
    if not isinstance(data, dict):
        raise RequestError('The line must be an object, such as {"do": "shutdown"}.')
    return cast(dict[str, Any], data)


def kind(data: Mapping[str, Any]) -> type[Order]:
    """Which order a line means; raises RequestError."""
    do = data.get("do")
    if isinstance(do, str) and do in _ORDERS:
        return _ORDERS[do]
    if "do" not in data:
        raise RequestError(f'The line lacks the key "do", one of {", ".join(_ORDERS)}.')
    said = json.dumps(do)
    close = _parse.nearest(do, _ORDERS) if isinstance(do, str) else ""
    raise RequestError(f"do is {said[:60]}; it must be one of {', '.join(_ORDERS)}{close}.")


def checked(order: Generate) -> Generate:
    """The order, if no bundle and no file is needed to refuse it."""
    if not order.folder:
        raise RequestError("folder is empty; name the folder that the files go to.")
    check_template(order.name)
    check(order.request)
    return order
