"""One app per user: a second start hands its files to the first and leaves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QLockFile, QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from hearsight import OutputError

__all__ = ["Single"]

_WAIT = 2000  # ms for the other to answer
_PAUSE = 50  # ms between two looks whether it still runs
_MOST_BYTES = 1 << 20
_MOST_PATHS = 1000
_WRITE = "Free some space there, or see that you may write to it."


class Single(QObject):
    """The right to run on a folder of data, and the ear for those who come later.

    Two histories written by two programs would forget each other's takes.
    """

    called = Signal(list)
    """Another start was made, with these paths (maybe none); the window should come forward."""

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        """
        Raises:
            OutputError: the folder cannot be made.
        """
        super().__init__(parent)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            why = problem.strerror or problem
            raise OutputError(f"The folder {folder} cannot be made: {why}. {_WRITE}") from problem
        self._folder = folder
        key = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
        self._name = f"hearsight-desktop-{key}"
        self._lock = QLockFile(str(folder / "running.lock"))
        self._lock.setStaleLockTime(0)  # a lock counts as long as its process lives
        self._server: QLocalServer | None = None

    def claim(self, paths: list[str]) -> bool:
        """Whether this is the only one; if not, the other has been told of the paths.

        Raises:
            OutputError: the folder cannot be written, or the other does not answer.
        """
        patience = QDeadlineTimer(_WAIT)  # the other may be about to begin, or to end
        while not self._lock.tryLock(_PAUSE):
            if self._lock.error() != QLockFile.LockError.LockFailedError:
                raise OutputError(f"The folder {self._folder} cannot be written. {_WRITE}")
            if self._tell(paths):
                return False
            if patience.hasExpired():
                raise OutputError(
                    f"Another Hearsight uses {self._folder} and does not answer. Close it, here or "
                    "on the computer that shares this folder, and start again."
                )
        QLocalServer.removeServer(self._name)  # left behind by a crash
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._answer)
        self._server.listen(self._name)
        return True

    def release(self) -> None:
        """Let another one run."""
        if self._server:
            self._server.close()
            self._server = None
        self._lock.unlock()

    def _tell(self, paths: list[str]) -> bool:
        """Whether somebody listened."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(_WAIT):
            return False
        socket.write(json.dumps(paths).encode())
        written = socket.waitForBytesWritten(_WAIT)
        socket.disconnectFromServer()
        return written

    def _answer(self) -> None:
        assert self._server, "it is listening"
        while socket := self._server.nextPendingConnection():
            _Heard(socket, self.called.emit)


class _Heard(QObject):
    """What one caller says, until it hangs up."""

    def __init__(self, socket: QLocalSocket, say: Callable[[list[str]], None]) -> None:
        super().__init__(socket)  # which deletes this, too
        self._socket, self._say = socket, say
        self._bytes = b""
        socket.readyRead.connect(self._read)
        socket.disconnected.connect(self._end)
        self._read()
        if socket.state() == QLocalSocket.LocalSocketState.UnconnectedState:
            self._end()

    def _read(self) -> None:
        self._bytes += bytes(self._socket.readAll().data())
        if len(self._bytes) > _MOST_BYTES:
            self._bytes = b""
            self._socket.abort()

    def _end(self) -> None:
        self._read()
        try:
            told = json.loads(self._bytes)
        except (RecursionError, ValueError):
            told = None
        if isinstance(told, list) and len(told) <= _MOST_PATHS:
            self._say([path for path in told if isinstance(path, str)])
        self._socket.deleteLater()
