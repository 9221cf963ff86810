"""Compiled graphs: found only where they fit, built once, whole or not at all."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from hearsight.compiled import Compiled, Found, Key, Missing
from hearsight.errors import BundleError, Cancelled, OutputError
from hearsight.keys import differences, graph_hash
from hearsight.manifest import DataFile, Variant
from hearsight.sampler import Cancel

RUNTIME = Path(__file__).parents[2] / "runtime"
KEY = Key(
    graph="a" * 64,
    precision="fp16",
    profile="x 1x8x4..4x8x64",
    builder="TensorRT-RTX 1.7.1.116",
    targets=("8.9",),
    card="NVIDIA GeForce RTX 4090",
    driver="580.65",
    system="linux-x86_64",
)
OTHERS = {
    "graph": ("b" * 64, "The graph's file has changed since."),
    "precision": ("fp32", "It was built in fp32, and fp16 is wanted."),
    "profile": ("", "It was built for other sizes of its inputs."),
    "builder": (
        "TensorRT-RTX 1.6.0.9",
        "It was built by TensorRT-RTX 1.6.0.9, and this machine has TensorRT-RTX 1.7.1.116.",
    ),
    "targets": (
        ("8.6", "12.0"),
        "It was built for compute capability 8.6, 12.0, and this machine has 8.9.",
    ),
    "card": (
        "NVIDIA RTX A4000",
        "It was built for NVIDIA RTX A4000, and this machine has NVIDIA GeForce RTX 4090.",
    ),
    "driver": ("570.1", "It was built with driver 570.1, and this machine has 580.65."),
    "system": (
        "windows-amd64",
        "It was built for windows-amd64, and this machine is linux-x86_64.",
    ),
}
MAKER = """
import os, sys, time
from pathlib import Path
from hearsight.compiled import Compiled, Key
from hearsight.sampler import Cancel
import json

store, key, log, mode = sys.argv[1:]
said = json.loads(key)
wanted = Key(**{**said, "targets": tuple(said["targets"])})

def make(folder):
    (folder / "x.engine").write_bytes(b"half")
    with open(log, "a") as file:
        file.write(f"{os.getpid()}\\n")
    while mode == "hang":
        time.sleep(0.05)
    time.sleep(0.5)
    (folder / "x.engine").write_bytes(b"whole")

found = Compiled(Path(store)).build(wanted, "micro", "decode", make, Cancel())
print((found.folder / "x.engine").read_text())
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def store(tmp_path: Path) -> Compiled:
    return Compiled(tmp_path / "store")


def context(engine: str) -> bytes:
    """A model whose one node refers to an engine."""
    node = helper.make_node(
        "EPContext", ["x"], ["y"], domain="com.microsoft", embed_mode=0, ep_cache_context=engine
    )
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    graph = helper.make_graph([node], "decode", tensors[:1], tensors[1:])
    return helper.make_model(graph).SerializeToString()


def write(folder: Path, engine: str = "decode.engine") -> float:
    (folder / "decode.onnx").write_bytes(context(engine))
    (folder / "decode.engine").write_bytes(bytes(range(256)) * 9)
    return 61.5


def never(folder: Path) -> None:
    raise AssertionError("it is there already")


def built(store: Compiled, key: Key = KEY, name: str = "decode") -> Found:
    return store.build(key, "micro", name, write, Cancel())


def reason(store: Compiled, wanted: Key, name: str = "decode") -> str:
    found = store.find(wanted, "micro", name)
    assert isinstance(found, Missing)
    return found.reason


def start(store: Compiled, log: Path, mode: str, key: Key = KEY) -> subprocess.Popen[str]:
    said = json.dumps(asdict(key))
    return subprocess.Popen(
        [sys.executable, "-c", MAKER, str(store.folder), said, str(log), mode],
        env={**os.environ, "PYTHONPATH": str(RUNTIME)},
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for(file: Path) -> None:
    deadline = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < deadline, "the other process never began"
        time.sleep(0.01)


def digest(key: Key) -> str:
    return key.digest


def folders(store: Compiled) -> list[str]:
    return sorted(path.name for path in store.folder.iterdir() if path.is_dir())


def test_what_was_built_is_found_with_what_is_known_of_it(store: Compiled):
    made = built(store)
    found = store.find(KEY)
    assert found == made
    assert (found.record.bundle, found.record.name) == ("micro", "decode")
    assert found.record.snr_db == 61.5
    assert found.record.bytes == len(context("decode.engine")) + 256 * 9
    assert [listed.file for listed in found.record.files] == ["decode.engine", "decode.onnx"]
    assert (found.folder / "decode.onnx").read_bytes() == context("decode.engine")
    assert folders(store) == [KEY.digest]


def test_what_is_there_is_not_built_again(store: Compiled):
    made = built(store)
    assert store.build(KEY, "micro", "decode", never, Cancel()) == made


def test_nothing_was_ever_built(store: Compiled):
    assert reason(store, KEY) == "It was never built."
    built(store, replace(KEY, graph="b" * 64), "vocoder")
    assert reason(store, KEY) == "It was never built."


@pytest.mark.parametrize("field", OTHERS)
def test_a_miss_names_the_field_that_differs(store: Compiled, field: str):
    value, said = OTHERS[field]
    built(store, replace(KEY, **{field: value}))
    assert reason(store, KEY) == said


def test_a_miss_names_all_that_differs_the_most_telling_first(store: Compiled):
    near = replace(KEY, builder="TensorRT-RTX 1.6", driver="570.1")
    far = [replace(near, precision="fp32", card=f"card {n}") for n in range(8)]
    for key in (near, *far):
        built(store, key)
    assert min(far, key=digest).digest < near.digest < max(far, key=digest).digest
    assert reason(store, KEY) == (
        "It was built by TensorRT-RTX 1.6, and this machine has TensorRT-RTX 1.7.1.116. "
        "It was built with driver 570.1, and this machine has 580.65."
    )


def test_another_builder_s_work_is_not_told_in_detail(store: Compiled):
    built(store, replace(KEY, builder="OpenVINO 2026.4.1", targets=("",), profile="", driver=""))
    assert reason(store, KEY) == "It was never built by TensorRT-RTX, only by OpenVINO."


def test_a_graph_built_ahead_for_several_cards_fits_each_of_them(store: Compiled):
    ahead = replace(KEY, targets=("8.6", "8.9", "12.0"), card="", driver="")
    built(store, ahead)
    for target, card in (("8.9", KEY.card), ("12.0", "NVIDIA GeForce RTX 5090")):
        assert isinstance(store.find(replace(KEY, targets=(target,), card=card)), Found)
    assert "8.6, 8.9, 12.0, and this machine has 7.5" in reason(
        store, replace(KEY, targets=("7.5",))
    )


TEXTS = st.sampled_from(["", "one", "two"])
KEYS = st.builds(
    Key,
    graph=st.sampled_from(["a" * 64, "b" * 64]),
    precision=st.sampled_from(["fp32", "fp16", "int8", "bf16"]),
    profile=TEXTS,
    builder=st.sampled_from(["TensorRT-RTX 1", "TensorRT-RTX 2"]),
    targets=st.lists(st.sampled_from(["8.6", "8.9", "12.0"]), min_size=1, unique=True).map(tuple),
    card=TEXTS,
    driver=TEXTS,
    system=st.sampled_from(["linux-x86_64", "windows-amd64"]),
)


@given(built=KEYS, wanted=KEYS)
def test_keys_fit_exactly_when_no_difference_is_told(built: Key, wanted: Key):
    same = ("graph", "precision", "profile", "builder", "system")
    fits = (
        all(getattr(built, field) == getattr(wanted, field) for field in same)
        and set(wanted.targets) <= set(built.targets)
        and built.card in ("", wanted.card)
        and built.driver in ("", wanted.driver)
    )
    assert fits == (not list(differences(built, wanted)))


@settings(max_examples=40, deadline=None)
@given(kept=st.lists(KEYS, max_size=4), wanted=KEYS)
def test_what_is_found_fits_and_what_fits_is_found(tmp_path_factory, kept: list[Key], wanted: Key):
    store = Compiled(tmp_path_factory.mktemp("store"))
    for key in kept:
        built(store, key)
    found = store.find(wanted, "micro", "decode")
    fitting = [key for key in kept if not any(differences(key, wanted))]
    if isinstance(found, Found):
        assert found.record.key in fitting
    else:
        assert not fitting
        assert found.reason.startswith("It was ") or found.reason.startswith("The graph")


def test_the_hash_of_a_graph_is_that_of_its_files_in_order():
    weights = tuple(DataFile(f"{n}", f"{n}" * 64, 1) for n in "12")
    variant = Variant("x.onnx", "0" * 64, 1, weights)
    hashes = {
        graph_hash(variant),
        graph_hash(replace(variant, sha256="3" * 64)),
        graph_hash(replace(variant, weights=weights[::-1])),
        graph_hash(replace(variant, weights=weights[:1])),
    }
    assert len(hashes) == 4
    assert graph_hash(replace(variant, file="y.onnx")) == graph_hash(variant)


def test_a_changed_or_missing_file_is_named_and_built_again(store: Compiled):
    engine = built(store).folder / "decode.engine"
    whole = engine.read_bytes()
    engine.write_bytes(whole[:-1] + b"!")
    assert reason(store, KEY) == f"Its file {engine} is damaged."
    engine.unlink()
    assert reason(store, KEY) == f"Its file {engine} is missing."
    assert [flaw for _, flaw in store.damaged()] == [f"Its file {engine} is missing."]
    built(store)
    assert engine.read_bytes() == whole
    assert isinstance(store.find(KEY), Found)
    assert folders(store) == [KEY.digest]


def record_of(store: Compiled) -> tuple[Path, dict]:
    path = built(store).folder / "record.json"
    return path, json.loads(path.read_text("utf-8"))


GARBAGE = {
    "empty": b"",
    "cut": b'{"key": {"graph"',
    "no record": b"[]",
    "nested": b"[" * 99999,
    "no text": b"\xff\xfe",
    "huge": b" " * (2**20 + 1),
}


@pytest.mark.parametrize("raw", GARBAGE.values(), ids=GARBAGE)
def test_a_record_that_is_no_json_is_named_and_built_again(store: Compiled, raw: bytes):
    path, _ = record_of(store)
    path.write_bytes(raw)
    said = reason(store, KEY)
    assert said.startswith("Its record is damaged: ")
    assert str(path) in said
    assert not list(store.records())
    assert isinstance(built(store), Found)
    assert list(store.records())


CHANGES = {
    "another format": (("format",), 2),
    "text for a number": (("seconds",), "3"),
    "less than no time": (("seconds",), -1),
    "unknown precision": (("key", "precision"), "fp8"),
    "no hash": (("key", "graph"), "../../x"),
    "no targets": (("key", "targets"), []),
    "no such target": (("key", "targets"), ["ampere"]),
    "escape sequence": (("key", "card"), "\x1b[31m"),
    "no bundle": (("bundle",), "../micro"),
    "no files": (("files",), []),
    "unknown key": (("extra",), 1),
    "absolute path": (("files", 0, "file"), "/etc/passwd"),
    "path of Windows": (("files", 0, "file"), "C:\\x.engine"),
    "path out": (("files", 0, "file"), "../x.engine"),
    "path below": (("files", 0, "file"), "below/x.engine"),
    "itself": (("files", 0, "file"), "record.json"),
    "wrong hash": (("files", 0, "sha256"), "short"),
    "wrong size": (("files", 0, "bytes"), -1),
    "another key": (("key", "driver"), "570.1"),
}


@pytest.mark.parametrize(("path", "value"), CHANGES.values(), ids=CHANGES)
def test_a_record_that_breaks_a_rule_is_named(store: Compiled, path, value):
    file, data = record_of(store)
    *above, last = path
    part = data
    for step in above:
        part = part[step]
    part[last] = value
    file.write_text(json.dumps(data), "utf-8")
    assert reason(store, KEY).startswith(f"Its record is damaged: {file.parent}")


@settings(max_examples=60, deadline=None)
@given(data=st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists))
def test_any_json_for_a_record_is_a_miss(tmp_path_factory, data):
    store = Compiled(tmp_path_factory.mktemp("store"))
    (store.folder / KEY.digest).mkdir()
    (store.folder / KEY.digest / "record.json").write_text(json.dumps(data), "utf-8")
    assert reason(store, KEY).startswith("Its record is damaged: ")


@pytest.mark.parametrize("file", ["record.json", "decode.engine"])
def test_links_are_not_followed(store: Compiled, tmp_path: Path, file: str):
    path = built(store).folder / file
    path.rename(tmp_path / file)
    path.symlink_to(tmp_path / file)
    assert f"{path} is a link" in reason(store, KEY)


def test_foreign_files_beside_are_left_alone(store: Compiled):
    built(store)
    (store.folder / "notes.txt").write_text("mine")
    (store.folder / "mine").mkdir()
    assert isinstance(store.find(KEY), Found)
    assert not list(store.damaged())


def test_two_processes_that_want_the_same_build_it_once(store: Compiled, tmp_path: Path):
    log = tmp_path / "log"
    both = [start(store, log, "once") for _ in range(2)]
    assert [process.communicate(timeout=60)[0].strip() for process in both] == ["whole"] * 2
    assert len(log.read_text().split()) == 1
    assert folders(store) == [KEY.digest]


def test_a_killed_builder_leaves_nothing_that_counts(store: Compiled, tmp_path: Path):
    log = tmp_path / "log"
    builder = start(store, log, "hang")
    try:
        wait_for(log)
        assert isinstance(store.find(KEY), Missing)
        assert not list(store.leftovers()), "it is still at work"
    finally:
        builder.kill()
        builder.communicate()
    assert reason(store, KEY) == "It was never built."
    left = [f".{KEY.digest}.{builder.pid}.part"]
    assert [place.name for place in store.leftovers()] == left
    assert [store.remove(place) for place in store.leftovers()] == [4]
    assert folders(store) == []
    built(store)


def test_the_next_build_clears_what_a_killed_one_left(store: Compiled, tmp_path: Path):
    log = tmp_path / "log"
    builder = start(store, log, "hang")
    wait_for(log)
    builder.kill()
    builder.communicate()
    assert isinstance(built(store), Found)
    assert folders(store) == [KEY.digest]


def test_waiting_for_another_builder_is_told_and_can_be_cancelled(store: Compiled, tmp_path: Path):
    log = tmp_path / "log"
    builder = start(store, log, "hang")
    told: list[str] = []
    cancel = Cancel()

    def tell(text: str) -> None:
        told.append(text)
        cancel.cancel()

    try:
        wait_for(log)
        with pytest.raises(Cancelled):
            store.build(KEY, "micro", "decode", never, cancel, tell)
        assert told == [f"Process {builder.pid} builds it already."]
        other = replace(KEY, precision="fp32")
        assert isinstance(built(store, other), Found), "only the same key waits"
    finally:
        builder.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        builder.communicate()


def test_threads_that_want_the_same_build_it_once(store: Compiled):
    calls: list[Path] = []

    def make(folder: Path) -> None:
        calls.append(folder)
        time.sleep(0.05)
        (folder / "x.engine").write_bytes(b"whole")

    threads = [
        threading.Thread(target=lambda: store.build(KEY, "micro", "decode", make, Cancel()))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1


@pytest.mark.parametrize("problem", [BundleError("no"), KeyboardInterrupt(), Cancelled("stop")])
def test_a_builder_that_fails_leaves_nothing(store: Compiled, problem: BaseException):
    def make(folder: Path) -> None:
        write(folder)
        raise problem

    with pytest.raises(type(problem)):
        store.build(KEY, "micro", "decode", make, Cancel())
    assert folders(store) == []
    assert isinstance(built(store), Found)


def test_a_builder_that_makes_nothing_is_an_error(store: Compiled):
    with pytest.raises(BundleError, match="files is empty"):
        store.build(KEY, "micro", "decode", lambda folder: None, Cancel())
    assert folders(store) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is full needs /dev/full")
def test_a_full_disk_is_told_and_leaves_nothing(store: Compiled):
    def make(folder: Path) -> None:
        write(folder)
        (folder / "more.engine").symlink_to("/dev/full")
        (folder / "more.engine").write_bytes(b"one byte too much")

    with pytest.raises(OutputError, match=r'"decode" of "micro" cannot be kept: No space left'):
        store.build(KEY, "micro", "decode", make, Cancel())
    assert folders(store) == []


def test_a_store_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("no folder")
    store = Compiled(tmp_path / "file" / "store")
    assert reason(store, KEY) == "It was never built."
    with pytest.raises(OutputError, match="cannot be kept"):
        built(store)


def test_engines_of_another_store_are_taken_in(store: Compiled, tmp_path: Path):
    other = Compiled(tmp_path / "other")
    ahead = replace(KEY, targets=("8.6", "8.9"), card="", driver="")
    made = [built(other, ahead).record, built(other, replace(ahead, precision="fp32")).record]
    taken = store.take_in(other.folder, Cancel())
    assert sorted(record.key.digest for record in taken) == sorted(r.key.digest for r in made)
    found = store.find(KEY)
    assert isinstance(found, Found)
    assert found.record == replace(made[0], snr_db=None), "it was not measured here"
    single = Compiled(tmp_path / "single")
    assert single.take_in(other.folder / ahead.digest, Cancel()) == [found.record]


def test_how_near_a_graph_came_is_kept_and_decides_whether_it_is_found(store: Compiled):
    found = store.compared(built(store), 30.5)
    assert store.find(KEY, least_snr_db=30) == found
    assert found.record.snr_db == 30.5
    missing = store.find(KEY, least_snr_db=31)
    assert isinstance(missing, Missing)
    assert missing.reason == (
        "What TensorRT-RTX 1.7.1.116 made of it is 30.5 dB from its golden outputs."
    )
    anew = store.build(KEY, "micro", "decode", write, Cancel(), least_snr_db=31)
    assert anew.record.snr_db == 61.5
    assert [place.name for place in anew.folder.iterdir() if place.name.endswith(".part")] == []


@pytest.mark.parametrize(("snr_db", "kept"), [(math.inf, 300), (-math.inf, -300)])
def test_equal_outputs_and_those_that_are_no_numbers_are_kept_as_numbers(store, snr_db, kept):
    store.compared(built(store), snr_db)
    found = store.find(KEY)
    assert isinstance(found, Found)
    assert found.record.snr_db == kept


def test_a_record_that_another_process_holds_or_deletes_is_left_alone(store: Compiled):
    found = built(store)
    with store._lock(KEY.digest):
        assert Compiled(store.folder).compared(found, 1.0).record.snr_db == 1.0
    assert store.find(KEY) == found
    store.remove(found.folder)
    store.compared(found, 1.0)
    assert folders(store) == []


def test_what_is_there_already_is_not_copied_again(store: Compiled, tmp_path: Path):
    other = Compiled(tmp_path / "other")
    built(other)
    store.take_in(other.folder, Cancel())
    engine = store.folder / KEY.digest / "decode.engine"
    before = engine.stat().st_ino
    store.take_in(other.folder, Cancel())
    assert engine.stat().st_ino == before
    engine.write_bytes(b"damaged")
    store.take_in(other.folder, Cancel())
    assert isinstance(store.find(KEY), Found)


def test_what_is_damaged_is_not_taken_in(store: Compiled, tmp_path: Path):
    other = Compiled(tmp_path / "other")
    engine = built(other).folder / "decode.engine"
    engine.write_bytes(engine.read_bytes()[:-1] + b"!")
    with pytest.raises(BundleError, match="is not the file that its record"):
        store.take_in(other.folder, Cancel())
    assert folders(store) == []


@pytest.mark.parametrize("engine", ["../other.engine", "/etc/passwd", "another.engine"])
def test_a_compiled_graph_that_would_read_other_files_is_not_taken_in(
    store: Compiled, tmp_path: Path, engine: str
):
    other = Compiled(tmp_path / "other")
    other.build(KEY, "micro", "decode", lambda folder: write(folder, engine), Cancel())
    with pytest.raises(BundleError, match=f'decode.onnx reads "{engine}"'):
        store.take_in(other.folder, Cancel())
    assert not store.folder.exists()


def test_a_compiled_graph_that_would_read_other_files_is_not_used(store: Compiled):
    made = store.build(
        KEY, "micro", "decode", lambda folder: write(folder, "../other.engine"), Cancel()
    )
    missing = store.find(KEY, "micro", "decode")
    assert made.folder.is_dir()
    assert isinstance(missing, Missing)
    assert missing.reason.startswith('Its file decode.onnx reads "../other.engine"')


def test_a_folder_without_engines_is_refused(store: Compiled, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BundleError, match="holds no compiled graph"):
        store.take_in(tmp_path / "empty", Cancel())
    with pytest.raises(BundleError, match="cannot be read"):
        store.take_in(tmp_path / "nowhere", Cancel())
    built(Compiled(tmp_path / "empty"))
    (tmp_path / "empty" / "foreign").mkdir()
    with pytest.raises(BundleError, match=r"foreign.record\.json cannot be read"):
        store.take_in(tmp_path / "empty", Cancel())
    assert not store.folder.exists()


@pytest.mark.parametrize("which", ["folder", "record.json", "decode.engine"])
def test_links_are_not_taken_in(store: Compiled, tmp_path: Path, which: str):
    other = Compiled(tmp_path / "other")
    path = built(other).folder
    path = path if which == "folder" else path / which
    path.rename(tmp_path / "outside")
    path.symlink_to(tmp_path / "outside")
    with pytest.raises(BundleError, match=r"leads out of|is a link"):
        store.take_in(other.folder, Cancel())
    assert not store.folder.exists()
