"""Detectors of things in pictures, as the user has them in ONNX, made graphs of role `detect`.

Before the network stand bytes to what it takes; behind it, its own code for boxes to corners,
then one box of those that overlap in each class, the best first, in pixels of the picture. No
code of a detector is taken, and its weights stay under the terms that its file tells.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import ModelProto, TensorProto, ValueInfoProto, compose, helper

from hearsight.bundle import Bundle
from hearsight.errors import BundleError
from hearsight.manifest import Conditioners, Graph, License, TensorSpec
from hearsight.roles import role_of

from .checkpoints import CheckpointError
from .conditioning import Addition
from .detector_graphs import Layout, Nodes, chosen, decoded, fed
from .graphs import save_variant
from .onnx_files import axes_of, given_to, opset_of, read_onnx
from .parity import RUNTIME_ERRORS

__all__ = [
    "CONFIDENCE",
    "OVERLAP",
    "Detector",
    "detector_addition",
    "export_detector",
    "read_detector",
]

CONFIDENCE, OVERLAP = 0.25, 0.0
MOST = 64  # boxes that are given
SIZE, LEAST_OPSET = 640, 11
_NETWORK = "network_"
_KNOWN = (
    'YOLOv8 without NMS ("output0" [1, 4 + classes, N]), YOLOX ([1, N, 5 + classes]), RT-DETR or '
    'D-FINE ("labels", "boxes", "scores"), or those of transformers ("logits", "pred_boxes")'
)


@dataclass(frozen=True)
class Detector:
    """A detector's file: its graph, how it says boxes, the picture it takes, and its terms.

    said: its outputs by name, as `decoded` wants them. height, width: of the picture in pixels.
    """

    path: Path
    model: ModelProto
    layout: Layout
    said: tuple[str, ...]
    height: int
    width: int
    terms: License


def read_detector(path: Path) -> Detector:
    """Read a detector and tell its layout by names and shapes.

    Raises:
        CheckpointError: it is no ONNX file of standard operators, or of a layout that is not known.
    """
    model = read_onnx(path)
    if opset_of(model) < LEAST_OPSET:
        raise CheckpointError(
            f"{path} is of ONNX operator set {opset_of(model)}; export it with {LEAST_OPSET} or "
            "later."
        )
    told = {entry.key: entry.value for entry in model.metadata_props}
    layout, said = _layout(path, model, told)
    return Detector(path, model, layout, said, *_size(path, model, told), _terms(told))


def export_detector(
    detector: Detector, root: Path, confidence: float = CONFIDENCE, overlap: float = OVERLAP
) -> Graph:
    """Write the graph `detect` into folder `root`.

    confidence: what a score must be above. overlap: intersection over union above which the
    weaker of two boxes of one class is left out.

    Raises:
        CheckpointError: ONNX Runtime does not run it.
    """
    model = compose.add_prefix(detector.model, _NETWORK)
    nodes = Nodes(opset_of(model))
    size = detector.height, detector.width
    pixels, sides, frame = fed(nodes, detector.layout, *size)
    for value, given in zip(_inputs(model), (pixels, sides), strict=False):
        kind = value.type.tensor_type.elem_type
        nodes.made.append(helper.make_node("Cast", [given], [value.name], to=kind))
    before = len(nodes.made)
    found = decoded(nodes, detector.layout, [_NETWORK + name for name in detector.said], *size)
    chosen(nodes, found, frame, (confidence, overlap, MOST))
    graph = model.graph
    network = list(graph.node)
    del graph.node[:], graph.input[:], graph.output[:]
    graph.node.extend([*nodes.made[:before], *network, *nodes.made[before:]])
    used = {name for node in nodes.made for name in node.input}
    graph.initializer.extend(tensor for tensor in nodes.constants if tensor.name in used)
    graph.input.append(helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "H", "W", 3]))
    for name, shape in (("boxes", [1, "N", 4]), ("scores", [1, "N"])):
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    variant = save_variant(model, root, "detect")
    _expect_it_runs(root / variant.file, detector.path)
    return Graph(
        {"fp32": variant},
        (TensorSpec("image", "uint8", (1, "H", "W", 3)),),
        (TensorSpec("boxes", "float32", (1, "N", 4)), TensorSpec("scores", "float32", (1, "N"))),
    )


def detector_addition(
    detector: Detector,
    base: Bundle,
    root: Path,
    confidence: float = CONFIDENCE,
    overlap: float = OVERLAP,
) -> Addition:
    """Export a detector into folder `root`, for a bundle that can look at parts of pictures.

    Raises:
        BundleError: the bundle looks at whole pictures only.
        CheckpointError: as `export_detector` does.
    """
    manifest, fresh = base.manifest, {}
    for kind in ("image", "video"):
        chain = getattr(manifest.conditioners, kind)
        names = (
            [n for n in chain.graphs if role_of(n, manifest.graphs[n]) != "detect"] if chain else []
        )
        if names and "box" in [spec.name for spec in manifest.graphs[names[0]].inputs]:
            fresh[kind] = replace(chain, graphs=("detect", *names))
    if not fresh:
        raise BundleError(
            f'{base.root} looks at whole pictures only: its graph for them has no input "box".'
        )
    return Addition(
        "detector",
        f"Parts of pictures by {detector.path.name}",
        {"detect": export_detector(detector, root, confidence, overlap)},
        Conditioners(**fresh),
        replace(manifest.space, empty=None),
        {"detect": detector.terms},
    )


def _expect_it_runs(file: Path, given: Path) -> None:
    """Show a grey picture to the graph of a detector's file `given`."""
    picture = np.full((1, 48, 64, 3), 128, np.uint8)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            str(file), options, providers=["CPUExecutionProvider"]
        )
        session.run(None, {"image": picture})
    except RUNTIME_ERRORS as problem:
        raise CheckpointError(f"{given} does not run: {str(problem).splitlines()[0]}") from None


def _layout(path: Path, model: ModelProto, told: dict[str, str]) -> tuple[Layout, tuple[str, ...]]:
    outputs = {value.name: axes_of(value) for value in model.graph.output}
    inputs = [value.name for value in _inputs(model)]
    if {"labels", "boxes", "scores"} <= outputs.keys() and "orig_target_sizes" in inputs:
        return "rt-detr", ("labels", "boxes", "scores")
    if {"logits", "pred_boxes"} <= outputs.keys():
        return "rt-detr of transformers", ("logits", "pred_boxes")
    task = told.get("task", "detect")
    shapes = list(outputs.values())
    if len(shapes) == 1 and len(shapes[0]) == 3 and task == "detect":
        name, (_, rows, columns) = next(iter(outputs.items()))
        if told.get("end2end", "") != "True" and told.get("nms", "") != "True":
            if rows and rows > 4 and (not columns or columns > rows):
                return "yolov8", (name,)
            if columns and columns > 5 and (not rows or rows > columns):
                return "yolox", (name,)
    shown = ", ".join(f"{name} {[dim or '?' for dim in dims]}" for name, dims in outputs.items())
    purpose = "" if task == "detect" else f" for the task {task}"
    raise CheckpointError(f"{path} gives {shown}{purpose}; known are {_KNOWN}.")


def _size(path: Path, model: ModelProto, told: dict[str, str]) -> tuple[int, int]:
    """Height and width of the picture: as the input says, else the file's words, else 640."""
    dims = axes_of(_inputs(model)[0])
    if len(dims) != 4 or dims[1] not in (0, 3):
        raise CheckpointError(
            f"{path} takes {_inputs(model)[0].name} {[dim or '?' for dim in dims]}; a picture "
            "[1, 3, height, width] was expected."
        )
    try:
        said = ast.literal_eval(told.get("imgsz", "None")) or (SIZE, SIZE)
        height, width = (int(side) for side in said)
    except (ValueError, SyntaxError, TypeError):
        height = width = SIZE
    return dims[2] or height, dims[3] or width


def _terms(told: dict[str, str]) -> License:
    said = told.get("license", "").strip()
    if not said:
        return License("unknown")
    url = re.search(r"https?://[^\s)]+", said)
    name = "AGPL-3.0" if "AGPL" in said else said.partition(" (http")[0]
    return License(name, url[0] if url else "", None)


def _inputs(model: ModelProto) -> list[ValueInfoProto]:
    """What the network is fed, pictures first."""
    return sorted(given_to(model), key=lambda value: len(axes_of(value)) != 4)
