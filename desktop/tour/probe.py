"""The app as it is, with an ear on standard input that tells what is where. It touches nothing:
what is done is done by mouse and keyboard.

A line of JSON is a question, ["facts"], ["find", NAME] or ["tile", NUMBER], and one is an answer.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import asdict
from typing import Any

from PySide6.QtCore import QObject, QPoint, QRect, Signal, Slot
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from hearsight_desktop.app import main
from hearsight_desktop.views.banner import Banner
from hearsight_desktop.views.takes_model import Role
from hearsight_desktop.window import Window


class Probe(QObject):
    """Answers in the thread of the window."""

    asked = Signal(str)

    @Slot(str)
    def answer(self, line: str) -> None:
        """Print what is asked for; null for what is not there."""
        what, *words = json.loads(line)
        print(json.dumps(getattr(self, what)(*words), default=str), flush=True)

    def facts(self) -> dict[str, Any]:
        """What the user sees or could know."""
        window = self._window()
        session, view = window._session, window.results.view
        focus = QApplication.focusWidget()
        entry = window._session.entry(view.current_id())
        return {
            "window": int(window.winId()),
            "area": self._area(window, window.rect()),
            "shown": window.isVisible(),
            "takes": len(session.entries()),
            "tiles": len(self._tiles()),
            "chosen": entry and asdict(entry),
            "stale": bool(entry and window.model.files([entry.id])[1]),
            "selected": len(view.selected_ids()),
            "starred": sum(each.starred for each in session.entries()),
            "rejected": sum(each.rejected for each in session.entries()),
            "running": bool(session.work.running),
            "waiting": len(session.work.waiting),
            "progress": window.inputs.progress.isVisible(),
            "share": max(self._shares(), default=0.0),
            "playing": window.listening._audition.playing,
            "position": window.listening._audition.position,
            "looping": window.listening._looping,
            "prompt": window.inputs.text.words(),
            "seed": window.inputs.request().seed,
            "variations": window.inputs.request().variations,
            "files": [each.value for each in window.inputs.chips.prompts()],
            "model": window.inputs.model(),
            "frame": window.detail.picture.isVisible(),
            "heard": window.detail.waveform._peaks is not None,
            "banners": [each.message.what for each in window.banners.findChildren(Banner)],
            "focus": focus and (focus.accessibleName() or type(focus).__name__),
            "windows": [
                each.windowTitle() for each in QApplication.topLevelWidgets() if each.isVisible()
            ],
        }

    def find(self, name: str) -> tuple[int, ...] | None:
        """Where a widget is, by what it says or how it is called for those who cannot see it."""
        for widget in QApplication.allWidgets():
            if not widget.isVisible():
                continue
            said = widget.text() if isinstance(widget, QAbstractButton) else ""
            if name in (widget.accessibleName(), said.replace("&", "")):
                return self._area(widget, widget.rect())
        return None

    def tile(self, number: int) -> tuple[int, ...] | None:
        """Where a take's tile is, from 1 in the order of the list, if it is seen."""
        view, tiles = self._window().results.view, self._tiles()
        if number > len(tiles):
            return None
        place = view.visualRect(view.model().index(tiles[number - 1], 0))
        if not view.viewport().rect().contains(place):
            return None
        return self._area(view.viewport(), place)

    def _shares(self) -> list[float]:
        """How far the sounds are that are still to come."""
        model = self._window().model
        told = (model.data(model.index(row, 0), Role.PROGRESS) for row in range(model.rowCount()))
        return [share for share in told if share is not None]

    def _tiles(self) -> list[int]:
        model = self._window().model
        rows = range(model.rowCount())
        return [row for row in rows if model.data(model.index(row, 0), Role.ENTRY)]

    def _area(self, widget: QWidget, area: QRect) -> tuple[int, ...]:
        ratio = widget.devicePixelRatioF()
        corner = widget.mapToGlobal(QPoint(area.left(), area.top()))
        sides = (corner.x(), corner.y(), area.width(), area.height())
        return tuple(round(side * ratio) for side in sides)

    def _window(self) -> Window:
        return next(each for each in QApplication.topLevelWidgets() if isinstance(each, Window))


def _listen() -> None:
    while not (app := QApplication.instance()) or not any(
        isinstance(each, Window) and each.isVisible() for each in QApplication.topLevelWidgets()
    ):
        time.sleep(0.02)
    probe = Probe()
    probe.moveToThread(app.thread())
    probe.asked.connect(probe.answer)
    for line in sys.stdin:
        probe.asked.emit(line)


threading.Thread(target=_listen, daemon=True).start()
main()
