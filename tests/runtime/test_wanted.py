"""The key that a machine wants: from the manifest, the builder's own version, and the card."""

from __future__ import annotations

import platform
import re
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from hearsight import machine
from hearsight.bundle import open_bundle
from hearsight.compiling import compile_graph
from hearsight.device import Choice
from hearsight.driver import Card
from hearsight.errors import DeviceError
from hearsight.keys import differences, graph_hash
from hearsight.precision import run_in
from hearsight.probe import Tried
from hearsight.profiles import profiles
from hearsight.providers import Refusal
from hearsight.wanted import (
    Target,
    builder,
    compilable,
    target,
    wanted_key,
)

BUNDLE = open_bundle(Path(__file__).parents[1] / "micro" / "micro", verify=False)
MICRO = BUNDLE.manifest
CARD = Card("NVIDIA GeForce RTX 4090", "8.9", "580.65")
RTX = Target("TensorRT-RTX 1.7.1.116", ("8.9",), CARD.name, CARD.driver, "linux-x86_64")
PROCESSOR = Target("ONNX Runtime 1.31.1", ("",), "Some Processor", "", "linux-x86_64")


def test_a_key_holds_the_variant_the_profiles_and_the_target():
    key = wanted_key(MICRO, "denoise", "fp16", RTX)
    assert key.graph == graph_hash(MICRO.graphs["denoise"].variants["fp16"])
    assert key.precision == "fp16"
    assert key.profile == "; ".join(p.text for p in profiles(MICRO, "denoise")) != ""
    assert (key.builder, key.targets, key.card) == (RTX.builder, RTX.targets, RTX.card)
    assert (key.driver, key.system) == (RTX.driver, RTX.system)


def test_tensorrt_is_given_the_widest_profile_alone_for_its_provider_cannot_choose():
    key = wanted_key(MICRO, "denoise", "fp16", replace(RTX, builder="TensorRT 10.14.1"))
    wide, *narrow = profiles(MICRO, "denoise")
    assert narrow
    assert key.profile == wide.text


@pytest.mark.parametrize(
    ("device", "made_by", "several"),
    [("tensorrt", "TensorRT 10.14.1", None), ("rtx", "TensorRT-RTX 1.7.1.116", "1")],
)
def test_a_provider_is_asked_for_the_profiles_of_the_key(
    monkeypatch, tmp_path, device, made_by, several
):
    heard: dict[str, Any] = {}

    def stop(source: Path, to: Path, choice: Choice, asked: Any) -> None:
        heard.update(asked)
        raise DeviceError("There is no card.")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("hearsight.compiling._compile", stop)
    here, choice = replace(RTX, builder=made_by), Choice(device, device, "")
    key = wanted_key(MICRO, "decode", "fp32", here)
    with pytest.raises(DeviceError, match="no card"):
        compile_graph(BUNDLE, "decode", choice, "fp32", here, None, lambda told: None)
    sizes = key.profile.split("; ")
    assert len(sizes) > 1 if several else len(sizes) == 1
    assert heard.pop("multi_profile", None) == several
    for position, purpose in enumerate(("profile_min", "profile_opt", "profile_max")):
        shapes = [size.split()[1:][position] for size in sizes]
        assert heard[purpose] == ",".join(f"latent:{shape}" for shape in shapes)


def test_a_graph_without_the_precision_is_wanted_in_fp32():
    assert "fp16" not in MICRO.graphs["vocoder"].variants
    key = wanted_key(MICRO, "vocoder", "fp16", RTX)
    assert key.precision == "fp32"
    assert key.graph == graph_hash(MICRO.graphs["vocoder"].variants["fp32"])


def test_bf16_is_made_of_the_fp32_file_of_hot_graphs():
    hot, plain = wanted_key(MICRO, "denoise", "bf16", PROCESSOR), MICRO.graphs["denoise"]
    assert (hot.precision, hot.graph) == ("bf16", graph_hash(plain.variants["fp32"]))
    cold = replace(MICRO.graphs["text"], hot=False)
    assert run_in(cold, "bf16") == "fp32"


def test_the_processor_leaves_shapes_free():
    assert wanted_key(MICRO, "denoise", "fp32", PROCESSOR).profile == ""


@pytest.mark.parametrize("change", ["builder", "targets", "card", "driver", "system"])
def test_every_field_of_the_target_counts(change: str):
    other = replace(RTX, **{change: ("8.6",) if change == "targets" else "TensorRT-RTX 2"})
    keys = {wanted_key(MICRO, "decode", "fp32", each) for each in (RTX, other)}
    assert len({key.digest for key in keys}) == 2


def test_nothing_is_compiled_for_devices_that_run_graphs_as_they_are():
    for device in ("openvino", "cuda", "directml", "coreml"):
        with pytest.raises(DeviceError, match=f"Nothing is compiled for {device}"):
            target(device)


def test_onnx_runtime_rearranges_the_hot_graphs_for_this_processor():
    here = target("cpu")
    assert re.fullmatch(r"ONNX Runtime \d+\.\d+\.\d+", here.builder)
    assert here.card.startswith(machine.processor() or "never")
    assert (here.targets, here.driver) == (("",), "")
    assert compilable(MICRO, "cpu") == ("denoise", "decode", "vocoder")


def test_unlike_processors_of_one_name_want_graphs_of_their_own(monkeypatch):
    keys = []
    for wide in ("avx2", "avx512f"):
        monkeypatch.setattr(machine, "vectors", lambda wide=wide: wide)
        keys.append(wanted_key(MICRO, "decode", "fp32", target("cpu")))
    name = machine.processor()
    assert list(differences(*keys)) == [
        f"It was built for {name} with avx2, and this machine has {name} with avx512f."
    ]


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="Linux tells")
def test_the_widest_vectors_are_those_that_the_processor_has():
    flags = set(Path("/proc/cpuinfo").read_text("utf-8", "replace").split())
    assert machine.vectors() in flags
    assert not (machine.vectors() == "avx2" and "avx512f" in flags)


def test_for_tensorrt_everything_but_what_takes_text_is_compiled_the_hot_graphs_first():
    names = compilable(MICRO, "rtx")
    assert names[:3] == compilable(MICRO, "cpu")
    assert set(names) == MICRO.graphs.keys() - {"tokenize"}
    assert compilable(MICRO, "cuda") == compilable(MICRO, "openvino") == ()


@pytest.mark.skipif(
    not find_spec("onnxruntime_ep_nv_tensorrt_rtx"), reason="needs the TensorRT-RTX plugin"
)
def test_tensorrt_rtx_tells_its_version_without_a_card(monkeypatch):
    made_by = builder("rtx")
    assert re.fullmatch(r"TensorRT-RTX \d+\.\d+\.\d+\.\d+", made_by)
    monkeypatch.setattr("hearsight.wanted.probe", lambda device: Tried(device, CARD))
    assert target("rtx") == Target(made_by, ("8.9",), CARD.name, "580.65", machine.system())
    monkeypatch.setattr("hearsight.wanted.probe", lambda device: Refusal("no card", "buy one"))
    with pytest.raises(DeviceError, match="rtx cannot be used: no card; buy one"):
        target("rtx")


@pytest.mark.skipif(bool(find_spec("tensorrt_libs")), reason="TensorRT is installed")
def test_a_builder_that_is_not_installed_is_named():
    with pytest.raises(DeviceError, match=r"tensorrt cannot be used: no .*nvinfer.*tensorrt_libs"):
        builder("tensorrt")


def test_the_system_is_told_with_its_architecture():
    assert machine.system() == f"{platform.system()}-{platform.machine()}".lower()
