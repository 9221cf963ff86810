"""What this machine is said to have."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import hearsight.doctor
from hearsight import machine
from hearsight.doctor import examine


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
    assert devices["cpu"].usable
    assert devices["auto"].usable
    assert all(device.why for device in devices.values())
    assert all(device.usable or device.provider is None for device in devices.values())


def test_a_missing_library_is_a_problem_and_not_a_crash(monkeypatch):
    monkeypatch.setitem(hearsight.doctor._LIBRARIES, "soxr", "no_such_module")
    report = examine()
    assert not report.ready
    assert any("soxr cannot be loaded" in problem for problem in report.problems)


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
