"""The role table of `engines/FORMAT.md`: which tensors each graph of a bundle must have."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from ._parse import nearest
from .manifest import Graph, Manifest, Role, TensorSpec

__all__ = [
    "MOST_NUMBERS",
    "UNCOMPILED",
    "graph_problems",
    "is_noise",
    "name_problems",
    "role_of",
]

MOST_NUMBERS = 2**28
"""In a tensor whose free axes are 1, so that no bundle asks for more than a gibibyte at once."""

Shape = tuple[int | str, ...]

_SYMBOLS = {"B", "G", "GB", "T", "N", "S", "H", "W", "L", "R", "C"}
_SHOWN: dict[int | str, str] = {"...": "(any)", "#": "(a number)"}
_NAME = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)
_TIMES_T = re.compile(r"[1-9][0-9]{0,8}T")
_MOST_PICTURES = 256  # of one moment of a video


@dataclass(frozen=True)
class _Slot:
    """A tensor of the role table.

    Shape entries: a number or symbol stands for itself, `*latent` and `*space` for those
    shapes, `L` and `S` also for a fixed length, `#` for any number, `...` for one or more axes of
    any size.
    """

    name: str
    dtype: str
    shape: Shape
    optional: bool = False


_LATENT = ("B", "*latent")
_COND = _Slot("cond", "float32", (1, "*space"))
_EMBED = _Slot("embed", "float32", (1, "..."))
_PICTURE = _Slot("image", "uint8", (1, "H", "W", 3))
_INPUTS: dict[Role, tuple[_Slot, ...]] = {
    "tokenize": (_Slot("text", "string", (1,)),),
    "text": (_Slot("ids", "int64", (1, "L")), _Slot("mask", "int64", (1, "L"), optional=True)),
    "image": (_PICTURE, _Slot("box", "float32", (1, 4), optional=True)),
    "moment": (_Slot("moment", "uint8", ("#", "H", "W", 3)),),
    "frames": (_Slot("frames", "float32", (1, "N", "...")),),
    "audio": (_Slot("audio", "float32", (1, "S")),),
    "signal": (_Slot("signal", "float32", (1, "#", "S")),),
    "detect": (_PICTURE,),
    "join": (_Slot("weights", "float32", (1, "#"), optional=True),),
    "classify": (_Slot("audio", "float32", (1, "S")),),
    "denoise": (
        _Slot("x", "float32", _LATENT),
        _Slot("d_prev", "float32", _LATENT),
        _Slot("noise", "float32", _LATENT),
        _Slot("cond", "float32", ("GB", "*space")),
        _Slot("weights", "float32", ("G",)),
        _Slot("row", "float32", (7,)),
    ),
    "encode": (_Slot("audio", "float32", ("B", "S")),),
    "decode": (
        _Slot("latent", "float32", _LATENT),
        _Slot("noise", "float32", ("B", "..."), optional=True),
    ),
    "vocoder": (_Slot("mel", "float32", ("B", "...")),),
}
_FREE_NAMES: tuple[Role, ...] = (
    "tokenize",
    "text",
    "image",
    "moment",
    "frames",
    "audio",
    "signal",
    "detect",
)
_EMBEDDING: tuple[Role, ...] = ("text", "image", "moment", "frames", "audio", "signal")
_NOISY: tuple[Role, ...] = ("text", "frames", "join")
_OUTPUTS: dict[Role, tuple[_Slot, ...]] = {
    "tokenize": (_Slot("ids", "int64", (1, "L")), _Slot("mask", "int64", (1, "L"))),
    "detect": (
        _Slot("boxes", "float32", (1, "N", 4)),
        _Slot("scores", "float32", (1, "N")),
    ),
    "join": (_COND,),
    "classify": (_Slot("scores", "float32", (1, "*space")),),
    "denoise": (_Slot("x_next", "float32", _LATENT), _Slot("d", "float32", _LATENT)),
    "encode": (_Slot("mean", "float32", _LATENT), _Slot("logvar", "float32", _LATENT)),
}


UNCOMPILED: Mapping[Role, str] = {
    "tokenize": "takes text",
    "detect": "finds any number of parts",
}
"""Graphs that are compiled for no device, and why: they stay on the processor."""


def role_of(name: str, graph: Graph) -> Role:
    """The role of a graph: the one it gives, or its name."""
    return graph.role or cast(Role, name)


def name_problems(manifest: Manifest) -> Iterator[str]:
    """What breaks the rules for names and roles of graphs, each beginning with the key."""
    for name, graph in manifest.graphs.items():
        at = f"graphs.{name}"
        if graph.role is None and name not in _INPUTS:
            known = ", ".join(_INPUTS)
            yield f"{at} is no role{nearest(name, _INPUTS)} and gives none; known: {known}"
        elif graph.role and not _NAME.fullmatch(name):
            yield f"{at}: the name must be lower-case letters, digits and - after a letter"
        elif graph.role and (name in _INPUTS or graph.role not in _FREE_NAMES):
            free = ", ".join(_FREE_NAMES)
            yield (
                f'{at}.role is "{graph.role}"; only {free} may have other names, and only a graph '
                "that has another name gives its role"
            )


def graph_problems(manifest: Manifest, name: str) -> Iterator[str]:
    """What breaks the role table in one graph, each beginning with the key below the graph."""
    graph = manifest.graphs[name]
    role = role_of(name, graph)
    if "fp32" not in graph.variants:
        yield ".variants.fp32 is missing; every graph has one"
    for spec in graph.inputs:
        if role == "decode" and spec.name == "noise" and not all(map(_is_noise_axis, spec.shape)):
            yield f'.inputs: "noise" has the shape {list(spec.shape)}; it may grow with T only'
        if role == "moment" and _least((*spec.shape, 1)[0]) > _MOST_PICTURES:
            yield (
                f'.inputs: "{spec.name}" takes {spec.shape[0]} frames at once; at most '
                f"{_MOST_PICTURES}"
            )
        if role in _NOISY and is_noise(spec):
            yield from _noise_problems(role, spec)
    if graph.reach is not None and (role != "vocoder" or graph.reach < 0):
        yield ".reach is for a vocoder, and 0 frames or more"
    for parity in graph.parity:
        if parity.precision not in graph.variants:
            yield f".parity is about {parity.precision}, which is no variant"
    for precision in graph.refused.keys() & graph.variants.keys():
        yield f".refused names {precision}, which is a variant"
    yield from _slot_problems(manifest, ".inputs", graph.inputs, _inputs(manifest, role, graph))
    yield from _slot_problems(manifest, ".outputs", graph.outputs, _outputs(manifest, role, graph))
    if graph.check:
        yield from _check_problems(graph)


def is_noise(spec: TensorSpec) -> bool:
    """Whether an input of a `text`, `frames` or `join` graph is drawn by the player."""
    return spec.name.startswith("noise")


def _inputs(manifest: Manifest, role: Role, graph: Graph) -> tuple[_Slot, ...]:
    slots = _INPUTS[role]
    if role == "join" and manifest.join:
        shapes = {"mean": (1, "..."), "list": (1, "#", "...")}
        taken = (_Slot(each.name, "float32", shapes[each.fill]) for each in manifest.join.inputs)
        slots = (*taken, *slots)
    if role in _NOISY:
        drawn = (spec.name for spec in graph.inputs if is_noise(spec))
        slots = (*slots, *(_Slot(name, "float32", ("...",)) for name in dict.fromkeys(drawn)))
    return slots


def _noise_problems(role: Role, spec: TensorSpec) -> Iterator[str]:
    free = {dim for dim in spec.shape if isinstance(dim, str)}
    if role != "join" and free:
        yield f'.inputs: "{spec.name}" has the shape {list(spec.shape)}; it must be numbers'
    elif not free <= {"R", "C"}:
        yield f'.inputs: "{spec.name}" has the shape {list(spec.shape)}; only R and C may be free'


def _outputs(manifest: Manifest, role: Role, graph: Graph) -> tuple[_Slot, ...]:
    if role in _EMBEDDING:
        names = [spec.name for spec in graph.outputs]
        return (_EMBED,) if names == ["embed"] else (_COND,)
    if role == "decode" and "vocoder" in manifest.graphs:
        return (_Slot("mel", "float32", ("B", "...")),)
    if role in ("decode", "vocoder"):
        stereo = manifest.audio is not None and manifest.audio.channels == 2
        return (_Slot("audio", "float32", ("B", 2, "S") if stereo else ("B", "S")),)
    return _OUTPUTS[role]


def _slot_problems(
    manifest: Manifest, at: str, specs: tuple[TensorSpec, ...], slots: tuple[_Slot, ...]
) -> Iterator[str]:
    by_name = {slot.name: slot for slot in slots}
    names = [spec.name for spec in specs]
    for slot in slots:
        if not slot.optional and slot.name not in names:
            yield f'{at} lacks "{slot.name}"'
    for i, spec in enumerate(specs):
        slot = by_name.get(spec.name)
        if slot is None or names.index(spec.name) != i:
            yield f'{at} has "{spec.name}"; the role takes {", ".join(by_name)}, each once'
        elif spec.dtype != slot.dtype:
            yield f'{at}: "{spec.name}" is {spec.dtype} and must be {slot.dtype}'
        elif not all(_known(dim) for dim in spec.shape):
            yield f'{at}: "{spec.name}" has the shape {list(spec.shape)} with an unknown axis'
        elif (held := math.prod(map(_least, spec.shape))) > MOST_NUMBERS:
            yield f'{at}: "{spec.name}" holds {held} numbers; at most {MOST_NUMBERS}'
        else:
            wanted = _expand(manifest, slot.shape)
            if not _fits(spec.shape, wanted, manifest):
                yield (
                    f'{at}: "{spec.name}" has the shape {list(spec.shape)} and must have '
                    f"{[_SHOWN.get(dim, dim) for dim in wanted]}"
                )


def _known(dim: int | str) -> bool:
    if isinstance(dim, int):
        return dim >= 1
    return dim in _SYMBOLS or _TIMES_T.fullmatch(dim) is not None


def _least(dim: int | str) -> int:
    """The size of an axis whose symbol is 1."""
    if isinstance(dim, int):
        return dim
    return int(dim[:-1]) if _TIMES_T.fullmatch(dim) else 1


def _is_noise_axis(dim: int | str) -> bool:
    return isinstance(dim, int) or dim in ("B", "T") or _TIMES_T.fullmatch(dim) is not None


def _expand(manifest: Manifest, shape: Shape) -> Shape:
    wanted: list[int | str] = []
    for dim in shape:
        if dim == "*space":
            wanted += manifest.space.shape
        elif dim == "*latent":
            wanted += manifest.latent.shape if manifest.latent else ()
        else:
            wanted.append(dim)
    return tuple(wanted)


def _fits(shape: Shape, wanted: Shape, manifest: Manifest) -> bool:
    if wanted[-1:] == ("...",):
        return len(shape) >= len(wanted) and _fits(shape[: len(wanted) - 1], wanted[:-1], manifest)
    if len(shape) != len(wanted):
        return False
    frame = manifest.latent.samples_per_frame if manifest.latent else 0
    for dim, want in zip(shape, wanted, strict=True):
        free = isinstance(dim, int) and want in ("L", "S", "#")
        free = free or (want == "S" and dim == f"{frame}T")
        if dim != want and not free:
            return False
    return True


def _check_problems(graph: Graph) -> Iterator[str]:
    check = graph.check
    assert check
    given = [spec for spec in graph.inputs if spec.dtype != "string"]
    sizes: dict[str, int] = {}
    for at, specs, tensors in (
        (".check.inputs", given, check.inputs),
        (".check.outputs", list(graph.outputs), check.outputs),
    ):
        if len(specs) != len(tensors):
            yield f"{at} has {len(tensors)} tensors for {len(specs)}"
            return
        for spec, tensor in zip(specs, tensors, strict=True):
            if spec.dtype != tensor.dtype or not _binds(spec.shape, tensor.shape, sizes):
                yield (
                    f'{at}: {tensor.dtype} {list(tensor.shape)} does not fit "{spec.name}", '
                    f"{spec.dtype} {list(spec.shape)}"
                )
    if {"G", "B", "GB"} <= sizes.keys() and sizes["GB"] != sizes["G"] * sizes["B"]:
        yield f".check: GB is {sizes['GB']}, and G x B is {sizes['G'] * sizes['B']}"


def _binds(shape: Shape, real: tuple[int, ...], sizes: dict[str, int]) -> bool:
    """Whether `real` is a case of `shape`, given and noting in `sizes` what each symbol is."""
    if len(shape) != len(real):
        return False
    for dim, size in zip(shape, real, strict=True):
        if isinstance(dim, int):
            fits = dim == size
        elif len(dim) > 1 and dim != "GB":
            fits = size % int(dim[:-1]) == 0
            fits = fits and sizes.setdefault("T", size // int(dim[:-1])) * int(dim[:-1]) == size
        else:
            fits = sizes.setdefault(dim, size) == size
        if not fits:
            return False
    return True
