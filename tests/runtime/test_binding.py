"""The latent that stays on its device: here the processor's memory stands for a card's.

The same code runs; what only a card can show, that nothing is copied behind its back and that
recorded runs play what they should, is not shown here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import soundfile

from hearsight import load
from hearsight.binding import Binding, Resident, reachable
from hearsight.bundle import open_bundle
from hearsight.device import choose
from hearsight.errors import BundleError, Cancelled
from hearsight.request import Finish, Init, text
from hearsight.sampler import Cancel
from hearsight.sessions import OnnxSession

MICRO = Path(__file__).resolve().parents[1] / "micro" / "micro"
RAIN = text("rain", seed=3, seconds=0.5, steps=6, finish=Finish(sample_rate=8000))
RNG = np.random.default_rng(0)


@pytest.fixture
def session() -> OnnxSession:
    bundle = open_bundle(MICRO)
    path = bundle.path(bundle.manifest.graphs["denoise"].variants["fp32"])
    opened = OnnxSession(path, choose("cpu"), hot=True, threads=1)
    opened.memory = "cpu"
    return opened


@pytest.fixture
def bound() -> Iterator[Any]:
    """A generator whose denoise graph keeps its latent, in the processor's memory."""
    with load(MICRO, device="cpu", threads=1) as generator:
        generator.generate(RAIN)
        [opened] = [s for (name, _), s in generator._engine._sessions.items() if name == "denoise"]
        assert isinstance(opened, OnnxSession)
        opened.memory = "cpu"
        yield generator


def normal(*shape: int) -> Any:
    return RNG.standard_normal(shape).astype(np.float32)


def conditions(branches: int, batch: int = 1) -> dict[str, Any]:
    return {"cond": normal(branches * batch, 16), "weights": normal(branches)}


def latents(frames: int, batch: int = 1) -> dict[str, Any]:
    return {name: normal(batch, 4, frames, 4) for name in ("x", "d_prev")}


def plainly(session: OnnxSession, inputs: dict[str, Any]) -> dict[str, Any]:
    """The next latents, by way of the host."""
    plain = {name: np.array(value) for name, value in inputs.items()}
    x, d = session.run(plain, None)
    return {"x": x, "d_prev": d}


def resident(session: OnnxSession, inputs: dict[str, Any]) -> dict[str, Any]:
    x, d = session.step(inputs, Cancel())
    return {"x": x, "d_prev": d}


def equal(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(np.array_equal(np.asarray(one[name]), other[name]) for name in ("x", "d_prev"))


def test_rows_give_the_plain_loops_results_bit_for_bit(session):
    told, start = conditions(2), latents(20)
    here, there = dict(start), dict(start)
    for _ in range(7):
        row = {"row": normal(7), "noise": normal(1, 4, 20, 4)}
        here, there = plainly(session, here | told | row), resident(session, there | told | row)
        assert isinstance(there["x"], Resident)
        assert equal(there, here)


def test_arrays_that_are_used_again_count_as_they_are_now(session):
    """The same array in every row, with something else in it."""
    told, start = conditions(3), latents(20)
    noise, row = normal(1, 4, 20, 4), normal(7)
    here, there = dict(start), dict(start)
    for number in range(6):
        same = {"row": row, "noise": noise}
        here, there = plainly(session, here | told | same), resident(session, there | told | same)
        assert equal(there, here)
        if number % 2:
            noise *= np.float32(0.5)
            told["cond"][0] += 1
            row[:] = normal(7)


def test_branches_and_lengths_may_change_between_rows(session):
    """Guidance inside an interval of rows, then a sound of another length."""
    for frames, batch in ((20, 1), (7, 2), (20, 1)):
        start = latents(frames, batch)
        here, there = dict(start), dict(start)
        for branches in (1, 3, 3, 1, 1):
            row = {"row": normal(7), "noise": normal(batch, 4, frames, 4)}
            row |= conditions(branches, batch)
            here, there = plainly(session, here | row), resident(session, there | row)
            assert equal(there, here)


def test_a_sound_may_begin_where_another_left_off_anywhere(session):
    """Latents from the host after rows on the device, at either turn."""
    told, row = conditions(2), {"row": normal(7), "noise": normal(1, 4, 20, 4)}
    for rows in (1, 2, 3):
        start = latents(20)
        here, there = dict(start), dict(start)
        for _ in range(rows):
            here, there = plainly(session, here | told | row), resident(session, there | told | row)
        assert equal(there, here)


def test_a_latent_is_there_until_the_row_after_the_next(session):
    told, row = conditions(2), {"row": normal(7), "noise": normal(1, 4, 20, 4)}
    first = resident(session, latents(20) | told | row)
    kept = {name: np.array(value) for name, value in first.items()}
    second = resident(session, first | told | row)
    assert equal(first, kept)
    resident(session, second | told | row)
    assert not equal(first, kept)


def test_between_rows_nothing_is_brought_to_the_host(session, monkeypatch):
    told, row = conditions(2), {"row": normal(7), "noise": normal(1, 4, 20, 4)}
    now = resident(session, latents(20) | told | row)
    monkeypatch.setattr(Resident, "__array__", None)
    for _ in range(4):
        now = resident(session, now | told | row)
    monkeypatch.undo()
    assert np.isfinite(np.asarray(now["x"])).all()


def test_a_recorded_run_is_never_taken_for_one_of_other_shapes(session):
    """Providers play a recording again by its number, with the addresses that it was made with."""
    numbers: list[str] = []
    for frames in (20, 7):
        inputs = latents(frames) | conditions(2)
        inputs |= {"row": normal(7), "noise": normal(1, 4, frames, 4)}
        binding = Binding(session._session, "cpu", inputs)
        for _ in range(4):
            options = onnxruntime.RunOptions()
            binding.run(inputs, options)
            numbers.append(options.get_run_config_entry("gpu_graph_id"))
    assert numbers[:2] == numbers[2:4]
    assert numbers[4:6] == numbers[6:8]
    assert len(set(numbers)) == 4


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"solver": "ddim", "eta": 0.8},
        {"variations": 2, "guidance": 4.0},
        {"guidance_interval": (0.3, 0.7), "guidance": 3.0},
        {"seconds": 9.0, "steps": 2},
        {"loop": True},
    ],
    ids=str,
)
def test_a_sound_is_the_same_as_by_way_of_the_host(bound, change):
    request = replace(RAIN, **change)
    with load(MICRO, device="cpu", threads=1) as generator:
        wanted = generator.generate(request)
    for _ in range(2):
        for take, expected in zip(bound.generate(request), wanted, strict=True):
            assert np.array_equal(take.audio, expected.audio)


@pytest.mark.parametrize("init", [{"strength": 0.5}, {"span": (0.1, 0.3)}], ids=str)
def test_a_sound_that_begins_with_another_is_the_same_too(bound, tmp_path, init):
    soundfile.write(tmp_path / "a.wav", 0.1 * np.sin(np.arange(4000) / 10), 8000)
    request = replace(RAIN, init=Init(str(tmp_path / "a.wav"), **init))
    with load(MICRO, device="cpu", threads=1) as generator:
        [wanted] = generator.generate(request)
    [take] = bound.generate(request)
    assert np.array_equal(take.audio, wanted.audio)


def test_after_a_stop_between_any_rows_sounds_are_as_before(bound):
    [wanted] = bound.generate(RAIN)
    for row in range(1, 6):
        cancel = Cancel()

        def stop(stage: str, step: int, total: int, row=row, cancel=cancel) -> None:
            if (stage, step) == ("denoise", row):
                cancel.cancel()

        with pytest.raises(Cancelled):
            bound.generate(RAIN, progress=stop, cancel=cancel)
        [take] = bound.generate(RAIN)
        assert np.array_equal(take.audio, wanted.audio)


def test_a_row_that_fails_is_told_like_any_other_run(bound):
    inputs = latents(20) | conditions(2) | {"row": normal(9), "noise": normal(1, 4, 20, 4)}
    with pytest.raises(BundleError, match=r"denoise\.fp32\.onnx cannot be run"):
        bound._engine.step(inputs, Cancel(), last=True)
    assert bound.generate(RAIN)


@pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="CUDA is built in"
)
def test_memory_that_this_onnx_runtime_cannot_reach_is_not_bound():
    assert reachable("cpu")
    assert not reachable("cuda")
