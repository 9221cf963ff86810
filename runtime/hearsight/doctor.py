"""What this machine can play bundles with, and why not with the rest."""

from __future__ import annotations

import os
import platform
import re
import sys
from dataclasses import dataclass
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from . import machine
from .bundle import Bundle, list_bundles, open_bundle, user_folder
from .errors import BundleError, DeviceError, HearsightError
from .precision import RunPrecision

__all__ = ["Device", "Folder", "Library", "Placement", "Report", "Telemetry", "examine"]

_LIBRARIES = {
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
    "onnxruntime-extensions": "onnxruntime_extensions",
    "soundfile": "soundfile",
    "soxr": "soxr",
    "opencv-python-headless": "cv2",
    "pydantic": "pydantic",
    "platformdirs": "platformdirs",
    "typer": "typer",
    "rich": "rich",
}
_OPTIONAL = {"openvino": "openvino"}
_ENGINES = re.compile(r"(onnxruntime|openvino|tensorrt|nvinfer|nvonnx|cuda|cublas|cudnn)[^/]*$")


@dataclass(frozen=True)
class Device:
    """A device that `--device` takes: whether it works, what runs graphs on it, and why (not)."""

    name: str
    usable: bool
    provider: str | None
    why: str


@dataclass(frozen=True)
class Placement:
    """Where a graph's nodes run: how many on each provider; None where that is not told.

    `problem` when the graph cannot be opened for the device.
    """

    bundle: str
    graph: str
    precision: RunPrecision
    nodes: dict[str, int] | None
    problem: str | None


@dataclass(frozen=True)
class Library:
    """A library as this process finds it; `problem` when it cannot be loaded."""

    name: str
    version: str | None
    path: str | None
    problem: str | None


@dataclass(frozen=True)
class Telemetry:
    """Whether ONNX Runtime may report home: `off` before it was loaded, and traces of it.

    `traces` is a folder that ONNX Runtime's telemetry made, in this program or another.
    """

    off: bool
    traces: str | None


@dataclass(frozen=True)
class Folder:
    """A place this program uses, and the free bytes there."""

    use: str
    path: str
    free: int | None


@dataclass(frozen=True)
class Report:
    """Everything `runtime-cli doctor` tells.

    listed_providers: what ONNX Runtime was built with, which says nothing about this machine.
    hardware: what its providers found here. libraries: those needed, and those that are there of
    what other devices need. loaded: files of engines that this process has loaded, where the system
    tells. problems: why no sound can be made.
    """

    version: str
    python: str
    system: str
    processors: int
    devices: tuple[Device, ...]
    listed_providers: tuple[str, ...]
    hardware: tuple[str, ...]
    cards: tuple[machine.Card, ...]
    memory: machine.Memory
    telemetry: Telemetry
    libraries: tuple[Library, ...]
    placements: tuple[Placement, ...]
    loaded: tuple[str, ...]
    folders: tuple[Folder, ...]
    bundles: dict[str, str]
    problems: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether a sound can be made here."""
        return not self.problems


def examine(
    bundle: str | None = None,
    *,
    device: str = "auto",
    precision: RunPrecision | None = None,
) -> Report:
    """Look at everything: try each device on a tiny graph, and open those of one bundle.

    Args:
        bundle: whose graphs to open, to tell where their nodes run; None opens none.
        device: where they would run.
        precision: in which they would.

    Raises:
        BundleError: there is no such bundle, or it is broken.
    """
    libraries = tuple(_library(name, module) for name, module in _LIBRARIES.items())
    bundles, generators = _bundles()
    problems = [f"{lib.name} cannot be loaded: {lib.problem}" for lib in libraries if lib.problem]
    if not generators:
        problems.append(
            "No bundle that makes sound is to be found; take one in with "
            "`runtime-cli bundles import`."
        )
    loads = not any(lib.problem for lib in libraries if lib.name == "onnxruntime")
    placements: tuple[Placement, ...] = ()
    if bundle and loads:
        opened = open_bundle(bundle, verify=False)
        try:
            placements = _placements(opened, device, precision)
        except HearsightError as problem:  # the device, or a precision that the bundle lacks
            problems.append(str(problem))
    listed, hardware = _listed() if loads else ((), ())
    return Report(
        version=_version("hearsight") or "not installed",
        python=f"{platform.python_version()} at {sys.executable}",
        system=platform.platform(),
        processors=os.cpu_count() or 1,
        devices=_devices() if loads else (),
        listed_providers=listed,
        hardware=hardware,
        cards=machine.cards(),
        memory=machine.memory(),
        telemetry=_telemetry(),
        libraries=(*libraries, *_further()),
        placements=placements,
        loaded=_loaded(),
        folders=_folders(),
        bundles=bundles,
        problems=tuple(problems),
    )


def _devices() -> tuple[Device, ...]:
    from .device import DEVICES, choose

    found: list[Device] = []
    for name in DEVICES:
        try:
            choice = choose(name)
            found.append(Device(name, True, choice.provider, choice.why))
        except HearsightError as problem:
            found.append(Device(name, False, None, str(problem)))
    return tuple(found)


def _placements(
    bundle: Bundle, device: str, precision: RunPrecision | None
) -> tuple[Placement, ...]:
    from .engine import Engine

    name, told = bundle.manifest.name, list[Placement]()
    with Engine(bundle, device=device, precision=precision) as engine:
        for graph in bundle.manifest.graphs:
            nodes, why = None, None
            try:
                nodes = engine.placement(graph)
            except (BundleError, DeviceError) as problem:
                why = str(problem)
            # Opening a graph may have shown that bf16 does not suit it.
            ran_in = engine.precision if why else engine.precision_of(graph)
            told.append(Placement(name, graph, ran_in, nodes, why))
    return tuple(told)


def _further() -> tuple[Library, ...]:
    """Packages that only some devices need, where they are installed; none is loaded for this."""
    from .providers import PROVIDERS

    packages = {told.package: told.plugin for told in PROVIDERS.values() if told.plugin}
    found = ((name, find_spec(module)) for name, module in {**packages, **_OPTIONAL}.items())
    return tuple(
        Library(name, _version(name), str(Path(spec.origin).parent), None)
        for name, spec in found
        if spec and spec.origin
    )


def _loaded() -> tuple[str, ...]:
    try:
        lines = Path("/proc/self/maps").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ()
    files = {line.partition("/")[2] for line in lines if "/" in line}
    return tuple(sorted(f"/{file}" for file in files if _ENGINES.search(file)))


def _listed() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Providers that ONNX Runtime was built with, and pairs of provider and hardware it found."""
    import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

    ort = cast(Any, onnxruntime)
    pairs = (
        f"{pair.ep_name} on {pair.device.type.name} {pair.device.vendor}".rstrip()
        for pair in ort.get_ep_devices()
    )
    return tuple(ort.get_available_providers()), tuple(pairs)


def _library(name: str, module: str) -> Library:
    spec = find_spec(module)
    if spec is None or not spec.origin:
        return Library(name, None, None, "it is not installed")
    origin = Path(spec.origin)
    path = str(origin.parent if spec.submodule_search_locations else origin)
    version, problem = _version(name), None
    # The extensions are only looked for: importing them imports torch wherever it is installed,
    # and the runtime needs no more than a file of theirs.
    if module != "onnxruntime_extensions":
        try:
            # onnxruntime-gpu and others bring the same module under another name.
            version = version or getattr(import_module(module), "__version__", None)
        except Exception as reason:  # whatever it is, it is what the user has to know
            problem = " ".join(str(reason).split())
    return Library(name, version, path, problem)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _telemetry() -> Telemetry:
    traces = Path.home() / ".cache/Microsoft/DeveloperTools/.onnxruntime"
    return Telemetry(
        off=os.environ.get("ORT_DISABLE_TELEMETRY") == "1",
        traces=str(traces) if traces.exists() else None,
    )


def _folders() -> tuple[Folder, ...]:
    import platformdirs

    places = {
        "bundles": user_folder(),
        "settings": platformdirs.user_config_path("hearsight", appauthor=False),
        "cache": platformdirs.user_cache_path("hearsight", appauthor=False),
        "current": Path.cwd(),
    }
    return tuple(Folder(use, str(path), machine.free_disk(path)) for use, path in places.items())


def _bundles() -> tuple[dict[str, str], int]:
    """Each bundle's folder or flaw, and how many of them make sound."""
    told: dict[str, str] = {}
    generators = 0
    for name, place in list_bundles():
        told[name] = str(place)
        if isinstance(place, Path):
            generators += open_bundle(place, verify=False).manifest.makes_sound
    return told, generators
