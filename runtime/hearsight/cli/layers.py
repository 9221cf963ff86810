"""Where settings come from: flag, environment, `runtime.toml`, user file, default."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, cast, get_args, get_origin

from .._parse import nearest
from ..errors import RequestError
from ..presets import PRESETS, Preset
from .settings import ALIASES, Settings, hints

__all__ = ["Resolved", "resolve"]

_PREFIX = "RUNTIME_"


@dataclass(frozen=True)
class Resolved:
    """Settings, and for each where its value came from."""

    settings: Settings
    origins: Mapping[str, str]


def resolve(flags: Mapping[str, Any], *, folder: Path | None = None) -> Resolved:
    """Lay the flags that were given (the others are None) over all other layers.

    A preset stands right below the layer that names it. `folder` is where `runtime.toml` is
    looked for, the current one by default.

    Raises:
        RequestError: a file that cannot be read, an unknown key or a value of the wrong type.
    """
    project = (folder or Path.cwd()) / "runtime.toml"
    layers = [
        *_file_layer(_user_file()),
        *_file_layer(project),
        *_layer(_environment(), "environment", Path.cwd()),
        *_layer(
            {key: value for key, value in flags.items() if value is not None and value != []},
            "flag",
            Path.cwd(),
        ),
    ]
    values: dict[str, Any] = {}
    origins = dict.fromkeys(hints(), "default")
    for origin, layer in layers:
        values |= layer
        origins |= dict.fromkeys(layer, origin)
    settings = Settings(**values)
    if settings.overwrite and settings.skip_existing:
        raise RequestError(
            f"--overwrite ({origins['overwrite']}) and --skip-existing "
            f"({origins['skip_existing']}) contradict each other; choose one."
        )
    return Resolved(settings, origins)


def _user_file() -> Path:
    import platformdirs

    return platformdirs.user_config_path("hearsight", appauthor=False) / "runtime.toml"


def _environment() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, hint in hints().items():
        value = os.environ.get(_PREFIX + key.upper(), "")
        if value:
            listed = hint == tuple[str, ...]
            found[key] = value.split(os.pathsep) if listed else value
    return found


def _file_layer(path: Path) -> list[tuple[str, dict[str, Any]]]:
    if not path.is_file():
        return []
    return _layer(_read(path), str(path), path.parent)


def _read(path: Path) -> dict[str, Any]:
    # The standard library reads TOML from Python 3.11 on; `tomli` is the same reader for 3.10.
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        text = path.read_text(encoding="utf-8-sig")
        data = json.loads(text) if path.suffix.lower() == ".json" else toml.loads(text)
    except (OSError, ValueError) as error:
        raise RequestError(f"The settings file {path} cannot be read: {error}.") from None
    if not isinstance(data, dict):
        raise RequestError(f"The settings file {path} must hold one table of settings.")
    table = cast(dict[str, Any], data)
    return {_key(key, str(path)): value for key, value in table.items()}


def _key(written: str, where: str) -> str:
    name = written.replace("_", "-")
    key = ALIASES.get(name, name).replace("-", "_")
    if key not in hints():
        raise RequestError(f"{where}: there is no setting {written!r}{nearest(key, hints())}.")
    return key


def _layer(
    values: Mapping[str, Any], origin: str, folder: Path
) -> list[tuple[str, dict[str, Any]]]:
    """The layer itself, with the preset it names before it."""
    layer = {key: _typed(key, value, origin) for key, value in values.items()}
    name = layer.get("preset")
    if not name:
        return [(origin, layer)]
    if name in PRESETS:
        return [(f"preset {name}", _settings(PRESETS[name])), (origin, layer)]
    path = folder / name
    if not path.is_file():
        raise RequestError(
            f"The preset '{name}' ({origin}) is neither a file nor one of {', '.join(PRESETS)}."
        )
    preset = _read(path)
    if "preset" in preset:
        raise RequestError(f"The preset {path} names another preset, which is not supported.")
    preset = {key: _typed(key, value, str(path)) for key, value in preset.items()}
    return [(f"preset {path}", preset), (origin, layer)]


def _settings(preset: Preset) -> dict[str, Any]:
    """What a preset settles; the rest is left to the layers below."""
    settled: dict[str, Any] = {
        "sample_rate": preset.sample_rate,
        "bit_depth": preset.bit_depth,
        "normalize": f"{preset.level}={preset.level_db:g}",
    }
    if preset.channels:
        settled["channels"] = preset.channels
    if preset.trim:
        settled["trim"] = True
    return settled


def _typed(key: str, value: Any, origin: str) -> Any:
    from pydantic import TypeAdapter, ValidationError

    hint = hints()[key]
    choices = [choice for part in (hint, *get_args(hint)) for choice in _literals(part)]
    same = [choice for choice in choices if str(choice) == str(value)]
    try:
        return same[0] if same else TypeAdapter[Any](hint).validate_python(value)
    except ValidationError as error:
        name = key.replace("_", "-")
        by_origin = {"flag": f"--{name}", "environment": _PREFIX + key.upper()}
        said = by_origin.get(origin, f"{origin}: {name}")
        # pydantic's "Input should be a valid number, unable to parse string as a number"
        why = error.errors()[0]["msg"].replace("Input should be", "it should be", 1).split(",")[0]
        if choices:
            why = f"it should be one of {', '.join(map(str, choices))}"
        raise RequestError(f"{said} is {value!r}; {why}.") from None


def _literals(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) is Literal else ()
