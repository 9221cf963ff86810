"""Experiment A's projectors compute what its authors' code computes, as graphs too."""

from pathlib import Path

import numpy as np
import pytest
import torch
from imagebind_checkpoint import save_imagebind
from seeded import seeded

from hearsight_export.checkpoints import CheckpointError
from hearsight_export.imagebind.loading import read_imagebind
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


def test_what_is_no_projector_or_only_a_part_is_named(tmp_path):
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
    eyes = read_imagebind(save_imagebind(tmp_path / "imagebind_huge.pth", ("vision", "text")))
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
