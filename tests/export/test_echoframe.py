"""EchoFrame's mappers compute what its authors' code computes, on clips of any length."""

import math
from pathlib import Path
from typing import get_args

import numpy as np
import onnxruntime
import pytest
import torch
from seeded import seeded
from test_clip import narrow as narrow_clip
from torch.nn import functional as F

from hearsight_export.clip.bundle import ClipFile
from hearsight_export.conditioning import make_conditioner
from hearsight_export.echoframe.bundle import echoframe_addition, frames_part
from hearsight_export.echoframe.mappers import Mapper, load_mapper
from hearsight_export.graphs import export_part
from hearsight_export.weights import MisfitError

GOLDEN = Path(__file__).parents[1] / "golden" / "echoframe" / "mappers.npz"


def linear(name, out, into):
    return {f"{name}.weight": (out, into), f"{name}.bias": (out,)}


def norm(name, width):
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def block(at, width, hidden):
    return (
        linear(f"{at}.linear1", hidden, width)
        | linear(f"{at}.linear2", width, hidden)
        | norm(f"{at}.norm", width)
    )


def single(at, width, hidden):
    return (
        linear(f"{at}linear", hidden, width)
        | norm(f"{at}layer_norm", hidden)
        | linear(f"{at}linear2", width, hidden)
    )


def shapes(kind, e=512, width=2048, hidden=4096):
    """Names and shapes as EchoFrame saves them; `e` is the size of a frame and of a condition."""
    if kind in ("mlp_res", "mlp_no_res"):
        found = linear("blocks.0", width, e) | norm("blocks.1", width)
        found |= block("blocks.2", width, hidden) | block("blocks.3", width, hidden)
        return found | linear("blocks.4", e, width) | norm("blocks.5", e)
    if kind == "bilstm":
        found = {}
        for way in ("", "_reverse"):
            found |= {f"bilstm.weight_ih_l0{way}": (2 * e, e)}
            found |= {f"bilstm.weight_hh_l0{way}": (2 * e, e // 2)}
            found |= {f"bilstm.bias_{side}_l0{way}": (2 * e,) for side in ("ih", "hh")}
        found |= norm("blocks.0", e) | block("blocks.1", e, 2 * e) | block("blocks.2", e, 2 * e)
        return found | linear("blocks.3", e, e) | norm("blocks.4", e)
    if kind == "transformer":
        width = e * 3 // 2
        at = "encoder.layers.0."
        return {
            "cls_token": (1, 1, width),
            "pos_embedding": (1, 65, width),
            f"{at}self_attn.in_proj_weight": (3 * width, width),
            f"{at}self_attn.in_proj_bias": (3 * width,),
            **linear("input_proj", width, e),
            **linear(f"{at}self_attn.out_proj", width, width),
            **linear(f"{at}linear1", 4 * width, width),
            **linear(f"{at}linear2", width, 4 * width),
            **norm(f"{at}norm1", width),
            **norm(f"{at}norm2", width),
            **linear("output_proj", e, width),
        }
    if kind == "mlp5":
        return {k: v for i in range(5) for k, v in single(f"v2a.{i}.", e, e).items()}
    return single("", e, width)


def checkpoint(kind, *sizes):
    torch.set_num_threads(1)
    return {n: torch.from_numpy(seeded(n, s)) for n, s in shapes(kind, *sizes).items()}


def narrow(kind):
    return checkpoint(kind, 24, 32, 48)


def unit(count, size, seed=7):
    pick = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(1, count, size, generator=pick), dim=-1)


def run(path, frames):
    session = onnxruntime.InferenceSession(str(path))
    return session.run(None, {"frames": frames.numpy()})[0]


@pytest.mark.parametrize("kind", get_args(Mapper))
def test_mappers_give_what_the_original_code_gave(kind):
    """Golden: outputs of EchoFrame's classes (commit f8ed0d4) with the weights of `seeded`."""
    golden = np.load(GOLDEN)
    with torch.no_grad():
        found = load_mapper(checkpoint(kind), kind)(torch.from_numpy(golden["frames"])).numpy()
    assert np.linalg.norm(found - golden[kind]) / np.linalg.norm(golden[kind]) < 1e-6


@pytest.mark.parametrize("kind", get_args(Mapper))
def test_every_mapper_becomes_a_graph_for_clips_of_any_length(kind, tmp_path):
    model = load_mapper(narrow(kind), kind)
    graph = export_part(frames_part(model), tmp_path)
    assert graph.inputs[0].shape == (1, "N", 24)
    for count in (1, 2, 63, 64):
        with torch.no_grad():
            wanted = model(unit(count, 24)).numpy()
        found = run(tmp_path / "frames.onnx", unit(count, 24))
        assert np.linalg.norm(found - wanted) / np.linalg.norm(wanted) < 1e-5


@pytest.mark.parametrize("kind", ["bilstm", "transformer"])
def test_short_clips_are_spread_over_the_64_places_of_training(kind):
    model = load_mapper(narrow(kind), kind)
    for count in (1, 2, 5, 40, 64):
        frames = unit(count, 24)
        nearest = [math.floor(i * (count - 1) / 63 + 0.5) for i in range(64)]
        with torch.no_grad():
            assert torch.equal(model(frames), model(frames[:, nearest])), count
    assert nearest == list(range(64))


@pytest.mark.parametrize("kind", ["mlp_res", "mlp_no_res", "mlp5", "legacy_single"])
def test_the_others_hear_the_mean_of_what_is_there(kind):
    model = load_mapper(narrow(kind), kind)
    frames = unit(5, 24)
    with torch.no_grad():
        torch.testing.assert_close(model(frames), model(frames.mean(1, keepdim=True)))


def test_the_kind_is_told_by_the_names():
    for kind in ("mlp_res", "bilstm", "transformer", "mlp5", "legacy_single"):
        assert type(load_mapper(narrow(kind))) is type(load_mapper(narrow(kind), kind))
    frames = unit(3, 24)
    with torch.no_grad():
        found = load_mapper(narrow("mlp_res"))(frames)
        assert torch.equal(found, load_mapper(narrow("mlp_res"), "mlp_res")(frames))
        assert not torch.equal(found, load_mapper(narrow("mlp_res"), "mlp_no_res")(frames))


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("mlp_res", lambda s: s.pop("blocks.3.norm.bias"), r"lacks .*blocks.3.norm.bias.* \[32\]"),
        ("bilstm", lambda s: s.pop("bilstm.weight_hh_l0_reverse"), "weight_hh_l0_reverse"),
        ("mlp5", lambda s: s.pop("v2a.0.linear.weight"), "no mapper of EchoFrame"),
        ("transformer", lambda s: s.update({"x": torch.zeros(1)}), "x .* has no place"),
    ],
)
def test_the_first_tensor_that_does_not_fit_is_named(kind, change, message):
    state = narrow(kind)
    change(state)
    with pytest.raises(MisfitError, match=message):
        load_mapper(state)


def test_only_the_clip_of_training_is_taken(tmp_path):
    mapper = load_mapper(narrow("mlp5"))
    path = tmp_path / "mapper.pth"
    path.write_bytes(b"")
    wrong = load_mapper(checkpoint("mlp5", 16))
    for model, clip, message in (
        (mapper, ClipFile(path, narrow_clip(), "quick_gelu", None), "OpenAI's CLIP"),
        (wrong, ClipFile(path, narrow_clip(), None, None), "have 24 values, .* takes 16"),
    ):
        with pytest.raises(MisfitError, match=message):
            make_conditioner(
                path, tmp_path / "out", lambda root, m=model, c=clip: echoframe_addition(m, c, root)
            )
    assert [p.name for p in tmp_path.iterdir()] == ["mapper.pth"]
