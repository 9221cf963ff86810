"""The files of a graph: a model with its weights beside it, stored once and as small as exact."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper

from hearsight.manifest import Variant
from hearsight.store import describe

__all__ = ["read_variant", "save_variant"]

EXTERNAL_FROM_BYTES = 256
_GLANCE = 4096
_Kind = tuple[int, tuple[int, ...]]  # data type and shape


def save_variant(
    model: ModelProto, root: Path, stem: str, beside: Sequence[Variant] = ()
) -> Variant:
    """Write a model with its weights beside it, where they can be memory-mapped.

    Weights that half precision holds exactly are stored so; a Cast widens them on loading.
    Weights that a variant in `beside` has already, under whatever name, are not written again.
    """
    _store_half(model)
    _merge_imports(model)
    path, weights = root / f"{stem}.onnx", root / f"{stem}.weights"
    weights.unlink(missing_ok=True)
    shared = _share(model, root, beside)
    onnx.save_model(
        model,
        str(path),
        save_as_external_data=True,
        location=weights.name,
        size_threshold=EXTERNAL_FROM_BYTES,
    )
    onnx.checker.check_model(str(path), full_check=False)  # by path, for those above 2 GB
    if weights.exists():
        weights.chmod(0o644)  # onnx makes it private to the user
    record = describe(root, path.name)
    own = [weights.name] if weights.exists() else []
    external = tuple(describe(root, name) for name in own + shared)
    return Variant(record.file, record.sha256, record.bytes, external)


def read_variant(path: Path) -> ModelProto:
    """A written model as it was before its weights were stored in half precision."""
    model = onnx.load(path)
    stored = {t.name: t for t in model.graph.initializer if t.data_type == TensorProto.FLOAT16}
    kept: list[onnx.NodeProto] = []
    for node in model.graph.node:
        if node.op_type == "Cast" and node.input[0] in stored:
            tensor = stored[node.input[0]]
            wide = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(wide, node.output[0]))
        else:
            kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)
    return model


def _merge_imports(model: ModelProto) -> None:
    """Name every set of operators once, which graphs composed of two do not."""
    versions = {opset.domain: opset.version for opset in model.opset_import}
    del model.opset_import[:]
    model.opset_import.extend(helper.make_opsetid(*pair) for pair in versions.items())


def _store_half(model: ModelProto) -> None:
    graph = model.graph
    names = {tensor.name for tensor in graph.initializer}
    casts: list[onnx.NodeProto] = []
    for tensor in list(graph.initializer):
        name, stored = tensor.name, f"{tensor.name}_half"
        size = math.prod(tensor.dims) * 4
        if tensor.data_type != TensorProto.FLOAT or size < EXTERNAL_FROM_BYTES:
            continue
        array = numpy_helper.to_array(tensor)
        if _is_half(array.ravel()[:EXTERNAL_FROM_BYTES]) and _is_half(array):
            half = array.astype(np.float16)
            casts.append(helper.make_node("Cast", [stored], [name], to=TensorProto.FLOAT))
            if stored in names:
                graph.initializer.remove(tensor)
            else:
                tensor.CopyFrom(numpy_helper.from_array(half, stored))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _is_half(array: NDArray[np.float32]) -> bool:
    """Whether half precision holds every value as it is."""
    with np.errstate(over="ignore"):
        return np.array_equal(array.astype(np.float16).astype(np.float32), array)


def _share(model: ModelProto, root: Path, beside: Sequence[Variant]) -> list[str]:
    """Point weights of the model at equal ones of other variants; the files they lie in."""
    known: dict[_Kind, list[TensorProto]] = {}
    for variant in beside:
        written = onnx.load(root / variant.file, load_external_data=False)
        for other in written.graph.initializer:
            if other.external_data:
                known.setdefault(_kind(other), []).append(other)
    files: dict[str, None] = {}
    for tensor in model.graph.initializer:
        for other in known.get(_kind(tensor), ()):
            place = {entry.key: entry.value for entry in other.external_data}
            if _lies_at(root / place["location"], int(place["offset"]), tensor.raw_data):
                name = tensor.name
                tensor.CopyFrom(other)
                tensor.name = name
                files[place["location"]] = None
                break
    return list(files)


def _kind(tensor: TensorProto) -> _Kind:
    return tensor.data_type, tuple(tensor.dims)


def _lies_at(path: Path, offset: int, wanted: bytes) -> bool:
    """Whether a file holds these bytes there, of which most differ at once."""
    with path.open("rb") as file:
        file.seek(offset)
        begin = file.read(len(wanted[:_GLANCE]))
        return begin == wanted[:_GLANCE] and file.read(len(wanted) - len(begin)) == wanted[_GLANCE:]
