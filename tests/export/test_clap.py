"""CLAP's towers compute what their authors' code computes, from every kind of checkpoint."""

import json
import re
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import soundfile
import torch
from audioldm_checkpoint import GOLDEN as AUDIOLDM
from audioldm_checkpoint import original, save, write_tokenizer
from seeded import seeded
from transformers import ClapConfig, ClapModel

from hearsight.conditioner import Conditioner
from hearsight.engine import Engine
from hearsight.sampler import Cancel
from hearsight_export.checkpoints import CheckpointError, below
from hearsight_export.clap.audio import load_clap_audio
from hearsight_export.clap.bundle import clap_addition, read_clap
from hearsight_export.clap.hearing import ClapMel, Upsample3, level, repeat_to
from hearsight_export.clap.parts import clap_parts
from hearsight_export.clap.text import load_clap_text
from hearsight_export.conditioning import make_conditioner
from hearsight_export.graphs import export_part
from hearsight_export.weights import MisfitError

GOLDEN = Path(__file__).parents[1] / "golden" / "clap"
PREFIX = "cond_stage_model.model."


def tensor(values):
    return torch.from_numpy(np.asarray(values))


def long(values):
    return tensor(values).long()


def distance(found, wanted):
    """Relative L2."""
    found = found.detach().numpy() if isinstance(found, torch.Tensor) else found
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


@pytest.fixture(scope="module")
def narrow():
    """LAION's names in small widths: a state dict as LAION-AI/CLAP has it."""
    torch.set_num_threads(1)
    return below(original(), PREFIX)


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    return write_tokenizer(tmp_path_factory.mktemp("words"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, words):
    folder = tmp_path_factory.mktemp("clap")
    shallow = {n: t for n, t in original().items() if not re.search(r"layers\.2\.blocks\.[2-9]", n)}
    checkpoint = save(shallow, folder / "audioldm-s-full.ckpt")
    file = read_clap(checkpoint)
    log = []
    made = make_conditioner(
        checkpoint, folder / "ear", lambda root: clap_addition(file, words, root), log=log.append
    )
    assert [line.split()[0] for line in log] == ["text"] * 3 + ["audio"] * 3
    return made


def test_small_towers_give_what_transformers_gave_in_its_own_names():
    """Golden: outputs of ClapModel of transformers 5.23 with the weights of `seeded`."""
    golden = np.load(GOLDEN / "tiny.npz")
    text = dict(
        vocab_size=99,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=32,
    )
    audio = dict(
        spec_size=64,
        window_size=4,
        num_mel_bins=16,
        patch_embeds_hidden_size=8,
        depths=[2, 2],
        num_attention_heads=[2, 2],
        hidden_size=16,
    )
    sizes = dict(projection_dim=16)
    model = ClapModel(ClapConfig(text_config=text | sizes, audio_config=audio | sizes, **sizes))
    state = {n: tensor(seeded(n, tuple(t.shape))) for n, t in model.state_dict().items()}
    ids, mask = long(golden["ids"]), long(golden["mask"])
    assert distance(load_clap_text(state, heads=4)(ids, mask), golden["text"]) < 1e-6
    heard = load_clap_audio(state).embed(tensor(golden["mel"]))
    assert distance(heard, golden["audio"]) < 1e-6


def test_log_mel_is_that_of_the_published_extractor():
    """Golden: ClapFeatureExtractor of transformers 5.23 at 50 Hz to 14 kHz, every 8th frame, and
    its filters, every 4th.
    """
    golden = np.load(GOLDEN / "mel.npz")
    mel = ClapMel()
    heard = mel(repeat_to(tensor(golden["audio"].astype(np.float32))[None], 480000))
    assert heard.shape == (1, 1001, 64)
    np.testing.assert_allclose(heard[0, ::8].numpy(), golden["mel"], atol=1e-3)
    np.testing.assert_allclose(mel.filters.numpy().T[:, ::4], golden["filters"], atol=1e-6)


def test_sound_is_repeated_whole_and_then_silent():
    found = repeat_to(torch.arange(1.0, 4.0)[None], 11)
    assert found.tolist() == [[1, 2, 3, 1, 2, 3, 1, 2, 3, 0, 0]]
    assert repeat_to(torch.ones(1, 11), 11).tolist() == [[1] * 11]


def test_level_takes_the_mean_away_and_sets_the_peak():
    found = level(torch.tensor([[1.0, 2.0, 6.0], [0.0, 0.0, 0.0]]))
    np.testing.assert_allclose(found[0], [-1 / 3, -1 / 6, 1 / 2], rtol=1e-6)
    assert found[1].tolist() == [0, 0, 0]


def test_upsampling_keeps_a_tone_and_adds_none():
    time = np.arange(16000) / 16000
    tone = 0.5 * np.sin(2 * np.pi * 1000 * time)
    found = Upsample3()(tensor(tone).float()[None])[0].numpy()
    wanted = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(48000) / 48000)
    assert found.shape == wanted.shape
    assert np.abs(found - wanted)[100:-100].max() < 2e-3
    # The definition of torchaudio.functional.resample with its defaults, point by point.
    sample, third = 7, 22  # the 22nd of the output lies a third after the 7th of the input
    total = 0.0
    for other in range(16000):
        t = np.clip((third / 3 - other) * 0.99, -6, 6)
        total += tone[other] * np.sinc(t) * np.cos(t * np.pi / 12) ** 2 * 0.99
    assert sample == third // 3 and abs(found[third] - total) < 1e-6


def test_the_spelling_of_the_names_tells_the_layer_norms_epsilon(narrow):
    assert load_clap_text(narrow).model.config.layer_norm_eps == 1e-5
    text = load_clap_text(narrow)
    state = {n: t for n, t in text.model.state_dict().items() if "position_ids" not in n}
    again = load_clap_text(state)
    assert again.model.config.layer_norm_eps == 1e-12
    assert load_clap_text(state, eps=1e-5).model.config.layer_norm_eps == 1e-5
    ids = torch.tensor([[0, 7, 9, 2]])
    with torch.no_grad():
        apart = distance(again(ids, torch.ones_like(ids)), text(ids, torch.ones_like(ids)).numpy())
    assert 1e-7 < apart < 1e-3


def test_padding_changes_nothing(narrow):
    text = load_clap_text(narrow)
    ids, padded = torch.tensor([[0, 7, 9, 2]]), torch.tensor([[0, 7, 9, 2, 1, 1, 1]])
    with torch.no_grad():
        short = text(ids, torch.ones_like(ids))
        assert distance(text(padded, (padded != 1).long()), short.numpy()) < 1e-6


def test_larger_audio_towers_are_told_by_their_tensors(narrow):
    """HTSAT-base has twelve blocks where the small one has six."""
    deeper = dict(narrow)
    for name, value in narrow.items():
        if name.startswith("audio_branch.layers.2.blocks."):
            block = int(name.split(".")[4])
            deeper[name.replace(f"blocks.{block}.", f"blocks.{block + 6}.")] = value
    config = load_clap_audio(deeper).model.config
    assert list(config.depths) == [2, 2, 12, 2]
    assert config.patch_embeds_hidden_size == narrow["audio_branch.bn0.weight"].numel() * 24 // 64
    assert list(load_clap_audio(narrow).model.config.depths) == [2, 2, 6, 2]


def test_a_file_of_laions_and_a_folder_of_transformers_hold_the_same_towers(narrow, tmp_path):
    laion = tmp_path / "630k-audioset-best.pt"
    position = {"module.text_branch.embeddings.position_ids": torch.arange(514)[None]}
    torch.save(
        {
            "epoch": np.float64(1),
            "state_dict": {f"module.{n}": t for n, t in narrow.items()} | position,
        },
        laion,
    )
    text, audio = load_clap_text(narrow), load_clap_audio(narrow)
    model = ClapModel(
        ClapConfig(
            text_config=text.model.config.to_dict(), audio_config=audio.model.config.to_dict()
        )
    )
    model.load_state_dict(text.model.state_dict() | audio.model.state_dict(), strict=False)
    model.save_pretrained(tmp_path / "folder")
    ids, sound = torch.tensor([[0, 7, 9, 2]]), 0.1 * torch.randn(1, 8000)
    said, heard = text(ids, torch.ones_like(ids)), audio(sound)
    for path, eps in ((laion, None), (tmp_path / "folder", 1e-5)):
        file = read_clap(path)
        assert file.eps == eps
        again = load_clap_text(file.state, file.eps)(ids, torch.ones_like(ids))
        assert distance(again, said.detach().numpy()) < 1e-6
        assert distance(load_clap_audio(file.state)(sound), heard.detach().numpy()) < 1e-6


def test_the_bundle_says_what_it_is(bundle):
    manifest = bundle.manifest
    assert manifest.kind == "conditioner" and manifest.name == "ear"
    assert (manifest.space.name, manifest.space.shape) == ("laion-clap-512", (512,))
    assert manifest.conditioners.text.graphs == ("tokenize", "text")
    audio = manifest.conditioners.audio
    assert (audio.sample_rate, audio.seconds, audio.pad) == (16000, 10.0, False)
    assert manifest.license["text.weights"].commercial_use is False
    assert all(row.relative_l2 < 1e-5 for g in manifest.graphs.values() for row in g.parity)
    assert "audioldm-s-full.ckpt" in (bundle.root / "NOTICE").read_text()
    assert "laion-clap-512" in (bundle.root / "README.md").read_text()


def test_texts_and_sounds_of_any_length_play_through_the_runtime(bundle, words, tmp_path):
    state = read_clap(bundle.root.with_name(bundle.manifest.source.checkpoint)).state
    text, audio = load_clap_text(state), load_clap_audio(state)
    vocabulary = json.loads((words / "vocab.json").read_text())
    with Engine(bundle, device="cpu", threads=1) as engine:
        conditioner = Conditioner(bundle, engine)
        [found] = conditioner.condition("text", "heavy rain", Cancel())
        ids = torch.tensor([[0, vocabulary["heavy"], vocabulary["\u0120rain"], 2]])
        with torch.no_grad():
            assert distance(found, text(ids, torch.ones_like(ids))[0].numpy()) < 1e-5
        [empty] = conditioner.condition("text", "", Cancel())
        assert distance(empty, bundle.tensor(bundle.manifest.space.empty)) < 1e-5
        for seconds in (0.3, 3.7, 12.0):
            sound = 0.1 * np.random.default_rng(3).standard_normal(round(16000 * seconds))
            path = tmp_path / "sound.wav"
            soundfile.write(path, sound.astype(np.float32), 16000, "FLOAT")
            [found] = conditioner.condition("audio", str(path), Cancel())
            with torch.no_grad():
                wanted = audio(tensor(sound[:160000]).float()[None])[0].numpy()
            assert abs(np.linalg.norm(found) - 1) < 1e-5
            assert distance(found, wanted) < 1e-5, seconds


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda s: s.pop("text_branch.encoder.layer.1.output.dense.bias"),
            r"lacks the tensor text_branch.encoder.layer.1.output.dense.bias, expected as \[64\]",
        ),
        (
            lambda s: s.update({"audio_branch.layers.1.blocks.0.attn.qkv.bias": torch.zeros(7)}),
            r"audio_branch.layers.1.blocks.0.attn.qkv.bias has the shape \[7\]; \[144\] was",
        ),
        (
            lambda s: s.update({"audio_branch.patch_embed.mel_conv2d.weight": torch.zeros(1)}),
            "mel_conv2d.weight: it is a CLAP with feature fusion",
        ),
        (
            lambda s: s.update({"text_branch.adapter.weight": torch.zeros(2)}),
            "text_branch.adapter.weight .* has no place",
        ),
        (lambda s: s.pop("text_branch.embeddings.word_embeddings.weight"), "word_embeddings"),
    ],
)
def test_the_first_tensor_that_does_not_fit_is_named(narrow, words, tmp_path, change, message):
    state = dict(narrow)
    change(state)
    path = save(state, tmp_path / "clap.pt")
    file = read_clap(path)
    with pytest.raises(MisfitError, match=f"{path.name} does not fit.*{message}"):
        make_conditioner(path, tmp_path / "out", lambda root: clap_addition(file, words, root))
    assert [p.name for p in tmp_path.iterdir()] == ["clap.pt"]


def test_other_checkpoints_and_tokenizers_are_refused(narrow, tmp_path):
    other = save({"model.diffusion_model.film_emb.weight": torch.zeros(4, 4)}, tmp_path / "a.ckpt")
    with pytest.raises(CheckpointError, match="no CLAP checkpoint but one of AudioLDM"):
        read_clap(other)
    file = read_clap(save(narrow, tmp_path / "clap.pt"))
    with pytest.raises(CheckpointError, match="--tokenizer"):
        clap_addition(file, None, tmp_path)
    folder = tmp_path / "words"
    folder.mkdir()
    (folder / "vocab.json").write_text('{"<s>": 1, "<pad>": 0, "</s>": 2}')
    (folder / "merges.txt").write_text("a b\n")
    with pytest.raises(CheckpointError, match='the id 1 for "<s>"'):
        clap_addition(file, folder, tmp_path)


def published(prefix):
    """The full-size CLAP of AudioLDM-S under the names it has below `prefix` or in LAION's file."""
    found = {}
    for line in (AUDIOLDM / "tensors.txt").read_text(encoding="utf-8").splitlines():
        mark, name, sizes = line.split()
        if mark == "*" and name.startswith(PREFIX):
            own = name.removeprefix(PREFIX)
            shape = () if sizes == "scalar" else tuple(map(int, sizes.split("x")))
            found[own] = tensor(seeded(prefix + own, shape))
    return found


@pytest.mark.full
@pytest.mark.parametrize("origin", ["audioldm", "laion"])
def test_full_size_towers_give_what_the_original_code_gave(origin, tmp_path):
    """Goldens: outputs of the CLAP of haoheliu/AudioLDM (commit 4054cb4), and of LAION-AI/CLAP
    (commit 1fd4c37d, HTSAT-tiny, unfused), with the weights of `seeded`.
    """
    torch.set_num_threads(2)
    golden = np.load(GOLDEN / f"{origin}.npz")
    state = published(PREFIX if origin == "audioldm" else "")
    text, audio = load_clap_text(state), load_clap_audio(state)
    ids, mask = long(golden["ids"]), long(golden["mask"])
    errors = {}
    with torch.no_grad():
        errors["text"] = distance(text(ids, mask), golden["text"])
        if origin == "audioldm":
            sound = tensor(golden["audio"])[None]
            mel = audio.mel(repeat_to(sound, 480000))
            assert np.abs(mel[0, ::8].numpy() - golden["mel"]).max() < 2e-3
            errors["audio"] = distance(audio.listen(sound), golden["heard"])
        else:
            errors["audio"] = distance(audio.embed(tensor(golden["mel"])[None]), golden["heard"])
    for part in clap_parts(text, audio):
        rows = export_part(part, tmp_path).parity
        errors[f"{part.name} graph"] = max(row.relative_l2 for row in rows)
    session = onnxruntime.InferenceSession(str(tmp_path / "text.onnx"))
    for row, wanted in enumerate(golden["text"]):
        length = int(mask[row].sum())
        feeds = {"ids": ids[row, :length][None], "mask": mask[row, :length][None]}
        [found] = session.run(None, {name: value.numpy() for name, value in feeds.items()})
        errors[f"text {row} in ONNX Runtime"] = distance(found[0], wanted)
    print(origin, errors)
    assert max(errors.values()) < 1e-5
