"""How much arithmetic a graph does, and how fast this machine can do it."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from statistics import median
from typing import Any, cast

import numpy as np
import onnxruntime  # pyright: ignore[reportMissingTypeStubs]
from numpy.typing import NDArray

from .device import Choice
from .providers import CPU, attach

__all__ = ["count_flop", "matrix_flop_per_second"]

ort = cast(Any, onnxruntime)  # it comes without types
Shapes = Sequence[Sequence[int]]


def count_flop(path: Path, inputs: Mapping[str, NDArray[Any]]) -> int:
    """Multiplications and additions of an ONNX graph for these inputs.

    Convolutions, matrix products and attention are counted, from the shapes that ONNX Runtime's
    profiler saw in one run on the CPU without any graph optimisation; everything else is small
    beside them.
    """
    options = _options(None)
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.add_session_config_entry("session.disable_prepacking", "1")
    options.enable_profiling = True
    with tempfile.TemporaryDirectory() as scratch:
        options.profile_file_prefix = str(Path(scratch, "profile"))
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        session.run(None, dict(inputs))
        events = json.loads(Path(session.end_profiling()).read_text("utf-8"))
    return sum(_flop(event["args"]) for event in events if event["name"].endswith("_kernel_time"))


def matrix_flop_per_second(choice: Choice, threads: int | None) -> float:
    """Speed of a large float32 matrix product, run as graphs are: by ONNX Runtime, copies
    between device and host included. The median of seven warm runs. Of OpenVINO it is that of
    ONNX Runtime on the same processor."""
    if choice.device == "openvino":
        choice = Choice("cpu", CPU, choice.why)
    size = 1024 if choice.device == "cpu" else 4096
    options = _options(threads)
    providers = attach(choice, options, hot=True)
    session = ort.InferenceSession(_matrix_product(size), options, providers=providers)
    values = np.full((size, size), 0.5, np.float32)
    seconds: list[float] = []
    for _ in range(8):
        start = time.perf_counter()
        session.run(None, {"a": values, "b": values})
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / median(seconds[1:])


def _options(threads: int | None) -> Any:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads or 0
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return options


def _flop(event: Mapping[str, Any]) -> int:
    """Arithmetic of one node, from the shapes of its inputs and output."""
    name: str = event.get("op_name", "")
    given = _shapes(event.get("input_type_shape", []))
    made = _shapes(event.get("output_type_shape", []))
    if name == "Conv":
        return 2 * prod(made[0]) * prod(given[1][1:])
    if name == "ConvTranspose":
        return 2 * prod(given[0]) * prod(given[1][1:])
    if name in ("MatMul", "MatMulInteger"):
        return 2 * prod(made[0]) * given[0][-1]
    if name == "Gemm":
        return 2 * prod(made[0]) * prod(given[0]) // made[0][0]
    if name == "Attention":
        # Heads are an axis of their own or folded into the last one; the count is the same.
        query, key, value = given[:3]
        return 2 * prod(query) * key[-2] + 2 * prod(query[:-1]) * value[-1] * key[-2]
    return 0


def _shapes(entries: Sequence[Mapping[str, Any]]) -> Shapes:
    return [cast(list[int], shape) for entry in entries for shape in entry.values()]


def _matrix_product(size: int) -> bytes:
    """An ONNX model of y = a @ b, written out in protobuf's wire format (onnx.proto)."""

    def number(field: int, value: int) -> bytes:
        return _varint(field << 3) + _varint(value)

    def block(field: int, content: bytes) -> bytes:
        return _varint(field << 3 | 2) + _varint(len(content)) + content

    def tensor(field: int, name: str) -> bytes:
        shape = block(1, number(1, size)) * 2
        kind = block(1, number(1, 1) + block(2, shape))  # element type 1 is float
        return block(field, block(1, name.encode()) + block(2, kind))

    node = block(1, b"a") + block(1, b"b") + block(2, b"y") + block(4, b"MatMul")
    graph = block(1, node) + block(2, b"product")
    graph += tensor(11, "a") + tensor(11, "b") + tensor(12, "y")
    return number(1, 8) + block(7, graph) + block(8, block(1, b"") + number(2, 17))


def _varint(value: int) -> bytes:
    low = value & 0x7F
    return bytes([low]) if value < 0x80 else bytes([low | 0x80]) + _varint(value >> 7)
