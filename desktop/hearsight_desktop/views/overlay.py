"""What is drawn above a waveform: times, the chosen region, fades, loop and handles."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPalette, QPen

from ..entry import Edit
from .marks import Mark, moment
from .theme import mixed, muted, readable
from .timeline import MARGIN, TimeAxis, clock, ticks

__all__ = ["Overlay"]

_Role = QPalette.ColorRole
_TICK = 90  # pixels between times, at least
_CURVE = 24  # points of a fade
_KNOB = 4.5


@dataclass(frozen=True)
class Overlay:
    """Paints over a sound whose picture lies in `body` of a widget `width` pixels wide."""

    axis: TimeAxis
    edit: Edit
    position: float
    body: QRectF
    width: int
    palette: QPalette
    font: QFont

    def times(self, painter: QPainter) -> None:
        """Round moments above the sound."""
        painter.setFont(self.font)
        span = self.axis.last - self.axis.first
        marks = ticks(self.axis.first, self.axis.last, self.width // _TICK)
        decimals = 0 if span > 30 else 1 if span > 4 else 2 if span > 0.4 else 3
        quiet = muted(self.palette)
        for seconds in marks:
            x = self._x(seconds)
            painter.setPen(quiet)
            words = clock(seconds, decimals)
            room = painter.fontMetrics().horizontalAdvance(words)
            left = min(max(x - room / 2, 2), self.width - room - 2)
            painter.drawText(QPointF(left, self.body.top() - 8), words)
            painter.setPen(QPen(mixed(quiet, self.palette.color(_Role.Window), 0.5), 1))
            painter.drawLine(QPointF(x, self.body.top() - 4), QPointF(x, self.body.top() - 1))

    def region(self, painter: QPainter, region: tuple[float, float] | None) -> None:
        """The region that the user chose."""
        if region is None:
            return
        first, last = (self._inside(self._x(edge)) for edge in region)
        tint = QColor(self._accent())
        tint.setAlphaF(0.22)
        painter.fillRect(QRectF(first, self.body.top(), last - first, self.body.height()), tint)
        painter.setPen(QPen(self._accent(), 1, Qt.PenStyle.DashLine))
        for x in (first, last):
            painter.drawLine(QPointF(x, self.body.top()), QPointF(x, self.body.bottom()))

    def fades(self, painter: QPainter) -> None:
        """How loud the sound is along its fades: raised cosines."""
        start, end = self._moment(Mark.START), self._moment(Mark.END)
        self._fade(painter, start, self._moment(Mark.FADE_IN))
        self._fade(painter, end, self._moment(Mark.FADE_OUT))

    def loop(self, painter: QPainter, foot: float) -> None:
        """A bar below what repeats."""
        if not self.edit.loop:
            return
        first, last = (self._inside(self._x(edge)) for edge in self.edit.loop)
        top = self.body.bottom() + 3
        bar = QRectF(first, top, last - first, foot - 5)
        tint = QColor(self._accent())
        tint.setAlphaF(0.3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tint)
        painter.drawRoundedRect(bar, 3, 3)
        painter.setBrush(self._accent())
        for x in (first, last):
            painter.drawRoundedRect(QRectF(x - 2, top - 1, 4, foot - 3), 2, 2)
        painter.setPen(QPen(self._accent(), 1, Qt.PenStyle.DotLine))
        for x in (first, last):
            painter.drawLine(QPointF(x, self.body.top()), QPointF(x, top))

    def handles(self, painter: QPainter, active: Mark | None) -> None:
        """Lines at the ends and knobs at the fades; a ring around the active one."""
        accent, base = self._accent(), self.palette.color(_Role.Base)
        for mark in (Mark.START, Mark.END):
            x = self._x(self._moment(mark))
            if not self._seen(x):
                continue
            painter.setPen(QPen(accent, 2))
            painter.drawLine(QPointF(x, self.body.top()), QPointF(x, self.body.bottom()))
            grip = QRectF(x - 4, self.body.center().y() - 12, 8, 24)
            painter.setPen(QPen(base, 1))
            painter.setBrush(accent)
            painter.drawRoundedRect(grip, 4, 4)
            self._ring(painter, grip, mark is active)
        for mark in (Mark.FADE_IN, Mark.FADE_OUT):
            x, y = self._x(self._moment(mark)), self.body.top() + 6
            if self._seen(x):
                knob = QRectF(x - _KNOB, y - _KNOB, 2 * _KNOB, 2 * _KNOB)
                painter.setPen(QPen(accent, 2))
                painter.setBrush(base)
                painter.drawEllipse(knob)
                self._ring(painter, knob, mark is active)

    def name(self, painter: QPainter, mark: Mark, words: str) -> None:
        """What the arrow keys would move, next to it."""
        painter.setFont(self.font)
        width = painter.fontMetrics().horizontalAdvance(words) + 12
        height = painter.fontMetrics().height() + 4
        x = self._inside(self._x(self._moment(mark))) + 10
        if x + width > self.width - MARGIN:
            x -= width + 20
        tag = QRectF(x, self.body.bottom() - height - 6, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette.color(_Role.ToolTipBase))
        painter.drawRoundedRect(tag, 4, 4)
        painter.setPen(self.palette.color(_Role.ToolTipText))
        painter.drawText(tag, int(Qt.AlignmentFlag.AlignCenter), words)

    def _fade(self, painter: QPainter, silent: float, full: float) -> None:
        if silent == full:
            return
        body, middle = self.body, self.body.center().y()
        reach = body.height() / 2
        for side in (-1, 1):
            path = QPainterPath(QPointF(self._x(silent), middle))
            for i in range(1, _CURVE + 1):
                share = i / _CURVE
                gain = math.sin(share * math.pi / 2) ** 2
                x = self._x(silent + (full - silent) * share)
                path.lineTo(x, middle + side * gain * reach)
            line = QPainterPath(path)
            path.lineTo(self._x(silent), middle + side * reach)
            path.closeSubpath()
            veil = QColor(self.palette.color(_Role.Base))
            veil.setAlphaF(0.66)
            painter.save()
            painter.setClipRect(body.adjusted(MARGIN, 0, -MARGIN, 0))
            painter.fillPath(path, veil)
            painter.strokePath(line, QPen(self._accent(), 1))
            painter.restore()

    def _ring(self, painter: QPainter, around: QRectF, active: bool) -> None:
        if active:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.palette.color(_Role.Text), 1.5))
            painter.drawRoundedRect(around.adjusted(-3, -3, 3, 3), 7, 7)

    def _moment(self, mark: Mark) -> float:
        return moment(mark, self.edit, self.axis.seconds, self.position)

    def _x(self, seconds: float) -> float:
        return self.axis.x(seconds, self.width)

    def _seen(self, x: float) -> bool:
        return MARGIN - 1 <= x <= self.width - MARGIN + 1

    def _inside(self, x: float) -> float:
        return min(max(x, float(MARGIN)), float(self.width - MARGIN))

    def _accent(self) -> QColor:
        return readable(self.palette.color(_Role.Accent), self.palette.color(_Role.Base), 4.5)
