"""Half and 8-bit graphs: what they keep in float32, and when they are not shipped."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from hearsight_export.graphs import Part, export_part, trace
from hearsight_export.models.denoise import Denoise
from hearsight_export.models.mel import LogMel, MelConfig
from hearsight_export.precision import LEAST_SNR_DB, eight_bit, half, half_as_rounded

FRAMES = {"frames": {1: "N"}}
HALF, FLOAT = TensorProto.FLOAT16, TensorProto.FLOAT


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def part(module, width=24, out=16, **changes):
    inputs = {"frames": noise(1, 5, width)}
    samples = [{"frames": noise(1, 9, width, seed=1)}]
    given = {"axes": FRAMES, "outputs": {"cond": (1, out)}, "samples": samples}
    return Part("frames", module.eval(), inputs, **(given | changes))


def run(model, inputs):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return session.run(None, {name: value.numpy() for name, value in inputs.items()})


def relative(found, wanted):
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


class Net(nn.Module):
    """A UNet's call in small: time as sinusoids, a normalisation, attention, a convolution."""

    class Out:
        def __init__(self, sample):
            self.sample = sample

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.time, self.label = nn.Linear(8, 32), nn.Linear(16, 32)
        self.norm = nn.GroupNorm(4, 32)
        self.first, self.last = nn.Conv2d(4, 32, 3, padding=1), nn.Conv2d(32, 4, 3, padding=1)
        self.attention = nn.MultiheadAttention(32, 2, batch_first=True)

    def forward(self, x, t, *, encoder_hidden_states, class_labels):
        phase = t[:, None] * torch.tensor([1.0, 0.5, 0.1, 0.01])
        waves = torch.cat((torch.sin(phase), torch.cos(phase)), 1)
        told = self.time(waves) + self.label(class_labels)
        h = torch.nn.functional.silu(self.norm(self.first(x) + told[:, :, None, None]))
        tokens = h.flatten(2).transpose(1, 2)
        tokens = tokens + self.attention(tokens, tokens, tokens, need_weights=False)[0]
        h = tokens.transpose(1, 2).unflatten(2, (x.shape[2], x.shape[3]))
        return self.Out(self.last(h))


@pytest.fixture(scope="module")
def denoise():
    """A denoise part and its traced graph."""
    told = {name: noise(2, 4, 6, 4, seed=i) for i, name in enumerate(("x", "d_prev", "noise"))}
    told |= {
        "cond": noise(4, 16, seed=4),
        "weights": torch.tensor([2.5, -1.5]),
        "row": torch.tensor([499.7, 0.31, 0.95, 0.8123, 0.3, -0.1, 0.05]),
    }
    latent = ("B", 4, "T", 4)
    batch_time = {0: "B", 2: "T"}
    axes = {name: batch_time for name in ("x", "d_prev", "noise")}
    axes |= {"cond": {0: "GB"}, "weights": {0: "G"}}
    outputs = {"x_next": latent, "d": latent}
    made = Part("denoise", Denoise(Net().eval(), "epsilon"), told, axes, outputs)
    return made, trace(made)


def types(model):
    """Type of every tensor whose type is written down."""
    graph = model.graph
    found = {v.name: v.type.tensor_type.elem_type for v in (*graph.value_info, *graph.output)}
    return found | {tensor.name: tensor.data_type for tensor in graph.initializer}


def test_convolutions_attention_and_normalisations_take_half(denoise):
    model = half(denoise[1])
    known = types(model)
    heavy = ("Conv", "MatMul", "Gemm", "Attention", "GroupNormalization")
    nodes = [node for node in model.graph.node if node.op_type in heavy]
    assert {node.op_type for node in nodes} >= {"Conv", "GroupNormalization"}
    assert all(known[node.input[0]] == HALF for node in nodes if node.input[0] in known)
    for node in nodes:
        inside = {a.name: a.i for a in node.attribute}
        if node.op_type == "GroupNormalization":
            assert inside["stash_type"] == FLOAT
        if node.op_type == "Attention":
            assert inside["softmax_precision"] == FLOAT
    sums = ("Softmax", "Sin", "Cos", "ReduceSum")
    assert not any(
        known.get(node.output[0]) == HALF for node in model.graph.node if node.op_type in sums
    )


def test_a_half_graph_is_float32_at_its_border(denoise):
    model = half(denoise[1])
    border = [*model.graph.input, *model.graph.output]
    assert {value.type.tensor_type.elem_type for value in border} == {FLOAT}
    assert [v.name for v in border] == [*denoise[0].inputs, *denoise[0].outputs]
    onnx.checker.check_model(model, full_check=True)


@pytest.mark.parametrize("convert", [half, half_as_rounded])
def test_guidance_and_the_solver_row_are_summed_in_float32(denoise, convert):
    made, model = denoise
    # Here the network counts for a millionth, and the rest of the row for everything.
    row = torch.tensor([499.7, 1.0, 1e-6, 0.8123, 0.3, -0.1234, 0.0567])
    inputs = {**made.inputs, "row": row}
    found = run(convert(model), inputs)
    wanted = [t.detach().numpy() for t in made.module(**inputs)]
    assert all(relative(a, b) < 1e-6 for a, b in zip(found, wanted, strict=True))


def test_time_reaches_the_network_unrounded(denoise):
    made, model = denoise
    halved = half(model)
    # Half precision has steps of a quarter here: it could not tell the two apart.
    row = made.inputs["row"].clone()
    row[0] += 0.1
    one, other = (run(halved, {**made.inputs, "row": r})[1] for r in (made.inputs["row"], row))
    exact = [made.module(**{**made.inputs, "row": r})[1] for r in (made.inputs["row"], row)]
    moved = (exact[1] - exact[0]).detach().numpy()
    assert relative(other - one, moved) < 0.1


def test_a_log_mel_front_stays_float32():
    module = LogMel(MelConfig(8000, 256, 64, 16, 0.0, 4000.0))
    told = Part("audio", module, {"audio": 0.3 * noise(1, 2048)}, {}, {"cond": (1, 32, 16)})
    for convert in (half, half_as_rounded):
        [found] = run(convert(trace(told)), told.inputs)
        assert relative(found, module(**told.inputs).numpy()) < 1e-6


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Linear(24, 48), nn.Linear(48, 16)

    def forward(self, frames):
        return self.second(torch.relu(self.first(frames)))[:, 0]


def test_the_rounded_twin_rounds_every_half_tensor():
    made = part(Two())

    def rounded(x):
        return x.half().float()

    line, other = made.module.first, made.module.second
    x = rounded(made.inputs["frames"])
    x = rounded(rounded(x @ rounded(line.weight).T) + rounded(line.bias)).relu()
    x = rounded(rounded(x @ rounded(other.weight).T) + rounded(other.bias))[:, 0]
    exact = made.module(**made.inputs).detach().numpy()
    [found] = run(half_as_rounded(trace(made)), made.inputs)
    assert relative(found, x.detach().numpy()) < 1e-4 < relative(found, exact)


def test_half_is_shipped_with_its_parity(tmp_path):
    graph = export_part(part(Two()), tmp_path, ("fp32", "fp16"))
    assert set(graph.variants) == {"fp32", "fp16"}
    assert not graph.refused
    rows = [row for row in graph.parity if row.precision == "fp16"]
    assert [row.shapes for row in rows] == [("N=5",), ("N=9",)]
    assert all(LEAST_SNR_DB["fp16"] < row.snr_db < 90 for row in rows)
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == [
        "frames.fp16.onnx",
        "frames.fp16.weights",
        "frames.onnx",
        "frames.weights",
    ]


class Loud(Two):
    """Goes beyond 65504 inside and comes back."""

    def forward(self, frames):
        return (self.second(torch.relu(self.first(frames) * 3e4) * 3e2) * 1e-7)[:, 0]


def test_half_that_would_overflow_on_a_gpu_is_not_shipped(tmp_path):
    graph = export_part(part(Loud()), tmp_path, ("fp32", "fp16"))
    assert set(graph.variants) == {"fp32"}
    assert "values that are not numbers" in graph.refused["fp16"]
    assert not any("fp16" in p.name or "rounded" in p.name for p in tmp_path.iterdir())


def test_a_graph_with_branches_cannot_be_halved():
    value = helper.make_tensor_value_info
    branch = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["z"])], "branch", [], [value("z", FLOAT, [2])]
    )
    node = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    inputs = [value("c", TensorProto.BOOL, []), value("x", FLOAT, [2])]
    graph = helper.make_graph([node], "g", inputs, [value("y", FLOAT, [2])])
    with pytest.raises(ValueError, match="branches or loops"):
        half(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=10))


def test_a_constant_that_half_cannot_hold_keeps_its_node_in_float32():
    value = helper.make_tensor_value_info
    weights = np.eye(4, dtype=np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["m"]),
        helper.make_node("Mul", ["m", "tiny"], ["s"]),
        helper.make_node("Div", ["s", "tiny"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [value("x", FLOAT, [2, 4])],
        [value("y", FLOAT, [2, 4])],
        [
            numpy_helper.from_array(weights, "w"),
            numpy_helper.from_array(np.array(1e-9, np.float32), "tiny"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=10)
    x = torch.arange(8.0).reshape(2, 4)
    np.testing.assert_allclose(run(half(model), {"x": x})[0], x.numpy(), rtol=1e-3)


def test_8_bit_weights_are_a_quarter_and_standard_operators(tmp_path):
    graph = export_part(part(Two()), tmp_path, ("fp32", "int8"))
    assert not graph.refused
    own = (tmp_path / "frames.int8.weights").stat().st_size
    assert own < 0.5 * (tmp_path / "frames.weights").stat().st_size
    model = onnx.load(tmp_path / "frames.int8.onnx")
    assert {node.domain for node in model.graph.node} == {""}
    assert {t.data_type for t in model.graph.initializer} >= {TensorProto.UINT8}
    rows = [row for row in graph.parity if row.precision == "int8"]
    assert all(LEAST_SNR_DB["int8"] < row.snr_db < 60 for row in rows)


class Outlier(Two):
    """One input is a thousand times the others and counts for nothing."""

    def __init__(self):
        super().__init__()
        self.first.weight.data[:, 0] = 0

    def forward(self, frames):
        scale = torch.ones(24)
        scale[0] = 1000
        return super().forward(frames * scale)


def test_8_bits_that_lose_too_much_are_not_shipped_and_say_why(tmp_path):
    graph = export_part(part(Outlier()), tmp_path, ("fp32", "int8"))
    assert set(graph.variants) == {"fp32"}
    assert {row.precision for row in graph.parity} == {"fp32"}
    assert "dB against PyTorch at N=" in graph.refused["int8"]
    assert "30 dB are asked for" in graph.refused["int8"]
    assert not (tmp_path / "frames.int8.onnx").exists()


class Convolution(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Conv1d(24, 16, 3, padding=1)

    def forward(self, frames):
        return self.inner(frames.transpose(1, 2)).mean(2)


def test_8_bits_are_not_tried_where_convolutions_are_all(tmp_path):
    fixed = part(Convolution())
    assert eight_bit(trace(fixed)) is None
    graph = export_part(fixed, tmp_path, ("fp32", "int8"))
    assert "matrix products" in graph.refused["int8"]
