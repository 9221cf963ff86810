"""The chosen take, large: what it is, how it looks along time, and all that is done with it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from ..entry import Entry
from ..peaks import Peaks
from ..spectrum import colours, row_hertz
from ..telling import heard_words, provider_words
from .delivery import DeliveryStrip
from .picture import PictureView
from .spectrogram import SpectrogramView
from .theme import SPACE, as_it_is, muted, small_font, title_font
from .timeline import TimeAxis
from .transport import TransportBar
from .waveform import WaveformView

__all__ = ["DetailView"]


class DetailView(QWidget):
    """Its parts are public: `waveform`, `spectrogram`, `picture`, `transport`, `delivery`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis = TimeAxis(self)
        self.waveform = WaveformView(self.axis, self)
        self.spectrogram = SpectrogramView(self.axis, self)
        self.picture = PictureView(self)
        self.transport = TransportBar(self)
        self.delivery = DeliveryStrip(self)
        self._title = _Line(self)
        self._facts = _Line(self, quiet=True, side=Qt.AlignmentFlag.AlignRight)
        self._heard = _Line(self, quiet=True)
        head = QHBoxLayout()
        head.setSpacing(2 * SPACE)
        head.addWidget(self._title, 3)
        head.addWidget(self._facts, 2)
        along = QSplitter(Qt.Orientation.Vertical, self)
        along.addWidget(self.waveform)
        along.addWidget(self.spectrogram)
        along.setStretchFactor(0, 3)
        along.setStretchFactor(1, 2)
        across = QSplitter(Qt.Orientation.Horizontal, self)
        across.addWidget(self.picture)
        across.addWidget(along)
        across.setStretchFactor(1, 1)
        along.setSizes([300, 200])
        for splitter in (along, across):
            splitter.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE + 4, SPACE, SPACE + 4, SPACE + 4)
        column.setSpacing(SPACE)
        column.addLayout(head)
        column.addWidget(self._heard)
        column.addWidget(across, 1)
        column.addWidget(self.transport)
        column.addWidget(self.delivery)
        self._entry: Entry | None = None
        self.clear()

    @property
    def entry(self) -> Entry | None:
        """The take that is shown."""
        return self._entry

    def show_entry(self, entry: Entry) -> None:
        """Show what is known of a take; another one's sound is shown once `show_sound` is told."""
        if self._entry is None or self._entry.id != entry.id:
            self.waveform.show_sound(None)
            self.spectrogram.show_picture(None)
            self.axis.reset(entry.seconds)
        self._entry = entry
        self._title.show_text(entry.title)
        device = f"{provider_words(entry.provider)}, {entry.precision}"
        facts = [f"Seed {entry.request.seed}", entry.model, device]
        self._facts.show_text(" · ".join(filter(None, facts)), "\n".join([entry.why, *entry.notes]))
        self._show_heard(heard_words(entry.request, entry.sources))
        for view in (self.waveform, self.spectrogram):
            view.show_edit(entry.edit)
            view.setEnabled(True)
        self.transport.show_length(entry.seconds)
        self.transport.show_loop(entry.edit.loop is not None)
        self.delivery.show_take(entry.name, entry.edit, entry.notes)

    def show_sound(self, peaks: Peaks, sample_rate: int, levels: NDArray[np.uint8]) -> None:
        """The sound of the take that is shown: its peaks, and its spectrogram."""
        hertz = row_hertz(len(levels), sample_rate)
        self.waveform.show_sound(peaks, sample_rate)
        self.spectrogram.show_picture(levels, colours(), (float(hertz[-1]), float(hertz[0])))

    def show_position(self, seconds: float, *, follow: bool = False) -> None:
        """Where it is heard, in seconds of the original."""
        self.waveform.show_position(seconds, follow=follow)
        self.spectrogram.show_position(seconds)
        self.transport.show_position(seconds)

    def clear(self) -> None:
        """No take is chosen."""
        self._entry = None
        self.axis.reset(0.0)
        self.waveform.show_sound(None)
        self.spectrogram.show_picture(None)
        self._title.show_text("No sound is chosen")
        self._facts.show_text("")
        self._show_heard("")
        self.transport.show_length(0.0)
        self.transport.show_loop(False)
        self.delivery.clear()
        for view in (self.waveform, self.spectrogram):
            view.setEnabled(False)

    def _show_heard(self, words: str) -> None:
        self._heard.show_text(words)
        self._heard.setVisible(bool(words))
        self.picture.setAccessibleDescription(words)


class _Line(QWidget):
    """One line that is cut where the room ends, and whole in its tooltip."""

    def __init__(
        self,
        parent: QWidget,
        *,
        quiet: bool = False,
        side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> None:
        super().__init__(parent)
        self._quiet, self._side = quiet, side
        self._text = ""
        self._font = small_font(self) if quiet else title_font(self)
        self.setFixedHeight(self._font.pointSize() * 2 + SPACE // 2)

    def show_text(self, text: str, more: str = "") -> None:
        """Show this text; the tooltip has more."""
        self._text = text.replace("\n", " ")
        self.setAccessibleName(self._text)
        self.setToolTip(as_it_is("\n".join(filter(None, (text, more.strip())))))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._font)
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        painter.setPen(muted(self.palette()) if self._quiet else ink)
        words = painter.fontMetrics().elidedText(
            self._text, Qt.TextElideMode.ElideRight, self.width()
        )
        painter.drawText(self.rect(), int(self._side | Qt.AlignmentFlag.AlignVCenter), words)
        painter.end()
