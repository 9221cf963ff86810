"""`hearsight-desktop`: the program."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from .session import News

__all__ = ["main"]


def main() -> NoReturn:
    """Run the app; what it was asked for stands on the command line."""
    if getattr(sys, "frozen", False):  # a packed program is its own Python for the children
        from hearsight import answer_as_child

        answer_as_child()
    parser = argparse.ArgumentParser(
        prog="hearsight-desktop",
        description="Drop a picture, audition four sounds, drag the right one into the DAW.",
    )
    parser.add_argument("files", nargs="*", help="pictures, videos, sounds, models or presets")
    parser.add_argument("--version", action="store_true", help="print the version and quit")
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="make one sound in a folder of its own, print what came of it, and quit",
    )
    asked = parser.parse_args()
    if asked.version:
        from importlib.metadata import version

        print(f"Hearsight {version('hearsight')}")
        sys.exit(0)
    if asked.smoke:
        from .smoke import smoke

        with tempfile.TemporaryDirectory() as scratch:
            code = smoke(Path(scratch))
        _leave(code)
    files = [os.path.abspath(file) if os.path.exists(file) else file for file in asked.files]
    _leave(_run(files))


def _run(files: list[str]) -> int:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QMessageBox

    from hearsight import HearsightError

    from .audition import Audition
    from .places import data_folder
    from .player import MiniaudioPlayer
    from .session import Session
    from .single import Single
    from .sweeping import Sweeping
    from .views.icons import app_icon
    from .views.theme import follow_system
    from .window import Window

    app = QApplication(sys.argv[:1])
    app.setApplicationName("hearsight-desktop")
    app.setApplicationDisplayName("Hearsight")
    app.setDesktopFileName("hearsight-desktop")
    app.setWindowIcon(app_icon())
    ring = follow_system(app)
    try:
        single = Single(data_folder())
        if not single.claim(files):
            return 0
        session = Session()
    except HearsightError as problem:
        QMessageBox.critical(None, "Hearsight", str(problem))
        return problem.exit_code
    window = Window(session, Audition(MiniaudioPlayer()))
    tell_surprises(window.tell)
    single.called.connect(window.open)
    sweeping = Sweeping(window)
    ended: list[bool] = []
    window.closed.connect(ended.append)
    window.show()
    QTimer.singleShot(0, window.start)
    if files:
        QTimer.singleShot(0, lambda: window.open(files))
    code = app.exec()
    sweeping.stop()
    single.release()
    if ended != [True]:
        _leave(code)  # a worker that does not end would make Qt abort
    del ring
    return code


def tell_surprises(tell: Callable[[News], None]) -> None:
    """Tell of exceptions that nobody caught in the thread of the window: Qt goes on after them,
    and a packed program has no console to show them on."""
    from .session import News
    from .telling import details_of, message_of

    before = sys.excepthook

    def hook(
        kind: type[BaseException], problem: BaseException, trace: TracebackType | None
    ) -> None:
        before(kind, problem, trace)
        here = threading.current_thread() is threading.main_thread()
        if here and isinstance(problem, Exception):
            tell(News("error", message_of(problem), details_of(problem)))

    sys.excepthook = hook


def _leave(code: int) -> NoReturn:
    """End the process without waiting for threads that do not end."""
    for stream in (sys.stdout, sys.stderr):
        if stream:  # a packed program without a console has none
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
