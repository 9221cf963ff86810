"""Exported graphs compute what PyTorch computes, or are refused."""

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
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


def test_a_variant_that_cannot_be_made_is_refused_and_the_export_goes_on(tmp_path):
    wanted = part(Mapper())
    model = trace(wanted)
    for node in model.graph.node:
        node.output[:] = ["straight" if name == "cond" else name for name in node.output]
    value = helper.make_tensor_value_info("cond", TensorProto.FLOAT, [1, 16])
    ways = [
        helper.make_graph([helper.make_node("Identity", ["straight"], ["cond"])], name, [], [value])
        for name in ("then", "else")
    ]
    model.graph.initializer.append(helper.make_tensor("always", TensorProto.BOOL, [], [True]))
    fork = helper.make_node("If", ["always"], ["cond"], then_branch=ways[0], else_branch=ways[1])
    model.graph.node.append(fork)
    graph = export_part(wanted, tmp_path, ("fp32", "fp16"), model=model)
    assert set(graph.variants) == {"fp32"}
    assert "a graph with branches or loops" in graph.refused["fp16"]
    assert not list(tmp_path.glob("frames.fp16*"))


def test_a_variant_that_onnx_runtime_does_not_run_is_refused(tmp_path):
    """Range has no half precision kind, and its bounds come out of a matrix product."""

    class Count(nn.Module):
        def forward(self, frames):
            return torch.arange(16.0)[None] + 0 * frames.sum()

    nodes = [
        helper.make_node("MatMul", ["frames", "ones"], ["product"]),
        helper.make_node("Mul", ["product", "nothing"], ["start"]),
        helper.make_node("Reshape", ["start", "scalar"], ["first"]),
        helper.make_node("Range", ["first", "end", "step"], ["counted"]),
        helper.make_node("Reshape", ["counted", "row"], ["cond"]),
    ]
    constants = [
        helper.make_tensor(name, kind, dims, values)
        for name, kind, dims, values in (
            ("ones", TensorProto.FLOAT, [24, 1], [1.0] * 24),
            ("nothing", TensorProto.FLOAT, [], [0.0]),
            ("end", TensorProto.FLOAT, [], [16.0]),
            ("step", TensorProto.FLOAT, [], [1.0]),
            ("scalar", TensorProto.INT64, [0], []),
            ("row", TensorProto.INT64, [2], [1, 16]),
        )
    ]
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "count",
            [helper.make_tensor_value_info("frames", TensorProto.FLOAT, [1, 1, 24])],
            [helper.make_tensor_value_info("cond", TensorProto.FLOAT, [1, 16])],
            constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=10,
    )
    given = part(Count(), inputs={"frames": torch.ones(1, 1, 24)}, axes={}, samples=())
    graph = export_part(given, tmp_path, ("fp32", "fp16"), model=model)
    assert set(graph.variants) == {"fp32"}
    assert "float16" in graph.refused["fp16"]
    assert str(tmp_path) not in graph.refused["fp16"]
    assert not list(tmp_path.glob("frames.fp16*"))


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
