"""Hearsight: sentences, pictures, videos and sounds in, sound effects out.

    >>> import hearsight
    >>> generator = hearsight.load("starter")
    >>> [take] = generator.generate(hearsight.text("heavy rain on a tin roof", seed=7))
    >>> hearsight.write_wav("rain.wav", take)

Names are loaded when they are first used, so that importing this costs next to nothing.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

# ONNX Runtime's packages ship with telemetry on; only a variable set before the library is
# loaded keeps it from writing to the home folder and opening connections.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

if TYPE_CHECKING:
    from .errors import (
        BundleError,
        Cancelled,
        DeviceError,
        HearsightError,
        MediaError,
        OutputError,
        RequestError,
    )
    from .generator import Generator, load
    from .request import (
        Finish,
        Init,
        Like,
        Prompt,
        Request,
        Take,
        request_from_json,
        request_to_json,
        text,
    )
    from .sampler import Cancel
    from .wav import read_request
    from .wav import write as write_wav

__all__ = [
    "BundleError",
    "Cancel",
    "Cancelled",
    "DeviceError",
    "Finish",
    "Generator",
    "HearsightError",
    "Init",
    "Like",
    "MediaError",
    "OutputError",
    "Prompt",
    "Request",
    "RequestError",
    "Take",
    "load",
    "read_request",
    "request_from_json",
    "request_to_json",
    "text",
    "write_wav",
]

_MODULES = {
    "Cancel": "sampler",
    "Finish": "request",
    "Generator": "generator",
    "Init": "request",
    "Like": "request",
    "Prompt": "request",
    "Request": "request",
    "Take": "request",
    "load": "generator",
    "read_request": "wav",
    "request_from_json": "request",
    "request_to_json": "request",
    "text": "request",
    "write_wav": "wav",
}
_OTHER_NAMES = {"write_wav": "write"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f".{_MODULES.get(name, 'errors')}", __name__)
    found = getattr(module, _OTHER_NAMES.get(name, name))
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*globals(), *__all__]
