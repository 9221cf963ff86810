"""What was dropped: pictures, videos, sounds, sounds of our own, bundles and presets."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from hearsight import (
    MediaError,
    Request,
    RequestError,
    kind_of,
    read_record,
    request_from_json,
)

from .wishes import Wish, read_wish

__all__ = ["Dropped", "Kind", "dropped", "path_of"]

Kind = Literal["image", "video", "audio", "own", "bundle", "preset", "unsupported"]

_MANIFEST = "bundle.json"


@dataclass(frozen=True)
class Dropped:
    """A thing that was dropped and what it is.

    path: None for what is no file here. wish: the request and the bundle of a sound of our own
    or of a preset. note: why a thing is unsupported, or why a sound of our own is taken as any
    other.
    """

    path: Path | None
    kind: Kind
    wish: Wish | None = None
    note: str = ""


def dropped(things: Iterable[str | Path]) -> list[Dropped]:
    """What each path or address is; reads no more than heads of files."""
    return [_look(thing) for thing in things]


def path_of(thing: str | Path) -> Path | None:
    """The path that a dropped path or `file:` address means; None for other addresses."""
    if isinstance(thing, Path) or "://" not in thing:
        return Path(thing)
    address = urlsplit(thing)
    if address.scheme.lower() != "file":
        return None
    host = "" if address.netloc.lower() in ("", "localhost") else f"//{unquote(address.netloc)}"
    return Path(host + url2pathname(address.path))


def _look(thing: str | Path) -> Dropped:
    path = path_of(thing)
    if path is None:
        return Dropped(
            None, "unsupported", note=f"{thing} is an address: download the file, then drop it."
        )
    try:
        if path.is_dir():
            if (path / _MANIFEST).is_file():
                return Dropped(path, "bundle")
            return Dropped(path, "unsupported", note=f"{path} is a folder: drop the files in it.")
        if path.name == _MANIFEST and path.is_file():
            return Dropped(path.parent, "bundle")
        if path.suffix.lower() == ".json" and path.is_file():
            return Dropped(path, "preset", read_wish(path))
        if path.is_file() and zipfile.is_zipfile(path):
            return _zip(path)
        kind = kind_of(path)
    except (MediaError, RequestError) as problem:
        return Dropped(path, "unsupported", note=str(problem))
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or problem
        return Dropped(path, "unsupported", note=f"{path} cannot be read: {why}.")
    return _sound(path) if kind == "audio" else Dropped(path, kind)


def _zip(path: Path) -> Dropped:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile) as problem:
        return Dropped(path, "unsupported", note=f"{path} is damaged: {problem}.")
    tops = [name for name in names if name == _MANIFEST or name.endswith(f"/{_MANIFEST}")]
    if any(top.count("/") <= 1 for top in tops):
        return Dropped(path, "bundle")
    return Dropped(
        path, "unsupported", note=f"{path} is a zip without a bundle: unpack it and drop its files."
    )


def _sound(path: Path) -> Dropped:
    """A sound; one of our own if it says how it was made."""
    try:
        record = read_record(path)
    except MediaError:
        return Dropped(path, "audio")
    try:
        return Dropped(path, "own", _made(path, record))
    except RequestError as problem:
        return Dropped(path, "audio", note=f"The settings in {path} cannot be used: {problem}")


def _made(path: Path, record: dict[str, Any]) -> Wish:
    request, plan = record.get("request"), record.get("plan")
    model = plan.get("bundle") if isinstance(plan, dict) else None
    if not isinstance(request, dict) or not isinstance(model, str):
        raise RequestError("they lack a request or a bundle.")
    asked: Request = request_from_json(request)
    return Wish(path.stem, asked, model)
