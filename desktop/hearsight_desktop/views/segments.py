"""A few words next to each other, of which one is chosen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QHBoxLayout,
    QSizePolicy,
    QWidget,
)

from .cards import edge_of
from .theme import mixed

__all__ = ["Segments"]


class _Segment(QAbstractButton):
    def __init__(self, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText(words)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        words = self.fontMetrics().boundingRect(self.text())
        return QSize(words.width() + 20, round(self.fontMetrics().height() * 1.7))

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        role, colours = QPalette.ColorRole, self.palette()
        ink = colours.color(role.ButtonText)
        if self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.color(role.Accent))
            painter.drawRoundedRect(self.rect().adjusted(2, 2, -2, -2), 5, 5)
            ink = colours.color(role.HighlightedText)
        elif self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(mixed(colours.color(role.Button), ink, 0.08))
            painter.drawRoundedRect(self.rect().adjusted(2, 2, -2, -2), 5, 5)
        painter.setPen(ink)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())


class Segments(QWidget):
    """Buttons in one frame; the arrow keys move among them. None is pressed while what is shown
    is none of them."""

    chosen = Signal(str)

    def __init__(
        self, name: str, choices: Sequence[tuple[str, str, str]], parent: QWidget | None = None
    ) -> None:
        """`choices`: key, words and tooltip of each."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, _Segment] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for key, words, tip in choices:
            button = _Segment(words, self)
            button.setToolTip(tip)
            button.setAccessibleName(f"{name}: {words}")
            button.clicked.connect(lambda _, key=key: self._choose(key))
            self._group.addButton(button)
            self._buttons[key] = button
            row.addWidget(button)
        self._stop_at(None)

    def current(self) -> str | None:
        """Key of the one that is pressed."""
        return next((key for key, b in self._buttons.items() if b.isChecked()), None)

    def show_key(self, key: str | None) -> None:
        """Press this one, or none."""
        self._group.setExclusive(False)
        for each, button in self._buttons.items():
            button.setChecked(each == key)
        self._group.setExclusive(True)
        self._stop_at(key)

    def _choose(self, key: str) -> None:
        self._stop_at(key)
        self.chosen.emit(key)

    def _stop_at(self, key: str | None) -> None:
        """Tab stops once: at the one that is pressed, else at the first."""
        stop = self._buttons.get(key or "", next(iter(self._buttons.values())))
        for button in self._buttons.values():
            tab = Qt.FocusPolicy.StrongFocus if button is stop else Qt.FocusPolicy.ClickFocus
            button.setFocusPolicy(tab)
        self.setFocusProxy(stop)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(edge_of(self.palette()))
        painter.setBrush(self.palette().color(QPalette.ColorRole.Button))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
