"""Telling people about machines and failures: the device line, and what to copy into a report."""

from __future__ import annotations

import json
import platform
import traceback
from collections.abc import Iterable
from pathlib import Path

from hearsight import (
    Heard,
    HearsightError,
    Request,
    Take,
    graphics_cards,
    memory,
    request_to_json,
)

__all__ = [
    "details_of",
    "device_line",
    "heard_words",
    "memory_line",
    "message_of",
    "provider_words",
]

_PROVIDERS = {
    "CPUExecutionProvider": "processor",
    "CUDAExecutionProvider": "NVIDIA card, CUDA",
    "TensorrtExecutionProvider": "NVIDIA card, TensorRT",
    "NvTensorRTRTXExecutionProvider": "NVIDIA card, TensorRT-RTX",
    "OpenVINO": "processor, OpenVINO",
    "DmlExecutionProvider": "graphics card, DirectML",
    "CoreMLExecutionProvider": "Core ML",
}
_GB = 1e9


def provider_words(provider: str) -> str:
    """What a provider of graphs computes on, for people."""
    return _PROVIDERS.get(provider, provider)


def device_line(take: Take) -> str:
    """What made a take: `Processor, fp32.`"""
    provider = provider_words(take.plan.provider)
    return f"{provider[:1].upper()}{provider[1:]}, {take.plan.precision}."


def memory_line(provider: str) -> str:
    """Free memory where a provider keeps its graphs, in a sentence; nothing where it is not told.

    It may start a program of the graphics driver, so ask from a worker.
    """
    if provider and "processor" not in provider_words(provider):
        if cards := graphics_cards():
            return f"{_gb(cards[0].free)} of {_gb(cards[0].total)} GB free on {cards[0].name}."
        return ""
    now = memory()
    if now.available is None or now.total is None:
        return ""
    return f"{_gb(now.available)} of {_gb(now.total)} GB of memory free."


def message_of(problem: BaseException) -> str:
    """A failure in sentences for people: what happened, and what to do."""
    if isinstance(problem, HearsightError):
        return str(problem)
    if isinstance(problem, MemoryError):
        return "There is not enough memory for this sound. Make it shorter, or free memory."
    said = f"{type(problem).__name__}: {problem}".rstrip(": ")
    return (
        f"Something went wrong that nobody foresaw ({said}). Try again; if it happens again, "
        "copy the details and report them."
    )


def details_of(problem: BaseException, request: Request | None = None, model: str = "") -> str:
    """All that helps to find out what went wrong, as text to copy."""
    told = ["".join(traceback.format_exception(problem)).rstrip()]
    if request is not None:
        told.append(f"model: {model}\nrequest: {json.dumps(request_to_json(request))}")
    told.append(f"{platform.platform()}, Python {platform.python_version()}")
    return "\n\n".join(told)


def heard_words(request: Request, sources: Iterable[Heard]) -> str:
    """What was heard in the pictures of a request: `Heard in a.png: part 1 (87% sure), part 2
    (60% sure, muted)`. Nothing where nothing was."""
    told: dict[int, list[str]] = {}
    parts = 0
    for heard in sources:
        said = told.setdefault(heard.prompt, [])
        parts = parts + 1 if said and heard.box else int(heard.box is not None)
        said.append(_heard(heard, parts))
    names = {place: Path(request.prompts[place].value).name for place in told}
    return "; ".join(f"Heard in {names[place]}: {', '.join(said)}" for place, said in told.items())


def _heard(heard: Heard, number: int) -> str:
    what = f"part {number}" if heard.box else "the whole picture"
    counts = "muted" if heard.weight == 0 else f"counts {heard.weight:g}"
    facts = [] if heard.score is None else [f"{heard.score:.0%} sure"]
    facts += [counts] if heard.weight != 1 else []
    return f"{what} ({', '.join(facts)})" if facts else what


def _gb(count: int) -> str:
    return f"{count / _GB:.1f}"
