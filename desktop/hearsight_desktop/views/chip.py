"""One thing that the sound is made from: a picture, a video, a sound or a further text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPalette
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from hearsight import Heard, Init, Prompt

from .cards import Card, Elided
from .icons import IconButton
from .kinds import KINDS, Kind
from .parts import PartsView
from .theme import SPACE, muted, small_font, tone
from .thumbnail import ThumbnailView
from .voice import Voice

__all__ = ["Chip"]

_SIDE = 48  # logical pixels of a thumbnail


class Chip(Card):
    """One thing to listen to, how much it counts, and whether it is heard at all; of a picture
    the parts, too, as far as they are known.

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
        self._parts_count = True
        name = prompt.value if prompt.modality == "text" else Path(prompt.value).name
        word = self.kind.word
        self.setAccessibleName(f"{word[:1].upper()}{word[1:]} {name}")

        self._thumbnail = ThumbnailView(self.kind.glyph, _SIDE, self)
        self._name = Elided(self, middle=prompt.modality != "text")
        self._name.set_words(name, prompt.value)
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
        self._voice = Voice(name, self)
        self._voice.show(prompt.weight)
        self._voice.changed.connect(self._voiced)
        self._remove = IconButton("remove", f"Remove {name}", self)
        self._remove.clicked.connect(self.removed)
        self._parts = PartsView(name, self)
        self._parts.show_sources(prompt.sources)
        self._parts.changed.connect(self.changed)
        self._lay_out()
        self._show()

    @property
    def stops(self) -> tuple[QWidget, ...]:
        """Where Tab stops in it, in order."""
        parts = [stop for part in self._parts.chips for stop in part.stops]
        return self._role, self._voice.dial, self._voice.button, self._remove, *parts

    @property
    def value(self) -> Prompt:
        """The prompt with its weight, muted or not."""
        return replace(self._prompt, weight=self._voice.weight, sources=self._weights())

    @property
    def init(self) -> Init | None:
        """The sound to begin with, if it is that."""
        if not self._begins:
            return None
        return self._init or Init(self._prompt.value)

    @property
    def muted(self) -> bool:
        """Whether it is left out for now."""
        return self._voice.muted

    @property
    def modality(self) -> str:
        """What it is, for a request."""
        return self._prompt.modality

    @property
    def kind(self) -> Kind:
        """What it is, for people."""
        return KINDS[self._prompt.modality]

    @property
    def file(self) -> Path | None:
        """Its file, if it is none of words."""
        return None if self.modality == "text" else Path(self._prompt.value)

    @property
    def thumbnail(self) -> QImage:
        """Its picture; null while there is none."""
        return self._thumbnail.image

    @property
    def parts(self) -> PartsView:
        """What was found in it."""
        return self._parts

    def set_begins(self, begins: bool) -> None:
        """Whether it is the sound to begin with."""
        self._begins = begins
        self._role.setCurrentIndex(int(begins))
        self._show()

    def set_problem(self, problem: str) -> None:
        """Say why it cannot be used; empty when it can."""
        self._problem = problem
        self._show()

    def set_parts_count(self, parts_count: bool) -> None:
        """Whether its parts count now, or only all of it."""
        self._parts_count = parts_count
        self._show()

    def show_thumbnail(self, image: QImage, size: tuple[int, int]) -> None:
        """Show its picture, whose own width and height those are."""
        self._thumbnail.show_image(image)
        self._parts.show_picture(image, size)

    def show_parts(self, parts: tuple[Heard, ...]) -> None:
        """Show what was found in it."""
        self._parts.show_parts(parts)
        self._show()

    def forget_parts(self) -> None:
        """What was found in it counts no more."""
        self._parts.forget()
        self._show()

    def take_focus(self) -> None:
        """The keyboard goes on here when a chip beside it was removed."""
        self._remove.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_parts"):
            self._show()

    def _lay_out(self) -> None:
        below = QHBoxLayout()
        below.setSpacing(SPACE)
        below.addWidget(self._role)
        below.addWidget(self._voice.dial, 10)
        below.addStretch(1)
        middle = QVBoxLayout()
        middle.setSpacing(2)
        middle.addWidget(self._name)
        middle.addLayout(below)
        middle.addWidget(self._said)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        row.addWidget(self._thumbnail)
        row.addLayout(middle, 1)
        row.addWidget(self._voice.button)
        row.addWidget(self._remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE, SPACE // 2, SPACE)
        column.setSpacing(SPACE)
        column.addLayout(row)
        below_all = QHBoxLayout()
        below_all.setContentsMargins(0, 0, SPACE // 2, 0)
        below_all.addWidget(self._parts)
        column.addLayout(below_all)

    def _choose_role(self, index: int) -> None:
        if bool(index) == self._begins:
            return
        self.set_begins(bool(index))
        if index:
            self.began.emit()
        self.changed.emit()

    def _weights(self) -> tuple[float, ...]:
        return self._parts.sources() if self._parts_count else ()

    def _voiced(self) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        said, parted = self._sentence(), bool(self._parts.chips)
        self._said.setText(said)
        self._said.setVisible(bool(said))
        ink = self.palette()
        if self._problem:
            ink.setColor(QPalette.ColorRole.WindowText, tone(ink, "warning"))
        self._said.setPalette(ink)
        pale = self.palette()
        if self.muted:
            pale.setColor(QPalette.ColorRole.WindowText, muted(pale))
        self._name.setPalette(pale)
        self._thumbnail.set_pale(self.muted)
        self._role.setVisible(self.modality == "audio")
        self._voice.dial.setVisible(not self._begins and not self._problem)
        self._parts.setVisible(parted and not self._problem)
        self._parts.setEnabled(self._parts_count and not self.muted)
        self.set_look(edge="warning" if self._problem else None, pale=self.muted)

    def _sentence(self) -> str:
        """What is worth saying of it."""
        kept = self._init if self._begins else None
        if self._problem:
            return self._problem
        if kept and kept.span:
            return f"new from {kept.span[0]:g} to {kept.span[1]:g} s"
        if kept and kept.band:
            return f"new from {kept.band[0]:g} to {kept.band[1]:g} Hz"
        if self._parts.chips and not self._parts_count:
            return "Beside other prompts it is heard as a whole."
        return self.kind.word if self.kind.spoken else ""
