"""The finished file of the chosen take: its form, name and level, and the ways out of here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..delivery import Delivery
from ..entry import Edit
from .cards import Elided
from .dragging import drag_files, mime_of
from .icons import IconButton, icon
from .theme import SPACE, as_it_is, small_font

__all__ = ["DeliveryStrip", "DragHandle"]

_LEVELS = {
    "peak": ("Peak", " dBFS", (-60.0, 0.0)),
    "lufs": ("Loudness", " LUFS", (-70.0, 0.0)),
    "none": ("Level as made", "", (-70.0, 0.0)),
}
_USUAL_DB = {"peak": -1.0, "lufs": -23.0, "none": -1.0}


class DragHandle(QToolButton):
    """Something to take finished files by, and drag them into another program."""

    dragged = Signal()
    """They were dropped somewhere."""
    refused = Signal(str)
    """They cannot be dragged: a sentence why."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._files: list[Path] = []
        self._why = ""
        self._pressed = QPoint()
        self.setText("Drag file")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys have Copy next to it
        self._draw()

    def show_files(self, files: Sequence[Path], why: str = "") -> None:
        """Drag these; or none of them, and say why."""
        self._files, self._why = list(files), why
        self.setText(f"Drag {len(files)} files" if len(files) > 1 else "Drag file")
        drag = "Drag this into your editor or a folder; it gets a copy."
        self.setToolTip(as_it_is(why or drag))
        self.setEnabled(bool(files))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        far = (event.position().toPoint() - self._pressed).manhattanLength()
        if event.buttons() & Qt.MouseButton.LeftButton and far >= QApplication.startDragDistance():
            self.drag()

    def drag(self) -> None:
        """Drag now."""
        mime = mime_of(self._files)
        if mime is None:
            self.refused.emit(self._why or "The file is no longer there; export it again.")
            return
        files = self._files
        if drag_files(self, mime, files[0].name if len(files) == 1 else f"{len(files)} sounds"):
            self.dragged.emit()

    def changeEvent(self, event) -> None:
        super().changeEvent(event)
        if event.type() == event.Type.PaletteChange:
            self._draw()

    def _draw(self) -> None:
        self.setIcon(icon("drag", self.palette()))


class DeliveryStrip(QWidget):
    """Two rows: what the file is like, and where it goes."""

    chosen = Signal(str)
    """Key of the form in which files are delivered."""
    renamed = Signal(str)
    """The chosen take is to be called this."""
    levelled = Signal(str, float)
    """`level` and `level_db` of the take, as in `Edit`."""
    export_asked = Signal()
    picture_export_asked = Signal()
    reveal_asked = Signal()
    copy_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name_before = ""
        self._known: tuple[str, ...] = ()
        self._name = QLineEdit(self)
        self._name.setAccessibleName("Name of the file")
        self._name.setPlaceholderText("Name")
        self._name.editingFinished.connect(self._rename)
        self._form = QComboBox(self)
        self._form.setAccessibleName("Form of delivery")
        self._form.activated.connect(lambda _: self.chosen.emit(self._form.currentData()))
        self._level = QComboBox(self)
        self._level.setAccessibleName("Level")
        for key, (title, _, _) in _LEVELS.items():
            self._level.addItem(title, key)
        self._level.activated.connect(self._change_level)
        self._db = QDoubleSpinBox(self, decimals=1, singleStep=0.5, keyboardTracking=False)
        self._db.setAccessibleName("Level in decibels")
        self._db.valueChanged.connect(lambda _: self._tell_level())
        self._notes = Elided(self)
        self._notes.setFont(small_font(self))
        self.handle = DragHandle(self)
        self._copy = IconButton("copy", "Copy file (Ctrl+C)", self)
        self._copy.clicked.connect(self.copy_asked)
        self._reveal = IconButton("folder", "Show in folder", self)
        self._reveal.clicked.connect(self.reveal_asked)
        self._picture = QPushButton("Export with picture…", self)
        self._picture.clicked.connect(self.picture_export_asked)
        self._export = QPushButton("Export…", self)
        self._export.setToolTip("Save a copy somewhere else (Ctrl+E)")
        self._export.clicked.connect(self.export_asked)
        first, second = QHBoxLayout(), QHBoxLayout()
        for row, widgets in (
            (first, (self._name, self._form, self._level, self._db)),
            (second, (self._notes, self.handle, self._copy, self._reveal)),
            (second, (self._picture, self._export)),
        ):
            row.setSpacing(SPACE)
            for widget in widgets:
                row.addWidget(widget, 1 if widget in (self._name, self._notes) else 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addLayout(first)
        column.addLayout(second)
        self.show_picture_export("Play a sound against a video first.")
        self.clear()

    def show_forms(self, forms: Sequence[Delivery], key: str) -> None:
        """Offer these forms of delivery; `key` is the one in use."""
        self._form.clear()
        for form in forms:
            self._form.addItem(form.title, form.key)
        self.show_form(key)

    def show_form(self, key: str) -> None:
        """Stand at this form of delivery."""
        self._form.setCurrentIndex(self._form.findData(key))

    def show_take(self, name: str, edit: Edit, notes: Sequence[str] = ()) -> None:
        """Show the name and the level of the chosen take, and what is worth knowing of it, such
        as words that were not understood."""
        self._name_before = name
        if tuple(notes) != self._known:
            self._known = tuple(notes)
            self.show_notes("")
        if not self._name.hasFocus() or not self._name.isModified():
            self._name.setText(name)
            self._name.setCursorPosition(0)  # a long name shows its beginning
        before = self._db.blockSignals(True)
        self._level.setCurrentIndex(self._level.findData(edit.level))
        self._fit_level(edit.level, edit.level_db)
        self._db.blockSignals(before)
        for widget in (self._name, self._level, self._export):
            widget.setEnabled(True)

    def show_files(self, files: Sequence[Path], why: str = "") -> None:
        """The finished files of what is selected; or none, and a sentence why not."""
        self.handle.show_files(files, why)
        for button in (self._copy, self._reveal):
            button.setEnabled(bool(files))

    def show_notes(self, notes: str) -> None:
        """What was done to the file, such as its change of level."""
        self._notes.set_words(" ".join(filter(None, (*self._known, notes))))

    def show_picture_export(self, why: str) -> None:
        """Why no video with this sound can be exported; empty when one can."""
        self._picture.setEnabled(not why)
        words = "Save the video with this sound"
        self._picture.setToolTip(as_it_is(why or words))
        self._picture.setAccessibleDescription(why or words)

    def clear(self) -> None:
        """Nothing is chosen."""
        self._name_before = ""
        self._name.clear()
        self.show_files([], "Choose a sound first.")
        self._known = ()
        self.show_notes("")
        for widget in (self._name, self._level, self._db, self._export):
            widget.setEnabled(False)

    def _rename(self) -> None:
        name = self._name.text().strip()
        self._name.setModified(False)
        if not name:
            self._name.setText(self._name_before)
        elif name != self._name_before:
            self._name_before = name
            self.renamed.emit(name)

    def _change_level(self) -> None:
        level = self._level.currentData()
        before = self._db.blockSignals(True)
        self._fit_level(level, _USUAL_DB[level])
        self._db.blockSignals(before)
        self._tell_level()

    def _fit_level(self, level: str, level_db: float) -> None:
        _, unit, (low, high) = _LEVELS[level]
        self._db.setRange(low, high)
        self._db.setSuffix(unit)
        self._db.setValue(level_db)
        self._db.setEnabled(level != "none")

    def _tell_level(self) -> None:
        self.levelled.emit(self._level.currentData(), self._db.value())
