"""OpenVINO plays the same graphs: as near as it should, stopped as soon, and honest about bf16."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hearsight import load
from hearsight.budget import Budget
from hearsight.bundle import Bundle, open_bundle
from hearsight.check import check_bundle
from hearsight.device import _openvino
from hearsight.engine import Engine
from hearsight.errors import BundleError, Cancelled
from hearsight.golden import distance
from hearsight.opening import LEAST_SNR_DB
from hearsight.precision import RunPrecision
from hearsight.request import text
from hearsight.sampler import Cancel

pytestmark = pytest.mark.skipif(not find_spec("openvino"), reason="needs the package openvino")
needs_bf16 = pytest.mark.skipif(
    # What keeps OpenVINO from starting is no reason to skip.
    bool(find_spec("openvino")) and "no instructions" in str(_openvino(True)),
    reason="this processor has no instructions for bf16",
)

ROOT = Path(__file__).resolve().parents[2]
MICRO = ROOT / "tests" / "micro"
BUNDLES = (MICRO / "micro", MICRO / "micro-flow", ROOT / "engines" / "starter")
RAIN = text("rain on a roof", seed=5, seconds=0.6)


def engine(bundle: Bundle, precision: RunPrecision = "fp32", **options: Any) -> Engine:
    return Engine(bundle, device="openvino", precision=precision, threads=1, **options)


def snr(playing: Engine, bundle: Bundle, name: str) -> float:
    found = distance(bundle, name, lambda inputs: [*playing.run(name, inputs, None).values()])
    assert found
    return found.snr_db


def denoise_inputs(frames: int, value: float = 0.5) -> dict[str, Any]:
    """Inputs of micro's denoise graph, three branches."""
    latent = np.full((1, 4, frames, 4), value, np.float32)
    return {
        **dict.fromkeys(("x", "d_prev", "noise"), latent),
        "cond": np.ones((3, 16), np.float32),
        "weights": np.ones(3, np.float32),
        "row": np.ones(7, np.float32),
    }


@pytest.mark.parametrize("name", ["micro", "micro-flow", "micro-eye"])
def test_every_graph_gives_its_golden_outputs_in_float32(name: str):
    bundle = open_bundle(MICRO / name)
    with engine(bundle) as playing:
        for graph in bundle.manifest.graphs:
            assert snr(playing, bundle, graph) > 100
        assert (playing.losses, playing.exact) == ({}, ())


def coarse(bundle: Bundle) -> set[str]:
    """The hot graphs that bf16 does not suit, which is for each processor to say."""
    from hearsight.openvino import OpenVinoSession

    found: set[str] = set()
    for name, graph in bundle.manifest.graphs.items():
        if graph.hot:
            path = bundle.path(graph.variants["fp32"])
            session = OpenVinoSession(path, graph, precision="bf16", threads=1)
            told = distance(bundle, name, lambda inputs, play=session: play.run(inputs, None))
            assert told
            found |= {name} if told.snr_db < LEAST_SNR_DB else set()
    return found


@needs_bf16
@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.name)
def test_in_bf16_a_graph_tells_its_loss_or_runs_in_fp32_where_that_is_too_much(bundle):
    opened = open_bundle(bundle)
    hot = {name for name, graph in opened.manifest.graphs.items() if graph.hot}
    exact = coarse(opened)
    with engine(opened, "bf16") as playing:
        found = {name: snr(playing, opened, name) for name in opened.manifest.graphs}
        assert set(playing.exact) == exact
        assert set(playing.losses) == hot - exact
        for name, level in found.items():
            if name in playing.losses:
                assert playing.precision_of(name) == "bf16"
                assert level == pytest.approx(playing.losses[name], abs=0.1)
                assert level > LEAST_SNR_DB
            else:
                assert playing.precision_of(name) == "fp32"
                assert level > 90


@needs_bf16
def test_a_take_in_bf16_comes_with_what_that_costs():
    with load(MICRO / "micro", precision="bf16", threads=1, memory=1) as generator:
        [take] = generator.generate(RAIN)
        [again] = generator.generate(RAIN)
        losses, exact = generator._engine.losses, generator._engine.exact
    assert take.notes == again.notes  # though memory for one graph alone forgets the others
    assert losses.keys() | set(exact) == {"denoise", "decode", "vocoder"}
    told = ", ".join(f"{name} {level:.0f} dB below its output" for name, level in losses.items())
    loss = f"with an error of {told}" if told else "and nothing tells with what loss"
    notes = [f"Computed in bf16, {loss}."]
    if exact:
        notes.append(f"bf16 is too coarse for {', '.join(exact)}, computed in fp32 instead.")
    assert list(take.notes) == notes
    ran = "fp32" if "denoise" in exact else "bf16"
    assert (take.plan.provider, take.plan.precision) == ("OpenVINO", ran)
    assert take.plan.why == "bf16, which OpenVINO computes, was asked for."


@needs_bf16
def test_verifying_in_bf16_tells_which_graphs_ran_in_fp32():
    bundle = open_bundle(MICRO / "micro")
    found = list(check_bundle(bundle, precision="bf16", threads=1))
    exact = coarse(bundle)
    assert {each.graph: each.precision for each in found} == {
        name: "fp32" if name in exact else "bf16" for name in ("denoise", "decode", "vocoder")
    }
    assert all(each.passed and each.provider == "OpenVINO" for each in found)


def test_a_sound_is_that_of_the_cpu_and_the_same_each_time():
    with load(MICRO / "micro", device="cpu", threads=1) as generator:
        [wanted] = generator.generate(RAIN)
    takes = []
    for _ in range(2):
        with load(MICRO / "micro", device="openvino", threads=1) as generator:
            takes += generator.generate(RAIN)
    first, second = takes
    assert first.audio.tobytes() == second.audio.tobytes()
    error = np.linalg.norm(first.audio - wanted.audio) / np.linalg.norm(wanted.audio)
    assert error < 1e-4
    assert (first.plan.provider, first.plan.why) == ("OpenVINO", "openvino was asked for.")
    assert first.notes == ()


def test_what_runs_once_a_sound_runs_as_on_the_cpu_and_pictures_shrink_alike():
    """OpenVINO leaves out the low-pass of a Resize with `antialias`."""
    bundle = open_bundle(MICRO / "micro")
    picture = np.indices((160, 240)).sum(0) % 2 * np.uint8(255)
    inputs = {"image": np.repeat(picture[None, ..., None], 3, -1).astype(np.uint8)}
    with engine(bundle) as playing, Engine(bundle, device="cpu", threads=1) as plain:
        assert playing.provider_of("denoise") == "OpenVINO"
        for name in ("tokenize", "image"):
            assert playing.provider_of(name) == "CPUExecutionProvider"
        seen, wanted = (each.run("image", inputs, None)["embed"] for each in (playing, plain))
    assert np.array_equal(seen, wanted)


class OnceRunning(Cancel):
    """Is used as soon as a graph runs."""

    @contextmanager
    def calling(self, action: Callable[[], None]) -> Iterator[None]:
        with super().calling(action):
            self.cancel()
            yield


@needs_bf16
def test_a_stop_while_the_loss_of_bf16_is_measured_decides_nothing():
    bundle = open_bundle(MICRO / "micro-flow")
    inputs = {"latent": np.ones((1, 4, 3), np.float32), "noise": np.ones((1, 1, 240), np.float32)}
    with engine(bundle, "bf16") as playing:
        with pytest.raises(Cancelled):
            playing.run("decode", inputs, OnceRunning())
        assert (playing.is_open("decode"), playing.losses, playing.exact) == (False, {}, ())
        playing.run("decode", inputs, Cancel())
        assert set(playing.losses) | set(playing.exact) == {"decode"}


def test_cancelling_stops_within_a_run_and_the_engine_plays_on():
    with engine(open_bundle(MICRO / "micro")) as playing:
        inputs, short = denoise_inputs(120_000), denoise_inputs(50)
        expected = playing.run("denoise", short, None)["x_next"]
        with pytest.raises(Cancelled):  # a run that comes to its end gives its outputs
            playing.run("denoise", inputs, OnceRunning())
        for token in (Cancel(), None):
            again = playing.run("denoise", short, token)["x_next"]
            assert np.array_equal(again, expected)


def test_threads_may_share_an_engine():
    shared = engine(open_bundle(MICRO / "micro"))
    values = [0.1, 0.4, 0.7, 1.0]
    alone = [shared.run("denoise", denoise_inputs(300, v), None)["x_next"] for v in values]
    heard: dict[float, list[Any]] = {value: [] for value in values}

    def play(value: float) -> None:
        for _ in range(5):
            inputs = denoise_inputs(300, value)
            heard[value].append(shared.run("denoise", inputs, Cancel())["x_next"])

    threads = [threading.Thread(target=play, args=(value,)) for value in values]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for value, wanted in zip(values, alone, strict=True):
        assert [np.array_equal(got, wanted) for got in heard[value]] == [True] * 5


@pytest.mark.parametrize("kind", ["q", "l"])
def test_integers_of_either_kind_of_64_bits_are_taken(kind: str):
    """C's long and long long are both int64 on Linux, and NumPy tells them apart."""
    from hearsight.openvino import OpenVinoSession

    bundle = open_bundle(MICRO / "micro")
    graph = bundle.manifest.graphs["text"]
    path = bundle.path(graph.variants["fp32"])
    session = OpenVinoSession(path, graph, precision="fp32", threads=1)
    found = distance(
        bundle,
        "text",
        lambda inputs: session.run({k: v.astype(kind) for k, v in inputs.items()}, None),
    )
    assert {spec.dtype for spec in session.inputs} == {"int64"}
    assert found
    assert found.snr_db > 100


def test_an_input_of_another_shape_or_none_is_refused_in_words_and_the_engine_plays_on():
    with engine(open_bundle(MICRO / "micro")) as playing:
        inputs = denoise_inputs(20)
        wanted = playing.run("denoise", inputs, None)["d"]
        del inputs["row"]
        with pytest.raises(BundleError, match=r"denoise.*run: the input row is missing.*OpenVINO"):
            playing.run("denoise", inputs, None)
        with pytest.raises(BundleError, match=r"denoise\.fp32\.onnx cannot be run"):
            playing.run("denoise", {**inputs, "row": np.ones(9, np.float32)}, None)
        assert np.array_equal(playing.run("denoise", denoise_inputs(20), None)["d"], wanted)


def test_inputs_need_not_lie_in_one_piece_and_outputs_are_the_callers_own():
    with engine(open_bundle(MICRO / "micro")) as playing:
        plain = np.random.default_rng(1).standard_normal((1, 4, 30, 4)).astype(np.float32)
        turned = np.asfortranarray(plain)
        first = playing.run("denoise", {**denoise_inputs(30), "x": plain}, None)["x_next"]
        kept = first.copy()
        second = playing.run("denoise", {**denoise_inputs(30), "x": turned}, None)["x_next"]
        assert np.array_equal(second, kept)
        second[:] = 0
        assert np.array_equal(first, kept)


def test_the_placement_tells_openvino_for_hot_graphs():
    with engine(open_bundle(MICRO / "micro")) as playing:
        counted = playing.placement("denoise")
        assert counted is not None
        assert list(counted) == ["OpenVINO"]
        assert counted["OpenVINO"] > 0


@needs_bf16
def test_closing_graphs_for_memory_changes_nothing_and_measures_nothing_anew(monkeypatch):
    bundle = open_bundle(MICRO / "micro-flow")
    with engine(bundle, "bf16", budget=Budget(1)) as playing:
        first = [snr(playing, bundle, name) for name in ("denoise", "decode")]
        told = playing.losses
        monkeypatch.setattr("hearsight.opening.distance", None)  # must not be asked again
        assert not playing.is_open("denoise")
        assert [snr(playing, bundle, name) for name in ("denoise", "decode")] == first
        assert playing.losses == told


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_signal_after_everything_was_closed_is_heard():
    script = """
import os, signal, sys
from hearsight import load, text
for _ in range(2):
    with load(sys.argv[1], device="openvino", threads=1) as generator:
        generator.generate(text("rain", seed=1, steps=2))
signal.signal(signal.SIGINT, lambda number, frame: print("heard"))
os.kill(os.getpid(), signal.SIGINT)
"""
    command = [sys.executable, "-c", script, str(MICRO / "micro")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "heard\n")


def test_nothing_is_reported_home(tmp_path: Path):
    script = """
import sys
from hearsight import load, text
with load(sys.argv[1], device="openvino", threads=1) as generator:
    generator.generate(text("rain", seed=1, steps=2))
print(sorted({"openvino", "openvino_telemetry"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(MICRO / "micro")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")},
    )
    assert done.stdout.strip() == "['openvino']"
    assert {path.name for path in tmp_path.iterdir()} <= {"cache"}
