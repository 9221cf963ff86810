"""Requests as text for `runtime-cli`: a command to paste, and a manifest for its `batch`.

Both make the very sounds that the app makes, bit for bit on the same machine.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from hearsight import (
    Finish,
    Like,
    Prompt,
    Request,
    RequestError,
    Search,
    item_seed,
    request_to_json,
    slug,
)

from .jobs import Job

__all__ = ["as_command", "as_manifest"]

_Ends = tuple[float, float] | None
_PROGRAM = "runtime-cli"
# Prompts are read by `generate` in this order.
_ORDER = ("text", "image", "video", "audio", "depth", "thermal", "imu")
_WEIGHTED = re.compile(r"(?s).*::[-+]?[0-9.]+(e[-+]?[0-9]+)?")
_BARE = re.compile(r"[A-Za-z0-9_./\\-]+")
_SINGLE_QUOTES = re.compile("(['\u2018\u2019\u201a\u201b])")  # PowerShell takes all for one


def as_command(request: Request, model: str, *, windows: bool = sys.platform == "win32") -> str:
    """The command that makes a request's sounds in the current folder, for a POSIX shell or for
    PowerShell. What `generate` has no flags for is piped into `batch`.

    Raises:
        RequestError: as `as_manifest`.
    """
    words = _generate(request, model)
    # Windows PowerShell hands on neither quotation marks nor empty words.
    awkward = windows and words is not None and any('"' in word or not word for word in words)
    quote = _powershell if windows else shlex.quote
    if words is not None and not awkward:
        return " ".join(map(quote, words))
    rows = [quote(row) for row in as_manifest([Job("", request, model)]).splitlines()]
    shown = ", ".join(rows) if windows else f"printf '%s\\n' {' '.join(rows)}"
    batch = [_PROGRAM, "batch", "-", "--out-dir", ".", "--model", model]
    return f"{shown} | {' '.join(map(quote, batch))}"


def as_manifest(jobs: Iterable[Job]) -> str:
    """The sounds of jobs as JSON Lines for `runtime-cli batch`, in ASCII, named after their
    first prompts: `rain_01`, `rain_02`.

    A row's name decides its noise, so each row stays as near to the noise that the app would use
    as can be: it is that noise. Only rows with several candidates cannot, and get a noise of
    their own.

    Raises:
        RequestError: the jobs are for several bundles, and a manifest is for one; or a job has no
            seed.
    """
    jobs = tuple(jobs)
    models = sorted({job.model for job in jobs})
    if len(models) > 1:
        raise RequestError(
            f"These jobs are for {len(models)} bundles ({', '.join(models)}), and a manifest is "
            "for one: export them one bundle at a time."
        )
    taken: Counter[str] = Counter()
    lines: list[str] = []
    for job in jobs:
        for single in _singles(job.request):
            name = _named_after(single)
            taken[name] += 1
            row = request_to_json(replace(single, id=f"{name}_{taken[name]:02}"))
            given = {key: value for key, value in row.items() if value is not None}
            lines.append(json.dumps(given) + "\n")
    return "".join(lines)


def _singles(request: Request) -> Iterable[Request]:
    """Each variation as a request of its own whose noise no longer depends on its name."""
    if request.seed is None:
        raise RequestError("A request in a manifest needs its seed.")
    for number in range(request.first_variation, request.first_variation + request.variations):
        single = replace(request, variations=1, first_variation=number)
        if request.candidates == 1:
            noise = item_seed(request.seed, request.id, number)
            single = replace(single, like=Like(noise, 0.0, request.like))
        yield single


def _named_after(request: Request) -> str:
    first = next((prompt for prompt in request.prompts if not prompt.blank), None)
    if first is None:
        return "sound"
    return slug(first.value if first.modality == "text" else Path(first.value).stem)


def _generate(request: Request, model: str) -> list[str] | None:
    """The words of `runtime-cli generate`; None where flags cannot say it all."""
    written = [_prompt(prompt) for prompt in request.prompts]
    order = [_ORDER.index(prompt.modality) for prompt in request.prompts]
    weighed = [prompt.sources for prompt in request.prompts if prompt.modality == "image"]
    while weighed and not weighed[-1]:
        weighed.pop()
    # A picture whose parts are not weighed cannot be passed over on the way to one where they are.
    unsaid = None in written or () in weighed
    if request.like or request.id or unsaid or order != sorted(order):
        return None
    shown = [word for word in written if word is not None]
    texts = [w for w, p in zip(shown, request.prompts, strict=True) if p.modality == "text"]
    dashed = any(text.startswith("-") for text in texts)
    flags = [
        *((p.modality, w) for w, p in zip(shown, request.prompts, strict=True)),
        *(("sources", ",".join(map(_number, weights))) for weights in weighed),
        *_settings(request),
        ("model", model),
    ]
    words = [_PROGRAM, "generate", *([] if dashed else texts)]
    for name, value in flags:
        if name != "text":
            flag = f"--{name}"
            words += [f"{flag}={value}"] if value.startswith("-") else [flag, value]
    words += ["--loop"] if request.loop else []
    words += ["--trim"] if request.finish.trim else []
    return [*words, "--", *texts] if dashed else words


def _prompt(prompt: Prompt) -> str | None:
    """A prompt as `generate` reads it; None where it would read another."""
    if prompt.weight == 1 and not _WEIGHTED.fullmatch(prompt.value):
        return prompt.value
    if prompt.value != prompt.value.rstrip():
        return None
    return f"{prompt.value}::{_number(prompt.weight)}"


def _settings(request: Request) -> list[tuple[str, str]]:
    """Flags with values for all that is not as `generate` has it anyway."""
    finish, init, usual = request.finish, request.init, Finish()
    level = "none" if finish.level == "none" else f"{finish.level}={_number(finish.level_db)}"
    partial = init is not None and init.partial
    search = request.search or Search()
    said: list[tuple[str, object, bool]] = [
        ("negative", request.negative, bool(request.negative)),
        ("duration", request.seconds, True),
        ("variations", request.variations, request.variations != 1),
        ("first-variation", request.first_variation, request.first_variation != 0),
        ("seed", request.seed, True),
        ("steps", request.steps, True),
        ("guidance", request.guidance, True),
        ("guidance-interval", _range(request.guidance_interval, (0.0, 1.0)), True),
        ("solver", request.solver, True),
        ("eta", request.eta, True),
        ("mix", request.mix, request.mix != "average"),
        ("candidates", request.candidates, request.candidates != 1),
        ("cycle-its", search.rounds and search.rounds - 1, True),  # after the first one
        ("cycle-samples", search.candidates, True),
        ("var-samples", search.draws, True),
        ("init", init and init.file, True),
        ("strength", init and init.strength, True),
        ("inpaint", init and _range(init.span), True),
        ("inpaint-band", init and _range(init.band), True),
        ("normalize", "auto" if finish.level == "auto" else level, finish.level != "auto"),
        ("fade-in", finish.fade_in, finish.fade_in != usual.fade_in),
        ("fade-out", finish.fade_out, finish.fade_out != usual.fade_out),
        # Of a sound of which a part stays, these are otherwise those of its file.
        ("sample-rate", finish.sample_rate, partial or finish.sample_rate != usual.sample_rate),
        ("channels", finish.channels, partial or finish.channels != usual.channels),
        ("bit-depth", "24", partial),
    ]
    return [
        (name, value if isinstance(value, str) else _number(value))
        for name, value, needed in said
        if needed and value is not None
    ]


def _range(
    ends: tuple[float, float] | None, usual: tuple[float, float] | None = None
) -> str | None:
    return None if ends is None or ends == usual else ":".join(map(_number, ends))


def _number(value: object) -> str:
    """A number that reads back as the same one."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else repr(value)


def _powershell(word: str) -> str:
    if _BARE.fullmatch(word):
        return word
    doubled = _SINGLE_QUOTES.sub(r"\1\1", word)
    return f"'{doubled}'"
