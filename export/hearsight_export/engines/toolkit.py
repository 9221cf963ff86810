"""TensorRT and what drives it, found where pip put them and loaded in the order they need.

TensorRT-RTX has no package of its own here: its libraries are those of ONNX Runtime's plugin, the
same that play the engines later, and NVIDIA's bindings are put on top of them.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hearsight.errors import DeviceError
from hearsight.providers import PROVIDERS
from hearsight.wanted import builder, builder_library, library_of

__all__ = ["Toolkit", "rtx_toolkit", "tensorrt_toolkit"]

_BINDINGS = "tensorrt_rtx_bindings"
_PACKAGES = {
    "polygraphy": "polygraphy",
    "onnxruntime_ep_nv_tensorrt_rtx": "onnxruntime-ep-nv-tensorrt-rtx-cu13",
    _BINDINGS: "tensorrt_rtx_cu13_bindings",
    "tensorrt": "tensorrt-cu13",
}
_WINDOWS = sys.platform == "win32"
_PARSER = "tensorrt_onnxparser_rtx*.dll" if _WINDOWS else "libtensorrt_onnxparser_rtx.so.*"
_NAME = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from importlib import import_module; print(import_module(sys.argv[2]).get_ep_name())"
)


@dataclass(frozen=True)
class Toolkit:
    """What builds engines.

    device: the word of the device that plays them, `rtx` or `tensorrt`. trt: TensorRT's module.
    source: ONNX Runtime's name of the provider that plays them. builder: name and version.
    """

    device: str
    trt: Any
    source: str
    builder: str


def rtx_toolkit() -> Toolkit:
    """TensorRT-RTX, which builds for cards that are not there.

    Not run on Windows.

    Raises:
        DeviceError: packages are missing, do not belong together or do not load; says which.
    """
    plugin = PROVIDERS["rtx"].plugin or ""
    _need(plugin, _BINDINGS, "polygraphy")
    made_by = builder("rtx")
    folder = _folder(plugin)
    if _WINDOWS:  # the bindings look for the libraries along PATH
        os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"
    try:
        # The parser needs the builder's symbols.
        for library in (builder_library("rtx"), library_of(plugin, _PARSER)):
            ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
        bindings = import_module(_BINDINGS)
    except (OSError, ImportError) as problem:
        raise DeviceError(
            f"TensorRT-RTX does not load from {folder}: {problem}. "
            f"`pip install --force-reinstall {_PACKAGES[plugin]} {_PACKAGES[_BINDINGS]}` may help."
        ) from None
    version = made_by.split(" ")[-1]
    if bindings.__version__ != version:
        raise DeviceError(
            f"The package {_PACKAGES[_BINDINGS]} {bindings.__version__} does not belong to the "
            f"libraries of {_PACKAGES[plugin]}, which are {version}: "
            f"`pip install {_PACKAGES[_BINDINGS]}=={version}`."
        )
    sys.modules.setdefault("tensorrt_rtx", bindings)  # what Polygraphy looks for
    _polygraphy(rtx=True)
    return Toolkit("rtx", bindings, _name(plugin), made_by)


def tensorrt_toolkit() -> Toolkit:
    """TensorRT 10 or 11, which builds for the card of this machine alone.

    Not run: it was never tried on a machine with a card.

    Raises:
        DeviceError: packages are missing or do not load; says which.
    """
    _need("tensorrt", "polygraphy")
    try:
        trt = import_module("tensorrt")
    except (OSError, ImportError) as problem:
        raise DeviceError(f"TensorRT does not load: {problem}.") from None
    _polygraphy(rtx=False)
    return Toolkit("tensorrt", trt, PROVIDERS["tensorrt"].name or "", builder("tensorrt"))


def _name(plugin: str) -> str:
    """What a plugin calls its provider.

    It is asked in a process of its own: importing it changes where libraries are looked for, and
    registering it, as players do, takes NVIDIA's driver. The current folder decides nothing there.
    """
    path = json.dumps([os.path.abspath(entry) for entry in sys.path])
    command = [sys.executable, "-I", "-c", _NAME, path, plugin]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    except (OSError, subprocess.SubprocessError) as problem:
        raise DeviceError(f"{_PACKAGES[plugin]} does not tell its name: {problem}.") from None
    return asked.stdout.split()[-1]


def _folder(module: str) -> Path:
    spec = find_spec(module)
    assert spec and spec.submodule_search_locations, "it was found before"
    return Path(spec.submodule_search_locations[0])


def _need(*modules: str) -> None:
    missing = [_PACKAGES[module] for module in modules if find_spec(module) is None]
    if missing:
        are = "are" if len(missing) > 1 else "is"
        raise DeviceError(
            f"Engines cannot be built: {' and '.join(missing)} {are} not installed; "
            f"`pip install {' '.join(missing)}`."
        )


def _polygraphy(rtx: bool) -> None:
    """Polygraphy, which asks the environment once which TensorRT it drives."""
    os.environ["POLYGRAPHY_USE_TENSORRT_RTX"] = "1" if rtx else "0"
    config = import_module("polygraphy.config")
    if bool(config.USE_TENSORRT_RTX) is not rtx:
        raise DeviceError(
            "Polygraphy drives the other TensorRT in this process already; use another process."
        )
    logger = import_module("polygraphy.logger").G_LOGGER
    logger.module_severity = logger.CRITICAL + 1  # what counts is raised
