"""PyTorch modules to checked ONNX graphs of a bundle.

A `Part` declares inputs, free axes, dummy data and tolerance side by side; `export_part`
writes the files, compares ONNX Runtime with PyTorch on every sample and returns the manifest's
entry. Precision follows the samples: all are float32 at the border.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from hearsight.manifest import Check, DType, Graph, Parity, Role, TensorSpec, Variant
from hearsight.store import describe, write_tensor

__all__ = [
    "LOOP_TOLERANCE",
    "OPSET",
    "TOLERANCE",
    "ParityError",
    "Part",
    "compare",
    "export_part",
    "save_variant",
    "trace",
]

# Keeps Attention and GroupNormalization as single nodes; measured smallest and equally fast.
OPSET = 23
EXTERNAL_FROM_BYTES = 256
TOLERANCE, LOOP_TOLERANCE = 1e-5, 1e-4


class ParityError(Exception):
    """An exported graph that does not compute what PyTorch computes."""


@dataclass(frozen=True)
class Part:
    """One graph to export.

    inputs: the traced example; free axes are named in `axes` (name -> axis -> symbol). Trace
    at sizes that are no multiples of the strides, or the graph is right for multiples only.
    samples: further inputs of other sizes for the parity report. tolerance: of the relative L2
    error; a graph that iterates inside, as Griffin-Lim does, is a loop and gets `LOOP_TOLERANCE`.
    """

    role: Role
    module: nn.Module
    inputs: Mapping[str, Tensor]
    axes: Mapping[str, Mapping[int, str]]
    outputs: Mapping[str, tuple[int | str, ...]]
    samples: Sequence[Mapping[str, Tensor]] = ()
    hot: bool = False
    tolerance: float = TOLERANCE


def export_part(part: Part, root: Path) -> Graph:
    """Write `<role>.onnx` and `<role>.weights` into `root`, check them, return the entry.

    Raises:
        ParityError: relative L2 error above the part's tolerance on any sample.
    """
    return compare(part, save_variant(trace(part), root, part.role), root)


def save_variant(model: onnx.ModelProto, root: Path, stem: str) -> Variant:
    """Write a model with its weights beside it, where they can be memory-mapped.

    Weights that half precision holds exactly are stored so; a Cast widens them on loading.
    """
    _store_half(model)
    onnx.checker.check_model(model, full_check=False)
    path, weights = root / f"{stem}.onnx", root / f"{stem}.weights"
    weights.unlink(missing_ok=True)
    onnx.save_model(
        model,
        str(path),
        save_as_external_data=True,
        location=weights.name,
        size_threshold=EXTERNAL_FROM_BYTES,
    )
    if weights.exists():
        weights.chmod(0o644)  # onnx makes it private to the user
    record = describe(root, path.name)
    external = (describe(root, weights.name),) if weights.exists() else ()
    return Variant(record.file, record.sha256, record.bytes, external)


def _dtype(value: Tensor) -> DType:
    return str(value.dtype).removeprefix("torch.")  # type: ignore[return-value]


def _shape(part: Part, name: str, value: Tensor) -> tuple[int | str, ...]:
    axes = part.axes.get(name, {})
    return tuple(axes.get(i, size) for i, size in enumerate(value.shape))


def trace(part: Part) -> onnx.ModelProto:
    """The part's module as an ONNX model, by PyTorch's graph-capturing exporter."""
    dynamic = {
        name: {axis: torch.export.Dim.DYNAMIC for axis in part.axes.get(name, {})}
        for name in part.inputs
    }
    program = torch.onnx.export(
        part.module.eval(),
        kwargs=dict(part.inputs),
        dynamo=True,
        opset_version=OPSET,
        input_names=list(part.inputs),
        output_names=list(part.outputs),
        dynamic_shapes=dynamic,
        verbose=False,
    )
    assert program is not None
    model = program.model_proto
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    return model


def _store_half(model: onnx.ModelProto) -> None:
    graph = model.graph
    casts: list[onnx.NodeProto] = []
    for tensor in graph.initializer:
        size = math.prod(tensor.dims) * 4
        if tensor.data_type != TensorProto.FLOAT or size < EXTERNAL_FROM_BYTES:
            continue
        array = numpy_helper.to_array(tensor)
        half = array.astype(np.float16)
        if np.array_equal(half.astype(np.float32), array):
            name, stored = tensor.name, f"{tensor.name}_half"
            casts.append(helper.make_node("Cast", [stored], [name], to=TensorProto.FLOAT))
            tensor.CopyFrom(numpy_helper.from_array(half, stored))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def compare(part: Part, variant: Variant, root: Path) -> Graph:
    """Run a written graph against its module on every sample; the manifest's entry for it.

    Raises:
        ParityError: relative L2 error above the part's tolerance on any sample.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        str(root / variant.file), options, providers=["CPUExecutionProvider"]
    )
    worst = (0.0, 0.0, math.inf)
    shapes: list[str] = []
    check: Check | None = None
    for sample in (part.inputs, *part.samples):
        with torch.no_grad():
            result = part.module(**sample)
        expected = [t.numpy() for t in (result if isinstance(result, tuple) else (result,))]
        feeds = {name: value.numpy() for name, value in sample.items()}
        actual = session.run(None, feeds)
        for name, a, b in zip(part.outputs, actual, expected, strict=True):
            if a.shape != b.shape:
                raise ParityError(
                    f"{part.role}: output {name} is {a.shape}, PyTorch gives {b.shape}"
                )
            if not (np.isfinite(a).all() and np.isfinite(b).all()):
                raise ParityError(f"{part.role}: output {name} holds values that are not numbers")
            error = a.astype(np.float64) - b
            norm = float(np.linalg.norm(b)) + 1e-30
            relative = float(np.linalg.norm(error)) / norm
            snr = -20 * math.log10(max(relative, 1e-15))
            worst = (
                max(worst[0], float(np.abs(error).max())),
                max(worst[1], relative),
                min(worst[2], snr),
            )
        shapes.append(" ".join("x".join(map(str, v.shape)) or "scalar" for v in sample.values()))
        if check is None:
            results = dict(zip(part.outputs, expected, strict=True))
            check = Check(
                tuple(write_tensor(root, f"check/{part.role}.{n}", a) for n, a in feeds.items()),
                tuple(write_tensor(root, f"check/{part.role}.{n}", a) for n, a in results.items()),
            )
    if worst[1] > part.tolerance:
        raise ParityError(
            f"{part.role}: relative L2 error {worst[1]:.2e} against PyTorch is above "
            f"{part.tolerance:.0e}; nothing was written to the bundle's manifest"
        )
    assert check is not None
    return Graph(
        {"fp32": variant},
        tuple(TensorSpec(n, _dtype(v), _shape(part, n, v)) for n, v in part.inputs.items()),
        tuple(TensorSpec(n, "float32", shape) for n, shape in part.outputs.items()),
        part.hot,
        check,
        (Parity("fp32", *worst, tuple(shapes)),),
    )
