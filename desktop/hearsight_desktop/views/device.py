"""What makes the sounds: the device, why that one, and its memory."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from .cards import Elided
from .icons import Glyph, IconButton
from .theme import SPACE, muted, small_font, tone

__all__ = ["DeviceLine", "bytes_in_words"]

_NAMES = {
    "CPUExecutionProvider": "CPU",
    "CUDAExecutionProvider": "NVIDIA card (CUDA)",
    "TensorrtExecutionProvider": "NVIDIA card (TensorRT)",
    "NvTensorRTRTXExecutionProvider": "NVIDIA RTX card (TensorRT-RTX)",
    "DmlExecutionProvider": "Graphics card (DirectML)",
    "CoreMLExecutionProvider": "Apple (Core ML)",
    "OpenVINO": "OpenVINO",
}


def bytes_in_words(count: float) -> str:
    """`31 MB`, `1.9 GB`, `212 GB`: in thousands, as disks are sold."""
    for unit in ("kB", "MB", "GB", "TB"):
        count /= 1000
        if count < 999.5 or unit == "TB":
            break
    return (
        f"{count:.1f} {unit}"
        if 0 < count < 9.95 and unit in ("GB", "TB")
        else f"{count:.0f} {unit}"
    )


class DeviceLine(QWidget):
    """One line at the foot of the window."""

    freed = Signal()
    """The user wants the memory back: models are closed until they are needed."""
    details_wanted = Signal()
    """The user wants to see what was found on this machine."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fell_back = False
        self._glyph = Glyph("chip", self, 16)
        self._words = Elided(self)
        self._memory = QLabel(self)
        self._free = QPushButton("Free memor&y", self)
        self._free.setFlat(True)
        self._free.setToolTip("Close the model; the next sound opens it again")
        self._free.clicked.connect(self.freed)
        self._details = IconButton("note", "What was found on this machine", self)
        self._details.clicked.connect(self.details_wanted)
        for part in (self._words, self._memory, self._free):
            part.setFont(small_font(self))
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE + 4, 2, SPACE, 2)
        row.setSpacing(SPACE)
        row.addWidget(self._glyph)
        row.addWidget(self._words, 1)
        row.addWidget(self._memory)
        row.addWidget(self._free)
        row.addWidget(self._details)
        self.show_nothing()

    def show_nothing(self) -> None:
        """No model is open."""
        self._fell_back = False
        self._words.set_words("No model is open yet; the first sound opens one")
        self._free.setEnabled(False)
        self._colour()

    def show_device(
        self, provider: str, precision: str, why: str, *, fell_back: bool = False
    ) -> None:
        """The provider's own name, the precision, and one sentence why this device; `fell_back`:
        it is not the one that would be best, and the sentence is shown at once."""
        self._fell_back = fell_back
        name = _NAMES.get(provider, provider.removesuffix("ExecutionProvider"))
        words = ", ".join(filter(None, (name, precision)))
        self._words.set_words(f"{words}. {why}" if fell_back else words, why)
        self._words.setAccessibleName(f"Device: {words}. {why}")
        self._free.setEnabled(True)
        self._colour()

    def show_told(self, words: str) -> None:
        """The device in a sentence that is made elsewhere."""
        self._fell_back = False
        self._words.set_words(words)
        self._words.setAccessibleName(f"Device: {words}")
        self._free.setEnabled(True)
        self._colour()

    def show_memory(self, used: int, total: int) -> None:
        """Bytes of the device's memory; a `total` of 0 is not known."""
        words = f"{bytes_in_words(used)} of {bytes_in_words(total)} used" if total else ""
        self._memory.setText(words)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_details"):
            self._colour()

    def _colour(self) -> None:
        quiet = QPalette(self.palette())
        ink = tone(quiet, "warning") if self._fell_back else muted(quiet)
        quiet.setColor(QPalette.ColorRole.WindowText, muted(quiet))
        self._memory.setPalette(quiet)
        quiet.setColor(QPalette.ColorRole.WindowText, ink)
        self._words.setPalette(quiet)
        self._glyph.show_name("warning" if self._fell_back else "chip", ink)
