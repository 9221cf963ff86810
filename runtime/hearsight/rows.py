"""The table of what to make: JSONL, CSV or TSV, one request a row, all of it checked at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast, get_type_hints

from ._parse import nearest
from .cells import count, number, weigh
from .errors import MediaError, RequestError
from .names import slug
from .request import Finish, Modality, Prompt, Request, request_from_json, request_to_json
from .spelling import (
    found,
    parse_init,
    parse_level,
    parse_prompt,
    parse_range,
    read_like,
    search_for,
)
from .tables import Kind, read_table
from .wav import read_request

__all__ = ["Item", "read_rows"]


_PROMPTS: Mapping[str, Modality] = {
    "prompt": "text",
    "image": "image",
    "video": "video",
    "audio": "audio",
    "depth": "depth",
    "thermal": "thermal",
    "imu": "imu",
}
_ALIASES = {
    "caption": "prompt",
    "text": "prompt",
    "duration": "seconds",
    "ddim_steps": "steps",
    "n_samples": "variations",
    "scale": "guidance",
}
_REQUEST = {key: hint for key, hint in get_type_hints(Request).items() if key != "finish"}
_FINISH = get_type_hints(Finish)
_OBJECTS = ("init", "like")  # paths, or objects of JSON Lines
_SEARCH = ("cycle_its", "cycle_samples", "var_samples")
_EDITS = ("strength", "inpaint", "inpaint_band", "spread")
_COLUMNS = (
    *_REQUEST,
    *_PROMPTS,
    "sources",
    *_SEARCH,
    *_EDITS,
    "finish",
    *_FINISH,
    "normalize",
    "name",
    *_ALIASES,
)
_ASKING = {*_PROMPTS, "prompts", "caption", "text"}
_MOST_ERRORS = 20


@dataclass(frozen=True)
class Item:
    """One row: its request, whose `id` names it, and its line in the file (from 1)."""

    line: int
    request: Request


def read_rows(
    text: str,
    kind: Kind,
    base: Request,
    *,
    folder: Path,
    where: str,
    edits: Mapping[str, Any] | None = None,
) -> tuple[Item, ...]:
    """Read every row of `text` over the request `base`, which holds what rows leave open.

    Relative paths are taken from `folder`. Columns are the fields of a request and of its
    finish, `prompt`, `image`, `video`, `audio`, `depth`, `thermal`, `imu` (with `::weight`),
    `sources` (weights of what is in the picture, or in each of several), `cycle_its`,
    `cycle_samples`, `var_samples` and `normalize`; `init` and
    `like` are paths (in JSON Lines also objects, as a request has them), `strength`, `inpaint`,
    `inpaint_band` and `spread` go with them, and `edits` holds what rows that name such a sound
    leave open of these. A row with `like` and without a prompt takes that sound's. A row without
    `id` is named after its first prompt. The column `name` is an `id` that may repeat: repeated
    ones get `_0`, `_1` and so on.

    Raises:
        RequestError: names up to 20 wrong lines at once.
    """
    items: list[Item] = []
    wrong: list[tuple[int, str]] = []
    names: list[tuple[int, str]] = []
    header, rows = read_table(text, kind, where)
    for column in header:
        _known(column, f"{where}, line 1: ")
    # A row whose only prompt is an empty text cell asks for a sound without a prompt.
    blank = {name: "" for name in header if _ALIASES.get(name, name) == "prompt"}
    for line, row in rows:
        try:
            if isinstance(row, RequestError):
                raise row
            asked = row if row.keys() & _ASKING or row.get("like") else blank | row
            item = Item(line, _request(asked, base, folder, edits or {}, typed=kind == "jsonl"))
            if "name" in row:
                names.append((len(items), item.request.id))
            items.append(item)
        except (RequestError, MediaError) as problem:
            wrong.append((line, str(problem)))
    items = _with_numbered(items, names)
    wrong += _repeated(items)
    if not items and not wrong:
        raise RequestError(f"{where} has no rows; give at least one.")
    if wrong:
        told = [f"{where}, line {line}: {what}" for line, what in sorted(wrong)]
        more = len(told) - _MOST_ERRORS
        told[_MOST_ERRORS:] = [f"... and {more} more."] if more > 0 else []
        raise RequestError("\n".join(told))
    return tuple(items)


def _known(column: str, where: str = "") -> None:
    if column not in _COLUMNS:
        raise RequestError(f"{where}unknown column {column!r}{nearest(column, _COLUMNS)}.")


def _request(
    row: dict[str, Any], base: Request, folder: Path, open_edits: Mapping[str, Any], *, typed: bool
) -> Request:
    for column in row:
        _known(column)
    values = _canonical(row)
    data = request_to_json(base)
    prompts, finish = values.pop("prompts", []), values.pop("finish", {})
    if not isinstance(prompts, list) or not isinstance(finish, dict):
        raise RequestError("prompts must be a list and finish an object; only JSONL can hold them.")
    prompts = cast(list[Any], prompts)
    for column, modality in _PROMPTS.items():
        written = values.pop(column, [])
        for one in cast(list[Any], written) if isinstance(written, list) else [written]:
            if not isinstance(one, str):
                raise RequestError(f"{column} must be text, not {one!r}.")
            prompts.append(request_to_json(Request((parse_prompt(modality, one),)))["prompts"][0])
    weigh(prompts, values.pop("sources", []))
    if not prompts and isinstance(values.get("like"), str) and values["like"]:
        liked = request_from_json(read_request(folder / values["like"]))
        prompts = request_to_json(
            replace(liked, prompts=tuple(found(prompt, Path.cwd()) for prompt in liked.prompts))
        )["prompts"]
    if not prompts:
        raise RequestError(f"nothing to listen to; give one of {', '.join(_PROMPTS)}.")
    data["prompts"] = prompts
    searched = [count(name, values.pop(name, None), typed=typed) for name in _SEARCH]
    if search := search_for(*searched):
        data["search"] = asdict(search)
    if "normalize" in values:
        level, level_db = parse_level(str(values.pop("normalize")))
        data["finish"] |= {"level": level, "level_db": level_db}
    data["finish"] |= cast(dict[str, Any], finish)
    edits = {
        name: values.pop(name)
        for name in (*_OBJECTS, *_EDITS)
        if name in values and not (name in _OBJECTS and isinstance(values[name], dict))
    }
    interval = values.get("guidance_interval")
    if isinstance(interval, str):
        values["guidance_interval"] = [*parse_range(interval, "guidance_interval")]
    for column, value in values.items():
        hints, place = (_REQUEST, data) if column in _REQUEST else (_FINISH, data["finish"])
        plain = typed or not isinstance(value, str)
        place[column] = value if plain else number(value, hints[column])
    request = request_from_json(data)
    if "init" in values and request.init:
        file = found(Prompt("audio", request.init.file), folder).value
        request = replace(request, init=replace(request.init, file=file))
    for path, of_it in (("init", _EDITS[:-1]), ("like", _EDITS[-1:])):
        if path in edits:
            given = {name: open_edits.get(name) for name in of_it}
            edits = {
                name: value for name, value in given.items() if value not in (None, "")
            } | edits
    request = _edited(request, edits, folder, typed=typed)
    prompts_here = tuple(found(prompt, folder) for prompt in request.prompts)
    return replace(request, prompts=prompts_here, id=request.id or _named_after(prompts_here[0]))


def _edited(request: Request, edits: Mapping[str, Any], folder: Path, *, typed: bool) -> Request:
    """The request with the sound to begin with and the one to stay near to that a row names.

    They are paths in `folder`; what `request` says of them already keeps its own path.
    """
    said = {name: value for name, value in edits.items() if value is not None}
    for name in ("init", "like", "inpaint", "inpaint_band"):
        if not isinstance(said.get(name, ""), str):
            raise RequestError(f"{name} must be text, not {said[name]!r}.")
    for name in ("strength", "spread"):
        value = said.get(name)
        if value is not None and not isinstance(value, int | float):
            said[name] = value if typed else number(value, float)
            if not isinstance(said[name], float):
                raise RequestError(f"{name} must be a number, not {value!r}.")
    if said.keys() & {"init", "strength", "inpaint", "inpaint_band"}:
        base = request.init
        file = said.get("init", base.file if base else "")
        init = parse_init(
            file,
            said.get("strength", base.strength if base else None),
            said.get("inpaint", ""),
            said.get("inpaint_band", ""),
            folder if "init" in said else Path(),
        )
        if init and base:
            init = replace(init, span=init.span or base.span, band=init.band or base.band)
        request = replace(request, init=init)
    if "like" in said:
        request = replace(request, like=read_like(folder / said["like"], said.get("spread")))
    elif "spread" in said:
        if not request.like:
            raise RequestError("spread is about the sound to stay near to: name it with like.")
        request = replace(request, like=replace(request.like, spread=float(said["spread"])))
    return request


def _canonical(row: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for column, value in row.items():
        key = "id" if column == "name" else _ALIASES.get(column, column)
        if key in values:
            raise RequestError(f"{key!r} is given twice, once under another name.")
        values[key] = value
    return values


def _named_after(prompt: Prompt) -> str:
    return slug(prompt.value if prompt.modality == "text" else Path(prompt.value).stem)


def _with_numbered(items: list[Item], names: Iterable[tuple[int, str]]) -> list[Item]:
    """Number the ids that came from a `name` column and repeat."""
    names = list(names)
    counts = Counter(name for _, name in names)
    seen: Counter[str] = Counter()
    for index, name in names:
        if counts[name] > 1:
            request = replace(items[index].request, id=f"{name}_{seen[name]}")
            items[index] = replace(items[index], request=request)
            seen[name] += 1
    return items


def _repeated(items: Iterable[Item]) -> list[tuple[int, str]]:
    first: dict[str, int] = {}
    wrong: list[tuple[int, str]] = []
    for item in items:
        name = item.request.id
        if name in first:
            what = f"the id {name!r} is already on line {first[name]}; every row needs its own."
            wrong.append((item.line, what))
        first.setdefault(name, item.line)
    return wrong
