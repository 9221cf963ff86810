"""`runtime-cli doctor`: what this machine can do, and why not the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..doctor import Placement, Report

__all__ = ["doctor"]


def doctor(
    bundle: Annotated[
        str | None,
        typer.Argument(
            metavar="BUNDLE",
            help="Tell where the graphs of this bundle run [default: that of --model].",
            show_default=False,
        ),
    ] = None,
    *,
    given: Mapping[str, Any],
) -> int:
    """Say what works here, and why not the rest; and where each graph of a bundle runs.

    The exit code is 3 when no sound can be made here, and 4 when --device cannot be had, or
    not with --precision.
    """
    from ..bundle import list_bundles
    from ..device import choose
    from ..doctor import examine
    from ..errors import BundleError, HearsightError
    from .console import Console
    from .layers import resolve

    settings = resolve(given).settings
    with Console(settings) as console:
        refused: HearsightError | None = None
        try:
            choose(settings.device, settings.precision)
        except HearsightError as problem:
            refused = problem
        except ImportError:  # the report tells it of ONNX Runtime
            pass
        # The default need not be there; what is named must be.
        there = settings.model in dict(list_bundles())
        report = examine(
            bundle or (settings.model if there else None),
            device=settings.device,
            precision=settings.precision,
        )
        if console.json:
            console.document({**asdict(report), "ready": report.ready})
        else:
            for line in _lines(report):
                console.print(line)
        if refused:
            console.error(str(refused))
            return refused.exit_code
        return 0 if report.ready else BundleError.exit_code


def _lines(report: Report) -> Iterator[str]:
    yield f"hearsight {report.version}, Python {report.python}"
    yield f"{report.system}, {report.processors} processors, memory {_of(report.memory)}"
    yield ""
    for device in report.devices:
        mark = "yes" if device.usable else "no "
        yield f"device {device.name:<8} {mark}  {device.why}"
    yield f"  ONNX Runtime is built with {', '.join(report.listed_providers) or 'nothing'}"
    yield f"  and found {', '.join(report.hardware) or 'no hardware'}"
    for placed in report.placements:
        yield _placed(placed)
    for card in report.cards:
        yield (
            f"card {card.name}, compute capability {card.compute_capability}, driver "
            f"{card.driver}, {_size(card.free)} of {_size(card.total)} free"
        )
    state = "off" if report.telemetry.off else "ON: set ORT_DISABLE_TELEMETRY=1"
    traces = (
        f", but there are traces in {report.telemetry.traces}" if report.telemetry.traces else ""
    )
    yield f"ONNX Runtime telemetry {state}{traces}"
    yield ""
    for library in report.libraries:
        yield f"{library.name} {library.version}  {library.problem or library.path}"
    for file in report.loaded:
        yield f"loaded {file}"
    yield ""
    for folder in report.folders:
        yield f"{folder.use} folder {folder.path}, {_size(folder.free)} free"
    for name, place in report.bundles.items():
        yield f"bundle {name}  {place}"
    yield ""
    yield from report.problems
    yield "Ready to make sounds." if report.ready else "No sound can be made here yet."


def _placed(placed: Placement) -> str:
    start = f"graph {placed.graph:<8} of {placed.bundle} in {placed.precision}:"
    if placed.problem:
        return f"{start} {placed.problem}"
    if placed.nodes is None:
        return f"{start} unknown, ONNX Runtime tells from 1.24 on"
    return f"{start} " + ", ".join(f"{name} {count} nodes" for name, count in placed.nodes.items())


def _of(memory: Any) -> str:
    return f"{_size(memory.available)} of {_size(memory.total)} available"


def _size(count: int | None) -> str:
    return "unknown" if count is None else f"{count / 1e9:.1f} GB"
