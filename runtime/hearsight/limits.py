"""What may be asked for: the range of every field of a request, and the choices left open."""

from __future__ import annotations

import math
import secrets
from dataclasses import replace
from typing import Any

from .errors import RequestError
from .manifest import Manifest
from .request import Finish, Prompt, Request

__all__ = ["check", "resolve"]

_CHOICES = {
    "mix": ("average", "branches"),
    "solver": ("ddim", "dpm++2m", "euler"),
    "level": ("none", "peak", "lufs"),
    "channels": (1, 2),
    "modality": ("text", "image", "video", "audio"),
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
        _number("seconds", request.seconds, 0.01, 3600)
    if request.seed is not None:
        _number("seed", request.seed, 0, 2**63 - 1, whole=True)
    if request.steps is not None:
        _number("steps", request.steps, 1, 1000, whole=True)
    if request.guidance is not None:
        _number("guidance", request.guidance, 0, 30)
    if request.solver is not None:
        _choice("solver", request.solver)
    if request.eta is not None:
        _number("eta", request.eta, 0, 1)
    _finish(request.finish)


def resolve(request: Request, manifest: Manifest) -> Request:
    """The same request with the generator's defaults and a seed in place of every None.

    Raises:
        RequestError: as `check`, and for lengths and choices that this generator does not have.
    """
    check(request)
    assert manifest.defaults is not None, "only generators resolve requests"
    defaults = manifest.defaults
    seconds = defaults.seconds if request.seconds is None else request.seconds
    shortest, longest = defaults.limits.min_seconds, defaults.limits.max_seconds
    if not shortest <= seconds <= longest:
        raise RequestError(
            f"seconds is {seconds:g}; {manifest.name!r} makes sounds of {shortest:g} to "
            f"{longest:g} seconds."
        )
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
        solver=solver,
        eta=float(eta),
    )


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
    spoken = [prompt.weight for prompt in prompts if not prompt.blank]
    total = math.fsum(spoken)
    if spoken and total <= 0:
        raise RequestError(
            f"The weights of the prompts sum to {total:g}; raise some until the sum is above 0, "
            "or use a negative prompt."
        )


def _finish(finish: Finish) -> None:
    _number("trim_db", finish.trim_db, -120, 0)
    _number("loop_seconds", finish.loop_seconds, 0.001, 60)
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
