"""Strict reading of JSON into frozen dataclasses, with errors a person can act on."""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar, cast

from .errors import HearsightError, RequestError
from .request import Request

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

__all__ = ["nearest", "parse", "request", "schema"]

T = TypeVar("T")


def parse(cls: type[T], raw: bytes | str, where: str, error: type[HearsightError]) -> T:
    """Read the JSON text `raw` as the dataclass `cls`.

    Nothing is converted: a number in quotes is no number. Keys that the dataclass does not
    have, keys given twice, NaN and infinities are refused.

    Raises:
        error: names `where`, the key path and, for an unknown key, the nearest known one.
    """
    from pydantic import ValidationError

    try:
        text = raw.decode() if isinstance(raw, bytes) else raw
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as problem:
        reason = "nested too deeply" if isinstance(problem, RecursionError) else problem
        raise error(f"{where} is not valid JSON: {reason}.") from None
    try:
        made = cast(T, _adapter(cls).validate_json(text, strict=True))
    except ValidationError as problem:
        raise error(_sentence(cls, problem, where)) from None
    for flaw in _equal_only(cls, data):
        raise error(f"{where}: {flaw}.")
    return made


def request(data: Mapping[str, Any]) -> Request:
    """Read a request from plain JSON data; raises RequestError."""
    try:
        text = json.dumps(data, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as problem:
        reason = "nested too deeply" if isinstance(problem, RecursionError) else problem
        raise RequestError(f"The request cannot be written as JSON: {reason}.") from None
    return parse(Request, text, "the request", RequestError)


def schema(cls: type[Any]) -> dict[str, Any]:
    """JSON Schema of the dataclass `cls`."""
    return _adapter(cls).json_schema()


def nearest(word: str, known: Iterable[str]) -> str:
    """A sentence's tail: ` (did you mean "x"?)`, or nothing when no known word is close."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.55)
    return f' (did you mean "{close[0]}"?)' if close else ""


@cache
def _adapter(cls: type[Any]) -> TypeAdapter[Any]:
    from pydantic import ConfigDict, TypeAdapter, with_config

    config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    for part in _dataclasses_in(cls):
        with_config(config)(part)
    return TypeAdapter(cls)


def _dataclasses_in(cls: Any) -> set[type[Any]]:
    found: set[type[Any]] = set()
    open_ends: list[Any] = [cls]
    while open_ends:
        kind = open_ends.pop()
        if dataclasses.is_dataclass(kind) and kind not in found:
            found.add(cast(type[Any], kind))
            open_ends += typing.get_type_hints(kind).values()
        else:
            open_ends += typing.get_args(kind)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f'the key "{twice}" is given twice')
    return data


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _sentence(cls: type[Any], problem: ValidationError, where: str) -> str:
    """The first error that explains the most: unknown keys before everything else."""
    errors = problem.errors(include_url=False, include_input=True)
    unknown = [e for e in errors if e["type"] == "unexpected_keyword_argument"]
    bad_key = [e for e in errors if e["loc"] and e["loc"][-1] == "[key]"]
    first = [*unknown, *bad_key, *errors][0]
    loc = first["loc"]
    if first["type"] == "json_invalid":  # nesting or half characters that `json` lets pass
        return f"{where} is not valid JSON: {first.get('ctx', {}).get('error', first['msg'])}."
    if unknown:
        fields = _fields_at(cls, loc[:-1])
        at = f" in {_path(loc[:-1])}" if loc[:-1] else ""
        return f'{where} has the unknown key "{loc[-1]}"{at}{nearest(str(loc[-1]), fields)}.'
    if bad_key:
        names = _fields_at(cls, loc[:-2])
        at = f" in {_path(loc[:-2])}" if loc[:-2] else ""
        close = nearest(str(loc[-2]), names)
        return f'{where} has the unknown key "{loc[-2]}"{at}{close}; known: {", ".join(names)}.'
    if first["type"] == "missing" or first["type"] == "missing_argument":
        return f'{where} lacks the key "{_path(loc)}".'
    said = json.dumps(first["input"], ensure_ascii=False)
    said = said if len(said) <= 60 else said[:57] + "..."
    return f"{where}: {_path(loc)} is {said}; {_lower(first['msg'])}."


def _fields_at(cls: Any, loc: tuple[int | str, ...]) -> list[str]:
    """Names known at the place `loc` below `cls`: fields, or the keys of a literal dict."""
    kind: Any = cls
    for step in loc:
        kind = _below(_bare(kind), step)
    kind = _bare(kind)
    if dataclasses.is_dataclass(kind):
        return [field.name for field in dataclasses.fields(kind)]
    keys = typing.get_args(kind)[:1] if typing.get_origin(kind) is dict else ()
    return [str(name) for key in keys for name in typing.get_args(key)]


def _bare(kind: Any) -> Any:
    """`X` of `X | None`."""
    if typing.get_origin(kind) in (UnionType, typing.Union):
        return next(part for part in typing.get_args(kind) if part is not type(None))
    return kind


def _below(kind: Any, step: int | str) -> Any:
    if dataclasses.is_dataclass(kind):
        return _hints(cast(type[Any], kind)).get(str(step))
    args = typing.get_args(kind)
    if not args:
        return None
    return args[1] if typing.get_origin(kind) is dict else args[0]


def _equal_only(kind: Any, said: Any, loc: tuple[int | str, ...] = ()) -> Iterator[str]:
    """What stands for one of few whole numbers and is none: to Python `true` and `1.0` equal 1."""
    kind = _bare(kind)
    if isinstance(said, dict):
        each = cast(Iterable[tuple[str, Any]], said.items())
        for key, value in each:
            yield from _equal_only(_below(kind, key), value, (*loc, key))
    elif isinstance(said, list):
        for i, value in enumerate(cast(list[Any], said)):
            yield from _equal_only(_below(kind, i), value, (*loc, i))
    elif isinstance(said, bool | float) and typing.get_origin(kind) is Literal:
        known = " or ".join(map(str, typing.get_args(kind)))
        yield f"{_path(loc)} is {json.dumps(said)}; it should be {known}"


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _path(loc: tuple[int | str, ...]) -> str:
    """`graphs.denoise.inputs[0].shape`; pydantic's own marks for unions are left out."""
    text = ""
    for step in loc:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step not in ("int", "str", "float", "[key]"):
            text += f".{step}" if text else step
    return text or "the top level"


def _lower(message: str) -> str:
    return message.replace("Input should be", "it should be", 1)
