"""Files of takes in a thread of its own: delivered anew after an edit, read to be looked at."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from hearsight import write_wav

from .delivery import Delivery, form_of, heard, render
from .entry import Entry
from .peaks import columns, peaks
from .shelf import rights_of
from .spectrum import spectrogram
from .takes import Takes
from .telling import message_of

__all__ = ["Finisher"]

_SKETCH = 256  # columns of a tile's waveform


class Finisher(QObject):
    """A worker for files beside the one that makes sounds; it lives in a thread of its own, and
    its methods are for the thread of the window.

    Of wishes that overtake each other only the latest is done: of deliveries of one take, of
    takes to be shown, of counts. What the user waits for goes before sketches.
    """

    delivered = Signal(object)
    """The `Entry` that knows its new file."""
    failed = Signal(str, str)
    """A take's id (empty for a count), and why that could not be done."""
    heard = Signal(object, object, int)
    """The `Entry`, and how it sounds with its edit: [samples] or [samples, 2] and rate in Hz."""
    shown = Signal(str, object, int, object)
    """Id, `Peaks` of the original, its rate in Hz, its spectrogram [height, width]."""
    exported = Signal(object)
    """The `Path` of a copy that was asked for."""
    sketched = Signal(str, object)
    """Id, and lowest and highest sample of each of 256 columns [256, 2]."""
    counted = Signal(object)
    """The `Usage` of the entries last asked about."""

    _woken = Signal()

    def __init__(self, takes: Takes) -> None:
        super().__init__()
        self._takes = takes
        self._lock = threading.Lock()  # over the wishes of all kinds
        self._deliveries: dict[str, tuple[Entry, Delivery, bool]] = {}
        self._exports: deque[tuple[Entry, Delivery, Path]] = deque()
        self._show: tuple[Entry, Delivery] | None = None
        self._hear: tuple[Entry, Delivery] | None = None
        self._count: Sequence[Entry] | None = None
        self._sketches: dict[str, Entry] = {}
        self._closing = False
        self._thread = QThread()
        self._thread.setObjectName("hearsight-finisher")
        self.moveToThread(self._thread)
        self._woken.connect(self._work, Qt.ConnectionType.QueuedConnection)
        self._thread.finished.connect(self._work, Qt.ConnectionType.DirectConnection)

    def start(self) -> None:
        """Begin with what was asked for."""
        self._thread.start()

    def deliver(self, entry: Entry, delivery: Delivery, *, anew: bool = True) -> None:
        """Write the finished file of a take, in place of the one it had; if not `anew`, only where
        the file that it has is gone or of another form."""
        with self._lock:
            before = self._deliveries.get(entry.id)
            self._deliveries[entry.id] = entry, delivery, anew or bool(before and before[2])
        self._woken.emit()

    def export(self, entry: Entry, delivery: Delivery, to: Path) -> None:
        """Write the finished sound of a take to another place as well."""
        with self._lock:
            self._exports.append((entry, delivery, to))
        self._woken.emit()

    def show(self, entry: Entry, delivery: Delivery) -> None:
        """Read a take's original, to be listened to as it will be delivered and looked at."""
        with self._lock:
            self._show = entry, delivery
            self._hear = None
        self._woken.emit()

    def listen(self, entry: Entry, delivery: Delivery) -> None:
        """Read a take's original, to be listened to as it will be delivered."""
        with self._lock:
            self._hear = entry, delivery
        self._woken.emit()

    def sketch(self, entries: Iterable[Entry]) -> None:
        """Read the originals of takes for the small waveforms of their tiles."""
        with self._lock:
            self._sketches.update((entry.id, entry) for entry in entries)
        self._woken.emit()

    def count(self, entries: Sequence[Entry]) -> None:
        """Look how much the files of all takes take on the disk."""
        with self._lock:
            self._count = tuple(entries)
        self._woken.emit()

    def close(self, seconds: float = 10.0) -> bool:
        """Deliver what was asked for, leave the rest, and end the thread.

        False when that took longer; the thread is then left to the end of the process.
        """
        self._closing = True
        self._thread.quit()
        return self._thread.wait(round(seconds * 1000))

    @Slot()
    def _work(self) -> None:
        while wish := self._next():
            id, do = wish
            try:
                do()
            except BaseException as problem:  # whatever it is, the next wish may do better
                self.failed.emit(id, message_of(problem))

    def _next(self) -> tuple[str, Callable[[], None]] | None:
        """The wish to do now: its take, and how."""
        with self._lock:
            if self._deliveries:
                id = next(iter(self._deliveries))
                return id, partial(self._deliver, *self._deliveries.pop(id))
            if self._exports:
                wanted = self._exports.popleft()
                return wanted[0].id, partial(self._export, *wanted)
            if self._closing:
                return None
            if shown := self._show:
                self._show = None
                return shown[0].id, partial(self._read, *shown)
            if listened := self._hear:
                self._hear = None
                return listened[0].id, partial(self._play, *listened)
            if (entries := self._count) is not None:
                self._count = None
                return "", lambda: self.counted.emit(self._takes.usage(entries))
            if self._sketches:
                id = next(iter(self._sketches))
                return id, partial(self._draw, self._sketches.pop(id))
        return None

    def _deliver(self, entry: Entry, delivery: Delivery, anew: bool) -> None:
        if anew or form_of(entry) != delivery.key:
            entry = self._takes.deliver(entry, delivery, rights=rights_of(entry.model))
        with self._lock:
            overtaken = entry.id in self._deliveries
        if not overtaken:
            self.delivered.emit(entry)

    def _export(self, entry: Entry, delivery: Delivery, to: Path) -> None:
        audio, rate = self._takes.audio(entry)
        sound = render(audio, rate, entry, delivery, rights_of(entry.model))
        self.exported.emit(write_wav(to, sound, subtype=delivery.subtype))

    def _play(self, entry: Entry, delivery: Delivery) -> None:
        audio, rate = self._takes.audio(entry)
        self.heard.emit(entry, heard(audio, rate, entry, delivery), rate)

    def _read(self, entry: Entry, delivery: Delivery) -> None:
        audio, rate = self._takes.audio(entry)
        # To be heard at once: whoever moves through the tiles listens before looking.
        self.heard.emit(entry, heard(audio, rate, entry, delivery), rate)
        picture = spectrogram(audio, rate)
        self.shown.emit(entry.id, peaks(audio), rate, picture)

    def _draw(self, entry: Entry) -> None:
        audio, _ = self._takes.audio(entry)
        self.sketched.emit(entry.id, columns(peaks(audio), 0, len(audio), _SKETCH))
