"""What a model found in a picture: a small chip for each part, to weigh it or leave it out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from hearsight import Heard

from ..parts import within
from .cards import Card
from .theme import SPACE, small_font
from .thumbnail import ThumbnailView
from .voice import Voice

__all__ = ["PartChip", "PartsView"]

_SIDE = 32  # logical pixels of a part's picture


class PartChip(Card):
    """One part of a picture: what is cut out of it, its number, its weight."""

    changed = Signal()

    def __init__(self, number: int, picture: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._number = number
        name = f"part {number} of {picture}"
        self.setAccessibleName(f"Part {number} of {picture}")
        self._voice = Voice(name, self)
        self._thumbnail = ThumbnailView("picture", _SIDE, self)
        self._named = QLabel(str(number), self)
        self._named.setFont(small_font(self))
        self._named.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._named.setFixedWidth(_SIDE // 2)
        self._voice.changed.connect(self._voiced)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 4, 4)
        row.setSpacing(0)
        row.addWidget(self._named)
        row.addWidget(self._thumbnail)
        row.addSpacing(SPACE)
        row.addWidget(self._voice.dial, 1)
        row.addSpacing(SPACE)
        row.addWidget(self._voice.button)

    @property
    def stops(self) -> tuple[QWidget, ...]:
        """Where Tab stops in it, in order."""
        return self._voice.dial, self._voice.button

    @property
    def weight(self) -> float:
        """What it counts; 0 while it is left out."""
        return 0.0 if self._voice.muted else self._voice.weight

    @property
    def image(self) -> QImage:
        """What is cut out; null while nothing is."""
        return self._thumbnail.image

    def show_weight(self, weight: float) -> None:
        """Count so much; 0 leaves it out."""
        self._voice.show(weight or 1.0, muted=weight == 0)
        self._show()

    def show_cut(self, image: QImage, score: float | None) -> None:
        """What is cut out, and how sure the model is that something is there."""
        self._thumbnail.show_image(image)
        sure = "" if score is None else f": {score:.0%} sure"
        self._thumbnail.setToolTip(f"Part {self._number}{sure}")
        self.setAccessibleDescription(sure.removeprefix(": "))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Del leaves the part out, not the whole picture."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            if not self._voice.muted:
                self._voice.button.click()
        else:
            super().keyPressEvent(event)

    def _voiced(self) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        self._thumbnail.set_pale(self._voice.muted)
        self._named.setEnabled(not self._voice.muted)
        self.set_look(pale=self._voice.muted)


class PartsView(QWidget):
    """The parts of one picture below each other; hidden while none are known."""

    changed = Signal()
    """The user weighed one, or left one out or took it in again."""

    def __init__(self, picture: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._picture = picture
        self._chips: list[PartChip] = []
        self._parts: tuple[Heard, ...] = ()
        self._least = 0  # weights that a request named: so many it names again
        self._image, self._size = QImage(), (1, 1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE // 2)

    @property
    def chips(self) -> tuple[PartChip, ...]:
        """From the surest part."""
        return tuple(self._chips)

    def sources(self) -> tuple[float, ...]:
        """What each counts, as `Prompt.sources`: as far as it has to be said."""
        weights = [chip.weight for chip in self._chips]
        while len(weights) > self._least and weights[-1] == 1:
            weights.pop()
        return tuple(weights)

    def show_sources(self, weights: Sequence[float]) -> None:
        """Weigh the parts like that, whether or not they are known yet."""
        self._least = len(weights)
        self._build()
        for number, chip in enumerate(self._chips):
            chip.show_weight(weights[number] if number < len(weights) else 1.0)

    def show_parts(self, parts: tuple[Heard, ...]) -> None:
        """These are the parts; weights of others than these are forgotten."""
        if [each.box for each in parts] == [each.box for each in self._parts]:
            return
        known, self._parts = bool(self._parts), parts
        if known:
            self.show_sources(())
        self._build()

    def show_picture(self, image: QImage, size: tuple[int, int]) -> None:
        """Cut the parts out of this picture, whose own width and height those are."""
        self._image, self._size = image, size
        self._cut()

    def forget(self) -> None:
        """No parts are known, and none are weighed."""
        self._parts = ()
        self.show_sources(())

    def _build(self) -> None:
        """As many chips as there are parts or weights."""
        wanted = max(len(self._parts), self._least)
        for chip in self._chips[wanted:]:
            self._column.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        del self._chips[wanted:]
        for number in range(len(self._chips) + 1, wanted + 1):
            chip = PartChip(number, self._picture, self)
            chip.changed.connect(self.changed)
            self._chips.append(chip)
            self._column.addWidget(chip)
        self._cut()

    def _cut(self) -> None:
        for number, chip in enumerate(self._chips):
            heard = self._parts[number] if number < len(self._parts) else None
            cut = QImage()
            if heard and heard.box and not self._image.isNull():
                width, height = self._image.width(), self._image.height()
                left, top, right, bottom = within(heard.box, self._size)
                area = QRect(round(left * width), round(top * height), 0, 0)
                area.setRight(max(round(right * width) - 1, area.left()))
                area.setBottom(max(round(bottom * height) - 1, area.top()))
                cut = self._image.copy(area)
            chip.show_cut(cut, heard.score if heard else None)
