"""ONNX Runtime's providers: what each comes in, what it and its options are called."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import platformdirs

from .errors import DeviceError

if TYPE_CHECKING:
    from .device import Choice

__all__ = [
    "CPU",
    "PROVIDERS",
    "Provider",
    "Purpose",
    "Refusal",
    "absence",
    "attach",
    "built_for",
    "named",
    "rtx_plays_on",
    "runtime_cache",
]

CPU = "CPUExecutionProvider"

Purpose = Literal[
    "runtime_cache",
    "profile_min",
    "profile_opt",
    "profile_max",
    "multi_profile",
    "context_memory",
]
"""What an option is for.

runtime_cache: folder for what the provider finds out while it opens graphs on this card. profile_*:
the shapes a graph is compiled for, `name:1x4x56,other:2x512`; a name that comes again begins the
next profile. multi_profile: 1 keeps several profiles in one session. context_memory: 1 keeps the
memory of a run for the next one.
"""

_SYSTEMS = {"linux": "Linux", "win32": "Windows", "darwin": "macOS"}


@dataclass(frozen=True)
class Refusal:
    """Why a device cannot be had, and what to do about it; half sentences without a full stop."""

    cause: str
    cure: str

    def __str__(self) -> str:
        return f"{self.cause}; {self.cure}"


@dataclass(frozen=True)
class Provider:
    """One provider of ONNX Runtime.

    package: what `pip install` calls it. plugin: module of a plugin, which stands beside
    `onnxruntime` and tells its provider's name itself; without one, `name` is built into
    `package`, which replaces `onnxruntime`. systems: values of `sys.platform`. nvidia: whether it
    needs NVIDIA's driver. behind: providers that take the nodes it leaves, before the CPU does.
    compiled: whether it plays graphs that were compiled for the card. memory: ONNX Runtime's name
    of its memory, if it has its own. profile_index: option of a run that says which of a compiled
    graph's profiles its shapes fall in.
    options: for each purpose the options to set; `{}` stands for the value asked.
    """

    package: str
    systems: tuple[str, ...]
    name: str | None = None
    plugin: str | None = None
    nvidia: bool = False
    behind: tuple[str, ...] = ()
    compiled: bool = False
    memory: str | None = None
    profile_index: str | None = None
    options: Mapping[Purpose, Mapping[str, str]] = field(
        default_factory=dict[Purpose, Mapping[str, str]]
    )


PROVIDERS: Mapping[str, Provider] = {
    "rtx": Provider(
        package="onnxruntime-ep-nv-tensorrt-rtx-cu13",
        systems=("linux", "win32"),
        plugin="onnxruntime_ep_nv_tensorrt_rtx",
        nvidia=True,
        compiled=True,
        memory="cuda",
        profile_index="nv_profile_index",
        options={
            "runtime_cache": {"nv_runtime_cache_path": "{}"},
            "profile_min": {"nv_profile_min_shapes": "{}"},
            "profile_opt": {"nv_profile_opt_shapes": "{}"},
            "profile_max": {"nv_profile_max_shapes": "{}"},
            "multi_profile": {"nv_multi_profile_enable": "{}"},
            "context_memory": {"nv_persistent_context_memory": "{}"},
        },
    ),
    "cuda": Provider(
        package="onnxruntime-gpu",
        systems=("linux", "win32"),
        name="CUDAExecutionProvider",
        nvidia=True,
        memory="cuda",
    ),
    "tensorrt": Provider(
        package="onnxruntime-gpu",
        systems=("linux", "win32"),
        name="TensorrtExecutionProvider",
        nvidia=True,
        behind=("CUDAExecutionProvider",),
        compiled=True,
        memory="cuda",
        options={
            "runtime_cache": {  # engines are kept by `compiled`
                "trt_timing_cache_enable": "1",
                "trt_timing_cache_path": "{}",
            },
            "profile_min": {"trt_profile_min_shapes": "{}"},
            "profile_opt": {"trt_profile_opt_shapes": "{}"},
            "profile_max": {"trt_profile_max_shapes": "{}"},
        },
    ),
    "directml": Provider(
        package="onnxruntime-directml", systems=("win32",), name="DmlExecutionProvider"
    ),
    "coreml": Provider(package="onnxruntime", systems=("darwin",), name="CoreMLExecutionProvider"),
    "cpu": Provider(package="onnxruntime", systems=tuple(_SYSTEMS), name=CPU),
}
"""By the word that `--device` takes.

Sources of the option names: rtx, the header tensorrt_rtx_provider_options.h in its package, which
a test reads; cuda and tensorrt, the provider pages of onnxruntime.ai, and each name was found once
in the libraries of onnxruntime-gpu 1.31.1. Nothing but the CPU was ever run: rtx, cuda and tensorrt
were loaded on machines without a card only, directml and coreml not at all.
"""


def absence(device: str) -> Refusal | None:
    """Why a provider is not even installed; nothing of it is loaded to find out."""
    provider = PROVIDERS[device]
    if sys.platform not in provider.systems:
        systems = " and ".join(_SYSTEMS[system] for system in provider.systems)
        return Refusal(f"it is for {systems} alone", "choose another device")
    if provider.plugin:
        if find_spec(provider.plugin):
            return None
        return Refusal(
            f"the package {provider.package} is not installed",
            f"`pip install {provider.package}` puts it beside onnxruntime",
        )
    ort = _ort()
    if provider.name in ort.get_available_providers():
        return None
    package = getattr(ort, "package_name", "") or "onnxruntime"
    if package != provider.package and _installed(provider.package):
        return Refusal(
            f"{package} was installed over {provider.package}, and they share their files",
            f"`pip uninstall {package} {provider.package}`, then `pip install {provider.package}`",
        )
    return Refusal(
        f"the installed {package} {ort.__version__} is built without it",
        f"install {provider.package}, which replaces {package}",
    )


def built_for(device: str) -> int | None:
    """Major version of CUDA that a provider's package is built for; None where it is not told."""
    provider = PROVIDERS[device]
    if not provider.plugin:
        told = str(getattr(_ort(), "cuda_version", ""))
        return int(told.partition(".")[0]) if told[:1].isdigit() else None
    stem = provider.package.rpartition("-cu")[0]
    return next((major for major in (13, 12) if _installed(f"{stem}-cu{major}")), None)


def rtx_plays_on(major: int, minor: int) -> bool:
    """Whether TensorRT-RTX supports a compute capability.

    Source: IsComputeCapabilitySupported in the plugin's tensorrt_rtx_provider_options.h.
    """
    return major >= 12 or (major, minor) in ((8, 6), (8, 9))


def named(device: str) -> str:
    """ONNX Runtime's name of a provider; a plugin is registered for it, once a process.

    Raises:
        Exception: whatever ONNX Runtime, the plugin or the loader of libraries says.
    """
    provider = PROVIDERS[device]
    if provider.plugin:
        return _registered(provider.plugin)
    if provider.nvidia:
        _preload()
    return cast(str, provider.name)


def attach(
    choice: Choice,
    options: Any,
    *,
    hot: bool,
    asked: Mapping[Purpose, str] | None = None,
) -> list[Any]:
    """Prepare a session for a device.

    What a provider finds out for this card while it opens graphs is kept in the user's cache.

    Nodes that the device cannot run go to the CPU even if it was named: shapes are computed there
    on purpose by most providers. `doctor` tells how many there are.

    Args:
        choice: the device.
        options: ONNX Runtime's SessionOptions; changed in place.
        hot: whether the graph runs many times a sound and keeps its memory between runs.
        asked: further values by purpose. A purpose that the provider has no option for is left
            out.

    Returns:
        What `InferenceSession` takes as `providers`: empty for a plugin, which `options` holds.

    Raises:
        DeviceError: the provider works no longer, or finds no hardware.
    """
    provider = PROVIDERS[choice.device]
    wanted: dict[Purpose, str] = {"context_memory": "1"} if hot else {}
    if "runtime_cache" in provider.options and (kept := _made_cache()):
        wanted["runtime_cache"] = str(kept)
    wanted.update(asked or {})
    settings = {
        option: form.replace("{}", value)
        for purpose, value in wanted.items()
        for option, form in provider.options.get(purpose, {}).items()
    }
    try:
        name = named(choice.device)
    except Exception as problem:
        text = " ".join(str(problem).split())
        raise DeviceError(f"{choice.device} cannot be used: {text}.") from problem
    if choice.device == "directml":  # it refuses sessions that are not so: onnxruntime.ai says
        options.enable_mem_pattern = False
        options.execution_mode = _ort().ExecutionMode.ORT_SEQUENTIAL
    if not provider.plugin:
        behind = (*provider.behind, CPU) if name != CPU else ()
        return [(name, settings), *behind]
    devices = [pair for pair in _ort().get_ep_devices() if pair.ep_name == name]
    if not devices:
        raise DeviceError(
            f"{choice.device} cannot be used: its plugin finds no card that it supports."
        )
    options.add_provider_for_devices(devices[:1], settings)
    return []


def runtime_cache() -> Path:
    """The folder of the user's cache in which providers keep what they find out for this card."""
    return platformdirs.user_cache_path("hearsight", appauthor=False) / "runtime"


def _ort() -> Any:
    return import_module("onnxruntime")  # late: it takes longer than asking a driver that is not


def _made_cache() -> Path | None:
    """That folder; None where it cannot be made, and nothing is kept."""
    folder = runtime_cache()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder


@cache
def _registered(module: str) -> str:
    plugin = cast(Any, import_module(module))
    name: str = plugin.get_ep_name()
    try:
        _ort().register_execution_provider_library(name, plugin.get_library_path())
    except Exception as problem:
        if "already registered" not in str(problem):  # by the program that this is part of
            raise
    return name


@cache
def _preload() -> None:
    """Load the CUDA libraries that pip installed, which no loader finds by itself."""
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does not find
        _ort().preload_dlls()


def _installed(package: str) -> bool:
    from importlib import metadata

    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True
