"""Make-An-Audio at full size against the original code.

Goldens in `tests/golden/make_an_audio` are outputs of the original code of
Text-to-Audio/Make-An-Audio (commit 0d84177) with the weights of `seeded` under the checkpoint's
names. Untrained networks amplify rounding, so that errors are relative to the length of the result.
"""

from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest
import torch
from make_an_audio_checkpoint import GOLDEN, SCALE, original, save, save_vocoder, write_pieces

from hearsight import schedule
from hearsight_export.bigvgan.config import PUBLISHED
from hearsight_export.make_an_audio.assemble import assemble
from hearsight_export.make_an_audio.loading import load_make_an_audio

pytestmark = pytest.mark.full

GRAPH, LOOP = 1e-5, 1e-4


def golden(name):
    return SimpleNamespace(**np.load(GOLDEN / f"{name}.npz"))


def distance(found, wanted, record):
    found = np.asarray(found, np.float64).reshape(wanted.shape)
    relative = float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))
    record("relative_l2", relative)
    print(f"relative L2 {relative:.2e}")
    return relative


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    place = tmp_path_factory.mktemp("full")
    save(original(narrow=False), place / "maa1_full.ckpt")
    return place


@pytest.fixture(scope="module")
def bundle(work):
    vocoder = save_vocoder(work / "best_netG.pt", PUBLISHED["Make-An-Audio"].network)
    words = write_pieces(work / "words", 30522)
    return assemble(work / "maa1_full.ckpt", vocoder, words, work / "maa")


@pytest.fixture(scope="module")
def denoise(bundle):
    return session(bundle, "denoise")


@pytest.fixture(scope="module")
def texts(bundle):
    """What the encoder says of the golden ids: a caption, nothing, and a full length."""
    text = session(bundle, "text")
    ids = golden("text_encoder").ids
    return np.concatenate([text.run(None, {"ids": ids[i : i + 1]})[0] for i in range(3)])


def session(bundle, name):
    return onnxruntime.InferenceSession(str(bundle.root / f"{name}.onnx"))


def test_text_encoder(texts, record_property):
    g = golden("text_encoder")
    assert distance(texts[:2], g.context, record_property) < GRAPH
    assert distance(texts[2, ::8], g.context_full, record_property) < GRAPH
    # What the padding's mask would give is something else.
    assert distance(texts[:2, :4], g.context_if_masked, record_property) > 0.1


@pytest.mark.parametrize("seconds", ["", "_10s"])
def test_unet(denoise, seconds, record_property):
    g, context = golden("unet"), golden("text_encoder").context[::-1]
    x, t, wanted = (getattr(g, name + seconds) for name in ("x", "t", "out"))
    nothing = np.zeros_like(x[:1])
    for i in range(2):
        # alpha 1, sigma -1, k_x -1, k_d 1: what comes out is the network's own answer.
        feeds = {"x": x[i : i + 1], "d_prev": nothing, "noise": nothing}
        feeds |= {"cond": context[i : i + 1], "weights": np.ones(1, np.float32)}
        feeds |= {"row": np.array([t[i], 1, -1, -1, 1, 0, 0], np.float32)}
        found = denoise.run(["x_next"], feeds)[0]
        assert distance(found, wanted[i : i + 1], record_property) < GRAPH


def test_decoder(bundle, record_property):
    g = golden("vae_decode")
    assert float(g.scale_factor) == pytest.approx(SCALE)
    decode = session(bundle, "decode")
    for latent, wanted, step in (
        (g.z, g.mel_scaled, 1),
        (SCALE * g.z, g.mel, 1),
        (SCALE * g.z_10s, g.mel_10s, 4),  # every fourth frame is in the golden
    ):
        found = decode.run(None, {"latent": latent.astype(np.float32)})[0]
        assert distance(found[..., ::step], wanted, record_property) < GRAPH


def test_encoder(work, record_property):
    g = golden("vae_encode")
    model = load_make_an_audio(work / "maa1_full.ckpt")
    with torch.no_grad():
        told = model.autoencoder.encode(torch.from_numpy(g.mel)).latent_dist
    assert distance(told.mean, g.mean, record_property) < GRAPH
    assert distance(told.logvar, g.logvar, record_property) < GRAPH
    assert distance(model.scale * told.mean, g.latent_mode, record_property) < GRAPH


def test_deterministic_steps(bundle, denoise, texts, record_property):
    """With the encoder's own conditions, as the bundle's player takes them."""
    g = golden("ddim")
    rows = schedule.rows(bundle.manifest.schedule, "ddim", 5)
    np.testing.assert_array_equal(rows[:, 0], g.timesteps_in_call_order)
    guidance = bundle.manifest.defaults.guidance
    assert guidance == float(g.guidance)
    x, d = g.x_T, np.zeros_like(g.x_T)
    for row, after in zip(rows, g.steps_x, strict=True):
        feeds = {"x": x, "d_prev": d, "noise": np.zeros_like(x), "cond": texts[[1, 0]]}
        feeds |= {"weights": np.array([1 - guidance, guidance], np.float32)}
        x, d = denoise.run(["x_next", "d"], feeds | {"row": row.astype(np.float32)})
        assert distance(x, after, record_property) < LOOP
    assert distance(x, g.latent, record_property) < LOOP


def test_the_bundle_tells_its_parity(bundle):
    for name, graph in bundle.manifest.graphs.items():
        assert name == "tokenize" or max(row.relative_l2 for row in graph.parity) < GRAPH
    [heard] = bundle.manifest.chain
    print(heard)
    assert heard.snr_db > 60
