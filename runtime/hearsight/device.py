"""Which device can really run graphs here, and why not the others."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

from .errors import DeviceError, RequestError
from .probe import Tried, probe
from .providers import CPU, PROVIDERS, Refusal, absence
from .telemetry import openvino

__all__ = ["DEVICES", "Choice", "choose", "stand_in"]

DEVICES = ("auto", "rtx", "cuda", "tensorrt", "openvino", "directml", "coreml", "cpu")
"""The words for devices. All but `openvino` are run by ONNX Runtime."""

_TRIED = ("rtx", "cuda", "directml", "coreml")  # by `auto`, the best first
_OPENVINO = "OpenVINO"


@dataclass(frozen=True)
class Choice:
    """A device that works: its word, ONNX Runtime's name of its provider or `OpenVINO`, and one
    sentence why it was chosen."""

    device: str
    provider: str
    why: str


def choose(device: str, precision: str | None = None) -> Choice:
    """Find what a word for a device stands for here.

    `auto` takes the first that works of rtx, cuda, directml and coreml, else the CPU; for bf16,
    OpenVINO. What loads a driver is tried in a process of its own, once.

    Raises:
        DeviceError: an unknown word, or what was named cannot be had; says why.
        RequestError: bf16 was asked of a device other than OpenVINO's.
    """
    if device not in DEVICES:
        raise DeviceError(f'There is no device "{device}"; choose one of {", ".join(DEVICES)}.')
    if precision == "bf16":
        if device not in ("auto", "openvino"):
            raise RequestError(
                f"bf16 is computed by OpenVINO alone, not by {device}: use --device openvino or "
                "another precision."
            )
        device = "openvino"
    if device == "cpu":
        return Choice("cpu", CPU, "The CPU was asked for.")
    if device == "auto":
        return _automatic()
    found = _openvino(precision == "bf16") if device == "openvino" else _provider(device)
    if isinstance(found, Refusal):
        raise DeviceError(f"{device} cannot be used: {found}.")
    asked = "bf16, which OpenVINO computes," if precision == "bf16" else device
    return Choice(device, found, f"{asked} was asked for.")


def stand_in(choice: Choice) -> Choice:
    """What plays graphs as they are while they are compiled for `choice`: CUDA or the CPU."""
    found = _provider("cuda") if PROVIDERS[choice.device].nvidia else CPU
    if isinstance(found, Refusal) or found == CPU:
        return Choice("cpu", CPU, choice.why)
    return Choice("cuda", found, choice.why)


def _automatic() -> Choice:
    refused: list[str] = []
    for word in _TRIED:
        if sys.platform not in PROVIDERS[word].systems:
            continue
        found = _provider(word)
        if isinstance(found, str):
            rest = f"; {_not(refused)}" if refused else ""
            return Choice(word, found, f"{word} works on this machine{rest}.")
        refused.append(f"{word} ({found.cause})")
    return Choice("cpu", CPU, f"The CPU, for {_not(refused)}.")


def _not(refused: list[str]) -> str:
    return f"{' and '.join(refused)} cannot be used"


def _provider(word: str) -> str | Refusal:
    found = absence(word) or probe(word)
    return found.provider if isinstance(found, Tried) else found


def _openvino(bf16: bool) -> str | Refusal:
    """OpenVINO's processor part, which loads no driver and is therefore tried right here."""
    if find_spec("openvino") is None:
        return Refusal(
            "the package openvino is not installed", '`pip install "openvino>=2026.2"` brings it'
        )
    able = _capabilities()
    if isinstance(able, Refusal):
        return able
    if bf16 and "BF16" not in able:
        return Refusal("this processor has no instructions for bf16", "use another precision")
    return _OPENVINO


@cache
def _capabilities() -> tuple[str, ...] | Refusal:
    """What OpenVINO says this processor can do."""
    try:
        return tuple(openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
    except Exception as problem:
        return Refusal(
            f"OpenVINO does not start ({' '.join(str(problem).split())})", "install it anew"
        )
