"""The arithmetic a graph runs in: what was asked for, where the graph has it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from .errors import BundleError
from .manifest import Graph, Manifest

__all__ = ["RunPrecision", "check_precision", "default_for", "run_in"]

RunPrecision = Literal["fp32", "fp16", "int8", "bf16"]
"""The precision of a file, or bfloat16, which OpenVINO makes of an fp32 file."""


def run_in(graph: Graph, precision: RunPrecision) -> RunPrecision:
    """The precision that a graph runs in where one is asked of its whole bundle."""
    able = graph.hot if precision == "bf16" else precision in graph.variants
    return precision if able else "fp32"


def check_precision(manifest: Manifest, precision: RunPrecision | None) -> None:
    """Refuse a precision that none of a bundle's graphs runs in.

    Raises:
        BundleError: none has it; names those there are.
    """
    graphs = manifest.graphs.values()
    if precision and not any(run_in(graph, precision) == precision for graph in graphs):
        held = {each for graph in graphs for each in graph.variants}
        raise BundleError(
            f'The bundle "{manifest.name}" has no graph in {precision}; '
            f"it has {', '.join(sorted(held))}."
        )


def default_for(device: str, held: Collection[str]) -> RunPrecision:
    """The precision that a device plays best, of those that there are."""
    return "fp16" if device not in ("cpu", "openvino") and "fp16" in held else "fp32"
