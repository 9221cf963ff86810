"""What the sound is made from, a chip each: pictures, videos, sounds and further texts."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from hearsight import Heard, Init, Prompt

from ..pictures import Thumbnail
from .chip import Chip
from .kinds import KINDS
from .theme import SPACE
from .thumbnail import image_of

__all__ = ["ChipList"]


class ChipList(QWidget):
    """The chips below each other."""

    changed = Signal()
    """The user changed, muted or removed one, or chose the sound to begin with."""
    removed = Signal(str)
    """The user removed this file or text."""
    thumbnail_wanted = Signal(Path)
    """A chip came whose picture is not known yet: `show_thumbnail` gives it."""
    parts_wanted = Signal(Path)
    """What the model found in this picture is not known: `show_parts` gives it, if anybody knows.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chips: list[Chip] = []
        self._understands: Collection[str] = tuple(KINDS)
        self._title = "This model"
        self._can_begin = True
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE)

    def __len__(self) -> int:
        return len(self._chips)

    @property
    def chips(self) -> tuple[Chip, ...]:
        """From the top."""
        return tuple(self._chips)

    def prompts(self) -> tuple[Prompt, ...]:
        """What is listened to: all that are neither muted nor begun with."""
        return tuple(c.value for c in self._chips if not c.muted and c.init is None)

    def init(self) -> Init | None:
        """The sound to begin with; its strength is not decided here."""
        return next((c.init for c in self._chips if c.init and not c.muted), None)

    def show_prompts(self, prompts: Collection[Prompt], init: Init | None) -> None:
        """Show these instead."""
        for chip in self._chips:
            self._drop(chip)
        self._chips = []
        for prompt in prompts:
            self._append(Chip(prompt, parent=self))
        if init:
            self._append(Chip(Prompt("audio", init.file), init, self))
        self._judge()

    def add(self, prompt: Prompt, *, begin: bool = False) -> None:
        """Add one; `begin`: a sound becomes the one to begin with."""
        chip = Chip(prompt, Init(prompt.value) if begin else None, self)
        self._append(chip)
        if begin:
            self._one_beginning(chip)
        self._judge()

    def set_model(self, title: str, understands: Collection[str], can_begin: bool) -> None:
        """What the model takes; chips that it does not take say so."""
        self._title, self._understands, self._can_begin = title, understands, can_begin
        self._judge()

    def set_parts_count(self, parts_count: bool) -> None:
        """Whether the parts of pictures count now, or only all of each."""
        for chip in self._chips:
            chip.set_parts_count(parts_count)

    def show_thumbnail(self, file: Path, thumbnail: Thumbnail) -> None:
        """Show a file's picture."""
        image = image_of(thumbnail.pixels)
        for chip in self._chips:
            if chip.kind.pictured and chip.file == file:
                chip.show_thumbnail(image, thumbnail.size)

    def show_parts(self, file: Path, parts: tuple[Heard, ...]) -> None:
        """Show what the model found in a picture."""
        for chip in self._chips:
            if chip.modality == "image" and chip.file == file:
                chip.show_parts(parts)

    def forget_parts(self) -> None:
        """Another model is asked: it may find something else in the pictures."""
        for chip in self._chips:
            chip.forget_parts()
            self._want_parts(chip)

    def _append(self, chip: Chip) -> None:
        self._chips.append(chip)
        self._column.addWidget(chip)
        chip.changed.connect(self._changed)
        chip.began.connect(lambda: self._one_beginning(chip))
        chip.removed.connect(lambda: self._remove(chip))
        if chip.kind.pictured:
            self.thumbnail_wanted.emit(chip.file)
        self._want_parts(chip)

    def _want_parts(self, chip: Chip) -> None:
        if chip.modality == "image":
            self.parts_wanted.emit(chip.file)

    def _remove(self, chip: Chip) -> None:
        place = self._chips.index(chip)
        self._chips.remove(chip)
        if self._chips:  # the keyboard goes on where it was
            self._chips[min(place, len(self._chips) - 1)].take_focus()
        self._drop(chip)
        self._judge()
        self.removed.emit(chip.value.value)
        self.changed.emit()

    def _drop(self, chip: Chip) -> None:
        self._column.removeWidget(chip)
        chip.hide()
        chip.deleteLater()

    def _one_beginning(self, chosen: Chip) -> None:
        for chip in self._chips:
            if chip is not chosen and chip.init:
                chip.set_begins(False)

    def _changed(self) -> None:
        self._judge()
        self.changed.emit()

    def _judge(self) -> None:
        for chip in self._chips:
            problem = ""
            if chip.init and not self._can_begin:
                problem = f"{self._title} cannot start from a sound."
            elif chip.init is None and chip.modality not in self._understands:
                problem = f"{self._title} does not understand {chip.kind.plural}."
            chip.set_problem(problem)
