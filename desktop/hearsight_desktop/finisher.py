"""Files of takes in a thread of its own: delivered anew after an edit, read to be looked at."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from hearsight import write_wav

from .delivery import Delivery, done_to, heard, is_delivered, render
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
    failed = Signal(str, str, str)
    """A take's id (or nothing), why that could not be done, and what: `file`, `copy`, `sound`,
    `shape`, `count`, `removal` or `tidying`."""
    heard = Signal(object, object, int)
    """The `Entry`, and how it sounds with its edit: [samples] or [samples, 2] and rate in Hz."""
    shown = Signal(str, object, int, object)
    """Id, `Peaks` of the original, its rate in Hz, its spectrogram [height, width]."""
    noted = Signal(str, str)
    """Id of a take that is shown or was delivered, and what was done to its file, in sentences."""
    exported = Signal(object)
    """The `Path` of a copy that was asked for."""
    sketched = Signal(str, object)
    """Id, and lowest and highest sample of each of 256 columns [256, 2]."""
    counted = Signal(object, list)
    """The `Usage` of the entries last asked about, and those of them that have to go."""
    removed = Signal(list)
    """Ids of takes whose files are deleted."""

    _woken = Signal()

    def __init__(self, takes: Takes) -> None:
        super().__init__()
        self._takes = takes
        self._lock = threading.Lock()  # over the wishes of all kinds
        self._deliveries: dict[str, tuple[Entry, Delivery, bool]] = {}
        self._exports: deque[tuple[Entry, Delivery, Path]] = deque()
        self._show: tuple[Entry, Delivery] | None = None
        self._hear: tuple[Entry, Delivery] | None = None
        self._count: tuple[Sequence[Entry], int] | None = None
        self._going: dict[str, Entry] = {}
        self._sketches: dict[str, Entry] = {}
        self._untidy = True
        self._delivering = ""  # the take whose file is being written
        self._closing = False
        self._thread = QThread()
        self._thread.setObjectName("hearsight-finisher")
        self.moveToThread(self._thread)
        self._woken.connect(self._work, Qt.ConnectionType.QueuedConnection)
        self._thread.finished.connect(self._work, Qt.ConnectionType.DirectConnection)

    def start(self) -> None:
        """Begin with what was asked for; then clear away what a crash left unfinished."""
        self._thread.start()
        self._woken.emit()

    def deliver(self, entry: Entry, delivery: Delivery, *, anew: bool = True) -> None:
        """Write the finished file of a take, in place of the one it had; if not `anew`, only where
        the file that it has is gone, or is not what would be written now."""
        with self._lock:
            before = self._deliveries.get(entry.id)
            self._deliveries[entry.id] = entry, delivery, anew or bool(before and before[2])
        self._woken.emit()

    def delivers(self, id: str) -> bool:
        """Whether the finished file of a take is still to be written, or looked at."""
        with self._lock:
            return id == self._delivering or id in self._deliveries

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

    def count(self, entries: Sequence[Entry], limit_bytes: int = 0) -> None:
        """Look how much the files of all takes take on the disk, and which have to go for the rest
        to take no more than a limit; 0 is none."""
        with self._lock:
            self._count = tuple(entries), limit_bytes
        self._woken.emit()

    def remove(self, entries: Iterable[Entry]) -> None:
        """Delete the files of takes, and do nothing else for them any more."""
        with self._lock:
            for entry in entries:
                self._going[entry.id] = entry
                self._deliveries.pop(entry.id, None)
                self._sketches.pop(entry.id, None)
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
            id, what, do = wish
            try:
                do()
            except BaseException as problem:  # whatever it is, the next wish may do better
                self.failed.emit(id, message_of(problem), what)

    def _next(self) -> tuple[str, str, Callable[[], None]] | None:
        """The wish to do now: its take, what it is, and how."""
        with self._lock:
            if self._deliveries:
                id = self._delivering = next(iter(self._deliveries))
                return id, "file", partial(self._deliver, *self._deliveries.pop(id))
            if self._exports:
                wanted = self._exports.popleft()
                return wanted[0].id, "copy", partial(self._export, *wanted)
            if self._closing:
                return None
            if shown := self._show:
                self._show = None
                return shown[0].id, "sound", partial(self._read, *shown)
            if listened := self._hear:
                self._hear = None
                return listened[0].id, "sound", partial(self._play, *listened)
            if self._going:
                going, self._going = self._going, {}
                return "", "removal", partial(self._remove, tuple(going.values()))
            if counted := self._count:
                self._count = None
                return "", "count", partial(self._look, *counted)
            if self._sketches:
                id = next(iter(self._sketches))
                return id, "shape", partial(self._draw, self._sketches.pop(id))
            if self._untidy:
                self._untidy = False
                return "", "tidying", self._takes.clear_away
        return None

    def _deliver(self, entry: Entry, delivery: Delivery, anew: bool) -> None:
        try:
            if anew or not is_delivered(entry, delivery):
                entry = self._takes.deliver(entry, delivery, rights=rights_of(entry.model))
        finally:
            self._delivering = ""
        if not self.delivers(entry.id):
            self.delivered.emit(entry)
            self.noted.emit(entry.id, done_to(entry))

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
        self.noted.emit(entry.id, done_to(entry))

    def _look(self, entries: Sequence[Entry], limit_bytes: int) -> None:
        usage = self._takes.usage(entries)
        over = usage.originals + usage.delivered > limit_bytes > 0
        going = self._takes.over_budget(entries, limit_bytes) if over else []
        self.counted.emit(usage, going)

    def _remove(self, entries: Sequence[Entry]) -> None:
        removed: list[str] = []
        for entry in entries:
            try:
                self._takes.remove(entry)
                removed.append(entry.id)
            except BaseException as problem:  # of one; the others go
                self.failed.emit(entry.id, message_of(problem), "removal")
        self.removed.emit(removed)

    def _draw(self, entry: Entry) -> None:
        audio, _ = self._takes.audio(entry)
        self.sketched.emit(entry.id, columns(peaks(audio), 0, len(audio), _SKETCH))
