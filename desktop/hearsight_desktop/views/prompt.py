"""The field where the sound is described."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QSize, Signal
from PySide6.QtGui import QImage, QPainter, QPalette, QPen, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from .cards import edge_of

__all__ = ["TextField", "things_in"]

_EDGE = 4  # logical pixels around the text, so that its ground stays inside the rounded frame


def things_in(data: QMimeData) -> list[Path | str]:
    """What is dragged or pasted: paths of files of this machine, and addresses of others."""
    return [Path(url.toLocalFile()) if url.isLocalFile() else url.url() for url in data.urls()]


class TextField(QPlainTextEdit):
    """Text of a few lines, and of more as it gets longer. Files and pictures that are pasted or
    dropped are told, not written.

    A text that was shown comes back exactly until it is edited.
    """

    dropped = Signal(list)
    """Things, as `things_in` gives them."""
    pasted = Signal(QImage)
    """A picture that is no file."""

    def __init__(self, name: str, placeholder: str, lines: int, parent: QWidget | None = None):
        super().__init__(parent)
        self._lines, self._most = lines, 2 * lines + 2
        self._shown = ""
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setTabChangesFocus(True)
        self.setProperty("lit", True)  # see `event`
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setViewportMargins(_EDGE, _EDGE, _EDGE, _EDGE)
        self.document().setDocumentMargin(3)
        self.document().documentLayout().documentSizeChanged.connect(self.updateGeometry)

    def words(self) -> str:
        """What it says."""
        return self.toPlainText() if self.document().isModified() else self._shown

    def show_words(self, words: str) -> None:
        """Say this; undo brings back what was said before."""
        self.blockSignals(True)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(words)
        self.blockSignals(False)
        self.document().setModified(False)
        self._shown = words
        self.viewport().update()

    def sizeHint(self) -> QSize:
        needed = int(self.document().size().height())  # in lines: QPlainTextDocumentLayout
        lines = min(max(needed, self._lines), self._most)
        # Half a pixel more than their spacing each: they are higher by less, and must not scroll.
        height = lines * self.fontMetrics().lineSpacing() + lines // 2 + 2 * (3 + _EDGE)
        return QSize(200, height)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def event(self, event: QEvent) -> bool:
        """The frame, which scroll areas draw here: rounded, and lit while it has the focus."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        if event.type() != QEvent.Type.Paint:
            return super().event(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = self.palette()
        lit = self.hasFocus()
        edge = colours.color(QPalette.ColorRole.Link) if lit else edge_of(colours)
        painter.setPen(QPen(edge, 1.5 if lit else 1.0))
        painter.setBrush(colours.color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(1, 1, -1, -1), 6, 6)
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()  # its words wrap otherwise

    def canInsertFromMimeData(self, data: QMimeData) -> bool:
        return data.hasImage() or data.hasUrls() or super().canInsertFromMimeData(data)

    def insertFromMimeData(self, data: QMimeData) -> None:
        things = things_in(data)
        if any(isinstance(thing, Path) for thing in things) or (things and not data.hasText()):
            self.dropped.emit(things)
        elif data.hasImage() and not data.hasText():
            self.pasted.emit(QImage(data.imageData()))
        elif data.hasText():
            self.insertPlainText(data.text())
