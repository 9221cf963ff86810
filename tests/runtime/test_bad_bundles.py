"""Every bundle of `tests/bad_bundles`, which libhearsight's reader must refuse too, is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from hearsight.bundle import open_bundle
from hearsight.errors import BundleError
from hearsight.external import check_external

TESTS = Path(__file__).resolve().parents[1]
CASES: list[dict[str, Any]] = json.loads((TESTS / "bad_bundles" / "cases.json").read_bytes())


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['bundle']}: {case['says']}")
def test_a_bad_bundle_is_refused(case: dict[str, Any], tmp_path: Path):
    root = tmp_path / "bad"
    shutil.copytree(TESTS / "micro" / case["bundle"], root)
    words = root / "words.txt"
    shutil.copy(words if words.exists() else root / "bundle.json", tmp_path / "outside")
    break_files(root, case.get("files", {}))
    break_manifest(root / "bundle.json", case)
    with pytest.raises(BundleError) as caught:
        bundle = open_bundle(root)
        for graph in bundle.manifest.graphs.values():
            for variant in graph.variants.values():
                check_external(bundle.path(variant), variant)
    assert case["says"] in str(caught.value)
    assert str(root) in str(caught.value)


def test_the_bundles_that_are_broken_are_sound_themselves():
    for name in {case["bundle"] for case in CASES}:
        bundle = open_bundle(TESTS / "micro" / name)
        for graph in bundle.manifest.graphs.values():
            for variant in graph.variants.values():
                check_external(bundle.path(variant), variant)


def break_files(root: Path, files: dict[str, dict[str, Any]]) -> None:
    for name, how in files.items():
        path = root / name
        raw = path.read_bytes() if path.is_file() else b""
        if how.keys() & {"drop", "folder", "link"}:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if "folder" in how:
            path.mkdir()
        elif "link" in how:
            path.symlink_to(how["link"])
        elif "cut" in how:
            path.write_bytes(raw[: how["cut"]])
        elif "flip" in how:
            at = how["flip"]
            path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        elif "swap" in how:
            before, after = (text.encode() for text in how["swap"])
            assert before in raw
            path.write_bytes(raw.replace(before, after))
        elif "hex" in how:
            path.write_bytes(bytes.fromhex(how["hex"]))


def break_manifest(path: Path, case: dict[str, Any]) -> None:
    if "manifest" in case:
        text = "".join(piece * times for piece, times in case["manifest"])
        path.write_bytes(text.encode("latin-1"))
    if case.get("change"):
        data = json.loads(path.read_bytes())
        for edit in case["change"]:
            *way, last = edit["at"]
            place = data
            for step in way:
                place = place[step]
            if edit.get("drop"):
                del place[last]
            else:
                place[last] = edit["to"]
        path.write_bytes(json.dumps(data).encode())
    if case.get("retell"):
        data = json.loads(path.read_bytes())
        retell(path.parent, case["files"], data)
        path.write_bytes(json.dumps(data).encode())


def retell(root: Path, files: dict[str, Any], place: Any) -> None:
    """Give the manifest's entries for `files` the hash and size that they have now."""
    if isinstance(place, dict) and place.get("file") in files:
        raw = (root / place["file"]).read_bytes()
        place.update(sha256=hashlib.sha256(raw).hexdigest(), bytes=len(raw))
    inside = place.values() if isinstance(place, dict) else place if isinstance(place, list) else ()
    for each in inside:
        retell(root, files, each)
