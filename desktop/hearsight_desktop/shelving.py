"""Bundles looked at, checked and taken in, in a thread of their own: they may be gigabytes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from hearsight import import_bundle, open_bundle, verify_bundle

from .shelf import shelf
from .telling import message_of

__all__ = ["Shelving"]


class Shelving(QObject):
    """Works off what is asked of the bundles, one thing after the other; its methods are for the
    thread of the window, and its own thread begins with the first of them."""

    looked = Signal(list)
    """`Facts` of all bundles."""
    verified = Signal(str, str)
    """A bundle's name, and what is wrong with it: nothing if every file is as it should be."""
    taken_in = Signal(str)
    """The name of a bundle that is there now."""
    refused = Signal(str, str)
    """What was to be taken in, and why it was not."""

    _woken = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._wishes: deque[Callable[[], None]] = deque()
        self._closing = threading.Event()
        self._thread = QThread()
        self._thread.setObjectName("hearsight-shelving")
        self.moveToThread(self._thread)
        self._woken.connect(self._work, Qt.ConnectionType.QueuedConnection)

    def look(self) -> None:
        """Tell what bundles there are."""
        self._wish(self._look)

    def verify(self, name: str) -> None:
        """Read every file of a bundle and compare its hash."""
        self._wish(lambda: self._verify(name))

    def take_in(self, source: Path) -> None:
        """Copy a bundle, a folder or a zip, to the user's own ones."""
        self._wish(lambda: self._take_in(source))

    def close(self, seconds: float = 10.0) -> bool:
        """End the thread after what it is at; false when that takes longer."""
        self._closing.set()
        self._thread.quit()
        return self._thread.wait(round(seconds * 1000))

    def _wish(self, wish: Callable[[], None]) -> None:
        if not self._closing.is_set():
            self._wishes.append(wish)
            self._thread.start()
            self._woken.emit()

    @Slot()
    def _work(self) -> None:
        while self._wishes and not self._closing.is_set():
            self._wishes.popleft()()

    def _look(self) -> None:
        try:
            self.looked.emit(shelf())
        except BaseException as problem:  # whatever it is, the next wish may do better
            self.refused.emit("The list of models", message_of(problem))

    def _verify(self, name: str) -> None:
        try:
            verify_bundle(open_bundle(name, verify=False))
            self.verified.emit(name, "")
        except BaseException as problem:
            self.verified.emit(name, message_of(problem))

    def _take_in(self, source: Path) -> None:
        try:
            self.taken_in.emit(import_bundle(source).root.name)
        except BaseException as problem:
            self.refused.emit(str(source), message_of(problem))
