"""A word for a device becomes what really works, or the true reason why it does not."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import hearsight.device
from hearsight.device import DEVICES, choose
from hearsight.errors import DeviceError, RequestError

RUNTIME = Path(__file__).parents[2] / "runtime"
NAMED = [word for word in DEVICES if word != "auto"]


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    hearsight.device._capabilities.cache_clear()
    yield
    hearsight.device._capabilities.cache_clear()


def standing_for_openvino(monkeypatch: pytest.MonkeyPatch, able: list[str]) -> None:
    """A module in OpenVINO's place whose processor is able to do what is said."""

    class Core:
        def get_property(self, device: str, name: str) -> list[str]:
            assert (device, name) == ("CPU", "OPTIMIZATION_CAPABILITIES")
            return able

    module: Any = ModuleType("openvino")
    module.__spec__ = ModuleSpec("openvino", None)
    module.Core = Core
    monkeypatch.setitem(sys.modules, "openvino", module)


def test_an_unknown_word_is_answered_with_those_that_are_known():
    with pytest.raises(DeviceError, match=f'no device "gpu"; choose one of {", ".join(DEVICES)}'):
        choose("gpu")


def test_the_cpu_can_always_be_had():
    choice = choose("cpu")
    assert (choice.device, choice.provider) == ("cpu", "CPUExecutionProvider")
    assert choice.why == "The CPU was asked for."


def test_the_automatic_choice_keeps_the_reasons_that_named_devices_fail_with():
    automatic = choose("auto")
    for word in ("rtx", "cuda"):
        if word == automatic.device:
            assert choose(word).provider == automatic.provider
            break
        with pytest.raises(DeviceError, match=f"^{word} cannot be used: ") as caught:
            choose(word)
        reason = str(caught.value).removeprefix(f"{word} cannot be used: ").partition(";")[0]
        assert len(reason) > 20
        assert f"{word} ({reason})" in automatic.why
    else:
        assert automatic.provider == "CPUExecutionProvider"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other devices")
def test_what_belongs_to_other_systems_is_refused_and_not_talked_about():
    for word, system in (("directml", "Windows"), ("coreml", "macOS")):
        with pytest.raises(DeviceError, match=f"{word} cannot be used: it is for {system} alone"):
            choose(word)
        assert word not in choose("auto").why


def test_a_plugin_that_is_not_installed_is_told_with_its_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime_ep_nv_tensorrt_rtx", None)
    reason = "the package onnxruntime-ep-nv-tensorrt-rtx-cu13 is not installed; .* beside onnxr"
    with pytest.raises(DeviceError, match=reason):
        choose("rtx")


def test_a_provider_that_the_package_lacks_is_told_with_the_package_that_replaces_it(monkeypatch):
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    for word in ("cuda", "tensorrt"):
        with pytest.raises(DeviceError, match="built without it; install onnxruntime-gpu, which"):
            choose(word)


def test_packages_that_overwrote_each_other_are_told_apart(monkeypatch, tmp_path):
    """`onnxruntime` installed after `onnxruntime-gpu` leaves both listed and one of them whole."""
    told = tmp_path / "onnxruntime_gpu-1.31.1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: onnxruntime-gpu\nVersion: 1.31.1")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    monkeypatch.setattr("onnxruntime.package_name", "onnxruntime")
    with pytest.raises(DeviceError, match="onnxruntime was installed over onnxruntime-gpu"):
        choose("cuda")


def test_openvino_is_refused_where_it_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    for word, precision in (("openvino", None), ("auto", "bf16")):
        with pytest.raises(DeviceError, match="the package openvino is not installed"):
            choose(word, precision)


@pytest.mark.parametrize("word", ["openvino", "auto"])
def test_bf16_needs_a_processor_that_has_it(monkeypatch, word):
    standing_for_openvino(monkeypatch, ["FP32", "INT8"])
    assert choose("openvino").provider == "OpenVINO"
    with pytest.raises(DeviceError, match="this processor has no instructions for bf16"):
        choose(word, "bf16")


@pytest.mark.parametrize("word", ["openvino", "auto"])
def test_bf16_is_computed_by_openvino(monkeypatch, word):
    standing_for_openvino(monkeypatch, ["FP32", "BF16"])
    choice = choose(word, "bf16")
    assert (choice.device, choice.provider) == ("openvino", "OpenVINO")
    assert "bf16" in choice.why


@pytest.mark.parametrize("word", [word for word in NAMED if word != "openvino"])
def test_bf16_is_asked_of_no_other_device(word):
    with pytest.raises(RequestError, match=f"bf16 is computed by OpenVINO alone, not by {word}"):
        choose(word, "bf16")


def test_openvino_reports_nothing_home(tmp_path):
    """Its package sends an event when it is imported, and keeps a number in the home folder."""
    if not importlib.util.find_spec("openvino"):
        pytest.skip("OpenVINO is not installed")
    code = (
        "import sys; from hearsight.device import choose; print(choose('openvino').provider);"
        "sys.exit('openvino_telemetry' in sys.modules)"
    )
    kept = {key: os.environ[key] for key in ("PATH", "SYSTEMROOT") if key in os.environ}
    home = {"HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, **home, "PYTHONPATH": str(RUNTIME), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "OpenVINO"), done.stderr
    assert not list(tmp_path.iterdir())
