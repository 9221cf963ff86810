"""What makes the sounds: the device, why that one, and its memory."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from .cards import Elided
from .icons import Glyph, IconButton
from .theme import SPACE, muted, small_font

__all__ = ["DeviceLine", "bytes_in_words"]


def bytes_in_words(count: float) -> str:
    """`31 MB`, `1.9 GB`, `212 GB`: in thousands, as disks are sold."""
    for unit in ("kB", "MB", "GB", "TB"):
        count /= 1000
        if count < 999.5 or unit == "TB":
            break
    return (
        f"{count:.1f} {unit}"
        if 0 < count < 9.95 and unit in ("GB", "TB")
        else f"{count:.0f} {unit}"
    )


class DeviceLine(QWidget):
    """One line at the foot of the window."""

    freed = Signal()
    """The user wants the memory back: models are closed until they are needed."""
    details_wanted = Signal()
    """The user wants to choose the device."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._glyph = Glyph("chip", self, 16)
        self._words = Elided(self)
        self._free = QPushButton("Free memor&y", self)
        self._free.setFlat(True)
        self._free.setToolTip("Close the model; the next sound opens it again")
        self._free.clicked.connect(self.freed)
        self._details = IconButton("settings", "Choose the device, in the preferences", self)
        self._details.clicked.connect(self.details_wanted)
        for part in (self._words, self._free):
            part.setFont(small_font(self))
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE + 4, 2, SPACE, 2)
        row.setSpacing(SPACE)
        row.addWidget(self._glyph)
        row.addWidget(self._words, 1)
        row.addWidget(self._free)
        row.addWidget(self._details)
        self._words.set_words("No model is open yet; the first sound opens one")
        self._free.setEnabled(False)
        self._colour()

    def show_told(self, words: str) -> None:
        """What plays, the memory there, and why that, in sentences; what has no room is in the
        tooltip."""
        self._words.set_words(words)
        self._words.setAccessibleName(f"Device: {words}")
        self._free.setEnabled(True)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_details"):
            self._colour()

    def _colour(self) -> None:
        quiet = QPalette(self.palette())
        quiet.setColor(QPalette.ColorRole.WindowText, muted(quiet))
        self._words.setPalette(quiet)
        self._glyph.show_name("chip", muted(quiet))
