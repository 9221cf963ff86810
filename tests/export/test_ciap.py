"""CIAP's picture encoder computes what its authors' code computes, in both generations."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from seeded import fill

from hearsight.conditioner import Conditioner
from hearsight.engine import Engine
from hearsight.sampler import Cancel
from hearsight_export.ciap import CiapImage, ciap_addition, load_ciap
from hearsight_export.conditioning import make_conditioner
from hearsight_export.weights import MisfitError

GOLDEN = Path(__file__).parents[1] / "golden" / "ciap" / "encoders.npz"


def checkpoint(width=64, space=512, later=True):
    """A state dict under the names that luffy-taro-106/IE-643 saves, filled by `seeded`."""
    torch.set_num_threads(1)
    model = CiapImage(width, space, later)
    if not later:
        model.fc, model.proj = model.proj, torch.nn.Identity()
    return fill(model).state_dict()


@pytest.mark.parametrize("later", [True, False])
def test_both_generations_give_what_the_original_code_gave(later):
    """Golden: outputs of the encoders of luffy-taro-106/IE-643 (commit b6ffb64) with the weights
    of `seeded`, before the earlier one's normalisation.
    """
    golden = np.load(GOLDEN)
    wanted = golden["later" if later else "earlier"]
    wanted = wanted / np.linalg.norm(wanted, axis=1, keepdims=True)
    pixels = torch.from_numpy(golden["picture"]).float() / 255
    state = checkpoint(later=later)
    assert ("ln.weight" in state, "fc.weight" in state) == (later, not later)
    with torch.no_grad():
        found = load_ciap(state)(pixels).numpy()
    assert np.linalg.norm(found - wanted) / np.linalg.norm(wanted) < 1e-6


def test_pictures_of_any_shape_play_through_the_runtime(tmp_path):
    path = tmp_path / "encoder.pth"
    torch.save(checkpoint(8, 512), path)
    model = load_ciap(torch.load(path, weights_only=True))
    bundle = make_conditioner(
        path, tmp_path / "ciap", lambda root: ciap_addition(model, root), log=lambda line: None
    )
    assert bundle.manifest.space.name == "laion-clap-512"
    assert bundle.manifest.license["image.weights"].commercial_use is None
    coarse = np.random.default_rng(2).integers(0, 256, (12, 20, 3), np.uint8)
    picture = Image.fromarray(coarse).resize((320, 180), Image.Resampling.BILINEAR)
    picture.save(tmp_path / "picture.png")
    with Engine(bundle, device="cpu", threads=1) as engine:
        [found] = Conditioner(bundle, engine).condition(
            "image", str(tmp_path / "picture.png"), Cancel()
        )
    seen = np.array(picture.resize((224, 224), Image.Resampling.BILINEAR))
    with torch.no_grad():
        wanted = model(torch.from_numpy(seen).permute(2, 0, 1)[None].float() / 255)[0].numpy()
    assert abs(np.linalg.norm(found) - 1) < 1e-5
    assert np.linalg.norm(found - wanted) < 1e-3  # pixels are within 1/255 of Pillow's


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("backbone.5.0.downsample.0.weight"), "lacks .*5.0.downsample.0.weight"),
        (lambda s: s.pop("proj.weight"), "lacks the tensor proj.weight"),
        (lambda s: s.update({"backbone.6.0.bn1.bias": torch.zeros(3)}), r"\[3\]; \[32\] was"),
        (lambda s: s.update({"backbone.4.2.conv1.weight": torch.zeros(3)}), "has no place"),
    ],
)
def test_the_first_tensor_that_does_not_fit_is_named(change, message):
    state = dict(checkpoint(8))
    change(state)
    with pytest.raises(MisfitError, match=message):
        load_ciap(state)
