import subprocess
import sys

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtNetwork import QLocalSocket

from hearsight import OutputError
from hearsight_desktop.single import Single

SECOND = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from hearsight_desktop.single import Single
app = QCoreApplication([])
sys.exit(0 if Single(Path(sys.argv[1])).claim(sys.argv[2:]) else 7)
"""
CRASHES = SECOND.replace("sys.exit", "import os, signal; Single.keep = ").replace(
    "Single(Path(sys.argv[1])).claim(sys.argv[2:])",
    "(s := Single(Path(sys.argv[1]))).claim([]) and os.kill(os.getpid(), signal.SIGKILL)",
)


def start(code, *arguments, **streams):
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], **streams)


def test_a_second_start_hands_its_files_to_the_first(qtbot, tmp_path):
    first = Single(tmp_path)
    assert first.claim([])
    with qtbot.waitSignal(first.called, timeout=20_000) as told:
        second = start(SECOND, tmp_path, "a picture.png", "ünïcode.wav")
    assert told.args == [["a picture.png", "ünïcode.wav"]]
    assert second.wait(20) == 7
    first.release()


def test_another_folder_is_another_app(qtbot, tmp_path):
    first, other = Single(tmp_path / "one"), Single(tmp_path / "two")
    assert first.claim([])
    assert other.claim([])
    first.release()
    other.release()


def test_after_a_crash_the_next_one_runs(qtbot, tmp_path):
    assert start(CRASHES, tmp_path).wait(20) == -9
    after = Single(tmp_path)
    assert after.claim([])
    after.release()


def test_what_strangers_say_is_not_believed(qtbot, tmp_path):
    first = Single(tmp_path)
    assert first.claim([])
    heard = []
    first.called.connect(heard.append)
    for said in (b"", b"{", b"[" * 100_000, b'{"a": 1}', b"[1, 2]"):
        socket = QLocalSocket()
        socket.connectToServer(first._name)
        assert socket.waitForConnected(2000)
        socket.write(said)
        socket.waitForBytesWritten(1000)
        socket.disconnectFromServer()
        QCoreApplication.processEvents()
    qtbot.waitUntil(lambda: heard == [[]], timeout=5000)
    first.release()


def test_a_folder_that_cannot_be_written_is_told(qtbot, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be made"):
        Single(tmp_path / "file" / "folder")
    gone = Single(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(OutputError, match="cannot be written"):
        gone.claim([])


def test_one_that_does_not_answer_is_told(qtbot, tmp_path):
    first = Single(tmp_path)
    assert first.claim([])
    first._server.close()
    second = start(SECOND, tmp_path, stderr=subprocess.PIPE, text=True)
    assert "does not answer" in second.communicate(timeout=20)[1]
    first.release()
