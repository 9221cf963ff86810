"""How much something counts among what a sound is made from, and whether it is heard at all."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from .dials import Dial
from .icons import IconButton

__all__ = ["Voice", "weight_dial"]


def weight_dial(name: str, parent: QWidget | None = None) -> Dial:
    """A slider for a weight: a quarter at the left, 1 in the middle, 4 at the right."""

    def position(weight: float | None) -> float:
        if weight is None:
            return 0.5
        return 0.0 if weight <= 0 else 0.5 + 0.25 * float(np.log2(weight))

    def words(weight: float | None) -> str:
        return f"Weight {1.0 if weight is None else weight:.2g}: how much it counts"

    return Dial(name, lambda at: round(4.0 ** (2 * at - 1), 3), position, words, parent)


class Voice(QObject):
    """A `dial` for the weight and a `button` that mutes, for the widget that shows both to lay
    out; `name` says whose they are."""

    changed = Signal()
    """The user moved the dial or pressed the button."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._name = name
        self.dial = weight_dial(f"Weight of {name}", parent)
        self.button = IconButton("heard", "", parent, checked="muted")
        self.dial.changed.connect(self.changed)
        self.button.toggled.connect(self._settle)
        self.button.clicked.connect(self.changed)
        self._settle()

    @property
    def weight(self) -> float:
        """How much it counts, muted or not."""
        weight = self.dial.number()
        return 1.0 if weight is None else weight

    @property
    def muted(self) -> bool:
        """Whether it is left out for now."""
        return self.button.isChecked()

    def show(self, weight: float, *, muted: bool = False) -> None:
        """Stand at this weight, heard or not."""
        self.dial.show_number(weight)
        self.button.setChecked(muted)

    def _settle(self) -> None:
        name = self._name
        self.button.set_words(f"Hear {name} again" if self.muted else f"Leave {name} out for now")
        self.dial.setEnabled(not self.muted)
