"""What the history remembers of a take: the sound's origin, its files, and what the user did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from hearsight import Heard, Request

__all__ = ["Edit", "Entry", "title_of"]


@dataclass(frozen=True)
class Edit:
    """What the user did to a take; nothing of it changes the original.

    start, end: the part that is kept, in seconds of the original; None is its end. fade_in,
    fade_out: seconds at both ends of that part. loop: first and end of the region that repeats,
    in seconds of the original, inside the kept part. level: `none`, `peak` (to `level_db` dBFS)
    or `lufs` (to `level_db` LUFS integrated).
    """

    start: float = 0.0
    end: float | None = None
    fade_in: float = 0.0
    fade_out: float = 0.0
    loop: tuple[float, float] | None = None
    level: Literal["none", "peak", "lufs"] = "peak"
    level_db: float = -1.0


@dataclass(frozen=True)
class Entry:
    """A take in the history.

    id: 32 hex digits, the name of its original file. batch: id of the job that made it. number:
    which of the batch's sounds it is, from 1. name: of its delivered file, without suffix.
    request: resolved; it makes this sound alone again. item_seed: of its noise, for sounds like
    it. plan: provider, precision and why. seconds and sample_rate: of the original. original:
    the untouched sound, 32-bit float. delivered: the finished file, None while there is none.
    used: whether that was dragged or copied out of the app, so that others may refer to it.
    sources: what was heard in pictures, where the model looks for parts of them.
    """

    id: str
    batch: str
    number: int
    name: str
    request: Request
    model: str
    item_seed: int
    provider: str
    precision: str
    why: str
    created: datetime
    seconds: float
    sample_rate: int
    original: Path
    delivered: Path | None = None
    edit: Edit = Edit()
    starred: bool = False
    rejected: bool = False
    used: bool = False
    notes: tuple[str, ...] = ()
    sources: tuple[Heard, ...] = ()

    @property
    def title(self) -> str:
        """What was asked for, in a line."""
        return title_of(self.request)


def title_of(request: Request) -> str:
    """What is asked for, in a line: the texts, else the names of the files."""
    texts = [p.value.strip() for p in request.prompts if p.modality == "text" and p.value]
    files = [Path(p.value).name for p in request.prompts if p.modality != "text"]
    return ", ".join(filter(None, texts)) or ", ".join(files) or "untitled"
