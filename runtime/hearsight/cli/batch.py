"""`runtime-cli batch`: a table of requests into a folder, to be stopped and resumed at will."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..jobs import Job, Kept
    from ..ledger import Past
    from ..rows import Item
    from .console import Console
    from .settings import Settings

__all__ = ["batch"]


def batch(
    manifest: Annotated[
        str,
        typer.Argument(
            metavar="MANIFEST|-",
            help="Rows of requests as .jsonl, .csv or .tsv; '-' reads JSON Lines.",
            show_default=False,
        ),
    ] = "",
    tsv_path: Annotated[str, typer.Option(hidden=True)] = "",
    out_dir: Annotated[
        str, typer.Option("--out-dir", "-o", metavar="DIR", help="Where the files go. [required]")
    ] = "",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an earlier run into DIR stopped.")
    ] = False,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first item that fails.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and print the paths, make nothing.")
    ] = False,
    *,
    given: Mapping[str, Any],
) -> int:
    """Make every sound of a manifest.

    Columns are those of a request: id, prompt, image, video, audio, depth, thermal, imu, sources,
    negative, seconds, variations, seed, steps, guidance ... All rows are checked before anything
    runs. DIR/results.jsonl tells what is done.
    """
    from .console import Console
    from .layers import resolve
    from .work import reported

    settings = resolve(given).settings
    how = _How(manifest or tsv_path, out_dir, resume, fail_fast, dry_run)
    with Console(settings) as console:
        return reported(console, lambda: _batch(how, settings, console))


@dataclass(frozen=True)
class _How:
    manifest: str
    out_dir: str
    resume: bool
    fail_fast: bool
    dry_run: bool


def _batch(how: _How, settings: Settings, console: Console) -> int:
    from dataclasses import replace
    from pathlib import Path

    from ..errors import RequestError
    from ..jobs import file_names, plan, remaining
    from ..ledger import LEDGER, Ledger, Past, read_past
    from ..names import check_template
    from .work import check_writable, drawn_seed, execute, open_judge, open_players

    if not how.manifest or not how.out_dir:
        raise RequestError(
            "Give a manifest and a folder: runtime-cli batch MANIFEST --out-dir DIR. "
            "`runtime-cli batch --help` shows more."
        )
    folder = Path(how.out_dir).expanduser()
    template = check_template(settings.name or "{id}")
    past = read_past(folder / LEDGER) if how.resume else Past(None, {}, 0)
    if past.damaged:
        console.warning(f"{folder / LEDGER}: {past.damaged} damaged lines are not counted as done.")
    seed = next(s for s in (settings.seed, past.seed, drawn_seed()) if s is not None)
    items = _items(how.manifest, replace(settings, seed=seed))
    players = open_players(settings)
    model = players[0].manifest.name
    jobs = plan(
        items,
        players,
        lambda request: tuple(folder / path for path in file_names(request, template, model)),
        subtype=settings.bit_depth,
        precision=settings.precision,
        where=lambda line: f"{_shown(how.manifest)}, line {line}: ",
        judge=open_judge(settings),
    )
    left = remaining(jobs, _kept(past, any_file=settings.skip_existing))
    if not (how.resume or settings.overwrite):
        _refuse_existing(left)
    if how.dry_run:
        return _show_plan(left, console)
    check_writable([folder])
    skipped = sum(len(job.paths) for job in jobs) - sum(len(job.paths) for job in left)
    with Ledger(folder / LEDGER) if left else nullcontext() as ledger:
        return execute(
            left,
            skipped,
            settings,
            players,
            console,
            seed=seed,
            ledger=ledger,
            fail_fast=how.fail_fast,
        )


def _items(manifest: str, settings: Settings) -> tuple[Item, ...]:
    from dataclasses import replace
    from pathlib import Path

    from .._sniff import nearest_file
    from ..errors import RequestError
    from ..rows import read_rows
    from ..tables import KINDS
    from .work import base_request

    path = Path(manifest).expanduser()
    try:
        if manifest == "-":
            raw, kind, folder = sys.stdin.buffer.read(), "jsonl", Path()
        elif path.suffix.lower() not in KINDS:
            raise RequestError(f"The manifest {path} must end in {', '.join(KINDS)}.")
        else:
            raw, kind, folder = path.read_bytes(), KINDS[path.suffix.lower()], path.parent
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = problem.object[: problem.start].count(b"\n") + 1
        raise RequestError(
            f"{_shown(manifest)}, line {line}: the text is not UTF-8; save it as UTF-8."
        ) from None
    except OSError as problem:
        close = nearest_file(path) if isinstance(problem, FileNotFoundError) else ""
        raise RequestError(
            f"The manifest {path} cannot be read: {problem.strerror}{close}."
        ) from None
    # Without a sound that they are about, these are for the rows that name one.
    edits = {
        "strength": settings.strength,
        "inpaint": settings.inpaint,
        "inpaint_band": settings.inpaint_band,
        "spread": settings.spread,
    }
    if not settings.init:
        settings = replace(settings, strength=None, inpaint="", inpaint_band="")
    if not settings.like:
        settings = replace(settings, spread=None)
    base = base_request(settings)
    return read_rows(text, kind, base, folder=folder, where=_shown(manifest), edits=edits)


def _shown(manifest: str) -> str:
    return "standard input" if manifest == "-" else manifest


def _kept(past: Past, *, any_file: bool) -> Kept:
    """A sound is done when a record of this very request and its file exist."""
    return lambda request, path, digest: (
        path.is_file()
        and (any_file or past.done.get((request.id, request.first_variation)) == digest)
    )


def _refuse_existing(jobs: tuple[Job, ...]) -> None:
    from ..errors import OutputError

    there = [path for job in jobs for path in job.paths if path.exists()]
    if there:
        count = "A file exists" if len(there) == 1 else f"{len(there)} files exist"
        raise OutputError(
            f"{count} already, such as {there[0]}; add --resume to go on with an earlier run, "
            "--overwrite to replace them, or --skip-existing to keep them."
        )


def _show_plan(jobs: tuple[Job, ...], console: Console) -> int:
    paths = [path for job in jobs for path in job.paths]
    console.info(f"{len(paths)} to make; nothing is made in a dry run.")
    if console.json:
        console.document([str(path) for path in paths])
    else:
        for path in paths:
            console.print(str(path))
    return 0
