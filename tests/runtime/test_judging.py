"""A judge of another space chooses among candidates."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hearsight import load, noise
from hearsight.bundle import open_bundle
from hearsight.cli.app import app
from hearsight.conditioner import Conditioner
from hearsight.engine import Engine
from hearsight.errors import BundleError, RequestError
from hearsight.manifest import Conditioners, Space
from hearsight.request import Finish, Like, Prompt, text
from hearsight.sampler import Cancel
from hearsight.store import describe, write_bundle

MICROS = Path(__file__).parents[1] / "micro"
RATE = 8000
RAIN = text("rain on a roof", seed=11, seconds=0.6, finish=Finish(sample_rate=RATE))


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    """What micro understands, heard the other way round, in a space of its own."""
    root = tmp_path_factory.mktemp("bundles") / "judge"
    shutil.copytree(MICROS / "micro", root)
    weights = root / "audio.fp32.weights"
    values = np.frombuffer(weights.read_bytes(), np.float32)
    weights.write_bytes((-values).tobytes())
    old = open_bundle(MICROS / "micro").manifest
    known = old.conditioners
    graphs = {name: old.graphs[name] for name in ("tokenize", "text", "audio")}
    plain = graphs["audio"].variants["fp32"]
    heard = replace(plain, weights=(describe(root, "audio.fp32.weights"),))
    graphs["audio"] = replace(graphs["audio"], variants={"fp32": heard}, check=None)
    graphs["text"] = replace(
        graphs["text"], variants={"fp32": graphs["text"].variants["fp32"]}, parity=()
    )
    weights_of = {"tokenize.fp32.onnx", "text.fp32.weights", "audio.fp32.weights"}
    manifest = replace(
        old,
        name="judge",
        kind="conditioner",
        space=Space("other-16", (16,)),
        graphs=graphs,
        license={file: terms for file, terms in old.license.items() if file in weights_of},
        conditioners=Conditioners(text=known.text, audio=known.audio),
        audio=None,
        latent=None,
        schedule=None,
        defaults=None,
        chain=(),
    )
    write_bundle(root, manifest)
    return root


def open_micro(**options):
    return load(MICROS / "micro", **{"device": "cpu", "threads": 1} | options)


def chosen(judge, seed, words="rain on a roof", seconds=0.6):
    """Seeds of three candidates, their sounds and how like the words a bundle finds each."""
    with open_micro() as micro:
        request = replace(RAIN, seed=seed, seconds=seconds)
        first = noise.item_seed(seed, "", 0)
        seeds = [first, *(noise.item_seed(first, "candidate", n) for n in (1, 2))]
        takes = [micro.generate(replace(request, like=Like(own, 0.0)))[0] for own in seeds]
    bundle = open_bundle(judge)
    with Engine(bundle, device="cpu", threads=1) as engine:
        ear = Conditioner(bundle, engine)
        [wanted] = ear.condition("text", words, Cancel())
        heard = [ear.hear(take.audio, RATE, Cancel()) for take in takes]
    return seeds, [float(one @ wanted) for one in heard]


@pytest.mark.parametrize("seed", range(4))
def test_the_candidate_that_the_judge_finds_most_alike_is_kept(judge, seed):
    seeds, alike = chosen(judge, seed)
    with open_micro(judge=judge) as micro:
        [take] = micro.generate(replace(RAIN, seed=seed, candidates=3))
    assert take.item_seed == seeds[int(np.argmax(alike))]
    assert take.similarity == pytest.approx(max(alike), abs=1e-4)


def test_it_is_another_than_the_generators_own_ear_would_keep(judge):
    kept = []
    for options in ({}, {"judge": judge}):
        with open_micro(**options) as micro:
            requests = [replace(RAIN, seed=seed, candidates=3) for seed in range(6)]
            kept.append([micro.generate(request)[0].item_seed for request in requests])
    assert kept[0] != kept[1]


def test_guidance_and_what_is_not_wanted_are_no_affair_of_the_judge(judge):
    request = replace(RAIN, candidates=2, negative="thunder", guidance=3.0)
    with open_micro(judge=judge) as micro:
        [take] = micro.generate(request)
        bundle = open_bundle(judge)
        with Engine(bundle, device="cpu", threads=1) as engine:
            ear = Conditioner(bundle, engine)
            [wanted] = ear.condition("text", "rain on a roof", Cancel())
            heard = ear.hear(take.audio, RATE, Cancel())
    assert take.similarity == pytest.approx(float(heard @ wanted), abs=1e-4)


def test_without_candidates_the_judge_is_not_asked(judge):
    with open_micro(judge=judge) as micro, open_micro() as plain:
        [take], [same] = micro.generate(RAIN), plain.generate(RAIN)
        assert np.array_equal(take.audio, same.audio)
        assert take.similarity is None
        assert not micro._judge.is_open("text")


def test_a_generator_that_is_deaf_hears_by_its_judge(judge):
    eye = MICROS / "micro-eye"
    with (
        load(MICROS / "micro-flow", device="cpu", conditioners=[eye], judge=judge) as flow,
        pytest.raises(RequestError, match="No loaded bundle understands text"),
    ):
        flow.generate(replace(RAIN, candidates=2, solver=None))


def test_prompts_that_the_judge_does_not_understand_are_refused_at_once(judge, tmp_path):
    request = replace(RAIN, prompts=(Prompt("image", str(tmp_path / "a.png")),), candidates=2)
    said = "judge 'judge' understands no image prompts, only text, audio"
    with open_micro(judge=judge) as micro, pytest.raises(RequestError, match=said):
        micro.stream(request)


def test_a_judge_that_is_deaf_is_refused():
    with pytest.raises(BundleError, match="'micro-eye' does not understand sounds"):
        open_micro(judge=MICROS / "micro-eye")


@pytest.fixture
def cli(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HEARSIGHT_ENGINES", str(MICROS))
    monkeypatch.setenv("RUNTIME_MODEL", "micro")
    monkeypatch.setenv("RUNTIME_THREADS", "1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        with pytest.raises(SystemExit) as left:
            app(list(map(str, arguments)), prog_name="runtime-cli")
        return left.value.code, capsys.readouterr()

    return run


def test_the_command_line_names_a_judge(cli, judge, tmp_path):
    _, alike = chosen(judge, 2, seconds=1.0)
    common = ("--seed", 2, "--candidates", 3, "--judge", judge, "--duration", 1)
    code, told = cli("generate", "rain on a roof", *common, "--json", "-o", "a.wav")
    assert code == 0, told.err
    done = [json.loads(line) for line in told.out.splitlines()]
    [similarity] = [event["similarity"] for event in done if "similarity" in event]
    assert similarity == pytest.approx(max(alike), abs=1e-3)
    code, told = cli("replay", "a.wav", "--judge", judge)
    assert code == 0, told.err
    Path("rows.jsonl").write_text('{"prompt": "rain on a roof", "candidates": 3}\n')
    code, told = cli("batch", "rows.jsonl", "-o", "out", "--judge", judge, "--seed", 2)
    assert code == 0, told.err


@pytest.mark.parametrize("verb", [("generate", "rain"), ("generate", "rain", "--image", "a.png")])
def test_the_command_line_refuses_what_cannot_be_judged(cli, judge, verb, tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    deaf = len(verb) == 2
    name = MICROS / "micro-eye" if deaf else judge
    code, told = cli(*verb, "--candidates", 2, "--judge", name, "-o", "a.wav")
    assert code not in (0, 1)
    said = "does not understand sounds" if deaf else "understands no image prompts"
    assert said in told.err
    assert not Path("a.wav").exists()
