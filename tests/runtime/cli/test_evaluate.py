"""`runtime-cli evaluate` as a person who has two folders of sounds would use it."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from hearsight.cli.app import app


@pytest.fixture
def sounds(tmp_path):
    time = np.arange(8000) / 16000
    for folder, detune in (("made", 1.0), ("real", 1.02)):
        (tmp_path / folder).mkdir()
        for hertz in (150, 600):
            wave = 0.3 * np.sin(2 * np.pi * hertz * detune * time)
            soundfile.write(tmp_path / folder / f"{hertz}.wav", wave, 16000)
    (tmp_path / "classes.txt").write_text("a beep\nrain\n\nwind\n")
    return tmp_path


def run(*words):
    return CliRunner().invoke(app, ["evaluate", *map(str, words), "--threads", "1"])


def test_a_table_is_printed_and_every_sound_is_written(sounds):
    out = sounds / "items.tsv"
    done = run(
        sounds / "made", "--reference", sounds / "real", "--classes", sounds / "classes.txt",
        "-o", out,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    header, *lines = done.stdout.splitlines()
    assert header.split()[:3] == ["measure", "value", "sounds"]
    assert [line.split()[0] for line in lines] == [
        "fad",
        "reference_cosine",
        "inception_score",
        "kl",
    ]
    assert "2 sounds for 256 dimensions" in done.stderr
    rows = list(csv.DictReader(out.open(encoding="utf-8"), delimiter="\t"))
    assert [row["file"].rsplit("/", 1)[-1] for row in rows] == ["150.wav", "600.wav"]
    assert all(0.5 < float(row["reference_cosine"]) <= 1 and row["kl"] for row in rows)
    again = run(sounds / "made", "--reference", sounds / "real", "-o", out)
    assert again.exit_code == 5
    assert "--overwrite" in again.stderr


def test_json_tells_measures_and_items(sounds):
    table = sounds / "table.csv"
    table.write_text("file,prompt\nmade/150.wav,a beep\nmade/600.wav,a beep\n")
    done = run(table, "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    [measure] = told["measures"]
    assert (measure["name"], measure["sounds"]) == ("clap_score", 2)
    assert measure["by"] == "starter (starter-256)"
    values = [item["clap_score"] for item in told["items"]]
    assert measure["value"] == pytest.approx(sum(values) / 2)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["made"], 2, "nothing to compare"),
        (["nowhere"], 2, "no folder and no table"),
        (["made", "--reference", "empty"], 2, "holds no sounds"),
        (["made", "--classes", "one.txt"], 2, "at least two classes"),
        (["made", "--classes", "absent.txt"], 5, "absent.txt cannot be read"),
        (["made", "--classifier", "starter"], 3, "is no classifier"),
        (["made", "--classes", "classes.txt", "--classifier", "starter"], 2, "or --classifier"),
        (["made", "--classes", "classes.txt", "--splits", "3"], 2, "cannot be split into 3"),
        (["made", "-o", "items.xml"], 2, ".jsonl, .tsv, .csv"),
    ],
)
def test_what_cannot_be_measured_is_said(sounds, monkeypatch, words, code, said):
    (sounds / "empty").mkdir()
    (sounds / "one.txt").write_text("rain\n")
    monkeypatch.chdir(sounds)
    done = run(*words)
    assert (done.exit_code, said in done.stderr) == (code, True), done.stderr
