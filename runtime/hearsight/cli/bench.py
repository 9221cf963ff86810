"""`runtime-cli bench`: how fast a bundle plays on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..bench import Bench

__all__ = ["bench"]


def bench(
    prompt: Annotated[
        str, typer.Argument(metavar="[PROMPT]", help="What to make meanwhile.")
    ] = "heavy rain",
    runs: Annotated[
        int, typer.Option("--runs", metavar="N", min=1, max=1000, help="Warm runs to time.")
    ] = 5,
    *,
    given: Mapping[str, Any],
) -> int:
    """Time a bundle on this machine.

    Medians of every stage and every graph, warm, compared with a matrix product.
    """
    from dataclasses import asdict, replace

    from ..bench import measure
    from ..request import Prompt
    from .console import Console
    from .interrupt import interruptible
    from .layers import resolve
    from .work import base_request, open_players

    settings = resolve(given).settings
    with Console(settings) as console:
        bundle = open_players(replace(settings, conditioner=()))[0]
        spoken = prompt if bundle.manifest.conditioners.text else ""
        request = replace(
            base_request(settings), prompts=(Prompt("text", spoken),), seed=settings.seed or 0
        )
        found = interruptible(
            lambda cancel: measure(
                bundle,
                request,
                runs=runs,
                device=settings.device,
                precision=settings.precision,
                threads=settings.threads,
                cancel=cancel,
            )
        )
        if console.json:
            console.document(asdict(found))
        else:
            for line in _lines(found):
                console.print(line)
    return 0


def _lines(found: Bench) -> Iterator[str]:
    memory = f", {found.peak_memory / 1e6:.0f} MB at most" if found.peak_memory else ""
    yield (
        f"{found.bundle}: {found.seconds:g} s of sound in {found.steps} steps "
        f"({found.provider.removesuffix('ExecutionProvider')}, {found.precision}{memory})"
    )
    yield (
        f"first sound after {found.first:.2f} s; warm {found.warm:.2f} s, median of {found.runs}: "
        f"{found.real_time_factor:.3f} s of work per second of sound"
    )
    yield ""
    yield f"{'stage':<10} {'cold':>10} {'warm':>10}"
    for stage in found.stages:
        warm = "" if stage.warm is None else f"{stage.warm * 1e3:.1f} ms"
        yield f"{stage.stage:<10} {stage.cold * 1e3:>7.1f} ms {warm:>10}"
    yield ""
    yield f"{'graph':<10} {'warm':>10} {'GFLOP':>9} {'GFLOP/s':>9}  of a matrix product"
    for graph in found.graphs:
        yield (
            f"{graph.graph:<12} {graph.seconds * 1e3:>7.1f} ms {graph.gflop:>9.3f} "
            f"{graph.gflop_per_second:>9.1f}  {graph.share:.0%}"
        )
    yield f"{'product':<10} {'':>10} {'':>9} {found.matrix_gflop_per_second:>9.1f}"
