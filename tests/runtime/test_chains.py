"""Bundles in which prompts meet keep their rules, and so do classifiers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hearsight.bundle import parse_manifest
from hearsight.contract import files, problems
from hearsight.errors import BundleError

MICRO = Path(__file__).resolve().parents[1] / "micro"
NAMES = ("micro-parts", "micro-senses", "micro-classes")

Edit = Callable[[dict[str, Any]], object]


def manifest(name: str) -> dict[str, Any]:
    return json.loads((MICRO / name / "bundle.json").read_bytes())


def said(name: str, change: Edit) -> str:
    data = manifest(name)
    change(data)
    with pytest.raises(BundleError) as caught:
        parse_manifest(json.dumps(data).encode(), "here")
    return str(caught.value)


def tensor(graph: str, side: str, name: str, **changes: Any) -> Edit:
    """Change an input or output of a graph, whose golden tensors no longer count."""

    def change(data: dict[str, Any]) -> None:
        data["graphs"][graph].pop("check", None)
        [spec] = [spec for spec in data["graphs"][graph][side] if spec["name"] == name]
        spec.update(changes)

    return change


def without(graph: str, side: str, name: str) -> Edit:
    def change(data: dict[str, Any]) -> None:
        data["graphs"][graph].pop("check", None)
        kept = [spec for spec in data["graphs"][graph][side] if spec["name"] != name]
        data["graphs"][graph][side] = kept

    return change


def put(*path: Any) -> Edit:
    """Set the value at a path of keys, the last of which is the value."""

    def change(data: dict[str, Any]) -> None:
        for key in path[:-2]:
            data = data[key]
        data[path[-2]] = path[-1]

    return change


@pytest.mark.parametrize("name", NAMES)
def test_the_micro_bundles_break_no_rule(name: str):
    read = parse_manifest((MICRO / name / "bundle.json").read_bytes(), name)
    assert list(problems(read)) == []
    listed = {entry.file for _, entry in files(read)}
    real = {p.relative_to(MICRO / name).as_posix() for p in (MICRO / name).rglob("*.*")}
    assert real - listed == {"bundle.json"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (put("join", None), "join is missing; join and graphs.join go together"),
        (lambda d: d["graphs"].pop("join"), "graphs.join is missing; join and graphs.join go"),
        (put("join", "inputs", 0, "takes", ["image", "video"]), 'take "text" at exactly one place'),
        (put("join", "inputs", 1, "takes", ["audio", "text"]), 'take "text" at exactly one place'),
        (put("join", "inputs", 1, "takes", []), "join.inputs[1].takes is empty"),
        (put("join", "inputs", 1, "takes", ["audio", "imu"]), '"imu", whose chain has no join'),
        (put("join", "inputs", 0, "mean", "raw"), 'join.inputs[0].mean is for the fill "mean"'),
        (put("join", "inputs", 0, "name", "rows"), 'graphs.join.inputs lacks "rows"'),
        (put("join", "inputs", 0, "fill", "mean"), "join.whole needs an input of the fill list"),
        (put("join", "inputs", 0, "fill", "sum"), "join.inputs[0].fill is"),
        (put("join", "search", "rounds", 0), "join.search needs rounds, candidates and draws of"),
        (put("join", "search", None), "join.search is missing; graphs.join has the free axis C"),
        (
            tensor("join", "inputs", "sounds", shape=[1, 4, 6]),
            "must have the same number of rows",
        ),
        (
            tensor("join", "inputs", "weights", shape=[1, 4]),
            "and weights, must have the same number of rows",
        ),
        (tensor("join", "inputs", "pictures", shape=[1, "N", 8]), "[1, '(a number)', '(any)']"),
        (tensor("join", "inputs", "pictures", shape=[1, 5, 7]), "does not fit into"),
        (tensor("join", "inputs", "noise", shape=["N", 16]), "only R and C may be free"),
        (tensor("text", "inputs", "noise", shape=["R", 16]), "it must be numbers"),
        (without("join", "inputs", "noise"), 'graphs.join that begin with "noise"'),
        (without("image", "inputs", "box"), 'comes after detect, and has no input "box"'),
        (without("detect", "outputs", "scores"), 'graphs.detect.outputs lacks "scores"'),
        (tensor("detect", "outputs", "boxes", shape=[1, 4, "N"]), "[1, 'N', 4]"),
        (
            tensor("text", "outputs", "embed", shape=[1, 9]),
            'of "text" does not fit into "pictures"',
        ),
        (tensor("frames", "inputs", "frames", shape=[1, "N", 9]), 'of "join" does not fit'),
        (put("conditioners", "image", "max_sources", 0), "max_sources must be at least 1"),
        (put("conditioners", "image", "max_sources", 5), "is 5, and join has room for 4"),
        (put("conditioners", "video", "max_sources", 9), "is 9, and join has room for 4"),
        (put("conditioners", "image", "graphs", ["detect", "image"]), "known for image:"),
        (put("conditioners", "audio", "graphs", ["audio"]), 'ends in "audio", which has no output'),
        (
            put("conditioners", "video", "moment_seconds", 2.0),
            "for a chain that begins with moment",
        ),
        (put("graphs", "join", "role", "join"), "only tokenize, text, image, moment, frames"),
        (put("graphs", "audio", "reach", 4), ".reach is for a vocoder"),
        (
            tensor("join", "inputs", "pictures", shape=[1, 5, "L"]),
            "join.inputs: \"pictures\" has the shape [1, 5, 'L']; its axes must be numbers",
        ),
        (
            tensor("text", "inputs", "noise", shape=[1, 2**29]),
            "holds 536870912 numbers; at most 268435456",
        ),
    ],
)
def test_a_bundle_of_rows_keeps_the_rules(change: Edit, sentence: str):
    assert sentence in said("micro-parts", change)


def test_rows_limit_the_parts_of_what_has_rows_only():
    data = manifest("micro-parts")
    for change in (
        tensor("join", "inputs", "pictures", shape=[1, 8]),
        put("join", "inputs", 0, "fill", "mean"),
        put("join", "whole", False),
        put("conditioners", "image", "max_sources", 9),
        put("conditioners", "video", "max_sources", 9),
    ):
        change(data)
    parse_manifest(json.dumps(data).encode(), "here")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (put("join", "whole", True), "join.whole needs an input of the fill list"),
        (
            put("join", "search", {"rounds": 1, "candidates": 1, "draws": 1}),
            'graphs.join that begin with "noise"',
        ),
        (put("conditioners", "video", "moment_seconds", 0.0), "moment_seconds must be above 0"),
        (put("conditioners", "video", "fps", 2.0), "must be above 0, and fps 0"),
        (put("conditioners", "video", "max_sources", 3), "for a chain that begins with detect"),
        (put("conditioners", "video", "max_frames", 10**12), "max_frames of 10000 at most"),
        (
            tensor("moment", "inputs", "moment", shape=[10**6, "H", "W", 3]),
            '"moment" takes 1000000 frames at once; at most 256',
        ),
        (put("conditioners", "imu", "graphs", ["image", "join"]), "known for imu: signal or"),
        (put("conditioners", "depth", "fps", 2.0), 'unknown key "fps"'),
        (
            tensor("moment", "inputs", "moment", shape=["N", "H", "W", 3]),
            "['(a number)', 'H', 'W', 3]",
        ),
        (tensor("signal", "inputs", "signal", shape=[1, "N", 2000]), "[1, '(a number)', 'S']"),
        (
            lambda d: (
                d["graphs"]["join"]["inputs"].append(
                    {"name": "weights", "dtype": "float32", "shape": [1, 3]}
                )
                or d["graphs"]["join"].pop("check")
            ),
            '"weights" needs an input of the fill list',
        ),
    ],
)
def test_a_bundle_of_means_keeps_the_rules(change: Edit, sentence: str):
    assert sentence in said("micro-senses", change)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (put("kind", "conditioner"), "classifier does not belong in a bundle of kind"),
        (lambda d: d.pop("classifier"), 'classifier is missing; a bundle of kind "classifier"'),
        (put("classifier", "graphs", ["listen"]), 'classifier.graphs must be ["classify"]'),
        (put("classifier", "seconds", 0.0), "classifier needs a sample_rate and seconds above 0"),
        (put("space", "shape", [1, 5]), "space.shape of a classifier is one axis"),
        (put("space", "shape", [6]), 'graphs.classify.outputs: "scores" has the shape [1, 5]'),
        (
            lambda d: d.update(conditioners=manifest("micro-eye")["conditioners"]),
            "conditioners.image does not belong",
        ),
        (put("classifier", "labels", "sha256", "0"), "classifier.labels.sha256 must be 64"),
        (put("classifier", "seconds", 2.0), "takes 8000 samples, and classifier gives 16000"),
        (put("classifier", "pad", False), "takes 8000 samples, and classifier.pad is false"),
        (
            put("classifier", "sample_rate", 1_000_000),
            "takes 8000 samples, and classifier gives 1000000",
        ),
        (
            lambda d: d["classifier"].update(sample_rate=1_000_000, seconds=3600.0),
            "at most 268435456 samples",
        ),
    ],
)
def test_a_classifier_keeps_the_rules(change: Edit, sentence: str):
    assert sentence in said("micro-classes", change)


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("bins", 0, "audio.mel needs bins, n_fft and hop between 1 and"),
        ("hop", -1, "audio.mel needs bins, n_fft and hop between 1 and"),
        ("fmin", -1.0, "audio.mel needs 0 <= fmin < fmax"),
        ("fmax", 4001.0, "up to half of audio.sample_rate"),
        ("floor", 0.0, "audio.mel.floor must be above 0"),
        ("log", "log2", "audio.mel.log is"),
    ],
)
def test_the_mel_of_a_vocoder_is_possible(key: str, value: Any, sentence: str):
    mel = {"bins": 8, "n_fft": 64, "hop": 40, "fmin": 0.0, "fmax": 4000.0}
    mel |= {"log": "ln", "floor": 1e-5}
    data = manifest("micro")
    put("audio", "mel", mel)(data)
    put("graphs", "vocoder", "reach", 3)(data)
    parse_manifest(json.dumps(data).encode(), "here")
    assert sentence in said("micro", put("audio", "mel", mel | {key: value}))


def test_a_mel_needs_a_vocoder():
    mel = {"bins": 8, "n_fft": 64, "hop": 40, "fmin": 0.0, "fmax": 4000.0, "log": "ln"}
    with_mel = put("audio", "mel", mel | {"floor": 1e-5})
    assert "graphs.vocoder is missing" in said("micro-flow", with_mel)
    assert "reach is for a vocoder" in said("micro", put("graphs", "vocoder", "reach", -1))
