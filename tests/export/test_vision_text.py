"""Both experiments play: whole, in a copy of Make-An-Audio, and beside it."""

import json
import sys

import make_an_audio_checkpoint as make_an_audio
import numpy as np
import pytest
import soundfile
import torch
from imagebind_checkpoint import GOLDEN, save_imagebind, write_words
from PIL import Image
from seeded import seeded
from test_expa import distance, projector_shapes
from test_expa import saved as save_projector
from test_expb import saved as save_adapter

from hearsight.bundle import open_bundle
from hearsight.cli.app import app
from hearsight.conditioner import Conditioner
from hearsight.engine import Engine
from hearsight.join import How, Source, laid
from hearsight.manifest import Conditioners, License, TextConditioner
from hearsight.request import Prompt
from hearsight.sampler import Cancel
from hearsight_export import cli
from hearsight_export.conditioning import Addition, make_conditioner
from hearsight_export.imagebind.loading import load_encoder, read_imagebind
from hearsight_export.imagebind.seeing import Looking
from hearsight_export.make_an_audio.loading import load_make_an_audio
from hearsight_export.make_an_audio.words import space_of, text_graphs
from hearsight_export.vision_text.adapters import read_adapter
from hearsight_export.vision_text.reading import read_projector

SPACE = f"maa-clap-77x{make_an_audio.SPACE}"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    torch.set_num_threads(1)
    place = tmp_path_factory.mktemp("vision-text")
    write_words(place / "words")
    save_imagebind(place / "imagebind_huge.pth", ("vision", "text"))
    pixels = np.random.default_rng(5).integers(0, 256, (224, 224, 3), np.uint8)
    Image.fromarray(pixels).save(place / "dog.png")
    return place


@pytest.fixture(scope="module")
def whole(place):
    """A checkpoint of Experiment A in small widths."""
    state = make_an_audio.original()
    state = {n: t for n, t in state.items() if not n.startswith("cond_stage_model.")}
    for name, shape in projector_shapes("sequence", 64, make_an_audio.SPACE).items():
        state[f"cond_stage_model.conditioner.{name}"] = torch.from_numpy(seeded(name, shape))
    make_an_audio.save(state, place / "expa.ckpt")
    make_an_audio.save_vocoder(place / "best_netG.pt")
    return export(place, "expa", "expa.ckpt", "whole", "--vocoder", str(place / "best_netG.pt"))


@pytest.fixture(scope="module")
def maa(place, whole):
    """Make-An-Audio with its own text encoder, around the networks that the bundle above has."""
    model = load_make_an_audio(make_an_audio.save(make_an_audio.original(), place / "maa.ckpt"))
    make_an_audio.write_pieces(place / "pieces")

    def text(root):
        return Addition(
            "make-an-audio",
            "Make-An-Audio",
            text_graphs(model.text, place / "pieces", root),
            Conditioners(text=TextConditioner(("tokenize", "text"))),
            space_of(model.text, root),
            {"text": License("unknown")},
            replaces=whole.manifest.space.name,
        )

    return make_conditioner(place / "maa.ckpt", place / "maa", text, whole, lambda line: None)


@pytest.fixture(scope="module")
def expb(place):
    """Experiment B with the adapter that hears what it is told."""
    save_adapter(place / "adapter_token77.pth", "mlp")
    return export(place, "expb", "adapter_token77.pth", "expb")


def export(place, verb, checkpoint, name, *more):
    assert asked(place, verb, checkpoint, name, *more) == 0
    return open_bundle(place / name)


def asked(place, verb, checkpoint, name, *more):
    """The exit status of `hearsight-export`."""
    said = ["hearsight-export", verb, str(place / checkpoint), "--precisions", ""]
    said += ["--imagebind", str(place / "imagebind_huge.pth"), "--tokenizer", str(place / "words")]
    said += ["--threads", "1", "-o", str(place / name)]
    old, sys.argv = sys.argv, [*said, *more]
    try:
        with pytest.raises(SystemExit) as ended:
            cli.main()
    finally:
        sys.argv = old
    return ended.value.code or 0


def vectors(place):
    """What ImageBind makes of the picture and of a text of one word."""
    file = read_imagebind(place / "imagebind_huge.pth")
    pixels = torch.from_numpy(np.array(Image.open(place / "dog.png"))).permute(2, 0, 1)[None]
    vocabulary = json.loads((place / "words" / "vocab.json").read_text())
    said = ["<|startoftext|>", "r", "ai", "n</w>", "<|endoftext|>"]
    with torch.no_grad():
        image = Looking(load_encoder(file, "vision"))(pixels.float() / 255)
        text = load_encoder(file, "text")(torch.tensor([[vocabulary[piece] for piece in said]]))
    return image, text


def told(bundle, *prompts, how=How()):  # noqa: B008
    with Engine(bundle, device="cpu", threads=1) as engine:
        found = Conditioner(bundle, engine).tell(dict(enumerate(prompts)), how, Cancel())
    return found.conditions[0]


def empty_of(bundle):
    shape = bundle.manifest.space.shape
    return np.fromfile(bundle.root / bundle.manifest.space.empty.file, np.float32).reshape(shape)


def played(out, *arguments):
    """The sound that `runtime-cli generate "rain"` makes."""
    short = ["--duration", "1", "--steps", "2", "--seed", "1", "--device", "cpu", "--threads", "1"]
    with pytest.raises(SystemExit) as left:
        app(["generate", "rain", *arguments, *short, "-o", str(out)], prog_name="runtime-cli")
    assert not left.value.code
    audio, _ = soundfile.read(out)
    assert np.abs(audio).max() > 0
    return audio


def test_vectors_meet_as_they_did_in_the_original_code(place, whole, expb):
    """Golden: a text's and a picture's vector of facebookresearch/ImageBind (commit 53680b0) in
    small, joined as both experiments do and as unit vectors.
    """
    golden = np.load(GOLDEN / "fusion.npz")
    projector = read_projector(place / "expa.ckpt").projector
    adapter = read_adapter(place / "adapter_token77.pth")
    with Engine(whole, device="cpu", threads=1) as a, Engine(expb, device="cpu", threads=1) as b:
        for i in range(2):
            sources = [Source("text", golden["text"][i]), Source("image", golden["vision"][i])]
            pair = laid(whole.manifest, sources, How())
            [found] = a.run("join", pair, None).values()
            with torch.no_grad():
                wanted = projector(torch.from_numpy(golden["concat_vision_text"][i : i + 1]))
            assert distance(found, wanted) < 1e-5
            for how, name in ((None, "mean"), ("raw", "mean"), ("unit", "mean_unit")):
                fused = laid(expb.manifest, sources, How(mean=how))
                assert distance(fused["fused"][0], golden[name][i]) < 1e-6
                [found] = b.run("join", fused, None).values()
                with torch.no_grad():
                    wanted = adapter(torch.from_numpy(golden[name][i : i + 1]))
                assert distance(found, wanted) < 1e-5


def test_a_whole_checkpoint_plays_a_picture_and_a_text_together(place, whole):
    manifest = whole.manifest
    assert (manifest.kind, manifest.space.name) == ("both", "expa-sequence-77x64")
    assert "sequence projector" in manifest.title and manifest.defaults.guidance == 5.0
    assert "CC-BY-NC-SA-4.0" in (whole.root / "NOTICE").read_text("utf-8")
    for name in ("image", "text", "join", "denoise"):
        assert manifest.license[f"{name}.weights"].commercial_use is False
    [heard] = manifest.chain
    assert heard.steps == 25 and heard.snr_db > 60
    projector = read_projector(place / "expa.ckpt").projector
    image, text = vectors(place)
    picture, words = Prompt("image", str(place / "dog.png")), Prompt("text", "Rain")
    zeros = torch.zeros_like(text)
    with torch.no_grad():
        for prompts, pair in (
            ((words, picture), (image, text)),
            ((picture,), (image, zeros)),
            ((words,), (zeros, text)),
        ):
            wanted = projector(torch.cat(pair, dim=1))[0]
            assert distance(told(whole, *prompts), wanted) < 1e-5
        assert distance(empty_of(whole), projector(torch.zeros(1, 64))[0]) < 1e-6


def test_a_projector_alone_plays_in_a_copy_of_make_an_audio(place, maa, tmp_path):
    save_projector(place / "projector.pt", "hybrid", 64, 64)
    base = maa.manifest
    assert (base.space.name, set(base.graphs)) == (
        SPACE,
        {"tokenize", "text", "denoise", "decode", "encode", "vocoder"},
    )
    bundle = export(place, "expa", "projector.pt", "copy", "--into", str(maa.root))
    copy = bundle.manifest
    assert (copy.kind, copy.space.name) == ("both", "expa-hybrid-77x64")
    assert "hybrid projector" in copy.title and copy.conditioners.video
    assert copy.graphs["denoise"] == base.graphs["denoise"]
    assert copy.graphs["text"] != base.graphs["text"]
    assert copy.license["text.weights"].commercial_use is False
    assert copy.license["denoise.weights"] == base.license["denoise.weights"]
    with torch.no_grad():
        empty = read_projector(place / "projector.pt").projector(torch.zeros(1, 64))[0]
    assert distance(empty_of(bundle), empty) < 1e-6
    model = "--model", str(bundle.root)
    words = played(tmp_path / "words.wav", *model)
    both = played(tmp_path / "both.wav", "--image", str(place / "dog.png"), *model)
    assert not np.array_equal(words, both)


def test_a_projector_alone_becomes_a_conditioner_beside_make_an_audio(place):
    save_projector(place / "beside.pt", "simple", 64, 64)
    manifest = export(place, "expa", "beside.pt", "beside").manifest
    assert (manifest.kind, manifest.space.name) == ("conditioner", SPACE)
    assert manifest.space.empty is None
    assert "--into" in (place / "beside" / "NOTICE").read_text("utf-8")


def test_files_and_options_that_do_not_go_together_are_told(place, whole, capsys):
    save_projector(place / "alone.pt", "simple", 64, 64)
    vocoder = "--vocoder", str(place / "best_netG.pt")
    for checkpoint, more, message in (
        ("expa.ckpt", (), "is a whole Make-An-Audio: give --vocoder"),
        ("expa.ckpt", (*vocoder, "--into", str(whole.root)), "and no --into"),
        ("alone.pt", vocoder, "is a projector alone: leave --vocoder out"),
    ):
        assert asked(place, "expa", checkpoint, "never", *more) == 2
        assert message in " ".join(capsys.readouterr().err.replace("\u2502", " ").split())
    assert not (place / "never").exists()


def test_an_adapter_plays_beside_make_an_audio(place, maa, expb, tmp_path):
    assert (expb.manifest.space.name, maa.manifest.space.name) == (SPACE, SPACE)
    assert "one vector for all tokens" in expb.manifest.title
    assert "averaged as they are" in (expb.root / "NOTICE").read_text("utf-8")
    image, text = vectors(place)
    picture, words = Prompt("image", str(place / "dog.png")), Prompt("text", "rain")
    adapter = read_adapter(place / "adapter_token77.pth")
    unit = torch.nn.functional.normalize
    means = {"raw": (text + image) / 2, "unit": unit(unit(text) + unit(image))}
    for how, fused in means.items():
        with torch.no_grad():
            wanted = adapter(fused)[0]
        assert distance(told(expb, words, picture, how=How(mean=how)), wanted) < 1e-5
    beside = "--model", str(maa.root), "--conditioner", str(expb.root)
    seen = *beside, "--image", str(place / "dog.png")
    own = played(tmp_path / "own.wav", "--model", str(maa.root))
    heard = {"text": played(tmp_path / "text.wav", *beside)}
    heard["average"] = played(tmp_path / "average.wav", *seen)
    for mix in ("raw", "unit"):
        heard[mix] = played(tmp_path / f"{mix}.wav", *seen, "--mix", mix)
    # The bundle's own mean is that of vectors as they are.
    np.testing.assert_array_equal(heard["average"], heard["raw"])
    different = own, heard["text"], heard["raw"], heard["unit"]
    for i, one in enumerate(different):
        assert not any(np.array_equal(one, other) for other in different[:i])
