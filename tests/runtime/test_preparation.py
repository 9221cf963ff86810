"""Graphs compiled for the processor, for real: before the first sound, meanwhile, or not at all.

What is compiled for TensorRT was never run: it needs a card.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hearsight import load
from hearsight.bundle import Bundle, open_bundle
from hearsight.compiled import Compiled
from hearsight.compiling import _optimise
from hearsight.device import choose
from hearsight.engine import Engine
from hearsight.errors import Cancelled, DeviceError
from hearsight.golden import distance
from hearsight.request import text
from hearsight.sampler import Cancel
from hearsight.store import describe, write_bundle
from hearsight.wanted import target, wanted_key

ROOT = Path(__file__).resolve().parents[2]
MICRO = ROOT / "tests" / "micro" / "micro"
HOT = {"denoise", "decode", "vocoder"}
RAIN = text("rain", seed=3, seconds=0.5)
PATIENCE = 20  # seconds until what was begun must be done

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def wanted() -> Any:
    """The sound as graphs make it that are not compiled."""
    with load(MICRO, device="cpu", threads=1) as generator:
        return generator.generate(RAIN)[0].audio


def player(prepare: Any = None) -> Any:
    return load(MICRO, device="cpu", threads=1, prepare=prepare)


def built() -> dict[str, Path]:
    return {record.name: place for place, record in Compiled().records()}


def played_compiled(generator: Any) -> set[str]:
    """The hot graphs whose open session is of a compiled file."""
    return {name for name, compiled in generator._engine._sessions if compiled}


def digest(name: str) -> str:
    return wanted_key(open_bundle(MICRO).manifest, name, "fp32", target("cpu")).digest


@contextmanager
def building(name: str) -> Iterator[None]:
    """Somebody else builds a graph already, so that who wants it too has to wait."""
    store = Compiled()
    store.folder.mkdir(parents=True, exist_ok=True)
    with store._lock(digest(name)):
        yield


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.02)


def preparation_of(generator: Any) -> Any:
    return generator._engine._routes.preparation


def child_of(generator: Any) -> int:
    """The process that compiles, once there is one."""
    preparation = preparation_of(generator)
    until(lambda: preparation._process is not None)
    return preparation._process.pid


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def silent(*event: Any) -> None:
    pass


def test_on_the_processor_nothing_is_compiled_unasked_and_what_is_there_is_used(wanted):
    with player() as generator:
        [plain] = generator.generate(RAIN)
        assert generator.preparing == ""
        assert (built(), played_compiled(generator)) == ({}, set())
    with player("first") as generator:
        generator.generate(RAIN)
    with player() as generator:
        [take] = generator.generate(RAIN)
        assert played_compiled(generator) == HOT
    for each in (plain, take):
        assert np.array_equal(each.audio, wanted)
        assert each.plan.why == "The CPU was asked for."


def test_asked_for_first_graphs_are_compiled_before_the_first_sound(wanted):
    events: list[Any] = []
    with player("first") as generator:
        assert generator.preparing == (
            "Preparing denoise, decode, vocoder for cpu, once; it can take minutes."
        )
        [take] = generator.generate(RAIN, progress=lambda *event: events.append(event))
        assert played_compiled(generator) == set(built()) == HOT
        assert generator.preparing == ""
        [again] = generator.generate(RAIN)
    assert np.array_equal(take.audio, wanted)
    assert np.array_equal(again.audio, wanted)
    told = [event for event in events if event[0] == "prepare"]
    assert (told[0], told[-1]) == (("prepare", 0, 3), ("prepare", 3, 3))
    stages = list(dict.fromkeys(stage for stage, *_ in events))
    assert stages[:3] == ["load", "prepare", "encode"]
    assert [t.stage for t in take.timings][:3] == ["load", "prepare", "encode"]
    assert "prepare" not in [t.stage for t in again.timings]


def test_in_the_background_sounds_are_made_on_what_is_ready_and_later_on_the_rest(wanted):
    with building("vocoder"), player("background") as generator:
        with building("denoise"):
            [first] = generator.generate(RAIN)
            assert played_compiled(generator) == set()
            assert generator.preparing.startswith("Preparing denoise, decode, vocoder for cpu")
        until(lambda: set(built()) == {"denoise", "decode"})
        until(lambda: list(preparation_of(generator).missing) == ["vocoder"])
        [second] = generator.generate(RAIN)
        assert played_compiled(generator) == {"denoise", "decode"}
    with player("background") as generator:
        generator.generate(RAIN)
        until(lambda: not preparation_of(generator).running)
        [third] = generator.generate(RAIN)
        assert played_compiled(generator) == HOT
    for take in (first, second, third):
        assert np.array_equal(take.audio, wanted)
    meanwhile = "is being prepared; `runtime-cli engines build` waits for it."
    assert first.plan.why == f"The CPU was asked for. denoise {meanwhile}"
    assert second.plan.why == f"The CPU was asked for. vocoder {meanwhile}"
    assert third.plan.why == "The CPU was asked for."


@pytest.mark.parametrize("prepare", ["first", "background"])
def test_closing_ends_the_process_that_compiles_and_what_it_left(prepare):
    left = Compiled().folder / f".{digest('decode')}.1.part"
    with building("denoise"):
        with player(prepare) as generator:
            preparation_of(generator).start()
            pid = child_of(generator)
            left.mkdir()  # as of a builder that was ended halfway
            assert is_there(pid)
        assert not is_there(pid)
        assert not preparation_of(generator).running
    assert (built(), left.exists()) == ({}, False)


def test_a_stop_while_compiling_ends_it_and_the_generator_is_as_good_as_new(wanted):
    with player("first") as generator:
        with building("decode"):
            cancel = Cancel()
            seen: list[int] = []

            def progress(stage: str, step: int, total: int) -> None:
                if (stage, step) == ("prepare", 1):  # denoise is done, decode waits
                    seen.append(child_of(generator))
                    cancel.cancel()

            with pytest.raises(Cancelled):
                generator.generate(RAIN, progress=progress, cancel=cancel)
            assert not is_there(seen[0])
            assert set(built()) == {"denoise"}
            assert not list(Compiled().folder.glob("*.part"))
        [take] = generator.generate(RAIN)
        assert played_compiled(generator) == set(built()) == HOT
    assert np.array_equal(take.audio, wanted)


@needs_signals
def test_a_process_that_dies_is_told_by_its_signal_and_the_sound_is_made(wanted):
    with building("denoise"), player("background") as generator:
        generator.generate(RAIN)
        os.kill(child_of(generator), signal.SIGKILL)
        until(lambda: not preparation_of(generator).running)
        [take] = generator.generate(RAIN)
        assert generator.preparing == ""
        assert not preparation_of(generator).running  # it is not tried again and again
    assert np.array_equal(take.audio, wanted)
    assert take.plan.why == (
        "The CPU was asked for. denoise: Its process ended with signal 9 (SIGKILL)."
    )


@needs_signals
def test_a_process_that_dies_is_an_error_where_graphs_were_to_be_first():
    with building("denoise"), player("first") as generator:

        def kill(stage: str, step: int, total: int) -> None:
            if stage == "prepare":
                os.kill(child_of(generator), signal.SIGKILL)

        with pytest.raises(DeviceError) as caught:
            generator.generate(RAIN, progress=kill)
    assert str(caught.value) == (
        'Graphs of "micro" cannot be prepared for cpu. denoise, decode, vocoder: Its process '
        "ended with signal 9 (SIGKILL). Another --device plays them as they are."
    )


def test_engines_that_compile_the_same_at_once_build_it_once():
    bundle = open_bundle(MICRO)
    took: list[dict[str, float]] = []

    def compile_all() -> None:
        with Engine(bundle, device="cpu", threads=1, prepare="first") as engine:
            engines.append(engine)
            took.append(engine.compile(silent, Cancel()))

    engines: list[Engine] = []
    threads = [threading.Thread(target=compile_all) for _ in range(2)]
    with building("denoise"):
        for thread in threads:
            thread.start()
        until(lambda: len(engines) == 2 and all(e._routes.preparation.running for e in engines))
        time.sleep(0.5)  # so that both wait; less changes what is tested, not the outcome
    for thread in threads:
        thread.join()
    first, second = took
    assert set(first) == set(built()) == HOT
    assert first == second == {record.name: record.seconds for _, record in Compiled().records()}


@pytest.mark.parametrize("prepare", ["first", "background"])
def test_a_program_that_embeds_python_is_told_so(monkeypatch, wanted, prepare):
    monkeypatch.setattr(sys, "executable", "")
    with player(prepare) as generator:
        if prepare == "first":
            with pytest.raises(DeviceError, match=r"vocoder: this program embeds Python"):
                generator.generate(RAIN)
            return
        generator.generate(RAIN)
        until(lambda: not preparation_of(generator).running)
        [take] = generator.generate(RAIN)
    assert np.array_equal(take.audio, wanted)
    assert "denoise: this program embeds Python (without a path)" in take.plan.why


def spoil(place: Path) -> Path:
    """Change a byte of the largest file of a compiled graph."""
    file = max(place.iterdir(), key=lambda path: path.stat().st_size)
    raw = bytearray(file.read_bytes())
    raw[-1] ^= 1
    file.write_bytes(raw)
    return file


def test_a_compiled_graph_that_was_damaged_is_not_used_says_so_and_is_built_anew(wanted):
    with player("first") as generator:
        generator.generate(RAIN)
    [took] = [record.seconds for _, record in Compiled().records() if record.name == "decode"]
    damaged = spoil(built()["decode"])
    with player() as generator:
        [take] = generator.generate(RAIN)
        assert played_compiled(generator) == HOT - {"decode"}
        reason = {"decode": f"Its file {damaged} is damaged."}
        assert preparation_of(generator).missing == reason
    assert np.array_equal(take.audio, wanted)
    with player("first") as generator:
        before = f"it took {took:.0f} s before."
        assert generator.preparing == f"Preparing decode for cpu, once; {before}"
        [take] = generator.generate(RAIN)
        assert played_compiled(generator) == HOT
    assert np.array_equal(take.audio, wanted)


@pytest.mark.parametrize(
    "harm", [shutil.rmtree, lambda place: (place / "decode.onnx").write_bytes(b"\1")]
)
def test_a_compiled_graph_that_goes_away_before_it_is_opened_costs_no_sound(wanted, harm):
    with player("first") as generator:
        generator.generate(RAIN)
    with player() as generator:
        harm(built()["decode"])
        [take] = generator.generate(RAIN)
        assert played_compiled(generator) == HOT - {"decode"}
        assert "decode.onnx cannot be opened" in preparation_of(generator).missing["decode"]
    assert np.array_equal(take.audio, wanted)


def with_other_golden(folder: Path) -> Bundle:
    """Micro with a golden output of its vocoder that is not what it computes."""
    bundle = open_bundle(Path(shutil.copytree(MICRO, folder)))
    graph = bundle.manifest.graphs["vocoder"]
    assert graph.check
    [listed] = graph.check.outputs
    file = folder / listed.file
    file.write_bytes((np.frombuffer(file.read_bytes(), "<f4") * np.float32(1.01)).tobytes())
    told = replace(listed, sha256=describe(folder, listed.file).sha256)
    graph = replace(graph, check=replace(graph.check, outputs=(told,)))
    graphs = {**bundle.manifest.graphs, "vocoder": graph}
    return write_bundle(folder, replace(bundle.manifest, graphs=graphs))


def test_a_compiled_graph_that_computes_something_else_is_not_kept(tmp_path):
    bundle = with_other_golden(tmp_path / "copy")
    with (
        Engine(bundle, device="cpu", threads=1, prepare="first") as engine,
        pytest.raises(
            DeviceError, match=r"vocoder.*is 40\.\d dB from its golden outputs\. Another"
        ),
    ):
        engine.compile(silent, Cancel())
    assert set(built()) == {"denoise", "decode"}


def imported(folder: Path, name: str, gain: float) -> None:
    """Take in a graph that was compiled elsewhere, of weights that are louder by a gain."""
    source = Path(shutil.copytree(MICRO, folder / "source"))
    weights = source / f"{name}.fp32.weights"
    loud = np.frombuffer(weights.read_bytes(), "<f4") * np.float32(gain)
    weights.write_bytes(loud.tobytes())

    def make(part: Path) -> None:
        _optimise(source / f"{name}.fp32.onnx", part / f"{name}.onnx", choose("cpu"), True, 1)

    elsewhere = Compiled(folder / "elsewhere")
    key = wanted_key(open_bundle(MICRO).manifest, name, "fp32", target("cpu"))
    elsewhere.build(key, "micro", name, make, Cancel())
    Compiled().take_in(elsewhere.folder, Cancel())


def measured() -> dict[str, float | None]:
    return {record.name: record.snr_db for _, record in Compiled().records()}


@contextmanager
def comparing() -> Iterator[list[str]]:
    """The graphs that are compared with golden tensors within the block."""
    compared: list[str] = []

    def watched(bundle: Bundle, name: str, *rest: Any, **more: Any) -> Any:
        compared.append(name)
        return distance(bundle, name, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hearsight.opening.distance", watched)
        yield compared


def test_a_compiled_graph_that_was_taken_in_is_compared_once_and_plays(tmp_path, wanted):
    imported(tmp_path, "vocoder", 1.0)
    assert measured() == {"vocoder": None}
    with comparing() as compared:
        for _ in range(2):
            with player() as generator:
                [take] = generator.generate(RAIN)
                generator._engine.close()
                generator.generate(RAIN)
                assert played_compiled(generator) == {"vocoder"}
            assert np.array_equal(take.audio, wanted)
    assert compared == ["vocoder"]
    assert measured()["vocoder"] > 100


def test_a_compiled_graph_that_was_taken_in_and_computes_something_else_never_plays(
    tmp_path, wanted
):
    imported(tmp_path, "vocoder", 1.5)
    with comparing() as compared:
        for _ in range(2):
            with player() as generator:
                [take] = generator.generate(RAIN)
                assert played_compiled(generator) == set()
                reason = preparation_of(generator).missing["vocoder"]
            assert np.array_equal(take.audio, wanted)
            assert reason == (
                f"What {target('cpu').builder} made of it is {measured()['vocoder']:.1f} dB from "
                "its golden outputs."
            )
    assert compared == ["vocoder"]
    with player("first") as generator:  # it is built anew, as what is damaged is
        generator.generate(RAIN)
        assert played_compiled(generator) == HOT
    assert measured()["vocoder"] > 100


def test_threads_that_open_a_wrong_compiled_graph_at_once_all_play_the_original(tmp_path):
    imported(tmp_path, "vocoder", 1.5)
    mel = {"mel": np.ones((1, 40, 8), np.float32)}
    bundle, heard = open_bundle(MICRO), list[Any]()
    gate = threading.Barrier(4)
    with Engine(bundle, device="cpu", threads=1) as engine, comparing() as compared:

        def play() -> None:
            gate.wait()
            heard.append(engine.run("vocoder", mel, None)["audio"])

        threads = [threading.Thread(target=play) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    shutil.rmtree(Compiled().folder)
    with Engine(bundle, device="cpu", threads=1) as engine:
        original = engine.run("vocoder", mel, None)["audio"]
    assert compared == ["vocoder"]
    assert [np.array_equal(each, original) for each in heard] == [True] * 4


def test_a_stop_while_a_compiled_graph_is_compared_decides_nothing(tmp_path):
    class AtOnce(Cancel):
        """Is used as soon as a graph runs."""

        @contextmanager
        def calling(self, action: Callable[[], None]) -> Iterator[None]:
            self.cancel()
            with super().calling(action):
                yield

    imported(tmp_path, "vocoder", 1.0)
    mel = {"mel": np.ones((1, 40, 8), np.float32)}
    with Engine(open_bundle(MICRO), device="cpu", threads=1) as engine:
        with pytest.raises(Cancelled):
            engine.run("vocoder", mel, AtOnce())
        assert not engine.is_open("vocoder")
        assert measured() == {"vocoder": None}
        engine.run("vocoder", mel, Cancel())
    assert measured()["vocoder"] > 100


def test_compiling_tells_the_seconds_of_what_was_missing_and_then_nothing():
    bundle = open_bundle(MICRO)
    with Engine(bundle, device="cpu", threads=1, prepare="first") as engine:
        assert set(engine.compile(silent, Cancel())) == HOT
        assert engine.compile(silent, Cancel()) == {}
    with Engine(bundle, device="cpu", threads=1) as engine:
        assert engine.compile(silent, Cancel()) == {}


def test_a_compiled_graph_is_for_one_precision():
    bundle = open_bundle(MICRO)
    with Engine(bundle, device="cpu", threads=1, prepare="first") as engine:
        engine.compile(silent, Cancel())
    with Engine(bundle, device="cpu", precision="fp16", threads=1, prepare="first") as engine:
        assert set(engine.compile(silent, Cancel())) == {"denoise", "decode"}
    records = {(record.name, record.key.precision) for _, record in Compiled().records()}
    assert records == {(name, "fp32") for name in HOT} | {("denoise", "fp16"), ("decode", "fp16")}
    assert all(record.snr_db and record.snr_db > 55 for _, record in Compiled().records())
