"""This machine in numbers: memory, this process's share of it, disks and graphics cards."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "Card",
    "Memory",
    "cards",
    "free_disk",
    "memory",
    "peak_memory",
    "processor",
    "system",
    "vectors",
]

_MIB = 1 << 20
_VECTORS = ("avx512f", "avx2", "avx", "sve", "asimd")  # the widest first


@dataclass(frozen=True)
class Memory:
    """Main memory in bytes; None where the system does not tell.

    `available` is what new work may take without swapping, within the limit that a container
    sets.
    """

    total: int | None
    available: int | None


@dataclass(frozen=True)
class Card:
    """An NVIDIA graphics card as its driver describes it; memory in bytes."""

    name: str
    driver: str
    compute_capability: str
    total: int
    free: int


def memory() -> Memory:
    """Main memory now."""
    if sys.platform == "win32":
        return _windows_memory()
    told = _meminfo()
    if "MemTotal" not in told:
        names = ("SC_PAGE_SIZE", "SC_PHYS_PAGES")
        known = all(name in os.sysconf_names for name in names)
        return Memory(os.sysconf(names[0]) * os.sysconf(names[1]) if known else None, None)
    limit, used = (
        _number(Path("/sys/fs/cgroup", name)) for name in ("memory.max", "memory.current")
    )
    total, available = told["MemTotal"], told.get("MemAvailable", 0)
    if limit is not None and used is not None and limit < total:
        total, available = limit, max(0, min(available, limit - used))
    return Memory(total, available)


def peak_memory() -> int | None:
    """The most main memory this process ever held, in bytes."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def free_disk(path: Path) -> int | None:
    """Free bytes where `path` is or would be."""
    there = next((place for place in (path, *path.parents) if place.exists()), None)
    try:
        return shutil.disk_usage(there).free if there else None
    except OSError:
        return None


def cards() -> tuple[Card, ...]:
    """The NVIDIA cards that the driver's own tool lists; none when there is no driver."""
    tool = shutil.which("nvidia-smi")
    if not tool:
        return ()
    query = "name,driver_version,compute_cap,memory.total,memory.free"
    try:
        told = subprocess.run(
            [tool, f"--query-gpu={query}", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        ).stdout
        rows = [[cell.strip() for cell in line.split(",")] for line in told.splitlines() if line]
        return tuple(
            Card(name, driver, capability, int(total) * _MIB, int(free) * _MIB)
            for name, driver, capability, total, free in rows
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return ()


def processor() -> str:
    """The processor's name as its maker gave it, or its architecture."""
    told = ""
    if sys.platform == "win32":
        import winreg

        path = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
        with contextlib.suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path) as key:
            told = str(winreg.QueryValueEx(key, "ProcessorNameString")[0])
    elif sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        with contextlib.suppress(OSError):
            told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    else:
        told = _cpuinfo("model name")
    return " ".join(told.split()) or platform.machine()


def vectors() -> str:
    """The processor's widest vector instructions, such as `avx512f`; empty where Linux is not
    there to tell. Virtual machines give unlike processors one name."""
    able = (_cpuinfo("flags") or _cpuinfo("Features")).split()
    return next((name for name in _VECTORS if name in able), "")


def _cpuinfo(key: str) -> str:
    """What Linux tells of the first processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    told = (line.partition(":") for line in lines)
    return next((value.strip() for name, _, value in told if name.strip() == key), "")


def system() -> str:
    """System and architecture, such as `linux-x86_64` or `windows-amd64`."""
    return f"{platform.system()}-{platform.machine()}".lower()


def _meminfo() -> dict[str, int]:
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return {}
    parts = (line.split() for line in lines)
    return {name.rstrip(":"): int(value) * 1024 for name, value, *unit in parts if unit}


def _number(path: Path) -> int | None:
    try:
        text = path.read_text("ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


class _Status(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("total", ctypes.c_uint64),
        ("available", ctypes.c_uint64),
        ("rest", ctypes.c_uint64 * 5),
    )


def _windows_memory() -> Memory:
    status = _Status(length=ctypes.sizeof(_Status))
    kernel = ctypes.CDLL("kernel32")
    if not kernel.GlobalMemoryStatusEx(ctypes.byref(status)):
        return Memory(None, None)
    return Memory(int(status.total), int(status.available))
