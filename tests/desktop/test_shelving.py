"""Bundles are looked at, checked and taken in beside the window."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hearsight import bundle_folder
from hearsight_desktop.shelving import Shelving

MICRO = Path(__file__).parents[1] / "micro"


@pytest.fixture
def shelving(qtbot) -> Iterator[Shelving]:
    made = Shelving()
    yield made
    assert made.close()


@pytest.fixture
def eye(tmp_path, monkeypatch) -> Path:
    """A bundle of the test's own, the only one of its name."""
    monkeypatch.setenv("HEARSIGHT_ENGINES", "")
    return Path(shutil.copytree(MICRO / "micro-eye", tmp_path / "given" / "micro-eye"))


def test_bundles_are_told(qtbot, shelving):
    with qtbot.waitSignal(shelving.looked, timeout=20_000) as told:
        shelving.look()
    assert {"micro", "micro-eye", "micro-flow"} <= {facts.name for facts in told.args[0]}


@pytest.mark.parametrize("packed", [False, True])
def test_a_bundle_is_taken_in_and_checked(qtbot, shelving, eye, packed):
    source = eye
    if packed:
        source = eye.parent / "an eye.zip"
        with zipfile.ZipFile(source, "w") as archive:
            for file in (f for f in eye.rglob("*") if f.is_file()):
                archive.write(file, file.relative_to(eye.parent))
    with qtbot.waitSignal(shelving.taken_in, timeout=20_000) as told:
        shelving.take_in(source)
    assert told.args == ["micro-eye"]
    assert (bundle_folder() / "micro-eye" / "bundle.json").is_file()
    with qtbot.waitSignal(shelving.verified, timeout=20_000) as told:
        shelving.verify("micro-eye")
    assert told.args == ["micro-eye", ""]


def test_what_is_no_sound_bundle_is_refused(qtbot, shelving, eye):
    weights = next(eye.glob("*.weights"))
    raw = bytearray(weights.read_bytes())
    raw[0] ^= 1
    weights.write_bytes(raw)
    for source, why in (
        (eye, "not the one that"),
        (eye.parent, "no bundle"),
        (eye / "gone.zip", "exist"),
    ):
        with qtbot.waitSignal(shelving.refused, timeout=20_000) as told:
            shelving.take_in(source)
        assert told.args[0] == str(source)
        assert why in told.args[1]


def test_damage_is_found_however_old_it_is(qtbot, shelving, eye):
    with qtbot.waitSignal(shelving.taken_in, timeout=20_000):
        shelving.take_in(eye)
    (next((bundle_folder() / "micro-eye").glob("*.weights"))).write_bytes(b"short")
    for name, why in (("micro-eye", "bytes"), ("gone", "There is no bundle")):
        with qtbot.waitSignal(shelving.verified, timeout=20_000) as told:
            shelving.verify(name)
        assert told.args[0] == name
        assert why in told.args[1]
