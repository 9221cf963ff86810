"""Finished files on their way to other programs: as a drag, and on the clipboard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDrag, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QWidget

from .icons import pixmap

__all__ = ["drag_files", "mime_of"]


def mime_of(files: Sequence[Path]) -> QMimeData | None:
    """URLs of the files in their order; None if there is none, or one of them is not there."""
    if not files or not all(file.is_file() for file in files):
        return None
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file.absolute())) for file in files])
    return mime


def drag_files(source: QWidget, mime: QMimeData, label: str) -> bool:
    """Drag until it is dropped, and tell whether somebody took it. Only copies are offered: a move
    would let the other program delete the file."""
    drag = QDrag(source)
    drag.setMimeData(mime)
    drag.setPixmap(_ticket(source, label))
    drag.setHotSpot(QPoint(-12, -4))
    return drag.exec(Qt.DropAction.CopyAction) != Qt.DropAction.IgnoreAction


def _ticket(source: QWidget, label: str) -> QPixmap:
    """What hangs at the pointer: a pictogram and the name, or how many they are."""
    metrics, ratio = source.fontMetrics(), source.devicePixelRatioF()
    label = metrics.elidedText(label, Qt.TextElideMode.ElideMiddle, 220)
    width, height = metrics.horizontalAdvance(label) + 44, metrics.height() + 12
    made = QPixmap(round(width * ratio), round(height * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    palette = source.palette()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(palette.color(QPalette.ColorRole.Highlight))
    painter.drawRoundedRect(0, 0, width, height, 6, 6)
    ink = palette.color(QPalette.ColorRole.HighlightedText)
    painter.drawPixmap(8, (height - 20) // 2, pixmap("sound", ink, 20, ratio))
    painter.setPen(ink)
    painter.setFont(source.font())
    painter.drawText(34, 0, width - 34, height, int(Qt.AlignmentFlag.AlignVCenter), label)
    painter.end()
    return made
