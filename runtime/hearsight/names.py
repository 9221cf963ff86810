"""File names for sounds, from prompts, ids and templates, that every system accepts."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from ._parse import nearest
from .errors import RequestError
from .wav import SUFFIXES

__all__ = ["check_template", "fill", "numbered", "slug"]

_FIELDS = ("id", "prompt", "variation", "seed", "model")
_LONGEST = 48
_LONGEST_PART = 240
_DEVICES = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')


def slug(text: str) -> str:
    """Lower-case ASCII letters, digits and `_`, at most 48, cut between words.

    Text without any such letter becomes `sound`.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    name = ""
    for word in words:
        longer = f"{name}_{word}" if name else word[:_LONGEST]
        if len(longer) > _LONGEST:
            break
        name = longer
    return _not_a_device(name) or "sound"


def check_template(template: str) -> str:
    """Give back a template that can be filled.

    Raises:
        RequestError: an unknown field, a field that is more than a name, or a broken brace.
    """
    try:
        parts = list(string.Formatter().parse(template))
        for _, field, _, conversion in parts:
            if field is not None and (field not in _FIELDS or conversion):
                raise RequestError(
                    f"The name template {template!r} has the unknown field {{{field}}}"
                    f"{nearest(field, _FIELDS)}; fields are {', '.join(_FIELDS)}."
                )
        fill(template, id="id", prompt="prompt", variation=1, seed=1, model="model")
    except ValueError as problem:
        raise RequestError(f"The name template {template!r} is broken: {problem}.") from None
    return template


def fill(template: str, **fields: str | int) -> Path:
    """A relative path; text fields lose what cannot stand in a file name.

    The suffix is `.wav` unless the template ends in that of another sound format. `/` in the
    template makes folders.

    Raises:
        RequestError: a path that would leave the folder it is relative to.
    """
    safe: Mapping[str, str | int] = {
        key: _safe(value) if isinstance(value, str) else value for key, value in fields.items()
    }
    filled = template.format_map(dict(safe))
    if not filled.lower().endswith(SUFFIXES):
        filled += ".wav"
    parts = [part.rstrip(" .") for part in filled.split("/")]
    if not all(parts) or _FORBIDDEN.search("".join(parts)):
        raise RequestError(
            f"The name template {template!r} gives {filled!r}, which is no path inside a folder; "
            "use letters, digits, spaces and '/' around the fields."
        )
    long = next((part for part in parts if len(part.encode()) > _LONGEST_PART), "")
    if long:
        raise RequestError(
            f"The file name {long[:40]!r}... is too long; use a shorter id or --name."
        )
    return Path(*map(_not_a_device, parts))


def numbered(path: Path, number: int) -> Path:
    """`rain.wav` and 3 give `rain_03.wav`."""
    return path.with_name(f"{path.stem}_{number:02}{path.suffix}")


def _safe(text: str) -> str:
    return _FORBIDDEN.sub("_", text).strip(" .") or "_"


def _not_a_device(name: str) -> str:
    """Windows keeps names such as `con` and `nul.wav` for itself."""
    return _DEVICES.sub(r"\1_\2", name)
