"""Engine files: a bundle's graphs compiled for NVIDIA cards, where there need not be one."""

from __future__ import annotations

from .compiling import Refused
from .making import Progress, engine_graphs, make_engines, rtx_target
from .toolkit import Toolkit, rtx_toolkit, tensorrt_toolkit

__all__ = [
    "Progress",
    "Refused",
    "Toolkit",
    "engine_graphs",
    "make_engines",
    "rtx_target",
    "rtx_toolkit",
    "tensorrt_toolkit",
]
