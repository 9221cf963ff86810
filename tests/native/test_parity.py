"""The compiled player computes what the Python player does, bit for bit."""

import dataclasses
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import hearsight
from hearsight import generator as playing
from hearsight import noise, schedule
from hearsight.decoder import latent_shape, tile
from hearsight.pieces import count
from hearsight.request import Init, Prompt, Request, text

ROOT = Path(__file__).resolve().parents[2]
MICRO = ROOT / "tests" / "micro"
BUNDLES = {
    "starter": ROOT / "engines" / "starter",
    **{name: MICRO / name for name in ("micro", "micro-flow")},
}
THREADS = 2

RAIN = text("heavy rain on a tin roof", seed=7, seconds=1.0)
MIX = (Prompt("text", "rain"), Prompt("text", "wind", 0.5), Prompt("text", "a dog", -0.25))
CASES = {
    "text": RAIN,
    "defaults": text("a dog barks", seed=2**63 - 1),
    "not a frame long": dataclasses.replace(RAIN, seconds=0.26),
    "unusual text": text("Ünïcödé  鳥の声, the DOG's bark's - 50%!", seed=1, seconds=1.0),
    "no text": text("", seed=3, seconds=1.0),
    "negative": dataclasses.replace(RAIN, negative="music", guidance=5.0),
    "negative alone": dataclasses.replace(text("  ", seed=3, seconds=1.0), negative="music"),
    "variations": dataclasses.replace(RAIN, variations=3, first_variation=5, id="ambience/rain"),
    "average": Request(MIX, seed=4, seconds=1.0),
    "branches": Request(MIX, seed=4, seconds=1.0, mix="branches", negative="hum"),
    "loop": dataclasses.replace(RAIN, loop=True),
    "guidance 1": dataclasses.replace(RAIN, guidance=1.0),
    "interval": dataclasses.replace(RAIN, guidance_interval=(0.2, 0.7)),
    "no row guided": dataclasses.replace(RAIN, guidance_interval=(0.0, 0.001)),
    "one step": dataclasses.replace(RAIN, steps=1),
}
DIFFUSION = {
    "ddim": dataclasses.replace(RAIN, solver="ddim", steps=5),
    "ancestral": dataclasses.replace(RAIN, solver="ddim", steps=5, eta=1.0),
    "many steps": dataclasses.replace(RAIN, steps=25, seconds=0.3),
}
MICRO_ALONE = {
    "long": dataclasses.replace(RAIN, seconds=9.3),
    "long loop": dataclasses.replace(RAIN, seconds=9.3, loop=True),
    "long ancestral": dataclasses.replace(RAIN, seconds=9.3, solver="ddim", eta=0.5, loop=True),
}


@pytest.fixture(scope="session")
def dump(built):
    return built / "tests" / "hearsight-dump"


@pytest.fixture(scope="session")
def played():
    """Python's generators by bundle and conditioners, opened once."""
    opened = {}

    def load(bundle, conditioners=()):
        key = bundle, conditioners
        if key not in opened:
            opened[key] = hearsight.load(
                BUNDLES[bundle], device="cpu", threads=THREADS, conditioners=conditioners
            )
        return opened[key]

    yield load
    for generator in opened.values():
        generator.close()


@pytest.fixture
def both(dump, ort, extensions, played, monkeypatch, tmp_path):
    """A function that plays a request on both sides and compares all that is told of the way."""

    def play(bundle, request, prompts=None, init=None, conditioners=()):
        python = _python(played(bundle, conditioners), request, monkeypatch)
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        job = {
            "ort": str(ort),
            "extensions": str(extensions),
            "threads": THREADS,
            "bundle": str(BUNDLES[bundle]),
            "conditioners": [str(each) for each in conditioners],
            "request": _plain(request, prompts, init),
            "out": str(out),
        }
        (tmp_path / "job.json").write_text(json.dumps(job))
        command = [dump, tmp_path / "job.json"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        for name, wanted in python.items():
            if isinstance(wanted, np.ndarray):
                kind = "f64" if wanted.dtype == np.float64 else "f32"
                got = np.fromfile(out / f"{name}.{kind}", wanted.dtype)
                assert got.size == wanted.size, name
                assert got.tobytes() == wanted.tobytes(), (
                    f"{name}: {np.abs(got - wanted.ravel()).max()}"
                )
            else:
                assert told[name] == wanted, name
        return python

    return play


def _python(generator, request, monkeypatch):
    """What the Python player computes on the way to the takes of a request."""
    found = {}
    begin, condition, finish = playing.begin, playing.condition, playing.finish

    def seen_begin(*args):
        if edit := begin(*args):
            found["init"] = edit.latent
        return edit

    def seen_condition(*args):
        told = condition(*args)
        for name in ("guided", "plain"):
            guide = getattr(told, name)
            found.update({name: guide.cond[0], f"{name}.weights": guide.weights})
        return told

    def seen_finish(audio, rate, spec, seconds, *, loop, kept):
        end = len(audio) if loop else max(1, round(seconds * rate))
        found[f"take{len([key for key in found if key.startswith('take')])}"] = audio[:end]
        return finish(audio, rate, spec, seconds, loop=loop, kept=kept)

    with monkeypatch.context() as patched:
        patched.setattr(playing, "begin", seen_begin)
        patched.setattr(playing, "condition", seen_condition)
        patched.setattr(playing, "finish", seen_finish)
        takes = generator.generate(request)
    asked = takes[0].request
    strength = 1.0 if asked.init is None else asked.init.strength
    found["table"] = schedule.rows(
        generator.bundle.manifest.schedule, asked.solver, asked.steps, asked.eta, strength
    )
    tiles = tile(generator.bundle.manifest, asked.seconds, loop=asked.loop)
    shape, time_axis = latent_shape(generator.bundle.manifest, tiles.frames)
    found["noise"] = noise.normal(takes[0].item_seed, noise.LATENT, shape, time_axis)
    found["item_seeds"] = [take.item_seed for take in takes]
    return found


def _plain(request, prompts, init):
    """A request as the program reads it: what is left open is left out."""
    told = {
        field.name: getattr(request, field.name)
        for field in dataclasses.fields(request)
        if field.name not in ("finish", "like", "candidates", "prompts", "init")
    }
    told = {name: value for name, value in told.items() if value is not None}
    told["prompts"] = prompts or [dataclasses.asdict(prompt) for prompt in request.prompts]
    return told | ({"init": init} if init else {})


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("bundle", ["micro", "starter"])
def test_sounds_are_the_same(both, bundle, case):
    both(bundle, CASES[case])


@pytest.mark.parametrize("case", DIFFUSION)
@pytest.mark.parametrize("bundle", ["micro", "starter"])
def test_solvers_are_the_same(both, bundle, case):
    both(bundle, DIFFUSION[case])


@pytest.mark.parametrize("case", MICRO_ALONE)
def test_sounds_of_several_windows_are_the_same(both, case):
    both("micro", MICRO_ALONE[case])


@pytest.fixture(scope="session")
def in_pieces(tmp_path_factory):
    """The micro bundle with a vocoder that says how far around it its frames look."""
    folder = tmp_path_factory.mktemp("pieces") / "micro"
    shutil.copytree(MICRO / "micro", folder)
    told = json.loads((folder / "bundle.json").read_bytes())
    told["graphs"]["vocoder"]["reach"] = 1
    (folder / "bundle.json").write_text(json.dumps(told), "utf-8")
    BUNDLES["micro in pieces"] = folder
    return "micro in pieces"


@pytest.mark.parametrize(("seconds", "loop"), [(4.0, False), (9.3, False), (9.3, True)])
def test_a_vocoder_in_pieces_is_the_same(both, in_pieces, seconds, loop):
    assert count(800, 1) == 3  # of the mel of four seconds
    both(in_pieces, dataclasses.replace(RAIN, seconds=seconds, loop=loop))


@pytest.mark.parametrize("loop", [False, True])
def test_a_flow_model_with_noise_in_its_decoder_is_the_same(both, loop):
    request = dataclasses.replace(RAIN, seconds=5.0, loop=loop)
    both("micro-flow", request, conditioners=(MICRO / "micro",))


def test_a_loop_of_the_starter_with_decoder_noise_in_two_stretches_is_the_same(both):
    both("starter", dataclasses.replace(RAIN, seconds=11.0, steps=2, loop=True))


@pytest.mark.parametrize("bundle", ["micro", "starter"])
def test_pictures_are_the_same(both, bundle, tmp_path):
    import cv2

    pixels = np.random.default_rng(1).integers(0, 256, (37, 53, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "picture.png"), pixels[..., ::-1])
    pixels.tofile(tmp_path / "picture.raw")
    request = Request((Prompt("image", str(tmp_path / "picture.png")),), seed=5, seconds=0.5)
    told = {"modality": "image", "value": str(tmp_path / "picture.raw"), "width": 53, "height": 37}
    both(bundle, request, [told])


@pytest.mark.parametrize("seconds", [0.4, 7.0])
@pytest.mark.parametrize("bundle", ["micro", "starter"])
def test_sounds_as_prompts_are_the_same(both, bundle, seconds, tmp_path):
    rate = _manifest(bundle).conditioners.audio.sample_rate
    file, raw = _noise(tmp_path, rate, seconds)
    prompts = (Prompt("audio", file), Prompt("text", "rain", 2.0))
    request = Request(prompts, seed=5, seconds=0.5)
    told = {"modality": "audio", "value": raw, "sample_rate": rate}
    both(bundle, request, [told, dataclasses.asdict(prompts[1])])


@pytest.mark.parametrize("bundle", ["micro", "starter"])
def test_a_condition_saved_before_is_the_same(both, bundle, tmp_path):
    saved = both(bundle, RAIN)["plain"]
    saved.tofile(tmp_path / "condition.bin")
    both(bundle, RAIN, [{"modality": "condition", "value": str(tmp_path / "condition.bin")}])


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("strength", [None, 0.3, 1.0])
@pytest.mark.parametrize("bundle", ["micro", "starter"])
def test_sounds_that_begin_with_another_are_the_same(both, bundle, strength, loop, tmp_path):
    rate = _manifest(bundle).audio.sample_rate
    file, raw = _noise(tmp_path, rate, 1.2)
    request = Request(RAIN.prompts, seed=5, init=Init(file, strength), loop=loop)
    told = {"value": raw, "sample_rate": rate} | ({"strength": strength} if strength else {})
    both(bundle, request, init=told)


def _manifest(bundle):
    return hearsight.open_bundle(BUNDLES[bundle]).manifest


def _noise(folder, rate, seconds):
    """A sound with an offset, as a file and as raw values."""
    import soundfile

    samples = np.random.default_rng(2).uniform(-0.3, 0.4, round(seconds * rate)).astype(np.float32)
    soundfile.write(folder / "sound.wav", samples, rate, subtype="FLOAT")
    samples.tofile(folder / "sound.raw")
    return str(folder / "sound.wav"), str(folder / "sound.raw")
