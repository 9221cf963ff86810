"""What is undone with one key."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
from PySide6.QtGui import QUndoStack

from hearsight import text
from hearsight_desktop import changes
from hearsight_desktop.changes import Change
from hearsight_desktop.entry import Edit, Entry

TAKE = Entry(
    id="0" * 32,
    batch="1" * 32,
    number=1,
    name="rain_01",
    request=text("rain", seed=1),
    model="micro",
    item_seed=1,
    provider="CPUExecutionProvider",
    precision="fp32",
    why="",
    created=datetime(2026, 1, 2, tzinfo=timezone.utc),
    seconds=1.0,
    sample_rate=48000,
    original=Path("original.wav"),
)


class History:
    """One take, and a clock."""

    def __init__(self, monkeypatch) -> None:
        self.take, self.now = TAKE, 0.0
        self.undo = QUndoStack()
        monkeypatch.setattr(changes, "monotonic", lambda: self.now)

    def change(self, words: str = "Cut", **fields) -> None:
        after = replace(self.take, **fields)
        self.undo.push(Change(words, [self.take], [after], self._put))

    def cut(self, **fields) -> None:
        self.change(edit=replace(self.take.edit, **fields))

    def _put(self, touches) -> None:
        self.take = touches[TAKE.id].on(self.take)


@pytest.fixture
def history(monkeypatch, qapp) -> History:
    return History(monkeypatch)


def test_a_handle_that_moves_in_small_steps_is_put_back_at_once(history):
    for start in (0.1, 0.2, 0.3):
        history.now += 0.5
        history.cut(start=start)
    history.undo.undo()
    assert (history.take, history.undo.canUndo()) == (TAKE, False)
    history.undo.redo()
    assert history.take.edit == Edit(start=0.3)


def test_different_things_that_were_done_are_undone_one_by_one(history):
    history.cut(start=0.1)
    history.cut(fade_in=0.05)
    history.cut(level="none")
    seen = []
    while history.undo.canUndo():
        history.undo.undo()
        seen.append(history.take.edit)
    assert seen == [Edit(start=0.1, fade_in=0.05), Edit(start=0.1), Edit()]


def test_after_a_breath_it_is_another_change(history):
    history.cut(start=0.1)
    history.now += 60
    history.cut(start=0.2)
    history.undo.undo()
    assert history.take.edit == Edit(start=0.1)


def test_stars_and_names_are_never_taken_together(history):
    for starred in (True, False, True):
        history.change("Star", starred=starred)
    assert history.undo.count() == 3
