"""Where the app keeps things: what it remembers, and the sounds that other programs open."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

__all__ = ["data_folder", "takes_folder"]


def data_folder() -> Path:
    """Of this user: the history, untouched originals, presets and preferences."""
    return platformdirs.user_data_path("hearsight", appauthor=False) / "desktop"


def takes_folder() -> Path:
    """Where finished files go unless the user chose another folder: projects refer to them, so
    it is no temporary one. The environment variable HEARSIGHT_TAKES names another."""
    said = os.environ.get("HEARSIGHT_TAKES", "")
    return Path(said) if said else platformdirs.user_documents_path() / "Hearsight Takes"
