"""The files: whole or not at all, nobody else's touched, and found again whatever happened."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile

import hearsight
from hearsight import Init, MediaError, OutputError, read_info, read_request, text, write_wav
from hearsight_desktop.delivery import DEFAULT, DELIVERIES, render
from hearsight_desktop.entry import Edit, Entry
from hearsight_desktop.history import History
from hearsight_desktop.takes import Takes, Usage

MICRO = Path(__file__).parents[1] / "micro" / "micro"
RAIN = text("rain on a roof", seed=7, seconds=0.5, steps=2, variations=4)

CHILD = """
import sys
from pathlib import Path
import hearsight
from test_takes import RAIN, MICRO
from hearsight_desktop.delivery import DEFAULT
from hearsight_desktop.takes import Takes

takes = Takes(Path(sys.argv[1]) / "originals", Path(sys.argv[1]) / "Takes")
with hearsight.load(MICRO, device="cpu", threads=1) as generator:
    [take] = generator.generate(hearsight.text("rain", seed=1, seconds=0.5, steps=2))
"""


def child(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """A process of its own with a take and the folders below its first argument."""
    folders = [str(Path(__file__).parent), *sys.path]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + code, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(folders)},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def generator() -> Iterator[hearsight.Generator]:
    with hearsight.load(MICRO, device="cpu", threads=1) as generator:
        yield generator


@pytest.fixture(scope="module")
def made(generator) -> list[hearsight.Take]:
    """Four takes of one request."""
    return list(generator.generate(RAIN))


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Of originals, and of delivered files; neither is there yet."""
    return tmp_path / "ünïcode data" / "originals", tmp_path / "Takes 雨"


@pytest.fixture
def takes(folders) -> Takes:
    return Takes(*folders)


@pytest.fixture
def kept(takes, made) -> Entry:
    return takes.keep(made[0], batch="b", model="micro", name="rain_01")


def deliver(takes: Takes, entry: Entry, delivery=DEFAULT, rights: str = "") -> Entry:
    return takes.deliver(entry, delivery, rights=rights)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_an_original_is_the_take_sample_for_sample(takes, made, folders):
    for number, take in enumerate(made, 1):
        entry = takes.keep(take, batch="b", model="micro", name=f"rain_{number:02}")
        audio, sample_rate = takes.audio(entry)
        assert sample_rate == entry.sample_rate == take.sample_rate
        np.testing.assert_array_equal(audio, take.audio)
        assert (entry.number, entry.seconds) == (number, take.seconds)
        assert (entry.request, entry.item_seed) == (take.request, take.item_seed)
        assert (entry.provider, entry.why) == (take.plan.provider, take.plan.why)
        assert hearsight.request_from_json(read_request(entry.original)) == take.request
        assert entry.delivered is None
    assert len(names(folders[0])) == 8  # each with its receipt


def test_silence_is_a_take_too(takes, made):
    silent = replace(made[0], audio=np.zeros((100, 2), np.float32))
    entry = takes.keep(silent, batch="b", model="micro", name="hush")
    audio, _ = takes.audio(entry)
    np.testing.assert_array_equal(audio, silent.audio)


def test_a_loop_that_was_made_is_delivered_as_the_same_loop(takes, generator):
    [take] = generator.generate(replace(RAIN, variations=1, loop=True))
    assert take.loop is not None
    entry = deliver(takes, takes.keep(take, batch="b", model="micro", name="loop"))
    assert read_info(entry.delivered)["loop"] == take.loop


def test_a_sound_made_anew_in_part_keeps_its_level(takes, made):
    part = replace(RAIN, init=Init("/sounds/door.wav", span=(0.1, 0.2)))
    take = replace(made[0], request=part)
    assert takes.keep(take, batch="b", model="micro", name="x").edit.level == "none"
    whole = replace(made[0], request=replace(RAIN, init=Init("/sounds/door.wav")))
    assert takes.keep(whole, batch="b", model="micro", name="x").edit.level == "peak"


def test_a_delivered_file_is_finished_and_says_how_it_was_made(takes, kept, folders):
    entry = deliver(takes, kept, rights="micro: MIT")
    assert entry == replace(kept, delivered=folders[1] / "rain_01.wav")
    info = read_info(entry.delivered)
    assert (info["sample_rate"], info["subtype"], info["rights"]) == (48000, "PCM_24", "micro: MIT")
    assert hearsight.request_from_json(read_request(entry.delivered)) == kept.request
    assert names(folders[1]) == {"rain_01.wav"}


def test_an_edit_takes_the_place_of_the_earlier_file(takes, kept, folders):
    first = deliver(takes, kept)
    cut = deliver(takes, replace(first, edit=Edit(start=0.1, end=0.3)))
    assert cut.delivered == first.delivered
    assert read_info(cut.delivered)["seconds"] == pytest.approx(0.2)
    # An entry from before knows of no delivered file; it still is the same take's.
    again = deliver(takes, kept)
    assert again.delivered == first.delivered
    assert read_info(again.delivered)["seconds"] == pytest.approx(0.5)
    assert names(folders[1]) == {"rain_01.wav"}


def test_another_name_or_format_takes_the_earlier_file_along(takes, kept, folders):
    entry = deliver(takes, kept)
    entry = deliver(takes, replace(entry, name="Rain, 雨"))
    assert names(folders[1]) == {"Rain, 雨.wav"}
    deliver(takes, entry, replace(DEFAULT, suffix=".flac"))
    assert names(folders[1]) == {"Rain, 雨.flac"}


def test_another_folder_leaves_the_file_that_projects_refer_to(takes, kept, folders, tmp_path):
    first = deliver(takes, kept)
    moved = Takes(folders[0], tmp_path / "elsewhere")
    second = deliver(moved, first)
    assert second.delivered == tmp_path / "elsewhere" / "rain_01.wav"
    assert first.delivered.exists()


def test_a_file_of_somebody_else_is_never_written_over(takes, made, folders):
    folders[1].mkdir()
    (folders[1] / "rain_01.wav").write_bytes(b"mine")
    (folders[1] / "rain_02.wav").mkdir()
    (folders[1] / "rain_03.wav").symlink_to("nowhere")
    one, two = (takes.keep(take, batch="b", model="micro", name="rain_01") for take in made[:2])
    one, two = deliver(takes, one), deliver(takes, two)
    assert [one.name, two.name] == ["rain_04", "rain_05"]
    assert one.delivered == folders[1] / "rain_04.wav"
    assert (folders[1] / "rain_01.wav").read_bytes() == b"mine"
    assert deliver(takes, one) == one


def test_a_name_that_games_want_stays_the_same_file(takes, kept, folders):
    folders[1].mkdir()
    (folders[1] / "rain_on_tin_01.wav").write_bytes(b"mine")
    entry = deliver(takes, replace(kept, name="Rain on Tin_01"), DELIVERIES["game"])
    assert entry.name == "Rain on Tin_01"
    assert entry.delivered == folders[1] / "rain_on_tin_02.wav"
    assert deliver(takes, entry, DELIVERIES["game"]) == entry


def test_a_file_that_was_changed_since_stays_and_another_name_is_taken(takes, kept, folders):
    first = deliver(takes, kept)
    with open(first.delivered, "ab") as file:
        file.write(b"marker of another program")
    changed = first.delivered.read_bytes()
    second = deliver(takes, first)
    assert second.delivered == folders[1] / "rain_02.wav"
    assert first.delivered.read_bytes() == changed
    takes.remove(second)
    assert names(folders[1]) == {"rain_01.wav"}


def test_a_delivered_file_that_was_deleted_comes_back_under_its_name(takes, kept):
    entry = deliver(takes, kept)
    entry.delivered.unlink()
    assert deliver(takes, entry) == entry
    assert entry.delivered.exists()


@pytest.mark.parametrize("name", ["../../up", "/etc/rain", "a\\b", "con", ".hidden", "x" * 200])
def test_no_name_leaves_the_folder(takes, kept, folders, name):
    entry = deliver(takes, replace(kept, name=name))
    assert entry.delivered.parent == folders[1]
    assert names(folders[1]) == {entry.delivered.name}
    assert not entry.delivered.name.startswith(".")


def test_where_there_are_no_hard_links_names_are_still_nobody_elses(
    takes, made, folders, monkeypatch
):
    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with monkeypatch.context() as closed:
        closed.setattr(os, "open", refuse)
        with pytest.raises(OutputError, match="could not be put into"):
            deliver(takes, takes.keep(made[0], batch="b", model="micro", name="rain"))
        assert names(folders[1]) == set()
    for number in (1, 2):
        entry = takes.keep(made[0], batch="b", model="micro", name="rain")
        entry = deliver(takes, entry)
        assert soundfile.info(str(entry.delivered)).frames == 24000, number
    assert names(folders[1]) == {"rain.wav", "rain_02.wav"}


def test_a_file_system_that_ignores_case_can_still_change_it(takes, kept, folders):
    entry = deliver(takes, kept)
    os.link(entry.delivered, folders[1] / "Rain_01.wav")  # as if both were names of one file
    entry = deliver(takes, replace(entry, name="Rain_01", edit=Edit(start=0.1)))
    assert entry.delivered.name == "Rain_01.wav"
    assert read_info(entry.delivered)["seconds"] == pytest.approx(0.4)
    assert names(folders[1]) == {"Rain_01.wav"}


def test_two_programs_give_every_take_a_name_of_its_own(tmp_path):
    code = """
for _ in range(10):
    entry = takes.keep(take, batch="b", model="micro", name="rain_01")
    print(takes.deliver(entry, DEFAULT, rights="").delivered.name)
"""
    both = [child(code, tmp_path) for _ in range(2)]
    said = [process.communicate(timeout=120)[0].split() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert {*said[0], *said[1]} == {f"rain_{n:02}.wav" for n in range(1, 21)}
    assert len(names(tmp_path / "Takes")) == 20


def test_killed_in_the_middle_every_take_is_whole_and_found_again(tmp_path):
    code = """
print("ready", flush=True)
while True:
    entry = takes.keep(take, batch="b", model="micro", name="rain_01")
    print(takes.deliver(entry, DEFAULT, rights="").id, flush=True)
"""
    process = child(code, tmp_path)
    told = [process.stdout.readline() for _ in range(8)][1:]
    process.kill()
    process.wait()
    process.stdout.close()
    takes = Takes(tmp_path / "originals", tmp_path / "Takes")
    found = takes.orphans(set())
    assert {entry.id for entry in found} >= {line.strip() for line in told}
    for entry in found:
        assert len(takes.audio(entry)[0]) == 24000
        if entry.delivered:
            assert soundfile.info(str(entry.delivered)).frames == 24000
    assert takes.orphans({entry.id for entry in found}) == []


def test_a_lost_history_is_made_anew_from_the_files(takes, made, folders, tmp_path):
    entries = [
        takes.keep(take, batch="b", model="micro", name=f"rain_{n:02}")
        for n, take in enumerate(made, 1)
    ]
    entries = [deliver(takes, replace(entry, edit=Edit(start=0.1))) for entry in entries]
    entries[1].delivered.unlink()
    entries[1] = replace(entries[1], delivered=None)
    (folders[0] / "notes.txt").touch()
    (folders[0] / ("0" * 32 + ".wav")).write_bytes(entries[0].original.read_bytes())
    receipt = entries[3].original.with_suffix(".json")
    receipt.write_text(receipt.read_text()[:100])
    assert takes.orphans({entries[2].id}) == [*entries[:2]]
    history = History(tmp_path / "history.sqlite")
    for entry in takes.orphans(set()):
        history.add(entry)
    assert history.entries() == entries[:3]
    history.close()


def test_what_a_crash_left_unfinished_is_cleared_away(takes, kept, folders):
    deliver(takes, kept)
    left = [
        folders[0] / f"{'1' * 32}.wav.part",
        folders[0] / f"{'2' * 32}.json.part",
        folders[1] / f".{'3' * 32}.wav",
        folders[1] / f".{'4' * 32}.flac.part",
    ]
    fresh = folders[1] / f".{'5' * 32}.wav"
    mine = folders[1] / "mine.wav.part"
    for path in (*left, mine):
        path.touch()
        os.utime(path, (0, 0))
    fresh.touch()  # somebody writes to it now
    takes.clear_away()
    assert not any(path.exists() for path in left)
    assert fresh.exists() and mine.exists() and kept.original.exists()


def test_originals_are_found_where_the_folder_has_moved_to(takes, kept, folders, tmp_path):
    folders[0].rename(tmp_path / "new home")
    moved = Takes(tmp_path / "new home", folders[1])
    assert len(moved.audio(kept)[0]) == 24000
    entry = deliver(moved, kept)
    assert entry.delivered.exists()
    assert entry.original.parent == tmp_path / "new home"


def test_a_deleted_original_is_told_of(takes, kept, folders):
    kept.original.unlink()
    for act in (takes.audio, lambda entry: deliver(takes, entry)):
        with pytest.raises(MediaError, match="was deleted"):
            act(kept)
    folders[0].rename(folders[0].with_name("unplugged"))
    with pytest.raises(MediaError, match="Connect its disk"):
        takes.audio(kept)
    kept.original.parent.mkdir()
    kept.original.write_bytes(b"RIFF but no more")
    with pytest.raises(MediaError, match="is damaged"):
        takes.audio(kept)


def test_folders_that_cannot_be_are_told_of(kept, made, folders, tmp_path):
    (tmp_path / "file").touch()
    nowhere = tmp_path / "file" / "folder"
    with pytest.raises(OutputError, match="cannot be made"):
        Takes(nowhere, folders[1]).keep(made[0], batch="b", model="micro", name="x")
    with pytest.raises(OutputError, match="choose another folder"):
        deliver(Takes(folders[0], nowhere), kept)


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on the size of files")
def test_a_full_disk_leaves_nothing_half_behind(tmp_path):
    code = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
entry = takes.deliver(takes.keep(take, batch="b", model="m", name="x"), DEFAULT, rights="")
whole = entry.delivered.read_bytes()

def attempt(limit, act):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        act()
    except hearsight.OutputError as problem:
        print(problem)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

attempt(50_000, lambda: takes.keep(take, batch="b", model="m", name="y"))
attempt(50, lambda: takes.keep(take, batch="b", model="m", name="y"))
attempt(50_000, lambda: takes.deliver(entry, DEFAULT, rights=""))
assert entry.delivered.read_bytes() == whole
assert takes.deliver(entry, DEFAULT, rights="") == entry
"""
    process = child(code, tmp_path)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    sentences = said.splitlines()
    assert len(sentences) == 3
    assert all("Free some space there" in sentence for sentence in sentences)
    assert len(names(tmp_path / "originals")) == 2
    assert names(tmp_path / "Takes") == {"x.wav"}


def test_removing_takes_every_file_of_a_take_and_no_other(takes, made, folders):
    one, two = (
        deliver(takes, takes.keep(take, batch="b", model="micro", name="rain")) for take in made[:2]
    )
    takes.remove(one)
    takes.remove(one)
    assert names(folders[0]) == {f"{two.id}.wav", f"{two.id}.json"}
    assert names(folders[1]) == {two.delivered.name}


def test_what_is_removed_while_its_file_is_made_gets_none(takes, kept, folders, monkeypatch):
    entry = deliver(takes, kept)

    def removed(*given):
        sound = render(*given)
        takes.remove(entry)
        return sound

    monkeypatch.setattr("hearsight_desktop.takes.render", removed)
    with pytest.raises(MediaError, match="was deleted"):
        deliver(takes, replace(entry, edit=Edit(start=0.1)))
    assert names(folders[0]) == names(folders[1]) == set()


def test_another_folder_can_be_chosen_while_the_one_in_use_hangs(takes, kept, folders, monkeypatch):
    hangs, chosen = threading.Event(), threading.Event()

    def slow(*given, **named):
        hangs.set()
        assert chosen.wait(20), "choosing waits for the disk"
        return write_wav(*given, **named)

    monkeypatch.setattr("hearsight_desktop.takes.write_wav", slow)
    with ThreadPoolExecutor(1) as worker:
        first = worker.submit(deliver, takes, kept)
        assert hangs.wait(20)
        takes.deliver_to(folders[1] / "other")
        chosen.set()
        assert first.result().delivered.parent == folders[1]
    assert deliver(takes, kept).delivered.parent == folders[1] / "other"


def test_what_cannot_be_deleted_keeps_its_original(takes, kept, monkeypatch):
    entry = deliver(takes, kept)
    unlink = Path.unlink

    def refuse(path, missing_ok=False):
        if path == entry.delivered:
            raise PermissionError(13, "in use", str(path))
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(OutputError, match="Close the program that uses it"):
        takes.remove(entry)
    assert entry.original.exists() and entry.delivered.exists()
    assert deliver(takes, entry) == entry


def test_usage_is_what_lies_on_the_disk(takes, made, folders):
    entries = [
        deliver(takes, takes.keep(take, batch="b", model="micro", name="rain")) for take in made
    ]
    (folders[1] / "other.wav").write_bytes(b"of somebody else")
    entries[0].delivered.unlink()
    entries[1].original.unlink()
    entries[2] = replace(entries[2], rejected=True)
    usage = takes.usage(entries)
    assert usage.originals == sum(path.stat().st_size for path in folders[0].iterdir())
    assert usage.delivered == sum(entry.delivered.stat().st_size for entry in entries[1:])
    assert usage.free > 0
    original, delivered = entries[2].original, entries[2].delivered
    files = (original, original.with_suffix(".json"), delivered)
    assert usage.rejected == sum(path.stat().st_size for path in files)


def test_usage_of_folders_that_are_not_there_yet(takes):
    usage = takes.usage([])
    assert usage == Usage(0, 0, usage.free, 0)
    assert usage.free > 0


def test_over_budget_rejected_ones_go_first_then_the_oldest(takes, made):
    entries = []
    for batch in range(4):
        for number in range(2):
            entry = deliver(takes, takes.keep(made[0], batch=str(batch), model="m", name="x"))
            made_at = entry.created + timedelta(hours=batch, minutes=number)
            entries.append(replace(entry, created=made_at))
    entries[0] = replace(entries[0], starred=True, rejected=True)
    entries[2] = replace(entries[2], starred=True)
    entries[5] = replace(entries[5], rejected=True)
    entries[7] = replace(entries[7], rejected=True)  # of the newest batch
    entries[3].original.unlink()
    entries[3].original.with_suffix(".json").unlink()
    entries[3].delivered.unlink()
    usage = takes.usage(entries)
    used = usage.originals + usage.delivered
    assert takes.over_budget(entries, used) == []
    assert takes.over_budget(entries, used - 1) == [entries[5]]
    assert takes.over_budget(entries[::-1], 0) == [entries[5], entries[1], entries[4]]
    for entry in takes.over_budget(entries, used - 2 * used // 7):
        takes.remove(entry)
    left = takes.usage(entries)
    assert left.originals + left.delivered <= used - 2 * used // 7
    assert takes.over_budget([], 0) == []
