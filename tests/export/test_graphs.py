"""Exported graphs compute what PyTorch computes, or are refused."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnxruntime_extensions import get_library_path
from PIL import Image
from torch import nn

from hearsight_export.fronts import behind_picture_front, bert_tokenizer
from hearsight_export.graphs import OPSET, ParityError, Part, compare, export_part, save_variant
from hearsight_export.starter.captions import caption
from hearsight_export.starter.encoders import Tokenizer
from hearsight_export.starter.sounds import KINDS, draw_params


class Mapper(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.line = nn.Linear(24, 16)

    def forward(self, frames):
        return torch.tanh(self.line(frames)).mean(1)


def part(module, **changes):
    given = {
        "role": "frames",
        "module": module,
        "inputs": {"frames": torch.randn(1, 5, 24)},
        "axes": {"frames": {1: "N"}},
        "outputs": {"cond": (1, 16)},
        "samples": [{"frames": torch.randn(1, 9, 24)}],
    }
    return Part(**(given | changes))


def test_export_writes_a_checked_graph_with_its_shapes_and_goldens(tmp_path):
    graph = export_part(part(Mapper()), tmp_path)
    assert graph.inputs[0].shape == (1, "N", 24)
    assert graph.parity[0].relative_l2 < 1e-6
    assert graph.parity[0].shapes == ("1x5x24", "1x9x24")
    assert (tmp_path / graph.variants["fp32"].file).stat().st_size == graph.variants["fp32"].bytes
    golden = np.fromfile(tmp_path / graph.check.outputs[0].file, "<f4")
    assert golden.shape == (16,)
    assert onnx.load(tmp_path / "frames.onnx").opset_import[0].version == OPSET


def test_half_precision_weights_are_stored_in_half_the_bytes_and_play_the_same(tmp_path):
    rounded = Mapper()
    for parameter in rounded.parameters():
        parameter.data = parameter.data.half().float()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole = export_part(part(Mapper()), tmp_path / "a").variants["fp32"].weights[0].bytes
    graph = export_part(part(rounded), tmp_path / "b")
    assert graph.variants["fp32"].weights[0].bytes == whole // 2
    assert graph.parity[0].relative_l2 < 1e-6


def test_a_graph_of_other_weights_is_refused(tmp_path):
    first, second = Mapper(), Mapper()
    second.line.weight.data += 0.01
    variant = export_part(part(first), tmp_path).variants["fp32"]
    with pytest.raises(ParityError, match="frames: relative L2"):
        compare(part(second), variant, tmp_path)


def test_tokenizer_graph_numbers_words_as_training_did(tmp_path):
    tokenizer = Tokenizer()
    model = bert_tokenizer(tokenizer.pieces, tokenizer.first_word, 256)
    save_variant(model, tmp_path, "tokenize")
    options = onnxruntime.SessionOptions()
    options.register_custom_ops_library(get_library_path())
    session = onnxruntime.InferenceSession(str(tmp_path / "tokenize.onnx"), options)
    rng = np.random.default_rng(0)
    texts = [
        caption(kind, draw_params(kind, rng), rng, held_out=held_out)
        for kind in KINDS.values()
        for held_out in (False, True)
    ]
    texts += ["Heavy RAIN, on a tin-roof!", "raining quokkas", "", "  ", "rain " * 1000]
    for text in texts:
        ids, mask = session.run(None, {"text": np.array([text])})
        heard = ids[mask == 1].tolist()
        assert heard == tokenizer.ids(text)[: len(heard)]
        assert len(heard) == min(len(tokenizer.ids(text)), 255)  # and the opening mark
        assert ids.shape[1] <= 256


@pytest.mark.parametrize("size", [(64, 64), (90, 301), (1, 1), (300, 77), (40, 50)])
def test_picture_front_equals_pillow(tmp_path, size):
    identity = onnx.helper.make_model(
        onnx.helper.make_graph(
            [onnx.helper.make_node("Identity", ["pixels"], ["out"])],
            "identity",
            [onnx.helper.make_tensor_value_info("pixels", 1, [1, 3, 64, 64])],
            [onnx.helper.make_tensor_value_info("out", 1, [1, 3, 64, 64])],
        ),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=10,
    )
    save_variant(behind_picture_front(identity, 64), tmp_path, "image")
    session = onnxruntime.InferenceSession(str(tmp_path / "image.onnx"))
    # Smooth, as pictures are: white noise overshoots, and the two clip between their passes.
    height, width = size
    coarse = np.random.default_rng(1).integers(
        0, 256, (height // 8 + 2, width // 8 + 2, 3), np.uint8
    )
    picture = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BILINEAR))
    target = (width * 64 // min(size), height * 64 // min(size))
    expected = np.asarray(Image.fromarray(picture).resize(target, Image.Resampling.BICUBIC))
    top, left = (expected.shape[0] - 64) // 2, (expected.shape[1] - 64) // 2
    expected = expected[top : top + 64, left : left + 64]
    [pixels] = session.run(None, {"image": picture[None]})
    np.testing.assert_allclose(pixels[0].transpose(1, 2, 0) * 255, expected, atol=1.01)
