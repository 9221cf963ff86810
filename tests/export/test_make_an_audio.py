"""Make-An-Audio exports in small: a narrow twin of the original, under the original's names.

Goldens in `tests/golden/make_an_audio` are outputs of the original code of
Text-to-Audio/Make-An-Audio (commit 0d84177) with the weights of `seeded`;
`test_make_an_audio_full.py` holds the ones that need networks of full size.
"""

import random
import shutil
from dataclasses import replace
from functools import partial

import bigvgan_checkpoint as bigvgan
import numpy as np
import onnxruntime
import pytest
import soundfile
import torch
from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint
from make_an_audio_checkpoint import (
    GOLDEN,
    SCALE,
    SPACE,
    VOCODER,
    WORDS,
    original,
    save,
    save_vocoder,
    write_pieces,
)
from onnxruntime_extensions import get_library_path
from transformers import BertModel, BertTokenizer

import hearsight
from hearsight import schedule
from hearsight.manifest import Mel, Schedule
from hearsight_export import cli
from hearsight_export.bigvgan.config import PUBLISHED
from hearsight_export.bigvgan.loading import read_config
from hearsight_export.chain import record_chain
from hearsight_export.checkpoints import CheckpointError
from hearsight_export.make_an_audio.assemble import assemble, load_vocoder
from hearsight_export.make_an_audio.loading import load_make_an_audio
from hearsight_export.make_an_audio.mel import MEL, DecimalMel
from hearsight_export.make_an_audio.networks import BETAS
from hearsight_export.make_an_audio.parts import Decode, Encode
from hearsight_export.models.mel import mel_filters
from hearsight_export.wordpiece import read_pieces

LENGTH = 77


def quiet(line):
    pass


def golden(name):
    return np.load(GOLDEN / f"{name}.npz")


def distance(found, wanted):
    return float(np.linalg.norm(np.asarray(found) - wanted) / np.linalg.norm(wanted))


def open_graph(path):
    options = onnxruntime.SessionOptions()
    options.register_custom_ops_library(get_library_path())
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options)


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    torch.set_num_threads(1)
    return tmp_path_factory.mktemp("make-an-audio")


@pytest.fixture(scope="module")
def state():
    return original()


@pytest.fixture(scope="module")
def checkpoint(work, state):
    return save(state, work / "narrow.ckpt")


@pytest.fixture(scope="module")
def vocoder(work):
    return save_vocoder(work / "best_netG.pt")


@pytest.fixture(scope="module")
def words(work):
    return write_pieces(work / "words")


@pytest.fixture(scope="module")
def model(checkpoint):
    return load_make_an_audio(checkpoint)


@pytest.fixture(scope="module")
def bundle(checkpoint, vocoder, words, work):
    """The narrow twin's, whose whole sound is one second long, to save time."""
    with pytest.MonkeyPatch.context() as patch:
        second = partial(record_chain, seconds=1.0)
        patch.setattr("hearsight_export.make_an_audio.assemble.record_chain", second)
        return assemble(checkpoint, vocoder, words, work / "maa-narrow", log=quiet)


def test_original_names_are_read_as_diffusers_reads_them(state, model):
    config = {"layers_per_block": 2, "down_block_types": (None,) * 2, "up_block_types": (None,) * 2}
    found = model.unet.state_dict()
    wanted = convert_ldm_unet_checkpoint(dict(state), config)
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[name], value) for name, value in wanted.items())


def test_the_autoencoder_attends_at_its_two_deepest_levels_whatever_the_sounds_length(state, model):
    found = model.autoencoder
    for half, levels in ((found.encoder.down_blocks, 2), (found.decoder.up_blocks, 3)):
        order = half if half is found.encoder.down_blocks else half[::-1]
        counts = [len(getattr(block, "attentions", ())) for block in order]
        assert counts == [0, 0, levels, levels]
    own = found.decoder.up_blocks[1].attentions[2]
    assert own.heads == 1
    named = state["first_stage_model.decoder.up.2.attn.2.k.weight"]
    assert torch.equal(own.to_k.weight, named[:, :, 0, 0])


def test_padding_is_read_as_words_are(model):
    ids = torch.zeros(2, LENGTH, dtype=torch.int64)
    ids[0, :4] = torch.tensor([101, 120, 130, 102])
    ids[1, :2] = torch.tensor([101, 102])
    mask = (ids != 0).long()
    base = BertModel(model.text.base.config, add_pooling_layer=False).eval()
    base.load_state_dict(model.text.base.state_dict())
    with torch.no_grad():
        found = model.text(ids)
        all_read = base(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
        masked = base(input_ids=ids, attention_mask=mask).last_hidden_state
        right, wrong = (model.text.projection(hidden) for hidden in (all_read, masked))
    torch.testing.assert_close(found, right, atol=1e-5, rtol=1e-5)
    assert distance(found, wrong.numpy()) > 0.01
    assert found.shape == (2, LENGTH, SPACE)


SAID = (
    "heavy rain",
    "",
    "Heavy RAINING, on a tin-roof!",
    "Caf\u00e9 na\u00efve CAFE\u0301",
    "\u0130stanbul",
    "\u96e8\u5927 rain",
    "tab\there\nnew  line\u00a0\u2028rain",
    "\u03a3\u03c3\u03c2 don't \u201cquotes\u201d \u2014 dash",
    "rain\ufffd\u200b\x01ing",
    "a" * 101,
    "rain " * 74,
    "rain " * 75,
    "rain " * 76,
    "rain " * 200,
)


def test_words_become_the_ids_of_transformers_tokenizer(bundle, words):
    reference = BertTokenizer(str(words / "vocab.txt"), do_lower_case=True)
    session = open_graph(bundle.root / "tokenize.onnx")
    pick = random.Random(5)
    letters = "abcdefghij klmnop qrstuv wxyz 0123456789 .,!?'- \u00c9\u00dc\u00f1\u00e7 ABC rain s"
    noise = ["".join(pick.choices(letters, k=pick.randrange(120))) for _ in range(200)]
    for text in (*SAID, *noise):
        wanted = reference(text, truncation=True, max_length=LENGTH, padding="max_length")
        ids, mask = session.run(["ids", "mask"], {"text": np.array([text], object)})
        assert ids.shape == mask.shape == (1, LENGTH)
        assert ids[0].tolist() == wanted["input_ids"], text
        assert mask[0].tolist() == wanted["attention_mask"], text


def test_mels_are_the_original_ones():
    g = golden("mel")
    np.testing.assert_allclose(mel_filters(MEL), g["mel_basis"], atol=1e-8)
    found = DecimalMel()(torch.from_numpy(g["wav"])[None])[0]
    assert distance(found, g["mel"]) < 1e-6
    # What is louder than full scale is clipped, and silence is the floor.
    loud = DecimalMel()(torch.from_numpy(4 * g["wav"])[None])
    clipped = DecimalMel()(torch.from_numpy(4 * g["wav"]).clamp(-1, 1)[None])
    assert torch.equal(loud, clipped)
    assert torch.allclose(DecimalMel()(torch.zeros(1, 4096)), torch.tensor(-5.0))


def test_faint_sounds_keep_their_offset_in_the_graph(bundle, model):
    """The exporter drops summands that look like zero: just above the floor that would show."""
    rng = np.random.default_rng(3)
    faint = (2e-4 * rng.standard_normal((1, 2048 * 4))).astype(np.float32)
    session = open_graph(bundle.root / "encode.onnx")
    with torch.no_grad():
        mean, logvar = (x.numpy() for x in Encode(model)(torch.from_numpy(faint)))
    found = session.run(["mean", "logvar"], {"audio": faint})
    assert distance(found[0], mean) < 1e-4 and distance(found[1], logvar) < 1e-4


def test_the_steps_are_the_original_ones():
    """From what the original's network saw, every step leads where the original's did."""
    g = golden("ddim")
    np.testing.assert_allclose(
        schedule.cumulative_alphas(BETAS, 1000), g["alphas_cumprod"], atol=1e-6
    )
    rows = schedule.rows(Schedule(1000, BETAS, "epsilon", "first", "leading"), "ddim", 5)
    np.testing.assert_array_equal(rows[:, 0], g["timesteps_in_call_order"])
    np.testing.assert_allclose(rows[:, 1] ** 2, g["alphas"][::-1], rtol=1e-5)
    x = g["x_T"]
    for row, seen, after in zip(rows, g["steps_pred_x0"], g["steps_x"], strict=True):
        _, _, _, k_x, k_d, _, _ = row
        assert distance(k_x * x + k_d * seen, after) < 1e-5
        x = after


def test_the_scale_is_the_checkpoints(model):
    latent = torch.randn(1, 4, 10, 4, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted = model.autoencoder.decode(latent / SCALE).sample[:, 0]
        assert torch.equal(Decode(model)(latent), wanted)
        sound = 0.1 * torch.randn(1, 8192, generator=torch.Generator().manual_seed(2))
        mean, logvar = Encode(model)(sound)
        told = model.autoencoder.encode(DecimalMel()(sound)[:, None]).latent_dist
    torch.testing.assert_close(mean, SCALE * told.mean)
    torch.testing.assert_close(torch.exp(0.5 * logvar), SCALE * told.std)


def test_the_bundle_says_what_it_is(bundle, checkpoint, vocoder):
    manifest = bundle.manifest
    assert set(manifest.graphs) == {"tokenize", "text", "denoise", "decode", "encode", "vocoder"}
    assert manifest.space.name == f"maa-clap-77x{SPACE}" and manifest.space.shape == (77, SPACE)
    assert manifest.latent.shape == (4, 10, "T") and manifest.latent.samples_per_frame == 2048
    assert manifest.latent.multiple == 4 and manifest.defaults.guidance == 3
    assert manifest.audio.sample_rate == 16000 and manifest.audio.peak is None
    assert manifest.audio.mel == Mel(80, 1024, 256, 0.0, 8000.0, "log10", 1e-5)
    assert manifest.graphs["decode"].outputs[0].shape == ("B", 80, "8T")
    assert manifest.graphs["vocoder"].outputs[0].shape == ("B", "2048T")
    # The vocoder is called as the published one, whose terms nobody states; "narrow" is not.
    assert {file: terms.name for file, terms in manifest.license.items()} == {
        **dict.fromkeys(("decode.weights", "denoise.weights", "encode.weights"), "unknown"),
        "text.weights": "unknown",
        "tokenize.onnx": "Apache-2.0",
        "vocoder.weights": "not stated; its code is MIT",
    }
    assert all(row.relative_l2 < 1e-5 for g in manifest.graphs.values() for row in g.parity)
    [heard] = manifest.chain
    assert heard.steps == 25 and heard.snr_db > 60
    notice = (bundle.root / "NOTICE").read_text(encoding="utf-8")
    assert checkpoint.name in notice and vocoder.name in notice


def test_the_empty_condition_is_that_of_the_empty_text(bundle, model):
    ids = torch.zeros(1, LENGTH, dtype=torch.int64)
    ids[0, :2] = torch.tensor([101, 102])
    empty = np.fromfile(bundle.root / bundle.manifest.space.empty.file, np.float32)
    with torch.no_grad():
        np.testing.assert_allclose(empty.reshape(LENGTH, SPACE), model.text(ids)[0], atol=1e-6)


@pytest.mark.parametrize("frames", [4, 12, 34])
def test_denoise_takes_any_even_number_of_frames(bundle, model, frames):
    session = open_graph(bundle.root / "denoise.onnx")
    rng = np.random.default_rng(frames)
    x = rng.standard_normal((1, 4, 10, frames)).astype(np.float32)
    cond = rng.standard_normal((1, LENGTH, SPACE)).astype(np.float32)
    nothing = np.zeros_like(x)
    # alpha 1, sigma -1, k_x -1, k_d 1: what comes out is the network's own answer.
    feeds = {"x": x, "d_prev": nothing, "noise": nothing, "cond": cond}
    feeds |= {"weights": np.ones(1, np.float32)}
    feeds |= {"row": np.array([501, 1, -1, -1, 1, 0, 0], np.float32)}
    found = session.run(["x_next"], feeds)[0]
    with torch.no_grad():
        wanted = model.unet(
            torch.from_numpy(x), torch.tensor([501.0]), encoder_hidden_states=torch.from_numpy(cond)
        ).sample.numpy()
    assert distance(found, wanted) < 1e-5


def test_the_bundle_plays_words_and_changes_sounds(bundle, tmp_path):
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "a.wav", 0.1 * rng.standard_normal(24000), 16000)
    with hearsight.load(bundle.root, threads=1) as generator:
        asked = {"seconds": 1.0, "steps": 2, "seed": 1}
        takes = [
            generator.generate(hearsight.text(words, **asked))[0]
            for words in ("heavy rain", "", "heavy rain")
        ]
        prompt = hearsight.Prompt("text", "heavy rain")
        begun = hearsight.Init(str(tmp_path / "a.wav"), strength=0.5)
        changed = generator.generate(hearsight.Request((prompt,), init=begun, **asked))[0]
    for take in (*takes, changed):
        assert np.isfinite(take.audio).all() and np.abs(take.audio).max() > 0
    np.testing.assert_array_equal(takes[0].audio, takes[2].audio)
    # An untrained network hardly minds what it is told, but it is told.
    assert not np.array_equal(takes[0].audio, takes[1].audio)
    assert not np.array_equal(takes[0].audio, changed.audio)


def without(state, name):
    return {key: value for key, value in state.items() if not key.startswith(name)}


UNET, TEXT = "model.diffusion_model.", "cond_stage_model."
CAPTIONS, CLAP = f"{TEXT}caption_encoder.", "caption_encoder.base.embeddings.word_embeddings.weight"
DAMAGES = {
    "of another family": (
        lambda s: {f"{TEXT}transformer.text_model.x": torch.zeros(2)},
        r"no Make-An-Audio checkpoint but one of Stable Diffusion: .*0\.0\.weight \[320, 4, 3, 3\]",
    ),
    "BERT alone": (
        lambda s: {"bert.embeddings.word_embeddings.weight": torch.zeros(2, 2)},
        r"but one of BERT: the first tensor that is missing is model\.diffusion_model",
    ),
    "CLAP alone": (lambda s: {CLAP: torch.zeros(2, 2)}, "but one of CLAP 2022: the first tensor"),
    "no UNet": (
        lambda s: without(s, UNET),
        r"is a part of Make-An-Audio: it lacks the tensor .*input_blocks\.0\.0\.weight",
    ),
    "for inpainting": (
        lambda s: s | {f"{UNET}input_blocks.0.0.weight": torch.zeros(32, 9, 3, 3)},
        r"is Make-An-Audio for inpainting: .* has the shape \[32, 9, 3, 3\], 9 channels in",
    ),
    "from pictures": (
        lambda s: without(s, TEXT) | {f"{TEXT}model.visual.proj": torch.zeros(2, 2)},
        r"is no Make-An-Audio checkpoint.*word_embeddings\.weight \[30522, 768\]",
    ),
    "no text encoder": (
        lambda s: without(s, TEXT),
        r"brings no whole text encoder: it lacks the tensor .*word_embeddings\.weight",
    ),
    "BERT without CLAP": (
        lambda s: without(s, f"{CAPTIONS}projection."),
        r"lacks the tensor .*projection\.linear1\.weight, expected as \[1024, 768\]\. BERT as it",
    ),
    "a hole in BERT": (
        lambda s: without(s, f"{CAPTIONS}base.encoder.layer.1.attention.self.key.weight"),
        r"layer\.1\.attention\.self\.key\.weight, expected as \[64, 64\]",
    ),
    "no scale": (lambda s: without(s, "scale_factor"), "lacks the tensor scale_factor"),
    "another schedule": (
        lambda s: s | {"alphas_cumprod": torch.linspace(1, 0, 1000)},
        r"alphas_cumprod \[1000\] is of another noise schedule; expected were 1000 steps",
    ),
    "a tensor of another shape": (
        lambda s: s | {f"{UNET}input_blocks.4.0.emb_layers.1.weight": torch.zeros(96, 512)},
        r"input_blocks\.4\.0\.emb_layers\.1\.weight has the shape \[96, 512\]; \[64, 128\] was",
    ),
    "a missing attention": (
        lambda s: without(s, "first_stage_model.decoder.up.2.attn.2.k.bias"),
        r"lacks the tensor first_stage_model\.decoder\.up\.2\.attn\.2\.k\.bias, .* as \[64\]",
    ),
    "attention at another level": (
        lambda s: s | {"first_stage_model.encoder.down.1.attn.0.q.weight": torch.zeros(64, 64)},
        r"holds first_stage_model\.encoder\.down\.1\.attn\.0\.q\.weight .* which .* no place",
    ),
    "width of no Make-An-Audio": (
        lambda s: s | {f"{UNET}input_blocks.0.0.weight": torch.zeros(40, 4, 3, 3)},
        "UNet has 40 channels; a multiple of 32 was expected",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_refused_by_name_and_leaves_nothing(
    damage, state, vocoder, words, tmp_path
):
    change, said = DAMAGES[damage]
    broken = save(change(state), tmp_path / "narrow.ckpt")
    with pytest.raises(CheckpointError, match=said):
        assemble(broken, vocoder, words, tmp_path / "out" / "bundle", log=quiet)
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_the_other_generation_is_known_by_its_published_name(checkpoint, tmp_path):
    """Its tensors have the same names and shapes; only what they compute is another thing."""
    other = shutil.copy(checkpoint, tmp_path / "ta40multi_epoch=000085.ckpt")
    with pytest.raises(CheckpointError, match=r"is AudioGPT's Make-An-Audio by its name"):
        load_make_an_audio(tmp_path / other.name)


def test_vocoders_of_other_mels_are_refused(checkpoint, vocoder, words, tmp_path):
    wide = save_vocoder(tmp_path / "wide.pt", replace(VOCODER, mel_bins=100))
    with pytest.raises(CheckpointError, match="it is for 100 bins and 256 samples to a mel frame"):
        assemble(checkpoint, wide, words, tmp_path / "bundle", log=quiet)
    with pytest.raises(CheckpointError, match="but one of Make-An-Audio"):
        assemble(checkpoint, checkpoint, words, tmp_path / "bundle", log=quiet)
    # Of NVIDIA's with the same sizes only the configuration tells the mels.
    nvidia = replace(PUBLISHED["bigvgan_22khz_80band"], network=VOCODER)
    config = bigvgan.write_config(nvidia, tmp_path / "config.json")
    with pytest.raises(CheckpointError, match=r"it is for 22050 Hz and .*'ln'"):
        assemble(checkpoint, vocoder, words, tmp_path / "bundle", vocoder_config=config, log=quiet)
    assert not (tmp_path / "bundle").exists()


def test_the_vocabulary_must_be_the_encoders(checkpoint, vocoder, tmp_path):
    def export(words):
        assemble(checkpoint, vocoder, words, tmp_path / "bundle", log=quiet)

    with pytest.raises(CheckpointError, match=r"has neither vocab\.txt nor tokenizer\.json"):
        export(tmp_path)
    with pytest.raises(CheckpointError, match=f"has {WORDS + 3} pieces, and .* {WORDS} words"):
        export(write_pieces(tmp_path / "more", WORDS + 3))
    cased = write_pieces(tmp_path / "cased") / "vocab.txt"
    cased.write_text(cased.read_text(encoding="utf-8").replace("[CLS]\n", ""), encoding="utf-8")
    with pytest.raises(CheckpointError, match=r'the id None for "\[CLS\]", and 101 was expected'):
        export(cased.parent)
    assert not (tmp_path / "bundle").exists()


def test_a_vocabulary_is_read_from_either_file_of_a_tokenizer(words, tmp_path):
    BertTokenizer(str(words / "vocab.txt")).save_pretrained(tmp_path)
    assert (tmp_path / "tokenizer.json").is_file() and not (tmp_path / "vocab.txt").exists()
    wanted = read_pieces(words)
    assert len(wanted) == WORDS and wanted[102] == "[SEP]"
    assert read_pieces(tmp_path) == read_pieces(tmp_path / "tokenizer.json") == wanted
    # Files that went through Windows, and pieces that are line separators themselves.
    (tmp_path / "vocab.txt").write_bytes("[PAD]\r\n\u2028\r\n\x85\r\n".encode())
    assert read_pieces(tmp_path) == ["[PAD]", "\u2028", "\x85"]
    (tmp_path / "tokenizer.json").write_text('{"model": {"vocab": {"a": 0, "b": 2}}}')
    with pytest.raises(CheckpointError, match=r"the ids of model\.vocab are not 0 and on"):
        read_pieces(tmp_path / "tokenizer.json")


def test_the_vocoders_settings_lie_beside_it_and_say_nothing_of_its_mels(vocoder, tmp_path):
    """As Make-An-Audio publishes them, they are of the network alone."""
    unsaid = dict.fromkeys(("n_fft", "hop_size", "win_size", "sampling_rate", "fmin", "fmax"), ...)
    told = replace(PUBLISHED["Make-An-Audio"], network=VOCODER)
    side = bigvgan.write_config(told, tmp_path / "args.yml", **unsaid)
    assert read_config(side) == told
    beside = shutil.copy(vocoder, tmp_path / "best_netG.pt")
    assert load_vocoder(tmp_path / beside.name, None).config == VOCODER


def test_the_command_says_what_is_wrong_and_ends_with_an_input_error(
    checkpoint, vocoder, words, tmp_path, capsys, monkeypatch
):
    half = tmp_path / "half.ckpt"
    half.write_bytes(checkpoint.read_bytes()[:3_000_000])
    asked = ["hearsight-export", "make-an-audio", str(half), "-o", str(tmp_path / "bundle")]
    asked += ["--vocoder", str(vocoder), "--tokenizer", str(words)]
    monkeypatch.setattr("sys.argv", asked)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 5
    assert "is incomplete" in capsys.readouterr().err
    assert not (tmp_path / "bundle").exists()
