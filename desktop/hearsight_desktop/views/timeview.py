"""A picture along time: the cut, what is heard, zoom, scrolling and keys, whatever is drawn."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPixmap,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from ..entry import Edit
from .keys import Act, act_of, wants
from .theme import mixed
from .timeline import MARGIN, TimeAxis

__all__ = ["TimeView"]

_NOTCH = 120  # of a wheel (QWheelEvent.angleDelta)
_ZOOM = 1.25
_HEAD = 8  # pixels to both sides of the playhead that it may cover


class TimeView(QWidget):
    """Draws a picture once for what is seen, and the rest above it whenever it moves.

    Args:
        axis: what is seen, which it shares with others.
        draw: draws what is seen of the sound, from the axis' first to its last second, into a
            rectangle as large as `body`.
    """

    sought = Signal(float)
    """The user wants to hear it from here, in seconds."""
    asked = Signal(object)
    """An `Act` from the keyboard."""

    def __init__(
        self,
        axis: TimeAxis,
        draw: Callable[[QPainter, QRect], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.axis = axis
        self._draw = draw
        self._edit = Edit()
        self._position = 0.0
        self._drawn: QPixmap | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        axis.changed.connect(self.redraw)

    @property
    def edit(self) -> Edit:
        """What is shown of the user's cut."""
        return self._edit

    @property
    def position(self) -> float:
        """What is heard, in seconds."""
        return self._position

    def show_edit(self, edit: Edit) -> None:
        """Show this cut, these fades and this loop."""
        self._edit = edit
        self.update()

    def show_position(self, seconds: float, *, follow: bool = False) -> None:
        """What is heard now; `follow` turns the page when it leaves what is seen."""
        before, self._position = self._position, seconds
        if follow and self.axis.seconds:
            self.axis.reveal(min(seconds, self.axis.seconds))
        for moment in (before, seconds):
            x = round(self.axis.x(moment, self.width()))
            self.update(QRect(x - _HEAD, 0, 2 * _HEAD + 1, self.height()))

    def redraw(self) -> None:
        """Draw the picture again before it is next seen."""
        self._drawn = None
        self.update()

    def body(self) -> QRect:
        """Where the picture lies; the sound itself lies between the margins in it."""
        return self.rect()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and self.wants_key(event):
            event.accept()
            return True
        return super().event(event)

    def wants_key(self, event: QKeyEvent) -> bool:
        """Whether a key is for this view, whatever the window would do with it."""
        return wants(event) and act_of(event) is not None

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.EnabledChange):
            self.redraw()

    def resizeEvent(self, event: QEvent) -> None:
        super().resizeEvent(event)
        self.redraw()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawPixmap(self.body().topLeft(), self._picture())
        if self.axis.seconds:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.paint_cut(painter)
            self.paint_above(painter)
            self.paint_position(painter)
        painter.end()

    def paint_cut(self, painter: QPainter) -> None:
        """Veil what is cut away."""
        body, veil = self.body(), self._veil(0.72)
        start = self.axis.x(self._edit.start, self.width())
        end = self.axis.x(self._end(), self.width())
        left, right = body.left() + MARGIN, body.right() + 1 - MARGIN
        if start > left:
            painter.fillRect(
                QRectF(left, body.top(), min(start, right) - left, body.height()), veil
            )
        if end < right:
            end = max(end, left)
            painter.fillRect(QRectF(end, body.top(), right - end, body.height()), veil)

    def paint_above(self, painter: QPainter) -> None:
        """Draw what lies between the picture and the playhead."""

    def paint_position(self, painter: QPainter) -> None:
        """Draw where it is heard."""
        x = self.axis.x(self._position, self.width())
        if MARGIN - 1 <= x <= self.width() - MARGIN + 1:
            painter.setPen(self.palette().color(QPalette.ColorRole.Text))
            painter.drawLine(QPointF(x, self.body().top()), QPointF(x, self.body().bottom()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.axis.seconds:
            event.ignore()
            return
        turned, aside = event.angleDelta().y() / _NOTCH, event.angleDelta().x() / _NOTCH
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            turned, aside = 0.0, aside or turned
        if turned:
            around = self.axis.at(event.position().x(), self.width())
            self.axis.zoom(_ZOOM**turned, around)
        if aside:
            self.axis.scroll(-aside * 0.1)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.axis.seconds:
            self.sought.emit(self.axis.at(event.position().x(), self.width()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self.axis.seconds:
            self.sought.emit(self.axis.at(event.position().x(), self.width()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.press_key(event):
            super().keyPressEvent(event)

    def press_key(self, event: QKeyEvent) -> bool:
        """Do what a key asks for; whether it asked for anything."""
        act, key, axis = act_of(event), event.key(), self.axis
        if act is not None and act is not Act.RENAME:
            self.asked.emit(act)
        elif not axis.seconds:
            return False
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            axis.zoom(_ZOOM, self._position)
        elif key == Qt.Key.Key_Minus:
            axis.zoom(1 / _ZOOM, self._position)
        elif key == Qt.Key.Key_0:
            axis.show_all()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._step(-1 if key == Qt.Key.Key_Left else 1, event.modifiers())
        elif key == Qt.Key.Key_Home:
            self.sought.emit(self._edit.start)
        elif key == Qt.Key.Key_End:
            self.sought.emit(self._end())
        else:
            return False
        return True

    def step(self, modifiers: Qt.KeyboardModifier) -> float:
        """Seconds that an arrow key moves something: a hundredth of what is seen, with Ctrl a
        tenth of that."""
        fine = 0.1 if modifiers & Qt.KeyboardModifier.ControlModifier else 1.0
        return (self.axis.last - self.axis.first) / 100 * fine

    def _step(self, way: int, modifiers: Qt.KeyboardModifier) -> None:
        moment = self._position + way * self.step(modifiers)
        self.sought.emit(min(max(moment, 0.0), self.axis.seconds))

    def _end(self) -> float:
        return self.axis.seconds if self._edit.end is None else self._edit.end

    def _veil(self, strength: float) -> QColor:
        palette = self.palette()
        veil = mixed(
            palette.color(QPalette.ColorRole.Base), palette.color(QPalette.ColorRole.Window), 0.5
        )
        veil.setAlphaF(strength)
        return veil

    def _picture(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        if self._drawn is None or self._drawn.devicePixelRatio() != ratio:
            body = self.body()
            made = QPixmap(round(body.width() * ratio), round(body.height() * ratio))
            made.setDevicePixelRatio(ratio)
            made.fill(Qt.GlobalColor.transparent)
            painter = QPainter(made)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(self.font())
            self._draw(painter, QRect(0, 0, body.width(), body.height()))
            painter.end()
            self._drawn = made
        return self._drawn
