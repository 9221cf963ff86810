"""Sounds measured as a user would: from folders and tables, with every ear that the tests have."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hearsight import BundleError, HearsightError, MediaError, RequestError, wav
from hearsight.bundle import open_bundle
from hearsight.cases import Case, cases_in_folder, cases_in_table
from hearsight.engine import Engine
from hearsight.evaluating import evaluate
from hearsight.hearing import TEMPERATURE, Classes, Ear, Labels
from hearsight.mixing import cosine
from hearsight.request import Plan, Prompt, Request, Take
from hearsight.sampler import Cancel

STARTER = Path(__file__).parents[2] / "engines" / "starter"
MICROS = Path(__file__).parents[1] / "micro"


@pytest.fixture(scope="module")
def ear():
    bundle = open_bundle(STARTER)
    with Engine(bundle, device="cpu", threads=1) as engine:
        yield Ear(bundle, engine)


def tone(path: Path, hertz: float, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(8000) / 16000
    noise = np.random.default_rng(seed).normal(size=len(time))
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * hertz * time) + 0.01 * noise, 16000)
    return path


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    for index, hertz in enumerate((110, 220, 440, 880)):
        tone(folder / "made" / f"{hertz}.wav", hertz, index)
        tone(folder / "real" / f"{hertz}.wav", hertz * 1.01, index + 9)
    return folder


def by_name(found):
    return {measure.name: measure for measure in found.measures}


def test_pairs_and_sets_are_measured(sounds, ear):
    cases = [
        Case(file, (Prompt("text", "a beep"),), sounds / "real" / file.name)
        for file in sorted((sounds / "made").iterdir())
    ]
    labels = Labels(ear, ["a beep", "rain", "a dog barking"], Cancel())
    told = []
    found = evaluate(cases, [], ear, labels, progress=lambda *step: told.append(step))
    measures = by_name(found)
    assert list(measures) == ["fad", "clap_score", "reference_cosine", "inception_score", "kl"]
    assert measures["fad"].references == 4
    assert "4 sounds for 256 dimensions" in measures["fad"].notes[0]
    assert measures["reference_cosine"].value > 0.9
    for stage in ("embed", "classify"):
        steps = [step for name, step, total in told if (name, total) == (stage, 8)]
        assert (steps, steps[0], steps[-1]) == (sorted(steps), 0, 8)
    assert {name for name, _, _ in told} == {"embed", "classify"}
    for item in found.items:
        assert item.keys() == {"file", "clap_score", "reference_cosine", "class", "kl"}
    heard = ear.embedding("audio", str(cases[0].file), Cancel())
    said = ear.embedding("text", "a beep", Cancel())
    assert found.items[0]["clap_score"] == pytest.approx(cosine(heard, said))
    assert measures["clap_score"].value == pytest.approx(
        np.mean([item["clap_score"] for item in found.items])
    )
    near = np.exp([cosine(heard, ear.embedding("text", "a beep", Cancel())) / TEMPERATURE])
    shares = labels.probabilities(cases[0].file, Cancel())
    assert shares.sum() == pytest.approx(1, abs=1e-6)
    assert shares[0] / shares[1] == pytest.approx(
        near[0] / np.exp(cosine(heard, ear.embedding("text", "rain", Cancel())) / TEMPERATURE),
        rel=1e-4,
    )


def test_sounds_are_nearer_to_themselves_than_to_others(sounds, ear):
    made = [Case(file) for file in sorted((sounds / "made").iterdir())]
    same = evaluate(made, [case.file for case in made], ear, None)
    other = evaluate(made, sorted((sounds / "real").iterdir()), ear, None)
    assert by_name(same)["fad"].value < 1e-6 < by_name(other)["fad"].value


def test_nothing_to_compare_with_is_said(sounds, ear):
    with pytest.raises(RequestError, match="nothing to compare"):
        evaluate([Case(next((sounds / "made").iterdir()))], [], ear, None)


def test_a_file_that_is_no_sound_is_named(tmp_path, ear):
    wrong = tmp_path / "text.wav"
    wrong.write_text("no sound")
    with pytest.raises(MediaError, match=r"text\.wav"):
        evaluate([Case(wrong), Case(wrong)], [wrong], ear, None)


def test_a_table_names_files_references_and_prompts(sounds):
    with pytest.raises(RequestError, match="names no sounds"):
        cases_in_table("id,other\n1,2\n", "csv", sounds, "t.csv")
    rows = (
        "file\treference\tcaption\tbook\n"
        "made/110.wav\treal/110.wav\ta beep\tx\n"
        "made/220.wav\t\t\t\n"
    )
    first, second = cases_in_table(rows, "tsv", sounds, "t.tsv")
    assert first == Case(
        sounds / "made/110.wav", (Prompt("text", "a beep"),), sounds / "real/110.wav"
    )
    assert second == Case(sounds / "made/220.wav")


def test_the_ledger_of_a_batch_is_a_table(sounds):
    lines = [{"event": "start", "total": 1}, {"event": "result", "path": "made/440.wav"}]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    assert cases_in_table(text, "jsonl", sounds, "r.jsonl") == [Case(sounds / "made/440.wav")]


def test_a_ledger_finds_its_sounds_wherever_the_batch_was_begun(sounds):
    for path in ("elsewhere/out/made/440.wav", "/gone/made/440.wav", "C:\\out\\made\\440.wav"):
        text = json.dumps({"event": "result", "path": path})
        assert cases_in_table(text, "jsonl", sounds, "r.jsonl") == [Case(sounds / "made/440.wav")]
    with pytest.raises(MediaError, match=r"r\.jsonl, line 1: .*made/110\.wav"):
        cases_in_table('{"file": "out/made/110.wav"}', "jsonl", sounds, "r.jsonl")


@pytest.mark.parametrize("column", ["file", "reference", "image"])
def test_files_of_a_table_that_are_not_there_are_told_with_their_line(sounds, column):
    row = {"file": "made/110.wav"} | {column: "nowhere.wav"}
    with pytest.raises(MediaError, match=r"r\.jsonl, line 1: There is no file .*nowhere\.wav"):
        cases_in_table(json.dumps(row), "jsonl", sounds, "r.jsonl")


def test_prompts_that_a_sound_tells_are_left_out_where_their_file_is_gone(tmp_path):
    asked = Request((Prompt("image", "gone.png"), Prompt("text", "a beep")), seed=1)
    plan = Plan("micro", "0" * 64, "CPUExecutionProvider", "fp32", "ddim", 1, 1.0, "")
    wav.write(tmp_path / "a.wav", Take(np.ones(800, np.float32) / 2, 8000, asked, 0, plan))
    [case] = cases_in_folder(tmp_path)
    assert case.prompts == (Prompt("text", "a beep"),)


def test_the_class_of_every_sound_is_told_by_name(sounds, ear):
    files = sorted((sounds / "made").iterdir())
    bundle = open_bundle(MICROS / "micro-classes")
    with Engine(bundle, device="cpu", threads=1) as engine:
        classes = Classes(bundle, engine)
        found = evaluate([Case(file) for file in files], [], None, classes)
        most = [int(np.argmax(classes.probabilities(file, Cancel()))) for file in files]
    names = (MICROS / "micro-classes" / "labels.txt").read_text().split()
    assert [item["class"] for item in found.items] == [names[i] for i in most]
    assert Labels(ear, ["a beep", "rain"], Cancel()).names == ("a beep", "rain")


def test_a_classifier_has_as_many_names_as_classes(tmp_path):
    root = tmp_path / "classes"
    shutil.copytree(MICROS / "micro-classes", root)
    raw = b"rain\nwind\n"
    (root / "labels.txt").write_bytes(raw)
    data = json.loads((root / "bundle.json").read_text())
    digest = hashlib.sha256(raw).hexdigest()
    data["classifier"]["labels"] |= {"sha256": digest, "bytes": len(raw)}
    (root / "bundle.json").write_text(json.dumps(data))
    bundle = open_bundle(root)
    with (
        Engine(bundle, device="cpu", threads=1) as engine,
        pytest.raises(BundleError, match=r"labels\.txt names 2 classes, and there are 5"),
    ):
        Classes(bundle, engine)


class Broken(Engine):
    """An engine whose graphs give no numbers."""

    def run(self, name, inputs, cancel, **options):
        given = super().run(name, inputs, cancel, **options)
        return {key: value * np.nan for key, value in given.items()}


@pytest.mark.parametrize(
    ("name", "ear"), [("micro-classes", Classes), ("micro", Ear)], ids=["classes", "ear"]
)
def test_what_a_network_hears_must_be_numbers(sounds, name, ear):
    bundle = open_bundle(MICROS / name)
    file = sounds / "made" / "110.wav"
    with Broken(bundle, device="cpu", threads=1) as engine:
        heard = ear(bundle, engine)
        with pytest.raises(HearsightError, match=f"'{name}' gave values that are not numbers"):
            if isinstance(heard, Classes):
                heard.probabilities(file, Cancel())
            else:
                heard.embedding("audio", str(file), Cancel())


def test_every_file_is_heard_once_though_names_tell_classes(sounds):
    bundle = open_bundle(STARTER)
    with Counting(bundle, device="cpu", threads=1) as engine:
        counted = Ear(bundle, engine)
        labels = Labels(counted, ["a beep", "rain"], Cancel())
        cases = [Case(file, (Prompt("text", "a beep"),)) for file in (sounds / "made").iterdir()]
        evaluate(cases, [case.file for case in cases], counted, labels)
    assert engine.runs["audio"] == len(cases)
    assert engine.runs["text"] == 2


class Counting(Engine):
    """An engine that counts how often each graph runs."""

    def run(self, name, inputs, cancel, **options):
        self.runs = Counter({name: 1}) + getattr(self, "runs", Counter())
        return super().run(name, inputs, cancel, **options)


def test_a_wrong_cell_is_told_with_its_line(sounds):
    with pytest.raises(RequestError, match=r"r\.jsonl, line 1: prompt must be text"):
        cases_in_table('{"file": "a.wav", "prompt": 3}\n', "jsonl", sounds, "r.jsonl")


def test_an_empty_folder_is_said(tmp_path):
    with pytest.raises(RequestError, match="holds no sounds"):
        cases_in_folder(tmp_path)
