"""Where a comparison ran: the machine and the versions of what took part."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from hearsight.machine import cards, memory

__all__ = ["describe", "evict", "seconds_to_read"]

_SETS = (  # of instructions that matrix products are made of, as Linux calls them
    "avx2", "fma", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "avx512_fp16",
    "amx_int8", "amx_bf16", "asimd", "asimddp", "i8mm", "bf16", "sve",
)  # fmt: skip
_PACKAGES = (
    "torch", "diffusers", "transformers", "onnxruntime", "onnxruntime-gpu", "openvino", "numpy"
)  # fmt: skip
_CHUNK = 1 << 24


def describe() -> dict[str, str]:
    """The machine, row by row."""
    told = _processor()
    total = memory().total
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    rows = {
        "processor": told.get("model name") or platform.processor() or platform.machine(),
        "cores": str(usable),
        "instructions": " ".join(
            word for word in _SETS if word in told.get("flags", told.get("Features", "")).split()
        ),
        "memory": f"{total / 2**30:.0f} GiB" if total else "",
        "system": _system(),
        "Python": platform.python_version(),
    }
    for card in cards():
        rows["GPU"] = f"{card.name}, {card.total / 2**30:.0f} GiB, driver {card.driver}"
    for package in _PACKAGES:
        try:
            rows[package] = version(package)
        except PackageNotFoundError:
            continue
    return {name: value for name, value in rows.items() if value}


def evict(files: Iterable[Path]) -> None:
    """Ask the system to forget what it holds of these files, so that they are read anew."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in files:
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def seconds_to_read(files: Iterable[Path]) -> float:
    """How long it takes to read them one after another from the disk."""
    files = list(files)
    evict(files)
    start = time.perf_counter()
    for path in files:
        with path.open("rb", buffering=0) as file:
            while file.read(_CHUNK):
                pass
    return time.perf_counter() - start


def _processor() -> dict[str, str]:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.partition(":") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _system() -> str:
    try:
        named = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform()
    return f"{named}, {platform.system()} {platform.release()} {platform.machine()}"
