"""Files, tensors and graphs of a bundle, as its manifest names them; `manifest` holds the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "Check",
    "DType",
    "DataFile",
    "Dim",
    "Graph",
    "Modality",
    "Parity",
    "Precision",
    "Role",
    "TensorFile",
    "TensorSpec",
    "Variant",
]

Role = Literal[
    "tokenize",
    "text",
    "image",
    "moment",
    "frames",
    "audio",
    "signal",
    "detect",
    "join",
    "classify",
    "denoise",
    "encode",
    "decode",
    "vocoder",
]
Modality = Literal["text", "image", "video", "audio", "depth", "thermal", "imu"]
Precision = Literal["fp32", "fp16", "int8"]
DType = Literal["float32", "float16", "int64", "int32", "uint8", "bool", "string"]
Dim = int | str


@dataclass(frozen=True)
class DataFile:
    """A file of the bundle: path relative to its folder with `/`, sha256 in hex, size in bytes."""

    file: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class TensorFile:
    """A tensor stored as raw little-endian values in C order, without a header."""

    file: str
    sha256: str
    bytes: int
    dtype: DType
    shape: tuple[int, ...]


@dataclass(frozen=True)
class TensorSpec:
    """One input or output of a graph."""

    name: str
    dtype: DType
    shape: tuple[Dim, ...]


@dataclass(frozen=True)
class Variant:
    """One precision of a graph: the ONNX file and the external weight files it maps."""

    file: str
    sha256: str
    bytes: int
    weights: tuple[DataFile, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return self.bytes + sum(file.bytes for file in self.weights)


@dataclass(frozen=True)
class Check:
    """Golden inputs and outputs of a graph, computed by PyTorch, in the graph's own order.

    A `string` input has no file: it is given by `text`.
    """

    inputs: tuple[TensorFile, ...]
    outputs: tuple[TensorFile, ...]
    text: str = ""


@dataclass(frozen=True)
class Parity:
    """How far a variant was from PyTorch when it was exported, the worst over `shapes`."""

    precision: Precision
    max_abs: float
    relative_l2: float
    snr_db: float
    shapes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Graph:
    """A computation of the bundle. `hot` graphs run many times a sound, the others once.

    `role` is what it does; a graph without one is named after its role. `refused` says of a
    precision that was tried why there is no such variant. `reach` is for a `vocoder`: how many
    frames of its input to either side a frame's samples depend on; None where that is not known.
    """

    variants: dict[Precision, Variant]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    hot: bool = False
    check: Check | None = None
    parity: tuple[Parity, ...] = ()
    role: Role | None = None
    refused: dict[Precision, str] = field(default_factory=dict[Precision, str])
    reach: int | None = None
