"""PyTorch modules to checked ONNX graphs of a bundle.

A `Part` declares inputs, free axes, dummy data and tolerance side by side; `export_part`
writes the files, compares ONNX Runtime with PyTorch on every sample and returns the manifest's
entry. All inputs and outputs keep the types of the samples, whatever the precision inside.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import torch
from onnx import ModelProto
from onnx.checker import ValidationError
from torch import Tensor, nn

from hearsight.manifest import (
    Check,
    DType,
    Graph,
    Parity,
    Precision,
    Role,
    TensorSpec,
    Variant,
)
from hearsight.store import write_tensor

from .origin import keep_modules
from .parity import RUNTIME_ERRORS, Answer, ParityError, answers, compare_with
from .precision import LEAST_SHARE, LEAST_SNR_DB, eight_bit, half, half_as_rounded
from .variants import read_variant, save_variant

__all__ = [
    "LOOP_TOLERANCE",
    "OPSET",
    "TOLERANCE",
    "ParityError",
    "Part",
    "export_part",
    "save_variant",
    "trace",
]

# Keeps Attention and GroupNormalization as single nodes; measured smallest and equally fast.
OPSET = 23
TOLERANCE, LOOP_TOLERANCE = 1e-5, 1e-4


@dataclass(frozen=True)
class Part:
    """One graph to export.

    inputs: the traced example; free axes are named in `axes` (name -> axis -> symbol). Trace
    at sizes that are no multiples of the strides, or the graph is right for multiples only.
    samples: further inputs of other sizes for the parity report. tolerance: of the relative L2
    error in fp32; a graph that iterates inside, as Griffin-Lim does, is a loop and gets
    `LOOP_TOLERANCE`. name: of the graph in the bundle, its role unless two share one. reach: of
    a vocoder, as the manifest has it.
    """

    role: Role
    module: nn.Module
    inputs: Mapping[str, Tensor]
    axes: Mapping[str, Mapping[int, str]]
    outputs: Mapping[str, tuple[int | str, ...]]
    samples: Sequence[Mapping[str, Tensor]] = ()
    hot: bool = False
    tolerance: float = TOLERANCE
    name: str = ""
    reach: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name or self.role)


def export_part(
    part: Part,
    root: Path,
    precisions: Sequence[Precision] = ("fp32",),
    model: ModelProto | None = None,
    beside: Sequence[Graph] = (),
) -> Graph:
    """Write `<name>.onnx` and `<name>.weights` into `root`, check them, return the entry.

    precisions: further ones are `<name>.fp16.onnx` and so on; each is shipped only if it comes
    as near to PyTorch as `LEAST_SNR_DB` asks in every size, else the entry says why not, as it
    does of one that cannot be made or that ONNX Runtime does not run.
    Variants share the weights that they have in common. model: the graph, where it is not what
    the module alone traces to. beside: graphs in `root` with which it may share weights of the
    same names too.

    Raises:
        ParityError: relative L2 error in fp32 above the part's tolerance on any sample.
    """
    part.module.eval()
    wanted = answers(part.module, _samples(part), part.axes)
    whole = model if model is not None else trace(part)
    plain = save_variant(whole, root, part.name, _of(beside, "fp32"))
    graph = _plain(part, plain, root, wanted)
    for precision in precisions:
        if precision != "fp32":
            graph = _with(graph, part, root, precision, wanted, beside)
    return graph


def trace(part: Part) -> ModelProto:
    """The part's module as an ONNX model, by PyTorch's graph-capturing exporter."""
    dynamic = {
        name: {axis: torch.export.Dim.DYNAMIC for axis in part.axes.get(name, {})}
        for name in part.inputs
    }
    # Not strict, which reads no bytecode: of a UNet it takes a tenth of the time.
    traced = torch.export.export(
        part.module.eval(), (), dict(part.inputs), dynamic_shapes=dynamic, strict=False
    )
    program = torch.onnx.export(
        traced,
        kwargs=dict(part.inputs),
        dynamo=True,
        opset_version=OPSET,
        input_names=list(part.inputs),
        output_names=list(part.outputs),
        verbose=False,
    )
    assert program is not None
    model = program.model_proto
    keep_modules(model)
    for node in model.graph.node:
        node.doc_string = ""
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    return model


def _samples(part: Part) -> Sequence[Mapping[str, Tensor]]:
    return (part.inputs, *part.samples)


def _plain(part: Part, variant: Variant, root: Path, wanted: Sequence[Answer]) -> Graph:
    rows = tuple(compare_with(wanted, root / variant.file, list(part.outputs), "fp32", part.name))
    worst = max(rows, key=lambda row: row.relative_l2)
    if worst.relative_l2 > part.tolerance:
        raise ParityError(
            f"{part.name}: relative L2 error {worst.relative_l2:.2e} against PyTorch at "
            f"{worst.shapes[0]} is above {part.tolerance:.0e}; nothing was written to the "
            "bundle's manifest"
        )
    first = wanted[0]
    results = zip(part.outputs, first.outputs, strict=True)
    check = Check(
        tuple(write_tensor(root, f"check/{part.name}.{n}", a) for n, a in first.inputs.items()),
        tuple(write_tensor(root, f"check/{part.name}.{n}", a) for n, a in results),
    )
    return Graph(
        {"fp32": variant},
        tuple(TensorSpec(n, _dtype(v), _shape(part, n, v)) for n, v in part.inputs.items()),
        tuple(TensorSpec(n, "float32", shape) for n, shape in part.outputs.items()),
        part.hot,
        check,
        rows,
        None if part.name == part.role else part.role,
        reach=part.reach,
    )


def _with(
    graph: Graph,
    part: Part,
    root: Path,
    precision: Precision,
    wanted: Sequence[Answer],
    beside: Sequence[Graph],
) -> Graph:
    """The entry with one more variant, or with the reason why it has none."""
    stem, names = f"{part.name}.{precision}", list(part.outputs)
    plain = graph.variants["fp32"]
    whole = read_variant(root / plain.file)
    try:
        made = _reduced(whole, precision)
        if made is None:
            raise ParityError(f"less than {LEAST_SHARE:.0%} of its weights are in matrix products")
        others = (plain, *_of(beside, "fp32"), *_of(beside, precision))
        variant = save_variant(made, root, stem, others)
        rows = list(compare_with(wanted, root / variant.file, names, precision, part.name))
        if precision == "fp16":
            rows = _worse(rows, _as_a_gpu(graph, part, root, variant, wanted))
        worst = min(rows, key=lambda row: row.snr_db)
        if worst.snr_db < LEAST_SNR_DB[precision]:
            raise ParityError(
                f"SNR {worst.snr_db:.1f} dB against PyTorch at {worst.shapes[0]}, and "
                f"{LEAST_SNR_DB[precision]:.0f} dB are asked for"
            )
    except (ParityError, ValueError, ValidationError, *RUNTIME_ERRORS) as problem:
        for file in (f"{stem}.onnx", f"{stem}.weights"):
            (root / file).unlink(missing_ok=True)
        return replace(graph, refused={**graph.refused, precision: _reason(problem, root)})
    return replace(
        graph,
        variants={**graph.variants, precision: variant},
        parity=(*graph.parity, *rows),
    )


def _of(graphs: Sequence[Graph], precision: Precision) -> list[Variant]:
    return [graph.variants[precision] for graph in graphs if precision in graph.variants]


def _reason(problem: Exception, root: Path) -> str:
    """The first line of an error, without the folder that the bundle is made in."""
    said = str(problem).replace(f"{root}{os.sep}", "").strip() or type(problem).__name__
    return said.splitlines()[0]


def _as_a_gpu(
    graph: Graph, part: Part, root: Path, variant: Variant, wanted: Sequence[Answer]
) -> list[Parity]:
    """The rows of the half variant with every half precision tensor rounded."""
    stem = f"{part.name}.rounded"
    model = half_as_rounded(read_variant(root / graph.variants["fp32"].file))
    try:
        twin = save_variant(model, root, stem, (variant,))
        return list(compare_with(wanted, root / twin.file, list(part.outputs), "fp16", part.name))
    finally:
        for file in (f"{stem}.onnx", f"{stem}.weights"):
            (root / file).unlink(missing_ok=True)


def _worse(rows: Sequence[Parity], others: Sequence[Parity]) -> list[Parity]:
    return [min(pair, key=lambda row: row.snr_db) for pair in zip(rows, others, strict=True)]


def _reduced(model: ModelProto, precision: Precision) -> ModelProto | None:
    return half(model) if precision == "fp16" else eight_bit(model)


def _dtype(value: Tensor) -> DType:
    return cast(DType, str(value.dtype).removeprefix("torch."))


def _shape(part: Part, name: str, value: Tensor) -> tuple[int | str, ...]:
    axes = part.axes.get(name, {})
    return tuple(axes.get(i, size) for i, size in enumerate(value.shape))
