"""What places of delivery ask of a file: one table for the command line and the desktop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ._encode import Subtype

__all__ = ["PRESETS", "Preset"]


@dataclass(frozen=True)
class Preset:
    """A form of delivery.

    sample_rate in Hz; bit_depth as `write` takes it. channels: None leaves it to whoever uses
    the preset. level and level_db as in `Finish`. trim: cut silence at both ends.
    """

    sample_rate: int
    bit_depth: Subtype
    channels: Literal[1, 2] | None = None
    level: Literal["peak", "lufs"] = "peak"
    level_db: float = -1.0
    trim: bool = False


PRESETS: Mapping[str, Preset] = {
    "film": Preset(48000, "24"),
    "game": Preset(48000, "16", channels=1, trim=True),
    "unreal": Preset(48000, "16"),
    "library": Preset(96000, "24"),
}
"""Presets by name. Unreal's importer makes 16 bit of everything without dither: files are
dithered before it does."""
