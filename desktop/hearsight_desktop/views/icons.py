"""Pictograms drawn for this app, in the colour of the palette, sharp at every scale."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QLabel, QToolButton, QWidget

from .theme import mixed

__all__ = ["NAMES", "Glyph", "IconButton", "app_icon", "icon", "pixmap"]

# An eye whose iris is a sound.
_APP = (
    '<rect x="1" y="1" width="22" height="22" rx="5.5" fill="#1f6f9f"/>'
    '<path d="M3.5 12C6 7.5 9 5.6 12 5.6s6 1.9 8.5 6.4C18 16.5 15 18.4 12 18.4S6 16.5 3.5 12z" '
    'fill="none" stroke="#fff" stroke-width="1.4" stroke-linejoin="round"/>'
    '<path d="M8.4 11v2M10.2 9.6v4.8M12 8.2v7.6M13.8 9.6v4.8M15.6 11v2" '
    'stroke="#fff" stroke-width="1.2" stroke-linecap="round"/>'
)

# Strokes on a field of 24 by 24; `fill` marks what is filled instead.
_DRAWN = {
    "play": '<path class="fill" d="M8 5.5v13l10.5-6.5z"/>',
    "stop": '<rect class="fill" x="6.5" y="6.5" width="11" height="11" rx="1.5"/>',
    "pause": '<path d="M9 6v12M15 6v12"/>',
    "loop": '<path d="M17 4l3 3-3 3M20 7H9a5 5 0 0 0-5 5M7 20l-3-3 3-3M4 17h11a5 5 0 0 0 5-5"/>',
    "star": '<path d="M12 4l2.5 5.1 5.6.8-4.1 3.9 1 5.6-5-2.7-5 2.7 1-5.6L3.9 9.9l5.6-.8z"/>',
    "starred": '<path class="fill" d="M12 4l2.5 5.1 5.6.8-4.1 3.9 1 5.6-5-2.7-5 2.7 1-5.6'
    'L3.9 9.9l5.6-.8z"/>',
    "bin": '<path d="M5 7h14M10 7V4.5h4V7M7 7l1 12.5h8L17 7M10.5 11v5M13.5 11v5"/>',
    "remove": '<path d="M7 7l10 10M17 7L7 17"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "save": '<path d="M5 4.5h11l3.5 3.5v11.5H4.5V5zM8 4.5v5h7v-5M7.5 19.5v-6h9v6"/>',
    "export": '<path d="M12 15V4M8 7.5l4-4 4 4M5 12v7.5h14V12"/>',
    "folder": '<path d="M3.5 18.5v-13h6l2 2.5h9v10.5z"/>',
    "copy": '<rect x="8.5" y="8.5" width="11" height="11" rx="2"/>'
    '<path d="M15.5 5.5v-1h-11v11h1"/>',
    "search": '<circle cx="11" cy="11" r="6"/><path d="M15.5 15.5l4.5 4.5"/>',
    "lock": '<rect x="5.5" y="10.5" width="13" height="9" rx="2"/>'
    '<path d="M8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5"/>',
    "unlock": '<rect x="5.5" y="10.5" width="13" height="9" rx="2"/>'
    '<path d="M8.5 10.5V7a3.5 3.5 0 0 1 6.7-1.4"/>',
    "dice": '<rect x="4.5" y="4.5" width="15" height="15" rx="3"/>'
    '<path class="dots" d="M8.7 8.7h.01M15.3 8.7h.01M12 12h.01M8.7 15.3h.01M15.3 15.3h.01"/>',
    "heard": '<path d="M4 10v4h3l4.5 4V6L7 10zM15 9.5a4 4 0 0 1 0 5M17.5 7a8 8 0 0 1 0 10"/>',
    "muted": '<path d="M4 10v4h3l4.5 4V6L7 10zM15.5 9.5l5 5M20.5 9.5l-5 5"/>',
    "picture": '<rect x="3.5" y="5" width="17" height="14" rx="2"/><circle cx="8.5" cy="9.5" '
    'r="1.5"/><path d="M4 17l5-4.5 3.5 3 3-2.5 4.5 4"/>',
    "video": '<rect x="3.5" y="6" width="11.5" height="12" rx="2"/>'
    '<path d="M15 11l5.5-3v8L15 13"/>',
    "sound": '<path d="M4 10.5v3M8 7v10M12 4v16M16 8.5v7M20 10.5v3"/>',
    "text": '<path d="M5 7V5.5h14V7M12 5.5v13M9.5 18.5h5"/>',
    "seam": '<path d="M12 3.5v17M3.5 12c1.5-5 3.5-5 5 0s2 4.5 3.5 0M12 12'
    'c1.5-4.5 2-5 3.5 0s3.5 5 5 0"/>',
    "chip": '<rect x="7" y="7" width="10" height="10" rx="1.5"/><path d="M10 7V4M14 7V4M10 20v-3'
    'M14 20v-3M7 10H4M7 14H4M20 10h-3M20 14h-3"/>',
    "down": '<path d="M7 10l5 5 5-5"/>',
    "right": '<path d="M10 7l5 5-5 5"/>',
    "more": '<path class="dots" d="M6 12h.01M12 12h.01M18 12h.01"/>',
    "settings": '<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/>'
    '<circle cx="9" cy="17" r="2"/>',
    "off": '<circle cx="12" cy="12" r="2.5"/>',
    "good": '<path d="M5 12.5l4.5 4.5L19 7.5"/>',
    "error": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7.5v5.5M12 16.2v.1"/>',
    "warning": '<path d="M12 4L2.8 19.5h18.4zM12 10v4.5M12 16.9v.1"/>',
    "note": '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5.5M12 7.8v.1"/>',
    "drag": ""
    '<path class="dots" d="M9.5 6h.01M14.5 6h.01M9.5 12h.01M14.5 12h.01M9.5 18h.01M14.5 18h.01"/>',
    "drop": '<path d="M12 3.5v9.5M8 9.5l4 4 4-4M4 14.5v5h16v-5"/>',
    "boxes": '<path d="M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8"/>',
    "undo": '<path d="M8.5 5l-4 4 4 4M4.5 9H14a5 5 0 0 1 0 10H8"/>',
}

NAMES = tuple(_DRAWN)

_SIDE = 20  # logical pixels of an icon
_RATIOS = (1.0, 1.5, 2.0, 3.0)


def icon(name: str, palette: QPalette, side: int = _SIDE) -> QIcon:
    """The pictogram in the ink of the palette's buttons, paler where it is disabled."""
    group, role = QPalette.ColorGroup, QPalette.ColorRole.ButtonText
    made = QIcon()
    inks = {
        QIcon.Mode.Normal: palette.color(group.Active, role),
        QIcon.Mode.Selected: palette.color(group.Active, QPalette.ColorRole.HighlightedText),
        QIcon.Mode.Disabled: mixed(
            palette.color(group.Active, role), palette.color(QPalette.ColorRole.Window), 0.6
        ),
    }
    for mode, ink in inks.items():
        for ratio in _RATIOS:
            made.addPixmap(pixmap(name, ink, side, ratio), mode)
    return made


def pixmap(name: str, ink: QColor, side: int = _SIDE, ratio: float = 1.0) -> QPixmap:
    """The pictogram, `side` logical pixels wide and high, on a screen of this pixel ratio."""
    key = f"hearsight {name} {ink.name()} {side} {ratio}"
    made = QPixmap()
    if not QPixmapCache.find(key, made):
        made = _rendered(name, ink.name(), round(side * ratio))
        made.setDevicePixelRatio(ratio)
        QPixmapCache.insert(key, made)
    return made


class IconButton(QToolButton):
    """A flat button with a pictogram; `words` name it to the eye (tooltip) and the ear.

    checked: pictogram while it is pressed in, which makes it a switch.
    """

    def __init__(
        self, name: str, words: str, parent: QWidget | None = None, *, checked: str = ""
    ) -> None:
        super().__init__(parent)
        self._name, self._checked_name = name, checked
        self.setAutoRaise(True)
        self.setIconSize(QSize(_SIDE, _SIDE))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCheckable(bool(checked))
        self.toggled.connect(self.refresh)
        self.set_words(words)
        self.refresh()

    def set_words(self, words: str) -> None:
        """Say what it does."""
        self.setToolTip(words)
        self.setAccessibleName(words)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.refresh()

    def refresh(self) -> None:
        """Draw it as it stands."""
        name = self._checked_name if self._checked_name and self.isChecked() else self._name
        self.setIcon(icon(name, self.palette()))


class Glyph(QLabel):
    """A pictogram that only says what something is."""

    def __init__(self, name: str, parent: QWidget | None = None, side: int = _SIDE) -> None:
        super().__init__(parent)
        self._name, self._side = name, side
        self._ink: QColor | None = None
        self.setFixedSize(side, side)
        self._draw()

    def show_name(self, name: str, ink: QColor | None = None) -> None:
        """Another pictogram, in another ink."""
        self._name, self._ink = name, ink
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()

    def _draw(self) -> None:
        ink = self._ink or self.palette().color(QPalette.ColorRole.WindowText)
        self.setPixmap(pixmap(self._name, ink, self._side, self.devicePixelRatioF()))


def app_icon() -> QIcon:
    """Of the window, in task bars and lists of programs."""
    made = QIcon()
    for side in (16, 24, 32, 48, 64, 128, 256):
        made.addPixmap(_drawn(_APP, side))
    return made


def _rendered(name: str, ink: str, pixels: int) -> QPixmap:
    return _drawn(
        f'<g fill="none" stroke="{ink}" stroke-width="1.7" stroke-linecap="round" '
        f'stroke-linejoin="round">{_styled(_DRAWN[name], ink)}</g>',
        pixels,
    )


def _drawn(shapes: str, pixels: int) -> QPixmap:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">{shapes}</svg>'
    made = QPixmap(pixels, pixels)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    return made


def _styled(body: str, ink: str) -> str:
    return body.replace('class="fill"', f'fill="{ink}"').replace(
        'class="dots"', 'stroke-width="2.4"'
    )
