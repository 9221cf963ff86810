"""Counting arithmetic and timing bundles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from hearsight.arithmetic import count_flop, matrix_flop_per_second
from hearsight.bench import measure
from hearsight.bundle import open_bundle
from hearsight.device import choose
from hearsight.request import text
from hearsight.sampler import Cancel

MICRO = Path(__file__).parents[1] / "micro" / "micro"


def graph(path: Path, op: str, *shapes: tuple[int, ...], **attributes: object) -> Path:
    """An ONNX file of one operator on float inputs of these shapes."""
    names = [f"x{index}" for index in range(len(shapes))]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in zip(names, shapes, strict=True)
    ]
    node = helper.make_node(op, names, ["y"], **attributes)
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    made = helper.make_graph([node], "one", inputs, [output])
    model = helper.make_model(made, ir_version=10, opset_imports=[helper.make_opsetid("", 23)])
    onnx.save(model, path)
    return path


@pytest.mark.parametrize(
    ("op", "shapes", "attributes", "flop"),
    [
        ("MatMul", [(2, 3, 5), (5, 7)], {}, 2 * 2 * 3 * 5 * 7),
        ("Gemm", [(5, 3), (5, 7)], {"transA": 1}, 2 * 3 * 5 * 7),
        ("Gemm", [(3, 5), (7, 5), (7,)], {"transB": 1}, 2 * 3 * 5 * 7),
        ("Conv", [(2, 4, 9, 8), (6, 4, 3, 3)], {"pads": [1] * 4}, 2 * (2 * 6 * 9 * 8) * 4 * 9),
        ("Conv", [(1, 4, 9), (4, 1, 3)], {"group": 4}, 2 * (4 * 7) * 3),
        ("ConvTranspose", [(1, 4, 9), (4, 6, 8)], {"strides": [4]}, 2 * (4 * 9) * 6 * 8),
        ("Attention", [(1, 2, 5, 8), (1, 2, 6, 8), (1, 2, 6, 4)], {}, 2 * 2 * 5 * 6 * (8 + 4)),
        (
            "Attention",
            [(1, 5, 16), (1, 6, 16), (1, 6, 16)],
            {"q_num_heads": 2, "kv_num_heads": 2},
            2 * 5 * 6 * (16 + 16),
        ),
        ("Add", [(4, 4), (4, 4)], {}, 0),
    ],
)
def test_arithmetic_is_counted_as_it_is_by_hand(tmp_path, op, shapes, attributes, flop):
    path = graph(tmp_path / "one.onnx", op, *shapes, **attributes)
    inputs = {f"x{i}": np.ones(shape, np.float32) for i, shape in enumerate(shapes)}
    assert count_flop(path, inputs) == flop


def test_the_matrix_product_runs_at_a_believable_speed():
    assert 1e8 < matrix_flop_per_second(choose("cpu"), 1) < 1e14


def test_a_bundle_is_timed_stage_by_stage_and_graph_by_graph():
    bundle = open_bundle(MICRO)
    found = measure(
        bundle,
        text("rain", seconds=0.5, seed=1, variations=3),
        runs=2,
        device="cpu",
        precision=None,
        threads=1,
        cancel=Cancel(),
    )
    assert found.seconds == 0.5
    assert found.steps == 4
    assert found.real_time_factor == pytest.approx(found.warm / 0.5)
    stages = {stage.stage: stage for stage in found.stages}
    assert stages["load"].warm is None
    assert all(stages[name].warm for name in ("encode", "denoise", "decode", "finish"))
    graphs = {time.graph: time for time in found.graphs}
    assert graphs.keys() == bundle.manifest.graphs.keys() - {"tokenize"}
    for time in found.graphs:
        assert time.gflop_per_second == pytest.approx(time.gflop / time.seconds)
        assert time.share == pytest.approx(time.gflop_per_second / found.matrix_gflop_per_second)
    # Two convolutions of 3x3 over [2 branches, 52 frames, 4]: 4 to 8 channels and back.
    assert graphs["denoise"].gflop == pytest.approx(2 * 2 * 2 * 52 * 4 * 32 * 9 / 1e9, rel=0.01)
