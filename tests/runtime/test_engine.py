"""Graphs run as their golden tensors say, stop when asked, and fail in words."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from hearsight.budget import Budget
from hearsight.bundle import Bundle, open_bundle
from hearsight.device import Choice
from hearsight.engine import Engine
from hearsight.errors import BundleError, Cancelled, DeviceError, RequestError
from hearsight.manifest import Precision, Role, TensorSpec
from hearsight.providers import CPU, PROVIDERS
from hearsight.sampler import Cancel
from hearsight.store import describe, write_bundle

MICRO = Path(__file__).resolve().parents[1] / "micro"
CASES: list[tuple[str, Role]] = [
    *[("micro", role) for role in open_bundle(MICRO / "micro", verify=False).manifest.graphs],
    ("micro-flow", "denoise"),
    ("micro-flow", "decode"),
    ("micro-eye", "image"),
]
WORST = {"fp32": 1e-5, "fp16": 2e-3, "int8": 2e-2}  # relative L2 to the golden outputs


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MICRO / "micro-flow", tmp_path / "copy"))


def cpu(bundle: Bundle, precision: Precision | None = None) -> Engine:
    return Engine(bundle, device="cpu", precision=precision, threads=1)


def golden(bundle: Bundle, role: Role) -> tuple[dict[str, Any], dict[str, Any]]:
    graph = bundle.manifest.graphs[role]
    assert graph.check
    stored = [bundle.tensor(file) for file in graph.check.inputs]
    inputs: dict[str, Any] = {}
    for spec in graph.inputs:
        text = np.array([graph.check.text], object)
        inputs[spec.name] = text if spec.dtype == "string" else stored.pop(0)
    outputs = zip(graph.outputs, graph.check.outputs, strict=True)
    return inputs, {spec.name: bundle.tensor(file) for spec, file in outputs}


def with_graph(folder: Path, role: Role, model: onnx.ModelProto) -> Bundle:
    """The bundle in `folder` after replacing the only variant of a graph."""
    manifest = open_bundle(folder).manifest
    graph = manifest.graphs[role]
    name = graph.variants["fp32"].file
    (folder / name).write_bytes(model.SerializeToString())
    entry = describe(folder, name)
    variant = replace(graph.variants["fp32"], sha256=entry.sha256, bytes=entry.bytes)
    graph = replace(graph, variants={"fp32": variant}, check=None)
    return write_bundle(folder, replace(manifest, graphs={**manifest.graphs, role: graph}))


def decode_model(nodes: list[onnx.NodeProto], **shapes: list[Any]) -> onnx.ModelProto:
    """A model with the tensors of micro-flow's decode around `nodes`."""
    latent = shapes.get("latent", ["B", 4, "T"])
    inputs = {"latent": latent, "noise": ["B", 1, "S"]}
    graph = helper.make_graph(
        nodes,
        "decode",
        [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in inputs.items()],
        [helper.make_tensor_value_info("audio", TensorProto.FLOAT, ["B", "S"])],
        [onnx.numpy_helper.from_array(np.array([1], np.int64), "one")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def squeeze(noise: str = "noise") -> onnx.NodeProto:
    return helper.make_node("Squeeze", [noise, "one"], ["audio"])


@pytest.mark.parametrize(("name", "role"), CASES)
def test_a_graph_gives_its_golden_outputs_in_every_precision(name: str, role: Role):
    bundle = open_bundle(MICRO / name)
    inputs, expected = golden(bundle, role)
    for precision in bundle.manifest.graphs[role].variants:
        with cpu(bundle, precision) as engine:
            outputs = engine.run(role, inputs, None)
        assert list(outputs) == list(expected)
        for key, value in expected.items():
            assert (outputs[key].dtype, outputs[key].shape) == (value.dtype, value.shape)
            distance = np.linalg.norm(outputs[key] - value) / np.linalg.norm(value)
            assert distance <= WORST[precision]


def test_the_parity_that_the_manifest_tells_holds():
    bundle = open_bundle(MICRO / "micro")
    inputs, expected = golden(bundle, "denoise")
    for told in bundle.manifest.graphs["denoise"].parity:
        outputs = cpu(bundle, told.precision).run("denoise", inputs, None)
        for key, value in expected.items():
            assert np.abs(outputs[key] - value).max() <= told.max_abs
            assert np.linalg.norm(outputs[key] - value) <= told.relative_l2 * np.linalg.norm(value)


def test_free_axes_are_free():
    engine = cpu(open_bundle(MICRO / "micro"))
    for batch, branches, frames in [(1, 1, 1), (3, 2, 7), (2, 3, 40)]:
        latent = np.ones((batch, 4, frames, 4), np.float32)
        inputs = {
            **dict.fromkeys(("x", "d_prev", "noise"), latent),
            "cond": np.ones((batch * branches, 16), np.float32),
            "weights": np.ones(branches, np.float32),
            "row": np.ones(7, np.float32),
        }
        assert engine.run("denoise", inputs, None)["x_next"].shape == latent.shape
        mel = engine.run("decode", {"latent": latent}, None)
        assert engine.run("vocoder", mel, None)["audio"].shape == (batch, 80 * frames)
        sound = np.ones((batch, 80 * frames), np.float32)
        assert engine.run("encode", {"audio": sound}, None)["mean"].shape == latent.shape
    for height, width in [(1, 1), (16, 16), (5, 300)]:
        picture = np.full((1, height, width, 3), 7, np.uint8)
        assert engine.run("image", {"image": picture}, None)["embed"].shape == (1, 8)


def test_branches_are_counted_by_their_weights():
    """Conditions lie branch by branch: all variations of the first branch come first."""
    bundle = open_bundle(MICRO / "micro")
    inputs, expected = golden(bundle, "denoise")
    engine = cpu(bundle)
    cond = inputs["cond"].reshape(2, 2, 16)
    alone: list[Any] = []
    for variation in range(2):
        single = {
            **inputs,
            **{key: inputs[key][variation : variation + 1] for key in ("x", "d_prev", "noise")},
            "cond": cond[:, variation],
        }
        alone.append(engine.run("denoise", single, None)["x_next"])
    np.testing.assert_allclose(np.concatenate(alone), expected["x_next"], atol=2e-5)


def test_an_engine_tells_where_it_runs_and_what_is_open():
    engine = cpu(open_bundle(MICRO / "micro"))
    assert engine.provider == "CPUExecutionProvider"
    assert engine.precision == "fp32"
    assert engine.why == "The CPU was asked for."
    assert not engine.is_open("frames")
    inputs, _ = golden(open_bundle(MICRO / "micro"), "frames")
    first = engine.run("frames", inputs, None)["cond"]
    assert engine.is_open("frames")
    engine.close()
    assert not engine.is_open("frames")
    assert np.array_equal(engine.run("frames", inputs, None)["cond"], first)


def test_bf16_is_refused_where_no_graph_runs_in_it():
    for device in ("auto", "cpu"):
        with pytest.raises(BundleError, match='"micro-eye" has no graph in bf16; it has fp32'):
            Engine(open_bundle(MICRO / "micro-eye"), device=device, precision="bf16")


def test_a_precision_is_taken_where_it_is_and_refused_where_it_is_nowhere():
    assert cpu(open_bundle(MICRO / "micro"), "fp16").precision == "fp16"
    with pytest.raises(BundleError, match='"micro-flow" has no graph in int8; it has fp32'):
        cpu(open_bundle(MICRO / "micro-flow"), "int8")


@pytest.mark.parametrize("threads", [-1, 0, 257])
def test_a_number_of_threads_that_no_machine_has_is_refused(threads: int):
    with pytest.raises(RequestError, match=f"threads is {threads}; .* from 1 to 256"):
        Engine(open_bundle(MICRO / "micro-flow"), threads=threads)


def test_the_loss_of_what_ran_in_a_lower_precision_is_what_the_exporter_measured():
    bundle = open_bundle(MICRO / "micro")
    [told] = [p for p in bundle.manifest.graphs["denoise"].parity if p.precision == "fp16"]
    with Engine(bundle, device="cpu", precision="fp16", threads=1, budget=Budget(1)) as engine:
        assert engine.losses == {}
        for name in ("denoise", "decode", "vocoder"):
            engine.run(name, golden(bundle, name)[0], None)
        assert not engine.is_open("denoise")
        assert engine.losses == {"denoise": told.snr_db}
        assert [engine.precision_of(name) for name in ("decode", "vocoder")] == ["fp16", "fp32"]


def test_a_graph_that_the_bundle_lacks_is_named():
    with pytest.raises(BundleError, match='"micro-flow" has no graph "vocoder"'):
        cpu(open_bundle(MICRO / "micro-flow")).run("vocoder", {}, None)


def long_run(engine: Engine, cancel: Cancel | None) -> float:
    """Seconds of a run that takes about a second; with `cancel`, unless it is broken off."""
    latent = np.zeros((1, 4, 150_000, 4), np.float32)
    inputs = {
        **dict.fromkeys(("x", "d_prev", "noise"), latent),
        "cond": np.ones((3, 16), np.float32),
        "weights": np.ones(3, np.float32),
        "row": np.ones(7, np.float32),
    }
    start = time.perf_counter()
    engine.run("denoise", inputs, cancel)
    return time.perf_counter() - start


def test_cancelling_stops_within_a_run_and_the_engine_plays_on():
    engine = cpu(open_bundle(MICRO / "micro"))
    whole = min(long_run(engine, None) for _ in range(2))
    cancel = Cancel()
    threading.Timer(whole / 10, cancel.cancel).start()
    with pytest.raises(Cancelled):  # a run that comes to its end gives its outputs
        long_run(engine, cancel)
    with pytest.raises(Cancelled):
        engine.run("denoise", {}, cancel)
    inputs, expected = golden(open_bundle(MICRO / "micro"), "denoise")
    outputs = engine.run("denoise", inputs, Cancel())
    np.testing.assert_allclose(outputs["d"], expected["d"], atol=2e-5)


def test_threads_may_share_an_engine():
    bundle = open_bundle(MICRO / "micro")
    inputs, expected = golden(bundle, "audio")
    results: list[Any] = []
    with cpu(bundle) as engine:
        threads = [
            threading.Thread(target=lambda: results.append(engine.run("audio", inputs, Cancel())))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(results) == 4
    for result in results:
        np.testing.assert_allclose(result["cond"], expected["cond"], atol=1e-5)


@pytest.mark.parametrize("keep", [0, 1, 300, -1])
def test_a_truncated_graph_is_named(copy: Path, keep: int):
    file = copy / "decode.fp32.onnx"
    raw = file.read_bytes()[:keep]
    bundle = open_bundle(copy, verify=False)
    file.write_bytes(raw)
    with pytest.raises(BundleError, match=r"decode\.fp32\.onnx cannot be opened"):
        cpu(bundle).run("decode", golden(bundle, "decode")[0], None)


def test_weights_that_went_away_are_named(copy: Path):
    bundle = open_bundle(copy)
    (copy / "decode.fp32.weights").unlink()
    with pytest.raises(BundleError, match=r"decode\.fp32\.weights"):
        cpu(bundle).run("decode", golden(bundle, "decode")[0], None)


@pytest.mark.parametrize("place", ["../outside", "/etc/hostname", "check/../../outside"])
def test_a_graph_cannot_reach_weights_outside_the_bundle(copy: Path, place: str):
    (copy.parent / "outside").write_bytes(bytes(4096))
    model = onnx.load(copy / "decode.fp32.onnx", load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            entry.value = place if entry.key == "location" else entry.value
    bundle = with_graph(copy, "decode", model)
    with pytest.raises(BundleError, match=r"decode\.fp32\.onnx cannot be opened"):
        cpu(bundle).run("decode", {}, None)


def test_a_graph_with_other_tensors_than_the_manifest_says_is_refused(copy: Path):
    fixed = decode_model([squeeze()], latent=[1, 4, "T"])
    with pytest.raises(BundleError, match=r"\"latent\" is float32 \[1, 4, 'T'\]"):
        cpu(with_graph(copy, "decode", fixed)).run("decode", {}, None)
    named = decode_model([squeeze("loudness")])
    named.graph.input[1].name = "loudness"
    with pytest.raises(BundleError, match="has the tensors latent, loudness where"):
        cpu(with_graph(copy, "decode", named)).run("decode", {}, None)


def test_an_output_that_the_manifest_types_otherwise_is_refused(copy: Path):
    bundle = open_bundle(copy)
    graph = bundle.manifest.graphs["decode"]
    graph = replace(graph, outputs=(TensorSpec("audio", "float16", ("B", "80T")),))
    told = replace(bundle.manifest, graphs={**bundle.manifest.graphs, "decode": graph})
    with pytest.raises(BundleError, match=r"audio.*float16"):
        cpu(replace(bundle, manifest=told)).run("decode", {}, None)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows hands out what it does not have")
def test_too_little_memory_is_a_device_error(copy: Path):
    size = onnx.numpy_helper.from_array(np.array([2**46], np.int64), "size")
    nodes = [
        helper.make_node("Constant", [], ["size"], value=size),
        helper.make_node("ConstantOfShape", ["size"], ["zeros"]),
        helper.make_node("ReduceSum", ["zeros"], ["sum"], keepdims=0),
        helper.make_node("Add", ["noise", "sum"], ["louder"]),
        squeeze("louder"),
    ]
    model = decode_model(nodes)
    bundle = with_graph(copy, "decode", model)
    with pytest.raises(DeviceError, match=r"Memory does not suffice for the graph \"decode\""):
        cpu(bundle).run("decode", golden(open_bundle(MICRO / "micro-flow"), "decode")[0], None)


def test_a_run_that_fails_names_the_graph(copy: Path):
    inputs, _ = golden(open_bundle(copy), "decode")
    inputs["noise"] = inputs["noise"][..., :7]
    with pytest.raises(BundleError, match=r"decode\.fp32\.onnx cannot be run"):
        cpu(open_bundle(copy)).run("decode", inputs, None)


def test_the_tokenizer_runs_without_importing_its_package():
    """onnxruntime_extensions imports transformers and torch where it can; a player must not."""
    script = """
import sys
import numpy as np
from hearsight.bundle import open_bundle
from hearsight.engine import Engine
with Engine(open_bundle(sys.argv[1]), device="cpu") as engine:
    engine.run("tokenize", {"text": np.array(["rain"], object)}, None)
print(sorted({"onnx", "onnxruntime_extensions", "torch", "transformers"} & set(sys.modules)))
"""
    command = [sys.executable, "-c", script, str(MICRO / "micro")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def compiled_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that plays nothing but compiled graphs, of which there are none; it is the CPU."""
    entry = replace(PROVIDERS["cpu"], compiled=True)
    monkeypatch.setitem(PROVIDERS, "tensorrt", entry)  # type: ignore[arg-type]
    choice = Choice("tensorrt", CPU, "tensorrt works on this machine.")
    monkeypatch.setattr("hearsight.routes.choose", lambda device, precision=None: choice)


@pytest.mark.usefixtures("compiled_only")
def test_a_named_device_does_not_play_a_hot_graph_that_is_not_compiled_for_it():
    bundle = open_bundle(MICRO / "micro")
    inputs, _ = golden(bundle, "denoise")
    with Engine(bundle, device="tensorrt", prepare="never", threads=1) as engine:
        with pytest.raises(DeviceError) as caught:
            engine.run("denoise", inputs, None)
        assert '"denoise" is not compiled for tensorrt' in str(caught.value)
        assert "engines build micro --device tensorrt" in str(caught.value)
        engine.run("frames", golden(bundle, "frames")[0], None)


@pytest.mark.usefixtures("compiled_only")
def test_in_place_of_a_chosen_device_another_plays_and_the_reason_is_told():
    bundle = open_bundle(MICRO / "micro")
    inputs, expected = golden(bundle, "denoise")
    with Engine(bundle, device="auto", precision="fp32", threads=1) as engine:
        outputs = engine.run("denoise", inputs, None)
        assert engine.provider_of("denoise") == CPU
        assert engine.precision_of("denoise") == "fp32"
        assert "cpu plays in its place: denoise: tensorrt cannot be used" in engine.why
    for key, value in expected.items():
        assert np.linalg.norm(outputs[key] - value) <= 1e-5 * np.linalg.norm(value)


@pytest.mark.usefixtures("compiled_only")
def test_a_precision_that_was_named_is_kept_where_another_device_plays():
    with Engine(open_bundle(MICRO / "micro"), precision="fp16", threads=1) as engine:
        assert engine.precision_of("denoise") == "fp16"
    with Engine(open_bundle(MICRO / "micro"), threads=1) as engine:
        assert engine.precision == "fp16"
        assert engine.precision_of("denoise") == "fp32"
