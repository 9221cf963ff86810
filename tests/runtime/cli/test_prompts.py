"""Prompts that meet, pictures with parts and sensors on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import jsonschema
import numpy as np
import pytest

from hearsight import events, read_record
from hearsight.cli.asked import said
from hearsight.request import Heard


@pytest.fixture
def parted(home):
    """A picture with two bright quarters."""
    two = np.full((20, 30, 3), 20, np.uint8)
    two[:10, :15], two[10:, 15:] = 180, 240
    cv2.imwrite(str(home / "two.png"), two)
    return "two.png"


@pytest.fixture
def table(home):
    rng = np.random.default_rng(0)
    np.save(home / "walk.npy", rng.standard_normal((2000, 6)).astype("f4"))
    return "walk.npy"


PARTS = ("--conditioner", "micro-parts")
SENSES = ("--conditioner", "micro-senses")


def test_what_was_heard_in_a_picture_is_told_and_kept_in_the_file(cli, parted):
    done = cli("generate", "--image", parted, *PARTS, "--seed", "1", "--sources", "1,0",
               "-o", "a.wav")  # fmt: skip
    assert done.code == 0
    told = [line.strip() for line in done.err.splitlines() if "prompt 1" in line]
    assert told == [
        "prompt 1: the whole picture, weight 1",
        "prompt 1: part 1 at 15,10 to 30,20, score 0.94, weight 1",
        "prompt 1: part 2 at 0,0 to 15,10, score 0.71, muted",
    ]
    record = read_record("a.wav")
    assert [each["weight"] for each in record["sources"]] == [1, 1, 0]
    assert record["request"]["prompts"][0]["sources"] == [1, 0]
    assert "record.sources[1].score: 0.94" in cli("info", "a.wav").out
    again = cli("replay", "a.wav", *PARTS)
    assert (again.code, again.lines) == (0, ["The same file, byte for byte."])


def test_json_tells_of_sources_as_the_schema_says(cli, parted):
    done = cli("generate", "--image", parted, *PARTS, "-o", "a.wav", "--json")
    [result] = done.event("result")
    path = Path(events.__file__).with_name("events.schema.json")
    jsonschema.validate(result, json.loads(path.read_text("utf-8")))
    whole, first, second = result["sources"]
    assert whole == {"prompt": 0, "box": None, "score": None, "weight": 1.0}
    assert (first["box"], second["box"]) == ([15, 10, 30, 20], [0, 0, 15, 10])
    assert first["score"] > second["score"]


def test_parts_that_count_otherwise_are_another_sound(cli, parted):
    sounds = set()
    for weights in ([], ["--sources", "0.2"], ["--sources", "1,0"]):
        cli("generate", "--image", parted, *PARTS, "--seed", "1", *weights, "--overwrite",
            "-o", "a.wav")  # fmt: skip
        sounds.add(Path("a.wav").read_bytes()[-4000:])
    assert len(sounds) == 3


def test_a_generator_and_a_saved_condition_are_told_the_same(cli, parted, table):
    asked = ("--depth", parted, "--imu", table, "--thermal", f"{parted}::2", *SENSES)
    done = cli("condition", "rain", *asked, "--seed", "3", "-o", "a.npy", "--json")
    assert (done.code, done.json["seed"], done.json["sources"]) == (0, 3, [])
    again = cli("condition", "rain", *asked, "--seed", "3", "-o", "b.npy")
    other = cli("condition", "rain", *asked, "--seed", "4", "-o", "c.npy")
    assert (again.code, other.code) == (0, 0)
    saved = [np.load(name) for name in ("a.npy", "b.npy", "c.npy")]
    assert np.array_equal(saved[0], saved[1])
    assert not np.array_equal(saved[0], saved[2])
    assert cli("generate", "rain", *asked, "--seed", "3", "-o", "a.wav").code == 0


def test_a_condition_tells_what_it_heard(cli, parted):
    done = cli("condition", "--image", parted, *PARTS, "-o", "a.npy")
    assert "prompt 1: part 2 at 0,0 to 15,10, score 0.71, weight 1" in done.err
    refused = cli("condition", "rain", "--mix", "branches", "-o", "b.npy")
    assert refused.code == 2
    assert "Branches are several conditions" in refused.err


def test_a_search_is_as_long_as_it_is_asked_to_be(cli):
    base = ("rain", *PARTS, "--seed", "1", "--json", "--overwrite")
    for flags in (["--cycle-its", "60"], ["--cycle_samples", "90"], ["--var-samples", "1"]):
        assert cli("condition", *base, "-o", "own.npy").code == 0
        assert cli("condition", *base, *flags, "-o", "a.npy").code == 0
        assert not np.array_equal(np.load("own.npy"), np.load("a.npy"))
    cli("condition", *base, "--cycle-its", "2", "-o", "a.npy")  # 3 rounds, as the bundle has
    assert np.array_equal(np.load("own.npy"), np.load("a.npy"))


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["rain", "--cycle-its", "3"], "searches for its condition: leave search out"),
        (["rain", "--cycle-its", "-1", *PARTS], "cycle_its is -1; it must be 0 or more"),
        (["rain", "--var-samples", "0", *PARTS], "search.draws is 0; it must be a whole number"),
        (["rain", "--sources", "1,0", *PARTS], "name it with --image"),
        (["--image", "two.png", "--sources", "1,x", *PARTS], "'1,x' are not understood"),
        (["--image", "two.png", "--sources", "1,-1", *PARTS], "prompts[0].sources[1] is -1.0"),
        (["--image", "two.png", "--sources", "1", *SENSES], "finds no parts in pictures"),
        (["--image", "two.png", "--sources", "1,1,1", *PARTS], "3 weights, and 2 parts were"),
        (["rain", "wind::-0.5", *PARTS], "give it as a negative prompt"),
        ([*"abcde", *PARTS], "has room for 4"),
        (["--imu", "two.png", *SENSES], "is no table of a sensor"),
        (["--imu", "walk.npy"], "no loaded bundle understands imu prompts"),
    ],
)
def test_what_cannot_be_done_is_refused_before_a_file_is_made(cli, parted, table, flags, sentence):
    done = cli("generate", *flags, "-o", "a.wav")
    assert done.code in (2, 5)
    assert sentence in done.err
    assert not Path("a.wav").exists()


def test_rows_of_a_table_weigh_parts_and_name_sensors(cli, parted, table):
    rows = [
        {"id": "a", "image": parted, "sources": [1, 0], "cycle_its": 1},
        {"id": "b", "image": parted, "sources": "1,0", "cycle_its": 1},
        {"id": "c", "image": [parted], "sources": [[1, 0]], "seed": 2},
    ]
    Path("a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("b.csv").write_text(f"id,prompt,imu,depth,mix\na,rain,{table},{parted},unit\n")
    done = cli("batch", "a.jsonl", "--out-dir", "out", *PARTS, "--seed", "1", "--json")
    assert done.code == 0
    assert [each["weight"] for r in done.event("result") for each in r["sources"]] == [1, 1, 0] * 3
    assert cli("batch", "b.csv", "--out-dir", "more", *SENSES).code == 0
    Path("bad.csv").write_text("id,prompt,sources,cycle_its\na,rain,1,x\nb,rain,,x\n")
    done = cli("batch", "bad.csv", "--out-dir", "none", *PARTS)
    assert done.code == 2
    assert "line 2: sources weighs the parts of a picture" in done.err
    assert "line 3: cycle_its must be a whole number, not 'x'" in done.err


def test_parts_are_counted_in_each_picture(cli, parted):
    done = cli("condition", "--image", parted, "--image", parted, "--model", "micro-parts",
               "-o", "a.npy")  # fmt: skip
    assert [line.strip() for line in done.err.splitlines() if "prompt" in line] == [
        "prompt 1: the whole picture, weight 1",
        "prompt 2: the whole picture, weight 1",
    ]
    box = (0.0, 0.0, 1.0, 1.0)
    heard = [Heard(prompt, box, 0.5, 1.0) for prompt in (0, 0, 1)]
    assert [line.partition(" at")[0] for line in said(heard)] == [
        "prompt 1: part 1",
        "prompt 1: part 2",
        "prompt 2: part 1",
    ]


def test_numbers_of_a_search_nobody_does_are_named_as_they_are_written(cli, home):
    done = cli("generate", "rain", "--cycle-its", "2", "-o", "a.wav")
    assert done.code == 2
    assert "--cycle-its" in done.err


def test_the_ledger_of_a_batch_can_be_evaluated(cli, home):
    Path("list.csv").write_text("id,prompt\na,rain\nsub/b,wind\n", "utf-8")
    assert cli("batch", "list.csv", "-o", "out").code == 0
    done = cli("evaluate", "out/results.jsonl", "--embedder", "micro", "--json")
    assert done.code == 0, done.err
    assert done.json["measures"][0]["sounds"] == 2


def test_a_judge_that_finds_no_parts_hears_the_picture(cli, parted):
    done = cli("generate", "--image", parted, *PARTS, "--sources", "1,0", "--candidates", "2",
               "--judge", "micro", "-o", "a.wav")  # fmt: skip
    assert done.code == 0, done.err


def test_an_evaluation_reads_the_tables_that_a_batch_does(cli, home):
    Path("list.ndjson").write_text('{"id": "a", "prompt": "rain"}\n', "utf-8")
    assert cli("batch", "list.ndjson", "-o", "out").code == 0
    Path("made.ndjson").write_text('{"file": "out/a.wav"}\n', "utf-8")
    done = cli("evaluate", "made.ndjson", "--embedder", "micro", "--json")
    assert done.code == 0, done.err
