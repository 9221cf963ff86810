"""Classifiers in ONNX, whatever they call their tensors, become bundles that measure sounds."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
import soundfile
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

from hearsight.bundle import open_bundle
from hearsight.cli.app import app as runtime_app
from hearsight.errors import RequestError
from hearsight.manifest import License
from hearsight_export.checkpoints import CheckpointError
from hearsight_export.classifiers import Hearing, make_classifier
from hearsight_export.cli import app

RATE, CLASSES = 8000, 3
WEIGHTS = np.random.default_rng(1).normal(size=(16, CLASSES)).astype(np.float32)


def network(path, shape=("n", "s"), outputs=("logits",), domain="", scale=1.0):
    """Mean levels of 16 parts of the sound, times a matrix; its inner names are awkward."""
    nodes = [
        helper.make_node("Reshape", ["wave", "parts"], ["audio"]),
        helper.make_node("Abs", ["audio"], ["scores"]),
        helper.make_node("ReduceMean", ["scores", "last"], ["row"], keepdims=0),
        helper.make_node("MatMul", ["row", "weights"], [outputs[0]]),
        *(helper.make_node("Identity", ["row"], [name]) for name in outputs[1:]),
    ]
    graph = helper.make_graph(
        nodes,
        "classes",
        [helper.make_tensor_value_info("wave", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [
            numpy_helper.from_array(np.array([1, 16, -1]), "parts"),
            numpy_helper.from_array(np.array([2]), "last"),
            numpy_helper.from_array(WEIGHTS * np.float32(scale), "weights"),
        ],
    )
    imports = [helper.make_opsetid("", 18)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    onnx.save(helper.make_model(graph, opset_imports=imports, ir_version=10), path)
    return path


def make(path, out, hearing=None, labels=("rain", "dog", "bell")):
    hearing = hearing or Hearing(RATE, 0.5, "softmax")
    names = None if labels is None else list(labels)
    return make_classifier(path, out, hearing, names, License("MIT"), lambda _: None)


@pytest.mark.parametrize("shape", [("s",), (1, "s"), ("n", 1, "s"), (1, 4000)])
def test_sounds_of_every_rank_are_taken(tmp_path, shape):
    bundle = make(network(tmp_path / "net.onnx", shape), tmp_path / "classes")
    manifest = bundle.manifest
    assert manifest.kind == "classifier"
    assert manifest.space.shape == (CLASSES,)
    assert manifest.graphs["classify"].inputs[0].shape == (1, 4000 if 4000 in shape else "S")
    assert manifest.graphs["classify"].parity[0].relative_l2 < 1e-6
    assert (bundle.root / "labels.txt").read_text() == "rain\ndog\nbell\n"
    assert "tells of which classes" in (bundle.root / "README.md").read_text()


def test_it_measures_sounds(tmp_path):
    make(network(tmp_path / "net.onnx", scale=40), tmp_path / "classes")
    time = np.arange(RATE) / RATE
    for folder, gain in (("made", 0.9), ("real", 0.2)):
        (tmp_path / folder).mkdir()
        for hertz in (100, 300):
            wave = gain * time * np.sin(2 * np.pi * hertz * time)
            soundfile.write(tmp_path / folder / f"{hertz}.wav", wave, RATE, subtype="FLOAT")
    done = CliRunner().invoke(
        runtime_app,
        ["evaluate", str(tmp_path / "made"), "--reference", str(tmp_path / "real"), "--json"]
        + ["--classifier", str(tmp_path / "classes"), "--threads", "1"],
    )
    assert done.exit_code == 0, done.stderr
    measures = {measure["name"]: measure for measure in json.loads(done.stdout)["measures"]}
    assert measures["kl"]["by"] == "classes"

    def probabilities(gain, hertz):
        wave = (gain * time * np.sin(2 * np.pi * hertz * time))[:4000]
        values = np.exp(np.abs(wave.reshape(16, -1)).mean(axis=1) @ (WEIGHTS * 40))
        return values / values.sum()

    wanted = []
    for hertz in (100, 300):
        real, made = probabilities(0.2, hertz), probabilities(0.9, hertz)
        wanted.append(np.sum(real * np.log(real / (made + 1e-6))))
    assert measures["kl"]["value"] == pytest.approx(np.mean(wanted), rel=1e-3)
    assert measures["inception_score"]["value"] >= 1


def test_independent_classes_keep_their_own_probabilities(tmp_path):
    path = network(tmp_path / "net.onnx")
    bundle = make(path, tmp_path / "classes", Hearing(RATE, 0.5, "sigmoid"), None)
    check = bundle.manifest.graphs["classify"].check
    scores = bundle.tensor(check.outputs[0])
    assert scores.min() > 0 and scores.max() < 1
    assert scores.sum() != pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("more", "hearing", "labels", "error", "said"),
    [
        ({}, Hearing(RATE, 0.5, "none"), None, RequestError, "no probabilities"),
        ({}, None, ("rain",), RequestError, "1 labels were given, and .* knows 3"),
        ({"shape": (1, 4000)}, Hearing(RATE, 1, "softmax"), None, RequestError, "takes 4000 samp"),
        ({"shape": (1, 2, 2, "s")}, None, None, CheckpointError, "one float32 sound"),
        ({"shape": (4, "s")}, None, None, CheckpointError, "one sound at a time"),
        ({"outputs": ("a", "b")}, None, None, RequestError, "--output"),
        ({"domain": "com.microsoft"}, None, None, CheckpointError, "com.microsoft"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, more, hearing, labels, error, said):
    path = network(tmp_path / "net.onnx", **more)
    with pytest.raises(error, match=said):
        make(path, tmp_path / "classes", hearing, labels)
    assert not (tmp_path / "classes").exists()


def test_an_output_can_be_chosen(tmp_path):
    path = network(tmp_path / "net.onnx", outputs=("logits", "levels"))
    bundle = make(path, tmp_path / "classes", Hearing(RATE, 0.5, "softmax", "levels"), None)
    assert bundle.manifest.space.shape == (16,)


def test_the_command_makes_one(tmp_path):
    path = network(tmp_path / "net.onnx")
    words = ["classifier", str(path), "-o", str(tmp_path / "classes"), "--sample-rate", "8000"]
    words += ["--seconds", "0.5", "--activation", "softmax", "--license", "MIT"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    manifest = open_bundle(tmp_path / "classes").manifest
    assert {terms.name for terms in manifest.license.values()} == {"MIT"}


def test_what_is_no_onnx_is_refused(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"no model")
    with pytest.raises(CheckpointError, match="is no ONNX model"):
        make(tmp_path / "net.onnx", tmp_path / "classes")
