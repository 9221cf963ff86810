"""Libraries that report home unless they are kept from it, loaded so that they do not."""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from typing import Any, cast

__all__ = ["openvino"]

_REPORTER = "openvino_telemetry"
_hiding = threading.Lock()


def openvino() -> Any:
    """OpenVINO's module, imported on the first call.

    Importing it sends an event over the network and writes a client's number into the home
    folder, without asking, unless the package that does so cannot be imported (seen in OpenVINO
    2026.4). It is therefore hidden for that moment.

    Raises:
        ImportError: the package is missing or broken.
    """
    with _hiding:
        if _REPORTER in sys.modules:  # imported by the program that this is part of
            return import_module("openvino")
        sys.modules[_REPORTER] = cast(Any, None)  # makes an import of it fail
        try:
            return import_module("openvino")
        finally:
            sys.modules.pop(_REPORTER, None)
