"""`runtime-cli info` and `doctor`: facts, for people and for programs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_a_file_tells_how_it_was_made(cli, home, suffix):
    cli("generate", "rain", "-o", f"a.{suffix}", "--seed", "6")
    facts = cli("info", f"a.{suffix}", "--json").json
    assert facts["sample_rate"] == 48000
    assert facts["record"]["request"]["seed"] == 6
    assert facts["record"]["plan"]["bundle"] == "micro"
    words = cli("info", f"a.{suffix}").lines
    assert "record.request.prompts[0].value: rain" in words


def test_without_a_file_every_setting_is_shown_with_its_origin(cli, home):
    Path("runtime.toml").write_text("steps = 9")
    facts = cli("info", "--json").json
    assert facts["steps"] == {"value": 9, "origin": str(Path.cwd() / "runtime.toml")}
    assert facts["model"] == {"value": "micro", "origin": "environment"}
    assert facts["seed"] == {"value": None, "origin": "default"}
    assert f"steps = 9  ({Path.cwd() / 'runtime.toml'})" in cli("info").lines


def test_what_is_no_sound_file_is_exit_code_5(cli, picture):
    for name in ("picture.png", "missing.wav", "."):
        done = cli("info", name)
        assert (done.code, done.out) == (5, "")


def test_doctor_tells_programs_everything(cli, home):
    done = cli("doctor", "--json")
    report = done.json
    assert done.code == 0
    assert report["ready"]
    assert report["telemetry"]["off"]
    assert report["bundles"].keys() >= {"micro", "micro-eye"}
    assert {device["name"]: device["usable"] for device in report["devices"]}["cpu"]
    assert report["memory"]["total"] >= report["memory"]["available"] > 0


def test_doctor_tells_where_the_graphs_of_a_bundle_run(cli, home):
    report = cli("doctor", "micro-flow", "--device", "cpu", "--json").json
    placed = {entry["graph"]: entry for entry in report["placements"]}
    assert placed.keys() == {"denoise", "decode"}
    lines = [line for line in cli("doctor", "--device", "cpu").lines if line.startswith("graph ")]
    assert any(line.startswith("graph denoise  of micro in fp32: ") for line in lines)
    if placed["denoise"]["nodes"]:
        assert "CPUExecutionProvider" in placed["denoise"]["nodes"]
        assert all("CPUExecutionProvider" in line for line in lines)


def test_doctor_for_a_bundle_or_a_device_that_is_not_there(cli, home, monkeypatch):
    assert cli("doctor", "nothing").code == 3
    monkeypatch.setitem(sys.modules, "onnxruntime_ep_nv_tensorrt_rtx", None)
    done = cli("doctor", "--device", "rtx")
    assert done.code == 4
    assert "device rtx      no" in done.out


def test_doctor_for_a_word_or_a_precision_that_is_not_there(cli, home, monkeypatch):
    done = cli("doctor", "--device", "gpu")
    assert done.code == 4
    assert 'no device "gpu"' in done.err
    assert "device cpu" in done.out
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert cli("doctor", "--precision", "bf16").code == 4
    assert cli("doctor", "--device", "cpu", "--precision", "bf16").code == 2


def test_doctor_tells_of_a_precision_that_the_bundle_lacks_beside_the_rest(cli, home):
    done = cli("doctor", "micro-flow", "--device", "cpu", "--precision", "int8", "--json")
    assert done.code == 3
    assert any("no graph in int8" in problem for problem in done.json["problems"])
    assert done.json["devices"]


def test_doctor_tells_people_whether_a_sound_can_be_made(cli, home, monkeypatch):
    assert cli("doctor").lines[-1] == "Ready to make sounds."
    monkeypatch.setenv("HEARSIGHT_ENGINES", str(home))
    monkeypatch.setattr("hearsight.doctor.list_bundles", lambda: [])
    done = cli("doctor")
    assert done.code == 3
    assert "bundles import" in done.out
