"""What the user does to takes, so that it can be undone: stars, bins, names and cuts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from time import monotonic

from PySide6.QtGui import QUndoCommand

from .entry import Edit, Entry

__all__ = ["Change", "Touch"]

_CUTS = 1  # an id of Qt's: changes that follow each other may become one
_BREATH = 1.0  # seconds without a change after which the next one is another


@dataclass(frozen=True)
class Touch:
    """What of a take is the user's."""

    name: str
    edit: Edit
    starred: bool
    rejected: bool

    @classmethod
    def of(cls, entry: Entry) -> Touch:
        """What the user made of a take so far."""
        return cls(entry.name, entry.edit, entry.starred, entry.rejected)

    def on(self, entry: Entry) -> Entry:
        """The take, touched so; where its files lie by now stays as it is."""
        return replace(
            entry,
            name=self.name,
            edit=self.edit,
            starred=self.starred,
            rejected=self.rejected,
        )


class Change(QUndoCommand):
    """Takes were touched; `put` touches them, for the first time and after every undo and redo."""

    def __init__(
        self, text: str, before: Sequence[Entry], after: Sequence[Entry], put: Callable[..., None]
    ) -> None:
        super().__init__(text)
        self._before = {entry.id: Touch.of(entry) for entry in before}
        self._after = {entry.id: Touch.of(entry) for entry in after}
        self._put: Callable[[Mapping[str, Touch]], None] = put
        self._moment = monotonic()

    def redo(self) -> None:
        self._put(self._after)

    def undo(self) -> None:
        self._put(self._before)

    def id(self) -> int:
        return _CUTS

    def mergeWith(self, other: QUndoCommand) -> bool:
        """A handle that is moved with keys asks for many small changes, which are one."""
        if not isinstance(other, Change) or not self.text() == other.text() == "Cut":
            return False
        if other._moment - self._moment > _BREATH or other._cut() != self._cut():
            return False
        self._after, self._moment = other._after, other._moment
        return True

    def _cut(self) -> set[tuple[str, str]]:
        """Which fields of the edits of which takes are others now."""
        return {
            (id, field.name)
            for id, after in self._after.items()
            for field in fields(Edit)
            if getattr(after.edit, field.name) != getattr(self._before[id].edit, field.name)
        }
