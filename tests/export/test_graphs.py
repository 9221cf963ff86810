"""Exported graphs compute what PyTorch computes, or are refused."""

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from hearsight_export.graphs import OPSET, ParityError, Part, export_part, trace


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
    assert [row.shapes for row in graph.parity] == [("N=5",), ("N=9",)]
    assert all(row.relative_l2 < 1e-6 for row in graph.parity)
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
    with pytest.raises(ParityError, match=r"frames: relative L2 error .* at N=[59] is above 1e-05"):
        export_part(part(second), tmp_path, model=trace(part(first)))


def test_two_graphs_of_one_role_have_names_of_their_own(tmp_path):
    first = export_part(part(Mapper()), tmp_path)
    second = export_part(part(Mapper(), name="mood"), tmp_path, ("fp32", "int8"))
    assert (first.role, second.role) == (None, "frames")
    assert second.variants["int8"].file == "mood.int8.onnx"
    assert second.check.inputs[0].file == "check/mood.frames"
    assert (tmp_path / "frames.onnx").exists()


def test_variants_share_the_weights_that_they_have_in_common(tmp_path):
    rounded = Mapper()
    for parameter in rounded.parameters():
        parameter.data = parameter.data.half().float()
    graph = export_part(part(rounded), tmp_path, ("fp32", "fp16"))
    assert graph.variants["fp16"].weights == graph.variants["fp32"].weights
    assert not (tmp_path / "frames.fp16.weights").exists()


@pytest.mark.full
def test_weights_above_two_gigabytes_are_written_in_every_precision(tmp_path):
    class Wide(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(24, 24_000), nn.Linear(24_000, 24_000)

        def forward(self, frames):
            return self.last(self.first(frames)).mean(1)[:, :16]

    graph = export_part(part(Wide(), samples=()), tmp_path, ("fp32", "fp16", "int8"))
    assert set(graph.variants) == {"fp32", "fp16", "int8"}
    assert graph.variants["fp32"].weights[0].bytes > 2**31
