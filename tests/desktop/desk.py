"""The app as its users have it: the real window on the real session and workers, and hands."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
import soundfile
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFileDialog,
    QPushButton,
    QWidget,
)

from hearsight_desktop.audition import Audition
from hearsight_desktop.entry import Entry
from hearsight_desktop.jobs import State
from hearsight_desktop.session import Session
from hearsight_desktop.views.banner import Message
from hearsight_desktop.views.dials import Number
from hearsight_desktop.window import Window

__all__ = ["Desk", "Tape", "film", "picture", "samples", "sound"]

LONG = 30_000  # ms: no test waits so long unless something is wrong
W = TypeVar("W", bound=QWidget)
NO, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)


class Tape:
    """A `Player` whose time passes only when a test winds it on."""

    def __init__(self) -> None:
        self.audio = np.zeros(1, np.float32)
        self.loop: tuple[float, float] | None = None
        self.volume = 1.0
        self.closed = False
        self._rate, self._at, self._going = 48000, 0.0, False

    @property
    def playing(self) -> bool:
        return self._going

    @property
    def position(self) -> float:
        return self._at

    @property
    def length(self) -> float:
        return len(self.audio) / self._rate

    def load(self, audio: np.ndarray, sample_rate: int, *, keep: bool = False) -> None:
        self.audio, self._rate, self.loop = audio, sample_rate, None
        self._going = self._going and keep
        self._at = self._at if keep and self._at < self.length else 0.0

    def play(self, at: float | None = None) -> None:
        if at is not None:
            self.seek(at)
        elif self._at >= self.length:
            self._at = 0.0
        self._going = True

    def pause(self) -> None:
        self._going = False

    def seek(self, seconds: float) -> None:
        self._at = min(max(seconds, 0.0), self.length)

    def check(self) -> None:
        """It needs no device."""

    def close(self) -> None:
        self.closed = True

    def wind(self, seconds: float) -> None:
        """So much time passes."""
        self._at += seconds
        if self.loop and self._at >= self.loop[1]:
            self._at = self.loop[0] + (self._at - self.loop[0]) % (self.loop[1] - self.loop[0])
        elif self._at >= self.length:
            self._at, self._going = self.length, False


class Desk:
    """The window, and what a user does at it."""

    def __init__(self, qtbot: Any, model: str = "micro", player: Any = None) -> None:
        self.qtbot = qtbot
        self.session = Session()
        if self.session.preferences.model != model:
            self.session.prefer(replace(self.session.preferences, model=model))
        self.tape = player or Tape()
        self.window = Window(self.session, Audition(self.tape))
        self.ended: list[bool] = []
        self.news: list[Message] = []
        self.states: list[tuple[str, State]] = []
        self.window.closed.connect(self.ended.append)
        self.session.ended.connect(lambda id, state: self.states.append((id, state)))
        tell = self.window.banners.tell
        self.window.banners.tell = lambda news: (self.news.append(news), tell(news))
        self.inputs, self.view = self.window.inputs, self.window.results.view
        self.detail, self.model = self.window.detail, self.window.model

    def open(self) -> Desk:
        """Show the window, and begin."""
        with self.qtbot.waitActive(self.window):
            self.window.show()
            self.window.activateWindow()
        self.window.start()
        combo = self.named(QComboBox, "Model")
        self.until(lambda: combo.count() and self.named(QPushButton, "&Generate").isEnabled())
        return self

    def close(self) -> None:
        """Close the window, unless it is closed."""
        if not self.ended:
            self.window.close()
        assert self.ended == [True], "every worker ended"

    # Waiting

    def until(self, what: Callable[[], Any]) -> None:
        self.qtbot.waitUntil(lambda: bool(what()), timeout=LONG)

    def idle(self) -> None:
        """Until nothing is made any more."""
        self.until(lambda: self.session.work.running is None and not self.session.work.waiting)

    @contextmanager
    def held(self, stage: str, made: int = 0) -> Iterator[threading.Event]:
        """The worker stops where it next reports a stage of a job of which so many sounds are
        made by then, until the block is left or the window closes."""
        reached, go_on = threading.Event(), threading.Event()
        so_far = [0]

        def hold(_: str, now: str, __: int, ___: int) -> None:
            if now == stage and so_far[0] >= made and not reached.is_set():
                reached.set()
                while not go_on.wait(0.005) and not self.session._closing:
                    pass

        def began(_: str) -> None:
            so_far[0] = 0

        def one_more(_: Entry) -> None:
            so_far[0] += 1

        runner = self.session.runner
        slots = ((runner.progressed, hold), (runner.began, began), (runner.made, one_more))
        for signal, slot in slots:
            signal.connect(slot, Qt.ConnectionType.DirectConnection)
        try:
            yield reached
        finally:
            go_on.set()
            for signal, slot in slots:
                signal.disconnect(slot)

    # Hands

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NO) -> None:
        """A key of the keyboard, which goes where the focus is."""
        QTest.keyClick((QApplication.activeWindow() or self.window).windowHandle(), key, modifier)

    def type(self, words: str) -> None:
        for letter in words:
            QTest.keyClick(self.window.windowHandle(), letter)

    def named(self, kind: type[W], name: str, within: QWidget | None = None) -> W:
        """The part of this accessible name or, of buttons, these words."""
        found = [
            part
            for part in (within or self.window).findChildren(kind)
            if part.accessibleName() == name
            or (isinstance(part, QAbstractButton) and part.text() == name)
        ]
        assert len(found) == 1, (name, found)
        return found[0]

    def click(self, name: str, within: QWidget | None = None) -> None:
        """Click a button, which has to be seen and to be enabled."""
        button = self.named(QAbstractButton, name, within)
        assert button.isVisible() and button.isEnabled(), name
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def choose(self, name: str, data: Any, within: QWidget | None = None) -> None:
        """Choose from a box, as with the keyboard."""
        box = self.named(QComboBox, name, within)
        place = box.findData(data)
        assert place >= 0, (name, data)
        box.setCurrentIndex(place)
        box.activated.emit(place)

    def action(self, words: str) -> QAction:
        """An action of the menus, by its words without mnemonics."""
        found = [a for a in self.window.findChildren(QAction) if plain(a.text()) == words]
        assert len(found) == 1, (words, found)
        return found[0]

    def trigger(self, words: str) -> None:
        action = self.action(words)
        assert action.isEnabled(), words
        action.trigger()

    def drop(self, *things: Path | str, onto: QWidget | None = None) -> bool:
        """Drag files over a part of the window and drop them; whether it took them."""
        data = QMimeData()
        data.setUrls(
            [QUrl.fromLocalFile(str(t)) if isinstance(t, Path) else QUrl(t) for t in things]
        )
        return self.drop_data(data, onto)

    def drop_data(self, data: QMimeData, onto: QWidget | None = None) -> bool:
        onto = onto or self.view
        place = onto.mapTo(self.window, onto.rect().center())
        arguments = (
            Qt.DropAction.CopyAction | Qt.DropAction.MoveAction,
            data,
            Qt.MouseButton.LeftButton,
            NO,
        )
        window = self.window.windowHandle()
        QApplication.sendEvent(window, enter := QDragEnterEvent(QPoint(place), *arguments))
        if not enter.isAccepted():
            return False
        assert enter.dropAction() == Qt.DropAction.CopyAction
        QApplication.sendEvent(window, QDragMoveEvent(QPoint(place), *arguments))
        drop = QDropEvent(QPointF(place), *arguments)
        QApplication.sendEvent(window, drop)
        return drop.isAccepted() and drop.dropAction() == Qt.DropAction.CopyAction

    def dialogs(self) -> list[QFileDialog]:
        """File dialogs that are not gone yet."""
        return [each for each in QApplication.topLevelWidgets() if isinstance(each, QFileDialog)]

    def dialog(self, *chosen: Path) -> QFileDialog:
        """The file dialog that is open: choose these in it."""
        [dialog] = [each for each in self.dialogs() if each.isVisible()]
        if chosen:
            dialog.filesSelected.emit([str(path) for path in chosen])
            dialog.fileSelected.emit(str(chosen[0]))
            dialog.accepted.emit()
        dialog.close()
        return dialog

    def leave(self, window: QWidget) -> None:
        """Close a window beside; the system goes back to the main one."""
        with self.qtbot.waitActive(self.window):
            window.close()
            self.window.activateWindow()

    def act_on(self, words: str) -> None:
        """Press the button of the newest banner that has it."""
        self.until(lambda: self._buttons(words))
        QTest.mouseClick(self._buttons(words)[0], Qt.MouseButton.LeftButton)

    def _buttons(self, words: str) -> list[QPushButton]:
        buttons = self.window.banners.findChildren(QPushButton)
        found = [button for button in buttons if button.text() == words and button.isVisible()]
        return sorted(found, key=lambda button: button.mapTo(self.window, QPoint()).y())

    # What is there

    @property
    def told(self) -> list[str]:
        return [news.what for news in self.news]

    def chips(self) -> list[tuple[str, str]]:
        """Kinds and files of what is listened to."""
        return [(p.modality, p.value) for p in self.inputs.chips.prompts()]

    def shown(self) -> list[Entry]:
        """The takes in the list, from the top."""
        rows = range(self.model.rowCount())
        return [e for row in rows if (e := self.model.entry(self.model.index(row)))]

    def current(self) -> Entry:
        entry = self.session.entry(self.view.current_id())
        assert entry, "a take is chosen"
        return entry

    # Whole errands

    def ask(self, words: str = "rain", **numbers: float) -> None:
        """Say what is wanted; `Length`, `Variations`, `Steps` and so on by their names."""
        self.inputs.focus_text()
        self.press(Qt.Key.Key_A, CTRL)
        self.press(Qt.Key.Key_Delete)
        self.type(words)
        for name, number in ({"Length": 0.3, "Variations": 2, "Steps": 2} | numbers).items():
            self.named(Number, name).setValue(number)

    def make(self, words: str = "rain", **numbers: float) -> list[Entry]:
        """Ask and wait: the new takes, by number."""
        before = {entry.id for entry in self.session.entries()}
        self.ask(words, **numbers)
        with self.qtbot.waitSignal(self.session.ended, timeout=LONG) as ended:
            self.press(Qt.Key.Key_Return, CTRL)
        assert ended.args[1] is State.FINISHED, self.told
        made = [entry for entry in self.session.entries() if entry.id not in before]
        return sorted(made, key=lambda entry: entry.number)

    def pick(self, entry: Entry) -> Entry:
        """Look at a take with the keyboard in the list, and wait for its sound."""
        self.view.setFocus()
        self.view.choose(entry.id)
        listening, wave = self.window.listening, self.detail.waveform
        self.until(lambda: listening._sound and listening._sound[0].id == entry.id)
        self.until(lambda: wave._peaks is not None)
        return self.fresh(entry)

    def pull(self, entry: Entry) -> None:
        """Drag a tile with the mouse."""
        place = self.view.visualRect(self.model.index_of(entry.id)).center() + QPoint(0, 20)
        pane = self.view.viewport()
        QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=place)
        QTest.mouseMove(pane, place + QPoint(6, 6))
        QTest.mouseMove(pane, place + QPoint(30, 30))
        QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=place + QPoint(30, 30))

    def fresh(self, entry: Entry) -> Entry:
        """The take as it is now."""
        now = self.session.entry(entry.id)
        assert now
        return now

    def finished(self, entry: Entry, act: Callable[[], object]) -> Entry:
        """Do something that makes a file anew; the take when it is there."""
        with self.qtbot.waitSignal(
            self.session.stale,
            timeout=LONG,
            check_params_cb=lambda *told: told == (entry.id, False),
        ):
            act()
        return self.fresh(entry)


def plain(words: str) -> str:
    """Words of a menu as they are read."""
    return words.split("\t", maxsplit=1)[0].replace("&&", "\0").replace("&", "").replace("\0", "&")


def samples(path: Path) -> np.ndarray:
    """A file's sound."""
    return soundfile.read(path, dtype="float32")[0]


def picture(path: Path, shade: int = 120) -> Path:
    """A picture file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(path.suffix, np.full((24, 32, 3), shade, np.uint8))
    assert done
    path.write_bytes(data.tobytes())
    return path


def film(path: Path, seconds: float = 1.0) -> Path:
    """A video file of ten frames a second, each brighter than the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    assert writer.isOpened()
    for index in range(round(seconds * 10)):
        writer.write(np.full((48, 64, 3), 20 + 20 * index, np.uint8))
    writer.release()
    return path


def sound(path: Path, seconds: float = 0.3) -> Path:
    """A sound of somebody else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = 0.5 * np.sin(np.arange(round(seconds * 8000)) * 0.3)
    soundfile.write(path, wave, 8000)
    return path
