"""The button that makes sounds, and the queue behind it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal

from PySide6.QtCore import QPoint, Qt, Signal, SignalInstance
from PySide6.QtGui import QAction, QFont, QKeySequence, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from .icons import icon, pixmap
from .theme import mixed

__all__ = ["GenerateButton", "Which"]

Which = Literal["running", "waiting", "all"]

_MOST_TITLES = 20


class GenerateButton(QWidget):
    """Generate, and a menu for where in the queue, what is to be cancelled, and what waits.

    Its actions have the keys Ctrl+Enter, Ctrl+Shift+Enter, Esc and Shift+Esc in the whole window.
    """

    asked = Signal(str)
    """Make what is wanted; a `Place` of the queue."""
    cancelled = Signal(str)
    """Cancel; a `Which`."""
    removed = Signal(str)
    """Take the waiting job with this id out of the queue."""
    command_wanted = Signal()
    """Copy what is wanted as a command."""
    manifest_wanted = Signal()
    """Write the queue as a manifest."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._button = _Strong("&Generate", self)
        self._button.setToolTip("Make these sounds (Ctrl+Enter)")
        self._button.clicked.connect(lambda: self.asked.emit("back"))
        self._button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._more = _Strong("", self)
        self._more.setAccessibleName("Queue")
        self._more.setToolTip("The queue: where to put it, what to cancel")
        self._menu = self._made_menu()
        self._more.clicked.connect(self._open_menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self._button)
        row.addWidget(self._more)
        height = round(self.fontMetrics().height() * 2.2)
        self._button.setFixedHeight(height)
        self._more.setFixedSize(height, height)
        self.setFocusProxy(self._button)
        self.show_queue("", [])

    def show_queue(self, running: str, waiting: Sequence[tuple[str, str]]) -> None:
        """What runs (a title, or nothing) and what waits (ids and titles), first the next."""
        self._button.setText(f"&Generate  ({len(waiting)} waiting)" if waiting else "&Generate")
        counts = [f"Running: {running}" if running else "Nothing is running"]
        counts += [f"{len(waiting)} waiting"] if waiting else []
        self._state.setText(self._short(", ".join(counts)))
        self._cancel_running.setEnabled(bool(running))
        self._cancel_waiting.setEnabled(bool(waiting))
        self._cancel_all.setEnabled(bool(running or waiting))
        self._manifest.setEnabled(bool(running or waiting))
        self._waiting.setEnabled(bool(waiting))
        self._waiting.clear()
        for id_, title in waiting[:_MOST_TITLES]:
            action = self._waiting.addAction(icon("remove", self.palette()), self._short(title))
            action.triggered.connect(partial(self.removed.emit, id_))
        if len(waiting) > _MOST_TITLES:
            self._waiting.addAction(f"and {len(waiting) - _MOST_TITLES} more").setEnabled(False)

    def set_enabled_to_ask(self, enabled: bool, why: str = "") -> None:
        """Whether anything can be made, and why not."""
        for part in (self._button, self._ask_back, self._ask_front, self._ask_replace):
            part.setEnabled(enabled)
        self._button.setToolTip(why or "Make these sounds (Ctrl+Enter)")

    def _made_menu(self) -> QMenu:
        menu = QMenu(self)
        self._state = menu.addAction("")
        self._state.setEnabled(False)
        menu.addSeparator()
        self._ask_back = self._action(
            menu, "&Add to the queue", ["Ctrl+Return", "Ctrl+Enter"], self.asked, "back"
        )
        self._ask_front = self._action(
            menu, "Make it &next", ["Ctrl+Shift+Return", "Ctrl+Shift+Enter"], self.asked, "front"
        )
        self._ask_replace = self._action(
            menu, "&Instead of all that waits", [], self.asked, "replace"
        )
        menu.addSeparator()
        self._cancel_running = self._action(
            menu, "&Cancel what is running", ["Esc"], self.cancelled, "running"
        )
        self._cancel_waiting = self._action(
            menu, "Cancel what &waits", [], self.cancelled, "waiting"
        )
        self._cancel_all = self._action(menu, "Cancel a&ll", ["Shift+Esc"], self.cancelled, "all")
        self._waiting = menu.addMenu("&Remove from the queue")
        menu.addSeparator()
        menu.addAction("Cop&y as command").triggered.connect(self.command_wanted)
        self._manifest = menu.addAction("&Export the queue as manifest…")
        self._manifest.triggered.connect(self.manifest_wanted)
        return menu

    def _action(
        self, menu: QMenu, words: str, keys: list[str], signal: SignalInstance, value: str
    ) -> QAction:
        action = menu.addAction(words)
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.triggered.connect(lambda: signal.emit(value))
        self.addAction(action)  # its keys work while the menu is closed
        return action

    def _short(self, title: str) -> str:
        line = " ".join(title.split()).replace("&", "&&")
        return line if len(line) <= 60 else line[:57].rstrip() + "…"

    def _open_menu(self) -> None:
        size = self._menu.sizeHint()
        corner = self._more.mapToGlobal(QPoint(self._more.width(), 0))
        self._menu.popup(corner - QPoint(size.width(), size.height() + 4))


class _Strong(QPushButton):
    """A button on the accent; without words it shows an arrow."""

    def __init__(self, words: str, parent: QWidget) -> None:
        super().__init__(words, parent)
        font = self.font()
        font.setWeight(QFont.Weight.DemiBold)
        self.setFont(font)
        # A click leaves the keys where they are: Space plays next, and does not generate again.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        role, colours = QPalette.ColorRole, self.palette()
        ground, ink = colours.color(role.Accent), colours.color(role.HighlightedText)
        if not self.isEnabled():
            ground = colours.color(role.Midlight)
        elif self.isDown():
            ground = mixed(ground, colours.color(role.Shadow), 0.25)
        elif self.underMouse():
            ground = mixed(ground, ink, 0.1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(self.rect(), 7, 7)
        if self.text():
            painter.setPen(ink)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextShowMnemonic
            painter.drawText(self.rect(), flags, self.text())
        else:
            centre = self.rect().center() - QPoint(9, 9)
            painter.drawPixmap(centre, pixmap("down", ink, 20, self.devicePixelRatioF()))
