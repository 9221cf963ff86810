"""Garbage is collected where it was made."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QThread, Slot

from hearsight_desktop.sweeping import Sweeping


@pytest.fixture
def sweeping(qtbot) -> Iterator[Sweeping]:
    made = Sweeping()
    yield made
    made.stop()
    assert gc.isenabled()


class Cycle:
    """Something that only the collector deletes."""

    deleted_in: list[int] = []  # noqa: RUF012

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        self.deleted_in.append(threading.get_ident())


class Litter(QObject):
    @Slot()
    def make(self) -> None:
        for _ in range(5_000):
            Cycle()


def test_what_a_worker_leaves_is_swept_up_here(qtbot, sweeping):
    Cycle.deleted_in.clear()
    thread, litter = QThread(), Litter()
    litter.moveToThread(thread)
    thread.started.connect(litter.make)
    thread.start()
    qtbot.waitUntil(lambda: len(Cycle.deleted_in) == 5_000, timeout=20_000)
    assert set(Cycle.deleted_in) == {threading.get_ident()}
    thread.quit()
    assert thread.wait(10_000)
