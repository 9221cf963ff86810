"""The micro bundles in the repository are those that their script makes, and stay small."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from hearsight import load, noise, schedule, text
from hearsight.chains import MODALITIES
from hearsight.manifest import Role
from hearsight.request import Finish

MICRO = Path(__file__).resolve().parents[1] / "micro"
NAMES = ("micro", "micro-flow", "micro-eye", "micro-parts", "micro-senses", "micro-classes")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundles made anew by the script, as its own docstring says to call it."""
    place = tmp_path_factory.mktemp("made")
    env = {**os.environ, "XDG_CACHE_HOME": str(place / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, str(MICRO / "make_micro.py"), str(place)], check=True, env=env)
    return place


def manifest_without_golden_outputs(folder: Path) -> dict[str, Any]:
    """Golden outputs are computed, so their last bit is the machine's."""
    data = json.loads((folder / "bundle.json").read_bytes())
    for graph in data["graphs"].values():
        for tensor in graph["check"]["outputs"]:
            del tensor["sha256"]
    return data


def golden_outputs(folder: Path) -> dict[str, str]:
    """File to dtype."""
    graphs = json.loads((folder / "bundle.json").read_bytes())["graphs"].values()
    return {t["file"]: t["dtype"] for graph in graphs for t in graph["check"]["outputs"]}


@pytest.mark.parametrize("name", NAMES)
def test_the_script_makes_the_same_files(made: Path, name: str):
    assert manifest_without_golden_outputs(made / name) == manifest_without_golden_outputs(
        MICRO / name
    )
    computed = golden_outputs(MICRO / name)
    for path in (MICRO / name).rglob("*"):
        file = path.relative_to(MICRO / name).as_posix()
        again = made / name / file
        if file in computed:
            new, old = (np.fromfile(p, computed[file]) for p in (again, path))
            np.testing.assert_allclose(new, old, rtol=1e-6, atol=1e-7)
        elif path.is_file() and file != "bundle.json":
            assert again.read_bytes() == path.read_bytes(), file


@pytest.mark.parametrize("name", NAMES)
def test_a_micro_bundle_is_under_a_megabyte(name: str):
    assert sum(path.stat().st_size for path in (MICRO / name).rglob("*") if path.is_file()) < 2**20


def test_between_them_they_have_every_role_precision_kind_and_modality():
    manifests = [json.loads((MICRO / name / "bundle.json").read_bytes()) for name in NAMES]
    graphs = [(role, graph) for data in manifests for role, graph in data["graphs"].items()]
    assert {role for role, _ in graphs} == set(get_args(Role))
    assert {p for _, graph in graphs for p in graph["variants"]} == {"fp32", "fp16", "int8"}
    assert {data["kind"] for data in manifests} == {
        "both", "generator", "conditioner", "classifier",
    }  # fmt: skip
    assert set(manifests[0]["conditioners"]) == {"text", "image", "video", "audio"}
    assert {way for data in manifests for way in data.get("conditioners", {})} == set(MODALITIES)
    fills = [part["fill"] for data in manifests for part in data.get("join", {}).get("inputs", [])]
    assert set(fills) == {"mean", "list"}
    decodes = [graph for role, graph in graphs if role == "decode"]
    assert {spec["name"] for graph in decodes for spec in graph["outputs"]} == {"mel", "audio"}
    assert "noise" in {spec["name"] for graph in decodes for spec in graph["inputs"]}


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[np.ndarray]]:
    """The graphs of `micro` in float64, run by onnx's own reference evaluator."""
    monkeypatch.syspath_prepend(str(MICRO))
    graphs, recipes = (importlib.import_module(name) for name in ("graphs", "recipes"))

    def run(role: str, **inputs: np.ndarray) -> list[np.ndarray]:
        recipe = recipes.micro()[role]
        builder = graphs.Builder(role, "float64")
        recipe.fill(builder, "fp32")
        model, _ = builder.model(recipe.inputs, recipe.outputs, "")
        feeds = {k: v.astype("f8") if v.dtype.kind == "f" else v for k, v in inputs.items()}
        return ReferenceEvaluator(onnx.load_from_string(model)).run(None, feeds)

    return run


def log_bands(audio: np.ndarray) -> np.ndarray:
    """Power in dB of 16 bands in frames of 128 samples."""
    power = np.abs(np.fft.rfft(audio.reshape(-1, 128), axis=1)[:, 1:]) ** 2
    return 10 * np.log10(power.reshape(len(power), 16, 4).sum(axis=2))


def test_the_chain_that_the_manifest_tells_of_holds_against_the_exact_twins(exact):
    with load(MICRO / "micro", device="cpu", threads=1) as generator:
        manifest = generator.bundle.manifest
        empty = generator.bundle.tensor(manifest.space.empty)
        tokens = generator._engine.run("tokenize", {"text": np.array(["rain"], object)}, None)
    [cond] = exact("text", **tokens)
    [told] = {(entry.seconds, entry.steps) for entry in manifest.chain}
    seconds, steps = told
    seed, frames = noise.item_seed(5, "", 0), round(seconds * 100)
    x = noise.normal(seed, noise.LATENT, (4, frames, 4), 1)[None].astype("f8")
    d = nothing = np.zeros_like(x)
    for row in schedule.rows(manifest.schedule, "ddim", steps):
        x, d = exact(
            "denoise", x=x, d_prev=d, noise=nothing, cond=np.concatenate([empty[None], cond]),
            weights=np.array([-1.5, 2.5]), row=row,
        )  # fmt: skip
    wanted = exact("vocoder", mel=exact("decode", latent=x)[0])[0][0]
    for entry in manifest.chain:
        with load(MICRO / "micro", device="cpu", threads=1, precision=entry.precision) as generator:
            [take] = generator.generate(
                text("rain", seed=5, seconds=seconds, finish=Finish(sample_rate=8000))
            )
        error = take.audio - wanted
        assert 10 * np.log10(np.mean(wanted**2) / np.mean(error**2)) >= entry.snr_db
        distance = np.abs(log_bands(take.audio) - log_bands(wanted)).mean()
        assert distance <= entry.log_mel_db
