"""Tiny ONNX graphs with seeded weights: a builder, and one function per role.

Every graph is built from numpy and onnx.helper alone, in float32, float16 or float64; the
last is the exact twin from which the golden outputs are computed.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

OPSET = 20
CUSTOM = "ai.onnx.contrib"
ONNX_TYPES = {
    "float32": TensorProto.FLOAT,
    "float16": TensorProto.FLOAT16,
    "float64": TensorProto.DOUBLE,
    "int64": TensorProto.INT64,
    "uint8": TensorProto.UINT8,
    "string": TensorProto.STRING,
}
ALIGN = 64

Shape = list[int | str]
Tensor = tuple[str, str, Shape]  # name, dtype, shape

_WORDS = (
    "a an the of on in with and heavy soft gentle loud low high deep bright slow fast far close "
    "rain thunder wind sea stream fire bird birds cricket footsteps door knock bell siren engine "
    "clock heartbeat glass wood metal laser explosion whoosh bubbles dog cat roof tin distant"
)
WORDS = _WORDS.split()
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ",", ".", *WORDS, "##s", "##y"]

SPACE = 16
RATE = 8000
FRAME = 80  # samples of one latent frame
BINS = 8  # of the features between decode and vocoder
EMBED = 8
PICTURE = 16  # pictures are resized to this


def seeded(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Float32 values that depend on the name and the shape alone.

    Matrices and kernels N(0, 1 / fan_in), vectors N(0, 0.02 squared).
    """
    noise = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(shape)
    scale = 0.02 if len(shape) == 1 else 1 / math.sqrt(math.prod(shape[1:]))
    return (noise * scale).astype(np.float32)


@dataclass
class Builder:
    """Collects the nodes and weights of one graph; `work` is the dtype inside it."""

    name: str
    work: str = "float32"
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        """Add a node and return the name of its output, or the names when there are several."""
        names = [f"{kind.lower()}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def weight(self, name: str, shape: tuple[int, ...]) -> str:
        """A seeded weight in the working dtype."""
        self.weights[name] = seeded(f"{self.name}.{name}", shape).astype(self.work)
        return name

    def table(self, name: str, values: np.ndarray) -> str:
        """A fixed array, kept beside the weights in its own dtype."""
        self.weights[name] = values
        return name

    def ints(self, *values: int) -> str:
        """A small int64 vector inside the graph."""
        return self._constant(np.array(values, np.int64))

    def number(self, value: float, dtype: str | None = None) -> str:
        """A scalar inside the graph."""
        return self._constant(np.array(value, dtype or self.work))

    def cast(self, value: str, dtype: str) -> str:
        return self.op("Cast", value, to=ONNX_TYPES[dtype])

    def linear(self, name: str, x: str, given: int, out: int) -> str:
        """x [..., given] to [..., out]."""
        y = self.op("MatMul", x, self.weight(f"{name}.weight", (given, out)))
        return self.op("Add", y, self.weight(f"{name}.bias", (out,)))

    def conv(self, name: str, x: str, shape: tuple[int, ...], **attributes: Any) -> str:
        return self.op("Conv", x, *self._kernel(name, shape, shape[0]), **attributes)

    def deconv(self, name: str, x: str, shape: tuple[int, ...], **attributes: Any) -> str:
        return self.op("ConvTranspose", x, *self._kernel(name, shape, shape[1]), **attributes)

    def silu(self, x: str) -> str:
        return self.op("Mul", x, self.op("Sigmoid", x))

    def give(self, value: str, name: str) -> None:
        """Make `value` the graph's output `name`."""
        self.nodes.append(helper.make_node("Identity", [value], [name]))

    def model(
        self, inputs: list[Tensor], outputs: list[Tensor], location: str
    ) -> tuple[bytes, bytes]:
        """The serialised graph, and its weights for the file `location` beside it.

        In the float64 twin every float input and output is float64 too, and nothing is
        external.
        """
        initializers = list(self.constants)
        blob = bytearray()
        for name, values in self.weights.items():
            if self.work == "float64":
                initializers.append(onnx.numpy_helper.from_array(values, name))
                continue
            blob += bytes(-len(blob) % ALIGN)
            initializers.append(_external(name, values, location, len(blob)))
            blob += values.astype(values.dtype.newbyteorder("<")).tobytes()
        graph = helper.make_graph(
            self.nodes,
            self.name,
            [self._info(tensor) for tensor in inputs],
            [self._info(tensor) for tensor in outputs],
            initializers,
        )
        domains = {"": OPSET}
        if any(node.domain == CUSTOM for node in self.nodes):
            domains[CUSTOM] = 1
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid(*pair) for pair in domains.items()],
            ir_version=10,
            producer_name="hearsight",
        )
        return model.SerializeToString(deterministic=True), bytes(blob)

    def _info(self, tensor: Tensor) -> onnx.ValueInfoProto:
        name, dtype, shape = tensor
        if self.work == "float64" and dtype == "float32":
            dtype = "float64"
        return helper.make_tensor_value_info(name, ONNX_TYPES[dtype], shape)

    def _kernel(self, name: str, shape: tuple[int, ...], out: int) -> tuple[str, str]:
        return self.weight(f"{name}.weight", shape), self.weight(f"{name}.bias", (out,))

    def _constant(self, values: np.ndarray) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(onnx.numpy_helper.from_array(values, name))
        return name


def _external(name: str, values: np.ndarray, location: str, offset: int) -> onnx.TensorProto:
    tensor = TensorProto(name=name, dims=values.shape, data_location=TensorProto.EXTERNAL)
    tensor.data_type = helper.np_dtype_to_tensor_dtype(values.dtype)
    size = values.nbytes
    for key, value in (("location", location), ("offset", offset), ("length", size)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor
