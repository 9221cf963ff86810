"""Files beside the sounds: delivered after edits, read to be looked at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QObject, Slot

import hearsight
from hearsight import OutputError, text
from hearsight_desktop.delivery import DELIVERIES
from hearsight_desktop.entry import Edit, Entry
from hearsight_desktop.finisher import Finisher
from hearsight_desktop.peaks import columns, peaks
from hearsight_desktop.takes import Takes

FILM = DELIVERIES["film"]


@pytest.fixture
def takes(tmp_path) -> Takes:
    return Takes(tmp_path / "originals", tmp_path / "Takes")


@pytest.fixture
def entries(takes) -> list[Entry]:
    with hearsight.load("micro", device="cpu", threads=1) as generator:
        made = generator.generate(text("rain", seconds=0.5, seed=1, variations=3))
    return [
        takes.keep(take, batch="b" * 32, model="micro", name=f"rain_{number:02}")
        for number, take in enumerate(made, 1)
    ]


class Heard(QObject):
    def __init__(self, finisher: Finisher) -> None:
        super().__init__()
        self.delivered: list[Entry] = []
        self.shown: list[str] = []
        finisher.delivered.connect(self._delivered)
        finisher.shown.connect(self._shown)

    @Slot(object)
    def _delivered(self, entry: Entry) -> None:
        self.delivered.append(entry)

    @Slot(str, object, int, object)
    def _shown(self, id: str, *_: object) -> None:
        self.shown.append(id)


@pytest.fixture
def finisher(qtbot, takes) -> Iterator[Finisher]:
    made = Finisher(takes)
    yield made
    assert made.close()


def test_an_edit_becomes_the_file(qtbot, finisher, entries, tmp_path):
    finisher.start()
    with qtbot.waitSignal(finisher.delivered, timeout=20_000) as told:
        finisher.deliver(replace(entries[0], edit=Edit(start=0.1, end=0.35)), FILM)
    [entry] = told.args
    assert entry.delivered == tmp_path / "Takes" / "rain_01.wav"
    info = hearsight.read_info(entry.delivered)
    assert (info["seconds"], info["rights"]) == (0.25, "Made with micro: MIT")


def test_of_edits_that_overtake_each_other_the_last_one_counts(qtbot, finisher, entries, tmp_path):
    heard = Heard(finisher)
    for end in (0.1, 0.2, 0.3):
        finisher.deliver(replace(entries[0], edit=Edit(end=end)), FILM)
    finisher.deliver(entries[1], FILM)
    finisher.start()
    qtbot.waitUntil(lambda: len(heard.delivered) == 2, timeout=20_000)
    assert [entry.edit.end for entry in heard.delivered] == [0.3, None]
    assert hearsight.read_info(tmp_path / "Takes" / "rain_01.wav")["seconds"] == 0.3
    assert len(list((tmp_path / "Takes").iterdir())) == 2


def test_an_edit_during_the_delivery_is_delivered_too(
    qtbot, finisher, entries, takes, tmp_path, monkeypatch
):
    heard, deliver = Heard(finisher), takes.deliver

    def overtaken(entry, delivery, **named):
        done = deliver(entry, delivery, **named)
        if entry.edit.end == 0.1:
            finisher.deliver(replace(entry, edit=Edit(end=0.2)), delivery)
        return done

    monkeypatch.setattr(takes, "deliver", overtaken)
    finisher.start()
    finisher.deliver(replace(entries[0], edit=Edit(end=0.1)), FILM)
    qtbot.waitUntil(lambda: bool(heard.delivered), timeout=20_000)
    assert [entry.edit.end for entry in heard.delivered] == [0.2]
    assert [file.name for file in (tmp_path / "Takes").iterdir()] == ["rain_01.wav"]


def test_a_take_is_shown_with_its_wave_and_its_spectrum(qtbot, finisher, entries, takes):
    finisher.start()
    with qtbot.waitSignal(finisher.shown, timeout=20_000) as told:
        finisher.show(entries[2], FILM)
    id, found, rate, picture = told.args
    audio, _ = takes.audio(entries[2])
    assert (id, rate) == (entries[2].id, 48000)
    assert columns(found, 0, len(audio), 10).shape == (10, 2)
    assert picture.dtype == np.uint8


def test_what_is_heard_is_what_is_delivered(qtbot, finisher, entries, takes):
    finisher.start()
    entry = replace(entries[0], edit=Edit(0.1, 0.3, fade_in=0.05, level="peak", level_db=-6.0))
    with qtbot.waitSignal(finisher.heard, timeout=20_000) as told:
        finisher.listen(entry, FILM)
    with qtbot.waitSignal(finisher.delivered, timeout=20_000) as delivered:
        finisher.deliver(entry, FILM)
    file, _ = soundfile.read(delivered.args[0].delivered, dtype="float32")
    assert np.abs(told.args[1] - file).max() < 2**-22


def test_a_file_of_the_right_form_is_not_made_again(qtbot, finisher, entries):
    finisher.start()
    done = entries[0]
    for form, anew in ((FILM, True), (FILM, False), (DELIVERIES["library"], False)):
        before = done.delivered and done.delivered.stat().st_mtime_ns
        with qtbot.waitSignal(finisher.delivered, timeout=20_000) as told:
            finisher.deliver(done, form, anew=anew)
        [done] = told.args
        same = before == done.delivered.stat().st_mtime_ns
        assert same is (form is FILM and not anew)


def test_a_copy_goes_where_it_is_wanted(qtbot, finisher, entries, tmp_path):
    finisher.start()
    with qtbot.waitSignal(finisher.exported, timeout=20_000) as told:
        finisher.export(entries[0], DELIVERIES["unreal"], tmp_path / "elsewhere.wav")
    assert told.args == [tmp_path / "elsewhere.wav"]
    assert hearsight.read_info(tmp_path / "elsewhere.wav")["subtype"] == "PCM_16"


def test_only_the_last_take_to_be_shown_is_read(qtbot, finisher, entries):
    heard = Heard(finisher)
    for entry in entries:
        finisher.show(entry, FILM)
    finisher.start()
    with qtbot.waitSignal(finisher.counted, timeout=20_000) as told:
        finisher.count(entries)
    assert heard.shown == [entries[2].id]
    assert told.args[0].originals >= sum(e.original.stat().st_size for e in entries)


def test_tiles_get_their_waves(qtbot, finisher, entries, takes):
    drawn: dict[str, np.ndarray] = {}
    finisher.sketched.connect(drawn.__setitem__)
    finisher.sketch(entries)
    finisher.start()
    qtbot.waitUntil(lambda: len(drawn) == 3, timeout=20_000)
    audio, _ = takes.audio(entries[0])
    assert np.array_equal(drawn[entries[0].id], columns(peaks(audio), 0, len(audio), 256))


def test_what_has_to_go_for_the_rest_to_fit_is_told(qtbot, finisher, entries):
    finisher.start()
    old = [replace(entry, batch=str(number)) for number, entry in enumerate(entries)]
    for limit, going in ((0, []), (10**9, []), (1, old[:2])):
        with qtbot.waitSignal(finisher.counted, timeout=20_000) as told:
            finisher.count(old, limit)
        assert told.args[1] == going


def test_files_are_deleted_and_nothing_is_made_of_them_any_more(
    qtbot, finisher, entries, takes, tmp_path, monkeypatch
):
    heard, remove = Heard(finisher), takes.remove
    failed = []
    finisher.failed.connect(lambda *told: failed.append(told))

    def refuses(entry):
        if entry == entries[1]:
            raise OutputError("In use.")
        remove(entry)

    monkeypatch.setattr(takes, "remove", refuses)
    finisher.deliver(entries[0], FILM)
    finisher.deliver(entries[2], FILM)
    finisher.sketch(entries[:1])
    finisher.remove(entries[:2])
    with qtbot.waitSignal(finisher.removed, timeout=20_000) as told:
        finisher.start()
    assert told.args == [[entries[0].id]]
    assert failed == [(entries[1].id, "In use.", "removal")]
    assert not entries[0].original.exists()
    assert [file.name for file in (tmp_path / "Takes").iterdir()] == ["rain_03.wav"]
    assert [entry.id for entry in heard.delivered] == [entries[2].id]


def test_a_lost_original_is_told_and_the_next_wish_is_done(qtbot, finisher, entries):
    finisher.start()
    entries[0].original.unlink()
    for ask in (
        lambda e: finisher.deliver(e, FILM),
        lambda e: finisher.show(e, FILM),
        lambda e: finisher.sketch([e]),
    ):
        with qtbot.waitSignal(finisher.failed, timeout=20_000) as told:
            ask(entries[0])
        assert told.args[0] == entries[0].id
        assert "was deleted" in told.args[1]
    with qtbot.waitSignal(finisher.delivered, timeout=20_000):
        finisher.deliver(entries[1], FILM)


@pytest.mark.parametrize("problem", [OutputError("Full."), RuntimeError("x"), KeyboardInterrupt()])
def test_no_failure_ends_the_thread(qtbot, finisher, entries, takes, monkeypatch, problem):
    def fails(*_, **__):
        raise problem

    finisher.start()
    with monkeypatch.context() as patched:
        patched.setattr(takes, "deliver", fails)
        with qtbot.waitSignal(finisher.failed, timeout=20_000):
            finisher.deliver(entries[0], FILM)
    with qtbot.waitSignal(finisher.delivered, timeout=20_000):
        finisher.deliver(entries[0], FILM)


def test_closing_delivers_what_was_asked_for_and_leaves_the_rest(qtbot, takes, entries, tmp_path):
    finisher = Finisher(takes)
    finisher.start()
    finisher.sketch(entries * 50)
    finisher.show(entries[0], FILM)
    for entry in entries:
        finisher.deliver(entry, FILM)
    assert finisher.close()
    assert len(list((tmp_path / "Takes").iterdir())) == 3


def test_closing_without_a_start_ends_at_once(qtbot, takes):
    assert Finisher(takes).close()


def test_what_a_crash_left_is_cleared_away_at_the_start(qtbot, finisher, tmp_path):
    left = tmp_path / "Takes" / f".{'3' * 32}.wav"
    left.parent.mkdir()
    left.touch()
    os.utime(left, (0, 0))
    finisher.start()
    qtbot.waitUntil(lambda: not left.exists(), timeout=20_000)


def test_what_was_done_to_a_file_is_told(qtbot, finisher, entries):
    noted, done = [], []
    finisher.noted.connect(lambda *told: noted.append(told))
    finisher.delivered.connect(done.append)
    finisher.start()
    finisher.deliver(replace(entries[0], edit=Edit(level="peak", level_db=-40.0)), FILM)
    qtbot.waitUntil(lambda: len(noted) == 1, timeout=20_000)
    finisher.show(done[0], FILM)
    qtbot.waitUntil(lambda: len(noted) == 2, timeout=20_000)
    assert {id for id, _ in noted} == {entries[0].id}
    assert all(said.startswith("Level -") for _, said in noted)


def test_what_failed_is_told(qtbot, finisher, entries, tmp_path):
    told = []
    finisher.failed.connect(lambda id, why, what: told.append((id, what)))
    entries[0].original.unlink()
    finisher.deliver(entries[0], FILM)
    finisher.export(entries[0], FILM, tmp_path / "copy.wav")
    finisher.show(entries[0], FILM)
    finisher.sketch(entries[:1])
    finisher.start()
    qtbot.waitUntil(lambda: len(told) == 4, timeout=20_000)
    assert told == [(entries[0].id, what) for what in ("file", "copy", "sound", "shape")]
