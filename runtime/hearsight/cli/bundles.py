"""`runtime-cli bundles`: which there are, what they say of themselves, and whether it is true."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..bundle import Bundle
    from ..check import Finding
    from ..manifest import Graph

__all__ = ["import_bundle", "list_bundles", "show", "verify"]

_Name = Annotated[str, typer.Argument(metavar="BUNDLE", help="A name or a folder.")]


def list_bundles(*, given: Mapping[str, Any]) -> int:
    """List the bundles of this machine."""
    from ..bundle import list_bundles, open_bundle, search_path
    from .console import Console
    from .layers import resolve

    rows: list[dict[str, Any]] = []
    for name, place in list_bundles():
        if isinstance(place, Path):
            facts = _facts(open_bundle(place, verify=False))
            rows.append({"bundle": name, "path": str(place), **facts})
        else:
            rows.append({"bundle": name, "error": str(place)})
    with Console(resolve(given).settings) as console:
        if console.json:
            console.document(rows)
            return 0
        if not rows:
            console.info(f"No bundle is in {', '.join(map(str, search_path()))}.")
        for row in rows:
            if "error" in row:
                console.print(f"{row['bundle']}: broken: {row['error']}")
            else:
                ways = ", ".join(row["understands"]) or "no prompts"
                size = row["bytes"] / 1e6
                console.print(
                    f"{row['bundle']}: {row['title']} ({row['kind']}, space {row['space']}, "
                    f"{ways}, {size:.1f} MB, {row['license']})"
                )
    return 0


def show(bundle: _Name, *, given: Mapping[str, Any]) -> int:
    """Show what a bundle says of itself, and how near each graph is to PyTorch."""
    from ..bundle import open_bundle
    from .console import Console
    from .info import flat
    from .layers import resolve

    opened = open_bundle(bundle)
    said = {"path": str(opened.root), "sha256": opened.sha256, **asdict(opened.manifest)}
    with Console(resolve(given).settings) as console:
        if console.json:
            console.document(said)
            return 0
        for section in ("graphs", "chain"):
            said.pop(section)
        for key, value in flat({**said, "bytes": _facts(opened)["bytes"]}):
            console.print(f"{key}: {value}")
        for name, graph in opened.manifest.graphs.items():
            for line in _graph_lines(name, graph):
                console.print(line)
        for told in opened.manifest.chain:
            console.print(
                f"chain {told.precision}, {told.seconds:g} s in {told.steps} steps: "
                f"SNR {told.snr_db:.1f} dB, log-mel distance {told.log_mel_db:.3g} dB"
            )
    return 0


def verify(bundle: _Name, *, given: Mapping[str, Any]) -> int:
    """Check every hash of a bundle, then run its golden inputs on this machine.

    Prints largest error, relative L2 and signal-to-noise ratio against PyTorch for each graph in
    each precision. The exit code is 3 if one is outside its limit.
    """
    from ..bundle import open_bundle
    from ..bundle import verify as verify_hashes
    from ..check import check_bundle
    from ..errors import BundleError
    from .console import Console
    from .interrupt import interruptible
    from .layers import resolve

    settings = resolve(given).settings
    with Console(settings) as console:
        opened = open_bundle(bundle, verify=False)
        verify_hashes(opened)
        console.info(f"{opened.manifest.name}: every file is as listed.")
        findings = interruptible(
            lambda cancel: list(
                check_bundle(
                    opened,
                    device=settings.device,
                    precision=settings.precision,
                    threads=settings.threads,
                    cancel=cancel,
                )
            )
        )
        if console.json:
            console.document([_finding(found) for found in findings])
        else:
            for found in findings:
                console.print(_line(found))
        if not findings:
            console.warning("The bundle carries no golden vectors; only hashes were checked.")
        failed = [found for found in findings if not found.passed]
        if failed:
            console.error(
                f"{len(failed)} of {len(findings)} graphs do not compute what they should."
            )
        return BundleError.exit_code if failed else 0


def import_bundle(
    source: Annotated[Path, typer.Argument(metavar="FOLDER|ZIP", help="Where the bundle is.")],
    to: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Instead of your own bundles' folder."),
    ] = None,
    *,
    given: Mapping[str, Any],
) -> int:
    """Check a bundle and copy it to where bundles are found by name."""
    from ..store import import_bundle
    from .console import Console
    from .layers import resolve

    with Console(resolve(given).settings) as console:
        taken = import_bundle(source, to)
        if console.json:
            console.document({"bundle": taken.manifest.name, "path": str(taken.root)})
        else:
            console.print(str(taken.root))
    return 0


def _facts(bundle: Bundle) -> dict[str, Any]:
    """What a list shows of a bundle."""
    from ..chains import chains
    from ..contract import files

    said = bundle.manifest
    uses = {each.commercial_use for each in said.license.values()}
    commercial = False if False in uses else None if None in uses else True
    names = sorted({each.name for each in said.license.values()})
    return {
        "name": said.name,
        "title": said.title,
        "version": said.version,
        "kind": said.kind,
        "space": said.space.name,
        "understands": [*chains(said.conditioners)],
        "bytes": sum({listed.file: listed.bytes for _, listed in files(said)}.values()),
        "license": "; ".join(names),
        "commercial_use": commercial,
    }


def _graph_lines(name: str, graph: Graph) -> Iterator[str]:
    """The size of each variant without what it shares with those before, and its parity."""
    counted: set[str] = set()
    sizes: list[str] = []
    for precision, variant in graph.variants.items():
        own = {each.file: each.bytes for each in (variant, *variant.weights)}
        size = sum(bytes for file, bytes in own.items() if file not in counted)
        sizes.append(f"{precision} {size / 1e6:.2f} MB")
        counted.update(own)
    role = f" ({graph.role})" if graph.role else ""
    yield f"graph {name}{role}: {', '.join(sizes)}"
    for told in graph.parity:
        yield (
            f"  {told.precision} against PyTorch at {'; '.join(told.shapes) or 'all sizes'}: "
            f"max error {told.max_abs:.2e}, relative L2 {told.relative_l2:.2e}, "
            f"SNR {told.snr_db:.1f} dB"
        )
    for precision, reason in graph.refused.items():
        yield f"  {precision} refused: {reason}"


def _finding(found: Finding) -> dict[str, Any]:
    """A finding as JSON, where what is infinite becomes null."""
    data = asdict(found)
    data |= {**data.pop("distance"), "snr_db": found.distance.snr_db, "passed": found.passed}
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in data.items()
    }


def _line(found: Finding) -> str:
    return (
        f"{'pass' if found.passed else 'FAIL'}  {found.graph:<12} {found.precision}  "
        f"max error {found.distance.max_abs:.2e}  relative L2 {found.distance.relative_l2:.2e}  "
        f"SNR {found.distance.snr_db:.1f} dB"
    )
