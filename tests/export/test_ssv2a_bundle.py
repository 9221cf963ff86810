"""SSV2A as a bundle: what is given is understood, prompts of all kinds are heard together."""

import json
import re

import numpy as np
import onnxruntime
import pytest
import soundfile
import torch
from audioldm_checkpoint import original, save
from onnx import ModelProto, TensorProto, helper
from PIL import Image
from ssv2a_checkpoint import CLIP, narrow, save_aggregator, save_prior, save_ssv2a
from test_clip import MARKS, openai
from test_detectors import AGPL, yolov8
from tokenizers import pre_tokenizers
from typer.testing import CliRunner

from hearsight.bundle import open_bundle
from hearsight.conditioner import Conditioner
from hearsight.engine import Engine
from hearsight.sampler import Cancel
from hearsight_export.checkpoints import CheckpointError
from hearsight_export.clap.bundle import ClapFile
from hearsight_export.cli import app
from hearsight_export.clip.bundle import ClipFile
from hearsight_export.graphs import OPSET
from hearsight_export.ssv2a.bundle import Ingredients, left_out
from hearsight_export.ssv2a.eye import behind_cut
from hearsight_export.ssv2a.loading import read_prior
from hearsight_export.weights import MisfitError


def export(*arguments):
    """Run `hearsight-export`; what went wrong is raised."""
    fp32 = ("--precisions", "fp32") if arguments[0] == "ssv2a" else ()
    result = CliRunner().invoke(app, [str(argument) for argument in (*arguments, *fp32)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Checkpoints in small widths, and prompts, as files."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("files")
    save_ssv2a(narrow(), folder / "ssv2a.pth")
    save_aggregator(folder / "agg.pth")
    save_prior(folder / "dalle2_prior.pth")
    shallow = re.compile(r"cond_stage_model\.(?!.*layers\.\d\.blocks\.[1-9])")
    save({n: t for n, t in original().items() if shallow.match(n)}, folder / "clap.ckpt")
    yolov8(folder / "yolo.onnx", metadata={"license": AGPL})
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*letters, *(f"{letter}</w>" for letter in letters), "ai", *MARKS]
    (folder / "words").mkdir()
    (folder / "words" / "vocab.json").write_text(json.dumps({p: i for i, p in enumerate(pieces)}))
    (folder / "words" / "merges.txt").write_text("#version: 0.2\na i\n")
    rng = np.random.default_rng(2)
    small = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8))
    small.resize((200, 150)).save(folder / "dog.png")
    for name in ("thunder", "wind"):
        sound = (0.1 * rng.standard_normal(16000)).astype(np.float32)
        soundfile.write(folder / f"{name}.wav", sound, 16000, "FLOAT")
    return folder


@pytest.fixture(scope="module")
def whole(files):
    """All of it but the detector."""
    out = files / "ssv2a"
    asked = ("--prior", files / "dalle2_prior.pth", "--aggregator", files / "agg.pth")
    heard = ("--clap", files / "clap.ckpt", "--tokenizer", files / "words")
    result = export("ssv2a", files / "ssv2a.pth", *asked, *heard, "-o", out)
    assert "Pictures are heard as a whole: --detector is not given." in result.output
    return open_bundle(out)


@pytest.fixture(scope="module")
def parts(files, whole):
    """The same with a detector."""
    said = export(
        *("detector", files / "yolo.onnx", "--into", whole.root, "-o", files / "parts"),
        *("--confidence", "0.6"),
    )
    assert "Licence of yolo.onnx: AGPL-3.0, https://ultralytics.com/license." in said.output
    return open_bundle(files / "parts")


def test_the_manifest_says_how_prompts_meet(whole):
    manifest = whole.manifest
    assert (manifest.kind, manifest.space.name) == ("conditioner", "laion-clap-512")
    chains = {
        kind: getattr(manifest.conditioners, kind).graphs
        for kind in ("text", "image", "video", "audio")
    }
    assert chains == {
        "text": ("tokenize", "text", "join"),
        "image": ("image", "join"),
        "video": ("video-image", "join", "frames"),
        "audio": ("audio", "join"),
    }
    assert [(each.name, each.takes) for each in manifest.join.inputs] == [
        ("clips", ("image", "text", "video")),
        ("sounds", ("audio",)),
    ]
    search = manifest.join.search
    assert (search.rounds, search.candidates, search.draws) == (65, 64, 64)
    assert manifest.conditioners.video.max_frames == 64
    # Both ways to look are one set of weights.
    assert manifest.graphs["video-image"].variants["fp32"].weights == tuple(
        manifest.graphs["image"].variants["fp32"].weights
    )
    assert {file: terms.name for file, terms in manifest.license.items()} == {
        "audio.weights": "unknown",
        "frames.weights": "not stated; its code is MIT",
        "image.weights": "MIT",
        "join.weights": "not stated; its code is MIT",
        "text.weights": "MIT",
        "tokenize.onnx": "MIT",
    }
    assert manifest.license["tokenize.onnx"].url == "https://github.com/openai/CLIP"
    worst = max(row.relative_l2 for graph in manifest.graphs.values() for row in graph.parity)
    assert worst < 1e-5


def test_graphs_hold_no_paths_of_the_machine_that_made_them(whole):
    for path in whole.root.glob("*.onnx"):
        assert b"hearsight_export" not in path.read_bytes(), path.name


def test_a_detector_comes_before_pictures_and_videos(whole, parts):
    known, graphs = parts.manifest.conditioners, parts.manifest.graphs
    assert known.image.graphs == ("detect", "image", "join")
    assert known.video.graphs == ("detect", "video-image", "join", "frames")
    assert {n: g for n, g in graphs.items() if n != "detect"} == dict(whole.manifest.graphs)
    assert parts.manifest.license["detect.weights"].name == "AGPL-3.0"
    assert parts.manifest.join == whole.manifest.join


def test_prompts_of_all_kinds_become_one_unit_vector(files, parts):
    with Engine(parts, device="cpu", threads=1) as engine:
        conditioner = Conditioner(parts, engine)
        assert conditioner.understands == ("text", "image", "video", "audio")
        for kind, said in (
            ("text", "heavy rain"),
            ("audio", str(files / "thunder.wav")),
            ("image", str(files / "dog.png")),
        ):
            [found] = conditioner.condition(kind, said, Cancel())
            assert found.shape == (512,) and abs(np.linalg.norm(found) - 1) < 1e-4


def test_what_is_not_given_is_left_out_and_named(files, tmp_path):
    eye = openai(CLIP, CLIP, (1, 1), 8, 32, CLIP, words=515, places=12)
    torch.save(eye, tmp_path / "clip.pt")
    asked = ("--clip", tmp_path / "clip.pt", "-o", tmp_path / "out")
    result = export("ssv2a", files / "ssv2a.pth", *asked)
    manifest = open_bundle(tmp_path / "out").manifest
    assert set(manifest.graphs) == {"image", "join"}
    assert [each.name for each in manifest.join.inputs] == ["clips"]
    assert "sounds" not in [spec.name for spec in manifest.graphs["join"].inputs]
    noted = (tmp_path / "out" / "NOTICE").read_text(encoding="utf-8")
    for said in (
        "Texts are left out: --prior is not given.",
        "Videos are left out: --aggregator is not given.",
        "Sounds are left out: --clap is not given.",
        "Pictures are heard as a whole: --detector is not given.",
    ):
        assert said in result.output and said in noted


def test_why_something_is_left_out_is_told(files):
    given = Ingredients(files, {}, prior=read_prior(files / "dalle2_prior.pth"))
    assert left_out(given)[0] == "Texts are left out: --tokenizer is not given."
    deaf = Ingredients(
        files, {}, clap=ClapFile(files, {"text_branch.x": torch.zeros(1)}, None, None)
    )
    assert "Sounds are left out: --clap holds no audio tower." in left_out(deaf)


def test_what_does_not_belong_together_is_refused(files, tmp_path):
    out = ("-o", tmp_path / "out")
    with pytest.raises(MisfitError, match="give --clip, or a --prior"):
        export("ssv2a", files / "ssv2a.pth", *out)
    other = openai(CLIP, CLIP, (1, 1), 8, 32, 24, words=515, places=12)
    torch.save(other, tmp_path / "clip.pt")
    with pytest.raises(MisfitError, match="picture vectors have 24 values; SSV2A wants 64"):
        export("ssv2a", files / "ssv2a.pth", "--clip", tmp_path / "clip.pt", *out)
    with pytest.raises(MisfitError, match="is a CLIP of gelu; SSV2A looks through OpenAI's"):
        _ = Ingredients(files, {}, clip=ClipFile(files, {}, "gelu", None)).eye
    with pytest.raises(CheckpointError, match="no SSV2A checkpoint but one of LAION CLAP"):
        torch.save({"text_branch.x": torch.zeros(1)}, tmp_path / "x.pt")
        export("ssv2a", tmp_path / "x.pt", *out)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("squeeze", [0, 64])
def test_parts_are_cut_and_stretched_as_pillow_does(squeeze):
    shape = [1, None, None, 3]
    inner = helper.make_graph(
        [helper.make_node("Identity", ["image"], ["seen"])],
        "eye",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info("seen", TensorProto.UINT8, shape)],
    )
    model: ModelProto = helper.make_model(
        inner, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10
    )
    session = onnxruntime.InferenceSession(behind_cut(model, squeeze).SerializeToString())
    small = np.random.default_rng(1).integers(0, 256, (9, 14, 3), np.uint8)
    picture = Image.fromarray(small).resize((140, 96))
    own = picture.resize((squeeze, squeeze), Image.Resampling.BICUBIC) if squeeze else picture
    width, height = own.size
    scale = np.array([width / 140, height / 96] * 2)
    for box, inside in (
        ((0, 0, 140, 96), None),
        ((10.4, 20.5, 80.5, 60.2), None),
        ((-5, -3, 300, 40), (0, 0, 140, 40)),
        ((139.8, 95.9, 150, 99), None),
        ((50, 50, 50, 50), None),
    ):
        left, top, right, bottom = (int(v) for v in np.rint(np.array(inside or box) * scale))
        left, top = min(left, width - 1), min(top, height - 1)
        right, bottom = max(min(right, width), left + 1), max(min(bottom, height), top + 1)
        wanted = own.crop((left, top, right, bottom)).resize(own.size, Image.Resampling.BICUBIC)
        given = {"image": np.asarray(picture)[None], "box": np.array([box], np.float32)}
        error = np.abs(session.run(None, given)[0][0].astype(int) - np.asarray(wanted))
        assert error.max() <= 1 and (error > 0).mean() < 0.005, box
