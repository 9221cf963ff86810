"""A driver that hangs: it is named, and Ctrl-C ends the wait and the process that tries it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

import hearsight.probe
from hearsight.cli import probing
from hearsight.cli.console import Console
from hearsight.cli.probing import patient
from hearsight.cli.settings import Settings
from hearsight.errors import Cancelled
from hearsight.probe import probe
from hearsight.providers import Refusal
from hearsight.sampler import Cancel


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    probe.cache_clear()
    yield
    probe.cache_clear()


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The processes that try a device, each of which waits for good."""
    begun: list[Any] = []

    def start(task: str, argument: str, **streams: Any) -> Any:
        command = [sys.executable, "-c", "import time; time.sleep(600)"]
        begun.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL))
        return begun[-1]

    monkeypatch.setattr(hearsight.probe, "start", start)
    return begun


def test_a_device_that_keeps_one_waiting_is_named_once(hanging, monkeypatch, capsys):
    monkeypatch.setattr(hearsight.probe, "_LIMIT", 0.6)
    monkeypatch.setattr(probing, "_QUIET", 0.2)
    with Console(Settings()) as console, patient(console, Cancel()):
        told = probe("cuda")
    assert isinstance(told, Refusal)
    assert told.cause == "the driver did not answer within 0.6 seconds"
    assert capsys.readouterr().err == "Trying cuda; its driver has not answered yet.\n"
    assert hanging[0].poll() is not None


def test_a_stop_ends_the_wait_and_the_process_and_is_not_taken_for_an_answer(hanging, capsys):
    cancel = Cancel()
    cancel.cancel()
    began = time.monotonic()
    for number in (1, 2):
        with Console(Settings()) as console, patient(console, cancel), pytest.raises(Cancelled):
            probe("cuda")
        assert len(hanging) == number
    assert time.monotonic() - began < hearsight.probe._LIMIT, "it did not wait for the driver"
    assert all(process.poll() is not None for process in hanging)
    assert capsys.readouterr().err == ""
