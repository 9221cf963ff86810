"""The part of a graph that works on bytes: TensorRT has no such operations, so the CPU runs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper
from onnx.external_data_helper import load_external_data_for_tensor, uses_external_data

from hearsight.errors import DeviceError
from hearsight.manifest import TensorSpec

__all__ = ["Front", "split"]

_SIZES = ({"H": 97, "W": 61}, {"H": 64, "W": 150})  # of pictures that are tried


@dataclass(frozen=True)
class Front:
    """Nodes for the CPU with the weights they need, and the values that they hand on."""

    nodes: tuple[NodeProto, ...]
    weights: tuple[TensorProto, ...]
    values: tuple[ValueInfoProto, ...]


def split(
    model: ModelProto, path: Path, inputs: Sequence[TensorSpec]
) -> tuple[Front | None, ModelProto]:
    """Cut a graph where its bytes have become numbers: what comes before, and the rest.

    The front is every node that takes or gives bytes, and every node whose results those need.
    What it hands on must be of one size for pictures of all sizes, which is tried.

    Args:
        model: the graph without its weights.
        path: its file, beside which its weights lie.
        inputs: as the manifest lists them.

    Raises:
        DeviceError: nothing is left, or the rest takes values of many sizes.
    """
    if all(spec.dtype != "uint8" for spec in inputs):
        return None, model
    nodes = model.graph.node
    chosen = _front_nodes(model)
    front = [node for index, node in enumerate(nodes) if index in chosen]
    rest = [node for index, node in enumerate(nodes) if index not in chosen]
    made = {name for node in front for name in node.output}
    handed = list(dict.fromkeys(name for node in rest for name in node.input if name in made))
    if not rest or not handed:
        raise DeviceError(f"{path} works on bytes alone, so there is nothing to compile.")
    weights = _weights(model.graph, front, path)
    values = _tried(model, front, weights, handed, inputs, path)
    return Front(tuple(front), tuple(weights), tuple(values)), _rest(model, rest, values)


def _front_nodes(model: ModelProto) -> set[int]:
    """Indices of the nodes that work on bytes, and of those they wait for."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    typed = (*graph.input, *graph.value_info, *graph.output)
    held = {v.name for v in typed if v.type.tensor_type.elem_type == TensorProto.UINT8}
    held |= {t.name for t in graph.initializer if t.data_type == TensorProto.UINT8}
    nodes = model.graph.node
    maker = {name: index for index, node in enumerate(nodes) for name in node.output}
    waiting = [i for i, node in enumerate(nodes) if held & {*node.input, *node.output}]
    chosen: set[int] = set()
    while waiting:
        index = waiting.pop()
        if index not in chosen:
            chosen.add(index)
            waiting += [maker[name] for name in nodes[index].input if name in maker]
    return chosen


def _weights(graph: GraphProto, nodes: Sequence[NodeProto], path: Path) -> list[TensorProto]:
    used = {name for node in nodes for name in node.input}
    found: list[TensorProto] = []
    for tensor in graph.initializer:
        if tensor.name in used:
            own = TensorProto()
            own.CopyFrom(tensor)
            if uses_external_data(own):
                load_external_data_for_tensor(own, str(path.parent))
            found.append(own)
    return found


def _tried(
    model: ModelProto,
    nodes: Sequence[NodeProto],
    weights: Sequence[TensorProto],
    handed: Sequence[str],
    inputs: Sequence[TensorSpec],
    path: Path,
) -> list[ValueInfoProto]:
    """Types and shapes of what the front hands on, by running it on pictures of two sizes."""
    outputs = [helper.make_empty_tensor_value_info(name) for name in handed]
    graph = helper.make_graph(nodes, "front", model.graph.input, outputs, weights)
    alone = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        alone.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    results = []
    for sizes in _SIZES:
        given = {
            spec.name: np.zeros([sizes.get(str(dim), dim) for dim in spec.shape], spec.dtype)
            for spec in inputs
        }
        results.append(session.run(list(handed), given))
    for name, one, other in zip(handed, *results, strict=True):
        if one.shape != other.shape:
            raise DeviceError(
                f'{path}: "{name}" grows with the picture, {list(one.shape)} and '
                f"{list(other.shape)}; engines need pictures that are brought to one size first."
            )
    return [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
        for name, a in zip(handed, results[0], strict=True)
    ]


def _rest(
    model: ModelProto, nodes: Sequence[NodeProto], values: Sequence[ValueInfoProto]
) -> ModelProto:
    used = {name for node in nodes for name in node.input}
    made = {name for node in nodes for name in node.output}
    rest = ModelProto()
    rest.CopyFrom(model)
    graph = rest.graph
    for listed, kept in (
        (graph.node, nodes),
        (graph.input, [*(v for v in model.graph.input if v.name in used), *values]),
        (graph.output, [v for v in model.graph.output if v.name in made]),
        (graph.initializer, [t for t in model.graph.initializer if t.name in used]),
        (graph.value_info, ()),
    ):
        del listed[:]
        listed.extend(kept)
    return rest
