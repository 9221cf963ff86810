"""What is copied for the command line makes the very sounds of the app."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile
from seeing import NAME, quarters, seeing_bundle

import hearsight
from hearsight import Finish, Init, Like, Prompt, Request, RequestError, Search, text
from hearsight_desktop.commands import as_command, as_manifest
from hearsight_desktop.jobs import Job, new_job


@pytest.fixture
def generator():
    with hearsight.load("micro", device="cpu", threads=1) as loaded:
        yield loaded


@pytest.fixture
def cli(home, monkeypatch):
    """Run `runtime-cli` in this process with words as a shell hands them on."""
    from hearsight.cli.app import app

    monkeypatch.chdir(home)
    monkeypatch.setenv("RUNTIME_THREADS", "1")

    def run(*words: str) -> None:
        with pytest.raises(SystemExit) as left:
            app(list(words), prog_name="runtime-cli")
        assert left.value.code in (0, None)

    return run


def heard(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float32")[0]


def same(path: Path, take) -> bool:
    """Whether a file of 24 bit holds a take."""
    return np.allclose(heard(path), take.audio, rtol=0, atol=2**-23)


def sounds(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.wav"), key=lambda path: path.stat().st_mtime_ns)


@pytest.fixture
def files(home):
    picture, sound = home / "a 'small' picture, naß.png", home / "klopf 1.wav"
    ok, data = cv2.imencode(".png", np.full((9, 12, 3), 99, np.uint8))
    assert ok
    picture.write_bytes(data.tobytes())
    soundfile.write(sound, 0.2 * np.sin(np.arange(8000) / 5), 8000)
    return {"picture": str(picture), "sound": str(sound)}


def requests(files) -> dict[str, Request]:
    finish = Finish()
    picture, sound = files["picture"], files["sound"]
    rain = text("rain", seconds=0.5, seed=7, finish=finish)
    return {
        "plain": rain,
        "many": replace(rain, variations=3, first_variation=1, steps=3, guidance=1.25),
        "quoted": replace(rain, prompts=(Prompt("text", 'it\'s "rain" $HOME\n`x` \\ ünï'),)),
        "dashed": replace(rain, prompts=(Prompt("text", "--rain"),), negative="-hiss"),
        "weights": replace(
            rain,
            prompts=(Prompt("text", "rain::2", 0.7), Prompt("image", picture, 1 / 3)),
            mix="branches",
        ),
        "nothing": replace(rain, prompts=(Prompt("text", ""),)),
        "resolved": replace(rain, solver="ddim", eta=0.0, guidance_interval=(0.0, 1.0), steps=4),
        "interval": replace(rain, guidance_interval=(0.1, 0.7), loop=True),
        "begins": replace(rain, seconds=None, init=Init(sound, 0.35)),
        "repaired": replace(rain, seconds=None, init=Init(sound, span=(0.2, 0.6))),
        "finished": replace(
            rain, finish=Finish(level="peak", level_db=-6.5, fade_out=0.1, channels=2)
        ),
        "candidates": replace(rain, candidates=2),
        "near": replace(rain, like=Like(2**64 - 3, 0.25, Like(5, 0.5)), variations=2),
        "mixed order": replace(rain, prompts=(Prompt("image", picture), Prompt("text", "rain"))),
        "trailing": replace(rain, prompts=(Prompt("text", "rain ", 2.0), Prompt("text", "wind"))),
    }


CASES = list(requests({"picture": "", "sound": ""}))
PIPED = ("near", "mixed order", "trailing")


@pytest.mark.skipif(not shutil.which("sh"), reason="no POSIX shell here")
@pytest.mark.parametrize("case", CASES)
def test_a_copied_command_makes_the_same_sounds(case, home, files, cli, generator):
    request = requests(files)[case]
    command = as_command(request, "micro", windows=False)
    assert (" batch - " in command) == (case in PIPED)
    if case in PIPED:
        printed, _, command = command.rpartition(" | ")
        rows = subprocess.run(["sh", "-c", printed], capture_output=True, check=True).stdout
        (home / "rows.jsonl").write_bytes(rows)
        command = command.replace(" batch - ", " batch rows.jsonl ")
    program, *words = shlex.split(command)
    assert program == "runtime-cli"
    files_before = set(sounds(home))
    cli(*words)
    made = [path for path in sounds(home) if path not in files_before]
    takes = generator.generate(request)
    assert len(made) == len(takes)
    assert all(same(path, take) for path, take in zip(made, takes, strict=True))


def test_a_copied_command_weighs_parts_of_pictures_and_searches(home, cli, monkeypatch):
    seeing_bundle(home / "bundles")
    monkeypatch.setenv("HEARSIGHT_ENGINES", str(home / "bundles"))
    street = str(quarters(home / "street.png", (220, 20, 240, 160)))
    weighed = Request(
        (Prompt("image", street, sources=(1.0, 0.0, 0.5)),),
        seconds=0.5,
        seed=7,
        search=Search(rounds=2, candidates=3, draws=5),
    )
    command = as_command(weighed, NAME, windows=False)
    assert " --sources 1,0,0.5 " in command
    assert " --cycle-its 1 --cycle-samples 3 --var-samples 5 " in command
    cli(*shlex.split(command)[1:])
    [made] = sounds(home)
    with hearsight.load(NAME, device="cpu", threads=1) as generator:
        [take] = generator.generate(weighed)
        [other] = generator.generate(replace(weighed, search=None))
    assert same(made, take)
    assert not same(made, other)


def test_weights_of_the_second_picture_alone_are_piped():
    plain, weighed = Prompt("image", "/a/1.png"), Prompt("image", "/a/2.png", sources=(0.0,))
    first, second = (
        as_command(Request(pictures, seed=1), "m", windows=False)
        for pictures in ((weighed, plain), (plain, weighed))
    )
    assert first.startswith("runtime-cli generate") and "--sources 0 " in first
    assert " batch - " in second and '"sources": [0.0]' in second


def test_what_sensors_saw_is_said_in_the_order_of_the_command_line():
    prompts = [Prompt("imu", "/a/i.npy"), Prompt("text", "rain"), Prompt("depth", "/a/d.png")]
    ordered = as_command(Request((*prompts[1:], prompts[0]), seed=1), "m", windows=False)
    assert ordered.startswith("runtime-cli generate rain --depth /a/d.png --imu /a/i.npy ")
    assert " batch - " in as_command(Request(tuple(prompts), seed=1), "m", windows=False)


def test_a_manifest_is_taken_unchanged_and_makes_the_same_sounds(home, files, cli, generator):
    jobs = [
        Job(name, request, "micro")
        for name, request in requests(files).items()
        if name != "candidates"
    ]
    manifest = as_manifest(jobs)
    assert manifest.isascii()
    (home / "queue.jsonl").write_text(manifest)
    cli("batch", "queue.jsonl", "--out-dir", "out", "--model", "micro")
    takes = [take for job in jobs for take in generator.generate(job.request)]
    names = [json.loads(line)["id"] for line in manifest.splitlines()]
    assert len(set(names)) == len(names) == len(takes)
    for name, take in zip(names, takes, strict=True):
        assert same(home / "out" / f"{name}.wav", take), name


def test_rows_are_named_after_what_was_asked_for(files):
    jobs = [
        new_job(text("Heavy rain!", variations=2), "micro"),
        new_job(Request((Prompt("image", "/x/An Old Door.png"),)), "micro"),
        new_job(text("heavy rain"), "micro"),
        new_job(text(""), "micro"),
    ]
    names = [json.loads(line)["id"] for line in as_manifest(jobs).splitlines()]
    assert names == ["heavy_rain_01", "heavy_rain_02", "an_old_door_01", "heavy_rain_03",
                     "sound_01"]  # fmt: skip


def test_a_manifest_is_for_one_bundle():
    with pytest.raises(RequestError, match=r"2 bundles \(micro, other\)"):
        as_manifest([new_job(text("x"), "micro"), new_job(text("x"), "other")])


def test_nothing_in_the_queue_is_an_empty_manifest():
    assert as_manifest([]) == ""


def test_powershell_gets_its_own_quotes():
    request = text("it's \u2018rain\u2019", seed=1)
    words = "'it''s \u2018\u2018rain\u2019\u2019' --seed 1 --normalize none --model 'my bundle'"
    assert as_command(request, "my bundle", windows=True) == f"runtime-cli generate {words}"


@pytest.mark.parametrize("prompt", ['a "loud" bang', ""])
def test_powershell_gets_through_a_pipe_what_it_would_spoil(prompt):
    command = as_command(text(prompt, seed=1), "micro", windows=True)
    row, batch = command.rsplit(" | ", 1)
    assert batch == "runtime-cli batch - --out-dir . --model micro"
    assert json.loads(row[1:-1].replace("''", "'"))["prompts"][0]["value"] == prompt
