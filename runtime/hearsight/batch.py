"""Making many sounds in one go: every file is told of as soon as it lies on the disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from .errors import BundleError, Cancelled, HearsightError, OutputError
from .events import ErrorEvent, Event, ProgressEvent, Result, StageEvent
from .hashes import file_sha256

if TYPE_CHECKING:
    from .generator import Generator
    from .jobs import Job
    from .ledger import Ledger
    from .parts import Box
    from .request import Heard, Take
    from .sampler import Cancel, Progress
    from .wav import Subtype

__all__ = ["Tally", "error_event", "run"]

_EVENTS_PER_SECOND = 15


@dataclass(frozen=True)
class Tally:
    """How a run went: sounds made, sounds that failed, and the errors, the last one last."""

    done: int = 0
    failed: int = 0
    errors: tuple[HearsightError, ...] = ()


def run(
    jobs: Iterable[Job],
    generator: Generator,
    tell: Callable[[Event], None],
    *,
    subtype: Subtype,
    cancel: Cancel,
    ledger: Ledger | None = None,
    fail_fast: bool = False,
) -> Tally:
    """Make every job's files, telling of each as soon as it lies on the disk.

    A failed item is told, recorded and passed over, unless `fail_fast`. `Cancelled`, a broken
    bundle and files that cannot be written end the run. Nothing is raised but what `tell` raises.
    """
    rights = generator.bundle.rights
    done = failed = 0
    errors: list[HearsightError] = []
    for job in jobs:
        left = len(job.paths)
        try:
            teller = _teller(job.request.id, tell)
            takes = generator.stream(job.request, progress=teller, cancel=cancel)
            for take, path, digest in zip(takes, job.paths, job.digests, strict=True):
                result = _write(take, path, digest, subtype, rights)
                done, left = done + 1, left - 1
                if ledger:
                    ledger.add(result)
                tell(result)
        except HearsightError as problem:
            errors.append(problem)
            if isinstance(problem, Cancelled):
                return Tally(done, failed, tuple(errors))
            failed += left
            event = error_event(problem, job.request.id, job.line)
            tell(event)
            if isinstance(problem, BundleError | OutputError) or fail_fast:
                return Tally(done, failed, tuple(errors))
            if ledger:
                ledger.add(event)
    return Tally(done, failed, tuple(errors))


def error_event(problem: HearsightError, id: str | None = None, line: int = 0) -> ErrorEvent:
    """An error as the event that tells of it."""
    return ErrorEvent(
        id=id,
        line=line or None,
        code=problem.exit_code,
        kind=type(problem).__name__,
        message=str(problem),
    )


def _write(take: Take, path: Path, digest: str, subtype: Subtype, rights: str) -> Result:
    from . import wav

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        wav.write(path, take, subtype=subtype, rights=rights)
        written = file_sha256(path)
    except OSError as problem:
        raise OutputError(f"{path} cannot be written: {problem.strerror}.") from None
    assert take.request.seed is not None, "takes carry resolved requests"
    return Result(
        id=take.request.id,
        variation=take.variation,
        path=str(path),
        seed=take.request.seed,
        duration=take.seconds,
        sha256=written,
        request_sha256=digest,
        bundle=take.plan.bundle,
        provider=take.plan.provider,
        precision=take.plan.precision,
        why=take.plan.why,
        gain_db=round(take.gain_db, 3),
        loop=take.loop,
        similarity=None if take.similarity is None else round(take.similarity, 4),
        sources=tuple(_rounded(heard) for heard in take.sources),
        notes=take.notes,
        timings=tuple(replace(each, seconds=round(each.seconds, 4)) for each in take.timings),
    )


def _rounded(heard: Heard) -> Heard:
    box = heard.box and tuple(round(edge, 1) for edge in heard.box)
    score = None if heard.score is None else round(heard.score, 4)
    return replace(heard, box=cast("Box | None", box), score=score)


def _teller(id: str, tell: Callable[[Event], None]) -> Progress:
    """Progress as events: each new stage, and its steps at most 15 times a second."""
    stage_now = ""
    told = 0.0

    def progress(stage: str, step: int, total: int) -> None:
        nonlocal stage_now, told
        if stage == "load":  # told once, before the generator is there
            return
        if stage != stage_now:
            stage_now = stage
            tell(StageEvent(id=id, stage=stage))
        now = time.monotonic()
        if step == total or now - told >= 1 / _EVENTS_PER_SECOND:
            told = now
            tell(ProgressEvent(id=id, stage=stage, step=step, total=total))

    return progress
