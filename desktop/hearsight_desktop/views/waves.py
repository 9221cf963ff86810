"""Pictures of sounds: what lies between the lowest and the highest sample of each column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage, QPainter

__all__ = ["narrowed", "wave_image"]

Columns = NDArray[np.floating]


def narrowed(columns: Columns, width: int) -> Columns:
    """Lowest and highest of `width` columns [width, 2] made of another number of them."""
    count = len(columns)
    if not count or width < 1:
        return np.zeros((max(width, 0), 2), np.float32)
    begins = np.arange(width) * count // width
    if width >= count:
        return columns[begins]
    low = np.minimum.reduceat(columns[:, 0], begins)
    return np.stack([low, np.maximum.reduceat(columns[:, 1], begins)], axis=1)


def wave_image(columns: Columns, height: int, ink: QColor) -> QImage:
    """A picture, a pixel wide for each of the columns [width, 2], -1 at its foot, 1 at its head.

    Neighbouring columns touch, silence is a line of one pixel, and edges are smooth.
    """
    low = np.clip(columns[:, 0], -1, 1).astype(np.float32)
    high = np.clip(columns[:, 1], -1, 1).astype(np.float32)
    bottom, top = low.copy(), high.copy()
    top[1:] = np.maximum(high[1:], np.minimum(low[:-1], high[:-1]))
    bottom[1:] = np.minimum(low[1:], np.maximum(high[:-1], low[:-1]))
    middle, reach = height / 2, max(height / 2 - 1, 0.0)
    rows = np.arange(height, dtype=np.float32)[:, None]
    cover = np.minimum(rows + 1, middle + 0.5 - bottom * reach)
    cover -= np.maximum(rows, middle - 0.5 - top * reach)
    alpha = np.ascontiguousarray(np.clip(cover, 0, 1) * 255, dtype=np.uint8)
    width = len(columns)
    mask = QImage(alpha.data, width, height, width, QImage.Format.Format_Alpha8)
    made = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    made.fill(ink)
    painter = QPainter(made)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    painter.drawImage(0, 0, mask)
    painter.end()
    return made
