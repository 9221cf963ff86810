"""While a driver keeps one waiting: say which, and let Ctrl-C end the wait."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..probe import watched

if TYPE_CHECKING:
    from ..sampler import Cancel
    from .console import Console

__all__ = ["patient"]

_QUIET = 1.0  # seconds; most drivers answer sooner


@contextmanager
def patient(console: Console, cancel: Cancel) -> Generator[None, None, None]:
    """While the block runs, every device whose driver has not answered after a second is named
    once, and `cancel` ends its try, with `Cancelled`."""
    named: set[str] = set()

    def look(device: str, seconds: float) -> None:
        cancel.raise_if()
        if seconds >= _QUIET and device not in named:
            named.add(device)
            console.info(f"Trying {device}; its driver has not answered yet.")

    with watched(look):
        yield
