"""What may be asked for: the range of every field of a request, and the choices left open."""

from __future__ import annotations

import math
import secrets
from dataclasses import replace
from typing import Any

from .chains import MODALITIES
from .errors import RequestError
from .manifest import Manifest
from .request import Finish, Init, Like, Prompt, Request, Search

__all__ = ["MOST_SECONDS", "check", "resolve"]

MOST_SECONDS = 600.0

_DEFAULT_STRENGTH = 0.6
_MOST_LIKES = 32
_MOST_SEARCHED = {"rounds": 10_000, "candidates": 10_000, "draws": 1_000_000}
_MOST_SOURCES = 1000  # parts of one picture
_CHOICES = {
    "mix": ("average", "raw", "unit", "branches"),
    "solver": ("ddim", "dpm++2m", "euler"),
    "level": ("auto", "none", "peak", "lufs"),
    "channels": (1, 2),
    "modality": MODALITIES,
}


def check(request: Request) -> None:
    """Refuse what no bundle could do; needs no bundle and reads no file.

    Raises:
        RequestError: names the field, its value and what it may be.
    """
    _prompts(request.prompts)
    _text("negative", request.negative)
    _text("id", request.id)
    _number("variations", request.variations, 1, 1000, whole=True)
    _number("first_variation", request.first_variation, 0, 2**31 - 1, whole=True)
    _choice("mix", request.mix)
    if request.seconds is not None:
        _number("seconds", request.seconds, 0.01, MOST_SECONDS)
    if request.seed is not None:
        _number("seed", request.seed, 0, 2**63 - 1, whole=True)
    if request.steps is not None:
        _number("steps", request.steps, 1, 1000, whole=True)
    if request.guidance is not None:
        _number("guidance", request.guidance, 0, 30)
    if request.guidance_interval is not None:
        _interval(request.guidance_interval)
    if request.solver is not None:
        _choice("solver", request.solver)
    if request.eta is not None:
        _number("eta", request.eta, 0, 1)
    _number("candidates", request.candidates, 1, 100, whole=True)
    if request.init is not None:
        _init(request.init)
    if request.like is not None:
        _like(request.like)
    if request.search is not None:
        _search(request.search)
    _finish(request.finish)
    if request.candidates > 1 and all(prompt.blank for prompt in request.prompts):
        raise RequestError(
            "Candidates are compared with the prompts, and there is none; describe a sound, or "
            "leave candidates at 1."
        )
    if request.candidates > 1 and request.like and request.like.spread == 0:
        raise RequestError("With like.spread 0 all candidates are one sound; raise the spread.")
    if request.loop and request.finish.trim:
        raise RequestError("A loop has no ends to trim; leave trim or loop out.")
    if request.loop and request.init and request.init.partial:
        raise RequestError(
            "A sound of which a part stays as it is cannot be made to loop; make the whole anew, "
            "with a strength."
        )


def resolve(request: Request, manifest: Manifest) -> Request:
    """The same request with the generator's defaults and a seed in place of every None.

    Where the length is open it is that of `init` or of the one video, as far as it can be made.

    Raises:
        RequestError: as `check`, and for lengths and choices that this generator does not have.
        MediaError: the file whose length counts cannot be read.
    """
    check(request)
    assert manifest.defaults is not None, "only generators resolve requests"
    defaults = manifest.defaults
    shortest = defaults.limits.min_seconds
    seconds = request.seconds
    if seconds is None:
        seconds = min(max(_natural_seconds(request, defaults.seconds), shortest), MOST_SECONDS)
    if not shortest <= seconds <= MOST_SECONDS:
        raise RequestError(
            f"seconds is {seconds:g}; {manifest.name!r} makes sounds of {shortest:g} to "
            f"{MOST_SECONDS:g} seconds."
        )
    init = request.init
    if init:
        init = _resolved_init(init, seconds, manifest)
    solver = defaults.solver if request.solver is None else request.solver
    eta = request.eta
    if eta is None:
        eta = defaults.eta if solver == "ddim" else 0.0
    elif eta and solver != "ddim":
        raise RequestError(
            f"eta is {eta:g}; only solver 'ddim' adds noise, {solver!r} needs eta 0."
        )
    return replace(
        request,
        seconds=float(seconds),
        seed=secrets.randbelow(2**32) if request.seed is None else request.seed,
        steps=defaults.steps if request.steps is None else request.steps,
        guidance=float(defaults.guidance if request.guidance is None else request.guidance),
        guidance_interval=request.guidance_interval or (0.0, 1.0),
        solver=solver,
        eta=float(eta),
        init=init,
        finish=_resolved_finish(request),
    )


def _natural_seconds(request: Request, default: float) -> float:
    """The length that the request's files suggest."""
    from . import media

    if request.init:
        there, span = media.audio_seconds(request.init.file), request.init.span
        return max(there, span[1]) if span and span[1] < MOST_SECONDS else there
    videos = [prompt for prompt in request.prompts if prompt.modality == "video"]
    return media.video_seconds(videos[0].value) if len(videos) == 1 else default


def _resolved_finish(request: Request) -> Finish:
    if request.finish.level != "auto":
        return request.finish
    partial = request.init is not None and request.init.partial
    return replace(request.finish, level="none" if partial else "peak")


def _resolved_init(init: Init, seconds: float, manifest: Manifest) -> Init:
    assert manifest.latent, "only generators resolve requests"
    if "encode" not in manifest.graphs:
        raise RequestError(
            f"{manifest.name!r} cannot begin with a sound: it has no encoder. Leave init out."
        )
    if init.span and init.span[0] >= seconds:
        raise RequestError(
            f"init.span begins at {init.span[0]:g} s, and the sound lasts {seconds:g} s."
        )
    if init.span:
        from . import media

        there = media.audio_seconds(init.file)
        if init.span[0] > there:
            raise RequestError(
                f"init.span begins at {init.span[0]:g} s, and {init.file} ends at {there:g} s: "
                "begin there, or before."
            )
    bands = manifest.latent.bands
    if init.band and not bands:
        raise RequestError(
            f"{manifest.name!r} cannot make a band of frequencies anew, only a span of time."
        )
    if init.band and not init.band[0] < bands[-1]:
        raise RequestError(
            f"init.band begins at {init.band[0]:g} Hz, and {manifest.name!r} ends at "
            f"{bands[-1]:g} Hz."
        )
    strength = init.strength
    if strength is None:
        strength = 1.0 if init.partial else _DEFAULT_STRENGTH
    return replace(init, strength=float(strength))


def _prompts(prompts: tuple[Prompt, ...]) -> None:
    if not prompts:
        raise RequestError(
            "The request has no prompt; give at least one text, picture, video or sound."
        )
    for index, prompt in enumerate(prompts):
        where = f"prompts[{index}]"
        _choice("modality", prompt.modality, f"{where}.modality")
        _text(f"{where}.value", prompt.value)
        if prompt.modality != "text" and not prompt.value:
            raise RequestError(f"{where}.value is empty; give the path of the {prompt.modality}.")
        _number(f"{where}.weight", prompt.weight, -1000, 1000)
        if prompt.weight == 0:
            raise RequestError(f"{where}.weight is 0; leave the prompt out instead.")
        if prompt.sources and prompt.modality != "image":
            raise RequestError(f"{where}.sources weighs parts of a picture; leave it out.")
        if len(prompt.sources) > _MOST_SOURCES:
            raise RequestError(f"{where}.sources may have {_MOST_SOURCES} weights at the most.")
        for place, weight in enumerate(prompt.sources):
            _number(f"{where}.sources[{place}]", weight, 0, 1000)
    spoken = [prompt.weight for prompt in prompts if not prompt.blank]
    total = math.fsum(spoken)
    if spoken and total <= 0:
        raise RequestError(
            f"The weights of the prompts sum to {total:g}; raise some until the sum is above 0, "
            "or use a negative prompt."
        )


def _search(search: Search) -> None:
    for name, most in _MOST_SEARCHED.items():
        value = getattr(search, name)
        if value is not None:
            _number(f"search.{name}", value, 1, most, whole=True)


def _interval(interval: tuple[float, float]) -> None:
    for index, edge in enumerate(interval):
        _number(f"guidance_interval[{index}]", edge, 0, 1)
    if not interval[0] < interval[1]:
        raise RequestError(
            f"guidance_interval is {interval[0]:g} to {interval[1]:g}; its end must be above its "
            "start."
        )


def _init(init: Init) -> None:
    _text("init.file", init.file)
    if not init.file:
        raise RequestError("init.file is empty; give the path of a sound.")
    if init.strength is not None:
        _number("init.strength", init.strength, 0.01, 1)
    for name, pair, most in (("span", init.span, MOST_SECONDS), ("band", init.band, 96000)):
        if pair is not None:
            _number(f"init.{name}[0]", pair[0], 0, most)
            _number(f"init.{name}[1]", pair[1], 0, most)
            if not pair[0] < pair[1]:
                raise RequestError(
                    f"init.{name} is {pair[0]:g} to {pair[1]:g}; its end must be above its start."
                )


def _like(like: Like) -> None:
    chain = [like]
    while chain[-1].like is not None:
        chain.append(chain[-1].like)
    for each in chain:
        _number("like.seed", each.seed, 0, 2**64 - 1, whole=True)
        _number("like.spread", each.spread, 0, 1)
    if len(chain) > _MOST_LIKES:
        raise RequestError(
            f"like goes back over {len(chain)} sounds, and at most {_MOST_LIKES} are followed; "
            "stay near to an earlier one."
        )


def _finish(finish: Finish) -> None:
    _number("trim_db", finish.trim_db, -120, 0)
    _number("fade_in", finish.fade_in, 0, 3600)
    _number("fade_out", finish.fade_out, 0, 3600)
    _choice("level", finish.level)
    _number("level_db", finish.level_db, -70, 0)
    _number("sample_rate", finish.sample_rate, 8000, 192000, whole=True)
    _choice("channels", finish.channels)


def _number(name: str, value: Any, low: float, high: float, *, whole: bool = False) -> None:
    kinds = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise RequestError(f"{name} is {value!r}; it must be {kind} from {low} to {high}.")


def _choice(name: str, value: Any, shown: str = "") -> None:
    if value not in _CHOICES[name]:
        allowed = ", ".join(repr(choice) for choice in _CHOICES[name])
        raise RequestError(f"{shown or name} is {value!r}; it must be one of {allowed}.")


def _text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise RequestError(f"{name} is {value!r}; it must be text.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise RequestError(f"{name} is {value!r:.80}; it must be valid Unicode text.") from None
