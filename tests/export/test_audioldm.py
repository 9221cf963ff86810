"""AudioLDM exports in small: a narrow twin of the original, under the original's names.

Goldens in `tests/golden/audioldm` are outputs of the original code of haoheliu/AudioLDM (commit
4054cb4) with the weights of `seeded`; `test_audioldm_full.py` holds the ones of full size.
"""

import json
import shutil

import numpy as np
import pytest
import soundfile
import torch
from audioldm_checkpoint import GOLDEN, SCALE, original, save, write_folder, write_tokenizer
from diffusers.loaders.single_file_utils import (
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
)
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

import hearsight
from hearsight.schedule import cumulative_alphas
from hearsight_export import cli
from hearsight_export.audioldm.assemble import assemble
from hearsight_export.audioldm.loading import load_audioldm
from hearsight_export.audioldm.networks import BETAS, training_heads
from hearsight_export.audioldm.parts import MEL, Decode
from hearsight_export.checkpoints import CheckpointError
from hearsight_export.models.mel import LogMel, mel_filters, mel_points


def quiet(line):
    pass


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    torch.set_num_threads(1)
    return tmp_path_factory.mktemp("audioldm")


@pytest.fixture(scope="module")
def state():
    return original()


@pytest.fixture(scope="module")
def checkpoint(work, state):
    return save(state, work / "narrow.ckpt")


@pytest.fixture(scope="module")
def folder(work):
    return write_folder(work / "folder")


@pytest.fixture(scope="module")
def words(work):
    return write_tokenizer(work / "words")


@pytest.fixture(scope="module")
def model(checkpoint):
    return load_audioldm(checkpoint)


@pytest.fixture(scope="module")
def bundle(checkpoint, words, work):
    return assemble(checkpoint, work / "audioldm-narrow", tokenizer=words, log=quiet)


def test_original_names_are_read_as_diffusers_reads_them(state, checkpoint, model):
    config = {"layers_per_block": 2, "down_block_types": (None,) * 3, "up_block_types": (None,) * 3}
    plain = load_audioldm(checkpoint, ema=False)
    for own, ema in ((model.unet, True), (plain.unet, False)):
        found = own.state_dict()
        wanted = convert_ldm_unet_checkpoint(dict(state), config, extract_ema=ema)
        assert found.keys() - wanted.keys() == {"class_embedding.weight", "class_embedding.bias"}
        assert all(torch.equal(found[name], value) for name, value in wanted.items())
    average = state["model_ema.diffusion_modelfilm_embweight"]
    assert torch.equal(model.unet.class_embedding.weight, average)
    found = model.autoencoder.state_dict()
    wanted = convert_ldm_vae_checkpoint(dict(state), config)
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[name], value) for name, value in wanted.items())
    up = state["first_stage_model.vocoder.ups.3.weight"]
    assert torch.equal(model.vocoder.upsampler[3].weight, up)
    assert model.scale == pytest.approx(SCALE)


def test_heads_are_those_of_training_for_every_size():
    assert training_heads((128, 256, 384, 640)) == (4, 8, 12, 20)
    assert training_heads((192, 384, 576, 960)) == (6, 12, 18, 30)
    assert training_heads((256, 512, 768, 1280)) == (4, 8, 12, 20)


def heads(model):
    blocks = model.unet.down_blocks[1:]
    return [block.attentions[0].transformer_blocks[0].attn1.heads for block in blocks]


def test_a_diffusers_folder_gets_the_heads_of_training_unless_its_own_are_asked_for(folder):
    found = load_audioldm(folder)
    assert heads(found) == [2, 3, 5]
    assert heads(load_audioldm(folder, diffusers_heads=True)) == [8, 8, 8]
    assert found.scale == SCALE and found.tokenizer == folder / "tokenizer"
    stored = load_file(folder / "unet" / "diffusion_pytorch_model.safetensors")
    assert all(torch.equal(stored[name], value) for name, value in found.unet.state_dict().items())


def test_clap_has_the_epsilon_of_training_unless_diffusers_own_output_is_asked_for(
    model, folder, tmp_path
):
    assert model.clap_eps == load_audioldm(folder).clap_eps == 1e-5
    file = folder / "text_encoder" / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    other = shutil.copytree(folder, tmp_path / "other")
    for said, wanted in (({"layer_norm_eps": 1e-7}, 1e-7), ({}, 1e-12)):
        rest = {key: value for key, value in config.items() if key != "layer_norm_eps"}
        place = other / "text_encoder" / "config.json"
        place.write_text(json.dumps(rest | said), encoding="utf-8")
        assert load_audioldm(other, diffusers_heads=True).clap_eps == wanted


def test_old_and_new_attention_names_of_a_folder_mean_the_same(folder, tmp_path):
    old = tmp_path / "old"
    shutil.copytree(folder, old)
    file = old / "vae" / "diffusion_pytorch_model.safetensors"
    names = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    renamed = {}
    for name, value in load_file(file).items():
        old_name = name
        for new, before in names.items():
            old_name = old_name.replace(f".{new}.", f".{before}.")
        renamed[old_name] = value
    assert any(".proj_attn." in name for name in renamed)
    file.unlink()
    torch.save(renamed, old / "vae" / "diffusion_pytorch_model.bin")
    mel = torch.randn(1, 1, 20, 64)
    with torch.no_grad():
        given, wanted = (
            load_audioldm(path).autoencoder.encode(mel).latent_dist.mean for path in (old, folder)
        )
    assert torch.equal(given, wanted)


def test_schedule_and_mels_are_the_original_ones():
    golden = np.load(GOLDEN / "schedule.npz")
    np.testing.assert_allclose(cumulative_alphas(BETAS, 1000), golden["alphas_cumprod"], atol=1e-6)
    golden = np.load(GOLDEN / "orig_mel.npz")
    np.testing.assert_allclose(mel_filters(MEL), golden["mel_basis"], atol=1e-8)
    mel = LogMel(MEL, centred=True)(torch.from_numpy(golden["waveform_16k"])[None])[0]
    wanted = golden["mel"][:-1]  # one frame more than there are hops
    assert mel.shape == wanted.shape
    assert np.linalg.norm(mel.numpy() - wanted) < 1e-5 * np.linalg.norm(wanted)


def test_a_latent_that_ran_away_is_clipped_and_others_are_not(model):
    decode = Decode(model)
    calm = torch.randn(1, 8, 2, 16) * 20
    assert calm.abs().max() < 100
    wild = calm.clone()
    wild[0, 3, 1, 7] = 101.0
    with torch.no_grad():
        both = decode(torch.cat((calm, wild)))
        torch.testing.assert_close(both[:1], decode(calm), atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(both[1:], decode(wild.clamp(-10, 10)), atol=1e-5, rtol=1e-4)
        assert (both[0] - decode(calm.clamp(-10, 10))[0]).abs().max() > 1e-3


def test_the_bundle_says_what_it_is(bundle, checkpoint):
    manifest = bundle.manifest
    assert set(manifest.graphs) == {"tokenize", "text", "audio", "denoise", "decode", "encode"}
    assert manifest.space.name == "laion-clap-512" and manifest.space.shape == (512,)
    assert manifest.latent.shape == (8, "T", 16) and manifest.latent.samples_per_frame == 640
    assert manifest.latent.bands == tuple(mel_points(MEL, 17).tolist())
    assert manifest.latent.bands[0] == 0 and manifest.latent.bands[-1] == pytest.approx(8000)
    assert manifest.audio.sample_rate == 16000 and manifest.audio.peak == 0.5
    # The name of the checkpoint is none that was published.
    assert {terms.commercial_use for terms in manifest.license.values()} == {None, True}
    assert all(row.relative_l2 < 1e-5 for g in manifest.graphs.values() for row in g.parity)
    [heard] = manifest.chain
    assert heard.steps == 25 and heard.snr_db > 60
    assert "| denoise | fp32 |" in (bundle.root / "README.md").read_text(encoding="utf-8")
    assert checkpoint.name in (bundle.root / "NOTICE").read_text(encoding="utf-8")


@pytest.mark.parametrize("frames", [8, 9, 33])
def test_denoise_takes_any_number_of_frames(bundle, model, frames):
    import onnxruntime

    session = onnxruntime.InferenceSession(str(bundle.root / "denoise.onnx"))
    rng = np.random.default_rng(frames)
    x = rng.standard_normal((1, 8, frames, 16)).astype(np.float32)
    cond = rng.standard_normal((1, 512)).astype(np.float32)
    nothing = np.zeros_like(x)
    # alpha 1, sigma -1, k_x -1, k_d 1: what comes out is the network's own answer.
    feeds = {"x": x, "d_prev": nothing, "noise": nothing, "cond": cond}
    feeds |= {"weights": np.ones(1, np.float32)}
    feeds |= {"row": np.array([501, 1, -1, -1, 1, 0, 0], np.float32)}
    found = session.run(["x_next"], feeds)[0]
    with torch.no_grad():
        wanted = model.unet(
            torch.from_numpy(x),
            torch.tensor([501.0]),
            encoder_hidden_states=None,
            class_labels=torch.from_numpy(cond),
        ).sample.numpy()
    assert np.linalg.norm(found - wanted) < 1e-5 * np.linalg.norm(wanted)


def test_the_bundle_plays_words_and_sounds(bundle, tmp_path):
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "a.wav", 0.1 * rng.standard_normal(24000), 16000)
    with hearsight.load(bundle.root, threads=1) as generator:
        asked = {"seconds": 1.0, "steps": 2, "seed": 1}
        takes = [
            generator.generate(hearsight.text(words, **asked))[0]
            for words in ("heavy rain", "", "heavy rain")
        ]
        prompt = hearsight.Prompt("audio", str(tmp_path / "a.wav"))
        heard = generator.generate(hearsight.Request((prompt,), **asked))[0]
    for take in (*takes, heard):
        assert np.isfinite(take.audio).all() and np.abs(take.audio).max() > 0
    np.testing.assert_array_equal(takes[0].audio, takes[2].audio)
    # An untrained network hardly minds what it is told, but it is told.
    assert not np.array_equal(takes[0].audio, takes[1].audio)
    assert not np.array_equal(takes[0].audio, heard.audio)


def without(state, name):
    return {key: value for key, value in state.items() if not key.startswith(name)}


UNET, AVERAGE = "model.diffusion_model.", "model_ema.diffusion_model"
CLAP = "cond_stage_model.model."
DAMAGES = {
    "of another family": (
        lambda s: {"cond_stage_model.transformer.text_model.x": torch.zeros(2)},
        r"no AudioLDM checkpoint but one of Stable Diffusion: .*film_emb\.weight \[512, 512\]",
    ),
    "a tensor of another shape": (
        lambda s: s | {f"{AVERAGE}input_blocks100emb_layers1weight": torch.zeros(96, 512)},
        r"input_blocks100emb_layers1weight has the shape \[96, 512\]; \[160, 256\] was expected",
    ),
    "a missing tensor": (
        lambda s: without(s, "first_stage_model.decoder.up.1.block.2.conv1.bias"),
        r"lacks the tensor first_stage_model\.decoder\.up\.1\.block\.2\.conv1\.bias, .* as \[64\]",
    ),
    "a tensor too many": (
        lambda s: s | {f"{AVERAGE}input_blocks43weight": torch.zeros(3, 4)},
        r"holds model_ema\.diffusion_modelinput_blocks43weight \[3, 4\], for which .* no place",
    ),
    "no vocoder": (
        lambda s: without(s, "first_stage_model.vocoder."),
        r"lacks the tensor first_stage_model\.vocoder\.conv_pre\.weight",
    ),
    "no averages": (
        lambda s: without(s, "model_ema."),
        r"lacks model_ema\.diffusion_modelinput_blocks00weight, .* Add --no-ema",
    ),
    "no scale": (lambda s: without(s, "scale_factor"), "lacks the tensor scale_factor"),
    "no CLAP": (
        lambda s: without(s, "cond_stage_model."),
        r"text_branch\.embeddings\.word_embeddings\.weight, expected as \[50265, 768\]",
    ),
    "no audio tower": (
        lambda s: without(s, f"{CLAP}audio_branch."),
        r"lacks the tensor cond_stage_model\.model\.audio_branch\.patch_embed\.proj\.weight",
    ),
    "a hole in CLAP": (
        lambda s: without(s, f"{CLAP}text_branch.encoder.layer.1.attention.self.key.weight"),
        r"text_branch\.encoder\.layer\.1\.attention\.self\.key\.weight, expected as \[64, 64\]",
    ),
    "another schedule": (
        lambda s: s | {"alphas_cumprod": torch.linspace(1, 0, 1000)},
        r"alphas_cumprod \[1000\] is of another noise schedule; expected were 1000 steps",
    ),
    "width of no AudioLDM": (
        lambda s: s | {f"{AVERAGE}input_blocks00weight": torch.zeros(40, 8, 3, 3)},
        "UNet has 40 channels; a multiple of 32 was expected",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_refused_by_name_and_leaves_nothing(damage, state, words, tmp_path):
    change, said = DAMAGES[damage]
    broken = save(change(state), tmp_path / "narrow.ckpt")
    with pytest.raises(CheckpointError, match=said):
        assemble(broken, tmp_path / "out" / "bundle", tokenizer=words, log=quiet)
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def drop(folder, part):
    shutil.rmtree(folder / part)


def cut(folder, part):
    file = folder / part / "diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def reshape(folder, part):
    file = folder / part / "model.safetensors"
    save_file(load_file(file) | {"resblocks.4.convs2.1.weight": torch.zeros(5, 5, 7)}, file)


def say_otherwise(folder, part):
    file = folder / part / "scheduler_config.json"
    config = json.loads(file.read_text()) | {"prediction_type": "v_prediction"}
    file.write_text(json.dumps(config))


FOLDER_DAMAGES = {
    "no vocoder": (drop, "vocoder", r"conv_pre\.weight \[1024, 64, 7\], expected in vocoder/"),
    "no UNet": (drop, "unet", r"class_embedding\.weight \[512, 512\], expected in unet/"),
    "half a VAE": (cut, "vae", r"vae/.* is incomplete: [\w.]+ was expected to end at byte"),
    "another shape": (
        reshape,
        "vocoder",
        r"vocoder/resblocks\.4\.convs2\.1\.weight has the shape \[5, 5, 7\]; \[16, 16, 7\] was",
    ),
    "another prediction": (say_otherwise, "scheduler", "is v_prediction; AudioLDM has epsilon"),
}


@pytest.mark.parametrize("damage", FOLDER_DAMAGES)
def test_a_damaged_folder_is_refused_by_name_and_leaves_nothing(damage, folder, tmp_path):
    change, part, said = FOLDER_DAMAGES[damage]
    broken = shutil.copytree(folder, tmp_path / "broken")
    change(broken, part)
    with pytest.raises(CheckpointError, match=said):
        assemble(broken, tmp_path / "out" / "bundle", log=quiet)
    assert not (tmp_path / "out").exists()


def test_the_command_says_what_is_wrong_and_ends_with_an_input_error(
    checkpoint, tmp_path, capsys, monkeypatch
):
    half = tmp_path / "half.ckpt"
    half.write_bytes(checkpoint.read_bytes()[:3_000_000])
    out = tmp_path / "bundle"
    monkeypatch.setattr("sys.argv", ["hearsight-export", "audioldm", str(half), "-o", str(out)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 5
    assert "is incomplete: model.diffusion_model." in capsys.readouterr().err
    assert not out.exists()


def test_options_that_a_checkpoint_has_no_use_for_are_refused(checkpoint, folder, tmp_path):
    for path, option in ((checkpoint, "--diffusers-heads"), (folder, "--no-ema")):
        asked = ["audioldm", str(path), "-o", str(tmp_path / "bundle"), option]
        result = CliRunner().invoke(cli.app, asked)
        assert result.exit_code == 2 and option in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_without_tokenizer_asks_for_one(checkpoint, tmp_path):
    with pytest.raises(CheckpointError, match=r"vocab\.json and merges\.txt with --tokenizer"):
        assemble(checkpoint, tmp_path / "bundle", log=quiet)


def test_a_folder_that_is_no_bundle_is_never_replaced(checkpoint, words, tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(hearsight.HearsightError, match="is there already and is no bundle"):
        assemble(checkpoint, tmp_path, tokenizer=words, log=quiet)
    assert (tmp_path / "mine.txt").read_text() == "keep"
