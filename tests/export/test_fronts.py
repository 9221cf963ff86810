"""What stands before networks in a graph: pictures are resized and texts read as elsewhere."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnxruntime_extensions import get_library_path
from PIL import Image
from tokenizers import (
    ByteLevelBPETokenizer,
    Regex,
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)
from transformers import CLIPTokenizer, RobertaTokenizer

from hearsight_export.bpe import BytePairs, TokenizerError, read_byte_pairs
from hearsight_export.fronts import PictureFront, behind_picture_front
from hearsight_export.graphs import OPSET
from hearsight_export.starter.captions import caption
from hearsight_export.starter.encoders import Tokenizer as Words
from hearsight_export.starter.sounds import KINDS, draw_params
from hearsight_export.tokenize import bert_tokenizer, clip_tokenizer, roberta_tokenizer

GOLDEN = Path(__file__).parents[1] / "golden"
CORPUS = [
    "Heavy rain on a tin roof, 123 drops!",
    "a dog barks; it's Loud and they're 44 of us",
    "Café crème brûlée naïve",
    "the thunder rolls far away... footsteps on gravel",
] * 6
TEXTS = [
    "Heavy rain on a tin roof",
    "",
    "  ",
    "it's   the   CAFÉ",
    "12 dogs, 3 times! 2024",
    "\ttabs\nand lines\u00a0x",
    "don't I'll we've",
    "½ cup ² Ⅷ a1b2c3",
    "hello_world #tag @me",
    "emoji \U0001f3a7 rain",
    "ÀÉÎ ÑÜ İstanbul",
    "日本語 の 雨",
    "\u2026wait\u2014what?",
    "x" * 300,
    "rain " * 600,
]
CURLY = {"\u201ccurly\u201d it\u2019s": '"curly" it\'s'}
ENTITIES = {
    "rain &amp; wind &lt;3": "rain & wind <3",
    "&quot;it&#39;s&quot; it&apos;s it&#x27;s": "\"it's\" it's it's",
    "a &gt; b &amp;amp; c &amp;lt; d": "a > b & c < d",
    "at&t &amp &eacute; &;": "at&t &amp &eacute; &;",
}
MARKS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def session(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.register_custom_ops_library(get_library_path())
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


def read(graph, text):
    ids, mask = graph.run(None, {"text": np.array([text], object)})
    assert (mask == 1).all() and mask.shape == ids.shape
    return ids[0].tolist()


@pytest.fixture(scope="module")
def roberta(tmp_path_factory):
    """A folder with a small tokenizer of RoBERTa's kind."""
    folder = tmp_path_factory.mktemp("roberta")
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(CORPUS, vocab_size=600, special_tokens=MARKS, show_progress=False)
    trained.save_model(str(folder))
    return folder


@pytest.fixture(scope="module")
def clip():
    """A small tokenizer of CLIP's kind, its ids in CLIP's order."""
    trained = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    trained.normalizer = normalizers.Lowercase()
    words = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    trained.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(words, behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=700, initial_alphabet=letters, end_of_word_suffix="</w>", show_progress=False
    )
    trained.train_from_iterator(CORPUS, trainer)
    merges = [" ".join(pair) for pair in json.loads(trained.to_str())["model"]["merges"]]
    pieces = [*letters, *(f"{a}</w>" for a in letters), *("".join(m.split()) for m in merges)]
    pieces = list(dict.fromkeys([*pieces, "<|startoftext|>", "<|endoftext|>"]))
    return BytePairs({piece: i for i, piece in enumerate(pieces)}, tuple(merges))


def pairs(found):
    return [tuple(merge.split(" ")) for merge in found.merges]


def test_roberta_texts_are_read_as_transformers_reads_them(roberta):
    found = read_byte_pairs(roberta)
    oracle = RobertaTokenizer(vocab=dict(found.vocabulary), merges=pairs(found))
    graph = session(roberta_tokenizer(found, 512))
    for text in [*TEXTS, *CURLY]:
        wanted = oracle(text, truncation=True, max_length=512)["input_ids"]
        assert read(graph, text) == wanted, text


def test_clip_texts_are_read_as_transformers_reads_them(clip):
    oracle = CLIPTokenizer(vocab=dict(clip.vocabulary), merges=pairs(clip))
    graph = session(clip_tokenizer(clip))
    for text, plain in [*((t, t) for t in TEXTS), *CURLY.items(), *ENTITIES.items()]:
        wanted = oracle(plain, truncation=True, max_length=77)["input_ids"]
        assert read(graph, text) == wanted, text


def test_the_starters_words_are_numbered_as_in_training():
    tokenizer = Words()
    graph = session(bert_tokenizer(tokenizer.pieces, tokenizer.first_word, 256))
    rng = np.random.default_rng(0)
    texts = [
        caption(kind, draw_params(kind, rng), rng, held_out=held_out)
        for kind in KINDS.values()
        for held_out in (False, True)
    ]
    texts += ["Heavy RAIN, on a tin-roof!", "raining quokkas", "", "  ", "rain " * 1000]
    for text in texts:
        ids, mask = graph.run(None, {"text": np.array([text])})
        heard = ids[mask == 1].tolist()
        assert heard == tokenizer.ids(text)[: len(heard)]
        assert len(heard) == min(len(tokenizer.ids(text)), 255)  # and the opening mark
        assert ids.shape[1] <= 256


def test_a_text_that_is_too_long_keeps_its_closing_mark(roberta, clip):
    ids = read(session(roberta_tokenizer(read_byte_pairs(roberta), 12)), "rain " * 50)
    assert len(ids) == 12 and ids[0] == 0 and ids[-1] == 2
    ids = read(session(clip_tokenizer(clip, 9)), "rain " * 50)
    assert len(ids) == 9 and ids[-1] == clip.vocabulary["<|endoftext|>"]


def test_a_tokenizer_json_tells_the_same_as_its_two_files(roberta, tmp_path):
    found = read_byte_pairs(roberta)
    tokenizer = Tokenizer(models.BPE(dict(found.vocabulary), pairs(found)))
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    again = read_byte_pairs(tmp_path)
    assert again.merges == found.merges
    assert dict(again.vocabulary) == dict(found.vocabulary)


def test_clips_own_list_of_merges_gives_its_ids(tmp_path):
    import gzip

    path = tmp_path / "bpe_simple_vocab_16e6.txt.gz"
    path.write_bytes(gzip.compress(b"#version\ni n\nt h\nin g</w>\n"))
    found = read_byte_pairs(path)
    # Of openai/CLIP's simple_tokenizer: bytes from "!" on, the same ending a word, then merges.
    assert found.vocabulary["!"] == 0 and found.vocabulary["!</w>"] == 256
    assert found.vocabulary["in"] == 512 and found.vocabulary["ing</w>"] == 514
    assert found.vocabulary["<|endoftext|>"] == len(found.vocabulary) - 1


@pytest.mark.parametrize("content", [None, "[]", '{"a": "b"}', "not json"])
def test_a_tokenizer_that_is_none_is_refused_by_name(tmp_path, content):
    if content is not None:
        (tmp_path / "vocab.json").write_text(content)
        (tmp_path / "merges.txt").write_text("a b\n")
    with pytest.raises(TokenizerError, match=str(tmp_path)):
        read_byte_pairs(tmp_path)


def resize(front, picture):
    size = front.size
    shape = [1, 3, size, size]
    identity = onnx.helper.make_model(
        onnx.helper.make_graph(
            [onnx.helper.make_node("Identity", ["pixels"], ["out"])],
            "identity",
            [onnx.helper.make_tensor_value_info("pixels", 1, shape)],
            [onnx.helper.make_tensor_value_info("out", 1, shape)],
        ),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=10,
    )
    [pixels] = session(behind_picture_front(identity, front)).run(None, {"image": picture[None]})
    assert pixels.min() >= 0 and pixels.max() <= 1
    return pixels[0].transpose(1, 2, 0) * 255


def smooth(height, width):
    """A picture without noise, as pictures are: on white noise passes clip differently."""
    coarse = np.random.default_rng(1).integers(
        0, 256, (height // 8 + 2, width // 8 + 2, 3), np.uint8
    )
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BILINEAR))


@pytest.mark.parametrize("size", [(64, 64), (90, 301), (1, 1), (300, 77), (40, 50), (67, 90)])
def test_cropped_pictures_equal_pillows(size):
    height, width = size
    picture = smooth(height, width)
    target = (width * 64 // min(size), height * 64 // min(size))
    wanted = np.asarray(Image.fromarray(picture).resize(target, Image.Resampling.BICUBIC))
    # torchvision's centre crop, as CLIP has it, rounds halves to even.
    top, left = round((wanted.shape[0] - 64) / 2), round((wanted.shape[1] - 64) / 2)
    wanted = wanted[top : top + 64, left : left + 64]
    np.testing.assert_allclose(resize(PictureFront(64), picture), wanted, atol=1.01)


@pytest.mark.parametrize("kind", ["linear", "cubic"])
@pytest.mark.parametrize("size", [(64, 64), (90, 301), (300, 77), (40, 50), (1, 1), (720, 1280)])
def test_squeezed_pictures_equal_pillows(size, kind):
    picture = smooth(*size)
    named = {"linear": Image.Resampling.BILINEAR, "cubic": Image.Resampling.BICUBIC}[kind]
    wanted = np.asarray(Image.fromarray(picture).resize((64, 64), named))
    np.testing.assert_allclose(resize(PictureFront(64, kind, False), picture), wanted, atol=1.01)


def test_pictures_equal_those_of_the_projects_that_trained_the_encoders():
    """`clip` and `ciap` are Pillow's, by the code of openai/CLIP and luffy-taro-106/IE-643;
    `echoframe` is PyTorch's antialiased resize of bytes, which itself is up to 2 levels from
    Pillow's.
    """
    golden = np.load(GOLDEN / "pictures" / "resized.npz")
    picture = golden["picture"]
    for name, front, apart, share in (
        ("clip", PictureFront(224), 1, 1e-4),
        ("ciap", PictureFront(224, "linear", False), 1, 2e-4),
        ("echoframe", PictureFront(224, "cubic", False), 2, 1e-2),
    ):
        wanted = golden[name]
        wanted = wanted.transpose(1, 2, 0) if wanted.shape[0] == 3 else wanted
        error = np.abs(np.rint(resize(front, picture)) - wanted)
        assert error.max() <= apart and (error > 0).mean() < share, name
