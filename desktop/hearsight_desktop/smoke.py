"""One sound from a window that nobody sees: whether a built app has all it needs."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["smoke"]

_LIMIT = 120_000  # ms


def smoke(folder: Path) -> int:
    """Open the window on an empty folder, make a sound with the starter, and say what came of it;
    the exit code."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("HEARSIGHT_AUDIO", "null")
    os.environ["HEARSIGHT_TAKES"] = str(folder / "Takes")

    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    import hearsight

    from .audition import Audition
    from .entry import Entry
    from .jobs import State
    from .player import MiniaudioPlayer
    from .session import Session
    from .sweeping import Sweeping
    from .window import FIRST_WORDS, Window

    app = QApplication(["hearsight-desktop"])
    session = Session(folder / "data")
    window = Window(session, Audition(MiniaudioPlayer()))
    sweeping = Sweeping(window)
    made: list[Entry] = []
    said: list[str] = []

    def end(_: str, state: State) -> None:
        app.exit(0 if state is State.FINISHED else 1)

    session.put.connect(made.append)
    session.told.connect(lambda news: said.append(news.text))
    session.ended.connect(end)
    window.show()
    window.start()
    request = hearsight.text(FIRST_WORDS, seconds=1.0, seed=1)
    QTimer.singleShot(_LIMIT, lambda: app.exit(2))
    if session.ask(request, "starter") is None:
        print(" ".join(said))
        return 1
    code = app.exec()
    for entry in made:
        if entry.delivered is None or not entry.delivered.is_file():
            code = code or 1
            continue
        info = hearsight.read_info(entry.delivered)
        print(f"{entry.delivered.name}: {info['seconds']:g} s at {info['sample_rate']} Hz")
    window.close()
    sweeping.stop()
    if code or not made:
        print(" ".join(said) or "No sound came in time.")
    return code if made else code or 1
