"""`runtime-cli engines`: the compiled graphs of this machine, and why one is not used."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..bundle import Bundle
    from ..compiled import Compiled
    from ..precision import RunPrecision
    from ..records import Record
    from ..sampler import Cancel

__all__ = ["build", "clean", "explain", "import_engines", "list_engines"]

_HEAD = ("GRAPH", "BUNDLE", "BUILDER", "FOR", "PRECISION", "SIZE", "BUILT IN", "SNR")
_DAY = 86400  # seconds
_UNITS = ("kB", "MB", "GB", "TB")


def build(
    bundle: Annotated[str, typer.Argument(metavar="BUNDLE", help="A name or a folder.")],
    *,
    given: Mapping[str, Any],
) -> int:
    """Compile a bundle's graphs for a device of this machine, so that later starts need not wait.

    For --device cpu the graphs that run many times are kept as they are rearranged for this
    processor: they open in a fraction of the time, and take as much disk as the bundle.
    """
    from ..bundle import open_bundle
    from ..engine import Engine
    from ..events import ProgressEvent
    from .console import Console
    from .interrupt import interruptible
    from .layers import resolve
    from .probing import patient

    settings = resolve(given).settings
    opened = open_bundle(bundle)
    with Console(settings) as console:

        def progress(stage: str, step: int, total: int) -> None:
            if not console.json:  # which is one document
                console.tell(ProgressEvent(id="", stage=stage, step=step, total=total))

        def work(cancel: Cancel) -> dict[str, float]:
            with (
                patient(console, cancel),
                Engine(
                    opened,
                    device=settings.device,
                    precision=settings.precision,
                    threads=settings.threads,
                    prepare="first",
                ) as engine,
            ):
                console.info(engine.preparing)
                return engine.compile(progress, cancel)

        built = interruptible(work)
        if console.json:
            console.document({"bundle": opened.manifest.name, "built": built})
        for name, seconds in built.items() if not console.json else ():
            console.print(f"{name:<12} {seconds:>7.1f} s")
        if not built:
            console.info("Nothing had to be compiled: it is there, or nothing is compiled here.")
    return 0


def list_engines(*, given: Mapping[str, Any]) -> int:
    """List the compiled graphs of this machine."""
    from ..compiled import Compiled
    from .console import Console
    from .layers import resolve

    store = Compiled()
    damaged = dict(store.damaged())
    records = sorted(
        (entry for entry in store.records() if entry[0] not in damaged),
        key=lambda entry: (entry[1].bundle, entry[1].name),
    )
    with Console(resolve(given).settings) as console:
        if console.json:
            whole = [{"path": str(place), **_facts(record)} for place, record in records]
            broken = [{"path": str(place), "error": flaw} for place, flaw in damaged.items()]
            console.document({"engines": whole, "damaged": broken})
            return 0
        if not records and not damaged:
            console.info(f"No graph was compiled yet; the folder is {store.folder}.")
        rows = [_row(record) for _, record in records]
        for line in _table([_HEAD, *rows] if rows else []):
            console.print(line)
        for place, flaw in damaged.items():
            console.print(f"damaged: {place.name}: {flaw}")
    return 0


def explain(
    bundle: Annotated[str, typer.Argument(metavar="BUNDLE", help="A name or a folder.")],
    *,
    given: Mapping[str, Any],
) -> int:
    """Say for every graph of a bundle whether a compiled one would be used, and if not, why."""
    from ..bundle import open_bundle
    from ..compiled import Compiled
    from .console import Console
    from .interrupt import interruptible
    from .layers import resolve
    from .probing import patient

    settings = resolve(given).settings
    opened = open_bundle(bundle, verify=False)
    with Console(settings) as console:

        def look(cancel: Cancel) -> dict[str, Any]:
            with patient(console, cancel):
                return _explained(opened, settings.device, settings.precision, Compiled())

        told = interruptible(look)
        if console.json:
            console.document({"bundle": opened.manifest.name, **told})
            return 0
        console.print(f"{told['device']}: {told['why']}")
        for row in told["graphs"]:
            mark = "yes" if row["used"] else "no "
            console.print(f"{row['graph']:<12} {row['precision']}  {mark}  {row['why']}")
    return 0


def clean(
    bundle: Annotated[
        str | None, typer.Option("--bundle", metavar="BUNDLE", help="Those of one bundle.")
    ] = None,
    older_than: Annotated[
        float | None,
        typer.Option("--older-than", metavar="DAYS", min=0, help="Those built before that."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="All of them, and what TensorRT found out for the card.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be deleted.")
    ] = False,
    *,
    given: Mapping[str, Any],
) -> int:
    """Delete compiled graphs: the damaged and unfinished ones, and those that are named.

    With --bundle and --older-than, those to which both apply. They are built anew when needed, and
    what TensorRT found out for the card, which goes with --all, is found out anew.
    """
    from ..compiled import Compiled
    from ..errors import OutputError, RequestError
    from ..records import size_of
    from .console import Console
    from .layers import resolve

    if every and (bundle is not None or older_than is not None):
        raise RequestError("--all deletes every compiled graph; leave --bundle and the like out.")
    named = every or bundle is not None or older_than is not None
    store = Compiled()
    gone: list[dict[str, Any]] = []
    failed = False
    with Console(resolve(given).settings) as console:
        doomed = _doomed(store, named, bundle, older_than)
        for place, what in chain(doomed, _found_out() if every else ()):
            try:
                size = size_of(place) if dry_run else store.remove(place)
            except OutputError as problem:
                console.error(str(problem))
                failed = True
                continue
            gone.append({"path": str(place), "what": what, "bytes": size})
        freed = sum(row["bytes"] for row in gone)
        if console.json:
            console.document({"deleted": not dry_run, "engines": gone, "bytes": freed})
        else:
            verb = "would be deleted" if dry_run else "deleted"
            for row in gone:
                console.print(f"{verb}: {row['what']}, {_size(row['bytes'])}")
            console.info(f"{_size(freed)} {'would be freed' if dry_run else 'freed'}.")
    return OutputError.exit_code if failed else 0


def import_engines(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="What `hearsight-export engines --to` wrote.")
    ],
    *,
    given: Mapping[str, Any],
) -> int:
    """Take in graphs that were compiled on another machine."""
    from ..compiled import Compiled
    from .console import Console
    from .interrupt import interruptible
    from .layers import resolve

    with Console(resolve(given).settings) as console:
        source = folder.expanduser()
        taken = interruptible(lambda cancel: Compiled().take_in(source, cancel))
        if console.json:
            console.document([_facts(record) for record in taken])
        else:
            for record in taken:
                console.print(f"{_what(record)}, {_size(record.bytes)}")
    return 0


def _explained(
    opened: Bundle, device: str, precision: RunPrecision | None, store: Compiled
) -> dict[str, Any]:
    """The device and why, and for each graph whether a compiled one is used, and why."""
    from ..compiled import Found
    from ..device import DEVICES, choose
    from ..errors import DeviceError
    from ..golden import least_snr_db
    from ..precision import check_precision, default_for, run_in
    from ..roles import UNCOMPILED, role_of
    from ..wanted import target, wanted_key

    if device not in DEVICES:
        raise DeviceError(f'There is no device "{device}"; choose one of {", ".join(DEVICES)}.')
    manifest = opened.manifest
    check_precision(manifest, precision)
    here, why = None, ""
    try:
        choice = choose(device, precision)
        device, why = choice.device, choice.why
        here = target(device)
        why += f" {here.builder} compiles for {here.card}."
    except DeviceError as problem:
        why = " ".join(filter(None, [why, str(problem)]))
    held = {each for graph in manifest.graphs.values() for each in graph.variants}
    asked = precision or default_for(device, held)
    rows: list[dict[str, Any]] = []
    for name, graph in manifest.graphs.items():
        run, used, reason = run_in(graph, asked), False, f"There are none for {device} here."
        if role_of(name, graph) in UNCOMPILED:
            reason = f"It {UNCOMPILED[role_of(name, graph)]} and stays on the CPU."
        elif device == "cpu" and not graph.hot:
            reason = "It runs once a sound, and is not compiled for a processor."
        elif here:
            key, least = wanted_key(manifest, name, asked, here), least_snr_db(graph, run)
            found = store.find(key, manifest.name, name, least)
            used = isinstance(found, Found)
            reason = _described(found.record) if isinstance(found, Found) else found.reason
        rows.append({"graph": name, "precision": run, "used": used, "why": reason})
    return {"device": device, "why": why, "graphs": rows}


def _doomed(
    store: Compiled, named: bool, bundle: str | None, older_than: float | None
) -> Iterator[tuple[Path, str]]:
    """Folders to delete and what they are."""
    from ..records import RECORD

    for place in store.leftovers():
        yield place, f"unfinished {place.name}"
    damaged = dict(store.damaged())
    for place in damaged:
        yield place, f"damaged {place.name}"
    latest = time.time() - (older_than or 0) * _DAY
    for place, record in store.records() if named else ():
        of_bundle = bundle is None or record.bundle == bundle
        if place not in damaged and of_bundle and (place / RECORD).stat().st_mtime <= latest:
            yield place, _what(record)


def _found_out() -> Iterator[tuple[Path, str]]:
    """The folder of what TensorRT keeps by itself, if there is one, and what it is."""
    from ..providers import runtime_cache

    if (place := runtime_cache()).is_dir():
        yield place, "what TensorRT found out for the card"


def _facts(record: Record) -> dict[str, Any]:
    return {**asdict(record), "bytes": record.bytes}


def _row(record: Record) -> tuple[str, ...]:
    return (
        record.name,
        record.bundle,
        record.key.builder,
        _for(record),
        record.key.precision,
        _size(record.bytes),
        f"{record.seconds:.1f} s",
        "" if record.snr_db is None else f"{record.snr_db:.1f} dB",
    )


def _what(record: Record) -> str:
    key = record.key
    return (
        f"{record.name} of {record.bundle} in {key.precision} by {key.builder} for {_for(record)}"
    )


def _described(record: Record) -> str:
    quality = "" if record.snr_db is None else f", SNR {record.snr_db:.1f} dB"
    return f"Built by {record.key.builder} for {_for(record)}{quality}."


def _for(record: Record) -> str:
    return record.key.card or ", ".join(record.key.targets)


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _size(count: int) -> str:
    size, unit = float(count), "bytes"
    for larger in _UNITS:
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
