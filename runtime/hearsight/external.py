"""Which other files an ONNX file would read, told before anything opens it.

Older versions of ONNX Runtime (seen with 1.23) follow such names out of the folder, and none
knows which files a bundle lists and hashes. So the few protobuf fields in question are read here;
their numbers are those of onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from .errors import BundleError
from .manifest import Variant

__all__ = ["check_external", "external_files"]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

# Message to {field number: message inside}; whatever else a message holds is skipped.
_INSIDE: dict[str, dict[int, str]] = {
    "Model": {7: "Graph", 20: "Training", 25: "Function"},
    "Training": {1: "Graph", 2: "Graph"},
    "Function": {7: "Node", 11: "Attribute"},
    "Graph": {1: "Node", 5: "Tensor", 15: "SparseTensor"},
    "Node": {5: "Attribute"},
    "Attribute": {
        5: "Tensor",
        6: "Graph",
        10: "Tensor",
        11: "Graph",
        22: "SparseTensor",
        23: "SparseTensor",
    },
    "SparseTensor": {1: "Tensor", 2: "Tensor"},
    "Tensor": {13: "Entry"},
}
_DEEPEST = 64


def check_external(path: Path, variant: Variant) -> None:
    """Refuse the graph at `path` if it would read files that its variant does not list.

    Raises:
        BundleError: it does, or it is no ONNX file; names it.
    """
    try:
        wanted = external_files(path.read_bytes())
    except OSError as problem:
        raise BundleError(f"{path} cannot be read: {problem.strerror}.") from None
    except ValueError as problem:
        raise BundleError(
            f"{path} cannot be opened, for it is no ONNX file: {problem}. "
            "Fetch or export the bundle again."
        ) from None
    folder = PurePosixPath(variant.file).parent
    listed = {data.file for data in variant.weights}
    for location in sorted(wanted):
        if str(folder / location) not in listed:
            raise BundleError(
                f'{path} cannot be opened, for it reads the file "{location}", which is not '
                "among its weights in bundle.json: do not use this bundle unless you know who "
                "made it."
            )


def external_files(model: bytes) -> set[str]:
    """The files that a serialised ONNX model names, as they are written in it: locations of
    external data, and engines that nodes of compiled graphs refer to (`ep_cache_context`).

    Raises:
        ValueError: the bytes are not a sound protobuf message.
    """
    found: set[str] = set()
    open_ends = [("Model", memoryview(model), 0)]
    while open_ends:
        kind, message, depth = open_ends.pop()
        if depth > _DEEPEST:
            raise ValueError("messages are nested too deeply")
        if kind == "Entry":
            entry = dict(_fields(message))
            if bytes(entry.get(1, b"")) == b"location":
                found.add(str(entry.get(2, b""), "utf-8"))
            continue
        if kind == "Attribute":
            entry = dict(_fields(message))
            if bytes(entry.get(1, b"")) == b"ep_cache_context":
                # An engine may lie in the model itself; then this is no name that can be read.
                found.add(str(entry.get(4, b""), "utf-8", "backslashreplace"))
        inside = _INSIDE[kind]
        for number, value in _fields(message):
            if number in inside:
                open_ends.append((inside[number], value, depth + 1))
    return found


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and content of every length-delimited field."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        # Protobuf's own reader drops what lies beyond 32 bits: another number would count there.
        if tag >> 3 == 0 or tag >> 32:
            raise ValueError("there is no such field number")
        wire = tag & 7
        if wire == _VARINT:
            _, position = _varint(message, position)
        elif wire == _FIXED64:
            position += 8
        elif wire == _FIXED32:
            position += 4
        elif wire == _BYTES:
            size, position = _varint(message, position)
            if position + size > len(message):
                raise ValueError("the file ends too early")
            yield tag >> 3, message[position : position + size]
            position += size
        else:
            raise ValueError(f"there is no wire type {wire}")
    if position > len(message):
        raise ValueError("the file ends too early")


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(message) and shift < 70:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise ValueError("the file ends too early")
