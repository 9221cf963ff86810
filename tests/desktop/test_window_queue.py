"""In the window: what runs, what waits, what is cancelled, and what is there after a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from desk import LONG, Desk, picture, samples
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton

import hearsight
from hearsight_desktop.history import History
from hearsight_desktop.jobs import State, new_job
from hearsight_desktop.places import data_folder
from hearsight_desktop.single import Single

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def fresh(request: hearsight.Request) -> list[np.ndarray]:
    """What a generator that did nothing else before makes of a request."""
    with hearsight.load("micro", device="cpu", threads=1) as generator:
        return [take.audio for take in generator.generate(request)]


def same_as_fresh(entries) -> bool:
    first = min(entry.number for entry in entries)
    asked = replace(entries[0].request, variations=len(entries), first_variation=first - 1)
    return all(
        np.array_equal(samples(entry.original), sound)
        for entry, sound in zip(sorted(entries, key=lambda e: e.number), fresh(asked), strict=True)
    )


def waiting(desk: Desk) -> list[str]:
    """What waits, as the menu of the queue says."""
    [menu] = [
        menu
        for menu in desk.inputs.generate.findChildren(QMenu)
        if menu.title() == "&Remove from the queue"
    ]
    return [action.text() for action in menu.actions()]


def enabled(desk: Desk) -> list[bool]:
    words = ("Cancel what is running", "Cancel what waits", "Cancel all")
    return [desk.action(each).isEnabled() for each in words]


# Cancel


@pytest.mark.parametrize("stage", ["load", "encode", "denoise", "decode", "finish"])
def test_what_is_cancelled_at_any_stage_leaves_nothing_behind(desk, stage):
    with desk.held(stage) as reached:
        desk.ask("thunder", Variations=3)
        desk.press(Qt.Key.Key_Return, CTRL)
        desk.until(reached.is_set)
        desk.press(Qt.Key.Key_Escape)
        assert not desk.states
    desk.until(lambda: desk.states)
    assert [state for _, state in desk.states] == [State.CANCELLED]
    finished = [1] if stage == "finish" else []  # then it is there already
    assert [entry.number for entry in desk.shown()] == finished
    assert desk.model.rowCount() == 2 * len(finished), "no tile stays for what does not come"
    assert not desk.inputs.progress.isVisible()
    assert len(list((desk.session.folder / "originals").glob("*.wav"))) == len(finished)
    assert desk.inputs.text.words() == "thunder"
    made = desk.make("thunder", Variations=3)
    assert same_as_fresh(made)
    assert not desk.news


def test_what_was_made_before_a_cancel_stays(desk):
    with desk.held("denoise", made=1) as reached:
        desk.ask(Variations=3)
        desk.press(Qt.Key.Key_Return, CTRL)
        desk.until(reached.is_set)
        desk.until(desk.shown)
        desk.click("Cancel what is running (Esc)")
        assert not desk.named(QPushButton, "Queue").isDown()
    desk.until(lambda: desk.states)
    assert [entry.number for entry in desk.shown()] == [1]
    assert desk.model.rowCount() == 2
    assert same_as_fresh(desk.shown())


def test_escape_cancels_from_anywhere_in_the_window(desk):
    for part in (desk.inputs.text, desk.view, desk.detail.waveform, desk.window.results._search):
        with desk.held("denoise") as reached:
            desk.ask("rain")
            desk.press(Qt.Key.Key_Return, CTRL)
            desk.until(reached.is_set)
            part.setFocus()
            desk.states.clear()
            desk.press(Qt.Key.Key_Escape)
        desk.until(lambda: desk.states)
        assert desk.states[0][1] is State.CANCELLED, part


# The queue


def test_jobs_wait_behind_before_and_instead_of_others(desk):
    assert enabled(desk) == [False] * 3
    with desk.held("denoise") as reached:
        desk.ask("one")
        desk.press(Qt.Key.Key_Return, CTRL)
        desk.until(reached.is_set)
        desk.ask("two")
        desk.press(Qt.Key.Key_Return, CTRL)
        desk.ask("three")
        desk.click("&Generate  (1 waiting)")
        desk.ask("next")
        desk.press(Qt.Key.Key_Return, CTRL | SHIFT)
        assert waiting(desk) == ["next", "two", "three"]
        assert enabled(desk) == [True] * 3
        desk.ask("instead")
        desk.trigger("Instead of all that waits")
        assert waiting(desk) == ["instead"]
        assert "3 jobs were taken out" in desk.told[-1]
    desk.until(lambda: len(desk.states) == 2)
    assert {entry.title for entry in desk.shown()} == {"one", "instead"}
    assert enabled(desk) == [False] * 3


def test_what_was_taken_out_is_put_back(desk):
    with desk.held("denoise") as reached:
        desk.ask("one")
        desk.press(Qt.Key.Key_Return, CTRL)
        desk.until(reached.is_set)
        for words in ("two", "three", "four"):
            desk.ask(words)
            desk.press(Qt.Key.Key_Return, CTRL)
        [three] = [a for a in desk.window.findChildren(QAction) if a.text() == "three"]
        three.trigger()
        assert waiting(desk) == ["two", "four"]
        desk.act_on("Put back")
        assert waiting(desk) == ["two", "four", "three"]
        desk.trigger("Cancel what waits")
        assert waiting(desk) == []
        desk.act_on("Put back")
        assert waiting(desk) == ["two", "four", "three"]
    desk.until(lambda: len(desk.states) == 4)
    assert {entry.title for entry in desk.shown()} == {"one", "two", "three", "four"}
    assert [state for _, state in desk.states] == [State.FINISHED] * 4


def test_what_was_replaced_can_be_put_back(desk):
    with desk.held("denoise") as reached:
        desk.ask("one")
        desk.press(Qt.Key.Key_Return, CTRL)
        desk.until(reached.is_set)
        desk.ask("two")
        desk.press(Qt.Key.Key_Return, CTRL)
        desk.ask("instead")
        desk.trigger("Instead of all that waits")
        desk.act_on("Put back")
        assert waiting(desk) == ["instead", "two"]
    desk.idle()


def test_shift_escape_cancels_all_and_all_that_waited_can_be_put_back(desk):
    with desk.held("denoise") as reached:
        for words in ("one", "two", "three"):
            desk.ask(words)
            desk.press(Qt.Key.Key_Return, CTRL)
        desk.until(reached.is_set)
        desk.press(Qt.Key.Key_Escape, SHIFT)
    desk.until(lambda: desk.states)
    assert desk.session.work.running is None
    assert not desk.shown()
    desk.act_on("Put back")
    desk.until(lambda: len(desk.states) == 3)
    assert {entry.title for entry in desk.shown()} == {"two", "three"}


def test_what_was_taken_out_one_by_one_is_put_back_together(desk):
    with desk.held("denoise") as reached:
        for words in ("one", "two", "three"):
            desk.ask(words)
            desk.press(Qt.Key.Key_Return, CTRL)
        desk.until(reached.is_set)
        for words in ("two", "three"):
            [action] = [a for a in desk.window.findChildren(QAction) if a.text() == words]
            action.trigger()
        assert waiting(desk) == []
        assert len(desk.window.banners.messages) == 1
        desk.act_on("Put back")
        assert waiting(desk) == ["two", "three"]
    desk.idle()


def test_the_queue_is_written_as_a_manifest_that_batch_takes(desk, tmp_path, monkeypatch):
    from hearsight.cli.app import app

    with desk.held("encode") as reached:
        for words in ("rain", "wind"):
            desk.ask(words)
            desk.press(Qt.Key.Key_Return, CTRL)
        desk.until(reached.is_set)
        desk.trigger("Export the queue as manifest…")
        desk.dialog(tmp_path / "queue.jsonl")
    desk.idle()
    assert "queue.jsonl" in desk.told[-1]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        app(["batch", "queue.jsonl", "--out-dir", "out", "--model", "micro"])
    assert not left.value.code
    for entry in desk.shown():
        made = samples(tmp_path / "out" / f"{entry.title}_{entry.number:02}.wav")
        assert np.abs(made).max() > 0
    assert len(list((tmp_path / "out").glob("*.wav"))) == 4


# Restart and crash


def test_everything_is_there_after_a_restart(qtbot, desk):
    first, second = desk.make("rain")
    desk.pick(first)
    desk.press(Qt.Key.Key_S)
    named = desk.finished(second, lambda: desk.session.rename(second.id, "Drip"))
    desk.pick(second)
    desk.press(Qt.Key.Key_X)
    desk.close()
    again = Desk(qtbot).open()
    try:
        assert [(e.id, e.starred) for e in again.shown()] == [(first.id, True)]
        assert again.session.entry(second.id).name == "Drip"
        assert again.session.entry(second.id).delivered == named.delivered
        again.pick(first)
        assert np.array_equal(again.shown()[0].request, first.request)
        assert not again.news
        assert len(again.make("rain")) == 2
    finally:
        again.close()


def test_ctrl_q_ends_it(desk):
    desk.make()
    desk.press(Qt.Key.Key_Q, CTRL)
    assert desk.ended == [True]
    assert desk.tape.closed


def test_a_damaged_history_is_told_and_its_sounds_are_found(qtbot, desk):
    made = desk.make()
    file = desk.session.folder / "history.sqlite"
    desk.close()
    file.write_bytes(b"\x00" * 9000)
    again = Desk(qtbot).open()
    try:
        assert {e.id for e in again.shown()} == {e.id for e in made}
        assert [news.kind for news in again.news] == ["warning", "note"]
        assert "2 takes were found" in again.told[1]
    finally:
        again.close()


def test_a_job_that_is_interrupted_twice_loses_nothing(qtbot, desk):
    with desk.held("denoise", made=2) as reached:
        desk.ask("one", Variations=6)
        desk.press(Qt.Key.Key_Return, CTRL)
        desk.until(reached.is_set)
        desk.close()
    again = Desk(qtbot)
    with again.held("denoise", made=2) as reached:
        again.open()
        again.until(reached.is_set)
        again.close()
    last = Desk(qtbot).open()
    try:
        last.idle()
        last.until(lambda: len(last.session.entries()) >= 6)
        assert sorted(entry.number for entry in last.session.entries()) == [1, 2, 3, 4, 5, 6]
        assert same_as_fresh(last.session.entries())
    finally:
        last.close()


@pytest.mark.parametrize(("stage", "made"), [("load", 0), ("denoise", 1), ("finish", 2)])
def test_closing_in_the_middle_of_a_job_loses_nothing(qtbot, desk, stage, made):
    with desk.held(stage, made) as reached:
        for words in ("one", "two"):
            desk.ask(words, Variations=3)
            desk.press(Qt.Key.Key_Return, CTRL)
        desk.until(reached.is_set)
        desk.close()
    again = Desk(qtbot).open()
    try:
        again.idle()
        again.until(lambda: len(again.session.entries()) >= 6)
        for title in ("one", "two"):
            entries = [entry for entry in again.session.entries() if entry.title == title]
            assert sorted(entry.number for entry in entries) == [1, 2, 3]
            assert same_as_fresh(entries)
    finally:
        again.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_after_kill_9_in_mid_work_everything_is_found_and_the_rest_is_made(qtbot, tmp_path):
    folder = data_folder()
    asked = hearsight.text("rain", seed=3, seconds=2.0, steps=60, variations=8)
    job, next_one = new_job(asked, "micro"), new_job(replace(asked, variations=1, seed=4), "micro")
    history = History(folder / "history.sqlite")
    history.save_queue([job, next_one])
    history.close()
    child = subprocess.Popen([sys.executable, "-m", "hearsight_desktop"])
    originals = folder / "originals"
    try:
        qtbot.waitUntil(lambda: len(list(originals.glob("*.wav"))) >= 2, timeout=LONG)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    finished = {path.name for path in originals.glob("*.wav")}
    assert 2 <= len(finished) < 8, "it was killed in mid-generation"
    desk = Desk(qtbot).open()
    try:
        desk.idle()
        desk.until(lambda: len(desk.session.entries()) >= 9)
        entries = [entry for entry in desk.session.entries() if entry.batch == job.id]
        assert sorted(entry.number for entry in entries) == list(range(1, 9))
        assert finished <= {entry.original.name for entry in entries}
        assert same_as_fresh(entries)
        desk.until(lambda: all(entry.delivered for entry in desk.session.entries()))
        assert len({entry.delivered for entry in desk.session.entries()}) == 9
    finally:
        desk.close()


def test_a_second_start_hands_its_files_to_the_window_that_is_open(qtbot, desk, tmp_path):
    single = Single(desk.session.folder)
    assert single.claim([])
    single.called.connect(desk.window.open)
    file = picture(tmp_path / "ein bild ü.png")
    with qtbot.waitSignal(single.called, timeout=LONG):
        second = subprocess.Popen([sys.executable, "-m", "hearsight_desktop", str(file)])
    assert second.wait(60) == 0
    assert desk.chips() == [("image", str(file))]
    assert desk.window.isVisible()
    single.release()
