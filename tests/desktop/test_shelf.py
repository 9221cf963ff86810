"""Bundles in words for people."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from seeing import NAME, seeing_bundle

from hearsight import Search
from hearsight_desktop.shelf import Facts, rights_of, shelf

MICRO = Path(__file__).parents[1] / "micro"


@pytest.fixture
def bundles(tmp_path, monkeypatch):
    place = tmp_path / "bundles"
    shutil.copytree(MICRO, place, ignore=lambda _, names: {n for n in names if n.endswith(".py")})
    monkeypatch.setenv("HEARSIGHT_ENGINES", str(place))
    return place


def test_a_bundle_tells_what_it_is_for(bundles):
    micro = next(facts for facts in shelf() if facts.name == "micro")
    assert micro.folder == bundles / "micro"
    assert micro.title == "Micro: every role, untrained"
    assert micro.licence == "MIT. Commercial use: yes"
    assert micro.hears == "words, pictures, videos and sounds"
    assert (micro.sample_rate, micro.seconds, micro.steps, micro.guidance) == (8000, 1.0, 4, 2.5)
    assert micro.makes_sound
    assert micro.begins
    assert micro.bytes == sum(f.stat().st_size for f in micro.folder.rglob("*") if f.is_file())
    assert not micro.broken


def test_a_bundle_that_only_understands_makes_no_sound(bundles):
    eye = next(facts for facts in shelf() if facts.name == "micro-eye")
    assert not eye.makes_sound
    assert eye.hears == "pictures"
    assert eye.space == "micro-16"


def test_a_broken_bundle_says_why(bundles):
    (bundles / "micro" / "decode.fp32.onnx").unlink()
    micro = next(facts for facts in shelf() if facts.name == "micro")
    assert "decode.fp32.onnx is missing" in micro.broken


@pytest.mark.parametrize(
    ("uses", "said"),
    [("true", "yes"), ("false", "no"), ("null", "unknown, ask the author")],
)
def test_one_weight_file_decides_for_all(bundles, uses, said):
    manifest = bundles / "micro" / "bundle.json"
    text = manifest.read_text().replace('"commercial_use": true', f'"commercial_use": {uses}', 1)
    manifest.write_text(text)
    micro = next(facts for facts in shelf() if facts.name == "micro")
    assert micro.licence == f"MIT. Commercial use: {said}"


def test_nothing_named_is_not_known():
    assert Facts("x").licence == "No licence named. Commercial use: unknown, ask the author"
    assert Facts("x").hears == "nothing"


def test_files_carry_a_line_on_rights_even_when_the_bundle_is_gone(bundles):
    assert rights_of("micro") == "Made with micro: MIT"
    assert rights_of("gone") == "Made with gone"


def test_a_bundle_tells_how_it_searches_and_when_it_hears_parts(bundles):
    seeing_bundle(bundles)
    found = {facts.name: facts for facts in shelf()}
    assert found[NAME].search == Search(3, 4, 4)
    assert found[NAME].whole_beside == ("text", "image", "audio")
    assert found["micro"].search is None
    assert found["micro"].whole_beside == ()
    assert found["micro-senses"].whole_beside == ()
    assert found["micro-senses"].hears == (
        "words, pictures, videos, sounds, depth pictures, thermal pictures and IMU signals"
    )
