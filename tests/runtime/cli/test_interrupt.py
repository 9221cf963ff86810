"""Work in a thread that Ctrl-C can stop."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest

from hearsight.cli.interrupt import interruptible
from hearsight.errors import Cancelled


def test_what_the_work_returns_or_raises_comes_back(capsys):
    assert interruptible(lambda cancel: cancel.cancelled) is False
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda cancel: 1 / 0)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent differently")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_the_work_and_handlers_are_put_back(capsys, number):
    before = signal.getsignal(number)

    def work(cancel):
        threading.Timer(0.05, os.kill, (os.getpid(), number)).start()
        for _ in range(1000):
            cancel.raise_if()
            time.sleep(0.01)

    with pytest.raises(Cancelled):
        interruptible(work)
    assert signal.getsignal(number) is before
    assert "again" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent differently")
def test_a_second_ctrl_c_leaves_at_once_and_takes_the_part_file_along(tmp_path):
    import subprocess

    target = tmp_path / "rain.wav"
    code = f"""
import sys, time, pathlib
from hearsight.cli.interrupt import interruptible
target = pathlib.Path({str(target)!r})
def work(cancel):
    target.with_name("rain.wav.part").touch()
    print("ready", flush=True)
    time.sleep(60)
interruptible(work, [target])
"""
    from pathlib import Path

    runtime = str(Path(__file__).parents[3] / "runtime")
    running = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": runtime},
    )
    assert running.stdout.readline() == "ready\n"
    running.send_signal(signal.SIGINT)
    assert "Stopping" in running.stderr.readline()
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=10)
    assert running.returncode == 130
    assert list(tmp_path.iterdir()) == []
