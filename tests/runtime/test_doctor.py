"""What this machine is said to have."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import onnx
import onnxruntime
import pytest

import hearsight.doctor
from hearsight import machine
from hearsight.bundle import open_bundle
from hearsight.device import DEVICES
from hearsight.doctor import examine

TELLS = hasattr(onnxruntime.InferenceSession, "get_provider_graph_assignment_info")


@pytest.fixture(autouse=True)
def micro(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEARSIGHT_ENGINES", str(Path(__file__).parents[1] / "micro"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_libraries_have_versions_and_places_that_exist():
    report = examine()
    assert {library.name for library in report.libraries} >= {"numpy", "onnxruntime", "soxr"}
    for library in report.libraries:
        assert library.problem is None
        assert library.version
        assert library.path
        assert Path(library.path).exists()


def test_every_device_is_usable_or_says_why_not():
    devices = {device.name: device for device in examine().devices}
    assert tuple(devices) == DEVICES
    assert devices["cpu"].usable
    assert devices["auto"].usable
    assert all(device.why for device in devices.values())
    assert all(device.usable or device.provider is None for device in devices.values())


def test_a_missing_library_is_a_problem_and_not_a_crash(monkeypatch):
    monkeypatch.setitem(hearsight.doctor._LIBRARIES, "soxr", "no_such_module")
    report = examine()
    assert not report.ready
    assert any("soxr cannot be loaded" in problem for problem in report.problems)


@pytest.mark.skipif(not TELLS, reason="ONNX Runtime tells from 1.24 on")
def test_every_graph_tells_where_its_nodes_run():
    graphs = open_bundle("micro").manifest.graphs
    placements = examine("micro", device="cpu").placements
    assert [placed.graph for placed in placements] == list(graphs)
    for placed in placements:
        assert (placed.bundle, placed.precision, placed.problem) == ("micro", "fp32", None)
        assert placed.nodes
        assert list(placed.nodes) == ["CPUExecutionProvider"]
    [denoise] = [placed for placed in placements if placed.graph == "denoise"]
    model = onnx.load(open_bundle("micro").path(graphs["denoise"].variants["fp32"]))
    # Some nodes are folded before they are placed, and none come from nowhere.
    assert (
        len(model.graph.node) / 2 < denoise.nodes["CPUExecutionProvider"] <= len(model.graph.node)
    )


@pytest.mark.skipif(not find_spec("openvino"), reason="OpenVINO is not installed")
def test_what_openvino_runs_is_told_apart_from_what_it_cannot():
    placements = {placed.graph: placed for placed in examine("micro", device="openvino").placements}
    assert list(placements["denoise"].nodes) == ["OpenVINO"]
    if TELLS:
        assert list(placements["tokenize"].nodes) == ["CPUExecutionProvider"]


@pytest.mark.skipif(TELLS, reason="this ONNX Runtime tells")
def test_an_older_onnxruntime_leaves_it_unknown():
    assert {placed.nodes for placed in examine("micro", device="cpu").placements} == {None}


def test_a_precision_is_placed_where_a_graph_has_it():
    placements = examine("micro", device="cpu", precision="fp16").placements
    graphs = open_bundle("micro").manifest.graphs
    for placed in placements:
        held = "fp16" in graphs[placed.graph].variants
        assert placed.precision == ("fp16" if held else "fp32")


def test_a_graph_that_does_not_open_is_told_with_the_others(tmp_path, monkeypatch):
    folder = shutil.copytree(Path(__file__).parents[1] / "micro" / "micro", tmp_path / "micro")
    [graph] = folder.glob("image*.onnx")
    graph.write_bytes(graph.read_bytes()[:-50] + bytes(50))
    placements = {p.graph: p for p in examine(str(folder), device="cpu").placements}
    assert "image" in placements["image"].problem
    assert placements["denoise"].problem is None


def test_a_device_that_cannot_be_had_is_a_problem_of_the_report(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime_ep_nv_tensorrt_rtx", None)
    report = examine("micro", device="rtx")
    assert not report.placements
    assert any("rtx cannot be used: the package" in problem for problem in report.problems)


def test_packages_of_devices_are_listed_where_they_are_installed(monkeypatch):
    names = {library.name for library in examine().libraries}
    for name, module in {
        "openvino": "openvino",
        "onnxruntime-ep-nv-tensorrt-rtx-cu13": "onnxruntime_ep_nv_tensorrt_rtx",
    }.items():
        assert (name in names) == bool(find_spec(module))
        monkeypatch.setitem(sys.modules, module, None)
        assert name not in {library.name for library in examine().libraries}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
def test_the_library_that_this_process_runs_with_is_told():
    [runtime] = [library for library in examine().libraries if library.name == "onnxruntime"]
    loaded = [file for file in examine().loaded if "onnxruntime_pybind11_state" in file]
    assert len(loaded) == 1
    assert Path(loaded[0]).is_relative_to(Path(runtime.path).resolve())


def test_telemetry_that_was_on_leaves_traces_that_are_seen(monkeypatch, tmp_path):
    assert examine().telemetry.traces is None
    (tmp_path / ".cache/Microsoft/DeveloperTools/.onnxruntime").mkdir(parents=True)
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    telemetry = examine().telemetry
    assert not telemetry.off
    assert telemetry.traces


def test_looking_does_not_load_torch():
    code = (
        "import sys; from hearsight.doctor import examine; examine();"
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    runtime = str(Path(__file__).parents[2] / "runtime")
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": runtime}, check=True)


def test_memory_is_counted_in_bytes():
    found = machine.memory()
    assert found.total
    assert found.total > 2**28
    assert found.available is None or 0 < found.available <= found.total
    peak = machine.peak_memory()
    assert peak is None or 2**24 < peak < found.total


def test_free_disk_is_that_of_the_nearest_folder_there_is(tmp_path):
    assert machine.free_disk(tmp_path / "not" / "there") == machine.free_disk(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for the driver's tool")
def test_cards_are_what_the_drivers_tool_lists(monkeypatch, tmp_path):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA H200, 580.65, 9.0, 143771, 143000'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    [card] = machine.cards()
    assert (card.name, card.compute_capability) == ("NVIDIA H200", "9.0")
    assert card.total == 143771 * 2**20
    tool.write_text("#!/bin/sh\necho 'no devices were found'; exit 6\n")
    assert machine.cards() == ()
