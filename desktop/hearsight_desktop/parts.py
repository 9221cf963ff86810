"""What models found in pictures: the parts of a take's pictures, and those that are known."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hearsight import Heard

from .entry import Entry

__all__ = ["known_parts", "parts_of", "regarded", "within"]

Box = tuple[float, float, float, float]


def parts_of(entry: Entry, place: int) -> tuple[Heard, ...]:
    """The parts that were found in the prompt at this place of a take's request, the surest
    first; the picture as a whole is none of them."""
    return tuple(heard for heard in entry.sources if heard.prompt == place and heard.box)


def known_parts(entries: Iterable[Entry], file: Path, model: str) -> tuple[Heard, ...]:
    """The parts that a model found in a picture when it last looked for them.

    None are known of a file that was written since.
    """
    try:
        written = file.stat().st_mtime
    except OSError:
        return ()
    able = (e for e in entries if e.model == model and e.created.timestamp() >= written)
    found = (
        parts_of(entry, place)
        for entry in sorted(able, key=lambda entry: entry.created, reverse=True)
        for place, prompt in enumerate(entry.request.prompts)
        if prompt.modality == "image" and Path(prompt.value) == file
    )
    return next(filter(None, found), ())


def regarded(entry: Entry) -> tuple[Path, tuple[Heard, ...]] | None:
    """The first picture of a take in which parts were found, and these, if it is still there."""
    for place, prompt in enumerate(entry.request.prompts):
        if (parts := parts_of(entry, place)) and (file := Path(prompt.value)).is_file():
            return file, parts
    return None


def within(box: Box, size: tuple[int, int]) -> Box:
    """Where a box lies in a picture [width, height]: its edges as shares of it, 0 to 1."""
    width, height = size
    edges = zip(box, (width, height, width, height), strict=True)
    left, top, right, bottom = (min(max(edge / side, 0.0), 1.0) for edge, side in edges)
    return left, top, right, bottom
