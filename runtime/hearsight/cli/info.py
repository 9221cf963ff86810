"""`runtime-cli info`: how a sound file was made, or which settings hold here and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

import typer

__all__ = ["flat", "info"]


def info(
    file: Annotated[
        str,
        typer.Argument(metavar="[FILE]", help="A .wav, .flac or .ogg file.", show_default=False),
    ] = "",
    *,
    given: Mapping[str, Any],
) -> int:
    """Show how a sound was made.

    Without a file: every setting, and where its value comes from.
    """
    from .console import Console
    from .layers import resolve

    resolved = resolve(given)
    with Console(resolved.settings) as console:
        if file:
            from .. import wav

            facts = wav.read_info(file)
        else:
            facts = {
                key: {"value": getattr(resolved.settings, key), "origin": origin}
                for key, origin in resolved.origins.items()
            }
        if console.json:
            console.document(facts)
        elif file:
            for key, value in flat(facts):
                console.print(f"{key}: {value}")
        else:
            for key, fact in facts.items():
                console.print(f"{key.replace('_', '-')} = {fact['value']}  ({fact['origin']})")
    return 0


def flat(facts: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Nested facts as dotted names, without what says nothing."""
    lines: list[tuple[str, Any]] = []
    for key, value in facts.items():
        parts = cast(list[Any], value) if isinstance(value, list | tuple) else []
        if isinstance(value, dict):
            lines += flat(cast(dict[str, Any], value), f"{prefix}{key}.")
        elif any(isinstance(part, dict) for part in parts):
            for index, part in enumerate(parts):
                lines += flat(part, f"{prefix}{key}[{index}].")
        elif value not in ("", None, [], ()):
            lines.append((f"{prefix}{key}", cast(Any, value)))
    return lines
