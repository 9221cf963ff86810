"""Hearing the chosen take: play, go round, how loud, where it is, and whether its loop is clean."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSlider, QToolButton, QWidget

from .icons import Glyph, IconButton, icon
from .theme import SPACE, small_font
from .timeline import clock

__all__ = ["TransportBar"]

_NO_LOOP = "Mark a loop first: select a part of the waveform and press Shift+L."
_SEAM = "Hear the place where the loop begins again, five times."


class TransportBar(QWidget):
    """Tells what is wanted; that it plays is shown once it does."""

    play_asked = Signal()
    looping_asked = Signal(bool)
    """Whether it is to go round."""
    audition_asked = Signal(bool)
    """Whether moving to a take plays it."""
    seam_asked = Signal()
    volume_asked = Signal(float)
    """0 to 1."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._length = self._position = 0.0
        self._play = IconButton("play", "Play (Space)", self, checked="pause")
        self._play.clicked.connect(self._ask_play)
        self._loop = IconButton("loop", "Loop (L)", self, checked="loop")
        self._loop.clicked.connect(self.looping_asked)
        self._audition = QToolButton(self)
        self._audition.setText("Auto-play")
        self._audition.setToolTip("Play every sound that you move to (A)")
        self._audition.setCheckable(True)
        self._audition.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._audition.setAutoRaise(True)
        self._audition.toggled.connect(self._draw_audition)
        self._audition.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._audition.clicked.connect(self.audition_asked)
        self._time = QLabel(self)
        self._time.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._time.setAccessibleName("Position")
        self._seam = QPushButton("Check seam", self)
        self._seam.clicked.connect(self.seam_asked)
        self._jump = QLabel(self)
        self._jump.setFont(small_font(self))
        self._volume = QSlider(Qt.Orientation.Horizontal, self)
        self._volume.setRange(0, 100)
        self._volume.setValue(100)
        self._volume.setFixedWidth(110)
        self._volume.setAccessibleName("Volume")
        self._volume.valueChanged.connect(self._ask_volume)
        self._speaker = Glyph("heard", self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        for widget in (self._play, self._loop, self._audition, self._time):
            row.addWidget(widget)
        row.addStretch(1)
        for widget in (self._jump, self._seam, self._speaker, self._volume):
            row.addWidget(widget)
        self._draw_audition()
        self.show_length(0.0)
        self.show_loop(False)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_audition()

    def show_playing(self, playing: bool) -> None:
        """Whether it is heard."""
        self._play.setChecked(playing)
        self._play.set_words("Stop (Space)" if playing else "Play (Space)")

    def show_looping(self, looping: bool) -> None:
        """Whether it goes round."""
        self._loop.setChecked(looping)

    def show_audition(self, audition: bool) -> None:
        """Whether moving to a take plays it."""
        self._audition.setChecked(audition)

    def show_volume(self, volume: float) -> None:
        """How loud, 0 to 1."""
        before = self._volume.blockSignals(True)
        self._volume.setValue(round(volume * 100))
        self._volume.blockSignals(before)
        self._draw_volume()

    def show_position(self, seconds: float) -> None:
        """Where it is heard."""
        self._position = seconds
        said = f"{clock(seconds)} / {clock(self._length)}"
        if said != self._time.text():
            self._time.setText(said)

    def show_length(self, seconds: float) -> None:
        """Of what is chosen; 0 for nothing, which cannot be played."""
        self._length = seconds
        for button in (self._play, self._loop):
            button.setEnabled(seconds > 0)
        self.show_position(min(self._position, seconds))

    def show_loop(self, marked: bool) -> None:
        """Whether the take has a loop whose seam can be checked."""
        self._seam.setEnabled(marked)
        self._seam.setToolTip(_SEAM if marked else _NO_LOOP)
        self.show_seam("")

    def show_seam(self, words: str) -> None:
        """How clean the seam is, such as `-52 dB at the seam`; empty while nobody asked."""
        self._jump.setText(words)

    def _ask_play(self) -> None:
        self._play.setChecked(not self._play.isChecked())
        self.play_asked.emit()

    def _ask_volume(self, value: int) -> None:
        self._draw_volume()
        self.volume_asked.emit(value / 100)

    def _draw_audition(self) -> None:
        """A tick: that it is pressed can hardly be seen in the dark."""
        on = self._audition.isChecked()
        self._audition.setIcon(icon("good" if on else "off", self.palette()))

    def _draw_volume(self) -> None:
        self._speaker.show_name("heard" if self._volume.value() else "muted")
        self._volume.setToolTip(f"{self._volume.value()} %")
