"""The keys, in a window that can stay open beside."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QWidget

from .keys import Act, keys_of
from .theme import SPACE

__all__ = ["ShortcutsView"]

_WINDOW = (
    ("Ctrl+Enter", "Generate, at the end of the queue"),
    ("Ctrl+Shift+Enter", "Generate next"),
    ("Esc, Shift+Esc", "Cancel what is running, cancel all"),
    ("Ctrl+O, Ctrl+Shift+V", "Add files, paste files or a picture"),
    ("Ctrl+P, Ctrl+R, Ctrl+F", "Go to the prompt, to the sounds, to the search"),
    ("Ctrl+Z, Ctrl+Y", "Undo, redo"),
)
_MOVING = (
    ("Arrows", "Move through the sounds, and hear them"),
    ("1 to 9", "Hear that one of the same batch, from the same place"),
)
_WAVE = (
    ("Up, Down", "In the waveform: choose a mark"),
    ("Left, Right", "Move it; with Ctrl, finely"),
    ("Shift+Left, Shift+Right", "Select; Return keeps only that, Shift+L loops it"),
    ("+, -, 0", "Zoom in, zoom out, show all"),
)


class ShortcutsView(QDialog):
    """Every key and what it does."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        grid = QGridLayout(self)
        grid.setContentsMargins(3 * SPACE, 2 * SPACE, 3 * SPACE, 2 * SPACE)
        grid.setHorizontalSpacing(3 * SPACE)
        grid.setVerticalSpacing(SPACE // 2)
        acts = tuple((keys_of(act), act.value) for act in Act if keys_of(act))
        for group in (_WINDOW, (*_MOVING, *acts), _WAVE):
            for keys, words in group:
                row = grid.rowCount()
                bold = QLabel(keys, self)
                font = bold.font()
                font.setBold(True)
                bold.setFont(font)
                grid.addWidget(bold, row, 0)
                grid.addWidget(QLabel(words, self), row, 1)
            grid.setRowMinimumHeight(grid.rowCount(), SPACE)
