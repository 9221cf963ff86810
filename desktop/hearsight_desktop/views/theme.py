"""How the app looks: Fusion in the system's light or dark, and every colour from its palette."""

from __future__ import annotations

import html
from typing import Literal

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget
from shiboken6 import isValid

__all__ = [
    "SPACE",
    "FocusRing",
    "Tone",
    "as_it_is",
    "contrast",
    "dress",
    "follow_system",
    "mixed",
    "muted",
    "palette",
    "readable",
    "small_font",
    "title_font",
    "tone",
    "wash",
]

Tone = Literal["error", "warning", "note", "good"]

SPACE = 8
"""Logical pixels between neighbours; margins and gaps are multiples of it."""

_HUES: dict[Tone, float] = {"error": 0.0, "warning": 0.10, "good": 0.39}
_Group, _Role = QPalette.ColorGroup, QPalette.ColorRole
_LIGHTNESS = {  # of each role: in light, in dark
    _Role.Window: (0.955, 0.15),
    _Role.Base: (1.0, 0.095),
    _Role.AlternateBase: (0.975, 0.125),
    _Role.ToolTipBase: (1.0, 0.21),
    _Role.Button: (0.985, 0.21),
    _Role.Light: (1.0, 0.36),
    _Role.Midlight: (0.9, 0.27),
    _Role.Mid: (0.78, 0.32),
    _Role.Dark: (0.62, 0.075),
    _Role.Shadow: (0.45, 0.03),
}
_INKS = (_Role.WindowText, _Role.Text, _Role.ButtonText, _Role.ToolTipText)


def follow_system(app: QApplication) -> FocusRing:
    """Dress the app as the system is, now and whenever that changes."""
    app.setStyle("Fusion")
    hints = app.styleHints()
    dress(app, _is_dark(app))
    hints.colorSchemeChanged.connect(lambda _: dress(app, _is_dark(app)))
    return FocusRing(app)


def dress(app: QApplication, dark: bool) -> None:
    """Give all widgets the light or the dark palette, with the system's accent."""
    standard = app.style().standardPalette()
    app.setPalette(palette(dark, standard.color(_Role.Accent)))


def palette(dark: bool, accent: QColor) -> QPalette:
    """Neutrals with a breath of the accent's hue, and the accent, readable on its text."""
    made = QPalette()
    for role, (light, night) in _LIGHTNESS.items():
        made.setColor(role, _neutral(accent, night if dark else light))
    ink = _neutral(accent, 0.92 if dark else 0.13)
    for role in _INKS:
        made.setColor(role, ink)
    made.setColor(_Role.BrightText, _neutral(accent, 1.0))
    quiet = QColor(ink)
    quiet.setAlphaF(0.66)
    made.setColor(_Role.PlaceholderText, quiet)
    white = QColor(Qt.GlobalColor.white)
    strong = readable(accent, white, 4.6)
    for role in (_Role.Highlight, _Role.Accent):
        made.setColor(role, strong)
    made.setColor(_Role.HighlightedText, white)
    made.setColor(_Role.Link, readable(accent, made.color(_Role.Base), 4.6))
    made.setColor(_Role.LinkVisited, made.color(_Role.Link))
    pale = mixed(ink, made.color(_Role.Window), 0.55)
    for role in (*_INKS, _Role.HighlightedText):
        made.setColor(_Group.Disabled, role, pale)
    made.setColor(_Group.Disabled, _Role.Highlight, made.color(_Role.Mid))
    made.setColor(_Group.Disabled, _Role.Accent, made.color(_Role.Mid))
    return made


def tone(palette: QPalette, kind: Tone) -> QColor:
    """Ink that says error, warning, note or good, readable on the palette's window."""
    accent = palette.color(_Role.Accent)
    if kind != "note":
        accent = QColor.fromHslF(_HUES[kind], 0.7, 0.45)
    return readable(accent, wash(palette, kind), 4.6)


def wash(palette: QPalette, kind: Tone) -> QColor:
    """Ground for such a thing: the window with a breath of its colour."""
    hue = palette.color(_Role.Accent).hslHueF() if kind == "note" else _HUES[kind]
    return mixed(palette.color(_Role.Window), QColor.fromHslF(max(hue, 0.0), 0.7, 0.5), 0.12)


def muted(palette: QPalette) -> QColor:
    """Ink for what matters less."""
    return mixed(palette.color(_Role.WindowText), palette.color(_Role.Window), 0.36)


def mixed(one: QColor, other: QColor, share: float) -> QColor:
    """`one` with a share, 0 to 1, of `other`; opaque."""
    parts = [
        a + (b - a) * share for a, b in zip(one.getRgbF()[:3], other.getRgbF()[:3], strict=True)
    ]
    return QColor.fromRgbF(*(min(max(part, 0.0), 1.0) for part in parts))


def contrast(one: QColor, other: QColor) -> float:
    """Of two opaque colours, 1 to 21 (WCAG 2.2, contrast ratio)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable(colour: QColor, on: QColor, ratio: float) -> QColor:
    """The colour, as much lighter or darker as a contrast of `ratio` needs."""
    step = -0.02 if _luminance(on) > 0.18 else 0.02
    hue, saturation, lightness, _ = colour.getHslF()
    found = QColor(colour)
    while contrast(found, on) < ratio and 0.0 < lightness < 1.0:
        lightness = min(max(lightness + step, 0.0), 1.0)
        found = QColor.fromHslF(max(hue, 0.0), saturation, lightness)
    return found


def as_it_is(text: str) -> str:
    """Text from outside for a tooltip, where Qt would take it for markup if it looked so, and get
    the pictures that it names."""
    if "<" not in text:
        return text
    lines = html.escape(text).replace("\n", "<br>")
    return f"<qt>{lines}</qt>"


def small_font(widget: QWidget) -> QFont:
    """The widget's font, a little smaller."""
    return _scaled(widget.font(), 0.9)


def title_font(widget: QWidget) -> QFont:
    """The widget's font, larger and bolder."""
    font = _scaled(widget.font(), 1.15)
    font.setWeight(QFont.Weight.DemiBold)
    return font


class FocusRing(QObject):
    """A ring around whatever the keyboard moved to; the mouse needs none, and neither does what
    has the property `lit`: it shows its focus itself."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._ring: _Ring | None = None
        app.focusChanged.connect(self._follow)

    def around(self) -> QWidget | None:
        """What has the ring now."""
        ring = self._ring
        return ring.target if ring is not None and isValid(ring) else None

    def _follow(self, _: QWidget | None, now: QWidget | None) -> None:
        if self._ring is not None and isValid(self._ring):  # not gone with its window
            self._ring.hide()
            self._ring.deleteLater()
        self._ring = None
        if now is None or now.isWindow() or now.property("lit"):
            return
        if now.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange):
            self._ring = _Ring(now)


class _Ring(QWidget):
    """Lies on the window, or on what scrolls in it: a parent with narrow margins cuts it less."""

    def __init__(self, target: QWidget) -> None:
        chain = [target]
        while not chain[-1].isWindow() and not _scrolls(chain[-1]):
            chain.append(chain[-1].parentWidget())
        super().__init__(chain[-1])
        self.target, self._ground = target, chain[-1]
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        for each in chain:
            each.installEventFilter(self)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Not when it hides: it loses the focus then, or its window is being deleted.
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show):
            self._place()
        return False

    def _place(self) -> None:
        area = QRect(self.target.mapTo(self._ground, QPoint()), self.target.size())
        self.setGeometry(area.adjusted(-2, -2, 2, 2))
        self.show()
        self.raise_()

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(_visible_accent(self.palette()), 2))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)


def _scrolls(widget: QWidget) -> bool:
    area = widget.parentWidget() and widget.parentWidget().parentWidget()
    return isinstance(area, QScrollArea) and area.widget() is widget


def _visible_accent(palette: QPalette) -> QColor:
    return readable(palette.color(_Role.Accent), palette.color(_Role.Window), 3.0)


def _is_dark(app: QApplication) -> bool:
    scheme = app.styleHints().colorScheme()
    if scheme == Qt.ColorScheme.Unknown:
        return app.style().standardPalette().color(_Role.Window).lightnessF() < 0.5
    return scheme == Qt.ColorScheme.Dark


def _neutral(accent: QColor, lightness: float) -> QColor:
    return QColor.fromHslF(max(accent.hslHueF(), 0.0), 0.09, lightness)


def _luminance(colour: QColor) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.getRgbF()[:3]
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _scaled(font: QFont, factor: float) -> QFont:
    made = QFont(font)
    if font.pointSizeF() > 0:
        made.setPointSizeF(font.pointSizeF() * factor)
    else:
        made.setPixelSize(round(font.pixelSize() * factor))
    return made
