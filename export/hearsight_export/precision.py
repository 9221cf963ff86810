"""Reduced precision: the half and the 8-bit twin of a graph, and what they must hold to ship.

Half precision is for GPUs. Which nodes hold it follows from types alone, as in PyTorch's
autocast: matrix products and convolutions do, what sums or bends steeply stays float32, and the
rest goes with its inputs, float32 where they differ. So the guidance sum and a solver's row,
which meet float32 inputs of the graph, stay float32 without being named, and so do sinusoids,
Snake activations and all that leads into a logarithm, which is a spectrum. Normalisations and
attention take half but have float32 inside, by attributes of their operators. (The converters of
onnxruntime.transformers and onnxconverter-common work by lists of what to leave out; on the
denoise graph the first made two nodes of one name, the second mixed types, and both would round
the row.)

8 bits are for CPUs: `MatMul` with fixed weights, quantised from onnxruntime.quantization, with
activations quantised as they come. Convolutions stay as they are: static 8-bit weights and
activations are faster there, but too far from the starter's sound, and quantising activations as
they come is slower than float32. `runtime-cli bench --precision int8` measures a bundle.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
from onnx import ModelProto, TensorProto
from onnx_ir.passes import common as passes

from hearsight.manifest import Precision

__all__ = ["LEAST_SHARE", "LEAST_SNR_DB", "eight_bit", "half", "half_as_rounded"]

LEAST_SNR_DB: Mapping[Precision, float] = {"fp16": 40.0, "int8": 30.0}
"""A graph that is further from PyTorch in one of its sizes has no variant of that precision."""
LEAST_SHARE = 0.1
"""Part of the weights that 8 bits must reach, or there is nothing to be gained by them."""

_LARGEST_PROTO = 2**30
_HALF = np.finfo(np.float16)

_TAKE_HALF = {"Attention", "Conv", "ConvTranspose", "Gather", "Gemm", "MatMul"}
_STAY_FLOAT = {
    *("BatchNormalization", "InstanceNormalization", "LpNormalization", "LogSoftmax", "Softmax"),
    *("Cos", "Exp", "Log", "Pow", "Reciprocal", "Sin", "Sqrt", "Tan"),
    *("CumSum", "DFT", "Einsum", "GRU", "LSTM", "RNN", "STFT", "TopK"),
    *("ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMean", "ReduceProd"),
    *("ReduceSum", "ReduceSumSquare"),
}
_TAKE_ANYTHING = {"Cast", "Shape", "Size"}
_ALWAYS_FLOAT_INPUTS = {"Resize": {1, 2}}
_FLOAT_INSIDE = {
    "Attention": "softmax_precision",
    "GroupNormalization": "stash_type",
    "LayerNormalization": "stash_type",
    "RMSNormalization": "stash_type",
}


def half(model: ModelProto) -> ModelProto:
    """A graph that computes in half precision where it may, float32 at its border.

    Raises:
        ValueError: the graph has branches or loops, into which the conversion does not look.
    """
    return _Halving(model, rounded=False).model()


def half_as_rounded(model: ModelProto) -> ModelProto:
    """The float32 graph that rounds every tensor that is half precision in `half(model)`.

    This is how a GPU computes it, with sums in float32. ONNX Runtime's CPU provider does not
    round between operators that it has in float32 only, so the half graph itself looks better
    there than it is, and hides what goes beyond 65504.
    """
    return _Halving(model, rounded=True).model()


def eight_bit(model: ModelProto) -> ModelProto | None:
    """The graph with 8-bit matrix products, or None if they hold too few of its weights.

    The model that is given is used up. Weights are unsigned like the activations: products of
    mixed signs saturate on CPUs without VNNI, and what is measured here should hold there too.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    whole = _bytes(model)
    for value in model.graph.value_info:
        # Types are needed; shapes from tracing and from ONNX's own inference may disagree.
        value.type.tensor_type.ClearField("shape")
    model.metadata_props.add(key="onnx.quant.pre_process", value="onnxruntime.quant")
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "eight.onnx"
        quantize_dynamic(
            model,
            path,
            op_types_to_quantize=["MatMul"],
            weight_type=QuantType.QUInt8,
            per_channel=True,
            use_external_data_format=whole > _LARGEST_PROTO,
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )
        made = onnx.load(path)
    del made.metadata_props[:]
    reached = sum(
        int(np.prod(tensor.dims)) * 4
        for tensor in made.graph.initializer
        if tensor.name.endswith("_quantized")
    )
    return made if reached >= LEAST_SHARE * max(whole, 1) else None


def _bytes(model: ModelProto) -> int:
    return sum(
        int(np.prod(tensor.dims)) * 4
        for tensor in model.graph.initializer
        if tensor.data_type == TensorProto.FLOAT
    )


class _Halving:
    """One conversion: decides node by node, then puts conversions where two precisions meet."""

    def __init__(self, model: ModelProto, *, rounded: bool) -> None:
        self._model = ir.from_proto(model)
        passes.LiftConstantsToInitializersPass()(self._model)
        passes.ShapeInferencePass()(self._model)
        self._graph = self._model.graph
        self._rounded = rounded
        self._made: dict[tuple[ir.Value, bool], ir.Value] = {}
        self._casts: set[ir.Node] = set()
        nodes = list(self._graph)
        for node in nodes:
            if any(a.type in (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS) for a in _own(node)):
                raise ValueError(
                    f"{node.op_type} {node.name}: a graph with branches or loops cannot be made "
                    "half precision; export it in fp32 only."
                )
        self._halves = self._choose(nodes)
        for node in nodes:
            self._convert_inputs(node)
        for node in nodes:
            if node in self._halves:
                self._convert_outputs(node)

    def model(self) -> ModelProto:
        passes.RemoveUnusedNodesPass()(self._model)
        passes.TopologicalSortPass()(self._model)
        return ir.to_proto(self._model)

    def _choose(self, nodes: list[ir.Node]) -> set[ir.Node]:
        spectra = _before_logarithms(nodes)
        halves: set[ir.Node] = set()
        for node in nodes:
            if node.domain or node in spectra or node.op_type in _STAY_FLOAT | _TAKE_ANYTHING:
                continue
            given = [value for _, value in _float_inputs(node)]
            constants = [value for value in given if value.const_value is not None]
            moving = [value for value in given if value.const_value is None]
            if not any(map(_is_float, node.outputs)) or not all(map(_fits, constants)):
                continue
            follows = moving and all(value.producer() in halves for value in moving)
            if follows or node.op_type in _TAKE_HALF:
                halves.add(node)
        return halves

    def _convert_inputs(self, node: ir.Node) -> None:
        for index, value in _float_inputs(node):
            if node in self._halves:
                node.replace_input_with(index, self._as_half(value))
        for index, value in enumerate(node.inputs):
            if value is None or node.op_type in _TAKE_ANYTHING or self._rounded:
                continue
            wants_float = node not in self._halves or index in _ALWAYS_FLOAT_INPUTS.get(
                node.op_type, ()
            )
            if wants_float and value.producer() in self._halves and _is_float(value):
                node.replace_input_with(index, self._cast(value, ir.DataType.FLOAT))

    def _convert_outputs(self, node: ir.Node) -> None:
        if node.op_type in _FLOAT_INSIDE:
            node.attributes.add(ir.AttrInt64(_FLOAT_INSIDE[node.op_type], ir.DataType.FLOAT))
        for value in [value for value in node.outputs if _is_float(value)]:
            uses = [use for use in value.uses() if use.node not in self._casts]
            is_output = value.is_graph_output()
            if self._rounded:
                after = self._round(value)
                for use in uses:
                    use.node.replace_input_with(use.idx, after)
            else:
                value.dtype = ir.DataType.FLOAT16
                after = self._cast(value, ir.DataType.FLOAT) if is_output else value
            if is_output:
                outputs = self._graph.outputs
                outputs[list(outputs).index(value)] = after
                after.name, value.name = value.name, f"{value.name}_inside"

    def _as_half(self, value: ir.Value) -> ir.Value:
        if value.const_value is not None:
            return self._constant(value)
        if value.producer() in self._halves:
            return value
        return self._round(value) if self._rounded else self._cast(value, ir.DataType.FLOAT16)

    def _constant(self, value: ir.Value) -> ir.Value:
        if (value, True) not in self._made:
            array = ir.tensor(value.const_value.numpy().astype(np.float16))
            made = ir.Value(name=f"{value.name}_half", const_value=array)
            made.dtype, made.shape = array.dtype, array.shape
            self._graph.initializers[made.name] = made
            self._made[value, True] = made
        made = self._made[value, True]
        return self._cast(made, ir.DataType.FLOAT) if self._rounded else made

    def _round(self, value: ir.Value) -> ir.Value:
        return self._cast(self._cast(value, ir.DataType.FLOAT16), ir.DataType.FLOAT)

    def _cast(self, value: ir.Value, to: ir.DataType) -> ir.Value:
        key = value, to == ir.DataType.FLOAT16
        if key not in self._made:
            name = f"{value.name}_{'half' if key[1] else 'float'}"
            node = ir.node("Cast", [value], {"to": int(to)}, name=f"cast_{name}")
            made = node.outputs[0]
            made.name, made.dtype, made.shape = name, to, value.shape
            producer = value.producer()
            if producer is None:
                self._graph.insert_before(self._graph[0], node)
            else:
                self._graph.insert_after(producer, node)
            self._made[key] = made
            self._casts.add(node)
        return self._made[key]


def _own(node: ir.Node) -> list[ir.Attr]:
    return list(node.attributes.values())


def _float_inputs(node: ir.Node) -> list[tuple[int, ir.Value]]:
    skip = _ALWAYS_FLOAT_INPUTS.get(node.op_type, set())
    return [
        (index, value)
        for index, value in enumerate(node.inputs)
        if value is not None and index not in skip and _is_float(value)
    ]


def _is_float(value: ir.Value) -> bool:
    return value.dtype == ir.DataType.FLOAT


def _fits(value: ir.Value) -> bool:
    """Whether a constant is in the range of half precision, infinities and zeros aside."""
    array = value.const_value.numpy()
    largest = float(max(array.max(initial=0), -array.min(initial=0)))
    if not np.isfinite(largest):
        largest = float(np.abs(array[np.isfinite(array)]).max(initial=0))
    return largest == 0 or _HALF.smallest_subnormal <= largest <= _HALF.max


def _before_logarithms(nodes: list[ir.Node]) -> set[ir.Node]:
    """All nodes that a logarithm depends on."""
    found = {node for node in nodes if node.op_type == "Log"}
    waiting = list(found)
    while waiting:
        for before in waiting.pop().predecessors():
            if before not in found:
                found.add(before)
                waiting.append(before)
    return found
