"""Words where there is nothing to show yet."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QWidget

from .icons import pixmap
from .theme import mixed, muted, title_font

__all__ = ["paint_hint"]

_SIDE = 44


def paint_hint(painter: QPainter, widget: QWidget, title: str, words: str) -> None:
    """A pictogram, a line and a sentence in the middle of the widget."""
    if not title:
        return
    palette, area = widget.palette(), widget.rect()
    quiet = muted(palette)
    heading = title_font(widget)
    painter.setFont(heading)
    line = painter.fontMetrics().height()
    top = area.center().y() - (_SIDE + line * 4) // 2
    ink = mixed(quiet, palette.color(QPalette.ColorRole.Window), 0.35)
    drawn = pixmap("sound", ink, _SIDE, widget.devicePixelRatioF())
    painter.drawPixmap(area.center().x() - _SIDE // 2, top, drawn)
    middle = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
    painter.setPen(palette.color(QPalette.ColorRole.WindowText))
    painter.drawText(QRect(0, top + _SIDE + 8, area.width(), line + 4), int(middle), title)
    painter.setFont(widget.font())
    painter.setPen(quiet)
    room = QRect(24, top + _SIDE + line + 16, area.width() - 48, line * 4)
    painter.drawText(room, int(middle | Qt.TextFlag.TextWordWrap), words)
