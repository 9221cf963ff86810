"""Trying a device in a process of its own: a broken driver ends that one, and not this."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, TypeAlias, cast

from .child import end, ending, start
from .driver import Card, ask
from .errors import DeviceError
from .providers import CPU, PROVIDERS, Refusal, built_for, rtx_plays_on

__all__ = ["Tried", "Watch", "child", "probe", "watched"]

Watch: TypeAlias = Callable[[str, float], None]
"""Called with the device that is being tried, and for how many seconds it has been."""

_LIMIT = 30.0  # seconds; the first start of a driver after booting takes several
_LOOK = 0.1  # seconds between two calls of a watch
_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)
_OTHER = "install another version of it, or choose another device"
_MISSING = re.compile(
    r"(?P<glibc>[\w.+-]+\.so[\w.]*): cannot open shared object file"
    r'|which depends on "(?P<onnxruntime>[^"]+)" which is missing'
    r"|Could not find module '(?P<ctypes>[^']+)'"
)
_UNLOADED = re.compile(r"Failed to load library .* with error: (.+)")
_CURES = {
    r"libcuda\.|libnvidia-|nvcuda": "it comes with NVIDIA's driver",
    r"libnv(infer|onnxparser)|nv(infer|onnxparser)": (
        "install TensorRT of that version and put its folder on the loader's path"
    ),
    r"lib(cu|nvrtc|nvJit)|cu|nvrtc": '`pip install "onnxruntime-gpu[cuda,cudnn]"` brings it',
}
_GRAPH = base64.b64decode(  # y = x + x
    "CAgSADo5Cg4KAXgKAXgSAXkiA0FkZBIFcHJvYmVaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggBQgQKABAN"
)


@dataclass(frozen=True)
class Tried:
    """A device that ran a graph: ONNX Runtime's name of its provider, and NVIDIA's card."""

    provider: str
    card: Card | None


@contextmanager
def watched(look: Watch) -> Generator[None, None, None]:
    """While the block runs, `look` is called again and again during every try of this thread; what
    it raises ends the try."""
    token = _watch.set(look)
    try:
        yield
    finally:
        _watch.reset(token)


@cache
def probe(device: str) -> Tried | Refusal:
    """What ran a graph on a device, or why nothing did.

    The first call for a device takes up to some seconds, or half a minute where a driver hangs:
    see `watched`.
    """
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as said:
        try:
            process = start("probe", device, out=told, err=said)
        except (OSError, DeviceError) as problem:
            return Refusal(f"it cannot be tried: {problem}", "choose another device")
        try:
            code = _ended(process, device)
        finally:
            end(process)
        told.seek(0)
        said.seek(0)
        answered, printed = told.read(), said.read().decode("utf-8", "replace")
    if code is None:
        return Refusal(f"the driver did not answer within {_LIMIT:g} seconds", _OTHER)
    if code != 0:
        return Refusal(f"the driver ended its probe with {ending(code, printed)}", _OTHER)
    return _understood(answered, printed)


def child(device: str, tell: Callable[[Mapping[str, Any]], None]) -> None:
    """Try a device, in the process that `probe` started, and tell the outcome."""
    try:
        outcome = _tried(device)
    except BaseException as problem:
        text = " ".join(str(problem).split()) or type(problem).__name__
        text = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", text)
        text = text.removeprefix(f"{device} cannot be used: ").rstrip(".")
        outcome = Refusal(text, _OTHER)
    tell(asdict(outcome))


def _ended(process: Any, device: str) -> int | None:
    """The code that a child ended with; None where it did not in time."""
    look, began = _watch.get(), time.monotonic()
    while (left := began + _LIMIT - time.monotonic()) > 0:
        with suppress(subprocess.TimeoutExpired):
            return cast(int, process.wait(min(_LOOK, left)))
        if look:
            look(device, time.monotonic() - began)
    return None


def _tried(device: str) -> Tried | Refusal:
    card = ask(built_for(device)) if PROVIDERS[device].nvidia else None
    if isinstance(card, Refusal):
        return card
    if device == "rtx" and card:
        number = card.compute_capability
        if not rtx_plays_on(*map(int, number.split("."))):
            return Refusal(
                f"it runs on compute capability 8.6, 8.9, and 12.0 or newer, and {card.name} has "
                f"{number}",
                "use --device cuda",
            )
    ran = _ran(device)
    return ran if isinstance(ran, Refusal) else Tried(ran, card)


def _ran(device: str) -> str | Refusal:
    """Run a graph of one node, which the device must take."""
    import numpy as np
    import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

    from .device import Choice
    from .providers import attach, named

    ort = cast(Any, onnxruntime)
    name = named(device)
    options = ort.SessionOptions()
    if name != CPU:
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    providers = attach(Choice(device, name, ""), options, hot=False)[:1]  # and not the CPU behind
    try:
        session = ort.InferenceSession(_GRAPH, options, providers=providers, enable_fallback=0)
    except Exception as problem:
        if "fallback to CPU EP" in str(problem):
            return Refusal("its libraries do not start", _OTHER)
        raise
    session.run(None, {"x": np.ones(1, np.float32)})
    return cast(str, session.get_providers()[0])


def _understood(answered: bytes, printed: str) -> Tried | Refusal:
    try:
        told = json.loads(answered)
        if "provider" in told:
            card = told["card"]
            return Tried(str(told["provider"]), Card(**card) if card else None)
        refusal = Refusal(str(told["cause"]), str(told["cure"]))
    except (ValueError, KeyError, TypeError):
        return Refusal("the driver kept its probe from answering", _OTHER)
    # Why a library does not load, ONNX Runtime tells to its log alone.
    if missing := _MISSING.search(f"{refusal.cause}\n{printed}"):
        library = next(filter(None, missing.groups()))
        cures = (cure for names, cure in _CURES.items() if re.match(names, library))
        return Refusal(f"the library {library} is missing", next(cures, "install it"))
    if unloaded := _UNLOADED.search(printed):
        return Refusal(f"its library does not load ({unloaded[1]})", _OTHER)
    return refusal
