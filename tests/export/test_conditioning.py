"""Conditioners join a bundle of their space, and one bundle then understands all prompts."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile
import torch
from audioldm_checkpoint import original, save, write_tokenizer
from PIL import Image
from test_ciap import checkpoint as ciap_checkpoint
from test_clip import openai
from test_echoframe import checkpoint as mapper_checkpoint
from typer.testing import CliRunner

from hearsight.bundle import open_bundle
from hearsight.conditioner import Conditioner
from hearsight.contract import files as files_of
from hearsight.engine import Engine
from hearsight.errors import BundleError, OutputError, RequestError
from hearsight.manifest import ChainParity, Conditioners, License
from hearsight.sampler import Cancel
from hearsight.store import write_bundle
from hearsight_export.checkpoints import CheckpointError
from hearsight_export.cli import app
from hearsight_export.conditioning import Addition, make_conditioner


def export(*arguments):
    """Run `hearsight-export` in fp32; what went wrong is raised."""
    said = arguments if "--precisions" in arguments else (*arguments, "--precisions", "fp32")
    result = CliRunner().invoke(app, [str(argument) for argument in said])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Checkpoints in small widths, and prompts, as files."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("files")
    write_tokenizer(folder / "words")
    shallow = re.compile(r"cond_stage_model\.(?!.*layers\.\d\.blocks\.[1-9])")
    save({n: t for n, t in original().items() if shallow.match(n)}, folder / "clap.ckpt")
    torch.save(ciap_checkpoint(8), folder / "ciap.pth")
    torch.save(mapper_checkpoint("mlp_res", 512, 32, 48), folder / "mapper.pth")
    eye = openai(64, 64, (1, 1), 16, 32, 512, words=20, places=12)
    torch.save(eye, folder / "open_clip.pt")
    rng = np.random.default_rng(2)
    pictures = rng.integers(0, 256, (10, 48, 64, 3), np.uint8)
    Image.fromarray(pictures[0]).save(folder / "picture.png")
    video = cv2.VideoWriter(str(folder / "clip.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 8, (64, 48))
    for picture in pictures:
        video.write(picture)
    video.release()
    sound = 0.1 * rng.standard_normal(24000)
    soundfile.write(folder / "sound.wav", sound.astype(np.float32), 16000, "FLOAT")
    return folder


@pytest.fixture(scope="module")
def joined(files):
    """Text and sound, then pictures, then videos, each joined to what was there."""
    bundle = files / "ear"
    export("clap", files / "clap.ckpt", "-o", bundle, "--tokenizer", files / "words")
    export("ciap", files / "ciap.pth", "-o", files / "eye", "--into", bundle)
    clip = ("--clip", files / "open_clip.pt")
    export("echoframe", files / "mapper.pth", *clip, "-o", files / "all", "--into", files / "eye")
    return open_bundle(files / "all")


def test_one_bundle_understands_texts_sounds_pictures_and_videos(files, joined):
    manifest = joined.manifest
    assert manifest.name == "all" and manifest.kind == "conditioner"
    assert list(manifest.graphs) == ["tokenize", "text", "audio", "image", "video-image", "frames"]
    assert manifest.graphs["video-image"].role == "image"
    assert manifest.source.checkpoint == "clap.ckpt"
    with Engine(joined, device="cpu", threads=1) as engine:
        conditioner = Conditioner(joined, engine)
        assert conditioner.understands == ("text", "image", "video", "audio")
        for kind, said in (
            ("text", "heavy rain"),
            ("audio", str(files / "sound.wav")),
            ("image", str(files / "picture.png")),
            ("video", str(files / "clip.avi")),
        ):
            [found] = conditioner.condition(kind, said, Cancel())
            assert found.shape == (512,) and np.isfinite(found).all() and found.std() > 0


def test_what_is_joined_stays_what_it_was(files, joined):
    alone, both = open_bundle(files / "ear"), joined.manifest
    for name, graph in alone.manifest.graphs.items():
        assert both.graphs[name] == graph
    assert both.space == alone.manifest.space
    assert both.conditioners.text == alone.manifest.conditioners.text
    video = both.conditioners.video
    assert (video.graphs, video.fps, video.max_frames) == (("video-image", "frames"), 8.0, 64)
    assert both.license["frames.weights"].commercial_use is False
    notice = (joined.root / "NOTICE").read_text()
    assert all(name in notice for name in ("clap.ckpt", "ciap.pth", "mapper.pth"))
    names = {path.name for path in joined.root.iterdir()}
    assert {"NOTICE", "README.md", "bundle.json", "empty.bin", "check"} <= names


def test_a_second_conditioner_takes_the_place_of_the_first(files, joined, tmp_path):
    torch.save(ciap_checkpoint(12), tmp_path / "other.pth")
    export("ciap", tmp_path / "other.pth", "-o", joined.root, "--into", joined.root)
    again = open_bundle(joined.root).manifest
    old, new = joined.manifest.graphs, again.graphs
    assert new["image"].variants["fp32"].weights != old["image"].variants["fp32"].weights
    assert {n: g for n, g in new.items() if n != "image"} == {
        n: g for n, g in old.items() if n != "image"
    }


def test_what_was_measured_with_another_text_conditioner_is_not_taken_over(tmp_path):
    micro = open_bundle(Path(__file__).parents[1] / "micro" / "micro")
    chain = (ChainParity("fp32", 1.0, 4, 90.0, 0.1),)
    shutil.copytree(micro.root, tmp_path / "old")
    for document in ("CARD.md", "sheet.png", "NOTES.md"):
        (tmp_path / "old" / document).write_text("of old")
    base = write_bundle(tmp_path / "old", replace(micro.manifest, chain=chain))
    terms = License("MIT")

    def addition(kind):
        chained = getattr(base.manifest.conditioners, kind)
        graphs = {name: base.manifest.graphs[name] for name in chained.graphs}

        def make(root):
            others = {n: g for n, g in base.manifest.graphs.items() if n not in graphs}
            rest = replace(base.manifest.conditioners, **{kind: None})
            rest = replace(base.manifest, graphs=others, conditioners=rest)
            kept = {entry.file for _, entry in files_of(rest)}
            for file in {entry.file for _, entry in files_of(base.manifest)} - kept:
                (root / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(base.root / file, root / file)
            space = replace(base.manifest.space, empty=None)
            given = Conditioners(**{kind: chained})
            return Addition("again", "Again", graphs, given, space, dict.fromkeys(graphs, terms))

        return make

    checkpoint = tmp_path / "a.pt"
    checkpoint.write_bytes(b"a")
    for kind, heard in (("text", ()), ("audio", chain)):
        made = make_conditioner(checkpoint, tmp_path / kind, addition(kind), base, log=print)
        assert made.manifest.chain == heard
        assert (made.root / "NOTES.md").exists()
        assert not (made.root / "CARD.md").exists() and not (made.root / "sheet.png").exists()


def test_only_bundles_of_one_space_are_joined_and_nothing_is_left_of_others(files, tmp_path):
    clip = ("clip", files / "open_clip.pt", "--activation", "gelu", "--space", "clip-small")
    export(*clip, "-o", tmp_path / "clip")
    with pytest.raises(BundleError, match=r'"clip-small" \[512\], and .*"laion-clap-512"'):
        export("ciap", files / "ciap.pth", "-o", tmp_path / "out", "--into", tmp_path / "clip")
    assert [path.name for path in tmp_path.iterdir()] == ["clip"]
    before = (tmp_path / "clip" / "bundle.json").read_bytes()
    with pytest.raises(BundleError):
        export("ciap", files / "ciap.pth", "-o", tmp_path / "clip", "--into", tmp_path / "clip")
    assert (tmp_path / "clip" / "bundle.json").read_bytes() == before


def test_bad_command_lines_say_what_to_do(files, tmp_path):
    with pytest.raises(CheckpointError, match="does not exist"):
        export("ciap", tmp_path / "missing.pth", "-o", tmp_path / "out")
    with pytest.raises(CheckpointError, match="--tokenizer"):
        export("clap", files / "clap.ckpt", "-o", tmp_path / "out")
    with pytest.raises(OutputError, match="cannot be called"):
        export("ciap", files / "ciap.pth", "-o", tmp_path / "Two Words")
    with pytest.raises(BundleError):
        export("ciap", tmp_path / "missing.pth", "-o", tmp_path / "out", "--into", tmp_path / "no")
    with pytest.raises(RequestError, match='no precision "fp8"; known: fp32, fp16, int8'):
        export("ciap", files / "ciap.pth", "-o", tmp_path / "out", "--precisions", "fp8")
    assert list(Path(tmp_path).iterdir()) == []
