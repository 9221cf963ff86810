"""Search and filters over the list of results, with the list below them."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from .icons import pixmap
from .results import ResultsView
from .takes_model import TakesModel
from .theme import SPACE, muted

__all__ = ["Filter", "ResultsPanel"]

Filter = Literal["all", "starred", "bin"]

_FILTERS: dict[Filter, tuple[str, str]] = {
    "all": ("All", "Every sound that is not in the bin"),
    "starred": ("Starred", "Only sounds with a star"),
    "bin": ("Bin", "Rejected sounds; they stay until the bin is emptied"),
}
_PAUSE = 150  # ms without typing before a search


class ResultsPanel(QWidget):
    """`view` is the list; what is found is shown through its model."""

    searched = Signal(str, str)
    """Words, and the `Filter`: show what matches both."""
    emptied = Signal()
    """The bin is to be emptied."""

    def __init__(self, model: TakesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = ResultsView(model, self)
        self._search = QLineEdit(self)
        self._search.setPlaceholderText("Search prompts and names")
        self._search.setAccessibleName("Search results")
        self._search.setClearButtonEnabled(True)
        self._search.installEventFilter(self)
        self._glass = QAction(self)
        self._search.addAction(self._glass, QLineEdit.ActionPosition.LeadingPosition)
        self._empty = QPushButton("Empty bin", self)
        self._empty.clicked.connect(self.emptied)
        self._timer = QTimer(self, interval=_PAUSE, singleShot=True)
        self._timer.timeout.connect(self._tell)
        self._search.textChanged.connect(lambda _: self._timer.start())
        self._group = QButtonGroup(self)
        bar = QHBoxLayout()
        bar.setContentsMargins(SPACE + 4, SPACE, SPACE + 4, SPACE // 2)
        bar.setSpacing(SPACE)
        bar.addWidget(self._search, 1)
        for key, (title, words) in _FILTERS.items():
            bar.addWidget(self._switch(key, title, words))
        bar.addWidget(self._empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.view, 1)
        for signal in (model.rowsInserted, model.rowsRemoved):
            signal.connect(self._show_state)
        before: QWidget = self._search
        for stop in (*self._group.buttons(), self._empty, self.view):
            self.setTabOrder(before, stop)
            before = stop
        self._draw()
        self._show_state()

    def words(self) -> str:
        """What is searched for."""
        return self._search.text().strip()

    def filter(self) -> Filter:
        """What is shown."""
        return self._group.checkedButton().property("key")

    def find(self) -> None:
        """Put the cursor into the search field."""
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if not isinstance(event, QKeyEvent) or event.type() not in kinds:
            return super().eventFilter(watched, event)
        pressed = event.type() == QEvent.Type.KeyPress
        if event.key() == Qt.Key.Key_Escape and self._search.text():
            event.accept()  # it clears the search, and cancels no job
            if pressed:
                self._search.clear()
            return True
        if pressed and event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.view.setFocus(Qt.FocusReason.TabFocusReason)
            return True
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()

    def _switch(self, key: Filter, title: str, words: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(title)
        button.setToolTip(words)
        button.setAccessibleDescription(words)
        button.setCheckable(True)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setChecked(key == "all")
        button.setProperty("key", key)
        button.clicked.connect(self._tell)
        self._group.addButton(button)
        return button

    def _tell(self) -> None:
        self._timer.stop()
        self._show_state()
        self.searched.emit(self.words(), self.filter())

    def _draw(self) -> None:
        ratio = self.devicePixelRatioF()
        self._glass.setIcon(pixmap("search", muted(self.palette()), 18, ratio))

    def _show_state(self) -> None:
        shown = self.filter()
        empty = not self.view.model().rowCount()
        self._empty.setVisible(shown == "bin")
        self._empty.setEnabled(not empty)
        if self.words():
            self.view.show_hint(
                "Nothing found", f"No sound here has “{self.words()}” in its prompt or name."
            )
        elif shown == "starred":
            self.view.show_hint("No stars yet", "Press S on a sound to keep it here.")
        elif shown == "bin":
            self.view.show_hint("The bin is empty", "Press X on a sound to put it here.")
        else:
            self.view.show_hint(
                "What does it sound like?",
                "Drop a picture, a video or a sound anywhere on this window, or describe what "
                "you want to hear, and press Ctrl+Enter.",
            )
