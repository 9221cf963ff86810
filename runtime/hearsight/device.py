"""Which device can really run graphs here, and why not the others."""

from __future__ import annotations

import base64
import contextlib
import ctypes
import io
import os
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import numpy as np
import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

from .errors import DeviceError

__all__ = ["Choice", "choose", "cuda_refusal"]

ort = cast(Any, onnxruntime)  # it comes without types
CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
_FATAL, _WARNING = 4, 2  # severities of ONNX Runtime's log
_DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Choice:
    """A device that works: ONNX Runtime's providers, the first of which counts, and why."""

    providers: tuple[str, ...]
    why: str

    @property
    def provider(self) -> str:
        """The provider that runs the graphs."""
        return self.providers[0]


def choose(device: str) -> Choice:
    """Find the providers for `auto`, `cpu` or `cuda`.

    Raises:
        DeviceError: another word, or CUDA was named and cannot be had; says why.
    """
    if device not in _DEVICES:
        raise DeviceError(f'There is no device "{device}"; choose one of {", ".join(_DEVICES)}.')
    if device == "cpu":
        return Choice((CPU,), "The CPU was asked for.")
    refusal = cuda_refusal()
    if not refusal:
        asked = "was asked for" if device == "cuda" else "works on this machine"
        return Choice((CUDA, CPU), f"The GPU {asked}.")
    if device == "cuda":
        raise DeviceError(f"CUDA cannot be used: {refusal}. Without --device cuda the CPU is used.")
    return Choice((CPU,), f"The CPU, for CUDA cannot be used: {refusal}.")


@cache
def cuda_refusal() -> str:
    """Why CUDA does not work here, or nothing when a graph really ran on it.

    ONNX Runtime lists providers on machines that have no such device, falls back silently and
    tells the reason to its log alone; so the parts are tried one by one.
    """
    if CUDA not in ort.get_available_providers():
        return (
            f"the installed ONNX Runtime {ort.__version__} is built without it; "
            "install onnxruntime-gpu in place of onnxruntime"
        )
    try:
        ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
    except OSError as problem:
        return f"the NVIDIA driver cannot be loaded ({problem})"
    said = io.StringIO()
    ort.set_default_logger_severity(_FATAL)
    try:
        with contextlib.redirect_stdout(said):
            ort.preload_dlls()
        session = ort.InferenceSession(_PROBE, providers=[CUDA], enable_fallback=0)
        if session.get_providers()[0] == CUDA:
            session.run(None, {"x": np.ones(1, np.float32)})
            return ""
    except Exception as problem:
        return " ".join(str(problem).split())
    finally:
        ort.set_default_logger_severity(_WARNING)
    missing = [line for line in said.getvalue().splitlines() if line.startswith("Failed")]
    return missing[0] if missing else "its libraries do not start; is cuDNN 9 installed?"


_PROBE = base64.b64decode(  # y = x + x
    "CAgSADo5Cg4KAXgKAXgSAXkiA0FkZBIFcHJvYmVaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggBQgQKABAN"
)
