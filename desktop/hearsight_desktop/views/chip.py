"""One thing that the sound is made from: a picture, a video, a sound or a further text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QRect, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from hearsight import Init, Prompt

from .cards import Card, Elided
from .dials import Dial
from .icons import IconButton, pixmap
from .theme import SPACE, muted, small_font, tone

__all__ = ["KINDS", "Chip", "weight_dial"]

KINDS = {"text": "text", "image": "picture", "video": "video", "audio": "sound"}
_SIDE = 48  # logical pixels of a thumbnail


def weight_dial(name: str, parent: QWidget | None = None) -> Dial:
    """A slider for a prompt's weight: a quarter at the left, 1 in the middle, 4 at the right."""

    def position(weight: float | None) -> float:
        if weight is None:
            return 0.5
        return 0.0 if weight <= 0 else 0.5 + 0.25 * float(np.log2(weight))

    def words(weight: float | None) -> str:
        return f"Weight {1.0 if weight is None else weight:.2g}: how much it counts"

    return Dial(name, lambda at: round(4.0 ** (2 * at - 1), 3), position, words, parent)


class _Thumbnail(QWidget):
    """The picture of a file, cut to a rounded square, or a pictogram of its kind."""

    def __init__(self, kind: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._kind = kind
        self._image = QImage()
        self.pale = False
        self.setFixedSize(_SIDE, _SIDE)

    def show_image(self, image: QImage) -> None:
        self._image = image
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        painter.setOpacity(0.4 if self.pale else 1.0)
        shape = QPainterPath()
        shape.addRoundedRect(self.rect(), 5, 5)
        painter.setClipPath(shape)
        if self._image.isNull():
            painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Midlight))
            drawn = pixmap(KINDS[self._kind], muted(self.palette()), 24, self.devicePixelRatioF())
            painter.drawPixmap((_SIDE - 24) // 2, (_SIDE - 24) // 2, drawn)
            return
        side = min(self._image.width(), self._image.height())
        square = QRect(0, 0, side, side)
        square.moveCenter(self._image.rect().center())
        painter.drawImage(self.rect(), self._image, square)


class Chip(Card):
    """One thing to listen to, how much it counts, and whether it is heard at all.

    A sound may instead be what to begin with: then `init` is set and it is no prompt.
    """

    changed = Signal()
    began = Signal()
    """The user made it the sound to begin with."""
    removed = Signal()

    def __init__(
        self, prompt: Prompt, init: Init | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._prompt, self._init = prompt, init
        self._begins = init is not None
        self._problem = ""
        name = prompt.value if prompt.modality == "text" else Path(prompt.value).name
        self.setAccessibleName(f"{KINDS[prompt.modality].capitalize()} {name}")

        self._thumbnail = _Thumbnail(prompt.modality, self)
        self._name = Elided(self, middle=prompt.modality != "text")
        self._name.set_words(name, prompt.value)
        self._weight = weight_dial(f"Weight of {name}", self)
        self._weight.show_number(prompt.weight)
        self._weight.changed.connect(self.changed)
        self._said = QLabel(self)
        self._said.setWordWrap(True)
        self._said.setTextFormat(Qt.TextFormat.PlainText)
        self._said.setFont(small_font(self))
        self._role = QComboBox(self)
        self._role.addItems(["Sounds like it", "Start from it"])
        self._role.setAccessibleName(f"What to do with {name}")
        self._role.setToolTip(
            "Sounds like it: a new sound in its likeness.\n"
            "Start from it: this sound itself, changed towards the rest."
        )
        self._role.setCurrentIndex(int(self._begins))
        self._role.activated.connect(self._choose_role)
        self._mute = IconButton("heard", f"Leave {name} out for now", self, checked="muted")
        self._mute.toggled.connect(self._muted)
        self._remove = IconButton("remove", f"Remove {name}", self)
        self._remove.clicked.connect(self.removed)

        below = QHBoxLayout()
        below.setSpacing(SPACE)
        below.addWidget(self._role)
        below.addWidget(self._weight, 10)
        below.addStretch(1)
        middle = QVBoxLayout()
        middle.setSpacing(2)
        middle.addWidget(self._name)
        middle.addLayout(below)
        middle.addWidget(self._said)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, SPACE, SPACE // 2, SPACE)
        row.setSpacing(SPACE)
        row.addWidget(self._thumbnail)
        row.addLayout(middle, 1)
        row.addWidget(self._mute)
        row.addWidget(self._remove)
        self._show()

    @property
    def stops(self) -> tuple[QWidget, ...]:
        """Where Tab stops in it, in order."""
        return self._role, self._weight, self._mute, self._remove

    @property
    def value(self) -> Prompt:
        """The prompt with its weight, muted or not."""
        weight = self._weight.number()
        return replace(self._prompt, weight=1.0 if weight is None else weight)

    @property
    def init(self) -> Init | None:
        """The sound to begin with, if it is that."""
        if not self._begins:
            return None
        return self._init or Init(self._prompt.value)

    @property
    def muted(self) -> bool:
        """Whether it is left out for now."""
        return self._mute.isChecked()

    @property
    def modality(self) -> str:
        """Its kind."""
        return self._prompt.modality

    def set_begins(self, begins: bool) -> None:
        """Whether it is the sound to begin with."""
        self._begins = begins
        self._role.setCurrentIndex(int(begins))
        self._show()

    def set_problem(self, problem: str) -> None:
        """Say why it cannot be used; empty when it can."""
        self._problem = problem
        self._show()

    def show_thumbnail(self, image: QImage) -> None:
        """Show its picture."""
        self._thumbnail.show_image(image)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_remove"):
            self._show()

    def _choose_role(self, index: int) -> None:
        if bool(index) == self._begins:
            return
        self.set_begins(bool(index))
        if index:
            self.began.emit()
        self.changed.emit()

    def _muted(self) -> None:
        name = self._name.text()
        self._mute.set_words(f"Hear {name} again" if self.muted else f"Leave {name} out for now")
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        kept = self._init if self._begins else None
        if self._problem:
            said = self._problem
        elif kept and kept.span:
            said = f"new from {kept.span[0]:g} to {kept.span[1]:g} s"
        elif kept and kept.band:
            said = f"new from {kept.band[0]:g} to {kept.band[1]:g} Hz"
        else:
            said = ""
        self._said.setText(said)
        ink = self.palette()
        if self._problem:
            ink.setColor(QPalette.ColorRole.WindowText, tone(ink, "warning"))
        self._said.setPalette(ink)
        pale = self.palette()
        if self.muted:
            pale.setColor(QPalette.ColorRole.WindowText, muted(pale))
        self._name.setPalette(pale)
        self._thumbnail.pale = self.muted
        self._role.setVisible(self.modality == "audio")
        self._weight.setVisible(not self._begins and not self._problem)
        self._said.setVisible(bool(said))
        self._weight.setEnabled(not self.muted)
        self.set_look(edge="warning" if self._problem else None, pale=self.muted)
