"""AudioLDM-S at full size against the original code, and against diffusers' own.

`orig_*` in `tests/golden/audioldm` are outputs of the original code of haoheliu/AudioLDM (commit
4054cb4) with the weights of `seeded` under the checkpoint's names, `diffusers_*` of diffusers
0.42 and transformers 5.23 with those under the names of their parts. Untrained networks amplify
rounding, so that errors are relative to the length of the result.
"""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest
import torch
from audioldm_checkpoint import GOLDEN, SCALE, original, save, write_folder, write_tokenizer
from seeded import fill

from hearsight import schedule
from hearsight.manifest import Schedule
from hearsight_export.audioldm.assemble import assemble
from hearsight_export.audioldm.loading import load_audioldm
from hearsight_export.audioldm.networks import BETAS, CHANNELS, CONDITION, training_heads
from hearsight_export.audioldm.parts import generator_parts
from hearsight_export.graphs import export_part
from hearsight_export.models.denoise import film_unet

pytestmark = pytest.mark.full

GRAPH, LOOP = 1e-5, 1e-4
SCHEDULE = Schedule(1000, BETAS, "epsilon", "first", "leading")


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
    save(original(narrow=False), place / "synthetic-s.ckpt")
    return place


@pytest.fixture(scope="module")
def model(work):
    return load_audioldm(work / "synthetic-s.ckpt")


@pytest.fixture(scope="module")
def bundle(work):
    words = write_tokenizer(work / "words")
    return assemble(work / "synthetic-s.ckpt", work / "audioldm-s", tokenizer=words)


@pytest.fixture(scope="module")
def denoise(bundle):
    return onnxruntime.InferenceSession(str(bundle.root / "denoise.onnx"))


@pytest.fixture(scope="module")
def diffusers_model(tmp_path_factory):
    return load_audioldm(write_folder(tmp_path_factory.mktemp("diffusers") / "s", narrow=False))


def answer(session, x, t, cond):
    """The network's own output: with alpha 1, sigma -1, k_x -1 and k_d 1 it is x_next."""
    nothing = np.zeros_like(x)
    row = np.array([t, 1, -1, -1, 1, 0, 0], np.float32)
    feeds = {"x": x, "d_prev": nothing, "noise": nothing, "cond": cond, "row": row}
    return session.run(["x_next"], feeds | {"weights": np.ones(1, np.float32)})[0]


def steps(session, x, rows, g, noises=None, before=lambda x, index: x):
    """Guided steps, one for each row; the noise is added as it was recorded."""
    cond = np.concatenate((g.uncond, g.cond))
    weights = np.array([1 - g.guidance, g.guidance], np.float32)
    d = np.zeros_like(x)
    for index, row in enumerate(rows):
        x = before(x, index)
        noise = np.zeros_like(x) if noises is None else noises[index]
        feeds = {"x": x, "d_prev": d, "noise": noise, "cond": cond, "weights": weights}
        x, d = session.run(["x_next", "d"], feeds | {"row": row.astype(np.float32)})
    return x


def check_rows(rows, g):
    np.testing.assert_array_equal(np.sort(rows[:, 0]), np.sort(g.timesteps))
    np.testing.assert_allclose(np.sort(rows[:, 1] ** 2), np.sort(g.alphas), rtol=1e-4)


def test_unet(denoise, record_property):
    g = golden("orig_unet")
    found = [
        answer(denoise, g.latent[i : i + 1], g.timestep[i], g.cond[i : i + 1]) for i in range(2)
    ]
    assert distance(np.concatenate(found), g.noise_pred, record_property) < GRAPH


def test_unet_without_averages(work, record_property):
    """The checkpoint's averages equal its other weights, so that one golden is for both."""
    g = golden("orig_unet")
    unet = load_audioldm(work / "synthetic-s.ckpt", ema=False).unet
    found = predict(unet, g)
    assert distance(found, g.noise_pred, record_property) < GRAPH


def predict(unet, g):
    with torch.no_grad():
        return unet(
            torch.from_numpy(g.latent),
            torch.from_numpy(g.timestep),
            encoder_hidden_states=None,
            class_labels=torch.from_numpy(g.cond),
        ).sample.numpy()


@pytest.mark.parametrize("origin", ["orig", "diffusers"])
def test_autoencoder_and_vocoder(request, origin, record_property):
    own = request.getfixturevalue("model" if origin == "orig" else "diffusers_model")
    with torch.no_grad():
        g = golden(f"{origin}_vae_decode")
        mel = own.autoencoder.decode(torch.from_numpy(g.latent)).sample
        assert distance(mel, g.mel, record_property) < GRAPH
        g = golden(f"{origin}_vae_encode")
        told = own.autoencoder.encode(torch.from_numpy(g.mel)).latent_dist
        assert distance(told.mean, g.mean, record_property) < GRAPH
        assert distance(told.logvar, g.logvar, record_property) < GRAPH
        g = golden(f"{origin}_vocoder")
        assert distance(own.vocoder(torch.from_numpy(g.mel)), g.waveform, record_property) < GRAPH


def test_deterministic_steps(denoise, record_property):
    g = golden("orig_ddim_eta0")
    rows = schedule.rows(SCHEDULE, "ddim", 5)
    check_rows(rows, g)
    found = steps(denoise, g.x_T, rows, g)
    assert distance(found, g.final, record_property) < LOOP


def test_steps_with_fresh_noise(denoise, record_property):
    g = golden("orig_ddim_eta1")
    rows = schedule.rows(SCHEDULE, "ddim", 5, 1.0)
    np.testing.assert_allclose(np.sort(rows[:, -1]), np.sort(g.sigmas), rtol=1e-4)
    found = steps(denoise, g.x_T, rows, g, g.step_noise)
    assert distance(found, g.final, record_property) < LOOP


def test_transfer(denoise, record_property):
    g = golden("orig_transfer_eta0")
    rows = schedule.rows(SCHEDULE, "ddim", 5)
    # The original adds noise for the step before the first one that it makes.
    level = rows[len(rows) - 1 - int(g.t_enc)]
    encoded = level[1] * g.init_latent + level[2] * g.encode_noise
    np.testing.assert_allclose(encoded, g.encoded, atol=1e-5)
    found = steps(denoise, g.encoded, rows[-int(g.t_enc) :], g)
    assert distance(found, g.final, record_property) < LOOP


def test_inpainting(denoise, record_property):
    g = golden("orig_inpaint_eta0")
    rows = schedule.rows(SCHEDULE, "ddim", 5)

    def keep(x, index):
        kept = rows[index, 1] * g.x0 + rows[index, 2] * g.q_noise[index]
        return (g.mask * kept + (1 - g.mask) * x).astype(np.float32)

    found = steps(denoise, g.x_T, rows, g, before=keep)
    assert distance(found, g.final, record_property) < LOOP


def test_latent_to_waveform(bundle, record_property):
    g = golden("orig_tail")
    assert float(g.scale_factor) == pytest.approx(SCALE)
    session = onnxruntime.InferenceSession(str(bundle.root / "decode.onnx"))
    found = session.run(None, {"latent": g.latent})[0]
    wanted = g.waveform[0, :, : found.shape[1]]
    assert wanted.shape == found.shape == (1, 64 * 640)
    assert distance(found, wanted, record_property) < GRAPH


def test_the_bundle_tells_its_parity(bundle):
    for name, graph in bundle.manifest.graphs.items():
        assert name == "tokenize" or max(row.relative_l2 for row in graph.parity) < GRAPH
    [heard] = bundle.manifest.chain
    print(heard)
    assert heard.snr_db > 60


def test_diffusers_unet_with_the_heads_of_training(diffusers_model, record_property):
    for name in ("diffusers_unet", "diffusers_unet_len62"):
        g = golden(name)
        found = predict(diffusers_model.unet, g)
        assert distance(found, g.noise_pred, record_property) < GRAPH


def test_diffusers_unet_with_diffusers_heads(tmp_path, record_property):
    g = golden("diffusers_unet")
    own = load_audioldm(write_folder(tmp_path / "s", narrow=False), diffusers_heads=True)
    assert distance(predict(own.unet, g), g.noise_pred_head_count_8, record_property) < GRAPH


def test_diffusers_steps(diffusers_model, tmp_path, record_property):
    g = golden("diffusers_ddim_eta0")
    graph = export_part(generator_parts(diffusers_model)[0], tmp_path)
    session = onnxruntime.InferenceSession(str(tmp_path / graph.variants["fp32"].file))
    rows = schedule.rows(SCHEDULE, "ddim", 5)
    check_rows(rows, g)
    assert distance(steps(session, g.x_T, rows, g), g.final, record_property) < LOOP


def test_a_network_above_two_gigabytes(diffusers_model, tmp_path):
    levels = (256, 512, 768, 1280)
    unet = fill(film_unet(CHANNELS, levels, training_heads(levels), CONDITION)).eval()
    part = generator_parts(replace(diffusers_model, unet=unet))[0]
    graph = export_part(replace(part, samples=part.samples[:1]), tmp_path)
    assert graph.variants["fp32"].weights[0].bytes > 2**31
    assert max(row.relative_l2 for row in graph.parity) < GRAPH
