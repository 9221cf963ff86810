"""`runtime-cli bundles`: list, show, verify and import."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hearsight.bundle import open_bundle
from hearsight.manifest import ChainParity
from hearsight.store import write_bundle

MICRO = Path(__file__).parents[2] / "micro"


@pytest.fixture
def copy(home: Path) -> Path:
    """A micro bundle that may be broken."""
    return Path(shutil.copytree(MICRO / "micro", home / "copy"))


def spoil(bundle: Path, file: str, *, with_hash: bool) -> None:
    """Change the last bytes of a file, and make the manifest agree if asked."""
    path = bundle / file
    raw = path.read_bytes()
    changed = raw[:-64] + bytes(64)
    path.write_bytes(changed)
    if with_hash:
        manifest = (bundle / "bundle.json").read_text("utf-8")
        before, after = (hashlib.sha256(data).hexdigest() for data in (raw, changed))
        assert before in manifest
        (bundle / "bundle.json").write_text(manifest.replace(before, after), "utf-8")


def test_list_shows_what_each_bundle_is_and_which_are_broken(cli, home, copy, monkeypatch):
    (copy / "NOTICE").unlink(missing_ok=True)
    (copy / "bundle.json").write_text("{}")
    monkeypatch.setenv("HEARSIGHT_ENGINES", f"{MICRO}{os.pathsep}{home}")
    rows = {row["bundle"]: row for row in cli("bundles", "list", "--json").json}
    assert rows["micro"]["understands"] == ["text", "image", "video", "audio"]
    assert rows["micro"]["commercial_use"] is True
    assert rows["micro-flow"]["kind"] == "generator"
    assert "error" in rows["copy"]
    listed = cli("bundles", "list").lines
    assert any(line.startswith("micro-eye: ") for line in listed)
    assert any(line.startswith("copy: broken: ") for line in listed)


def test_show_tells_all_of_the_manifest(cli, home):
    shown = cli("bundles", "show", "micro", "--json").json
    assert shown["schedule"]["train_steps"] == 1000
    assert set(shown["graphs"]) >= {"denoise", "decode"}
    words = cli("bundles", "show", "micro").out
    assert "space.name: micro-16" in words
    assert "graph denoise: fp32" in words


def test_show_tells_how_near_graphs_and_sounds_are_to_the_original(cli, copy):
    manifest = open_bundle(copy).manifest
    decode = replace(manifest.graphs["decode"], refused={"int8": "SNR 21.9 dB is too little"})
    chain = (ChainParity("fp16", 2.5, 25, 41.25, 0.0312),)
    graphs = {**manifest.graphs, "decode": decode}
    write_bundle(copy, replace(manifest, graphs=graphs, chain=chain))
    lines = cli("bundles", "show", str(copy)).lines
    at = next(i for i, line in enumerate(lines) if line.startswith("graph denoise: fp32"))
    assert lines[at + 2] == (
        "  fp16 against PyTorch at B=2 G=2 T=6: max error 1.00e-02, relative L2 1.00e-03, "
        "SNR 60.0 dB"
    )
    assert "  int8 refused: SNR 21.9 dB is too little" in lines
    assert lines[-1] == ("chain fp16, 2.5 s in 25 steps: SNR 41.2 dB, log-mel distance 0.0312 dB")
    shown = cli("bundles", "show", str(copy), "--json").json
    assert shown["graphs"]["denoise"]["parity"][1]["snr_db"] == 60
    assert shown["graphs"]["decode"]["refused"] == {"int8": "SNR 21.9 dB is too little"}
    assert shown["chain"][0]["log_mel_db"] == 0.0312


def test_show_counts_weights_that_variants_share_once(cli, copy):
    manifest = open_bundle(copy).manifest
    graph = manifest.graphs["denoise"]
    plain, half = graph.variants["fp32"], graph.variants["fp16"]
    shared = replace(half, weights=(*half.weights, *plain.weights))
    variants = {"fp32": plain, "fp16": shared}
    before = cli("bundles", "show", str(copy)).lines
    graphs = {**manifest.graphs, "denoise": replace(graph, variants=variants)}
    write_bundle(copy, replace(manifest, graphs=graphs))
    after = cli("bundles", "show", str(copy)).lines
    told = [[line for line in each if line.startswith("graph denoise")] for each in (before, after)]
    assert told[0] == told[1]


def test_verify_runs_every_graph_in_every_precision(cli, home):
    done = cli("bundles", "verify", "micro", "--json")
    manifest = json.loads((MICRO / "micro/bundle.json").read_text("utf-8"))
    runs = {(role, p) for role, graph in manifest["graphs"].items() for p in graph["variants"]}
    assert done.code == 0
    assert {(found["graph"], found["precision"]) for found in done.json} == runs
    assert all(found["passed"] for found in done.json)
    tokens = next(found for found in done.json if found["graph"] == "tokenize")
    assert (tokens["max_abs"], tokens["snr_db"]) == (0, None)
    only = cli("bundles", "verify", "micro", "--precision", "fp16")
    assert {line.split()[2] for line in only.lines} == {"fp16"}
    assert all(line.startswith("pass") and "SNR" in line for line in only.lines)


def test_verify_finds_a_changed_file_whatever_was_remembered(cli, copy):
    assert cli("bundles", "verify", str(copy)).code == 0
    spoil(copy, "vocoder.fp32.weights", with_hash=False)
    done = cli("bundles", "verify", str(copy))
    assert done.code == 3
    assert "vocoder.fp32.weights" in done.err


def test_verify_finds_weights_that_compute_something_else(cli, copy):
    spoil(copy, "vocoder.fp32.weights", with_hash=True)
    done = cli("bundles", "verify", str(copy))
    assert done.code == 3
    assert [line.split()[1] for line in done.lines if line.startswith("FAIL")] == ["vocoder"]


def test_import_makes_a_bundle_known_by_name(cli, copy, monkeypatch):
    monkeypatch.delenv("HEARSIGHT_ENGINES")
    assert cli("generate", "rain", "-o", "a.wav").code == 3
    done = cli("bundles", "import", str(copy))
    assert done.code == 0
    assert Path(done.lines[0], "bundle.json").is_file()
    assert cli("generate", "rain", "-o", "a.wav").code == 0


def test_a_bundle_that_is_none_is_exit_code_3(cli, home):
    for verb in ("show", "verify", "import"):
        done = cli("bundles", verb, "./nothing")
        assert done.code == 3
        assert "nothing" in done.err
