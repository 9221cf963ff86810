"""How much memory waiting graphs may hold: those used longest ago are closed first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

__all__ = ["Budget"]


class Budget:
    """Memory in bytes that open graphs may take together, shared by the engines of a program.

    The graph that is about to run stays, however large it is; None is no limit. What is closed
    is opened again when it is needed, which takes the time of opening it.
    """

    def __init__(self, limit: int | None = None) -> None:
        self._limit = limit
        self._open: OrderedDict[Hashable, tuple[int, Callable[[], None]]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: Hashable, size: int, close: Callable[[], None]) -> None:
        """Note that a graph of `size` bytes is about to be opened or used, and make room for it.

        `close` gives its memory back; it is called when others need the room.
        """
        with self._lock:
            self._open[key] = size, close
            self._open.move_to_end(key)
            closing: list[Callable[[], None]] = []
            total = sum(size for size, _ in self._open.values())
            while self._limit is not None and total > self._limit and len(self._open) > 1:
                _, (freed, shut) = self._open.popitem(last=False)
                total -= freed
                closing.append(shut)
        for shut in closing:
            shut()

    def give_back(self, key: Hashable) -> None:
        """Note that a graph was closed by its owner."""
        with self._lock:
            self._open.pop(key, None)
