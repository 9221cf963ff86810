"""What was chosen once outlives the program, and no spoilt file keeps it from starting."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from hearsight_desktop.preferences import Preferences, read_preferences, write_preferences

CHOSEN = Preferences(takes="/mnt/Töne", budget_gb=0.5, delivery="game", embed=False, volume=0.25)


def test_what_was_chosen_is_read_again(tmp_path):
    file = tmp_path / "new folder" / "preferences.json"
    assert read_preferences(file) == Preferences()
    write_preferences(file, CHOSEN)
    assert read_preferences(file) == CHOSEN
    assert [each.name for each in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize(
    "said",
    ["", "{", "[1]", "[" * 100_000, "\udcff", '{"volume": NaN, "budget_gb": Infinity}']
    + [json.dumps({"takes": 3, "embed": "no", "budget_gb": True, "of another version": 1})],
    ids=range(7),
)
def test_what_cannot_be_read_is_as_it_was_at_first(tmp_path, said):
    file = tmp_path / "preferences.json"
    file.write_bytes(said.encode(errors="surrogateescape"))
    assert read_preferences(file) == Preferences()


def test_the_rest_of_a_spoilt_file_counts(tmp_path):
    file = tmp_path / "preferences.json"
    file.write_text('{"budget_gb": -1, "volume": 1, "device": "cpu"}')
    assert read_preferences(file) == replace(Preferences(), volume=1, device="cpu")


def test_what_cannot_be_written_leaves_the_earlier_choice(tmp_path, monkeypatch):
    file = tmp_path / "preferences.json"
    write_preferences(file, CHOSEN)

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_preferences(file, Preferences())
    assert read_preferences(file) == CHOSEN
    assert [each.name for each in tmp_path.iterdir()] == [file.name]
