"""Where files are dropped; pressing it opens a window to choose them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from .icons import pixmap
from .theme import mixed, muted, small_font

__all__ = ["DropZone"]

_ICON = 28


class DropZone(QAbstractButton):
    """Inviting while nothing is there, a line once something is, and lit while files are dragged
    over the window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._compact, self._lit = False, False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Add a picture, video or sound")
        self.setToolTip("Choose files; they can also be dropped or pasted anywhere here")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_compact(self, compact: bool) -> None:
        """One line, or inviting."""
        self._compact = compact
        self.updateGeometry()
        self.update()

    def set_lit(self, lit: bool) -> None:
        """Whether files are over the window just now."""
        self._lit = lit
        self.update()

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        return QSize(200, round(2 * line) if self._compact else _ICON + round(4.2 * line))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, role = self.palette(), QPalette.ColorRole
        accent, window = colours.color(role.Link), colours.color(role.Window)
        quiet = muted(colours)
        ground = mixed(window, colours.color(role.Base), 0.6)
        if self._lit or self.underMouse() or self.isDown():
            ground = mixed(window, accent, 0.14 if self._lit or self.isDown() else 0.05)
        edge = QPen(accent if self._lit else mixed(quiet, window, 0.4), 1.4)
        edge.setDashPattern([4, 3])
        painter.setPen(edge)
        painter.setBrush(ground)
        painter.drawRoundedRect(self.rect().toRectF().adjusted(1, 1, -1, -1), 9, 9)
        ink = accent if self._lit else quiet
        if self._compact:
            self._line(painter, ink)
        else:
            self._invitation(painter, ink)

    def _line(self, painter: QPainter, ink: QColor) -> None:
        words = "Drop it here" if self._lit else "Add another file"
        width = 18 + 6 + self.fontMetrics().horizontalAdvance(words)
        left = (self.width() - width) // 2
        drawn = pixmap("plus", ink, 18, self.devicePixelRatioF())
        painter.drawPixmap(left, (self.height() - 18) // 2, drawn)
        painter.setPen(ink)
        rest = QRect(left + 24, 0, self.width(), self.height())
        painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, words)

    def _invitation(self, painter: QPainter, ink: QColor) -> None:
        line = self.fontMetrics().height()
        top = (self.height() - _ICON - round(2.4 * line)) // 2
        drawn = pixmap("drop", ink, _ICON, self.devicePixelRatioF())
        painter.drawPixmap((self.width() - _ICON) // 2, top, drawn)
        centre = Qt.AlignmentFlag.AlignHCenter
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        first = QRect(0, top + _ICON + line // 4, self.width(), line)
        painter.drawText(first, centre, "Drop a picture, video or sound")
        painter.setPen(ink)
        painter.setFont(small_font(self))
        second = first.translated(0, line + 2)
        painter.drawText(second, centre, "or click to choose, or paste")
