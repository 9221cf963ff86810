"""What was made and done is still known afterwards, however the program ended."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from hearsight import Finish, Heard, Init, Like, OutputError, Prompt, Request, Search, text
from hearsight_desktop.entry import Edit, Entry
from hearsight_desktop.history import History
from hearsight_desktop.jobs import Job
from hearsight_desktop.rows import entry_line, read_entry

BEGAN = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)

CHILD = """
import sys
from dataclasses import replace
from pathlib import Path
from test_history import entry
from hearsight_desktop.history import History

history = History(Path(sys.argv[1]))
"""


def entry(count: int = 1, **fields) -> Entry:
    """An entry like no other of another `count`, made that many seconds after the first."""
    usual = {
        "id": f"{count:032x}",
        "batch": f"batch {count}",
        "number": 1,
        "name": f"rain_{count:02}",
        "request": text("rain on a roof", seed=7, seconds=0.5),
        "model": "micro",
        "item_seed": 2**64 - 1,
        "provider": "CPUExecutionProvider",
        "precision": "fp32",
        "why": "it was asked for",
        "created": BEGAN + timedelta(seconds=count),
        "seconds": 0.5,
        "sample_rate": 48000,
        "original": Path("/originals") / f"{count:032x}.wav",
    }
    return Entry(**usual | fields)


def child(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """A process of its own that has opened the history its first argument names."""
    folders = [str(Path(__file__).parent), *sys.path]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + code, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(folders)},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ünïcode data" / "history.sqlite"


@pytest.fixture
def history(file: Path) -> Iterator[History]:
    history = History(file)
    yield history
    history.close()


def reopened(history: History, file: Path) -> History:
    history.close()
    return History(file)


def test_an_entry_with_everything_comes_back_as_it_was(history, file):
    kept = entry(
        name="雨 på taket_01",
        request=Request(
            (
                Prompt("text", "雨 på taket 🌧\x00"),
                Prompt("image", "/pictures/a b.png", 0.25, (1.0, 0.0)),
            ),
            negative="speech",
            seconds=2.0,
            seed=2**32 - 1,
            guidance_interval=(0.1, 0.9),
            solver="dpm++2m",
            loop=True,
            init=Init("/sounds/ö.wav", 0.5, span=(0.5, 1.0)),
            like=Like(3, 0.2, Like(4)),
            finish=Finish(fade_in=0.1, channels=2),
            mix="raw",
            search=Search(rounds=3, draws=9),
        ),
        delivered=Path("/Takes/雨 på taket_01.wav"),
        edit=Edit(0.1, 0.4, 0.01, 0.02, (0.2, 0.3), "lufs", -23.0),
        starred=True,
        rejected=True,
        notes=("'xyzzy' was not understood.",),
        sources=(
            Heard(1, None, None, 0.25),
            Heard(1, (0.5, 1.0, 20.25, 30.0), 0.75, 0.25),
            Heard(1, (3.0, 1.0, 9.0, 30.0), 0.5, 0.0),
        ),
    )
    history.add(kept)
    history = reopened(history, file)
    assert history.entry(kept.id) == kept
    assert history.entry("0" * 32) is None
    assert history.notes == ()


def test_a_take_of_before_anything_was_heard_in_pictures_is_still_read(history, file):
    history.add(entry())
    history.close()
    with sqlite3.connect(file) as base:
        [(line,)] = base.execute("SELECT entry FROM takes").fetchall()
        data = json.loads(line)
        assert data.pop("sources") == []
        assert "search" not in data["request"]
        assert "sources" not in data["request"]["prompts"][0]
        base.execute("UPDATE takes SET entry = ?", (json.dumps(data),))
    base.close()
    history = History(file)
    assert history.entries() == [entry()]
    history.close()


@pytest.mark.parametrize(
    "odd", [{"box": [1, 2, 3]}, {"weight": "1"}, {"score": True}, {"colour": "red"}]
)
def test_what_was_heard_is_read_strictly(odd):
    kept = entry(sources=(Heard(0, (0.0, 0.0, 1.0, 1.0), 0.5, 1.0),))
    data = json.loads(entry_line(kept))
    assert read_entry(json.dumps(data)) == kept
    data["sources"][0].update(odd)
    with pytest.raises(ValueError, match="sources"):
        read_entry(json.dumps(data))


def test_what_is_added_again_takes_the_place_of_what_was_there(history):
    history.add(entry())
    history.add(entry(starred=True, name="other"))
    assert history.entries() == [entry(starred=True, name="other")]


def test_the_newest_batch_comes_first_and_a_batch_goes_by_number(history):
    first = [entry(1 + n, batch="first", number=n) for n in (2, 1, 3)]
    second = [entry(10 + n, batch="second", number=n) for n in (1, 2)]
    for kept in (second[1], *first, second[0]):
        history.add(kept)
    listed = [(kept.batch, kept.number) for kept in history.entries()]
    assert listed == [("second", 1), ("second", 2), ("first", 1), ("first", 2), ("first", 3)]


def test_rejected_ones_are_out_of_sight_until_asked_for(history):
    good, bad, star = entry(1), entry(2, rejected=True), entry(3, starred=True)
    for kept in (good, bad, star):
        history.add(kept)
    assert history.entries() == [star, good]
    assert history.entries(rejected=True) == [bad]
    assert history.entries(starred=True) == [star]
    assert history.entries(starred=True, rejected=True) == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("rain", [2, 1]),
        ("RAIN roof", [1]),
        ("  roof\train ", [1]),
        ("tin roof", []),
        ("straße", [3]),
        ("STRASSE", [3]),
        ("ÉTOILE", [4]),
        ("café", [4]),  # composed here, decomposed there
        ("hush", [2]),
        ("starter", [4]),
        ("door_", [2]),
        ("%", []),
        ("cat.png", [5]),
        ("", [5, 4, 3, 2, 1]),
    ],
)
def test_every_word_of_a_search_is_found_in_whatever_case(history, words, found):
    for kept in (
        entry(1, name="a", request=text("Rain on a ROOF")),
        entry(2, name="door_2", request=text("rain", negative="Hush")),
        entry(3, name="b", request=text("Straße bei Nacht")),
        entry(4, name="c", request=text("étoile, cafe\u0301"), model="Starter"),
        entry(5, name="d", request=Request((Prompt("image", "/pictures/Cat.png"),))),
    ):
        history.add(kept)
    assert [int(kept.id, 16) for kept in history.entries(words)] == found


def test_what_is_forgotten_does_not_come_back(history, file):
    for count in range(1, 5):
        history.add(entry(count))
    history.forget([entry(1).id, entry(3).id, "unknown"])
    assert reopened(history, file).entries() == [entry(4), entry(2)]


def test_the_queue_comes_back_in_its_order(history, file):
    jobs = [Job(f"{n:032x}", text(f"sound {n}", seed=n), "micro") for n in (3, 1, 2)]
    history.save_queue(jobs)
    history = reopened(history, file)
    assert history.queue() == jobs
    history.save_queue(jobs[1:])
    assert history.queue() == jobs[1:]
    history.save_queue([])
    assert history.queue() == []


def test_a_prompt_in_half_characters_is_no_crash(history):
    history.add(entry(request=text("half \udc80 a smile")))
    history.add(entry(2))
    assert history.entries("rain") == [entry(2)]
    assert history.entries()[0] == entry(2)


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE takes SET entry = '{' WHERE id = :id",
        "UPDATE takes SET entry = '{}' WHERE id = :id",
        "UPDATE takes SET entry = 7 WHERE id = :id",
        "UPDATE takes SET entry = CAST(X'7BFF' AS TEXT) WHERE id = :id",
        "UPDATE takes SET entry = X'00FF' WHERE id = :id",
        "UPDATE takes SET entry = json_set(entry, '$.id', '../../home') WHERE id = :id",
        "UPDATE takes SET entry = json_set(entry, '$.seconds', 'long') WHERE id = :id",
        "UPDATE takes SET entry = json_set(entry, '$.unheard_of', 1) WHERE id = :id",
        "UPDATE takes SET entry = json_set(entry, '$.request.unheard_of', 1) WHERE id = :id",
        "UPDATE takes SET entry = json_remove(entry, '$.request') WHERE id = :id",
        "UPDATE takes SET entry = (SELECT entry FROM takes WHERE id <> :id) WHERE id = :id",
        "UPDATE takes SET entry = replace(hex(zeroblob(20000)), '00', '[') WHERE id = :id",
    ],
)
def test_a_row_that_cannot_be_read_is_left_out_and_told_of(history, file, spoil):
    for count in (1, 2):
        history.add(entry(count))
    history.close()
    with sqlite3.connect(file) as base:
        base.execute(spoil, {"id": entry(1).id})
    base.close()
    history = History(file)
    assert history.entry(entry(1).id) is None
    assert history.entries() == [entry(2)]
    [note] = history.notes
    assert note == f"1 take in {file} could not be read."
    history.add(entry(1))
    assert history.entries() == [entry(2), entry(1)]
    assert history.notes == ()


@pytest.mark.parametrize(
    "job", ["{", "[]", "null", '{"id": "1"}', '{"id":"1","model":"","request":1}']
)
def test_a_job_that_cannot_be_read_is_left_out_and_told_of(history, file, job):
    good = Job("1" * 32, text("rain", seed=1), "micro")
    history.save_queue([good, good])
    with sqlite3.connect(file) as base:
        base.execute("UPDATE queue SET job = ? WHERE place = 0", [job])
    base.close()
    assert history.queue() == [good]
    assert history.notes == (f"1 waiting job in {file} could not be read.",)


def test_killed_in_the_middle_everything_that_was_added_is_there(file):
    process = child("for n in range(1, 100_000): history.add(entry(n)); print(n, flush=True)", file)
    told = [process.stdout.readline() for _ in range(30)]
    process.kill()
    told += process.stdout.read().splitlines(keepends=True)
    process.wait()
    process.stdout.close()
    last = max(int(line) for line in told if line.endswith("\n"))
    history = History(file)
    assert {int(kept.id, 16) for kept in history.entries()} >= set(range(1, last + 1))
    assert history.notes == ()
    history.close()


def test_two_programs_may_add_at_the_same_time(file):
    code = "for n in range(60): history.add(entry(int(sys.argv[2]) + n))"
    both = [child(code, file, first) for first in (100, 200)]
    for process in both:
        process.communicate(timeout=60)
    assert [process.returncode for process in both] == [0, 0]
    history = History(file)
    assert {int(kept.id, 16) for kept in history.entries()} == {*range(100, 160), *range(200, 260)}
    history.close()


def test_another_program_that_does_not_let_go_is_told_of(history, file, monkeypatch):
    monkeypatch.setattr("hearsight_desktop.database._PATIENCE", 0.0)
    history = reopened(history, file)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OutputError, match="Another program is using it"):
        history.add(entry())
    other.execute("COMMIT")
    other.close()
    history.add(entry())
    assert history.entries() == [entry()]


def test_a_file_that_is_no_history_is_kept_aside(file):
    file.parent.mkdir()
    file.write_bytes(b"not a database, though long enough to be one" * 50)
    for number in (1, 2):
        history = History(file)
        aside = file.with_name(f"history.damaged-{number}.sqlite")
        [note] = history.notes
        assert "was damaged" in note and str(aside) in note
        assert aside.read_bytes().startswith(b"not a database")
        history.add(entry())
        assert reopened(history, file).entries() == [entry()]
        file.write_bytes(b"not a database again" * 100)
        for tail in ("-wal", "-shm"):
            file.with_name(file.name + tail).unlink(missing_ok=True)


def test_stars_are_saved_from_a_file_with_a_hole(history, file):
    jobs = [Job("1" * 32, text("rain", seed=1), "micro")]
    history.save_queue(jobs)
    for count in range(1, 201):
        history.add(entry(count, starred=True))
    history.close()
    data = bytearray(file.read_bytes())
    assert len(data) > 40 * 4096
    data[30 * 4096 : 31 * 4096] = b"\xff" * 4096
    file.write_bytes(data)
    history = History(file)
    saved = history.entries(starred=True)
    assert 100 < len(saved) < 200
    assert history.queue() == jobs
    [note] = history.notes
    assert f"{len(saved)} takes could be read" in note
    history.close()


def test_a_file_without_its_tables_is_damaged(history, file):
    history.close()
    base = sqlite3.connect(file)
    base.execute("DROP TABLE queue")
    base.close()
    history = History(file)
    assert "was damaged" in history.notes[0]
    assert history.queue() == []


def test_a_history_of_a_newer_version_is_left_alone(history, file):
    history.add(entry())
    history.close()
    base = sqlite3.connect(file)
    base.execute("PRAGMA user_version = 99")
    base.close()
    before = file.read_bytes()
    with pytest.raises(OutputError, match="newer Hearsight"):
        History(file)
    assert file.read_bytes() == before


def test_a_file_that_somebody_deleted_is_told_of_instead_of_written_to(history, file):
    file.unlink()
    with pytest.raises(OutputError, match="is gone"):
        history.add(entry())


def test_a_folder_that_cannot_be_is_told_of(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be kept there"):
        History(tmp_path / "file" / "history.sqlite")
    with pytest.raises(OutputError, match="could not be used"):
        History(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on the size of files")
def test_a_full_disk_is_told_of_and_loses_nothing(file):
    code = """
import resource, signal
from hearsight import OutputError, text

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
history.add(entry(1))
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, hard))
try:
    for n in range(2, 1000): history.add(replace(entry(n), why="x" * 5000))
except OutputError as problem:
    print(n, problem)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
assert len(history.entries()) == n - 1
history.add(entry(n))
"""
    process = child(code, file)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    number, sentence = said.split(" ", 1)
    assert "Free some space" in sentence
    history = History(file)
    assert len(history.entries()) == int(number)
    history.close()
