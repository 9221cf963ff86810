"""Does a bundle compute here what PyTorch computed when it was exported?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bundle import Bundle
from .engine import Engine
from .manifest import Graph, Precision
from .sampler import Cancel

__all__ = ["Finding", "check_bundle"]

_LIMITS: dict[Precision, float] = {"fp32": 1e-3, "fp16": 3e-2, "int8": 0.3}
"""Largest relative L2 error where the exporter saw less than a third of it."""


@dataclass(frozen=True)
class Finding:
    """One graph in one precision against its golden outputs, the worst of them.

    max_abs: largest absolute error. relative_l2: norm of the error over norm of the output.
    snr_db: the same in dB, infinite for equal outputs. limit: largest `relative_l2` that passes:
    a fixed one per precision, or three times what the exporter measured if that is more.
    """

    graph: str
    precision: Precision
    provider: str
    max_abs: float
    relative_l2: float
    limit: float

    @property
    def snr_db(self) -> float:
        """Level of the output over that of the error, in dB."""
        return -20 * math.log10(self.relative_l2) if self.relative_l2 else math.inf

    @property
    def passed(self) -> bool:
        """Whether the error is within the limit; never so for values that are not numbers."""
        return self.relative_l2 <= self.limit


def check_bundle(
    bundle: Bundle,
    *,
    device: str = "auto",
    precision: Precision | None = None,
    threads: int | None = None,
    cancel: Cancel | None = None,
) -> Iterator[Finding]:
    """Run the golden inputs of every graph in every precision it has, or in one.

    Raises:
        BundleError: a graph or a stored tensor is missing or broken.
        DeviceError: the device cannot be had, or memory does not suffice.
        Cancelled: within a graph.
    """
    graphs = bundle.manifest.graphs
    held: dict[Precision, None] = {}
    for graph in graphs.values():
        held |= dict.fromkeys(graph.variants)
    wanted: tuple[Precision, ...] = (precision,) if precision else tuple(held)
    for variant in wanted:
        with Engine(bundle, device=device, precision=variant, threads=threads) as engine:
            for name, graph in graphs.items():
                if graph.check and variant in graph.variants:
                    yield _compared(bundle, engine, name, graph, variant, cancel)


def _compared(
    bundle: Bundle,
    engine: Engine,
    name: str,
    graph: Graph,
    precision: Precision,
    cancel: Cancel | None,
) -> Finding:
    assert graph.check is not None
    files = iter(graph.check.inputs)
    inputs: dict[str, NDArray[Any]] = {
        spec.name: np.array([graph.check.text], dtype=object)
        if spec.dtype == "string"
        else bundle.tensor(next(files))
        for spec in graph.inputs
    }
    outputs = engine.run(name, inputs, cancel)
    worst = (0.0, 0.0)
    for spec, listed in zip(graph.outputs, graph.check.outputs, strict=True):
        max_abs, relative = _errors(outputs[spec.name], bundle.tensor(listed))
        worst = max(worst[0], max_abs), max(worst[1], relative)
    known = [parity.relative_l2 for parity in graph.parity if parity.precision == precision]
    limit = max([_LIMITS[precision], *(3 * each for each in known)])
    return Finding(name, precision, engine.provider, *worst, limit)


def _errors(found: NDArray[Any], wanted: NDArray[Any]) -> tuple[float, float]:
    """Largest absolute error and relative L2.

    Infinite for another shape, for what is no number, and for token ids that are not equal.
    """
    same_kind = found.shape == wanted.shape and bool(np.isfinite(found).all())
    if not same_kind or (wanted.dtype.kind != "f" and not np.array_equal(found, wanted)):
        return math.inf, math.inf
    error = found.astype(np.float64) - wanted
    size, level = float(np.linalg.norm(error)), float(np.linalg.norm(wanted))
    relative = size / level if level else (math.inf if size else 0.0)
    return float(np.abs(error).max(initial=0.0)), relative
