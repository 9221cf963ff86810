"""`hearsight-desktop`: the program."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

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
    from .views.theme import follow_system
    from .window import Window

    app = QApplication(sys.argv[:1])
    app.setApplicationName("hearsight-desktop")
    app.setApplicationDisplayName("Hearsight")
    app.setDesktopFileName("hearsight-desktop")
    ring = follow_system(app)
    single = Single(data_folder())
    if not single.claim(files):
        return 0
    try:
        session = Session()
    except HearsightError as problem:
        QMessageBox.critical(None, "Hearsight", str(problem))
        return problem.exit_code
    window = Window(session, Audition(MiniaudioPlayer()))
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


def _leave(code: int) -> NoReturn:
    """End the process without waiting for threads that do not end."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
