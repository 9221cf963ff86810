"""`hearsight-export engines`: a bundle's graphs compiled for NVIDIA cards."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app, say

if TYPE_CHECKING:
    from hearsight.compiled import Found
    from hearsight.sampler import Cancel

__all__ = ["engines"]

_TELL_EVERY = 2.0  # seconds between two lines about one build


class EnginePrecision(str, Enum):
    """What engines compute in."""

    fp16 = "fp16"
    fp32 = "fp32"


@app.command()
def engines(
    bundle: Annotated[str, typer.Argument(help="Folder or name of a bundle.")],
    sm: Annotated[
        str | None,
        typer.Option(
            "--sm",
            help="Compute capabilities to build for: 86 for RTX 30, 89 for RTX 40, 120 for RTX 50 "
            "cards, with commas. No card is needed.",
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", help="Folder for the engines.", show_default="the user's cache"),
    ] = None,
    precision: Annotated[
        EnginePrecision | None,
        typer.Option(
            "--precision",
            help="Of the graphs to build.",
            show_default="fp16 where a graph has it, else fp32",
        ),
    ] = None,
    graphs: Annotated[
        str | None, typer.Option("--graphs", help="Only these graphs, with commas.")
    ] = None,
    tensorrt: Annotated[
        bool,
        typer.Option(
            "--tensorrt",
            help="Build with TensorRT 10 or 11 for the card of this machine instead. Not run: it "
            "was never tried on a card.",
        ),
    ] = False,
) -> None:
    """Compile a bundle's graphs for NVIDIA cards ahead of time.

    TensorRT-RTX builds on any machine. Its engines were built and never run on a card.
    `runtime-cli engines import FOLDER` takes them in where they are to be played.
    """
    from hearsight.bundle import open_bundle
    from hearsight.cli.interrupt import interruptible
    from hearsight.compiled import Compiled
    from hearsight.errors import RequestError
    from hearsight.wanted import target as local_target

    if tensorrt == (sm is not None):
        raise RequestError(
            "--tensorrt builds for the card that is there, so leave --sm out."
            if tensorrt
            else "Say what to build for: --sm 86,89,120, or --tensorrt for this machine's card."
        )

    from ..engines import (
        engine_graphs,
        make_engines,
        rtx_target,
        rtx_toolkit,
        tensorrt_toolkit,
    )

    opened = open_bundle(bundle)
    asked = [name.strip() for name in (graphs or "").split(",") if name.strip()]
    names = engine_graphs(opened.manifest, asked)
    toolkit = tensorrt_toolkit() if tensorrt else rtx_toolkit()
    target = local_target("tensorrt") if tensorrt else rtx_target(toolkit, sm or "")

    def work(cancel: Cancel) -> list[Found]:
        return make_engines(
            opened,
            toolkit,
            target,
            names,
            precision=precision.value if precision else None,
            store=Compiled(to),
            tell=say,
            progress=_Now(),
            cancel=cancel,
        )

    made = interruptible(work)
    say(f"Built for compute capability {', '.join(target.targets)}; not run on a card.")
    for found in made:
        print(found.folder)


class _Now:
    """Tells of long builds what TensorRT does, now and then."""

    def __init__(self) -> None:
        self._told = monotonic()
        self._graph = ""

    def __call__(self, graph: str, phase: str, step: int, steps: int) -> None:
        now = monotonic()
        if graph != self._graph:
            self._graph, self._told = graph, now
        if now - self._told >= _TELL_EVERY:
            self._told = now
            say(f"  {graph}: {phase}, {step} of {steps}")
