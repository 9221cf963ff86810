"""What can be asked for next to a take: others near to it, the same again, its seed kept."""

from __future__ import annotations

from dataclasses import replace

from hearsight import Finish, Like, Request

from .entry import Entry

__all__ = ["FAMILY", "SPREAD", "again", "locked", "near"]

FAMILY = 8
"""Sounds of a family: as many as a game plays in turns."""

SPREAD = 0.3
"""How far a family's sounds are from the one they are near to, 0 to 1."""


def near(entry: Entry, count: int = FAMILY, spread: float = SPREAD) -> Request:
    """A request for `count` sounds near to a take: its settings, and noise turned away from its
    own by `spread`, 0 (the same) to 1 (nothing to do with it)."""
    asked = again(entry, count)
    return replace(asked, like=Like(entry.item_seed, spread, entry.request.like))


def again(entry: Entry, count: int) -> Request:
    """A request for `count` new sounds by the settings of a take."""
    return replace(entry.request, seed=None, first_variation=0, variations=count, finish=Finish())


def locked(entry: Entry) -> Request:
    """The request that makes this very take: its settings, its seed, and which of the sounds of
    that seed it is (`first_variation`)."""
    return replace(entry.request, finish=Finish())
