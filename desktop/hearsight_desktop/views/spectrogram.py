"""Which frequencies a sound has, below its waveform and along the same time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPainterPath, QPalette, qRgb
from PySide6.QtWidgets import QWidget

from .theme import small_font
from .timeline import MARGIN, TimeAxis
from .timeview import TimeView

__all__ = ["SpectrogramView"]

_NAMED = (50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000)
_APART = 26  # pixels between names of frequencies, at least


class SpectrogramView(TimeView):
    """Clicking and dragging seek; what lies under the mouse is named in a corner."""

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(axis, self._draw_levels, parent)
        self._image = QImage()
        self._band = (0.0, 0.0)
        self._pointed: QPointF | None = None
        self.setMinimumHeight(60)
        self.setAccessibleName("Spectrogram")
        self.setAccessibleDescription("Left and right move what is heard")

    def show_picture(
        self,
        levels: NDArray[np.uint8] | None,
        colours: NDArray[np.uint8] | None = None,
        band: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Show levels [height, width], the lowest frequency in the last row, over the whole time
        of the axis, in colours [256, 3]; `band` is the lowest and highest frequency in Hz."""
        self._image, self._band = QImage(), band
        if levels is not None and colours is not None and levels.size:
            levels = np.ascontiguousarray(levels)
            height, width = levels.shape
            image = QImage(levels.data, width, height, width, QImage.Format.Format_Indexed8)
            image.setColorTable([qRgb(*map(int, colour)) for colour in colours])
            self._image = image.convertToFormat(QImage.Format.Format_RGB32)
        self.redraw()

    def _draw_levels(self, painter: QPainter, body: QRect) -> None:
        frame = QPainterPath()
        frame.addRoundedRect(QRectF(body), 6, 6)
        painter.fillPath(frame, self.palette().color(QPalette.ColorRole.Base))
        if self._image.isNull() or not self.axis.seconds:
            return
        inner = QRectF(body).adjusted(MARGIN, 0, -MARGIN, 0)
        scale = self._image.width() / self.axis.seconds
        seen = QRectF(
            self.axis.first * scale,
            0,
            (self.axis.last - self.axis.first) * scale,
            self._image.height(),
        )
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(inner, self._image, seen)

    def paint_position(self, painter: QPainter) -> None:
        x = self.axis.x(self.position, self.width())
        if MARGIN - 1 <= x <= self.width() - MARGIN + 1:  # seen on every colour of the picture
            painter.fillRect(QRectF(x - 1, 0, 2.5, self.height()), Qt.GlobalColor.black)
            painter.fillRect(QRectF(x - 0.5, 0, 1.5, self.height()), Qt.GlobalColor.white)

    def paint_above(self, painter: QPainter) -> None:
        if not self._image.isNull():
            self._name_frequencies(painter, QRectF(self.rect()).adjusted(MARGIN, 0, -MARGIN, 0))
        if self._pointed is None or self._image.isNull() or self._band[0] <= 0:
            return
        low, high = self._band
        share = 1 - self._pointed.y() / max(self.height(), 1)
        words = _hertz(low * (high / low) ** min(max(share, 0.0), 1.0))
        painter.setFont(small_font(self))
        width = painter.fontMetrics().horizontalAdvance(words) + 12
        tag = QRectF(self.width() - MARGIN - width - 6, 6, width, 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().color(QPalette.ColorRole.ToolTipBase))
        painter.drawRoundedRect(tag, 4, 4)
        painter.setPen(self.palette().color(QPalette.ColorRole.ToolTipText))
        painter.drawText(tag, int(Qt.AlignmentFlag.AlignCenter), words)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._point(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point(None)

    def _point(self, place: QPointF | None) -> None:
        self._pointed = place
        self.update(QRect(self.width() - 120, 0, 120, 32))

    def _name_frequencies(self, painter: QPainter, inner: QRectF) -> None:
        low, high = self._band
        if low <= 0 or high <= low:
            return
        painter.setFont(small_font(self))
        last = inner.bottom() + _APART
        for hertz in _NAMED:
            share = np.log(hertz / low) / np.log(high / low)
            y = inner.bottom() - share * inner.height()
            if 0.06 < share < 0.94 and last - y >= _APART:
                last = y
                place = QPointF(inner.left() + 6, y + 4)
                # White with a dark edge is read on every colour, too.
                painter.setPen(Qt.GlobalColor.black)
                for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                    painter.drawText(place + QPointF(dx, dy), _hertz(hertz))
                painter.setPen(Qt.GlobalColor.white)
                painter.drawText(place, _hertz(hertz))


def _hertz(value: float) -> str:
    return f"{value:.0f} Hz" if value < 999.5 else f"{value / 1000:.3g} kHz"
