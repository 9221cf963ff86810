"""NVIDIA's driver, asked itself: which CUDA it supports and which card it drives first.

Loading a driver can crash or hang: only a process that may end does this (see `probe`).
"""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from typing import Any

from . import machine
from .providers import Refusal

__all__ = ["Card", "ask"]

_LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
_MAJOR, _MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_*, CUDA driver API reference
_NO_CARD = 100  # CUDA_ERROR_NO_DEVICE


@dataclass(frozen=True)
class Card:
    """The card that CUDA counts first, on which providers run graphs unless they are told another.

    driver: its version, or the newest CUDA that it supports where only that is told.
    """

    name: str
    compute_capability: str
    driver: str


def ask(cuda: int | None) -> Card | Refusal:
    """Ask the driver, for a provider that is built for the major version `cuda`."""
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError as problem:
        return Refusal(
            f"NVIDIA's driver cannot be loaded: {problem}", "install it, if there is a card"
        )
    version = ctypes.c_int(0)
    library.cuDriverGetVersion(ctypes.byref(version))
    newest = version.value // 1000, version.value % 1000 // 10
    if cuda and newest[0] < cuda:
        return Refusal(
            f"it is built for CUDA {cuda}, and the driver supports CUDA {newest[0]}.{newest[1]} "
            "at most",
            "install a newer driver",
        )
    code = library.cuInit(0)
    count = ctypes.c_int(0)
    if code == 0:
        code = library.cuDeviceGetCount(ctypes.byref(count))
    if code not in (0, _NO_CARD):
        return Refusal(
            f"NVIDIA's driver does not start ({_error(library, code)})", "reinstall the driver"
        )
    if not count.value:
        return Refusal(
            "NVIDIA's driver finds no card", "look at CUDA_VISIBLE_DEVICES, if there is one"
        )
    # Cards may be hidden from CUDA or counted in another order there, but they share one driver.
    release = next((card.driver for card in machine.cards()), f"CUDA {newest[0]}.{newest[1]}")
    return Card(*_first(library), release)


def _first(library: Any) -> tuple[str, str]:
    device, name = ctypes.c_int(0), ctypes.create_string_buffer(256)
    library.cuDeviceGet(ctypes.byref(device), 0)
    library.cuDeviceGetName(name, len(name), device)
    capability = [ctypes.c_int(0), ctypes.c_int(0)]
    for value, attribute in zip(capability, (_MAJOR, _MINOR), strict=True):
        library.cuDeviceGetAttribute(ctypes.byref(value), attribute, device)
    major, minor = (value.value for value in capability)
    return name.value.decode("utf-8", "replace"), f"{major}.{minor}"


def _error(library: Any, code: int) -> str:
    text = ctypes.c_char_p()
    library.cuGetErrorName(code, ctypes.byref(text))
    return f"error {code}, {text.value.decode()}" if text.value else f"error {code}"
