"""Where chance comes from: a new seed each time, or one that is locked."""

from __future__ import annotations

import secrets

from PySide6.QtCore import Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from .icons import IconButton
from .theme import SPACE

__all__ = ["MOST", "SeedView"]

MOST = 2**63 - 1


class _Whole(QValidator):
    def validate(self, said: str, place: int) -> tuple[QValidator.State, str, int]:
        if not said:
            return QValidator.State.Intermediate, said, place
        good = said.isascii() and said.isdigit() and int(said) <= MOST
        return (QValidator.State.Acceptable if good else QValidator.State.Invalid), said, place


class SeedView(QWidget):
    """A field for the seed, a lock that keeps it, and a dice that draws another.

    While it is not locked every request draws its own, and the field is empty or shows the one
    drawn last, in grey. Typing a number locks it.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._last = ""
        self.field = QLineEdit(self)
        self.field.setValidator(_Whole(self.field))
        self.field.setAccessibleName("Seed")
        self.field.setToolTip(
            "The same seed and settings make the same sound again, sample for sample,\n"
            "on this machine and device."
        )
        self.field.textEdited.connect(self._typed)
        self._lock = IconButton("unlock", "Lock the seed", self, checked="lock")
        self._lock.toggled.connect(self._toggled)
        self._dice = IconButton("dice", "Draw another seed and lock it", self)
        self._dice.clicked.connect(lambda: self._edit(secrets.randbelow(2**32)))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE // 2)
        row.addWidget(self.field, 1)
        row.addWidget(self._lock)
        row.addWidget(self._dice)
        self.setFocusProxy(self.field)
        self._show("")

    def seed(self) -> int | None:
        """The locked seed; None draws a new one for every request."""
        said = self.field.text()
        return int(said) if self._lock.isChecked() and said else None

    def show_seed(self, seed: int | None) -> None:
        """Lock this seed, or unlock."""
        self._show("" if seed is None else str(seed))

    def show_last(self, seed: int) -> None:
        """The seed that was drawn last; the lock keeps it."""
        self._last = str(seed)
        self._hint()

    def _edit(self, seed: int) -> None:
        self.show_seed(seed)
        self.changed.emit()

    def _typed(self, said: str) -> None:
        self._set_lock(bool(said))
        self.changed.emit()

    def _toggled(self, locked: bool) -> None:
        self._set_lock(locked)
        if locked and not self.field.text():
            self.field.setText(self._last or str(secrets.randbelow(2**32)))
        elif not locked:
            self._last = self.field.text() or self._last
            self.field.clear()
        self._hint()
        self.changed.emit()

    def _show(self, said: str) -> None:
        self.field.setText(said)
        self._set_lock(bool(said))
        self._hint()

    def _set_lock(self, locked: bool) -> None:
        self._lock.blockSignals(True)
        self._lock.setChecked(locked)
        self._lock.blockSignals(False)
        self._lock.refresh()
        self._lock.set_words("A new seed each time" if locked else "Lock the seed")

    def _hint(self) -> None:
        last = f"new; last {self._last}" if self._last else "new each time"
        self.field.setPlaceholderText(last)
