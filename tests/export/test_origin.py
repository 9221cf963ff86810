"""Every node can be traced to the module of the network that it comes from."""

from pathlib import Path

import onnx
import torch
from onnx import TensorProto, helper
from torch import nn

from hearsight_export.graphs import Part, trace
from hearsight_export.origin import modules, name_nodes
from hearsight_export.variants import read_variant, save_variant

STARTER = Path(__file__).resolve().parents[2] / "engines" / "starter"


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.wide = nn.Linear(8, 8)

    def forward(self, x):
        return torch.tanh(self.wide(x)) + x


class Stack(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Block(), Block()])

    def forward(self, latent):
        for block in self.blocks:
            latent = block(latent)
        return latent.abs()


def by_op(model):
    return sorted(zip((node.op_type for node in model.graph.node), modules(model), strict=True))


def test_traced_nodes_tell_their_module_before_and_after_they_are_written(tmp_path):
    part = Part("decode", Stack(), {"latent": torch.ones(3, 8)}, {}, {"audio": ("B", "S")})
    model = trace(part)
    told = [
        ("Abs", "blocks.1"),  # what it follows: it is in no module of its own
        *(("Add", f"blocks.{i}") for i in range(2)),
        *(("Gemm", f"blocks.{i}.wide") for i in range(2)),
        *(("Tanh", f"blocks.{i}") for i in range(2)),
    ]
    assert by_op(model) == told
    assert all(len(node.metadata_props) <= 1 for node in model.graph.node)
    save_variant(model, tmp_path, "decode")
    assert by_op(read_variant(tmp_path / "decode.onnx")) == told


def test_nodes_that_tell_nothing_are_traced_by_their_weights():
    weight = helper.make_tensor("unet.conv_in.weight_half", TensorProto.FLOAT16, [1], [1.0])
    nodes = [
        helper.make_node("Abs", ["x"], ["early"]),
        helper.make_node("Cast", ["unet.conv_in.weight_half"], ["unet.conv_in.weight"], to=1),
        helper.make_node("Mul", ["early", "unet.conv_in.weight"], ["scaled"], name="node_mul"),
        helper.make_node("Neg", ["scaled"], ["y"]),
    ]
    model = helper.make_model(helper.make_graph(nodes, "g", [], [], [weight]))
    assert modules(model) == ["", "unet.conv_in", "unet.conv_in", "unet.conv_in"]
    name_nodes(model)
    assert [node.name for node in model.graph.node] == [
        "Abs_0",
        "unet.conv_in/Cast_1",
        "unet.conv_in/node_mul",
        "unet.conv_in/Neg_3",
    ]


def test_attention_in_a_shipped_graph_is_traced_to_its_block():
    model = onnx.load(STARTER / "denoise.onnx", load_external_data=False)
    found = dict(zip((node.name for node in model.graph.node), modules(model), strict=True))
    first = next(node for node in model.graph.node if node.op_type == "Attention")
    assert ".attentions.0" in found[first.name]
