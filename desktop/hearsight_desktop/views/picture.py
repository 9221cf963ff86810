"""The picture that belongs to the moment that is heard."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

__all__ = ["PictureView"]


class PictureView(QWidget):
    """A frame, as large as it fits in its shape; hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self.setMinimumSize(120, 80)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Picture")
        self.hide()

    def sizeHint(self) -> QSize:
        return QSize(240, 160)

    def show_frame(self, frame: NDArray[np.uint8] | None) -> None:
        """Show a frame [height, width, 3] in RGB; None for none."""
        if frame is None or not frame.size:
            self._image = QImage()
            self.hide()
            return
        frame = np.ascontiguousarray(frame)
        height, width = frame.shape[:2]
        # The painter gets a copy: the frame's memory may be gone by the time it paints.
        self._image = QImage(
            frame.data, width, height, 3 * width, QImage.Format.Format_RGB888
        ).copy()
        self.show()
        self.update()

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
        painter.end()
