"""The results as a Qt model, which changes row by row: what the user does meanwhile stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QObject, Qt, QTimer, Signal

from ..entry import Entry
from .batches import Batches, Kind, Row, kept_seconds
from .dragging import mime_of
from .grid import Group
from .theme import as_it_is

__all__ = ["Role", "TakesModel"]

_NOWHERE = QModelIndex()
_Data = Qt.ItemDataRole
_FEW = 24


class Role(IntEnum):
    """What a row tells beside its name, its tooltip and its accessible text."""

    KIND = _Data.UserRole + 1
    """`Kind` of the row."""
    ENTRY = _Data.UserRole + 2
    """`Entry` of a take."""
    SHAPE = _Data.UserRole + 3
    """A number that changes with the sound, and its columns [n, 2]; None until they are there."""
    PLAYING = _Data.UserRole + 4
    """Share of the take that was heard, 0 to 1; None while it does not play."""
    STALE = _Data.UserRole + 5
    """Whether its file is being made again."""
    PROGRESS = _Data.UserRole + 6
    """Of a pending tile: share that is done, 0 to 1."""
    DETAIL = _Data.UserRole + 7
    """Quiet words: facts of a batch, the length of a take, the stage of what is to come."""
    NUMBER = _Data.UserRole + 8
    """Of a take or a pending tile in its batch, from 1."""


class TakesModel(QAbstractListModel):
    """Rows as `groups` says: a header, then its takes and pending tiles by number."""

    shape_wanted = Signal(str)
    """Columns of this take are to be shown: answer with `set_shape`."""
    renamed = Signal(str, str)
    """The user gave a take another name; it is shown once its entry says so."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._batches = Batches()
        self._pending = True
        self._rows: list[Row] = []
        self._places: dict[tuple[Kind, str, int], int] = {}
        self._shapes: dict[str, tuple[int, NDArray[np.float32]]] = {}
        self._serials = count()
        self._asked: set[str] = set()
        self._stale: set[str] = set()
        self._playing: tuple[str, float] = ("", 0.0)

    def show_entries(self, entries: Sequence[Entry], *, pending: bool = True) -> None:
        """Show just these, newest batch first; and what is being made, unless `pending` is off
        as among sounds with a star or in the bin."""
        self._pending = pending
        self._batches.show(entries)
        self._sync()

    def set_entry(self, entry: Entry) -> None:
        """Show this take: changed, or new, in the place of its pending tile if it has one."""
        self._batches.put(entry)
        place = self._places.get((Kind.TAKE, entry.id, 0))
        row = None if place is None else self._rows[place]
        if row is None or (row.batch, row.number) != (entry.batch, entry.number):
            self._sync()
        elif row.entry != entry:
            row.entry = entry
            self._tell(row.key)

    def remove(self, ids: Iterable[str]) -> None:
        """Show these no more."""
        for id in ids:
            self._batches.remove(id)
        self._sync()

    def begin(self, batch: str, title: str, numbers: Iterable[int]) -> None:
        """A job began: show a pending tile for each of the sounds it will make."""
        self._batches.begin(batch, title, numbers)
        self._sync()

    def progress(self, batch: str, stage: str, done: float) -> None:
        """Where the job is, in words, and the share of it that is done, 0 to 1."""
        for number in self._batches.progress(batch, stage, done):
            self._tell((Kind.PENDING, batch, number), Role.PROGRESS, Role.DETAIL)

    def end(self, batch: str) -> None:
        """A job ended, well or not: nothing more comes of it."""
        if self._batches.end(batch):
            self._sync()

    def set_shape(self, id: str, columns: NDArray[np.float32]) -> None:
        """Lowest and highest samples of the take's kept part [n, 2]; 600 columns look sharp."""
        self._shapes[id] = (next(self._serials), columns)
        self._asked.discard(id)
        self._tell((Kind.TAKE, id, 0), Role.SHAPE)

    def forget_shape(self, id: str) -> None:
        """The take sounds different now: ask for its columns again."""
        self._asked.discard(id)
        if self._shapes.pop(id, None) is not None:
            self._tell((Kind.TAKE, id, 0), Role.SHAPE)

    def set_playing(self, id: str, share: float = 0.0) -> None:
        """This take is heard, and how far; no take for an empty id."""
        before, self._playing = self._playing[0], (id, share)
        for changed in {before, id}:
            self._tell((Kind.TAKE, changed, 0), Role.PLAYING, _Data.AccessibleTextRole)

    def set_stale(self, id: str, stale: bool) -> None:
        """Whether the take's file is being made again: it cannot be dragged meanwhile."""
        (self._stale.add if stale else self._stale.discard)(id)
        self._tell((Kind.TAKE, id, 0), Role.STALE)

    def index_of(self, id: str) -> QModelIndex:
        """Of a take; invalid if it is not shown."""
        place = self._places.get((Kind.TAKE, id, 0))
        return _NOWHERE if place is None else self.index(place)

    def entry(self, index: QModelIndex) -> Entry | None:
        """Of a take's row, None for another."""
        return self._rows[index.row()].entry if index.isValid() else None

    def numbered(self, batch: str, number: int) -> QModelIndex:
        """The take of a batch with that number."""
        return self.index_of(self._batches.numbered(batch, number))

    def groups(self) -> list[Group]:
        """Headers and how many tiles follow each."""
        heads = [row for row, item in enumerate(self._rows) if item.kind is Kind.HEADER]
        ends = [*heads[1:], len(self._rows)]
        return [Group(head, end - head - 1) for head, end in zip(heads, ends, strict=False)]

    def files(self, ids: Sequence[str]) -> tuple[list[Path], str]:
        """The finished files of takes, in their order; or none, and a sentence why not."""
        files = []
        for id in ids:
            entry = self._batches.entry(id)
            if entry is None or id in self._stale or entry.delivered is None:
                return [], "The file is still being written; try again in a moment."
            if not entry.delivered.is_file():
                return [], f"{entry.delivered.name} is no longer there; export it again."
            files.append(entry.delivered)
        return files, "" if files else "Select a sound first."

    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemNeverHasChildren
        if self._rows[index.row()].kind is Kind.TAKE:
            flags |= Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
            flags |= Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: QModelIndex, role: int = _Data.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == Role.KIND:
            return row.kind
        if role == Role.NUMBER:
            return row.number
        if row.entry is not None:
            return self._of_take(row.entry, role)
        return self._of_header(row, role) if row.kind is Kind.HEADER else self._of_tile(row, role)

    def setData(self, index: QModelIndex, value: Any, role: int = _Data.EditRole) -> bool:
        entry, name = self.entry(index), str(value).strip()
        if role != _Data.EditRole or entry is None or not name:
            return False
        if name != entry.name:
            self.renamed.emit(entry.id, name)
        return True

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:
        return ["text/uri-list"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData | None:
        entries = [self.entry(index) for index in sorted(indexes, key=QModelIndex.row)]
        return mime_of(self.files([entry.id for entry in entries if entry is not None])[0])

    def _of_take(self, entry: Entry, role: int) -> Any:
        if role in (_Data.DisplayRole, _Data.EditRole):
            return entry.name
        if role == Role.ENTRY:
            return entry
        if role == Role.DETAIL:
            return f"{kept_seconds(entry):.1f} s"
        if role == Role.STALE:
            return entry.id in self._stale or entry.delivered is None
        if role == Role.PLAYING:
            return self._playing[1] if self._playing[0] == entry.id else None
        if role == Role.SHAPE:
            return self._shape(entry.id)
        if role == _Data.AccessibleTextRole:
            playing = ["playing"] * (self._playing[0] == entry.id)
            return ", ".join([*self._batches.spoken(entry), *playing])
        if role == _Data.AccessibleDescriptionRole:
            return f"{entry.name}: {entry.title}"
        if role == _Data.ToolTipRole:
            return as_it_is(f"{entry.name}\nSeed {entry.request.seed}, {entry.model}")
        return None

    def _of_header(self, row: Row, role: int) -> Any:
        title, said = self._batches.heading(row.batch)
        if role == _Data.DisplayRole:
            return title
        if role == _Data.ToolTipRole:
            return as_it_is(title)
        if role == Role.DETAIL:
            return " · ".join(said)
        if role == _Data.AccessibleTextRole:
            return ", ".join([title, *said])
        return None

    def _of_tile(self, row: Row, role: int) -> Any:
        stage, done = self._batches.stage(row.batch, row.number)
        if role in (_Data.DisplayRole, Role.DETAIL):
            return stage
        if role == Role.PROGRESS:
            return done
        if role == _Data.AccessibleTextRole:
            return f"variation {row.number}, {stage.lower()}"
        return None

    def _shape(self, id: str) -> tuple[int, NDArray[np.float32]] | None:
        if id not in self._shapes and id not in self._asked:
            self._asked.add(id)
            QTimer.singleShot(0, self, lambda: self.shape_wanted.emit(id))  # not while painting
        return self._shapes.get(id)

    def _tell(self, key: tuple[Kind, str, int], *roles: int) -> None:
        if (place := self._places.get(key)) is not None:
            index = self.index(place)
            self.dataChanged.emit(index, index, list(roles))

    def _sync(self) -> None:
        """Become what the batches say by removing, inserting and changing rows."""
        target = self._batches.rows(pending=self._pending)
        wanted = {row.key: place for place, row in enumerate(target)}
        stays, last = [], -1
        for row in self._rows:  # what moves is removed and put back
            stays.append(wanted.get(row.key, -1) > last)
            last = max(last, wanted.get(row.key, -1))
        for first, end in reversed(_runs([not stay for stay in stays])):
            self.beginRemoveRows(_NOWHERE, first, end - 1)
            del self._rows[first:end]
            self._index()
            self.endRemoveRows()
        for first, end in _runs([row.key not in self._places for row in target]):
            self.beginInsertRows(_NOWHERE, first, end - 1)
            self._rows[first:first] = target[first:end]
            self._index()
            self.endInsertRows()
        before, self._rows = self._rows, target
        self._tell_changed(before)

    def _tell_changed(self, before: Sequence[Row]) -> None:
        places = [
            place
            for place, (old, new) in enumerate(zip(before, self._rows, strict=True))
            if new.kind is Kind.HEADER or (new.entry is not old.entry and new.entry != old.entry)
        ]
        spans = [(place, place) for place in places]
        if len(places) > _FEW:
            spans = [(places[0], places[-1])]
        for first, last in spans:
            self.dataChanged.emit(self.index(first), self.index(last))

    def _index(self) -> None:
        self._places = {row.key: place for place, row in enumerate(self._rows)}


def _runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """First and end of each stretch that is true."""
    edges = np.diff(np.concatenate([[0], np.asarray(flags, np.int8), [0]]))
    firsts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [(int(first), int(end)) for first, end in zip(firsts, ends, strict=True)]
