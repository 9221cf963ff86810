"""A graph against the golden tensors that its bundle carries."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bundle import Bundle
from .manifest import Graph
from .precision import RunPrecision
from .profiles import Profile, fitting
from .sessions import Tensors

__all__ = ["Distance", "allowed", "distance", "least_snr_db"]

_LIMITS: dict[RunPrecision, float] = {"fp32": 1e-3, "fp16": 3e-2, "bf16": 0.1, "int8": 0.3}
"""Largest relative L2 error where the exporter saw less than a third of it."""


@dataclass(frozen=True)
class Distance:
    """How far outputs are from the golden ones, the worst of a graph's.

    max_abs: largest absolute error. relative_l2: norm of the error over norm of the output.
    Both are infinite for another shape, for what is no number, and for token ids that differ.
    """

    max_abs: float
    relative_l2: float

    @property
    def snr_db(self) -> float:
        """Level of the output over that of the error, in dB, infinite for equal outputs."""
        return -20 * math.log10(self.relative_l2) if self.relative_l2 else math.inf


def allowed(graph: Graph, precision: RunPrecision) -> float:
    """Largest relative L2 error of a graph that is as it should be: a fixed one per precision, or
    three times what the exporter measured if that is more."""
    known = [told.relative_l2 for told in graph.parity if told.precision == precision]
    return max([_LIMITS[precision], *(3 * each for each in known)])


def least_snr_db(graph: Graph, precision: RunPrecision) -> float:
    """The same as `allowed`, as the SNR in dB that such a graph has at least."""
    return -20 * math.log10(allowed(graph, precision))


def distance(
    bundle: Bundle,
    name: str,
    run: Callable[[Tensors], Sequence[NDArray[Any]]],
    *,
    within: Sequence[Profile] = (),
) -> Distance | None:
    """Run a graph on its golden inputs; None where the bundle carries none, or where none of the
    profiles that the graph was compiled with takes them.

    `run` gives its outputs in order.

    Raises:
        BundleError: a stored tensor is missing or damaged.
    """
    graph = bundle.manifest.graphs[name]
    if graph.check is None:
        return None
    files = iter(graph.check.inputs)
    inputs: dict[str, NDArray[Any]] = {
        spec.name: np.array([graph.check.text], dtype=object)
        if spec.dtype == "string"
        else bundle.tensor(next(files))
        for spec in graph.inputs
    }
    if within and fitting(within, {key: value.shape for key, value in inputs.items()}) is None:
        return None
    errors = [
        _errors(found, bundle.tensor(listed))
        for found, listed in zip(run(inputs), graph.check.outputs, strict=True)
    ]
    return Distance(max(each[0] for each in errors), max(each[1] for each in errors))


def _errors(found: NDArray[Any], wanted: NDArray[Any]) -> tuple[float, float]:
    same_kind = found.shape == wanted.shape and bool(np.isfinite(found).all())
    if not same_kind or (wanted.dtype.kind != "f" and not np.array_equal(found, wanted)):
        return math.inf, math.inf
    error = found.astype(np.float64) - wanted
    size, level = float(np.linalg.norm(error)), float(np.linalg.norm(wanted))
    relative = size / level if level else (math.inf if size else 0.0)
    return float(np.abs(error).max(initial=0.0)), relative
