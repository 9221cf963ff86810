"""BigVGAN at full size against the original code.

Goldens: outputs of NVIDIA/BigVGAN (commit 7d2b454) in Make-An-Audio's layout, version 1, and in
`bigvgan_v2_24khz_100band_256x`, with the weights of `seeded` under its own names, the gains of
every `convs2` and of `conv_post` times 0.1.
"""

import numpy as np
import onnxruntime
import pytest
import torch
from bigvgan_checkpoint import GOLDEN, save, state

from hearsight_export.bigvgan.config import PUBLISHED
from hearsight_export.bigvgan.loading import load_bigvgan
from hearsight_export.bigvgan.parts import vocoder_part
from hearsight_export.graphs import export_part

pytestmark = pytest.mark.full


def distance(found, wanted):
    found = np.asarray(found, np.float64).reshape(wanted.shape)
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


@pytest.mark.parametrize(
    ("golden", "name"), [("v1", "Make-An-Audio"), ("v2", "bigvgan_v2_24khz_100band_256x")]
)
def test_full_size_networks_give_what_the_original_code_gave(golden, name, tmp_path):
    torch.set_num_threads(2)
    told = np.load(GOLDEN / f"{golden}.npz")
    config = PUBLISHED[name].network
    model = load_bigvgan(save(state(config), tmp_path))
    assert model.config == config
    mel = torch.from_numpy(told["mel"])
    part = vocoder_part(model)
    with torch.no_grad():
        errors = {
            "before the limit": distance(model.before_limit(mel), told["pre_final_damped"]),
            "network": distance(model(mel), told["wav_damped"]),
            "flat form": distance(part.module(mel), told["wav_damped"]),
        }
    graph = export_part(part, tmp_path)
    errors["graph against PyTorch"] = max(row.relative_l2 for row in graph.parity)
    session = onnxruntime.InferenceSession(str(tmp_path / graph.variants["fp32"].file))
    [found] = session.run(None, {"mel": told["mel"]})
    errors["ONNX Runtime"] = distance(found, told["wav_damped"])
    print(name, errors)
    assert max(errors.values()) < 1e-5
