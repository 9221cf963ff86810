"""Experiment B's adapters compute what its authors' code computes, and say what they are."""

from pathlib import Path

import numpy as np
import pytest
import torch
from imagebind_checkpoint import save_imagebind, write_words
from seeded import seeded

from hearsight.conditioner import Conditioner
from hearsight.engine import Engine
from hearsight.sampler import Cancel
from hearsight_export.checkpoints import CheckpointError
from hearsight_export.conditioning import make_conditioner
from hearsight_export.imagebind.loading import read_imagebind
from hearsight_export.vision_text.adapters import FixedAdapter, MlpAdapter, read_adapter
from hearsight_export.vision_text.bundle import adapter_addition
from hearsight_export.weights import MisfitError

VISION_TEXT = Path(__file__).parents[1] / "golden" / "vision_text"
TINY_HEADS = 4  # of the goldens; no tensor tells


def linear(name, out, into):
    return {f"{name}.weight": (out, into), f"{name}.bias": (out,)}


def adapter_shapes(kind, taken=32, width=64, tokens=77, hidden=128, depth=2):
    """Names and shapes of either adapter as its authors' code saves them."""
    if kind == "mlp":
        return linear("mlp.0", width, taken) | linear("mlp.2", width, width)
    found = {"token_query": (1, tokens, width), **linear("project", width, taken)}
    for i in range(depth):
        at = f"transformer.layers.{i}."
        found |= {f"{at}self_attn.in_proj_weight": (3 * width, width)}
        found |= {f"{at}self_attn.in_proj_bias": (3 * width,)}
        found |= linear(f"{at}self_attn.out_proj", width, width)
        found |= linear(f"{at}linear1", hidden, width) | linear(f"{at}linear2", width, hidden)
        for norm in ("norm1", "norm2"):
            found |= {f"{at}{norm}.weight": (width,), f"{at}{norm}.bias": (width,)}
    return found


def saved(path, kind, *sizes, **changes):
    shapes = adapter_shapes(kind, *sizes) | changes
    torch.save({n: torch.from_numpy(seeded(n, shape)) for n, shape in shapes.items()}, path)
    return path


def distance(found, wanted):
    found, wanted = np.asarray(found), np.asarray(wanted)
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


@pytest.mark.parametrize("kind", ["transformer", "mlp"])
def test_both_adapters_give_what_the_authors_code_gave(kind, tmp_path):
    """Goldens: outputs of the authors' modules (commit f136cb5) with the weights of `seeded`."""
    golden = np.load(VISION_TEXT / "adapters.npz")
    tokens = golden[f"tiny_{kind}"].shape[1]
    path = saved(tmp_path / "adapter.pth", kind, 24, 16, tokens, 2048, 2)
    adapter = read_adapter(path, TINY_HEADS)
    assert isinstance(adapter, FixedAdapter if kind == "transformer" else MlpAdapter)
    with torch.no_grad():
        found = adapter(torch.from_numpy(golden["tiny_fused"]))
    assert distance(found[:, :tokens], golden[f"tiny_{kind}"]) < 1e-6


@pytest.fixture(scope="module")
def eyes(tmp_path_factory):
    torch.set_num_threads(1)
    place = tmp_path_factory.mktemp("eyes")
    write_words(place / "words")
    return read_imagebind(save_imagebind(place / "imagebind.pth", ("vision", "text")))


def bundle_of(kind, eyes, place, told):
    adapter = read_adapter(saved(place / "adapter_token77.pth", kind))
    return make_conditioner(
        place / "adapter_token77.pth",
        place / "expb",
        lambda root: adapter_addition(
            adapter, eyes, eyes.path.parent / "words", root, log=told.append
        ),
        log=lambda line: None,
    )


def heard(bundle, text):
    with Engine(bundle, device="cpu", threads=1) as engine:
        [found] = Conditioner(bundle, engine).condition("text", text, Cancel())
    return found


def test_the_trained_adapter_makes_one_condition_and_says_so(eyes, tmp_path):
    told = []
    bundle = bundle_of("transformer", eyes, tmp_path, told)
    manifest = bundle.manifest
    assert (manifest.space.name, manifest.space.shape) == ("maa-clap-77x64", (77, 64))
    assert "one fixed condition" in manifest.title
    for said in (told[0], (bundle.root / "NOTICE").read_text("utf-8")):
        assert "every prompt gives the same sound" in said
    assert manifest.title in (bundle.root / "README.md").read_text("utf-8")
    assert manifest.license["join.weights"].commercial_use is False
    assert manifest.license["text.weights"].name == "CC-BY-NC-SA-4.0"
    rain, dogs = heard(bundle, "rain"), heard(bundle, "two dogs")
    assert np.array_equal(rain, dogs)
    adapter = read_adapter(tmp_path / "adapter_token77.pth")
    with torch.no_grad():
        assert distance(rain, adapter(torch.zeros(1, 32))[0]) < 1e-5


def test_an_adapter_is_read_as_trained_on_several_devices_too(tmp_path):
    path = saved(tmp_path / "adapter_token77.pth", "mlp")
    state = torch.load(path, weights_only=True)
    torch.save({f"module.{name}": tensor for name, tensor in state.items()}, path)
    fused = torch.ones(1, 32)
    with torch.no_grad():
        found = read_adapter(path)(fused)
        assert torch.equal(found, read_adapter(saved(path, "mlp"))(fused))
    assert found.shape == (1, 77, 64)


def test_what_is_no_adapter_or_none_for_this_imagebind_is_named(eyes, tmp_path):
    path = tmp_path / "adapter_token77.pth"
    torch.save({"projector.projection.0.weight": torch.zeros(4, 4)}, path)
    with pytest.raises(CheckpointError, match=r"is of Experiment A.*token_query"):
        read_adapter(path)
    torch.save({"modality_trunks.text.x": torch.zeros(4)}, path)
    with pytest.raises(CheckpointError, match="no Experiment B checkpoint but one of ImageBind"):
        read_adapter(path)
    saved(path, "transformer", **{"project.weight": (3, 32)})
    with pytest.raises(MisfitError, match=r"project.weight has the shape \[3, 32\]; \[64, 32\]"):
        read_adapter(path)
    adapter = read_adapter(saved(path, "mlp", 24))
    with pytest.raises(MisfitError, match="vectors of 32 values, and 24 were expected"):
        adapter_addition(adapter, eyes, None, tmp_path)
