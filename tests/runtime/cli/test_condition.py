"""`runtime-cli condition`: what prompts become, in a file that other programs read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from hearsight.bundle import open_bundle
from hearsight.conditioner import Conditioner
from hearsight.engine import Engine
from hearsight.mixing import average
from hearsight.sampler import Cancel

MICRO = Path(__file__).parents[2] / "micro"


def heard(modality, value):
    bundle = open_bundle(MICRO / "micro")
    with Engine(bundle, device="cpu", threads=1) as engine:
        return Conditioner(bundle, engine).condition(modality, str(value), Cancel())[0]


def test_a_file_holds_the_condition_bit_for_bit_and_names_its_space(cli, home):
    done = cli("condition", "rain", "-o", "rain.safetensors")
    assert (done.code, done.lines) == (0, ["rain.safetensors"])
    with safe_open("rain.safetensors", "np") as file:
        assert file.metadata() == {"space": "micro-16"}
        assert list(file.keys()) == ["cond"]
        assert np.array_equal(file.get_tensor("cond"), heard("text", "rain"))


def test_the_numbers_follow_a_header_that_tells_its_length(cli, home):
    cli("condition", "rain", "-o", "rain.safetensors")
    raw = Path("rain.safetensors").read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    assert start % 8 == 0
    assert np.array_equal(np.frombuffer(raw[start:], "<f4"), heard("text", "rain"))


def test_numpy_files_hold_the_same_numbers(cli, home):
    cli("condition", "rain", "-o", "rain.npy")
    saved = np.load("rain.npy")
    assert saved.dtype == np.float32
    assert np.array_equal(saved, heard("text", "rain"))


def test_prompts_of_all_kinds_are_averaged_by_weight(cli, picture, recording):
    done = cli("condition", "rain::2", "--image", f"{picture}::0.5", "--audio", str(recording),
               "-o", "mix.npy", "--json")  # fmt: skip
    told = done.json
    assert isinstance(told.pop("seed"), int)
    facts = {"path": "mix.npy", "space": "micro-16", "shape": [16], "sources": [], "notes": []}
    assert told == facts
    parts = [heard("text", "rain"), heard("image", picture), heard("audio", recording)]
    assert np.array_equal(np.load("mix.npy"), average(parts, [2, 0.5, 1]))


def test_a_conditioner_needs_no_generator(cli, picture):
    done = cli("condition", "--model", "micro-eye", "--image", str(picture), "-o", "eye.npy")
    assert done.code == 0
    both = cli("condition", "--conditioner", "micro-eye", "--image", str(picture), "-o", "b.npy")
    assert both.code == 0
    assert np.array_equal(np.load("eye.npy"), np.load("b.npy"))


def test_files_are_kept_unless_they_may_be_replaced(cli, home):
    Path("rain.npy").write_bytes(b"mine")
    done = cli("condition", "rain", "-o", "rain.npy")
    assert done.code == 5
    assert "--overwrite" in done.err
    assert Path("rain.npy").read_bytes() == b"mine"
    assert cli("condition", "rain", "-o", "rain.npy", "--overwrite").code == 0
    assert np.load("rain.npy").shape == (16,)


def test_folders_are_made_and_nothing_else_is_left(cli, home):
    assert cli("condition", "rain", "-o", "a/b/rain.npy").code == 0
    assert [file.name for file in (home / "a" / "b").iterdir()] == ["rain.npy"]


@pytest.mark.parametrize(
    "arguments, code, why",
    [
        (["rain"], 2, "--out"),
        (["rain", "-o", "rain.bin"], 2, ".safetensors"),
        (["-o", "rain.npy"], 2, "something to listen to"),
        (["  ", "-o", "rain.npy"], 2, "an empty text says nothing"),
        (["--image", "none.png", "-o", "rain.npy"], 5, "none.png"),
        (["rain", "--model", "micro-eye", "-o", "rain.npy"], 2, "understands text prompts"),
        (["rain", "--model", "nothing", "-o", "rain.npy"], 3, "nothing"),
        (["rain", "-o", "file/rain.npy"], 5, "is a file"),
    ],
)
def test_what_cannot_be_is_said(cli, home, arguments, code, why):
    Path("file").touch()
    done = cli("condition", *arguments)
    assert (done.code, done.out) == (code, "")
    assert why in done.err
    assert not Path("rain.npy").exists()


def test_problems_are_events_with_json(cli, home):
    done = cli("condition", "--image", "none.png", "-o", "rain.npy", "--json")
    assert (done.code, json.loads(done.out)["kind"]) == (5, "MediaError")


def test_conditioners_of_another_space_are_refused(cli, home):
    import shutil

    manifest = json.loads((MICRO / "micro-eye" / "bundle.json").read_text("utf-8"))
    shutil.copytree(MICRO / "micro-eye", "other")
    manifest["space"]["name"] = "elsewhere-16"
    Path("other/bundle.json").write_text(json.dumps(manifest), "utf-8")
    done = cli("condition", "rain", "--conditioner", "other", "-o", "rain.npy")
    assert done.code == 3
    assert "'elsewhere-16'" in done.err
