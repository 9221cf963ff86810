"""Providers are attached under the names that their own packages use."""

from __future__ import annotations

import base64
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

import hearsight.providers
from hearsight.device import Choice
from hearsight.errors import DeviceError
from hearsight.providers import PROVIDERS, attach, rtx_plays_on
from hearsight.sessions import OnnxSession

RUNTIME = Path(__file__).parents[2] / "runtime" / "hearsight"
MICRO = Path(__file__).parents[1] / "micro" / "micro"
CPU = Choice("cpu", "CPUExecutionProvider", "")
PROFILES: Any = {
    "profile_min": "x:1x4,cond:1x8",
    "profile_opt": "x:2x4,cond:4x8",
    "profile_max": "x:4x4,cond:16x8",
}


@pytest.fixture
def unregistered() -> Iterator[None]:
    hearsight.providers._registered.cache_clear()
    yield
    hearsight.providers._registered.cache_clear()


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The user's cache folder, which is not there yet."""
    place = tmp_path / "cache"
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *name, **more: place / name[0])
    return place


@pytest.fixture(scope="module")
def header() -> str:
    """What TensorRT-RTX's plugin says of itself."""
    spec = importlib.util.find_spec("onnxruntime_ep_nv_tensorrt_rtx")
    if not spec or not spec.origin:
        pytest.skip("onnxruntime-ep-nv-tensorrt-rtx-cu13 is not installed")
    return (Path(spec.origin).parent / "tensorrt_rtx_provider_options.h").read_text("utf-8")


def test_options_of_tensorrt_rtx_are_those_of_its_header(header):
    known = set(re.findall(r'constexpr const char\* k\w+ = "(\w+)";', header))
    used = {name for options in PROVIDERS["rtx"].options.values() for name in options}
    assert len(used) == 6
    assert used <= known


def test_cards_that_tensorrt_rtx_plays_on_are_those_of_its_header(header):
    [listed] = re.findall(r"kTargetSMValues\[\] = \{(.*)\}", header)
    named = {int(number) for number in re.findall(r'"sm(\d+)"', listed)}
    assert "compute_capability >= 120" in header
    for number in range(50, 140):
        assert rtx_plays_on(*divmod(number, 10)) == (number in named or number >= 120)


def test_no_plugins_name_is_written_anywhere():
    sources = {path: path.read_text("utf-8") for path in RUNTIME.rglob("*.py")}
    assert len(sources) > 50
    assert not [path for path, text in sources.items() if re.search("nvtensorrt", text, re.I)]


def test_the_cpu_is_attached_and_runs():
    options = onnxruntime.SessionOptions()
    providers = attach(CPU, options, hot=True)
    assert providers == [("CPUExecutionProvider", {})]
    twice = base64.b64decode(  # y = x + x
        "CAgSADo5Cg4KAXgKAXgSAXkiA0FkZBIFcHJvYmVaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggBQgQKABAN"
    )
    session = onnxruntime.InferenceSession(twice, options, providers=providers)
    assert session.run(None, {"x": np.full(1, 3, np.float32)}) == [6]


def test_purposes_become_the_options_of_tensorrt(cache):
    choice = Choice("tensorrt", "TensorrtExecutionProvider", "")
    asked: Any = {**PROFILES, "multi_profile": "1"}
    (name, options), *behind = attach(choice, onnxruntime.SessionOptions(), hot=True, asked=asked)
    assert name == "TensorrtExecutionProvider"
    assert behind == ["CUDAExecutionProvider", "CPUExecutionProvider"]
    assert options == {
        "trt_timing_cache_enable": "1",
        "trt_timing_cache_path": str(cache / "hearsight" / "runtime"),
        "trt_profile_min_shapes": "x:1x4,cond:1x8",
        "trt_profile_opt_shapes": "x:2x4,cond:4x8",
        "trt_profile_max_shapes": "x:4x4,cond:16x8",
    }
    assert (cache / "hearsight" / "runtime").is_dir()


def test_a_provider_that_keeps_nothing_gets_no_folder(cache):
    choice = Choice("cuda", "CUDAExecutionProvider", "")
    [(_, options), *_] = attach(choice, onnxruntime.SessionOptions(), hot=False)
    assert options == {}
    assert not cache.exists()


def test_nothing_is_kept_where_the_folder_cannot_be_made(cache):
    cache.write_text("a file in its place")
    choice = Choice("tensorrt", "TensorrtExecutionProvider", "")
    [(_, options), *_] = attach(choice, onnxruntime.SessionOptions(), hot=False)
    assert options == {}


def test_a_session_for_directml_is_made_as_it_wants_them():
    options = onnxruntime.SessionOptions()
    options.execution_mode = onnxruntime.ExecutionMode.ORT_PARALLEL
    [(name, _), behind] = attach(Choice("directml", "DmlExecutionProvider", ""), options, hot=False)
    assert (name, behind) == ("DmlExecutionProvider", "CPUExecutionProvider")
    assert not options.enable_mem_pattern
    assert options.execution_mode == onnxruntime.ExecutionMode.ORT_SEQUENTIAL


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_session_that_falls_back_to_the_cpu_is_a_device_error():
    file = MICRO / "frames.fp32.onnx"
    choice = Choice("cuda", "CUDAExecutionProvider", "")
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime may have the provider")
    with pytest.raises(DeviceError, match="cuda cannot be used: ONNX Runtime fell back"):
        OnnxSession(file, choice, hot=False, threads=1)


class Plugin:
    """Stands for a plugin's module; ONNX Runtime's own provider is the one it brings."""

    def __init__(self, library: str) -> None:
        self.library = library

    def get_ep_name(self) -> str:
        return "CPUExecutionProvider"

    def get_library_path(self) -> str:
        return self.library


def test_a_plugin_is_attached_by_the_devices_it_lists(unregistered, monkeypatch):
    """Its registration is taken as done before, and its devices are real ones."""
    monkeypatch.setitem(sys.modules, PROVIDERS["rtx"].plugin, Plugin("x"))

    def registered(name: str, path: str) -> None:
        raise RuntimeError(f"library is already registered under {name}")

    monkeypatch.setattr(onnxruntime, "register_execution_provider_library", registered)
    options = onnxruntime.SessionOptions()
    assert attach(Choice("rtx", "CPUExecutionProvider", ""), options, hot=False) == []
    assert options.has_providers()


def test_a_plugin_that_went_away_since_it_was_tried_is_a_device_error(
    unregistered, monkeypatch, tmp_path
):
    plugin = Plugin(str(tmp_path / "libgone.so"))
    monkeypatch.setitem(sys.modules, PROVIDERS["rtx"].plugin, plugin)
    with pytest.raises(DeviceError, match=r"rtx cannot be used: .*libgone\.so"):
        attach(Choice("rtx", "x", ""), onnxruntime.SessionOptions(), hot=False)
