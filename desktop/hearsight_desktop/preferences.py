"""What the user chose once for all sounds: folders, device, budget, how files are delivered."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

from hearsight import write_whole

from .places import takes_folder

__all__ = ["Preferences", "read_preferences", "write_preferences"]


@dataclass(frozen=True)
class Preferences:
    """What was chosen once.

    takes: folder of the finished files, empty for the usual one. budget_gb: what originals and
    finished files may take together before the oldest ones without a star go. model, device,
    precision: as `hearsight.load` takes them, empty precision for the device's own. delivery:
    key of the way files are delivered. naming: template of their names, empty for the
    delivery's own. embed: whether files say how they were made. audition: whether moving to a
    take plays it.
    """

    takes: str = ""
    budget_gb: float = 10.0
    model: str = "starter"
    device: str = "auto"
    precision: str = ""
    delivery: str = "film"
    naming: str = ""
    category: str = ""
    creator: str = ""
    source: str = ""
    embed: bool = True
    audition: bool = True
    volume: float = 1.0

    @property
    def takes_folder(self) -> Path:
        """Where finished files go."""
        return Path(self.takes) if self.takes else takes_folder()


def read_preferences(file: Path) -> Preferences:
    """What was chosen; what is missing, unknown or of a wrong type is as it was at first."""
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, RecursionError, ValueError):
        said = {}
    known = said if isinstance(said, dict) else {}
    kinds = get_type_hints(Preferences)
    good = {
        field.name: known[field.name]
        for field in fields(Preferences)
        if field.name in known and _is(known[field.name], kinds[field.name])
    }
    return replace(Preferences(), **good)


def write_preferences(file: Path, chosen: Preferences) -> None:
    """Keep what was chosen; the file is there whole or as it was before.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, f"{json.dumps(asdict(chosen), indent=1)}\n".encode())


def _is(value: Any, kind: Any) -> bool:
    if kind is float:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number and 0 <= value < math.inf
    return isinstance(value, get_args(kind) or kind)
