"""The bundles of this machine as the rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from ..shelf import Facts
from .device import bytes_in_words
from .theme import as_it_is

__all__ = ["ShelfModel"]

_HEADS = ("Model", "Understands", "Size", "Commercial use", "State")
_USES = {True: "Yes", False: "No", None: "Unknown"}

Index = QModelIndex | QPersistentModelIndex


class ShelfModel(QAbstractTableModel):
    """A row for each bundle; its state is what is said of it, or else whether it is in use."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Facts] = []
        self._states: dict[str, str] = {}
        self._current = ""

    def show_bundles(self, rows: Sequence[Facts]) -> None:
        """Show these instead."""
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    def show_current(self, name: str) -> None:
        """The bundle that plays."""
        self._current = name
        self._states_changed()

    def show_state(self, name: str, state: str) -> None:
        """What is going on with a bundle, or was found out; nothing takes it back."""
        self._states[name] = state
        self._states_changed()

    def facts(self, row: int) -> Facts | None:
        """The bundle in this row."""
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def row_of(self, name: str) -> int:
        """Where a bundle is, -1 if it is not."""
        return next((row for row, each in enumerate(self._rows) if each.name == name), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(_HEADS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _HEADS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        facts = self._rows[index.row()]
        words = self._words(facts)[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return words
        if role == Qt.ItemDataRole.ToolTipRole:
            return as_it_is(facts.broken or facts.licence)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{_HEADS[index.column()]}: {words}"
        return None

    def _words(self, facts: Facts) -> tuple[str, ...]:
        state = self._states.get(facts.name, "")
        if facts.broken:
            return facts.name, "", "", "", state or "Cannot be used"
        usual = "In use" if facts.name == self._current else ""
        if not facts.makes_sound:
            usual = "Understands only"
        return (
            facts.title or facts.name,
            facts.hears,
            bytes_in_words(facts.bytes),
            _USES[facts.commercial_use],
            state or usual,
        )

    def _states_changed(self) -> None:
        if self._rows:
            last = len(_HEADS) - 1
            self.dataChanged.emit(self.index(0, last), self.index(len(self._rows) - 1, last))
