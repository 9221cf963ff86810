"""How results look in their list: headers, takes with their waveform, and what is to come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen, QPixmap, QPixmapCache
from PySide6.QtWidgets import (
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from .batches import Kind
from .icons import pixmap
from .takes_model import Role
from .theme import mixed, muted, readable, small_font
from .waves import narrowed, wave_image

__all__ = ["Parts", "TileDelegate", "parts"]

_Role = QPalette.ColorRole
_State = QStyle.StateFlag
_Index = QModelIndex | QPersistentModelIndex
_ROUND = 7
_ICON = 18
_BADGE = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_ELIDE = Qt.TextElideMode.ElideRight


@dataclass(frozen=True)
class Parts:
    """Where the parts of a tile lie; `badge` holds the number or that it plays."""

    badge: QRect
    star: QRect
    wave: QRect
    name: QRect


def parts(tile: QRect) -> Parts:
    """Of a tile in this rectangle."""
    inner = tile.adjusted(8, 6, -8, -6)
    return Parts(
        badge=QRect(inner.left(), inner.top(), 22, 22),
        star=QRect(inner.right() - 21, inner.top(), 22, 22),
        wave=inner.adjusted(0, 22, 0, -22),
        name=QRect(inner.left(), inner.bottom() - 20, inner.width(), 21),
    )


class TileDelegate(QStyledItemDelegate):
    """Paints rows; states differ in shape and words, not in colour alone."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint = {Kind.HEADER: _header, Kind.TAKE: _take, Kind.PENDING: _pending}
        paint[index.data(Role.KIND)](painter, option, index)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return option.rect.size()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: _Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setAccessibleName("New name")
        return editor

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: _Index
    ) -> None:
        editor.setGeometry(parts(option.rect).name.adjusted(-4, -3, 4, 3))


def _header(painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
    rect, palette = option.rect.adjusted(2, 10, -2, -4), option.palette
    quiet = small_font(option.widget)
    detail = index.data(Role.DETAIL)
    painter.setFont(quiet)
    width = painter.fontMetrics().horizontalAdvance(detail) + 12
    painter.setPen(muted(palette))
    bottom = Qt.AlignmentFlag.AlignVCenter
    painter.drawText(rect, int(bottom | Qt.AlignmentFlag.AlignRight), detail)
    bold = option.font
    bold.setWeight(bold.Weight.DemiBold)
    painter.setFont(bold)
    painter.setPen(palette.color(_Role.WindowText))
    room = rect.adjusted(0, 0, -width, 0)
    title = painter.fontMetrics().elidedText(
        index.data(Qt.ItemDataRole.DisplayRole).replace("\n", " "), _ELIDE, room.width()
    )
    painter.drawText(room, int(bottom), title)


def _take(painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
    palette, place = option.palette, parts(option.rect)
    entry, playing = index.data(Role.ENTRY), index.data(Role.PLAYING)
    selected = bool(option.state & _State.State_Selected)
    hovered = bool(option.state & _State.State_MouseOver)
    ground = _ground(painter, option, selected=selected, hovered=hovered)
    ink = palette.color(_Role.Text)
    accent = readable(palette.color(_Role.Accent), ground, 3.0)
    quiet = readable(mixed(ink, ground, 0.3), ground, 4.5)
    _wave(painter, option, index, place.wave, mixed(ink, ground, 0.45), accent, playing)
    badge = place.badge
    if playing is not None:
        _icon(painter, option, "pause", badge, accent)
    elif hovered:
        _icon(painter, option, "play", badge, ink)
    elif entry.rejected:
        _icon(painter, option, "bin", badge, quiet)
    else:
        painter.setFont(small_font(option.widget))
        painter.setPen(quiet)
        painter.drawText(badge, int(_BADGE), str(entry.number))
    if entry.starred or hovered:
        _icon(painter, option, "starred" if entry.starred else "star", place.star, accent)
    if index.data(Role.STALE):
        painter.setFont(small_font(option.widget))
        painter.setPen(quiet)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        room = QRect(badge.right(), badge.top(), place.star.left() - badge.right() - 4, 22)
        painter.drawText(room, int(flags), "writing file…")
    _name(painter, option, index, place.name, ink, quiet)


def _pending(painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
    palette, place = option.palette, parts(option.rect)
    quiet = muted(palette)
    pen = QPen(mixed(palette.color(_Role.Mid), palette.color(_Role.Window), 0.3), 1)
    pen.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5), _ROUND, _ROUND)
    painter.setFont(small_font(option.widget))
    painter.setPen(quiet)
    painter.drawText(place.badge, int(_BADGE), str(index.data(Role.NUMBER)))
    said = painter.fontMetrics().elidedText(index.data(Role.DETAIL), _ELIDE, place.name.width())
    painter.drawText(place.name, int(Qt.AlignmentFlag.AlignVCenter), said)
    track = QRectF(place.wave.left(), place.wave.center().y() - 1, place.wave.width(), 3)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(mixed(palette.color(_Role.Mid), palette.color(_Role.Window), 0.5))
    painter.drawRoundedRect(track, 1.5, 1.5)
    track.setWidth(track.width() * min(max(index.data(Role.PROGRESS), 0.0), 1.0))
    painter.setBrush(readable(palette.color(_Role.Accent), palette.color(_Role.Window), 3.0))
    painter.drawRoundedRect(track, 1.5, 1.5)


def _ground(
    painter: QPainter, option: QStyleOptionViewItem, *, selected: bool, hovered: bool
) -> QColor:
    """Paint the card of a take and give back its colour."""
    palette = option.palette
    ground, accent = palette.color(_Role.Base), palette.color(_Role.Accent)
    edge = QPen(mixed(palette.color(_Role.Mid), ground, 0.55), 1)
    if selected:
        ground = mixed(ground, accent, 0.14)
        edge = QPen(readable(accent, palette.color(_Role.Window), 3.0), 2)
    elif hovered:
        edge.setColor(palette.color(_Role.Mid))
    half = edge.widthF() / 2
    painter.setPen(edge)
    painter.setBrush(ground)
    card = QRectF(option.rect).adjusted(half, half, -half, -half)
    painter.drawRoundedRect(card, _ROUND, _ROUND)
    if option.state & _State.State_HasFocus:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(mixed(accent, ground, 0.45), 1))
        painter.drawRoundedRect(card.adjusted(3, 3, -3, -3), _ROUND - 2, _ROUND - 2)
    return ground


def _wave(
    painter: QPainter,
    option: QStyleOptionViewItem,
    index: _Index,
    rect: QRect,
    ink: QColor,
    accent: QColor,
    playing: float | None,
) -> None:
    shape = index.data(Role.SHAPE)
    if shape is None or not len(shape[1]):
        painter.setPen(QPen(ink, 1))
        painter.drawLine(
            QPointF(rect.left(), rect.center().y()), QPointF(rect.right(), rect.center().y())
        )
        return
    ratio = painter.device().devicePixelRatioF()
    painter.drawPixmap(rect.topLeft(), _picture(shape, rect.size(), ratio, ink))
    if playing is not None:
        heard = QRect(rect)
        heard.setWidth(round(rect.width() * min(max(playing, 0.0), 1.0)))
        painter.save()
        painter.setClipRect(heard)
        painter.drawPixmap(rect.topLeft(), _picture(shape, rect.size(), ratio, accent))
        painter.restore()
        x = heard.left() + heard.width() + 0.5
        painter.setPen(QPen(option.palette.color(_Role.Text), 1))
        painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))


def _picture(shape: tuple[int, Any], size: QSize, ratio: float, ink: QColor) -> QPixmap:
    serial, columns = shape
    key = f"wave/{serial}/{size.width()}x{size.height()}/{ratio}/{ink.name()}"
    if (known := QPixmapCache.find(key)) is not None and not known.isNull():
        return known
    width, height = round(size.width() * ratio), round(size.height() * ratio)
    made = QPixmap.fromImage(wave_image(narrowed(columns, width), height, ink))
    made.setDevicePixelRatio(ratio)
    QPixmapCache.insert(key, made)
    return made


def _name(
    painter: QPainter,
    option: QStyleOptionViewItem,
    index: _Index,
    rect: QRect,
    ink: QColor,
    quiet: QColor,
) -> None:
    painter.setFont(small_font(option.widget))
    detail = index.data(Role.DETAIL)
    painter.setPen(quiet)
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
    painter.drawText(rect, int(flags), detail)
    room = rect.adjusted(0, 0, -painter.fontMetrics().horizontalAdvance(detail) - 8, 0)
    font = option.font
    font.setStrikeOut(index.data(Role.ENTRY).rejected)
    painter.setFont(font)
    painter.setPen(ink)
    # Takes of a batch differ at the end of their names.
    name = painter.fontMetrics().elidedText(
        index.data(Qt.ItemDataRole.DisplayRole), Qt.TextElideMode.ElideMiddle, room.width()
    )
    painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), name)


def _icon(
    painter: QPainter, option: QStyleOptionViewItem, name: str, rect: QRect, ink: QColor
) -> None:
    ratio = painter.device().devicePixelRatioF()
    side = (rect.width() - _ICON) // 2
    painter.drawPixmap(rect.left() + side, rect.top() + side, pixmap(name, ink, _ICON, ratio))
