"""The chosen take, large: seen, cut, faded and looped with the mouse or with keys."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPalette,
    QPolygonF,
)
from PySide6.QtWidgets import QMenu, QWidget

from ..edits import checked
from ..entry import Edit
from ..peaks import Peaks, columns
from .keys import Act
from .marks import Mark, marks_of, moment, moved
from .overlay import Overlay
from .theme import muted, readable, small_font
from .timeline import MARGIN, TimeAxis, clock
from .timeview import TimeView
from .waves import wave_image

__all__ = ["WaveformView"]

_Role = QPalette.ColorRole
_Key, _Shift = Qt.Key, Qt.KeyboardModifier.ShiftModifier
_RULER, _FOOT = 22, 14  # pixels above the sound for times, below it for the loop
_NEAR = 7  # pixels from a handle that still grab it
_FADES = (0.01, 0.05)  # seconds in and out: no click, a short tail


class WaveformView(TimeView):
    """Handles at the ends and the fades, a bar for the loop, a region chosen by dragging.

    Facts are told when the mouse lets go or a key was pressed, with values that fit together.
    """

    trimmed = Signal(float, float)
    """First and end of what the user keeps, in seconds of the original."""
    faded = Signal(float, float)
    """Seconds of fade in and fade out."""
    looped = Signal(object)
    """The region that repeats, (first, end) in seconds of the original; None for none."""

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(axis, self._draw_wave, parent)
        self._peaks: Peaks | None = None
        self._rate = 1
        self._active = Mark.POSITION
        self._held: Mark | None = None
        self._before = self._edit
        self._pressed_at = 0.0
        self._selection: tuple[float, float] | None = None
        self.setMinimumHeight(120)
        self.setAccessibleName("Waveform")
        self._say()

    @property
    def selection(self) -> tuple[float, float] | None:
        """First and end of the region that the user chose, in seconds."""
        return self._selection

    def show_sound(self, peaks: Peaks | None, sample_rate: int = 1) -> None:
        """Show this sound, of the length that the axis has; None for none."""
        self._peaks, self._rate = peaks, sample_rate
        self._select(None)
        self.redraw()

    def show_edit(self, edit: Edit) -> None:
        super().show_edit(edit)
        self._held = None
        if self._active not in marks_of(edit):
            self._active = Mark.POSITION
        self._say()

    def act(self, act: Act) -> None:
        """Do what a key asks of the cut: begin or end here, fade or not."""
        if not self.axis.seconds:
            return
        before = self._edit
        if act is Act.MARK_IN:
            self._become(moved(Mark.START, before, self.axis.seconds, self._position))
        elif act is Act.MARK_OUT:
            self._become(moved(Mark.END, before, self.axis.seconds, self._position))
        elif act is Act.FADE:
            fades = (0.0, 0.0) if before.fade_in or before.fade_out else _FADES
            faded = replace(before, fade_in=fades[0], fade_out=fades[1])
            self._become(checked(faded, self.axis.seconds))
        self._tell(before)

    def menu(self) -> QMenu:
        """What can be done with the region and the cut."""
        menu, region, edit = QMenu(self), self._selection, self._edit
        for words, wanted, possible in (
            ("Keep only the selection\tReturn", self._keep, region),
            ("Loop the selection\tShift+L", self._loop, region),
            ("Show the selection", lambda: self.axis.show(*(region or (0, 0))), region),
            ("", None, None),
            ("Remove the loop", lambda: self._change(loop=None), edit.loop),
            ("Remove the fades", lambda: self._change(fade_in=0, fade_out=0), self._is_faded()),
            ("Keep the whole sound", lambda: self._change(start=0, end=None), self._is_cut()),
            ("Show the whole sound\t0", self.axis.show_all, self.axis.seconds),
        ):
            if wanted is None:
                menu.addSeparator()
                continue
            action = menu.addAction(words)
            action.triggered.connect(lambda _=False, wanted=wanted: wanted())
            action.setEnabled(bool(possible))
        return menu

    def body(self) -> QRect:
        return self.rect().adjusted(0, _RULER, 0, -_FOOT)

    def _draw_wave(self, painter: QPainter, body: QRect) -> None:
        palette = self.palette()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.color(_Role.Base))
        painter.drawRoundedRect(QRectF(body), 6, 6)
        if not self.axis.seconds:
            painter.setPen(muted(palette))
            words = "Choose a sound to see it, cut it and loop it."
            painter.drawText(body, int(Qt.AlignmentFlag.AlignCenter), words)
        if self._peaks is None or not self.axis.seconds:
            return
        ratio = painter.device().devicePixelRatioF()
        width = round((body.width() - 2 * MARGIN) * ratio)
        if width < 1:
            return
        first, last = (self.axis.first * self._rate, self.axis.last * self._rate)
        shape = columns(self._peaks, round(first), max(round(last), round(first) + 1), width)
        ink = readable(palette.color(_Role.Accent), palette.color(_Role.Base), 3.0)
        image = wave_image(shape, round((body.height() - 12) * ratio), ink)
        image.setDevicePixelRatio(ratio)
        painter.drawImage(QPointF(MARGIN, 6), image)

    def paint_above(self, painter: QPainter) -> None:
        above = Overlay(
            self.axis,
            self._edit,
            self._position,
            QRectF(self.body()),
            self.width(),
            self.palette(),
            small_font(self),
        )
        active = self._active if self.hasFocus() else None
        above.times(painter)
        above.region(painter, self._selection)
        above.fades(painter)
        above.loop(painter, _FOOT)
        above.handles(painter, active)
        if active is not None and active is not Mark.POSITION:
            above.name(painter, active, self._words())

    def paint_position(self, painter: QPainter) -> None:
        super().paint_position(painter)
        x = self.axis.x(self._position, self.width())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().color(_Role.Text))
        head = [QPointF(x - 5, _RULER - 7), QPointF(x + 5, _RULER - 7), QPointF(x, _RULER)]
        painter.drawPolygon(QPolygonF(head))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self.axis.seconds:
            return
        self._held = self._mark_at(event.position()) or Mark.POSITION
        self._active, self._before = self._held, self._edit
        self._pressed_at = event.position().x()
        if self._held is Mark.POSITION and event.position().y() < _RULER:
            self._seek(event)
        self._say()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is None:
            over = self.axis.seconds and self._mark_at(event.position())
            shape = Qt.CursorShape.SizeHorCursor if over else Qt.CursorShape.ArrowCursor
            self.setCursor(shape)
        elif self._held is not Mark.POSITION:
            to = self.axis.at(event.position().x(), self.width())
            self._become(moved(self._held, self._edit, self.axis.seconds, to))
        elif event.position().y() < _RULER and self._selection is None:
            self._seek(event)
        elif abs(event.position().x() - self._pressed_at) > 3 or self._selection:
            ends = (self._pressed_at, event.position().x())
            first, last = sorted(self.axis.at(x, self.width()) for x in ends)
            self._select((first, last) if last > first else None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        held, self._held = self._held, None
        if held is Mark.POSITION:
            if abs(event.position().x() - self._pressed_at) <= 3:
                self._select(None)
                self._seek(event)
        elif held is not None:
            self._tell(self._before)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.axis.seconds:
            menu = self.menu()
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(event.globalPos())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def wants_key(self, event: QKeyEvent) -> bool:
        if event.key() == _Key.Key_Escape:
            return bool(self._held or self._selection)
        return super().wants_key(event) or (event.key(), event.modifiers()) == (_Key.Key_L, _Shift)

    def press_key(self, event: QKeyEvent) -> bool:
        key, modifiers, known = event.key(), event.modifiers(), marks_of(self._edit)
        if key == _Key.Key_Escape and (self._held or self._selection):
            self._give_up()
        elif not self.axis.seconds:
            return super().press_key(event)
        elif key in (_Key.Key_Up, _Key.Key_Down):
            place = known.index(self._active) + (1 if key == _Key.Key_Down else -1)
            self._active = known[place % len(known)]
            self._say()
        elif key in (_Key.Key_Return, _Key.Key_Enter) and self._selection:
            self._keep()
        elif key == _Key.Key_L and modifiers == _Shift and self._selection:
            self._loop()
        elif key in (_Key.Key_Left, _Key.Key_Right) and self._nudges(modifiers):
            self._nudge(-1 if key == _Key.Key_Left else 1, modifiers)
        else:
            return super().press_key(event)
        return True

    def _nudges(self, modifiers: Qt.KeyboardModifier) -> bool:
        return self._active is not Mark.POSITION or bool(modifiers & _Shift)

    def _nudge(self, way: int, modifiers: Qt.KeyboardModifier) -> None:
        by, before = way * self.step(modifiers), self._edit
        if self._active is not Mark.POSITION:
            at = moment(self._active, before, self.axis.seconds, self._position)
            self._become(moved(self._active, before, self.axis.seconds, at + by))
            self._tell(before)
            return
        first, last = self._selection or (self._position, self._position)
        # The end that is not where it is heard moves on.
        other = first if abs(last - self._position) < abs(first - self._position) else last
        other = min(max(other + by, 0.0), self.axis.seconds)
        ends = sorted((self._position, other))
        self._select((ends[0], ends[1]) if ends[1] > ends[0] else None)

    def _keep(self) -> None:
        if self._selection:
            start, end = self._selection
            self._select(None)
            self._change(start=start, end=end)

    def _loop(self) -> None:
        if self._selection:
            region = self._selection
            self._select(None)
            self._change(loop=region)

    def _change(self, **fields: object) -> None:
        before = self._edit
        self._become(checked(replace(before, **fields), self.axis.seconds))
        self._tell(before)

    def _become(self, edit: Edit) -> None:
        self._edit = edit
        self._say()
        self.update()

    def _tell(self, before: Edit) -> None:
        edit = self._edit
        if (edit.start, edit.end) != (before.start, before.end):
            self.trimmed.emit(edit.start, self._end())
        elif edit.loop != before.loop:
            self.looped.emit(edit.loop)
        elif (edit.fade_in, edit.fade_out) != (before.fade_in, before.fade_out):
            self.faded.emit(edit.fade_in, edit.fade_out)

    def _give_up(self) -> None:
        if self._held not in (None, Mark.POSITION):
            self._become(self._before)
        self._held = None
        self._select(None)

    def _seek(self, event: QMouseEvent) -> None:
        self.sought.emit(self.axis.at(event.position().x(), self.width()))

    def _select(self, region: tuple[float, float] | None) -> None:
        self._selection = region
        self._say()
        self.update()

    def _is_cut(self) -> bool:
        return self._edit.start > 0 or self._edit.end is not None

    def _is_faded(self) -> bool:
        return self._edit.fade_in > 0 or self._edit.fade_out > 0

    def _mark_at(self, point: QPointF) -> Mark | None:
        near = []
        for mark in marks_of(self._edit):
            place = self._place(mark)
            if mark is not Mark.POSITION and place.adjusted(-2, -2, 2, 2).contains(point):
                near.append((abs(place.center().x() - point.x()), mark))
        return min(near, key=lambda pair: pair[0])[1] if near else None

    def _place(self, mark: Mark) -> QRectF:
        """Where a mark can be grabbed."""
        x = self.axis.x(moment(mark, self._edit, self.axis.seconds, self._position), self.width())
        body = QRectF(self.body())
        if mark in (Mark.FADE_IN, Mark.FADE_OUT):
            return QRectF(x - _NEAR, body.top() - 1, 2 * _NEAR, 2 * _NEAR)
        if mark in (Mark.LOOP_START, Mark.LOOP_END):
            return QRectF(x - _NEAR, body.bottom(), 2 * _NEAR, _FOOT)
        return QRectF(x - _NEAR, body.top() + 2 * _NEAR, 2 * _NEAR, body.height() - 2 * _NEAR)

    def _words(self) -> str:
        at = moment(self._active, self._edit, self.axis.seconds, self._position)
        return f"{self._active.value} {clock(at, 3)}"

    def _say(self) -> None:
        """Tell who cannot see it what the arrow keys move, and what is selected."""
        said = f"Up and down choose what left and right move: {self._words()}"
        if self._selection:
            said += f", selected {clock(self._selection[0], 3)} to {clock(self._selection[1], 3)}"
        if said != self.accessibleDescription():
            self.setAccessibleDescription(said)
        self.update()
