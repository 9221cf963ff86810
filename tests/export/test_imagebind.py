"""ImageBind's encoders compute what the original code computes, and play from files."""

import json
import re
from itertools import pairwise

import numpy as np
import onnxruntime
import pytest
import torch
from imagebind_checkpoint import (
    GOLDEN,
    KINDS,
    MARKS,
    WORDS,
    imagebind,
    save_imagebind,
    write_words,
)
from onnxruntime_extensions import get_library_path
from PIL import Image
from tokenizers import pre_tokenizers
from torch import nn

from hearsight.conditioner import Conditioner
from hearsight.engine import Engine
from hearsight.sampler import Cancel
from hearsight_export.bpe import BytePairs, TokenizerError
from hearsight_export.checkpoints import CheckpointError
from hearsight_export.conditioning import make_conditioner
from hearsight_export.imagebind.bundle import imagebind_addition
from hearsight_export.imagebind.hearing import Clips, KaldiMel
from hearsight_export.imagebind.loading import load_encoder, read_imagebind
from hearsight_export.imagebind.parts import Hearing
from hearsight_export.imagebind.seeing import Gray, Looking
from hearsight_export.tokenize import clip_tokenizer
from hearsight_export.weights import MisfitError


def distance(found, wanted):
    found, wanted = np.asarray(found), np.asarray(wanted)
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    torch.set_num_threads(1)
    place = tmp_path_factory.mktemp("imagebind")
    write_words(place / "words")
    return place


@pytest.fixture(scope="module")
def file(place):
    return read_imagebind(save_imagebind(place / "imagebind_huge.pth"))


@pytest.fixture(scope="module")
def bundle(place, file):
    return make_conditioner(
        file.path,
        place / "imagebind",
        lambda root: imagebind_addition(file, place / "words", root, log=lambda line: None),
        log=lambda line: None,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_encoder_gives_what_the_original_code_gave(kind, tmp_path):
    """Goldens: facebookresearch/ImageBind (commit 53680b0) at small sizes, with the weights of
    `seeded`: what comes from the stem (first tokens), the trunk, and in the end.
    """
    golden = np.load(GOLDEN / f"{kind}.npz")
    path = save_imagebind(tmp_path / "tiny.pth", [kind], words=49408)
    encoder = load_encoder(read_imagebind(path), kind)
    given = torch.from_numpy(golden["input"])
    with torch.no_grad():
        assert distance(encoder.stem(given)[:, :8], golden["tokens"]) < 2e-6
        assert distance(encoder.tokens(given)[:, :2], golden["trunk"]) < 2e-6
        assert distance(encoder(given), golden["embedding"]) < 1e-6


def test_two_frames_are_seen_by_a_kernel_of_two(file):
    """As convolution in three dimensions, which is what the original code computes."""
    encoder = load_encoder(file, "vision")
    moment = torch.randn(1, 3, 2, 224, 224, generator=torch.Generator().manual_seed(1))
    plain = nn.functional.conv3d(moment, encoder.stem.proj.weight, stride=(2, 14, 14))
    with torch.no_grad():
        found = encoder.stem(moment)[:, 1:] - encoder.stem.pos_embed[:, 1:]
        assert distance(found, plain.flatten(2).transpose(1, 2)) < 1e-5
        still = moment[:, :, :1].expand(-1, -1, 2, -1, -1)
        assert distance(encoder(still), encoder(still[:, :, 0])) < 1e-5
        assert distance(encoder(moment), encoder(still)) > 1e-3


def test_texts_are_as_long_as_training_made_them_and_100_at_most(tmp_path):
    name = "modality_postprocessors.text.1.log_logit_scale"
    ids = torch.tensor([[513, 5, 514]])
    for said, length in ((2.6592, 14.285), (9.0, 100.0)):
        torch.save(imagebind(["text"], words=WORDS) | {name: torch.tensor(said)}, tmp_path / "t")
        with torch.no_grad():
            found = load_encoder(read_imagebind(tmp_path / "t"), "text")(ids)
        assert float(found.norm()) == pytest.approx(length, rel=1e-4)


def test_a_sound_is_heard_as_kaldi_hears_it():
    """Golden: every 16th of 204 frames of the original code's mels, which torchaudio computes.

    Bands that are almost silent differ by the noise of float32 (up to 2e-3 of some 10).
    """
    golden = np.load(GOLDEN / "sound.npz")
    for wave, mel in (("wave", golden["mel"]), ("short", golden["short_mel"][None])):
        audio = torch.from_numpy(golden[wave].astype(np.float32) / 32768)[None]
        found = KaldiMel()(*Clips()(audio))[:, 0, :, ::16].numpy()
        assert np.abs(found[: len(mel)] - mel).max() < 5e-3
        assert np.abs(found[: len(mel)] - mel).mean() < 1e-5
        if wave == "short":
            assert np.array_equal(found[0], found[2])
            assert found[0, :, -1].max() < 0.4671  # silence that was never heard


def test_a_sound_shorter_than_a_frame_is_one_frame():
    mel = KaldiMel()(*Clips()(torch.ones(1, 7)))
    assert mel.shape == (3, 1, 128, 204) and bool(mel.isfinite().all())


def test_texts_become_the_original_ids():
    """Golden: ids by the original tokenizer. Here the words of these texts are built of pairs of
    their own, with the ids that they have there; texts in letters beyond these are left out, and
    the one that has marks in it, which are words here.
    """
    texts = json.loads((GOLDEN / "texts.json").read_text("utf-8"))
    known = [entry for entry in texts if entry["text"].isascii() and "<|" not in entry["text"]]
    known = [entry for entry in known if "&amp;" not in entry["text"]]
    options = onnxruntime.SessionOptions()
    options.register_custom_ops_library(get_library_path())
    model = clip_tokenizer(pairs_of(known)).SerializeToString()
    session = onnxruntime.InferenceSession(model, options)
    assert len(known) == 7
    for entry in known:
        ids, mask = session.run(None, {"text": np.array([entry["text"]], object)})
        assert ids[0].tolist() == entry["ids"], entry["text"]
        assert mask.all()


def pairs_of(entries):
    """A vocabulary of letters and of the words in these texts, each with its id."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    ids = {piece: number for number, piece in enumerate((*letters, *(f"{x}</w>" for x in letters)))}
    merges = []
    for entry in entries:
        words = re.findall(
            r"'s|'t|'re|'ve|'m|'ll|'d|[a-z]+|[0-9]|[^\sa-z0-9]+", entry["text"].lower()
        )
        for word, number in zip(words, entry["ids"][1:-1], strict=False):
            ids.update({"".join(merged(word, merges, ids)): number})
    ids |= {MARKS[0]: 49406, MARKS[1]: 49407}
    return BytePairs(ids, tuple(f"{a} {b}" for a, b in merges))


def merged(word, merges, ids):
    """A word's pieces, as pairs are merged in order of rank; the rest become new pairs."""
    pieces = [*word[:-1], f"{word[-1]}</w>"]
    while len(pieces) > 1:
        there = [pair for pair in merges if pair in list(pairwise(pieces))]
        pair = there[0] if there else (pieces[0], pieces[1])
        if not there:
            merges.append(pair)
            ids.setdefault("".join(pair), 50000 + len(merges))
        at = list(pairwise(pieces)).index(pair)
        pieces[at : at + 2] = ["".join(pair)]
    return pieces


def played(bundle, kind, value):
    with Engine(bundle, device="cpu", threads=1) as engine:
        [found] = Conditioner(bundle, engine).condition(kind, str(value), Cancel())
    return found


def test_a_bundle_says_what_it_is_and_whose(bundle):
    manifest = bundle.manifest
    assert (manifest.space.name, manifest.space.shape) == ("imagebind-32", (32,))
    assert {
        terms.commercial_use for f, terms in manifest.license.items() if f != "tokenize.onnx"
    } == {False}
    notice = (bundle.root / "NOTICE").read_text("utf-8")
    for said in ("CC-BY-NC-SA-4.0", "never published", "HTML entities", "hears the first one"):
        assert said in notice
    video = manifest.conditioners.video
    assert (video.graphs, video.max_frames, video.moment_seconds) == (("moment", "frames"), 5, 2.0)
    weights = {f.file: f.bytes for f in manifest.graphs["moment"].variants["fp32"].weights}
    assert weights["image.weights"] > 100 * weights["moment.weights"]  # stored once


@pytest.mark.parametrize("kind", ["image", "depth", "thermal"])
def test_pictures_play_from_files(kind, bundle, file, tmp_path):
    coarse = np.random.default_rng(2).integers(0, 256, (12, 20, 3), np.uint8)
    picture = Image.fromarray(coarse).resize((400, 230), Image.Resampling.BILINEAR)
    picture.save(tmp_path / "picture.png")
    seen = picture.resize((389, 224), Image.Resampling.BICUBIC).crop((82, 0, 306, 224))
    pixels = torch.from_numpy(np.array(seen)).permute(2, 0, 1)[None].float() / 255
    encoder = load_encoder(file, "vision" if kind == "image" else kind)
    with torch.no_grad():
        wanted = (Looking if kind == "image" else Gray)(encoder)(pixels)[0]
    # Pixels are within 1/255 of Pillow's.
    assert distance(played(bundle, kind, tmp_path / "picture.png"), wanted) < 2e-3


def test_sounds_texts_and_movement_play(bundle, file, place, tmp_path):
    import soundfile

    sound = 0.1 * np.random.default_rng(3).standard_normal(72000).astype(np.float32)
    soundfile.write(tmp_path / "sound.wav", sound, 16000, subtype="FLOAT")
    with torch.no_grad():
        wanted = Hearing(load_encoder(file, "audio"))(torch.from_numpy(sound)[None])[0]
        assert distance(played(bundle, "audio", tmp_path / "sound.wav"), wanted) < 1e-4
        assert 0 < float(wanted.norm()) < 20
        vocabulary = json.loads((place / "words" / "vocab.json").read_text())
        said = [MARKS[0], "r", "ai", "n</w>", "4</w>", "2</w>", MARKS[1]]
        ids = torch.tensor([[vocabulary[piece] for piece in said]])
        wanted = load_encoder(file, "text")(ids)[0]
        assert distance(played(bundle, "text", "Rain 42"), wanted) < 1e-5
        moved = np.random.default_rng(4).standard_normal((6, 2000)).astype(np.float32)
        np.save(tmp_path / "moved.npy", moved)
        wanted = load_encoder(file, "imu")(torch.from_numpy(moved)[None])[0]
        assert distance(played(bundle, "imu", tmp_path / "moved.npy"), wanted) < 1e-5


def test_a_file_with_some_encoders_becomes_a_bundle_of_these(place, tmp_path):
    file = read_imagebind(save_imagebind(tmp_path / "some.pth", ["audio"]))
    made = make_conditioner(
        file.path,
        tmp_path / "some",
        lambda root: imagebind_addition(file, None, root, log=lambda line: None),
        log=lambda line: None,
    )
    assert set(made.manifest.graphs) == {"audio"}
    assert "HTML" not in (made.root / "NOTICE").read_text("utf-8")
    with pytest.raises(CheckpointError, match="has no vision encoder: it lacks"):
        load_encoder(file, "vision")
    del file.state["modality_heads.audio.2.weight"]
    with pytest.raises(MisfitError, match=r"some.pth does not fit.*lacks .*heads.audio.2.weight"):
        _ = file.space


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda s: s.pop("modality_trunks.imu.blocks.1.attn.bias_k"),
            r"lacks the tensor modality_trunks.imu.blocks.1.attn.bias_k, expected as \[1, 1, 32\]",
        ),
        (
            lambda s: s.update({"modality_heads.imu.3.weight": torch.zeros(7)}),
            r"modality_heads.imu.3.weight has the shape \[7\]; a tensor of 2 axes",
        ),
        (
            lambda s: s.update({"modality_heads.text.proj.0.weight": torch.zeros(7)}),
            r"holds modality_heads.text.proj.0.weight \[7\], for which it has no trunk",
        ),
        (
            lambda s: s.update({"modality_preprocessors.imu.pos_embed": torch.zeros(1, 99, 32)}),
            "places for 99 tokens, and its input makes 250 and one",
        ),
        (
            lambda s: s.update(
                {"modality_postprocessors.imu.1.log_logit_scale": torch.tensor(1.0)}
            ),
            "makes vectors 2.71828 long; 5 was expected",
        ),
    ],
)
def test_the_first_tensor_that_does_not_fit_is_named(change, message, tmp_path):
    state = imagebind(["imu"])
    change(state)
    torch.save(state, tmp_path / "changed.pth")
    with pytest.raises(MisfitError, match=message):
        load_encoder(read_imagebind(tmp_path / "changed.pth"), "imu")


def test_other_models_and_tokenizers_are_named(file, place, tmp_path):
    torch.save({"text_branch.x": torch.zeros(1)}, tmp_path / "clap.pt")
    with pytest.raises(CheckpointError, match="no ImageBind checkpoint but one of LAION CLAP"):
        read_imagebind(tmp_path / "clap.pt")
    text = read_imagebind(save_imagebind(tmp_path / "text.pth", ["text"]))
    with pytest.raises(TokenizerError, match="give --tokenizer"):
        imagebind_addition(text, None, tmp_path, log=lambda line: None)
    more = write_words(tmp_path / "more", 600)
    with pytest.raises(TokenizerError, match="has 600 pieces, and the checkpoint has 515"):
        imagebind_addition(text, more, tmp_path, log=lambda line: None)
