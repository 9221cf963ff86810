"""What the list of results holds: takes by the job that made them, and what is still to come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale

from ..entry import Entry

__all__ = ["Batches", "Kind", "Row", "kept_seconds"]


_NAME = 32  # letters of a file in the facts about a batch


class Kind(Enum):
    """What a row is."""

    HEADER = "header"
    TAKE = "take"
    PENDING = "pending"


@dataclass
class Row:
    """A line of the list; `key` names it for as long as it is there."""

    key: tuple[Kind, str, int]
    kind: Kind
    batch: str
    number: int = 0
    entry: Entry | None = None


@dataclass
class _Making:
    """A job that runs: the numbers of its sounds that are still to come, and where it is."""

    title: str
    waiting: set[int]
    count: int
    stage: str = ""
    done: float = 0.0


class Batches:
    """Takes in their batches, newest batch first, and the jobs that run."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, Entry]] = {}
        self._batch_of: dict[str, str] = {}
        self._making: dict[str, _Making] = {}

    def show(self, entries: Sequence[Entry]) -> None:
        """Hold just these takes, in the order of their batches."""
        self._entries = {}
        for entry in entries:
            self._entries.setdefault(entry.batch, {})[entry.id] = entry
        self._batch_of = {entry.id: entry.batch for entry in entries}

    def put(self, entry: Entry) -> None:
        """Hold this take, new or changed; it is no longer to come."""
        if entry.batch not in self._entries:
            self._entries = {entry.batch: {}, **self._entries}
        self._entries[entry.batch][entry.id] = entry
        self._batch_of[entry.id] = entry.batch
        if entry.batch in self._making:
            self._making[entry.batch].waiting.discard(entry.number)

    def remove(self, id: str) -> None:
        """Hold this take no more."""
        if batch := self._batch_of.pop(id, ""):
            del self._entries[batch][id]
            if not self._entries[batch]:
                del self._entries[batch]

    def begin(self, batch: str, title: str, numbers: Iterable[int]) -> None:
        """A job began that is to make sounds of these numbers."""
        self._making[batch] = _Making(title, waiting := set(numbers), len(waiting))

    def progress(self, batch: str, stage: str, done: float) -> list[int]:
        """Where a job is; the numbers of the sounds that this is news for."""
        making = self._making.get(batch)
        if making is None or (making.stage, making.done) == (stage, done):
            return []
        making.stage, making.done = stage, done
        return sorted(making.waiting)[:1]

    def end(self, batch: str) -> bool:
        """Nothing more comes of a job; whether it ran."""
        return self._making.pop(batch, None) is not None

    def entry(self, id: str) -> Entry | None:
        """A take that is held."""
        return self._entries.get(self._batch_of.get(id, ""), {}).get(id)

    def numbered(self, batch: str, number: int) -> str:
        """Id of the take of a batch with that number; empty if there is none."""
        found = (e.id for e in self._entries.get(batch, {}).values() if e.number == number)
        return next(found, "")

    def rows(self, *, pending: bool = True) -> list[Row]:
        """All of it in its order: each batch's header, then its sounds by number; without what is
        still to come if that is not wanted."""
        rows = []
        for batch in dict.fromkeys([*reversed(self._making), *self._entries]):
            tiles = [
                Row((Kind.TAKE, e.id, 0), Kind.TAKE, batch, e.number, e)
                for e in self._entries.get(batch, {}).values()
            ]
            making = self._making.get(batch)
            if making and pending:
                tiles += [
                    Row((Kind.PENDING, batch, n), Kind.PENDING, batch, n) for n in making.waiting
                ]
            if tiles:
                rows.append(Row((Kind.HEADER, batch, 0), Kind.HEADER, batch))
                rows += sorted(tiles, key=lambda row: row.number)
        return rows

    def stage(self, batch: str, number: int) -> tuple[str, float]:
        """Where a sound that is to come is, in words and as a share, 0 to 1: they are made one
        after the other."""
        making = self._making.get(batch)
        if making is None or number != min(making.waiting, default=number) or not making.stage:
            return "Waiting", 0.0
        made = making.count - len(making.waiting)
        return making.stage, min(max(making.done * making.count - made, 0.0), 1.0)

    def heading(self, batch: str) -> tuple[str, list[str]]:
        """What was asked for, and facts about what came of it."""
        entries = list(self._entries.get(batch, {}).values())
        making = self._making.get(batch)
        said = [f"{len(entries)} sound{'s' * (len(entries) != 1)}"] if entries else []
        if making and making.waiting:
            said.append(f"{len(making.waiting)} to come")
        if entries:
            told = [*_with(entries[0]), *said, entries[0].model, _when(entries[0])]
            return entries[0].title, told
        return making.title if making else "", said

    def spoken(self, entry: Entry) -> list[str]:
        """A take in words: which of how many, how long, and what the user did with it."""
        making = self._making.get(entry.batch)
        numbers = {other.number for other in self._entries.get(entry.batch, {}).values()}
        numbers |= {entry.number} | (making.waiting if making else set())
        said = [f"variation {entry.number} of {max(numbers)}", f"{kept_seconds(entry):.1f} s"]
        return said + ["starred"] * entry.starred + ["rejected"] * entry.rejected


def kept_seconds(entry: Entry) -> float:
    """Length of the part of a take that is kept."""
    end = entry.seconds if entry.edit.end is None else entry.edit.end
    return max(end - entry.edit.start, 0.0)


def _with(entry: Entry) -> list[str]:
    """The files that a take was made from beside its words."""
    prompts = entry.request.prompts
    names = [Path(each.value).name for each in prompts if each.modality != "text"]
    if not names or len(names) == len(prompts):
        return []
    first = names[0] if len(names[0]) <= _NAME else f"{names[0][: _NAME - 1]}…"
    return [f"with {first}" + (f" and {len(names) - 1} more" if len(names) > 1 else "")]


def _when(entry: Entry) -> str:
    moment = QDateTime.fromSecsSinceEpoch(round(entry.created.timestamp()))
    if moment.date() == QDateTime.currentDateTime().date():
        return QLocale().toString(moment.time(), QLocale.FormatType.ShortFormat)
    return QLocale().toString(moment, QLocale.FormatType.ShortFormat)
