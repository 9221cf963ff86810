"""Where things lie in the list of results: a header across, its tiles below, row after row."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect

__all__ = ["Grid", "Group"]

_MARGIN, _GAP = 12, 10
_HEADER, _TILE, _TILE_WIDTH = 38, 112, 176
_MOST = 300  # wider tiles look lost


@dataclass(frozen=True)
class Group:
    """A header in row `header` of the model, and how many tiles follow it."""

    header: int
    count: int


class Grid:
    """Rectangles of all rows in a view of this width, in its contents' pixels.

    Only groups are laid out beforehand, so thousands of tiles cost as little as hundreds.
    """

    def __init__(self, groups: Sequence[Group] = (), width: int = 0) -> None:
        self._groups = list(groups)
        self._headers = [group.header for group in groups]
        inner = max(width - 2 * _MARGIN, 1)
        self._columns = max(1, (inner + _GAP) // (_TILE_WIDTH + _GAP))
        share = (inner - (self._columns - 1) * _GAP) // self._columns
        self._tile = max(min(share, _MOST), 1)
        self._inner = inner
        self._tops: list[int] = []
        top = 0
        for group in groups:
            self._tops.append(top)
            lines = -(-group.count // self._columns)
            top += _HEADER + lines * (_TILE + _GAP)
        self.height = top

    def rect(self, row: int) -> QRect:
        """Of a row of the model; empty if there is no such row."""
        group = bisect_right(self._headers, row) - 1
        if group < 0 or row > self._headers[group] + self._groups[group].count:
            return QRect()
        top = self._tops[group]
        place = row - self._headers[group] - 1
        if place < 0:
            return QRect(_MARGIN, top, self._inner, _HEADER)
        line, column = divmod(place, self._columns)
        return QRect(
            _MARGIN + column * (self._tile + _GAP),
            top + _HEADER + line * (_TILE + _GAP),
            self._tile,
            _TILE,
        )

    def row_at(self, point: QPoint) -> int:
        """The row that lies there, -1 for none."""
        return next((row for row in self.rows_in(QRect(point, point))), -1)

    def rows_in(self, area: QRect) -> Iterator[int]:
        """The rows of which something lies in an area, from above."""
        first = max(bisect_right(self._tops, area.top()) - 1, 0)
        for group in range(first, len(self._groups)):
            top, (header, count) = self._tops[group], self._pair(group)
            if top > area.bottom():
                return
            line = max(0, (area.top() - top - _HEADER) // (_TILE + _GAP))
            last = max(0, (area.bottom() - top - _HEADER) // (_TILE + _GAP) + 1)
            tiles = range(line * self._columns, min(count, last * self._columns))
            for row in (header, *(header + 1 + place for place in tiles)):
                if self.rect(row).intersects(area):
                    yield row

    def beside(self, row: int, lines: int) -> int:
        """The tile so many lines below, or above if negative, nearest to the same column; the row
        itself if there is none."""
        group = bisect_right(self._headers, row) - 1
        if group < 0:
            return row
        line, column = divmod(row - self._headers[group] - 1, self._columns)
        step = 1 if lines > 0 else -1
        for _ in range(abs(lines)):
            line += step
            while 0 <= group < len(self._groups) and not 0 <= line < self._lines(group):
                group += step
                if 0 <= group < len(self._groups):
                    line = 0 if step > 0 else self._lines(group) - 1
            if not 0 <= group < len(self._groups):
                return row
            row = self._row(group, line, column)
        return row

    def _pair(self, group: int) -> tuple[int, int]:
        return self._groups[group].header, self._groups[group].count

    def _lines(self, group: int) -> int:
        return -(-self._groups[group].count // self._columns)

    def _row(self, group: int, line: int, column: int) -> int:
        header, count = self._pair(group)
        return header + 1 + min(line * self._columns + column, count - 1)
