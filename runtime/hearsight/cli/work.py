"""What `generate` and `batch` share: settings become a request, jobs become files."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..batch import Tally, error_event, run
from ..bundle import Bundle, open_bundle
from ..errors import BundleError, Cancelled, HearsightError, OutputError, RequestError, refused
from ..events import End, StageEvent, Start
from ..jobs import Job
from ..judging import check_judge
from ..ledger import Ledger
from ..request import Finish, Request
from ..sampler import Cancel
from ..spelling import (
    parse_init,
    parse_level,
    parse_range,
    parse_size,
    read_like,
    search_for,
)
from .console import Console
from .interrupt import interruptible
from .settings import Settings

__all__ = [
    "base_request",
    "check_writable",
    "drawn_seed",
    "execute",
    "loading",
    "open_judge",
    "open_players",
    "reported",
]


def base_request(settings: Settings) -> Request:
    """The request that the settings describe, without prompts.

    Raises:
        RequestError: a setting is not understood.
        MediaError: a file that they name is missing, or not what it should be.
    """
    like = read_like(Path(settings.like), settings.spread) if settings.like else None
    if settings.spread is not None and not like:
        raise RequestError("--spread is about the sound to stay near to: name it with --like.")
    level, level_db = parse_level(settings.normalize)
    return Request(
        prompts=(),
        negative=settings.negative,
        seconds=settings.duration,
        variations=settings.variations,
        first_variation=settings.first_variation,
        seed=settings.seed,
        steps=settings.steps,
        guidance=settings.guidance,
        guidance_interval=(
            parse_range(settings.guidance_interval, "guidance_interval")
            if settings.guidance_interval
            else None
        ),
        solver=settings.solver,
        eta=settings.eta,
        mix=settings.mix,
        search=search_for(settings.cycle_its, settings.cycle_samples, settings.var_samples),
        loop=settings.loop,
        candidates=settings.candidates,
        init=parse_init(
            settings.init, settings.strength, settings.inpaint, settings.inpaint_band, Path()
        ),
        like=like,
        finish=Finish(
            trim=settings.trim,
            fade_in=settings.fade_in,
            fade_out=settings.fade_out,
            level=level,
            level_db=level_db,
            sample_rate=settings.sample_rate,
            channels=settings.channels,
        ),
    )


def drawn_seed() -> int:
    """A fresh seed, short enough to be typed again."""
    return secrets.randbelow(2**32)


def open_players(settings: Settings) -> tuple[Bundle, ...]:
    """The bundle that makes the sound, then those that only understand prompts.

    Their hashes are left for loading to check.

    Raises:
        BundleError: one is missing or damaged, or the first makes no sound.
    """
    players = tuple(
        open_bundle(name, verify=False) for name in (settings.model, *settings.conditioner)
    )
    first = players[0].manifest
    if first.kind == "classifier":
        raise BundleError(f"The bundle {first.name!r} tells sounds apart and makes none.")
    if not first.makes_sound:
        raise BundleError(
            f"The bundle {first.name!r} understands prompts and makes no sound; "
            "name it with --conditioner, and a generator of the same space with --model."
        )
    return players


def open_judge(settings: Settings) -> Bundle | None:
    """The bundle that chooses among candidates, if one is named.

    Raises:
        BundleError: it is missing or damaged, or does not understand sounds.
    """
    if not settings.judge:
        return None
    judge = open_bundle(settings.judge, verify=False)
    check_judge(judge.manifest)
    return judge


def loading(settings: Settings) -> dict[str, Any]:
    """How a bundle is loaded: arguments of `hearsight.load`.

    Raises:
        RequestError: the size of the memory is not understood.
    """
    return {
        "device": settings.device,
        "precision": settings.precision,
        "threads": settings.threads,
        "prepare": settings.prepare,
        "memory": parse_size(settings.memory) if settings.memory else None,
    }


def check_writable(folders: Iterable[Path]) -> None:
    """Make the folders and see that files can be written there, before a sound is made.

    Raises:
        OutputError: names the folder and the reason.
    """
    for folder in dict.fromkeys(folders):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as problem:
            in_the_way = next((p for p in (folder, *folder.parents) if p.is_file()), None)
            why = f"{in_the_way} is a file" if in_the_way else problem.strerror
            raise OutputError(
                f"Nothing can be written in {folder}: {why}. Choose another folder."
            ) from None


def execute(
    jobs: tuple[Job, ...],
    skipped: int,
    settings: Settings,
    players: tuple[Bundle, ...],
    console: Console,
    *,
    seed: int,
    ledger: Ledger | None = None,
    fail_fast: bool = False,
) -> int:
    """Make the jobs, from the start event to the end event, and give the exit code.

    With a ledger, failed items make it 1. Without one, and for what stops a run (a bundle or
    device that cannot be had, files that cannot be written, Ctrl-C), it is that of the error.
    """
    began = time.monotonic()
    total = sum(len(job.paths) for job in jobs)
    start = Start(
        bundle=players[0].manifest.name,
        bundle_sha256=players[0].sha256,
        seed=seed,
        total=total,
        skipped=skipped,
    )
    console.tell(start)

    def work(cancel: Cancel) -> Tally:
        from ..generator import load
        from .probing import patient

        if ledger:
            ledger.add(start)
        console.tell(StageEvent(id="", stage="load"))
        with (
            patient(console, cancel),
            load(
                players[0].root,
                conditioners=[player.root for player in players[1:]],
                judge=settings.judge or None,
                **loading(settings),
            ) as generator,
        ):
            if generator.preparing:
                console.tell(StageEvent(id="", stage="prepare", hint=generator.preparing))
            return run(
                jobs,
                generator,
                console.tell,
                subtype=settings.bit_depth,
                cancel=cancel,
                ledger=ledger,
                fail_fast=fail_fast,
            )

    tally, code = Tally(), 0
    try:
        if jobs:
            check_writable(path.parent for job in jobs for path in job.paths)
            tally = interruptible(work, [path for job in jobs for path in job.paths])
            code = _exit_code(tally, many=ledger is not None)
    except HearsightError as problem:
        code = problem.exit_code
        if not isinstance(problem, Cancelled):
            console.tell(error_event(problem))
            tally = Tally(failed=total)
    console.tell(
        End(
            done=tally.done,
            failed=tally.failed,
            skipped=skipped,
            seconds=round(time.monotonic() - began, 3),
            exit_code=code,
        )
    )
    return code


def reported(console: Console, work: Callable[[], int]) -> int:
    """Do the work; what stops it before anything runs becomes an event and an exit code."""
    try:
        return work()
    except Cancelled as problem:
        return problem.exit_code
    except OSError as problem:
        console.tell(error_event(refused(problem)))
        return OutputError.exit_code
    except HearsightError as problem:
        console.tell(error_event(problem))
        return problem.exit_code


def _exit_code(tally: Tally, *, many: bool) -> int:
    if not tally.errors:
        return 0
    last = tally.errors[-1]
    ends = isinstance(last, BundleError | Cancelled | OutputError)
    return 1 if many and not ends else last.exit_code
