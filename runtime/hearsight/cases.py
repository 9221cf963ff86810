"""The sounds that are measured: which they are, what they were made from, what goes with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from .errors import HearsightError, MediaError, RequestError
from .request import Modality, Prompt, request_from_json
from .spelling import found
from .tables import Kind, read_table
from .wav import read_request

__all__ = ["Case", "cases_in_folder", "cases_in_table"]

_SOUNDS = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".w64", ".caf")
_COLUMNS: dict[str, Modality] = {
    "prompt": "text",
    "text": "text",
    "caption": "text",
    "image": "image",
    "video": "video",
    "audio": "audio",
}
_FILES = ("file", "path")


@dataclass(frozen=True)
class Case:
    """One sound, what it was made from, and the real one that goes with it, if there is one."""

    file: Path
    prompts: tuple[Prompt, ...] = ()
    reference: Path | None = None


def cases_in_folder(folder: Path) -> list[Case]:
    """Every sound in a folder and below, with the prompts that the file itself tells, those
    excepted whose own file is not there any more.

    Raises:
        RequestError: there are none.
    """
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _SOUNDS and p.is_file())
    if not files:
        raise RequestError(f"{folder} holds no sounds; known are {', '.join(_SOUNDS)}.")
    return [Case(file, _told(file)) for file in files]


def cases_in_table(text: str, kind: Kind, folder: Path, where: str) -> list[Case]:
    """The sounds that the rows of a table name.

    Columns: `file` (or `path`), `reference`, and prompts as `prompt`, `image`, `video` and
    `audio`; others are passed over, and so are rows without a file, as the ledger of `batch` has
    them. Relative paths are taken from `folder`, in which a ledger's sounds are found wherever the
    batch was begun. A row without prompts takes those that its file tells.

    Raises:
        RequestError, MediaError: name the line that cannot be used.
    """
    cases: list[Case] = []
    _, rows = read_table(text, kind, where)
    for line, row in rows:
        if isinstance(row, RequestError):
            raise RequestError(f"{where}, line {line}: {row}")
        named = next((row[key] for key in _FILES if row.get(key)), None)
        if named is None:
            continue
        for column in (*_FILES, "reference", *_COLUMNS):
            if not isinstance(row.get(column, ""), str):
                raise RequestError(f"{where}, line {line}: {column} must be text.")
        if row.get("event") == "result":
            named = _in_ledger(named, folder)
        try:
            [file, *reference] = [
                Path(found(Prompt("audio", one), folder).value)
                for one in (named, row.get("reference"))
                if one
            ]
            prompts = tuple(
                found(Prompt(modality, row[column]), folder)
                for column, modality in _COLUMNS.items()
                if row.get(column)
            )
        except MediaError as problem:
            raise MediaError(f"{where}, line {line}: {problem}") from None
        cases.append(Case(file, prompts or _told(file), next(iter(reference), None)))
    if not cases:
        raise RequestError(f"{where} names no sounds; give them in a column file.")
    return cases


def _told(file: Path) -> tuple[Prompt, ...]:
    """The prompts that a sound of our own carries, as far as their files are there."""
    try:
        prompts = request_from_json(read_request(file)).prompts
    except HearsightError:
        return ()
    return tuple(p for p in prompts if p.modality == "text" or Path(p.value).is_file())


def _in_ledger(written: str, folder: Path) -> str:
    """A path of a ledger, which tells it as the batch was given its folder, from that folder."""
    parts = PureWindowsPath(written).parts if "\\" in written else Path(written).parts
    tails = ("/".join(parts[first:]) for first in range(len(parts)))
    return next((tail for tail in tails if (folder / tail).is_file()), written)
