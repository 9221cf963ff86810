"""Pictures of what was dropped, and videos with a new sound, in a thread of their own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from hearsight import Cancel, Cancelled

from .muxing import mux
from .pictures import Proxy, thumbnail
from .telling import message_of

__all__ = ["Projector"]

_SIDE = 720  # pixels of a picture that is shown large, and that parts are cut from


class Projector(QObject):
    """Works off what is asked of pictures, one thing after the other; its methods are for the
    thread of the window. Of videos to be shown only the latest is read."""

    thumbnailed = Signal(Path, object)
    """A file, and its `Thumbnail`."""
    loaded = Signal(Path, object)
    """A video, and its `Proxy`."""
    written = Signal(Path, str)
    """A video that was asked for, and what is worth telling."""
    failed = Signal(Path, str)
    """A file that cannot be shown or written, and why."""

    _woken = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._wishes: deque[tuple[Path, Callable[[], None]]] = deque()
        self._lock = threading.Lock()  # over the tokens
        self._watching = Cancel()
        self._writing = Cancel()
        self._closing = threading.Event()
        self._thread = QThread()
        self._thread.setObjectName("hearsight-projector")
        self.moveToThread(self._thread)
        self._woken.connect(self._work, Qt.ConnectionType.QueuedConnection)

    def look(self, file: Path) -> None:
        """Tell the picture of a file."""
        self._wish(file, lambda: self.thumbnailed.emit(file, thumbnail(file, _SIDE)))

    def load(self, video: Path) -> None:
        """Read a video to be shown, and no other any more."""
        cancel = self._begin_watching()
        self._wish(video, lambda: self.loaded.emit(video, Proxy(video, cancel=cancel)))

    def unload(self) -> None:
        """No video is to be shown any more."""
        self._begin_watching()

    def write(self, video: Path, sound: Path, to: Path) -> None:
        """Write a copy of a video with this sound under it."""
        with self._lock:
            cancel = self._writing

        def write() -> None:
            self.written.emit(to, " ".join(mux(video, sound, to, cancel=cancel)))

        self._wish(to, write)

    def cancel_writing(self) -> None:
        """Stop the videos that are being written."""
        with self._lock:
            self._writing.cancel()
            self._writing = Cancel()

    def close(self, seconds: float = 10.0) -> bool:
        """Stop everything and end the thread; false when that takes longer."""
        self._closing.set()
        self._begin_watching()
        self.cancel_writing()
        self._thread.quit()
        return self._thread.wait(round(seconds * 1000))

    def _begin_watching(self) -> Cancel:
        with self._lock:
            self._watching.cancel()
            self._watching = Cancel()
            return self._watching

    def _wish(self, file: Path, wish: Callable[[], None]) -> None:
        if not self._closing.is_set():
            self._wishes.append((file, wish))
            self._thread.start()
            self._woken.emit()

    @Slot()
    def _work(self) -> None:
        while self._wishes and not self._closing.is_set():
            file, wish = self._wishes.popleft()
            try:
                wish()
            except Cancelled:
                continue
            except BaseException as problem:  # whatever it is, the next wish may do better
                self.failed.emit(file, message_of(problem))
