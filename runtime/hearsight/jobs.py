"""What a batch will make: checked requests, the name of every file, and what is left of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from . import schedule, wav
from .errors import MediaError, OutputError, RequestError
from .groups import groups, spoken
from .hashes import file_sha256
from .judging import check_judged
from .limits import resolve
from .names import fill, numbered, slug
from .request import Request, request_to_json

if TYPE_CHECKING:
    from .bundle import Bundle
    from .manifest import Manifest
    from .rows import Item
    from .wav import Subtype

__all__ = ["Job", "Kept", "file_names", "plan", "remaining"]

Kept = Callable[[Request, Path, str], bool]
"""Whether a variation, as its single request, its path and its digest, need not be made."""


@dataclass(frozen=True)
class Job:
    """One request and where its variations go.

    request: resolved, so that nothing but it decides the sound. paths and digests: of each
    variation from `request.first_variation` on; a digest stands for all that decides a file.
    """

    line: int
    request: Request
    paths: tuple[Path, ...]
    digests: tuple[str, ...]


def plan(
    items: Iterable[Item],
    players: Sequence[Bundle],
    paths: Callable[[Request], tuple[Path, ...]],
    *,
    subtype: Subtype,
    precision: str | None,
    where: Callable[[int], str],
    judge: Bundle | None = None,
) -> tuple[Job, ...]:
    """Check every item against the bundles that will play it, and name every file.

    Args:
        items: their requests have a seed.
        players: the generator's bundle, then those of further conditioners.
        paths: where the variations of a resolved request go.
        subtype: sample format of the files.
        precision: the one that was asked for; None leaves it to the device.
        where: what to put before an error of an item, from its line.
        judge: chooses among candidates; None lets the players do it.

    Raises:
        RequestError: the items that are wrong, a line each.
        MediaError: a file of the one item that is no row of a table (its line is 0).
    """
    jobs: list[Job] = []
    wrong: list[str] = []
    taken: dict[str, int] = {}
    generator = players[0].manifest
    content, playable = cache(_content), cache(partial(_playable, generator))
    for item in items:
        try:
            request = resolve(item.request, generator)
            playable(request.solver, request.steps, request.eta)
            _understood(request, players, judge)
            files = paths(request)
            chosen = [judge] if judge and request.candidates > 1 else []
            deciding = [*players, *chosen]
            for path in files:
                wav.check_form(path, subtype)
                other = taken.setdefault(str(path).casefold(), item.line)
                if other != item.line:
                    raise RequestError(f"{path} is also the file of line {other}; change the name.")
            digests = tuple(
                _digest(single, deciding, content, (subtype, path.suffix, precision))
                for single, path in zip(_singles(request), files, strict=True)
            )
            jobs.append(Job(item.line, request, files, digests))
        except (RequestError, MediaError, OutputError) as problem:
            if not item.line:
                raise
            wrong.append(f"{where(item.line)}{problem}")
    if wrong:
        raise RequestError("\n".join(wrong))
    return tuple(jobs)


def file_names(request: Request, template: str, model: str) -> tuple[Path, ...]:
    """Relative paths for the variations of a request, which count from 1 in names.

    Several variations whose template does not tell them apart get `_01`, `_02` and so on.
    """
    first = request.prompts[0]
    prompt = slug(first.value if first.modality == "text" else Path(first.value).stem)
    numbers = range(request.first_variation + 1, request.first_variation + 1 + request.variations)
    paths = [
        fill(
            template,
            id=request.id or prompt,
            prompt=prompt,
            variation=number,
            seed=request.seed or 0,
            model=model,
        )
        for number in numbers
    ]
    if len(set(paths)) < len(paths):
        paths = [numbered(path, number) for path, number in zip(paths, numbers, strict=True)]
    return tuple(paths)


def remaining(jobs: Iterable[Job], kept: Kept) -> tuple[Job, ...]:
    """The jobs without every variation that is kept; neighbours stay together."""
    left: list[Job] = []
    for job in jobs:
        singles = zip(_singles(job.request), job.paths, job.digests, strict=True)
        for out, group in groupby(singles, key=lambda single: kept(*single)):
            if not out:
                requests, paths, digests = zip(*group, strict=True)
                request = replace(requests[0], variations=len(requests))
                left.append(Job(job.line, request, paths, digests))
    return tuple(left)


def _singles(request: Request) -> Iterator[Request]:
    first = request.first_variation
    for number in range(first, first + request.variations):
        yield replace(request, variations=1, first_variation=number)


def _playable(manifest: Manifest, solver: str, steps: int, eta: float) -> None:
    """Raise RequestError for a number of steps that the generator's schedule does not have."""
    assert manifest.schedule, "only generators make sound"
    schedule.rows(manifest.schedule, solver, steps, eta)


def _understood(request: Request, players: Sequence[Bundle], judge: Bundle | None) -> None:
    known = [player.manifest.conditioners for player in players]
    if request.candidates > 1 and judge:
        check_judged(request, judge.manifest)
    elif request.candidates > 1 and not any(each.audio for each in known):
        raise RequestError(
            "candidates are compared by ear, and no loaded bundle understands audio prompts; "
            "name one that does with --conditioner, or with --judge."
        )
    for prompt in spoken(request):
        if not any(getattr(each, prompt.modality) for each in known):
            raise RequestError(
                f"no loaded bundle understands {prompt.modality} prompts; name one that does "
                "with --conditioner."
            )
    groups(request, [player.manifest for player in (*players[1:], players[0])])


def _digest(
    single: Request,
    players: Sequence[Bundle],
    content: Callable[[str], str],
    form: tuple[str, str, str | None],
) -> str:
    """Hash of all that decides a file but the machine: input files count by their content."""
    data = request_to_json(single)
    for prompt in data["prompts"]:
        if prompt["modality"] != "text":
            prompt["value"] = content(prompt["value"])
    if data["init"]:
        data["init"]["file"] = content(data["init"]["file"])
    decides = [data, [player.sha256 for player in players], form]
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


def _content(path: str) -> str:
    try:
        return file_sha256(Path(path))
    except OSError as problem:
        raise MediaError(f"{path} cannot be read: {problem.strerror}.") from None
