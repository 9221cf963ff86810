"""The one window: what is wanted on the left, what came of it in the middle, one of it below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QKeySequence,
)
from PySide6.QtWidgets import QMainWindow, QMenu, QSplitter, QVBoxLayout, QWidget

from .audition import Audition
from .controllers.asking import Asking
from .controllers.choosing import Choosing
from .controllers.delivering import Delivering, reveal
from .controllers.listening import Listening
from .news import News
from .preferences import Preferences
from .projector import Projector
from .session import Session
from .views.banner import Banners, Message
from .views.detail import DetailView
from .views.device import DeviceLine
from .views.finding import ResultsPanel
from .views.inputs import InputsView
from .views.shortcuts import ShortcutsView
from .views.takes_model import TakesModel

__all__ = ["Window"]

FIRST_WORDS = "heavy rain on a tin roof"
"""What stands in the prompt when the app is started for the first time."""

_UNDO, _PUT_BACK, _REFERENCE, _SHOW = "Undo", "Put back", "Use as reference", "Show in folder"


class Window(QMainWindow):
    """Lays the views out, makes their controllers, and tells news."""

    closed = Signal(bool)
    """Everything has ended; false if a worker would not."""

    def __init__(self, session: Session, audition: Audition) -> None:
        super().__init__()
        self.setWindowTitle("Hearsight")
        self.setAcceptDrops(True)
        self._session, self._audition = session, audition
        self._layout = QSettings(str(session.folder / "window.ini"), QSettings.Format.IniFormat)
        self._news: dict[Message, News] = {}
        self.projector = Projector()
        self.model = TakesModel(self)
        self.inputs = InputsView(self)
        self.results = ResultsPanel(self.model, self)
        self.detail = DetailView(self)
        self.banners = Banners(self)
        self.device = DeviceLine(self)
        self._lay_out()
        self.banners.float_over(self.results)
        self.asking = Asking(session, self.projector, self.inputs, self.model)
        self.listening = Listening(
            session, audition, self.projector, self.model, self.results, self.detail
        )
        self.delivering = Delivering(
            session, self.projector, self.listening, self.model, self.detail.delivery, self
        )
        self.choosing = Choosing(session, self.inputs, self.device, self)
        self._make_menus()
        self._listen()
        self._restore()

    def start(self) -> None:
        """Begin the work; called when the window is there."""
        first = not self._layout.contains("geometry")
        if first:
            self.asking.suggest(FIRST_WORDS)
            self.results.view.show_hint(
                "Press Generate, or Ctrl+Enter",
                "Four sounds come up here. Space plays, the arrows move, and a sound can be "
                "dragged into any program.",
            )
        else:
            self.results.view.show_hint("No sounds here", "Describe one on the left.")
        self._session.start()
        self.asking.start()
        self.inputs.focus_text()

    def open(self, paths: list[str]) -> None:
        """Take files that the app was started with, and come forward."""
        if paths:
            self.asking.drop([Path(path) for path in paths])
        self.show()
        self.raise_()
        self.activateWindow()

    def tell(self, news: News) -> None:
        """Tell something where it is seen, and does not stop anybody."""
        action = ""
        if news.rejected:
            action = _UNDO
        elif news.put_back:
            action = _PUT_BACK
        elif news.reference:
            action = _REFERENCE
        elif news.file:
            action = _SHOW
        message = Message(news.kind, news.text, details=news.details, action=action)
        shown = {each: self._news[each] for each in self.banners.messages if each in self._news}
        if message in shown:  # one banner for both: its button is for the jobs of both
            news = replace(news, put_back=(*shown[message].put_back, *news.put_back))
        self._news = {**shown, message: news}
        self.banners.tell(message)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        ours = event.source() is not None
        if not ours and (event.mimeData().hasUrls() or event.mimeData().hasImage()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.inputs.set_inviting(True)

    def dragLeaveEvent(self, _: QDragLeaveEvent) -> None:
        self.inputs.set_inviting(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.inputs.set_inviting(False)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.inputs.take(event.mimeData())

    def closeEvent(self, event: QCloseEvent) -> None:
        self._layout.setValue("geometry", self.saveGeometry())
        for name, splitter in (("across", self._across), ("down", self._down)):
            self._layout.setValue(name, splitter.saveState())
        self._layout.sync()
        self.hide()
        self._audition.close()
        ended = [self.projector.close(), self.choosing.close(), self._session.close()]
        self.closed.emit(all(ended))
        event.accept()

    def _lay_out(self) -> None:
        self._down = QSplitter(Qt.Orientation.Vertical)
        self._down.addWidget(self.results)
        self._down.addWidget(self.detail)
        self._down.setStretchFactor(0, 1)
        self._down.setSizes([420, 380])
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._down, 1)
        self._across = QSplitter(Qt.Orientation.Horizontal)
        self._across.addWidget(self.inputs)
        self._across.addWidget(right)
        self._across.setStretchFactor(1, 1)
        self._across.setSizes([360, 920])
        for splitter in (self._down, self._across):
            splitter.setChildrenCollapsible(False)
        whole = QWidget()
        rows = QVBoxLayout(whole)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self._across, 1)
        rows.addWidget(self.device)
        self.setCentralWidget(whole)

    def _make_menus(self) -> None:
        undo = self._session.undo
        file, edit = self.menuBar().addMenu("File"), self.menuBar().addMenu("Edit")
        view, help = self.menuBar().addMenu("View"), self.menuBar().addMenu("Help")
        self._add(file, "Add files…", "Ctrl+O", self.inputs.browse)
        self._add(file, "Models…", "Ctrl+M", self.choosing.show_bundles)
        self._add(file, "Preferences…", "Ctrl+,", self.choosing.show_preferences)
        file.addSeparator()
        self._add(file, "Quit", "Ctrl+Q", self.close)
        for action, keys in (
            (undo.createUndoAction(self, "Undo"), ("Ctrl+Z",)),
            (undo.createRedoAction(self, "Redo"), ("Ctrl+Shift+Z", "Ctrl+Y")),
        ):
            action.setShortcuts([QKeySequence(each) for each in keys])
            edit.addAction(action)
        edit.addSeparator()
        self._add(edit, "Paste files or a picture", "Ctrl+Shift+V", self._paste)
        self._add(edit, "Copy the settings as command", "", self.asking.copy_command)
        self._add(view, "Find", "Ctrl+F", self.results.find)
        self._add(view, "Go to the prompt", "Ctrl+P", self.inputs.focus_text)
        self._add(view, "Go to the sounds", "Ctrl+R", self._go_to_sounds)
        self._add(help, "Keys", "F1", self._show_keys)

    def _add(self, menu: QMenu, words: str, keys: str, do: Callable[[], object]) -> None:
        action = QAction(words, self)
        if keys:
            action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _=False: do())
        menu.addAction(action)

    def _listen(self) -> None:
        for source in (
            self._session,
            self.asking,
            self.listening,
            self.delivering,
            self.choosing,
        ):
            source.told.connect(self.tell)
        self.asking.bundle_dropped.connect(lambda path: self.choosing.take_in([path]))
        self.delivering.settings_wanted.connect(self.asking.use)
        self.delivering.connect_strip()
        self.choosing.preferred.connect(self._preferred)
        self.banners.acted.connect(self._act)
        self.banners.left.connect(self._go_to_sounds)
        view = self.results.view
        view.selectionModel().selectionChanged.connect(self._look)
        view.chosen.connect(self._look)

    def _look(self, *_: object) -> None:
        view = self.results.view
        current = view.current_id()
        self.delivering.look_at(view.selected_ids() or ([current] if current else []))

    def _preferred(self, chosen: Preferences) -> None:
        self.detail.transport.show_audition(chosen.audition)
        self.detail.delivery.show_form(chosen.delivery)
        self._look()

    def _act(self, message: Message) -> None:
        news = self._news.get(message)
        if news is None:
            return
        if news.rejected:
            self._session.restore(news.rejected)
        elif news.put_back:
            self._session.put_back(news.put_back)
        elif news.reference:
            self.inputs.add_file("audio", news.reference)
        elif news.file:
            reveal(news.file)

    def _paste(self) -> None:
        if not self.inputs.take(QGuiApplication.clipboard().mimeData()):
            self.tell(News("note", "There is no file and no picture in the clipboard."))

    def _go_to_sounds(self) -> None:
        self.results.view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _show_keys(self) -> None:
        self._keys = ShortcutsView(self)
        self._keys.show()

    def _restore(self) -> None:
        self.resize(1280, 860)
        for name, restore in (
            ("geometry", self.restoreGeometry),
            ("across", self._across.restoreState),
            ("down", self._down.restoreState),
        ):
            if isinstance(kept := self._layout.value(name), QByteArray):
                restore(kept)
