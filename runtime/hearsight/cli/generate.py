"""`runtime-cli generate`: one request, one or several sounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .asked import (
    Depths,
    Pictures,
    Signals,
    Sounds,
    Texts,
    Thermals,
    Videos,
    Weights,
    Words,
    prompts,
)

if TYPE_CHECKING:
    from pathlib import Path

    from ..request import Modality, Prompt, Request
    from .console import Console
    from .layers import Resolved
    from .settings import Settings

__all__ = ["generate"]

_FINISHING = {"trim", "fade_in", "fade_out", "level", "level_db", "sample_rate", "channels"}
_FIELDS = {
    **{"duration": "seconds", "normalize": "level"},
    **{name: name for name in ("steps", "guidance", "negative", "solver", "eta", "mix", "loop")},
    **{name: name for name in ("candidates", "guidance_interval", "init")},
    **dict.fromkeys(("cycle_its", "cycle_samples", "var_samples"), "search"),
    **{name: name for name in _FINISHING - {"level", "level_db"}},
}
"""Settings that a request holds, and what they are called there."""


def generate(
    prompt: Words = None,
    text: Texts = None,
    image: Pictures = None,
    video: Videos = None,
    audio: Sounds = None,
    depth: Depths = None,
    thermal: Thermals = None,
    imu: Signals = None,
    sources: Weights = None,
    out: Annotated[
        str,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE|FOLDER",
            help="A .wav, .flac or .ogg file, or a folder (the current one unless given) for "
            "files named after the prompt.",
            show_default=False,
        ),
    ] = ".",
    *,
    given: Mapping[str, Any],
) -> int:
    """Make a sound from words, pictures, videos and sounds.

    Paths of the finished files go to standard output. Several variations get _01, _02 and so on.
    """
    from .console import Console
    from .layers import resolve
    from .work import reported

    resolved = resolve(given)
    written: dict[Modality, list[str] | None] = {
        **{
            "text": [*(prompt or ()), *(text or ())],
            "image": image,
            "video": video,
            "audio": audio,
        },
        **{"depth": depth, "thermal": thermal, "imu": imu},
    }
    with Console(resolved.settings) as console:
        return reported(
            console, lambda: _generate(prompts(written, sources), out, resolved, console)
        )


def _generate(asked: tuple[Prompt, ...], out: str, resolved: Resolved, console: Console) -> int:
    from ..errors import RequestError
    from ..jobs import plan, remaining
    from ..rows import Item
    from .work import base_request, drawn_seed, execute, open_judge, open_players

    settings = resolved.settings
    request = replace(base_request(settings), prompts=asked)
    if settings.like:
        request, settings = _near(request, resolved)
    if settings.init and request.init and request.init.partial:
        request, settings = _as_in_file(request, resolved, settings)
    if not request.prompts:
        raise RequestError(
            "There is nothing to listen to; give a text, --image, --video or --audio. "
            "`runtime-cli generate --help` shows how."
        )
    if request.seed is None:
        request = replace(request, seed=drawn_seed())
    players = open_players(settings)
    jobs = plan(
        [Item(0, request)],
        players,
        lambda resolved: _paths(out, resolved, settings, players[0].manifest.name),
        subtype=settings.bit_depth,
        precision=settings.precision,
        where=lambda _: "",
        judge=open_judge(settings),
    )
    left = remaining(jobs, lambda _, path, __: settings.skip_existing and path.exists())
    skipped = sum(len(job.paths) for job in jobs) - sum(len(job.paths) for job in left)
    assert request.seed is not None
    return execute(left, skipped, settings, players, console, seed=request.seed)


def _near(request: Request, resolved: Resolved) -> tuple[Request, Settings]:
    """The request of the sound to stay near to, with what was asked for otherwise, and its model.

    Its variation, seed and name are not taken over: what comes is another sound.
    """
    from pathlib import Path

    from .made import check_inputs, read_made

    settings, origins = resolved.settings, resolved.origins
    made = read_made(Path(settings.like))
    asked = {field for setting, field in _FIELDS.items() if origins[setting] != "default"}
    if asked & {"level", "init"}:  # what is kept of a sound decides how loud it becomes
        asked |= {"level", "level_db"}
    finish = asked & _FINISHING
    fields = {field: getattr(request, field) for field in asked - finish}
    if request.prompts:
        fields["prompts"] = request.prompts
    near = replace(
        made.request,
        **fields,
        variations=request.variations,
        first_variation=request.first_variation,
        seed=request.seed,
        id="",
        like=request.like,
        finish=replace(made.request.finish, **{f: getattr(request.finish, f) for f in finish}),
    )
    check_inputs(near, made.file)
    if origins["model"] == "default":
        settings = replace(settings, model=made.bundle)
    return near, settings


def _as_in_file(
    request: Request, resolved: Resolved, settings: Settings
) -> tuple[Request, Settings]:
    """Rate, channels and depth of the file of which a part stays, where nothing else was said."""
    from ..wav import read_info
    from .made import SUBTYPES

    assert request.init, "the caller looked"
    info, origins = read_info(request.init.file), resolved.origins
    finish = request.finish
    if origins["sample_rate"] == "default" and 8000 <= info["sample_rate"] <= 192000:
        finish = replace(finish, sample_rate=info["sample_rate"])
    if origins["channels"] == "default":
        finish = replace(finish, channels=min(info["channels"], 2))
    if origins["bit_depth"] == "default" and info["subtype"] in SUBTYPES:
        settings = replace(settings, bit_depth=SUBTYPES[info["subtype"]])
    return replace(request, finish=finish), settings


def _paths(out: str, request: Request, settings: Settings, model: str) -> tuple[Path, ...]:
    from pathlib import Path

    from ..errors import OutputError, RequestError
    from ..jobs import file_names
    from ..names import check_template
    from ..wav import SUFFIXES

    if out == "-":
        raise RequestError("Sounds do not go to standard output; name a file or a folder.")
    place = Path(out).expanduser()
    into_folder = place.is_dir() or out.endswith(("/", "\\")) or not place.suffix
    if not into_folder and place.suffix.lower() not in SUFFIXES:
        raise RequestError(
            f"Sounds are not written as {place.suffix}; end --out in {', '.join(SUFFIXES)}, or "
            "in '/' for a folder."
        )
    if not into_folder and settings.name:
        raise RequestError(f"--name makes names inside a folder, and --out {out} names a file.")
    any_name = settings.overwrite or settings.skip_existing
    if settings.name:
        names = file_names(request, check_template(settings.name), model)
        paths = tuple(place / name for name in names)
    elif into_folder:
        base = place / file_names(replace(request, variations=1), "{prompt}", model)[0]
        paths = _run_of_names(base, request.variations, free=not any_name)
    else:
        paths = _run_of_names(place, request.variations, free=False)
    there = [path for path in paths if path.exists()]
    if there and not any_name:
        raise OutputError(
            f"{there[0]} exists already; add --overwrite to replace it, --skip-existing to keep "
            "it, or choose another name."
        )
    return paths


def _run_of_names(base: Path, count: int, *, free: bool) -> tuple[Path, ...]:
    """`base` itself for one sound, else numbered from 1; later numbers if `free` ones are due."""
    from ..names import numbered

    paths = (base,) if count == 1 else tuple(numbered(base, 1 + index) for index in range(count))
    first = 1
    while free and any(path.exists() for path in paths):
        first += 1
        paths = tuple(numbered(base, first + index) for index in range(count))
    return paths
