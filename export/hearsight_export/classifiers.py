"""Classifiers of sounds that others exported to ONNX, as bundles for `runtime-cli evaluate`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, ValueInfoProto, compose, helper, numpy_helper

from hearsight.bundle import Bundle, open_bundle
from hearsight.errors import RequestError
from hearsight.manifest import (
    Check,
    Classifier,
    DType,
    Graph,
    License,
    Manifest,
    Source,
    Space,
    TensorSpec,
)
from hearsight.store import describe, write_bundle, write_tensor

from .assembly import name_of, new_bundle, sha256_of, tell, tools, weight_licenses
from .checkpoints import CheckpointError
from .graphs import TOLERANCE
from .onnx_files import axes_of, given_to, read_onnx
from .parity import RUNTIME_ERRORS, Answer, ParityError, compare_with
from .report import write_report
from .variants import save_variant

__all__ = ["Activation", "Hearing", "make_classifier"]

Activation = Literal["none", "softmax", "sigmoid"]

TOOLS = ("onnx", "onnxruntime")
_LABELS = "labels.txt"


@dataclass(frozen=True)
class Hearing:
    """What a classifier takes and gives.

    sample_rate: in Hz. seconds: of sound that it looks at; shorter ones are padded with zeros.
    activation: what makes probabilities of what the file gives: `softmax` for exclusive classes,
    `sigmoid` for independent ones, `none` where they are probabilities already. output: its
    name, where the file has several.
    """

    sample_rate: int
    seconds: float
    activation: Activation
    output: str = ""


def make_classifier(
    file: Path,
    out: Path,
    hearing: Hearing,
    labels: list[str] | None,
    terms: License,
    log: Callable[[str], None] = print,
) -> Bundle:
    """Make the classifier bundle `out` of an ONNX file, in place of an older one.

    The file takes one sound, float32 [samples], [1, samples] or [1, 1, samples], and gives
    [1, classes]. The wrapped graph is compared with the file as it is.

    labels: names of the classes in the file's order, None where they are not known.

    Raises:
        CheckpointError: the file cannot be read, or takes or gives something else.
        RequestError: labels or length do not fit the file.
        ParityError: the wrapped graph does not compute what the file computes.
        OutputError: `out` is something else than a bundle, or cannot be written.
    """
    name = name_of(out)
    model = read_onnx(file)
    taken = _input(model, file)
    samples = round(hearing.seconds * hearing.sample_rate)
    fixed = _size(taken)
    if fixed and fixed != samples:
        raise RequestError(
            f"{file} takes {fixed} samples, which are {fixed / hearing.sample_rate:g} s at "
            f"{hearing.sample_rate} Hz, and --seconds is {hearing.seconds:g}."
        )
    heard = 0.1 * np.random.default_rng(7).standard_normal((1, samples)).astype(np.float32)
    given = _output(model, file, hearing.output)
    scores = _activated(_run(file, taken, given, heard), hearing.activation)
    if labels is not None and len(labels) != scores.shape[1]:
        raise RequestError(
            f"{len(labels)} labels were given, and {file} knows {scores.shape[1]} classes."
        )
    with new_bundle(out) as root:
        graph = _graph(model, taken, given, hearing, Answer({"audio": heard}, [scores], ""), root)
        tell({"classify": graph}, log)
        listed = None
        if labels is not None:
            (root / _LABELS).write_text("".join(f"{label}\n" for label in labels), "utf-8")
            listed = describe(root, _LABELS)
        digest = sha256_of(file)
        manifest = Manifest(
            format=1,
            name=name,
            title=f"Classes of sounds, by {file.name}",
            version="1",
            kind="classifier",
            license=weight_licenses({"classify": graph}, terms),
            source=Source("classifier", file.name, digest, tools(*TOOLS)),
            space=Space(f"classes-{digest[:12]}", (scores.shape[1],)),
            graphs={"classify": graph},
            classifier=Classifier(
                ("classify",), hearing.sample_rate, hearing.seconds, labels=listed
            ),
        )
        write_bundle(root, manifest)
        write_report(root)
    return open_bundle(out)


def _input(model: ModelProto, file: Path) -> ValueInfoProto:
    taken = given_to(model)
    kind = taken[0].type.tensor_type if len(taken) == 1 else None
    if not kind or kind.elem_type != TensorProto.FLOAT or not 1 <= len(kind.shape.dim) <= 3:
        told = ", ".join(f"{v.name} {_dims(v)}" for v in taken) or "nothing"
        raise CheckpointError(
            f"{file} takes {told}; expected was one float32 sound [samples], [1, samples] or "
            "[1, 1, samples]. A classifier of spectrograms must be exported with its spectrogram."
        )
    if any(dim.dim_value > 1 for dim in kind.shape.dim[:-1]):
        raise CheckpointError(
            f"{file} takes {taken[0].name} {_dims(taken[0])}; expected was one sound at a time."
        )
    return taken[0]


def _output(model: ModelProto, file: Path, wanted: str) -> str:
    names = [value.name for value in model.graph.output]
    if wanted and wanted not in names:
        raise RequestError(f"{file} has no output {wanted!r}, only {', '.join(names)}.")
    if not wanted and len(names) > 1:
        raise RequestError(
            f"{file} has the outputs {', '.join(names)}; name that of the classes with --output."
        )
    return wanted or names[0]


def _run(file: Path, taken: ValueInfoProto, given: str, heard: NDArray) -> NDArray:
    """What the file as it is gives for a sound [1, samples], as [1, classes]."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    shape = {1: (-1,), 2: (1, -1), 3: (1, 1, -1)}[len(taken.type.tensor_type.shape.dim)]
    try:
        session = onnxruntime.InferenceSession(
            str(file), options, providers=["CPUExecutionProvider"]
        )
        [found] = session.run([given], {taken.name: heard.reshape(shape)})
    except RUNTIME_ERRORS as problem:
        raise CheckpointError(f"{file} does not run: {str(problem).splitlines()[0]}") from None
    found = np.asarray(found)
    if found.dtype != np.float32 or found.ndim > 2 or found.size < 2:
        raise CheckpointError(
            f"{file}: output {given} is {found.dtype} {list(found.shape)}; expected was float32 "
            "[1, classes]."
        )
    return found.reshape(1, -1)


def _activated(scores: NDArray, activation: Activation) -> NDArray:
    wide = scores.astype(np.float64)
    if activation == "softmax":
        wide = np.exp(wide - wide.max())
        wide = wide / wide.sum()
    elif activation == "sigmoid":
        wide = 1 / (1 + np.exp(-wide))
    elif wide.min() < 0 or wide.max() > 1:
        raise RequestError(
            f"The file gives values from {wide.min():.3g} to {wide.max():.3g}, which are no "
            "probabilities; say with --activation how they become some."
        )
    return wide.astype(np.float32)


def _graph(
    model: ModelProto,
    taken: ValueInfoProto,
    given: str,
    hearing: Hearing,
    answer: Answer,
    root: Path,
) -> Graph:
    """The file's model between `audio` and `scores`, written, compared and described."""
    rank, fixed = len(taken.type.tensor_type.shape.dim), _size(taken)
    inner = compose.add_prefix(model, "file_")
    shapes = {
        "given_shape": np.array({1: (-1,), 2: (1, -1), 3: (1, 1, -1)}[rank], np.int64),
        "row": np.array((1, -1), np.int64),
    }
    last = {
        "none": helper.make_node("Identity", ["flat"], ["scores"]),
        "softmax": helper.make_node("Softmax", ["flat"], ["scores"], axis=1),
        "sigmoid": helper.make_node("Sigmoid", ["flat"], ["scores"]),
    }[hearing.activation]
    nodes = [
        helper.make_node("Reshape", ["audio", "given_shape"], [f"file_{taken.name}"]),
        *inner.graph.node,
        helper.make_node("Reshape", [f"file_{given}", "row"], ["flat"]),
        last,
    ]
    del inner.graph.node[:], inner.graph.input[:], inner.graph.output[:]
    inner.graph.node.extend(nodes)
    inner.graph.initializer.extend(numpy_helper.from_array(v, k) for k, v in shapes.items())
    samples, classes = fixed or "S", answer.outputs[0].shape[1]
    floats = TensorProto.FLOAT
    inner.graph.input.append(helper.make_tensor_value_info("audio", floats, [1, samples]))
    inner.graph.output.append(helper.make_tensor_value_info("scores", floats, [1, classes]))
    variant = save_variant(inner, root, "classify")
    rows = tuple(compare_with([answer], root / variant.file, ["scores"], "fp32", "classify"))
    if rows[0].relative_l2 > TOLERANCE:
        raise ParityError(f"classify: relative L2 error {rows[0].relative_l2:.2e} against the file")
    floating: DType = "float32"
    return Graph(
        {"fp32": variant},
        (TensorSpec("audio", floating, (1, samples)),),
        (TensorSpec("scores", floating, (1, classes)),),
        check=Check(
            (write_tensor(root, "check/classify.audio", answer.inputs["audio"]),),
            (write_tensor(root, "check/classify.scores", answer.outputs[0]),),
        ),
        parity=rows,
    )


def _size(taken: ValueInfoProto) -> int:
    """Samples that it takes, 0 for any number."""
    return axes_of(taken)[-1]


def _dims(value: ValueInfoProto) -> list[str | int]:
    kind = value.type.tensor_type
    return [dim.dim_value or dim.dim_param or "?" for dim in kind.shape.dim]
