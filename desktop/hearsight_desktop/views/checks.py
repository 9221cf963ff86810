"""A box to tick whose edge can be seen in the light and in the dark."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QCheckBox

from .theme import mixed

__all__ = ["Check"]

_SIDE, _GAP = 16, 8


class Check(QCheckBox):
    """A check box drawn on the palette: filled with the accent while it is ticked."""

    def sizeHint(self) -> QSize:
        words = self.fontMetrics().boundingRect(QRect(), Qt.TextFlag.TextShowMnemonic, self.text())
        height = max(_SIDE, self.fontMetrics().height()) + 4
        return QSize(_SIDE + _GAP + words.width() + 4, height)

    def hitButton(self, place: QPoint) -> bool:
        return self.rect().contains(place)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        role, colours = QPalette.ColorRole, self.palette()
        ink, window = colours.color(role.WindowText), colours.color(role.Window)
        box = QRectF(1.5, (self.height() - _SIDE) / 2 + 1, _SIDE - 2, _SIDE - 2)
        ticked = self.isChecked()
        edge = colours.color(role.Accent) if ticked else mixed(ink, window, 0.45)
        ground = colours.color(role.Accent if ticked else role.Base)
        if self.underMouse() and not ticked:
            ground = mixed(ground, ink, 0.06)
        painter.setPen(QPen(edge, 1.2))
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 3.5, 3.5)
        if ticked:
            tick = QPen(colours.color(role.HighlightedText), 2.0)
            tick.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(tick)
            x, y = box.x(), box.y()
            painter.drawPolyline(
                [QPointF(x + 3.5, y + 7.2), QPointF(x + 6, y + 9.8), QPointF(x + 10.6, y + 4.4)]
            )
        painter.setPen(ink)
        words = self.rect().adjusted(_SIDE + _GAP, 0, 0, 0)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextShowMnemonic
        painter.drawText(words, flags, self.text())
