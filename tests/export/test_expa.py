"""Experiment A's projectors compute what its authors' code computes, and meet in a bundle."""

import json
import shutil
import sys
from pathlib import Path

import make_an_audio_checkpoint as make_an_audio
import numpy as np
import pytest
import torch
from imagebind_checkpoint import save_imagebind, write_words
from PIL import Image
from seeded import seeded

from hearsight.bundle import open_bundle
from hearsight.conditioner import Conditioner
from hearsight.engine import Engine
from hearsight.join import How
from hearsight.request import Prompt
from hearsight.sampler import Cancel
from hearsight_export import cli
from hearsight_export.checkpoints import CheckpointError
from hearsight_export.conditioning import make_conditioner
from hearsight_export.imagebind.loading import load_encoder, read_imagebind
from hearsight_export.imagebind.seeing import Looking
from hearsight_export.vision_text.bundle import projector_addition
from hearsight_export.vision_text.joins import Pair, export_join
from hearsight_export.vision_text.reading import read_projector
from hearsight_export.weights import MisfitError

VISION_TEXT = Path(__file__).parents[1] / "golden" / "vision_text"
KINDS = ("simple", "sequence", "transformer", "hybrid", "attention", "conv", "audio_aware")
TINY_HEADS = 4  # of the goldens; no tensor tells


def linear(name, out, into):
    return {f"{name}.weight": (out, into), f"{name}.bias": (out,)}


def norms(*names, width):
    return {f"{name}.{end}": (width,) for name in names for end in ("weight", "bias")}


def attention(name, width):
    found = {f"{name}.in_proj_weight": (3 * width, width), f"{name}.in_proj_bias": (3 * width,)}
    return found | linear(f"{name}.out_proj", width, width)


def shapes_of(kind, pair, width, tokens=77, depth=3):
    """Names and shapes below `projector.` as the authors' code saves them."""
    half, wide = pair // 2, 4 * width
    if kind == "simple":
        return linear("projection.0", width, pair) | norms("projection.1", width=width)
    if kind == "sequence":
        found = {"pos_embed": (1, tokens, width), **linear("expand_proj.0", wide, pair)}
        return found | linear("expand_proj.3", tokens * width, wide) | norms("norm", width=width)
    if kind == "transformer":
        found = {"query_tokens": (1, tokens, width), **linear("input_proj", width, pair)}
        for i in range(depth):
            at = f"transformer.layers.{i}."
            found |= attention(f"{at}self_attn", width) | attention(f"{at}multihead_attn", width)
            found |= linear(f"{at}linear1", wide, width) | linear(f"{at}linear2", width, wide)
            found |= norms(*(f"{at}norm{n}" for n in (1, 2, 3)), width=width)
        return found | norms("norm", width=width)
    if kind == "hybrid":
        found = {"pos_embed": (1, tokens, width), **linear("global_proj", width, pair)}
        found |= linear("sequence_generator.0", 2 * width, pair)
        found |= linear("sequence_generator.2", (tokens - 1) * width, 2 * width)
        return found | linear("modulation.0", tokens, width) | norms("norm", width=width)
    if kind == "conv":
        found = linear("input_proj", 8 * width, pair) | norms("norm", width=width)
        for i, many, kernel in ((0, 8, 19), (3, 4, 21), (6, 2, 39)):
            found |= {f"conv_layers.{i}.weight": (many * width, many // 2 * width, kernel)}
            found |= {f"conv_layers.{i}.bias": (many // 2 * width,)}
        return found
    if kind == "attention":
        found = {"sequence_template": (1, tokens, width), **attention("cross_attn", width)}
        found |= linear("image_proj", width, half) | linear("text_proj", width, half)
        found |= linear("ffn.0", wide, width) | linear("ffn.3", width, wide)
        return found | norms("norm1", "norm2", width=width)
    return audio_aware(half, width, tokens, depth)


def audio_aware(half, width, tokens, depth):
    part, wide = width // 4, 4 * width
    found = {f"{name}_embed": (1, tokens, part) for name in ("freq", "temporal")}
    found |= {"rhythm_embed": (1, tokens // 4, part), "init_sequence": (1, tokens, part)}
    for name in ("image_proj", "text_proj"):
        found |= linear(f"{name}.0", width, half) | norms(f"{name}.1", width=width)
    for i in range(depth):
        at = f"conformer_layers.{i}."
        found |= {f"{at}layer_scale_{n}": (width,) for n in (1, 2, 3, 4)}
        for feed in (f"{at}ffn1", f"{at}ffn2"):
            found |= linear(f"{feed}.linear1", wide, width) | linear(f"{feed}.linear2", width, wide)
            found |= norms(f"{feed}.norm", width=width)
        found |= attention(f"{at}self_attn", width) | norms(f"{at}attn_norm", width=width)
        conv = f"{at}conv_module."
        found |= linear(f"{conv}pointwise_conv1", 2 * width, width)
        found |= linear(f"{conv}pointwise_conv2", width, width)
        found |= {f"{conv}depthwise_conv.weight": (width, 1, 31)}
        found |= {f"{conv}depthwise_conv.bias": (width,)}
        found |= norms(f"{conv}norm", f"{conv}batch_norm", width=width)
        for name, shape in (("mean", (width,)), ("var", (width,))):
            found |= {f"{conv}batch_norm.running_{name}": shape}
        found |= {f"{conv}batch_norm.num_batches_tracked": ()}
    at = "modal_fusion."
    found |= attention(f"{at}cross_attn_img", width) | attention(f"{at}cross_attn_txt", width)
    found |= linear(f"{at}gate.0", width, 3 * width)
    found |= norms(f"{at}norm1", f"{at}norm2", width=width)
    return found | linear("final_proj.0", width, width) | norms("final_proj.1", width=width)


def projector_shapes(kind, *sizes, **more):
    return {f"projector.{name}": s for name, s in shapes_of(kind, *sizes, **more).items()}


def saved(path, kind, *sizes, prefix="", **more):
    """A file of a projector, what stands before its names told by `prefix`."""
    shapes = projector_shapes(kind, *sizes, **more)
    state = {prefix + n: torch.from_numpy(seeded(n, shape)) for n, shape in shapes.items()}
    torch.save(state, path)
    return path


def distance(found, wanted):
    found, wanted = np.asarray(found), np.asarray(wanted)
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


@pytest.mark.parametrize("kind", KINDS)
def test_every_projector_gives_what_the_authors_code_gave(kind, tmp_path):
    """Goldens: outputs of the authors' modules (commit f136cb5) with the weights of `seeded`; of
    77 tokens every 11th, and without prompts what stands for none.
    """
    torch.set_num_threads(1)
    golden = np.load(VISION_TEXT / "projectors.npz")
    wanted, empty = golden[kind], golden[f"{kind}_empty"]
    path = saved(tmp_path / "projector.pt", kind, 2048, 16, tokens=9, depth=2)
    file = read_projector(path, TINY_HEADS)
    assert (file.kind, file.whole) == (kind.replace("_", "-"), False)
    thin = slice(None, None, 11) if kind == "conv" else slice(9)
    with torch.no_grad():
        found = file.projector(torch.from_numpy(golden["embedding"]))
        nothing = file.projector(torch.zeros(1, 2048))
    assert distance(found[:, thin], wanted) < 1e-6
    assert distance(nothing[:, thin], empty) < 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_every_projector_is_exported(kind, tmp_path):
    torch.set_num_threads(1)
    projector = read_projector(saved(tmp_path / "projector.pt", kind, 64, 16, depth=1)).projector
    graph = export_join(Pair(projector, 32), tmp_path)
    assert [spec.name for spec in graph.inputs] == ["image", "text"]
    assert graph.outputs[0].shape == (1, 77, 16)
    assert max(row.relative_l2 for row in graph.parity) < 2e-6


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    torch.set_num_threads(1)
    place = tmp_path_factory.mktemp("expa")
    write_words(place / "words")
    save_imagebind(place / "imagebind_huge.pth", ("vision", "text"))
    pixels = np.random.default_rng(5).integers(0, 256, (224, 224, 3), np.uint8)
    Image.fromarray(pixels).save(place / "dog.png")
    return place


@pytest.fixture(scope="module")
def whole(place):
    """A checkpoint of small widths, exported as from the command line."""
    state = make_an_audio.original()
    state = {n: t for n, t in state.items() if not n.startswith("cond_stage_model.")}
    for name, shape in projector_shapes("sequence", 64, make_an_audio.SPACE).items():
        state[f"cond_stage_model.conditioner.{name}"] = torch.from_numpy(seeded(name, shape))
    make_an_audio.save(state, place / "expa.ckpt")
    make_an_audio.save_vocoder(place / "best_netG.pt")
    run(place, "expa.ckpt", "--vocoder", str(place / "best_netG.pt"), "-o", str(place / "whole"))
    return open_bundle(place / "whole")


def run(place, checkpoint, *more):
    asked = ["hearsight-export", "expa", str(place / checkpoint), "--precisions", ""]
    asked += ["--imagebind", str(place / "imagebind_huge.pth"), "--tokenizer", str(place / "words")]
    old, sys.argv = sys.argv, [*asked, "--threads", "1", *more]
    try:
        with pytest.raises(SystemExit) as ended:
            cli.main()
    finally:
        sys.argv = old
    assert not ended.value.code


def vectors(place):
    """What ImageBind makes of the picture and of a text of two words."""
    file = read_imagebind(place / "imagebind_huge.pth")
    pixels = torch.from_numpy(np.array(Image.open(place / "dog.png"))).permute(2, 0, 1)[None]
    vocabulary = json.loads((place / "words" / "vocab.json").read_text())
    said = ["<|startoftext|>", "r", "ai", "n</w>", "<|endoftext|>"]
    with torch.no_grad():
        image = Looking(load_encoder(file, "vision"))(pixels.float() / 255)
        text = load_encoder(file, "text")(torch.tensor([[vocabulary[piece] for piece in said]]))
    return image, text


def told(bundle, *prompts):
    with Engine(bundle, device="cpu", threads=1) as engine:
        found = Conditioner(bundle, engine).tell(dict(enumerate(prompts)), How(), Cancel())
    return found.conditions[0]


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
    empty = np.fromfile(whole.root / manifest.space.empty.file, np.float32).reshape(77, 64)
    zeros = torch.zeros_like(text)
    with torch.no_grad():
        for prompts, pair in (
            ((picture, words), (image, text)),
            ((picture,), (image, zeros)),
            ((words,), (zeros, text)),
        ):
            wanted = projector(torch.cat(pair, dim=1))[0]
            assert distance(told(whole, *prompts), wanted) < 1e-5
        assert distance(empty, projector(torch.zeros(1, 64))[0]) < 1e-6


def test_a_projector_alone_plays_beside_make_an_audio_or_in_a_copy_of_it(place, whole, tmp_path):
    """What it is joined to is the bundle above, called as Make-An-Audio's own space."""
    file = read_projector(saved(tmp_path / "projector.pt", "hybrid", 64, 64))
    eyes = read_imagebind(place / "imagebind_huge.pth")

    def made(name, base):
        return make_conditioner(
            file.path,
            tmp_path / name,
            lambda root: projector_addition(
                file, eyes, place / "words", root, own_space=base is not None, log=quiet
            ),
            base,
            quiet,
        )

    alone = made("alone", None)
    assert (alone.manifest.kind, alone.manifest.space.name) == ("conditioner", "maa-clap-77x64")
    assert "--into" in (alone.root / "NOTICE").read_text("utf-8")
    shutil.copytree(whole.root, tmp_path / "base")
    found = json.loads((tmp_path / "base" / "bundle.json").read_text("utf-8"))
    found["space"]["name"] = "maa-clap-77x64"
    (tmp_path / "base" / "bundle.json").write_text(json.dumps(found), "utf-8")
    copy = made("copy", open_bundle(tmp_path / "base")).manifest
    assert (copy.kind, copy.space.name) == ("both", "expa-hybrid-77x64")
    assert copy.title == alone.manifest.title and copy.join == alone.manifest.join
    assert copy.graphs["denoise"] == whole.manifest.graphs["denoise"]
    empty = np.fromfile(tmp_path / "copy" / copy.space.empty.file, np.float32).reshape(77, 64)
    with torch.no_grad():
        assert distance(empty, file.projector(torch.zeros(1, 64))[0]) < 1e-6


def quiet(line):
    pass


def test_what_is_no_projector_or_only_a_part_is_named(place, tmp_path):
    path = tmp_path / "projector.pt"
    torch.save({"modality_trunks.text.x": torch.zeros(4)}, path)
    with pytest.raises(CheckpointError, match="no Experiment A checkpoint but one of ImageBind"):
        read_projector(path)
    torch.save(
        {"token_query": torch.zeros(4), "transformer.layers.0.linear1.weight": torch.zeros(4)}, path
    )
    with pytest.raises(CheckpointError, match="no Experiment A checkpoint but one of Experiment B"):
        read_projector(path)
    torch.save({"projector.magic.weight": torch.zeros(4)}, path)
    with pytest.raises(CheckpointError, match=r"unknown kind: .* expand_proj.0.weight"):
        read_projector(path)
    state = torch.load(saved(path, "attention", 64, 16), weights_only=True)
    torch.save({n: t for n, t in state.items() if "ffn.3.bias" not in n}, path)
    with pytest.raises(MisfitError, match=r"lacks the tensor projector.ffn.3.bias, expected as"):
        read_projector(path)
    file = read_projector(saved(path, "simple", 2048, 16))
    eyes = read_imagebind(place / "imagebind_huge.pth")
    with pytest.raises(MisfitError, match="vectors of 32 values, and 1024 were expected"):
        projector_addition(file, eyes, None, tmp_path)


@pytest.mark.parametrize("prefix", ["cond_stage_model.conditioner.", "conditioner.", "module"])
def test_a_projector_is_found_wherever_it_was_saved(prefix, tmp_path):
    path = saved(tmp_path / "projector.pt", "simple", 64, 16, prefix=prefix)
    if prefix == "module":
        with pytest.raises(CheckpointError, match="no Experiment A checkpoint"):
            read_projector(path)
    else:
        assert (read_projector(path).kind, read_projector(path).whole) == ("simple", False)
