"""Does a bundle compute here what PyTorch computed when it was exported?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .bundle import Bundle
from .engine import Engine
from .golden import Distance, allowed, distance
from .precision import RunPrecision
from .sampler import Cancel

__all__ = ["Finding", "check_bundle"]


@dataclass(frozen=True)
class Finding:
    """One graph in one precision against its golden outputs.

    limit: largest relative L2 error that passes.
    """

    graph: str
    precision: RunPrecision
    provider: str
    distance: Distance
    limit: float

    @property
    def passed(self) -> bool:
        """Whether the error is within the limit; never so for values that are not numbers."""
        return self.distance.relative_l2 <= self.limit


def check_bundle(
    bundle: Bundle,
    *,
    device: str = "auto",
    precision: RunPrecision | None = None,
    threads: int | None = None,
    cancel: Cancel | None = None,
) -> Iterator[Finding]:
    """Run the golden inputs of every graph in every precision it has, or in one.

    Raises:
        BundleError: a graph or a stored tensor is missing or broken.
        DeviceError: the device cannot be had, or memory does not suffice.
        Cancelled: within a graph.
    """
    held: dict[RunPrecision, None] = {}
    for graph in bundle.manifest.graphs.values():
        held |= dict.fromkeys(graph.variants)
    wanted: tuple[RunPrecision, ...] = (precision,) if precision else tuple(held)
    for run in wanted:
        with Engine(bundle, device=device, precision=run, threads=threads) as engine:
            engine.prepare(_silent, cancel or Cancel())
            yield from _findings(bundle, engine, run, cancel)


def _findings(
    bundle: Bundle, engine: Engine, precision: RunPrecision, cancel: Cancel | None
) -> Iterator[Finding]:
    for name, graph in bundle.manifest.graphs.items():
        if engine.precision_of(name) != precision:
            continue
        found = distance(
            bundle, name, lambda inputs, name=name: [*engine.run(name, inputs, cancel).values()]
        )
        if found:
            ran = engine.precision_of(name)  # bf16 does not suit every graph
            yield Finding(name, ran, engine.provider_of(name), found, allowed(graph, ran))


def _silent(stage: str, step: int, total: int) -> None:
    pass
