"""Microsoft's CLAP of 2022 computes what its authors' code computes."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from seeded import fill, seeded
from torch.nn import functional as F
from transformers import BertConfig, BertModel
from typer.testing import CliRunner

from hearsight.bundle import open_bundle
from hearsight.conditioner import Conditioner
from hearsight.engine import Engine
from hearsight.sampler import Cancel
from hearsight_export.checkpoints import CheckpointError
from hearsight_export.clap.hearing import repeat_to
from hearsight_export.cli import app
from hearsight_export.graphs import export_part
from hearsight_export.make_an_audio.text import ClapSequence, build_text
from hearsight_export.models.mel import mel_filters
from hearsight_export.msclap.audio import HEARD_RATE, ClapSound, Cnn14
from hearsight_export.msclap.bundle import load_msclap, msclap_parts
from hearsight_export.msclap.text import ClapSentence
from hearsight_export.weights import MisfitError, Weights

GOLDEN = Path(__file__).parents[1] / "golden" / "msclap"
PIECES = ["[PAD]", *(f"[unused{i}]" for i in range(99)), "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PIECES += [*map(chr, range(33, 65)), "heavy", "rain", "on", "a", "tin", "roof", "##s"]
SPACE = 32


def distance(found, wanted):
    """Relative L2."""
    found, wanted = (np.asarray(x.detach() if hasattr(x, "detach") else x) for x in (found, wanted))
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def long(values):
    return torch.from_numpy(values).long()


def published(only=""):
    """Names and shapes of CLAP_weights_2022.pth, and whether the goldens' rule fills them."""
    for line in (GOLDEN / "tensors.txt").read_text(encoding="utf-8").splitlines():
        mark, name, sizes = line.split()
        if name.startswith(only):
            yield name, () if sizes == "scalar" else tuple(map(int, sizes.split("x"))), mark == "*"


def narrow():
    """A file of the published names in small widths and two layers of BERT."""
    small = {768: 64, 3072: 96, 1024: SPACE, 2048: 48, 30522: len(PIECES), 512: 120, 527: 5}
    cnn = {64: 4, 128: 6, 256: 8, 512: 10, 1024: 12, 2048: 48}
    state = {}
    for name, shape, _ in published():
        if re.search(r"encoder\.layer\.([2-9]|1\d)\.", name):
            continue
        sizes = small
        if "conv_block" in name:
            sizes = cnn
        elif "spectrogram" in name or "logmel" in name or "bn0" in name:
            sizes = {}
        own = tuple(sizes.get(size, size) for size in shape)
        if name.endswith("word_embeddings.weight"):
            own = (len(PIECES), 64)
        value = torch.from_numpy(seeded(name, own))
        state[name] = value.long() if name.endswith("num_batches_tracked") else value
    state["caption_encoder.base.embeddings.position_ids"] = torch.arange(120)[None]
    return state


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    torch.set_num_threads(1)
    place = tmp_path_factory.mktemp("msclap")
    torch.save({"model": narrow()}, place / "CLAP_weights_2022.pth")
    (place / "words").mkdir()
    (place / "words" / "vocab.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def model(place):
    return load_msclap(place / "CLAP_weights_2022.pth")


def test_a_small_text_tower_gives_what_the_original_code_gave():
    golden = np.load(GOLDEN / "text_tiny.npz")
    config = BertConfig(
        vocab_size=99,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=80,
    )
    text = ClapSequence(BertModel(config, add_pooling_layer=False), 24)
    for name, parameter in text.named_parameters():
        values = seeded(f"caption_encoder.{name}", tuple(parameter.shape))
        parameter.data = torch.from_numpy(values)
    found = ClapSentence(text.eval()).project(long(golden["ids"]), long(golden["mask"]))
    assert distance(found, golden["cls"]) < 1e-6


def test_padding_changes_nothing(model):
    ids = torch.tensor([[101, 136, 137, 102]])
    padded = F.pad(ids, (0, 6))
    with torch.no_grad():
        short = model.text(ids, torch.ones_like(ids))
        long_ = model.text(padded, (torch.arange(10)[None] < 4).long())
        read = model.text(padded, torch.ones_like(padded))
    assert distance(long_, short) < 1e-6
    assert distance(read, short) > 1e-3
    assert abs(float(short.norm()) - 1) < 1e-6


def test_a_sound_is_repeated_to_the_end_and_begins_at_its_beginning():
    three, five = torch.arange(1.0, 4.0)[None], torch.arange(5.0)[None]
    assert repeat_to(three, 8, whole=False).tolist() == [[1, 2, 3, 1, 2, 3, 1, 2]]
    assert repeat_to(five, 3, whole=False).tolist() == [[0, 1, 2]]


def plain_cnn14(state, mel):
    """Cnn14 (Kong et al. 2020) from its tensors, restated: mel [frames, bins] to features."""
    take = lambda name: state[f"audio_encoder.base.{name}"].numpy().astype(np.float64)  # noqa: E731

    def norm(x, name):
        mean, var = take(f"{name}.running_mean"), take(f"{name}.running_var")
        gain = take(f"{name}.weight") / np.sqrt(var + 1e-5)
        return x * gain + (take(f"{name}.bias") - mean * gain)

    def conv(x, name):
        kernel = take(name)
        wide = np.pad(x, ((1, 1), (1, 1), (0, 0)))
        rows, columns, _ = x.shape
        parts = [
            wide[i : i + rows, j : j + columns] @ kernel[:, :, i, j].T
            for i in range(3)
            for j in range(3)
        ]
        return sum(parts)

    x = norm(mel.astype(np.float64), "bn0")[:, :, None]
    for block in range(1, 7):
        for layer in (1, 2):
            at = f"conv_block{block}"
            x = np.maximum(norm(conv(x, f"{at}.conv{layer}.weight"), f"{at}.bn{layer}"), 0)
        if block < 6:
            rows, columns = x.shape[0] // 2, x.shape[1] // 2
            x = x[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2, -1).mean(axis=(1, 3))
    x = x.mean(axis=1)
    x = x.max(axis=0) + x.mean(axis=0)
    return np.maximum(take("fc1.weight") @ x + take("fc1.bias"), 0)


def plain_log_mel(sound, filters):
    """torchlibrosa's: periodic Hann of 1024 every 320, centred, reflected; power in dB."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1024) / 1024)
    wide = np.pad(sound.astype(np.float64), 512, mode="reflect")
    frames = np.stack([wide[i : i + 1024] for i in range(0, len(wide) - 1023, 320)])
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    return 10 * np.log10(np.maximum(power @ filters.T, 1e-10))


def test_the_audio_tower_is_cnn14_over_a_log_mel(model):
    sound = 0.2 * np.random.default_rng(1).standard_normal(30000).astype(np.float32)
    five = np.tile(sound, 8)[: 5 * HEARD_RATE]
    config = model.audio.mel.config
    assert (config.sample_rate, config.hop, config.bins, config.low, config.high) == (
        44100, 320, 64, 50.0, 14000.0,
    )  # fmt: skip
    mel = plain_log_mel(five, mel_filters(config))
    assert mel.shape == (690, 64)
    features = plain_cnn14(narrow(), mel)
    with torch.no_grad():
        own = model.audio.mel(torch.from_numpy(five)[None])
        np.testing.assert_allclose(own[0].numpy(), mel, atol=1e-3)
        assert distance(model.audio.base(own)[0], features) < 1e-5
        projected = model.audio.projection(torch.from_numpy(features).float())
        heard = model.audio(torch.from_numpy(sound)[None])[0]
    assert distance(heard, F.normalize(projected, dim=-1)) < 1e-5


@pytest.fixture(scope="module")
def bundle(place):
    arguments = ["msclap", place / "CLAP_weights_2022.pth", "--tokenizer", place / "words"]
    arguments += ["-o", place / "msclap", "--precisions", "fp32"]
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, (result.output, result.exception)
    return open_bundle(place / "msclap")


def test_the_bundle_is_of_a_space_of_its_own_and_says_which_part_is_heard(bundle):
    manifest = bundle.manifest
    assert manifest.kind == "conditioner"
    assert (manifest.space.name, manifest.space.shape) == (f"msclap-2022-{SPACE}", (SPACE,))
    audio = manifest.conditioners.audio
    assert (audio.sample_rate, audio.seconds, audio.pad) == (44100, 5.0, False)
    assert "the first 5 are heard" in (bundle.root / "NOTICE").read_text(encoding="utf-8")
    assert all(row.relative_l2 < 1e-5 for g in manifest.graphs.values() for row in g.parity)


def test_texts_and_sounds_play_through_the_runtime(bundle, model, tmp_path):
    rng = np.random.default_rng(3)
    with Engine(bundle, device="cpu", threads=1) as engine:
        conditioner = Conditioner(bundle, engine)
        [found] = conditioner.condition("text", "Heavy rains", Cancel())
        ids = torch.tensor([[101, *map(PIECES.index, ("heavy", "rain", "##s")), 102]])
        with torch.no_grad():
            assert distance(found, model.text(ids, torch.ones_like(ids))[0]) < 1e-5
        [empty] = conditioner.condition("text", "", Cancel())
        assert distance(empty, bundle.tensor(bundle.manifest.space.empty)) < 1e-5
        for seconds in (0.3, 7.0):
            sound = 0.1 * rng.standard_normal(round(44100 * seconds)).astype(np.float32)
            soundfile.write(tmp_path / "a.wav", sound, 44100, "FLOAT")
            [found] = conditioner.condition("audio", str(tmp_path / "a.wav"), Cancel())
            with torch.no_grad():
                wanted = model.audio(torch.from_numpy(sound[: 5 * 44100])[None])[0]
            assert distance(found, wanted) < 1e-5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda s: s.pop("audio_encoder.base.conv_block3.bn2.running_var"),
            "lacks the tensor audio_encoder.base.conv_block3.bn2.running_var, expected as [8]",
        ),
        (
            lambda s: s.update({"caption_encoder.projection.linear2.weight": torch.ones(7, SPACE)}),
            "caption_encoder.projection.linear2.weight has the shape [7, 32]; [32, 32] was",
        ),
        (
            lambda s: s.update({"audio_encoder.base.x": torch.ones(1)}),
            "holds audio_encoder.base.x [1], for",
        ),
        (
            lambda s: s.update({"audio_encoder.projection.linear1.weight": torch.ones(8, 48)}),
            "audio_encoder.projection.linear2.weight has the shape [32, 32]; [8, 8] was expected",
        ),
    ],
)
def test_the_first_tensor_that_does_not_fit_is_named(change, said, tmp_path):
    state = narrow()
    change(state)
    torch.save({"model": state}, tmp_path / "clap.pth")
    with pytest.raises(MisfitError, match=f"clap.pth does not fit.*{re.escape(said)}"):
        load_msclap(tmp_path / "clap.pth")


def test_other_claps_are_refused_and_named(tmp_path):
    for state, said in (
        ({"module.text_branch.x": torch.ones(1)}, "one of LAION CLAP"),
        (
            {"audio_encoder.x": torch.ones(1), "caption_encoder.base.wte.weight": torch.ones(1)},
            "the CLAP of 2023",
        ),
        ({"caption_encoder.base.x": torch.ones(1)}, "no CLAP 2022 checkpoint"),
    ):
        torch.save({"model": state}, tmp_path / "clap.pth")
        with pytest.raises(CheckpointError, match=said):
            load_msclap(tmp_path / "clap.pth")


@pytest.mark.full
@pytest.mark.parametrize(
    ("golden", "prefix"),
    [("text_2022", "caption_encoder."), ("text_100", "cond_stage_model.caption_encoder.")],
)
def test_the_full_size_text_tower_gives_what_the_original_code_gave(golden, prefix, tmp_path):
    """Goldens: the first token's projection in microsoft/CLAP (commit e8a6467), of 77 ids, and
    within Make-An-Audio (commit 0d84177) of 100 ids, as a unit vector.
    """
    torch.set_num_threads(2)
    own = "caption_encoder."
    state = {
        name.removeprefix(own): torch.from_numpy(seeded(prefix + name.removeprefix(own), shape))
        for name, shape, filled in published(own)
        if filled and ".pooler." not in name
    }
    text = ClapSentence(build_text(Weights(state))).eval()
    told = np.load(GOLDEN / f"{golden}.npz")
    with torch.no_grad():
        run = text.project if golden == "text_2022" else text
        found = run(long(told["ids"]), long(told["mask"]))
    audio = ClapSound(fill(Cnn14(64, (4, 4, 4, 4, 4, 4), 8)), 8).eval()
    part, _ = msclap_parts(text, audio)
    rows = export_part(part, tmp_path).parity
    errors = [distance(found, told["cls"]), *(row.relative_l2 for row in rows)]
    print(golden, errors)
    assert max(errors) < 1e-5


@pytest.mark.full
def test_the_full_size_audio_tower_is_exported(tmp_path):
    """There is no golden of it: 80 M weights load, and the graph is the network."""
    torch.set_num_threads(2)
    tensors = {name: torch.from_numpy(seeded(name, shape)) for name, shape, _ in published()}
    torch.save({"model": tensors}, tmp_path / "CLAP_weights_2022.pth")
    model = load_msclap(tmp_path / "CLAP_weights_2022.pth")
    _, part = msclap_parts(model.text, model.audio)
    rows = export_part(replace(part, samples=part.samples[-1:]), tmp_path).parity
    print(rows)
    assert max(row.relative_l2 for row in rows) < 1e-5
