"""Prompts, levels, ranges and files as people write them, on a command line or in a table."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Literal

from . import _sniff, signals
from .errors import MediaError, RequestError
from .limits import MOST_SECONDS
from .request import Init, Like, Modality, Prompt, Search, request_from_json

__all__ = [
    "found",
    "parse_init",
    "parse_level",
    "parse_prompt",
    "parse_range",
    "parse_size",
    "parse_weights",
    "read_like",
    "search_for",
]

_FAR = {"inpaint": MOST_SECONDS, "inpaint_band": 96000.0, "guidance_interval": 1.0}
_EXAMPLES = {
    "inpaint": "1.5:3 (seconds)",
    "inpaint_band": "2000:8000 (Hz)",
    "guidance_interval": "0.2:1",
}
_SIZE = re.compile(r"([0-9]{0,15}\.?[0-9]{1,15}) ?([kmg]?)b?", re.IGNORECASE)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_WEIGHT = re.compile(r"(?s)(.*)::([-+]?[0-9.]+(?:e[-+]?[0-9]+)?)")


def parse_prompt(modality: Modality, written: str) -> Prompt:
    """A prompt as people write it: `rain`, or `rain::0.5` to give it a weight."""
    match = _WEIGHT.fullmatch(written)
    if not match:
        return Prompt(modality, written)
    try:
        return Prompt(modality, match[1].rstrip(), float(match[2]))
    except ValueError:
        raise RequestError(f"{written!r}: the weight after '::' must be a number.") from None


def parse_level(written: str) -> tuple[Literal["auto", "none", "peak", "lufs"], float]:
    """`auto`, `none`, `peak`, `peak=-6`, `lufs` or `lufs=-16`: a finishing level, dBFS or LUFS."""
    kind, _, value = written.partition("=")
    try:
        if kind in ("auto", "none") and not value:
            return kind, -1.0
        if kind == "peak":
            return "peak", float(value or -1)
        if kind == "lufs":
            return "lufs", float(value or -23)
    except ValueError:
        pass
    raise RequestError(
        f"The level {written!r} is not understood; write auto, none, "
        "peak, peak=-6, lufs or lufs=-16."
    )


def parse_size(written: str) -> int:
    """`1.5GB`, `800M` or a number of bytes."""
    match = _SIZE.fullmatch(written.strip())
    if not match:
        raise RequestError(f"The size {written!r} is not understood; write 1.5GB or 800MB.")
    return round(float(match[1]) * _UNITS[match[2].lower()])


def parse_weights(written: str) -> tuple[float, ...]:
    """`1,0,0.5`: what the parts of a picture count, in their order."""
    try:
        return tuple(float(one) for one in written.split(","))
    except ValueError:
        raise RequestError(
            f"The weights {written!r} are not understood; write numbers as in 1,0,0.5."
        ) from None


def search_for(
    cycle_its: int | None, cycle_samples: int | None, var_samples: int | None
) -> Search | None:
    """How long a condition is searched, None if nothing is said of it.

    Args:
        cycle_its: rounds after the first, as the research scripts count them.
        cycle_samples: candidates in each round.
        var_samples: draws that each is the mean of.

    Raises:
        RequestError: there are less than no rounds.
    """
    if cycle_its is not None and cycle_its < 0:
        raise RequestError(f"cycle_its is {cycle_its}; it must be 0 or more.")
    rounds = None if cycle_its is None else cycle_its + 1
    asked = Search(rounds, cycle_samples, var_samples)
    return None if asked == Search() else asked


def parse_range(written: str, what: str) -> tuple[float, float]:
    """`1.5:3` as two numbers; an open end is the beginning, or as far as it goes.

    Raises:
        RequestError: names `what` and how it is written.
    """
    start, colon, end = written.partition(":")
    try:
        if colon and (start.strip() or end.strip()):
            return float(start or 0), float(end or _FAR[what])
    except ValueError:
        pass
    raise RequestError(
        f"{what} is {written!r}; write its start and end with a colon between, as in "
        f"{_EXAMPLES[what]}."
    )


def parse_init(
    file: str, strength: float | None, inpaint: str, inpaint_band: str, folder: Path
) -> Init | None:
    """What a request begins with, from a path in `folder`; None without one.

    Raises:
        RequestError: something is said about a sound to begin with, and none is given.
        MediaError: no such file, or no sound.
    """
    if not file:
        said = {"strength": strength is not None, "inpaint": inpaint, "inpaint_band": inpaint_band}
        for name, is_said in said.items():
            if is_said:
                raise RequestError(f"{name} is about the sound to begin with: name it with init.")
        return None
    path = found(Prompt("audio", file), folder).value
    span = parse_range(inpaint, "inpaint") if inpaint else None
    band = parse_range(inpaint_band, "inpaint_band") if inpaint_band else None
    return Init(path, strength, span, band)


def read_like(file: Path, spread: float | None) -> Like:
    """The sound in a file that this package wrote, as one to stay near to.

    Raises:
        MediaError: it is no such file.
        RequestError: its request is of another version.
    """
    from .wav import read_record, read_request

    seed = read_record(file).get("item_seed")
    if not isinstance(seed, int):
        raise MediaError(f"The record in {file} does not say which noise it was made of.")
    like = Like(seed, like=request_from_json(read_request(file)).like)
    return like if spread is None else replace(like, spread=spread)


def found(prompt: Prompt, folder: Path) -> Prompt:
    """The prompt with its path, if it has one, taken from `folder`.

    Raises:
        MediaError: no such file, or one that is not what its place says.
    """
    if prompt.modality == "text":
        return prompt
    if "://" in prompt.value:
        raise MediaError(
            f"{prompt.value} is an address, and nothing is fetched from a network: download the "
            "file first and name it."
        )
    path = folder / prompt.value
    if prompt.modality == "imu":
        return replace(prompt, value=str(signals.checked(path)))
    kind = "image" if prompt.modality in ("depth", "thermal") else prompt.modality
    return replace(prompt, value=str(_sniff.checked(path, kind)))
