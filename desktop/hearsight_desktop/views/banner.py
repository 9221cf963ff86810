"""What happened, what to do about it, and its details: lines in the window that never block it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QGuiApplication,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from .icons import Glyph, IconButton
from .theme import SPACE, Tone, mixed, tone, wash

__all__ = ["SECONDS", "Banner", "Banners", "Message"]

_MOST = 3
_KEYS = Qt.FocusPolicy.TabFocus  # a click leaves the keyboard to what it was at
_WIDEST = 760  # of those that float, in logical pixels
SECONDS = 12.0
"""That a note stays, unless it is looked at."""


@dataclass(frozen=True)
class Message:
    """Something to tell.

    what: happened. todo: what the user can do about it. details: for a report, to be copied.
    action: words of a button, such as "Undo".
    """

    kind: Tone
    what: str
    todo: str = ""
    details: str = ""
    action: str = ""


class Banner(QFrame):
    """One message."""

    dismissed = Signal()
    acted = Signal()

    def __init__(self, message: Message, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.message = message
        self.times = 1
        self.setAccessibleName(
            f"{message.kind.capitalize()}: {message.what} {message.todo}".strip()
        )
        self._glyph = Glyph(message.kind, self)
        self._what = QLabel(self)
        self._todo = QLabel(message.todo, self)
        for label in (self._what, self._todo):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._todo.setVisible(bool(message.todo))
        font = self._what.font()
        font.setBold(bool(message.todo))
        self._what.setFont(font)

        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._what)
        words.addWidget(self._todo)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE + 4, SPACE, SPACE, SPACE)
        row.setSpacing(SPACE)
        row.addWidget(self._glyph)
        row.addLayout(words, 1)
        if message.action:
            act = QPushButton(message.action, self)
            act.setFocusPolicy(_KEYS)
            act.clicked.connect(self.acted)
            row.addWidget(act)
        if message.details:
            self._copy = QPushButton("Copy details", self)
            self._copy.setFocusPolicy(_KEYS)
            self._copy.clicked.connect(self._copied)
            row.addWidget(self._copy)
        close = IconButton("remove", "Dismiss", self)
        close.setFocusPolicy(_KEYS)
        close.clicked.connect(self.dismissed)
        row.addWidget(close)

        self._timer = QTimer(self, singleShot=True, interval=round(1000 * SECONDS))
        self._timer.timeout.connect(self._timed_out)
        if message.kind in ("note", "good"):
            self._timer.start()
        self._show()

    def again(self) -> None:
        """It happened once more."""
        self.times += 1
        if self._timer.isActive():
            self._timer.start()
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_timer"):
            self._show()

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground, ink = (
            wash(self.palette(), self.message.kind),
            tone(self.palette(), self.message.kind),
        )
        painter.setBrush(ground)
        painter.setPen(mixed(ground, ink, 0.45))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)

    def _timed_out(self) -> None:
        """Not while somebody reads or is about to press a button of it."""
        focus = QApplication.focusWidget()
        if self.underMouse() or (focus is not None and self.isAncestorOf(focus)):
            self._timer.start()
        else:
            self.dismissed.emit()

    def _copied(self) -> None:
        said = (self.message.what, self.message.todo, self.message.details)
        QGuiApplication.clipboard().setText("\n".join(filter(None, said)))
        self._copy.setText("Copied")

    def _show(self) -> None:
        times = f" ({self.times} times)" if self.times > 1 else ""
        self._what.setText(self.message.what + times)
        self._glyph.show_name(self.message.kind, tone(self.palette(), self.message.kind))


class Banners(QWidget):
    """At most three messages below each other, the newest first: in a layout, or floating over
    something, which then does not move when they come and go."""

    acted = Signal(object)
    """The button of this message was pressed; the message is gone."""
    left = Signal()
    """The message that had the keyboard is gone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._banners: list[Banner] = []
        self._host: QWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.hide()

    def float_over(self, host: QWidget) -> None:
        """Lie at the lower edge of `host` from now on, and take no room in it."""
        self.setParent(host)
        self._host = host
        host.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._host and event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._place()
        return done

    @property
    def messages(self) -> tuple[Message, ...]:
        """What is shown, from the top."""
        return tuple(banner.message for banner in self._banners)

    def tell(self, message: Message) -> None:
        """Show a message; one that is shown already is counted. Of too many, the oldest that is
        no error goes first."""
        for banner in self._banners:
            if banner.message == message:
                banner.again()
                return
        banner = Banner(message, self)
        banner.dismissed.connect(lambda: self._drop(banner))
        banner.acted.connect(lambda: self._act(banner))
        self._banners.insert(0, banner)
        self._column.insertWidget(0, banner)
        while len(self._banners) > _MOST:
            older = list(reversed(self._banners[1:]))
            self._drop(next((b for b in older if b.message.kind != "error"), older[0]))
        self.show()
        self._place()
        self._announce(message)

    def clear(self) -> None:
        """Show none."""
        for banner in list(self._banners):
            self._drop(banner)

    def _place(self) -> None:
        if self._host is None:
            return
        width = min(self._host.width() - 4 * SPACE, _WIDEST)
        height = self._column.totalHeightForWidth(width)
        height = height if height > 0 else self._column.totalSizeHint().height()
        left, top = (self._host.width() - width) // 2, self._host.height() - height - SPACE
        self.setGeometry(left, max(top, 0), width, height)
        self.raise_()

    def _act(self, banner: Banner) -> None:
        self._drop(banner)
        self.acted.emit(banner.message)

    def _drop(self, banner: Banner) -> None:
        if banner in self._banners:
            focus = QApplication.focusWidget()
            had_keyboard = focus is not None and banner.isAncestorOf(focus)
            self._banners.remove(banner)
            self._column.removeWidget(banner)
            banner.hide()
            banner.deleteLater()
            if had_keyboard:
                self.left.emit()
        self.setVisible(bool(self._banners))

    def _announce(self, message: Message) -> None:
        event = QAccessibleAnnouncementEvent(self, f"{message.what} {message.todo}".strip())
        if message.kind == "error":
            event.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
        QAccessible.updateAccessibility(event)
