"""A small picture of a file or of a part of one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPaintEvent, QPalette
from PySide6.QtWidgets import QWidget

from .icons import pixmap
from .theme import muted

__all__ = ["ThumbnailView", "image_of"]


class ThumbnailView(QWidget):
    """A picture, cut to a rounded square, or a pictogram while there is none."""

    def __init__(self, glyph: str, side: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._glyph, self._side = glyph, side
        self._image = QImage()
        self._pale = False
        self.setFixedSize(side, side)

    @property
    def image(self) -> QImage:
        """What is shown; null while that is the pictogram."""
        return self._image

    def show_image(self, image: QImage) -> None:
        """Show this; the pictogram if it is null."""
        self._image = image
        self.update()

    def set_pale(self, pale: bool) -> None:
        """Paler, for what is left out."""
        self._pale = pale
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        painter.setOpacity(0.4 if self._pale else 1.0)
        shape = QPainterPath()
        shape.addRoundedRect(self.rect(), 5, 5)
        painter.setClipPath(shape)
        if self._image.isNull():
            painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Midlight))
            small = self._side // 2
            drawn = pixmap(self._glyph, muted(self.palette()), small, self.devicePixelRatioF())
            painter.drawPixmap((self._side - small) // 2, (self._side - small) // 2, drawn)
        else:
            side = min(self._image.width(), self._image.height())
            square = QRect(0, 0, side, side)
            square.moveCenter(self._image.rect().center())
            painter.drawImage(self.rect(), self._image, square)


def image_of(pixels: NDArray[np.uint8]) -> QImage:
    """RGB [height, width, 3] as an image of its own, whatever becomes of that memory."""
    pixels = np.ascontiguousarray(pixels)
    height, width, _ = pixels.shape
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
