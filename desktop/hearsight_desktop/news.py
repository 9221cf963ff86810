"""What a session tells, and which takes it is asked for; knows no widget."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .entry import Entry
from .history import says
from .jobs import Job

__all__ = ["News", "Search"]


@dataclass(frozen=True)
class News:
    """Something to tell the user: what happened, what to do, and details to copy."""

    kind: Literal["error", "warning", "note", "good"]
    text: str
    details: str = ""
    rejected: tuple[str, ...] = ()
    """Takes that can be taken out of the bin again."""
    put_back: tuple[Job, ...] = ()
    """Jobs that were taken out of the queue, and can wait again."""
    reference: Path | None = None
    """A sound that can also be listened to as a reference."""
    file: Path | None = None
    """A file that can be shown in its folder."""


@dataclass(frozen=True)
class Search:
    """Which takes are looked at; see `History.entries`."""

    words: str = ""
    starred: bool = False
    rejected: bool = False

    def finds(self, entry: Entry) -> bool:
        """Whether a take is one of those."""
        seen = entry.rejected == self.rejected and (entry.starred or not self.starred)
        return seen and says(entry, self.words)
