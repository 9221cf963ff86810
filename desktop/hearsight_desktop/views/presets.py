"""Settings kept under a name: choose, save, delete."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QStackedWidget, QWidget

from .icons import IconButton
from .theme import SPACE

__all__ = ["PresetView"]

_NONE = "None"
_NARROW = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon


class PresetView(QWidget):
    """A box to choose from, and a field in its place while a name is typed."""

    chosen = Signal(str)
    saved = Signal(str)
    """Keep the settings under this name, and instead of what has it."""
    deleted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QComboBox(self)
        self.box.setAccessibleName("Preset")
        self.box.setToolTip("All settings but the seed, kept under a name")
        self.box.setSizeAdjustPolicy(_NARROW)
        self.box.setMinimumContentsLength(8)
        self.box.activated.connect(self._choose)
        self._save = IconButton("save", "Save these settings as a preset", self)
        self._save.clicked.connect(self._begin_naming)
        self._delete = IconButton("bin", "Delete this preset", self)
        self._delete.clicked.connect(lambda: self.deleted.emit(self.current()))

        self._name = QLineEdit(self)
        self._name.setAccessibleName("Name of the preset")
        self._name.setPlaceholderText("Name of the preset")
        self._name.setMaxLength(80)
        self._name.installEventFilter(self)
        self._name.textChanged.connect(lambda said: self._keep.setEnabled(bool(said.strip())))
        self._keep = IconButton("good", "Save under this name (Enter)", self)
        self._keep.clicked.connect(self._end_naming)
        self._leave = IconButton("remove", "Do not save (Esc)", self)
        self._leave.clicked.connect(self._stop_naming)

        self._pages = QStackedWidget(self)
        for parts in ((self.box, self._save, self._delete), (self._name, self._keep, self._leave)):
            page = QWidget()
            row = QHBoxLayout(page)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(SPACE // 2)
            row.addWidget(parts[0], 1)
            row.addWidget(parts[1])
            row.addWidget(parts[2])
            self._pages.addWidget(page)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._pages)
        self.setFocusProxy(self.box)
        self.show_presets([])

    def show_presets(self, names: Sequence[str], current: str = "") -> None:
        """Offer these, and stand at one of them or at none."""
        self.box.clear()
        self.box.addItem(_NONE)
        for name in names:
            self.box.addItem(name, name)
        self.box.setCurrentIndex(max(self.box.findData(current), 0) if current else 0)
        self._delete.setEnabled(self.box.currentIndex() > 0)

    def current(self) -> str:
        """The name of the preset that was chosen last, or nothing."""
        return self.box.currentData() or ""

    def show_changed(self) -> None:
        """The settings are not quite those of the preset any more."""
        if self.current():
            self.box.setItemText(self.box.currentIndex(), f"{self.current()} (changed)")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter and Esc while a name is typed are meant for the name."""
        kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if isinstance(event, QKeyEvent) and event.type() in kinds:
            keys = {
                Qt.Key.Key_Escape: self._stop_naming,
                Qt.Key.Key_Return: self._end_naming,
                Qt.Key.Key_Enter: self._end_naming,
            }
            act = keys.get(Qt.Key(event.key()))
            if act and event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
                act = None
            if act:
                event.accept()
                if event.type() == QEvent.Type.KeyPress:
                    act()
                return True
        return super().eventFilter(watched, event)

    def _choose(self, index: int) -> None:
        self._delete.setEnabled(index > 0)
        for row in range(1, self.box.count()):
            self.box.setItemText(row, self.box.itemData(row))
        if index > 0:
            self.chosen.emit(self.current())

    def _begin_naming(self) -> None:
        self._name.setText(self.current())
        self._keep.setEnabled(bool(self.current()))
        self._pages.setCurrentIndex(1)
        self._name.selectAll()
        self._name.setFocus()

    def _end_naming(self) -> None:
        name = self._name.text().strip()
        if name:
            self._stop_naming()
            self.saved.emit(name)

    def _stop_naming(self) -> None:
        self._pages.setCurrentIndex(0)
        self.box.setFocus()
