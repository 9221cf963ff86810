"""What the sound is made from, a chip each: pictures, videos, sounds and further texts."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget

from hearsight import Init, Prompt

from .chip import KINDS, Chip
from .theme import SPACE

__all__ = ["ChipList"]

_PLURALS = {"text": "texts", "image": "pictures", "video": "videos", "audio": "sounds"}


class ChipList(QWidget):
    """The chips below each other."""

    changed = Signal()
    """The user changed, muted or removed one, or chose the sound to begin with."""
    removed = Signal(str)
    """The user removed this file or text."""
    thumbnail_wanted = Signal(Path)
    """A chip came whose picture is not known yet: `show_thumbnail` gives it."""

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

    def show_thumbnail(self, file: Path, pixels: NDArray[np.uint8]) -> None:
        """Show a file's picture, RGB [height, width, 3]."""
        pixels = np.ascontiguousarray(pixels)
        height, width, _ = pixels.shape
        image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
        for chip in self._chips:
            if chip.modality in ("image", "video") and Path(chip.value.value) == file:
                chip.show_thumbnail(image)

    def _append(self, chip: Chip) -> None:
        self._chips.append(chip)
        self._column.addWidget(chip)
        chip.changed.connect(self._changed)
        chip.began.connect(lambda: self._one_beginning(chip))
        chip.removed.connect(lambda: self._remove(chip))
        if chip.modality in ("image", "video"):
            self.thumbnail_wanted.emit(Path(chip.value.value))

    def _remove(self, chip: Chip) -> None:
        place = self._chips.index(chip)
        self._chips.remove(chip)
        if self._chips:  # the keyboard goes on where it was
            self._chips[min(place, len(self._chips) - 1)].stops[-1].setFocus()
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
                problem = f"{self._title} does not understand {_PLURALS[chip.modality]}."
            chip.set_problem(problem)
