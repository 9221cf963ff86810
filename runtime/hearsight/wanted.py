"""The key of the compiled graph that this machine wants: what builds it here, and for what."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from . import machine
from .errors import DeviceError
from .keys import Key, graph_hash
from .manifest import Manifest
from .precision import RunPrecision, run_in
from .probe import probe
from .profiles import Profile, profiles
from .providers import PROVIDERS, Refusal, absence
from .roles import UNCOMPILED, role_of

__all__ = [
    "Target",
    "builder",
    "builder_library",
    "compilable",
    "library_of",
    "target",
    "wanted_key",
    "wanted_profiles",
]

_WINDOWS = sys.platform == "win32"
_LIBRARIES = {  # by device: the name, the module that brings the library, and its file
    "rtx": (
        "TensorRT-RTX",
        "onnxruntime_ep_nv_tensorrt_rtx",
        "tensorrt_rtx*.dll" if _WINDOWS else "libtensorrt_rtx.so.*",
    ),
    "tensorrt": (
        "TensorRT",
        "tensorrt_libs",
        "nvinfer_[0-9]*.dll" if _WINDOWS else "libnvinfer.so.*",
    ),
}
_PARTS = ("Major", "Minor", "Patch", "Build")


@dataclass(frozen=True)
class Target:
    """What a graph is compiled for; the fields are those of `Key`."""

    builder: str
    targets: tuple[str, ...]
    card: str
    driver: str
    system: str


def target(device: str) -> Target:
    """What graphs are compiled for here: the card that the device was tried on.

    Raises:
        DeviceError: nothing is compiled for the device, its builder is not installed, or it does
            not work.
    """
    made_by, system = builder(device), machine.system()
    if device == "cpu":
        # How weights are laid out for a processor depends on the width of its vectors.
        card = " with ".join(filter(None, (machine.processor(), machine.vectors())))
        return Target(made_by, ("",), card, "", system)
    found = absence(device) or probe(device)
    if isinstance(found, Refusal):
        raise DeviceError(f"{device} cannot be used: {found}.")
    assert found.card, "TensorRT needs NVIDIA's driver"
    card = found.card
    return Target(made_by, (card.compute_capability,), card.name, card.driver, system)


def compilable(manifest: Manifest, device: str) -> tuple[str, ...]:
    """The graphs that are compiled for a device, those that run many times a sound first.

    For TensorRT that is everything but what stays on the processor. For the processor, whose
    graphs are only rearranged, opening faster does not pay for what runs once a sound.
    """
    graphs = manifest.graphs
    hot = tuple(name for name, graph in graphs.items() if graph.hot)
    if device == "cpu":
        return hot
    if device not in PROVIDERS or not PROVIDERS[device].compiled:
        return ()
    rest = (
        n for n, graph in graphs.items() if n not in hot and role_of(n, graph) not in UNCOMPILED
    )
    return (*hot, *rest)


def wanted_key(manifest: Manifest, name: str, precision: RunPrecision, target: Target) -> Key:
    """The key under which a graph is compiled, in `precision` if it has it (see `run_in`)."""
    graph = manifest.graphs[name]
    run = run_in(graph, precision)
    shapes = wanted_profiles(manifest, name, target)
    return Key(
        graph=graph_hash(graph.variants["fp32" if run == "bf16" else run]),
        precision=run,
        profile="; ".join(profile.text for profile in shapes),
        builder=target.builder,
        targets=target.targets,
        card=target.card,
        driver=target.driver,
        system=target.system,
    )


def wanted_profiles(manifest: Manifest, name: str, target: Target) -> tuple[Profile, ...]:
    """The profiles that a graph is compiled with: none for the processor, which leaves shapes
    free, and of TensorRT's the widest alone, for its provider cannot choose one of several."""
    if not target.builder.startswith("TensorRT"):
        return ()
    made = profiles(manifest, name)
    return made if target.builder.startswith("TensorRT-RTX") else made[:1]


def builder(device: str) -> str:
    """Name and version of what compiles graphs for a device, such as `TensorRT-RTX 1.7.1.116`.

    TensorRT's libraries are asked themselves, which needs no card.

    Raises:
        DeviceError: it is not installed or does not load, or nothing is compiled for the device.
    """
    if device == "cpu":
        import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

        return f"ONNX Runtime {cast(Any, onnxruntime).__version__}"
    if device not in _LIBRARIES:
        raise DeviceError(f"Nothing is compiled for {device}; it runs graphs as they are.")
    return f"{_LIBRARIES[device][0]} {_library_version(device)}"


def builder_library(device: str) -> Path:
    """The library that compiles graphs for `rtx` or `tensorrt`.

    Raises:
        OSError: it is not installed.
    """
    _, module, pattern = _LIBRARIES[device]
    return library_of(module, pattern)


def library_of(module: str, pattern: str) -> Path:
    """The library that lies under a name like `pattern` in a module's folder.

    Raises:
        OSError: it is not installed.
    """
    spec = find_spec(module)
    folders = (spec.submodule_search_locations if spec else None) or ()
    found = [path for folder in folders for path in Path(folder).glob(pattern)]
    if not found:
        raise FileNotFoundError(f"no {pattern} of the module {module} is installed")
    return max(found, key=lambda path: len(path.name))  # shorter names may be links to it


@cache
def _library_version(device: str) -> str:
    try:
        library = builder_library(device)
        try:
            loaded = ctypes.CDLL(str(library))
            parts = (f"getInferLib{part}Version" for part in _PARTS)
            return ".".join(str(getattr(loaded, part)()) for part in parts)
        except AttributeError as problem:
            raise OSError(f"{library}: {problem}") from None
    except OSError as problem:
        raise DeviceError(f"{device} cannot be used: {problem}.") from None
