"""Controls for a number that may be left to the model, and that stay exact until they are moved."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QSlider, QWidget

__all__ = ["Dial", "Number"]


class Dial(QSlider):
    """A slider from 0 to 100 that stands for a number in words that people use.

    A number that was shown comes back exactly, however coarse the slider, until it is moved.
    None is the model's own, where a double click brings it back.

    Args:
        name: what it sets, for the ear.
        value_at: the number at a position, 0 to 1.
        position_of: the position of a number; of None, where the model's own lies.
        words: what a tooltip says of a number or None.
    """

    changed = Signal()
    """The user moved it."""

    def __init__(
        self,
        name: str,
        value_at: Callable[[float], float],
        position_of: Callable[[float | None], float],
        words: Callable[[float | None], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(0, 100)
        self.setSingleStep(2)
        self.setPageStep(10)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._value: float | None = None
        self._value_at, self._position_of, self._words = value_at, position_of, words
        self.show_number(None)
        self.valueChanged.connect(self._moved)

    def number(self) -> float | None:
        """What it stands at; None is the model's own."""
        return self._value

    def show_number(self, number: float | None) -> None:
        """Stand at a number."""
        self._value = number
        self.blockSignals(True)
        self.setValue(round(100 * min(max(self._position_of(number), 0.0), 1.0)))
        self.blockSignals(False)
        self._tell()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn only with the focus: scrolling past it changes nothing."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def mouseDoubleClickEvent(self, _: QMouseEvent) -> None:
        self.show_number(None)
        self.changed.emit()

    def _moved(self, position: int) -> None:
        self._value = self._value_at(position / 100)
        self._tell()
        self.changed.emit()

    def _tell(self) -> None:
        words = self._words(self._value)
        self.setToolTip(words)
        self.setAccessibleDescription(words)


class Number(QDoubleSpinBox):
    """A field for a number; at its lowest it may say `auto` and stand for None.

    A number that was shown comes back exactly until it is changed, even one that its decimals or
    its range would not allow.
    """

    changed = Signal()
    """The user changed it."""

    def __init__(
        self,
        name: str,
        *,
        least: float,
        most: float,
        step: float = 1.0,
        decimals: int = 0,
        suffix: str = "",
        auto: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._least, self._most, self._auto = least, most, auto
        self._shown: float | None = None
        self._looks = 0.0
        self.setDecimals(decimals)
        self.setSingleStep(step)
        self.setSuffix(suffix)
        self.setSpecialValueText(auto)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.show_number(None if auto else least)
        self.valueChanged.connect(lambda _: self.changed.emit())

    def number(self) -> float | None:
        """What it says; None is auto."""
        if self.value() == self._looks:
            return self._shown
        if self._auto and self.value() == self.minimum():
            return None
        return self.value()

    def show_number(self, number: float | None) -> None:
        """Say a number, whether or not it is within the range."""
        self.blockSignals(True)
        lowest = self._least if number is None else min(self._least, number)
        if self._auto:  # stands a step below what may be chosen
            lowest -= 10.0 ** -self.decimals()
        self.setRange(lowest, self._most if number is None else max(self._most, number))
        self.setValue(self.minimum() if number is None else number)
        self.blockSignals(False)
        self._shown, self._looks = number, self.value()

    def textFromValue(self, value: float) -> str:
        """Without zeros that say nothing: 2 rather than 2.00."""
        written = self.locale().toString(value, "f", self.decimals())
        point = self.locale().decimalPoint()
        return written.rstrip("0").removesuffix(point) if point in written else written

    def stepBy(self, steps: int) -> None:
        """From auto, the first step up is the lowest whole step that may be chosen."""
        if self._auto and steps > 0 and self.value() == self.minimum():
            self.setValue(max(self._least, self.singleStep()))
        elif self._auto and self.value() + steps * self.singleStep() < self._least:
            self.setValue(self.minimum())
        else:
            super().stepBy(steps)

    def event(self, event: QEvent) -> bool:
        """The wheel turns it only with the focus: scrolling past it changes nothing."""
        if event.type() == QEvent.Type.Wheel and not self.hasFocus():
            event.ignore()
            return False
        return super().event(event)
