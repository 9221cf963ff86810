"""Presets of inputs: requests kept under a name, as JSON files that can be mailed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hearsight import (
    OutputError,
    Request,
    RequestError,
    fill_template,
    request_from_json,
    request_to_json,
    write_whole,
)

from .naming import free_name

__all__ = ["Wish", "Wishes", "read_wish"]

_FORMAT = 1
_KEYS = {"hearsight_preset", "model", "request"}
_MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Wish:
    """A request and the bundle it is for, under a name: that of its file."""

    name: str
    request: Request
    model: str


def read_wish(file: Path) -> Wish:
    """Read a preset strictly.

    Raises:
        RequestError: it cannot be read, is no preset, or asks for what this version does not know.
    """
    try:
        with file.open("rb") as stream:
            raw = stream.read(_MOST_BYTES + 1)
        data: Any = json.loads(raw) if len(raw) <= _MOST_BYTES else None
    except OSError as problem:
        raise RequestError(f"{file} cannot be read: {problem.strerror}.") from None
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or "hearsight_preset" not in data:
        raise RequestError(f"{file} is not a preset that this program saved.")
    if data["hearsight_preset"] != _FORMAT:
        raise RequestError(f"{file} is a preset of another version of this program.")
    if strange := sorted(data.keys() - _KEYS):
        raise RequestError(f"{file} says more than a preset does: {', '.join(strange)}.")
    model, request = data.get("model"), data.get("request")
    if not isinstance(model, str) or not isinstance(request, dict):
        raise RequestError(f"{file} is a preset that lacks its model or its request.")
    try:
        return Wish(file.stem, request_from_json(request), model)
    except RequestError as problem:
        raise RequestError(f"{file}: {problem}") from None


class Wishes:
    """The presets in a folder, which is made when the first one is saved."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[Wish]:
        """Those that can be read, by name."""
        return [wish for wish in map(self._read, self._files()) if isinstance(wish, Wish)]

    def broken(self) -> list[str]:
        """What is wrong with the others, a sentence each."""
        return [str(why) for why in map(self._read, self._files()) if isinstance(why, RequestError)]

    def save(self, name: str, request: Request, model: str) -> Wish:
        """Keep a request under a name, in place of the one that had it; characters that file
        names cannot hold become underscores.

        Raises:
            RequestError: a name without a letter, or one that is too long.
            OutputError: the file cannot be written.
        """
        if not name.strip(" ."):
            raise RequestError("Give the preset a name of at least one letter or digit.")
        file = self.folder / fill_template("{id}", id=f"{name.strip()}.wav").with_suffix(".json")
        said = {
            "hearsight_preset": _FORMAT,
            "model": model,
            "request": request_to_json(request),
        }
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(file, f"{json.dumps(said, indent=1, ensure_ascii=False)}\n".encode())
        except OSError as problem:
            raise OutputError(
                f"The preset {file} cannot be written: {problem.strerror}. Free space there, or "
                "allow writing."
            ) from None
        return Wish(file.stem, request, model)

    def delete(self, name: str) -> None:
        """Forget a preset; one that is not there is forgotten already.

        Raises:
            OutputError: its file cannot be removed.
        """
        file = next((file for file in self._files() if file.stem == name), None)
        try:
            if file:
                file.unlink(missing_ok=True)
        except OSError as problem:
            raise OutputError(f"{file} cannot be removed: {problem.strerror}.") from None

    def take_in(self, file: Path) -> Wish:
        """Keep a preset that came in a file, under the name of that file, with a number behind it
        where another preset has that name.

        Raises:
            RequestError: it is no preset.
            OutputError: it cannot be kept.
        """
        wish = read_wish(file)
        said = wish.request, wish.model
        mine = {each.name.casefold(): (each.request, each.model) for each in self.all()}
        name = free_name(wish.name, lambda free: mine.get(free.casefold(), said) != said)
        return self.save(name, *said)

    def _files(self) -> list[Path]:
        try:
            return sorted(self.folder.glob("*.json"), key=lambda file: file.name.casefold())
        except OSError:
            return []

    @staticmethod
    def _read(file: Path) -> Wish | RequestError:
        try:
            return read_wish(file)
        except RequestError as problem:
            return problem
