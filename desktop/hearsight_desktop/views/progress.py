"""How far the work has come, in words and a bar."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from .cards import Elided
from .icons import IconButton
from .theme import SPACE, muted, small_font

__all__ = ["ProgressLine", "stage_words", "time_left"]

_STAGES = {
    "load": "Opening the model",
    "prepare": "Preparing the model for this device",
    "build-engine": "Preparing the model for this device",
    "encode": "Taking in the prompt",
    "denoise": "Making the sound",
    "decode": "Turning it into audio",
    "finish": "Finishing",
}


def stage_words(stage: str) -> str:
    """A stage of the work, for people."""
    return _STAGES.get(stage, stage.capitalize())


def time_left(seconds: float | None) -> str:
    """About how long it still takes; nothing when nobody knows."""
    if seconds is None:
        return ""
    if seconds < 10:
        return "a few seconds left"
    if seconds < 55:
        return f"about {round(seconds / 5) * 5} s left"
    if seconds < 90 * 60:
        return f"about {max(1, round(seconds / 60))} min left"
    return f"about {round(seconds / 3600)} h left"


class ProgressLine(QWidget):
    """What is being done, how far it is, how long it still takes, and a button that stops it."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stage = Elided(self)
        self._left = QLabel(self)
        self._left.setFont(small_font(self))
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        self._bar.setAccessibleName("Progress")
        self._cancel = IconButton("stop", "Cancel what is running (Esc)", self)
        self._cancel.clicked.connect(self.cancelled)
        self._hint = QLabel(self)
        self._hint.setWordWrap(True)
        self._hint.setFont(small_font(self))
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        words = QHBoxLayout()
        words.setSpacing(SPACE)
        words.addWidget(self._stage, 1)
        words.addWidget(self._left)
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addLayout(words)
        column.addWidget(self._bar)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        row.addLayout(column, 1)
        row.addWidget(self._cancel)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(4)
        whole.addLayout(row)
        whole.addWidget(self._hint)
        self._colour()
        self.show_idle()

    def show_progress(
        self, stage: str, step: int, total: int, seconds_left: float | None = None
    ) -> None:
        """A stage of the work, its steps done and all; a `total` of 0 is not known."""
        if stage != "prepare":
            self._hint.hide()
        words = stage_words(stage)
        counted = f"{words}, {step} of {total}" if total > 1 else words
        self._stage.set_words(counted)
        self._left.setText(time_left(seconds_left))
        self._bar.setRange(0, total if total > 1 else 0)
        self._bar.setValue(step)
        self._bar.setAccessibleDescription(counted)
        self._cancel.setEnabled(True)
        self.show()

    def show_hint(self, hint: str) -> None:
        """A sentence worth knowing meanwhile, such as why the first sound takes longer."""
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))

    def show_cancelling(self) -> None:
        """It will stop in a moment."""
        self._stage.set_words("Stopping…")
        self._left.clear()
        self._cancel.setEnabled(False)

    def show_idle(self) -> None:
        """Nothing is being done."""
        self._hint.hide()
        self.hide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._colour()

    def _colour(self) -> None:
        quiet = QPalette(self.palette())
        quiet.setColor(QPalette.ColorRole.WindowText, muted(quiet))
        self._left.setPalette(quiet)
        self._hint.setPalette(quiet)
