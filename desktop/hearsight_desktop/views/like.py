"""A sound to stay near to: where "more like this" came from."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from hearsight import Like

from .cards import Card, Elided
from .dials import Dial
from .icons import Glyph, IconButton
from .theme import SPACE

__all__ = ["LikeCard"]


class LikeCard(Card):
    """Shows a `Like`, how near to stay, and takes it away; hidden while there is none."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._like: Like | None = None
        self._name = Elided(self)
        self._near = Dial(
            "How near to the other sound",
            lambda at: round(1.0 - at, 3),
            lambda spread: 0.7 if spread is None else 1.0 - spread,
            lambda spread: f"Spread {0.3 if spread is None else spread:g}: 0 is the same sound",
            self,
        )
        self._near.changed.connect(self.changed)
        remove = IconButton("remove", "Stay near to no sound", self)
        remove.clicked.connect(self._remove)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self._name)
        column.addWidget(self._near)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE + 4, SPACE, SPACE // 2, SPACE)
        row.setSpacing(SPACE)
        row.addWidget(Glyph("sound", self))
        row.addLayout(column, 1)
        row.addWidget(remove)
        self.show_like(None)

    def like(self) -> Like | None:
        """The sound to stay near to, as near as is chosen."""
        spread = self._near.number()
        return self._like and replace(self._like, spread=0.3 if spread is None else spread)

    def show_like(self, like: Like | None) -> None:
        """Show this one, or hide."""
        self._like = like
        self._near.show_number(like.spread if like else None)
        self._name.set_words(f"More like sound {like.seed:016x}" if like else "")
        self.setVisible(like is not None)

    def _remove(self) -> None:
        self.show_like(None)
        self.changed.emit()
