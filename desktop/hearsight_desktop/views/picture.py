"""The picture that belongs to what is heard: of the moment, or with the parts that were found."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPainterPath, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from hearsight import Heard

from ..parts import within
from ..pictures import Thumbnail
from .theme import small_font
from .thumbnail import image_of

__all__ = ["PictureView"]

_TAG = 16  # logical pixels of the height of a part's number


class PictureView(QWidget):
    """A frame, as large as it fits in its shape; hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._parts: tuple[tuple[QRectF, bool], ...] = ()
        self.setMinimumSize(120, 80)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Picture")
        self.hide()

    def sizeHint(self) -> QSize:
        return QSize(240, 160)

    def show_frame(self, frame: NDArray[np.uint8] | None) -> None:
        """Show a frame [height, width, 3] in RGB; None for none."""
        self._parts = ()
        self._image = QImage() if frame is None or not frame.size else image_of(frame)
        self.setVisible(not self._image.isNull())
        self.update()

    def show_parts(self, picture: Thumbnail, parts: tuple[Heard, ...]) -> None:
        """Show a picture, and where in it the parts are that were found, the surest first."""
        self.show_frame(picture.pixels)
        self._parts = tuple(
            (QRectF(QPointF(*edges[:2]), QPointF(*edges[2:])), heard.weight == 0)
            for heard in parts
            if heard.box and (edges := within(heard.box, picture.size))
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fits = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (self.width() - fits.width()) / 2, (self.height() - fits.height()) / 2
        place = QRectF(left, top, fits.width(), fits.height())
        frame = QPainterPath()
        frame.addRoundedRect(place, 6, 6)
        painter.setClipPath(frame)
        painter.drawImage(place, self._image)
        for number in range(len(self._parts), 0, -1):  # the surest on top
            self._paint_part(painter, place, number)
        painter.end()

    def _paint_part(self, painter: QPainter, place: QRectF, number: int) -> None:
        """A frame that is seen on every colour; a fainter one around what was left out."""
        share, muted = self._parts[number - 1]
        left, top = share.x() * place.width(), share.y() * place.height()
        width, height = share.width() * place.width(), share.height() * place.height()
        frame = QRectF(place.x() + left, place.y() + top, width, height).adjusted(1, 1, -1, -1)
        painter.setOpacity(0.55 if muted else 1.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        style = Qt.PenStyle.DotLine if muted else Qt.PenStyle.SolidLine
        for ink, thickness in ((QColor(0, 0, 0, 150), 4), (QColor(255, 255, 255), 2)):
            painter.setPen(QPen(ink, thickness, style))
            painter.drawRoundedRect(frame, 4, 4)
        painter.setOpacity(1.0)
        self._paint_number(painter, frame.topLeft() + QPointF(4, 4), str(number))

    def _paint_number(self, painter: QPainter, corner: QPointF, number: str) -> None:
        font = small_font(self)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        width = max(_TAG, painter.fontMetrics().horizontalAdvance(number) + 8)
        tag = QRectF(corner, QSizeF(width, _TAG))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().color(QPalette.ColorRole.ToolTipBase))
        painter.drawRoundedRect(tag, 4, 4)
        painter.setPen(self.palette().color(QPalette.ColorRole.ToolTipText))
        painter.drawText(tag, int(Qt.AlignmentFlag.AlignCenter), number)
