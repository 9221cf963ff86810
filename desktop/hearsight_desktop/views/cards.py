"""Small parts that several views are made of: a card, a line that elides, a disclosure."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from .icons import icon
from .theme import SPACE, Tone, as_it_is, mixed, tone

__all__ = ["Card", "Disclosure", "Elided", "edge_of", "labelled"]


class Card(QFrame):
    """A rounded ground with a thin edge."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edge: Tone | None = None
        self._pale = False

    def set_look(self, *, edge: Tone | None = None, pale: bool = False) -> None:
        """An edge in the ink of a tone; paler, for what is left out."""
        self._edge, self._pale = edge, pale
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = self.palette()
        painter.setPen(tone(colours, self._edge) if self._edge else edge_of(colours))
        ground = colours.color(QPalette.ColorRole.Base)
        share = 0.7 if self._pale else 0.0
        painter.setBrush(mixed(ground, colours.color(QPalette.ColorRole.Window), share))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)


class Elided(QLabel):
    """A line of text that ends in dots where there is no room, and whole in its tooltip."""

    def __init__(self, parent: QWidget | None = None, *, middle: bool = False) -> None:
        super().__init__(parent)
        self._mode = Qt.TextElideMode.ElideMiddle if middle else Qt.TextElideMode.ElideRight
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_words(self, words: str, tip: str = "") -> None:
        """Show these."""
        self.setText(words.replace("\n", " "))
        self.setToolTip(as_it_is(tip or words))

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        line = self.fontMetrics().elidedText(self.text(), self._mode, self.width())
        painter.drawText(self.rect(), self.alignment() | Qt.AlignmentFlag.AlignVCenter, line)

    def minimumSizeHint(self) -> QSize:
        return QSize(3 * self.fontMetrics().averageCharWidth(), super().minimumSizeHint().height())


class Disclosure(QWidget):
    """A line that shows and hides what is below it."""

    opened = Signal(bool)

    def __init__(self, words: str, body: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._button = QToolButton(self)
        self._button.setText(words)
        self._button.setAutoRaise(True)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._button.clicked.connect(lambda: self.set_open(not self.open))
        self._body = body
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        line = QHBoxLayout()
        line.setContentsMargins(-5, 0, 0, 0)  # the arrow begins where labels do
        line.addWidget(self._button)
        line.addStretch(1)
        column.addLayout(line)
        column.addWidget(body)
        self._open = False
        self.set_open(False)

    @property
    def switch(self) -> QToolButton:
        """The line that is pressed."""
        return self._button

    @property
    def open(self) -> bool:
        """Whether what is below is shown."""
        return self._open

    def set_open(self, open_: bool) -> None:
        """Show or hide what is below."""
        self._open = open_
        self._body.setVisible(open_)
        self._button.setAccessibleDescription("shown below" if open_ else "hidden")
        self._draw()
        self.opened.emit(open_)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()

    def _draw(self) -> None:
        self._button.setIcon(icon("down" if self.open else "right", self.palette(), 16))


def edge_of(palette: QPalette) -> QColor:
    """Ink of a thin edge."""
    window, ink = QPalette.ColorRole.Window, QPalette.ColorRole.WindowText
    return mixed(palette.color(window), palette.color(ink), 0.18)


def labelled(column: QVBoxLayout, widest: str = "Weight of words") -> QGridLayout:
    """A grid at the end of a column for labels and what they name; all such grids begin their
    second column at the same place."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(SPACE + 4)
    grid.setVerticalSpacing(SPACE)
    grid.setColumnStretch(1, 1)
    grid.setColumnMinimumWidth(0, QFontMetrics(QApplication.font()).horizontalAdvance(widest))
    column.addLayout(grid)
    return grid
