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
    from .bundle import Bundle, list_bundles, open_bundle
    from .bundle import user_folder as bundle_folder
    from .bundle import verify as verify_bundle
    from .child import answer as answer_as_child
    from .doctor import examine
    from .errors import (
        BundleError,
        Cancelled,
        DeviceError,
        HearsightError,
        MediaError,
        OutputError,
        RequestError,
    )
    from .finish import finish as finish_sound
    from .finish import lufs as loudness
    from .generator import Generator, load
    from .limits import resolve
    from .machine import cards as graphics_cards
    from .machine import memory
    from .media import (
        audio_seconds,
        frame_times,
        frames_at,
        kind_of,
        read_audio,
        read_image,
        video_seconds,
    )
    from .names import check_template, numbered, slug
    from .names import fill as fill_template
    from .noise import item_seed
    from .precision import RunPrecision
    from .presets import PRESETS, Preset
    from .request import (
        Finish,
        Heard,
        Init,
        Like,
        Modality,
        Prompt,
        Request,
        Search,
        Take,
        request_from_json,
        request_to_json,
        text,
    )
    from .sampler import Cancel
    from .store import import_bundle
    from .wav import Sound, read_info, read_record, read_request
    from .wav import write as write_wav
    from .whole import write_whole

__all__ = [
    "PRESETS",
    "Bundle",
    "BundleError",
    "Cancel",
    "Cancelled",
    "DeviceError",
    "Finish",
    "Generator",
    "Heard",
    "HearsightError",
    "Init",
    "Like",
    "MediaError",
    "Modality",
    "OutputError",
    "Preset",
    "Prompt",
    "Request",
    "RequestError",
    "RunPrecision",
    "Search",
    "Sound",
    "Take",
    "answer_as_child",
    "audio_seconds",
    "bundle_folder",
    "check_template",
    "examine",
    "fill_template",
    "finish_sound",
    "frame_times",
    "frames_at",
    "graphics_cards",
    "import_bundle",
    "item_seed",
    "kind_of",
    "list_bundles",
    "load",
    "loudness",
    "memory",
    "numbered",
    "open_bundle",
    "read_audio",
    "read_image",
    "read_info",
    "read_record",
    "read_request",
    "request_from_json",
    "request_to_json",
    "resolve",
    "slug",
    "text",
    "verify_bundle",
    "video_seconds",
    "write_wav",
    "write_whole",
]

_MODULES = {
    "Bundle": "bundle",
    "Cancel": "sampler",
    "Finish": "request",
    "Generator": "generator",
    "Heard": "request",
    "Init": "request",
    "Like": "request",
    "Modality": "request",
    "PRESETS": "presets",
    "Preset": "presets",
    "Prompt": "request",
    "Request": "request",
    "RunPrecision": "precision",
    "Search": "request",
    "Sound": "wav",
    "Take": "request",
    "answer_as_child": "child",
    "audio_seconds": "media",
    "bundle_folder": "bundle",
    "check_template": "names",
    "examine": "doctor",
    "fill_template": "names",
    "finish_sound": "finish",
    "frame_times": "media",
    "frames_at": "media",
    "graphics_cards": "machine",
    "import_bundle": "store",
    "item_seed": "noise",
    "kind_of": "media",
    "list_bundles": "bundle",
    "load": "generator",
    "loudness": "finish",
    "memory": "machine",
    "numbered": "names",
    "open_bundle": "bundle",
    "read_audio": "media",
    "read_image": "media",
    "read_info": "wav",
    "read_record": "wav",
    "read_request": "wav",
    "request_from_json": "request",
    "request_to_json": "request",
    "resolve": "limits",
    "slug": "names",
    "text": "request",
    "verify_bundle": "bundle",
    "video_seconds": "media",
    "write_wav": "wav",
    "write_whole": "whole",
}
_OTHER_NAMES = {
    "answer_as_child": "answer",
    "bundle_folder": "user_folder",
    "fill_template": "fill",
    "finish_sound": "finish",
    "graphics_cards": "cards",
    "loudness": "lufs",
    "verify_bundle": "verify",
    "write_wav": "write",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f".{_MODULES.get(name, 'errors')}", __name__)
    found = getattr(module, _OTHER_NAMES.get(name, name))
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*globals(), *__all__]
