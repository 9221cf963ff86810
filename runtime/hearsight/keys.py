"""What decides whether a compiled graph may be run on a machine, and how two such keys differ."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .manifest import Variant
from .precision import RunPrecision

__all__ = ["Key", "differences", "graph_hash", "reason"]


@dataclass(frozen=True)
class Key:
    """All that decides whether a compiled graph may be run here.

    graph: `graph_hash` of its variant. precision: that it computes in. profile: canonical text
    of the optimisation profiles, empty where shapes are free. builder: name and version, such as
    `TensorRT-RTX 1.7.1.116`. targets: compute capabilities it was built for, such as `8.6`, or
    one empty text where there are none. card: name of the GPU or processor, empty for every one
    of the targets. driver: its version, empty when it does not matter. system: such as
    `linux-x86_64`.
    """

    graph: str
    precision: RunPrecision
    profile: str
    builder: str
    targets: tuple[str, ...]
    card: str
    driver: str
    system: str

    @property
    def digest(self) -> str:
        """32 hexadecimal digits that stand for all of it."""
        said = json.dumps(dataclasses.asdict(self), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:32]


def graph_hash(variant: Variant) -> str:
    """SHA-256 over the hashes of a variant's files: the ONNX file, then the weights in order."""
    hashes = [variant.sha256, *(weights.sha256 for weights in variant.weights)]
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def differences(built: Key, wanted: Key) -> Iterator[str]:
    """Why what was built under one key cannot be used where another is wanted, in sentences.

    The most telling comes first; none means that it fits: it may be built for more targets than
    are wanted, and for any card or driver.
    """
    if built.graph != wanted.graph and _source(built) == _source(wanted):
        yield "The graph's file has changed since."
    if built.precision != wanted.precision:
        yield f"It was built in {built.precision}, and {wanted.precision} is wanted."
    if built.system != wanted.system:
        yield f"It was built for {built.system}, and this machine is {wanted.system}."
    if missing := [target for target in wanted.targets if target not in built.targets]:
        yield (
            f"It was built for compute capability {_list(built.targets)}, and this machine has "
            f"{_list(missing)}."
        )
    if built.card not in ("", wanted.card):
        yield f"It was built for {built.card}, and this machine has {wanted.card or 'none'}."
    if built.profile != wanted.profile:
        yield "It was built for other sizes of its inputs."
    if built.builder != wanted.builder:
        yield f"It was built by {built.builder}, and this machine has {wanted.builder}."
    if built.driver not in ("", wanted.driver):
        yield f"It was built with driver {built.driver}, and this machine has {wanted.driver}."


def reason(near: list[Key], wanted: Key) -> str:
    """Why none of the keys, which are of the same graph, fits; told by the nearest."""
    maker = _maker(wanted)
    same = [key for key in near if _maker(key) == maker]
    if not near:
        return "It was never built."
    if not same:
        return f"It was never built by {maker}, only by {_maker(near[0])}."
    told = min((list(differences(key, wanted)) for key in same), key=len)
    return " ".join(told)


def _maker(key: Key) -> str:
    """The builder without its version."""
    return key.builder.rpartition(" ")[0]


def _source(key: Key) -> str:
    """Precision of the file it is built from: OpenVINO makes bf16 of fp32."""
    return "fp32" if key.precision == "bf16" else key.precision


def _list(targets: Sequence[str]) -> str:
    return ", ".join(targets) or "none"
