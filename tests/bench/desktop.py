"""How quickly the app opens, answers and what memory it takes, in a window with a real session.

    python tests/bench/desktop.py [--parts start,events,memory] [--runs 7] [--seconds 30]
                                  [--takes 200] [--requests 400]

Each part runs in processes of its own, in homes of their own, on the screen that QT_QPA_PLATFORM
names (`offscreen` unless it is set) and without a sound card. Nothing is written outside of them.

Parts:
    start   from the start of the process until the window has been painted; the first run, which
            may read from the disk, is not counted.
    events  every event of the window's thread, from its delivery until it is dealt with, while
            the starter makes sounds, a prompt is typed, a list of takes is scrolled and walked
            through with the arrows, which plays them. `late` is how much later than due a timer
            comes: what one waits for the thread, whoever held it up. `own` is the time that the
            thread computed in an event; the rest of it, others had the processor or Python.
    memory  the process after every 20 requests of one second each, played by the starter. Pictures
            of tiles fill Qt's cache of 10 MB in the first 300.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from threading import get_ident
from typing import Any

HERE = Path(__file__).resolve()
ROOT = HERE.parents[2]
LIMITS = {"start": 1500.0, "event": 16.0}  # ms
LETTER, NOTCH, ARROW, BEAT = 40, 60, 700, 5  # ms between two of a kind
EVERY, LAST = 20, 100  # requests between two looks, and of the end that is told apart


def main() -> None:
    """What the command line asks for, as a table."""
    asked = _arguments()
    if asked.child:
        _PARTS[asked.child](asked)
        return
    from place import describe

    told = describe()
    told["screen"] = os.environ.get("QT_QPA_PLATFORM", "offscreen")
    print("; ".join(f"{name} {what}" for name, what in told.items()), "\n")
    for part in asked.parts.split(","):
        runs = asked.runs + 1 if part == "start" else 1
        _TABLES[part]([_child(part, asked) for _ in range(runs)])


def _child(part: str, asked: argparse.Namespace) -> Any:
    """What a process of its own measured; its last line is JSON."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        environment = (
            {"QT_QPA_PLATFORM": "offscreen"}
            | os.environ
            | {
                "HEARSIGHT_AUDIO": "null",
                "HEARSIGHT_TAKES": f"{home}/Takes",
                "PYTHONPATH": os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "desktop")]),
                "BENCH_BEGAN": repr(time.monotonic()),
            }
        )
        for name in ("CONFIG", "DATA", "CACHE"):
            environment[f"XDG_{name}_HOME"] = f"{home}/{name.lower()}"
        command = [sys.executable, str(HERE), "--child", part, *sys.argv[1:]]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _start(_: argparse.Namespace) -> None:
    """The app as it is started, which tells when its window was painted and ends."""
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QApplication

    from hearsight_desktop import app, window

    class Told(window.Window):
        def __init__(self, *parts: Any) -> None:
            super().__init__(*parts)
            self._watch = Watch(self)
            QApplication.instance().installEventFilter(self._watch)

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and isinstance(watched, Told):
                QApplication.instance().removeEventFilter(self)
                QTimer.singleShot(0, self, self.tell)  # after all of it was painted
            return False

        def tell(self) -> None:
            print(1000 * (time.monotonic() - float(os.environ["BENCH_BEGAN"])), flush=True)
            os._exit(0)

    window.Window = Told
    sys.argv[1:] = []
    app.main()


def _events(asked: argparse.Namespace) -> None:
    from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
    from PySide6.QtGui import QKeyEvent, QWheelEvent
    from PySide6.QtWidgets import QApplication

    here = get_ident()
    spent: dict[str, list[tuple[float, float]]] = defaultdict(list)

    class Timed(QApplication):
        """Only what the event loop delivers: what that sends on is part of it."""

        depth = 0
        on = False

        def notify(self, receiver: Any, event: QEvent) -> bool:
            # Workers have event loops, too, and come through here.
            if self.depth or not self.on or get_ident() != here:
                return super().notify(receiver, event)
            kind, began, own = event.type().name, time.perf_counter(), time.thread_time()
            self.depth = 1
            try:
                return super().notify(receiver, event)
            finally:
                self.depth = 0
                now = time.perf_counter(), time.thread_time()
                spent[kind].append((1000 * (now[0] - began), 1000 * (now[1] - own)))

    app = Timed(["bench"])
    _fill(asked.takes)
    window, session = _window(app)
    _settle(app, 2.0)
    no = Qt.KeyboardModifier.NoModifier
    text, view = window.inputs.text, window.results.view
    letters = "heavy rain on a tin roof, then a bell far away. " * 40
    place, down = 0, 1

    def press(to: Any, key: int, words: str = "") -> None:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            app.postEvent(to, QKeyEvent(kind, key, no, words))

    def write() -> None:
        nonlocal place
        place = (place + 1) % len(letters)
        press(text, 0, letters[place]) if place else text.show_words("")

    def scroll() -> None:
        nonlocal down
        bar = view.verticalScrollBar()
        down = -1 if bar.value() == bar.maximum() else 1 if bar.value() == 0 else down
        at = QPointF(view.viewport().rect().center())
        notch = QWheelEvent(
            at, view.mapToGlobal(at), QPoint(), QPoint(0, -120 * down), Qt.MouseButton.NoButton,
            no, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        app.postEvent(view.viewport(), notch)

    due = 0.0

    def beat() -> None:
        nonlocal due
        now = time.perf_counter()
        if due and app.on:
            spent["late"].append((max(0.0, 1000 * (now - due)), 0.0))
        due = time.perf_counter() + BEAT / 1000

    timers = []
    for every, act in ((LETTER, write), (NOTCH, scroll), (BEAT, beat)):
        timer = QTimer(app, interval=every, timerType=Qt.TimerType.PreciseTimer)
        timer.timeout.connect(act)
        timers.append(timer)
    walk = QTimer(app, interval=ARROW)
    walk.timeout.connect(lambda: press(view, Qt.Key.Key_Right))
    for timer in (*timers, walk):
        timer.start()
    job = _asked("dog barking in the distance", 5.0, 4)
    session.ended.connect(lambda *_: session.ask(job, "starter"))
    session.ask(job, "starter")
    _settle(app, 2.0)  # the model is opened
    app.on = True
    _settle(app, asked.seconds)
    app.on = False
    made = len(session.entries()) - asked.takes
    _end(window, {"spent": spent, "made": made})


def _memory(asked: argparse.Namespace) -> None:
    from PySide6.QtWidgets import QApplication

    app = QApplication(["bench"])
    window, session = _window(app)
    told: list[tuple[int, float]] = []
    done = 0

    def ended(*_: object) -> None:
        nonlocal done
        done += 1
        if done % EVERY == 0:
            told.append((done, _resident()))
        if done < asked.requests:
            session.ask(_asked(f"rain number {done}", 1.0, 1), "starter")
        else:
            app.exit()

    session.ended.connect(ended)
    session.ask(_asked("rain", 1.0, 1), "starter")
    app.exec()
    _end(window, told)


def _window(app: Any) -> tuple[Any, Any]:
    from hearsight_desktop.audition import Audition
    from hearsight_desktop.player import MiniaudioPlayer
    from hearsight_desktop.session import Session
    from hearsight_desktop.sweeping import Sweeping
    from hearsight_desktop.views.theme import follow_system
    from hearsight_desktop.window import Window

    app.ring = follow_system(app)
    session = Session()
    window = Window(session, Audition(MiniaudioPlayer()))
    window.sweeping = Sweeping(window)
    window.resize(1440, 900)
    window.show()
    window.start()
    return window, session


def _fill(count: int) -> None:
    """So many takes, as a crash leaves them: the session finds them when it starts."""
    from dataclasses import replace

    import hearsight
    from hearsight_desktop.places import data_folder, takes_folder
    from hearsight_desktop.takes import Takes

    takes = Takes(data_folder() / "originals", takes_folder())
    with hearsight.load("starter") as generator:
        take = generator.generate(_asked("rain", 5.0, 1))[0]
    for number in range(count):
        one = replace(take, variation=number % 4)
        takes.keep(one, batch=f"{number // 4:032x}", model="starter", name=f"rain_{number:03d}")


def _asked(words: str, seconds: float, variations: int) -> Any:
    import hearsight

    return hearsight.text(words, seconds=seconds, variations=variations)


def _settle(app: Any, seconds: float) -> None:
    from PySide6.QtCore import QTimer

    QTimer.singleShot(round(1000 * seconds), app.exit)  # `quit` closes the windows
    app.exec()


def _end(window: Any, told: Any) -> None:
    window.close()
    print(json.dumps(told), flush=True)
    os._exit(0)


def _resident() -> float:
    """MB that the process has in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _say_start(runs: list[float]) -> None:
    print(_row("start", ("runs", "median", "max", "limit")))
    told = runs[1:]
    print(_row("window painted, ms", (len(told), median(told), max(told), LIMITS["start"])), "\n")


def _say_events(runs: list[Any]) -> None:
    [told] = runs
    heads = ("count", "median", "99 %", "max", f"> {LIMITS['event']:g}", "own max")
    print(_row("events, ms", heads))
    names = {
        "KeyPress": "a key",
        "Wheel": "a notch of the wheel",
        "UpdateRequest": "painting",
        "MetaCall": "news from workers",
        "Timer": "timers",
        "late": "late",
    }
    spent = dict(told["spent"])
    rest = [each for kind, all_ms in spent.items() if kind not in names for each in all_ms]
    for kind, name in names.items():
        print(_spread(name, spent.get(kind, [])))
    print(_spread("all others", rest))
    print(f"{told['made']} sounds of 5 s were made meanwhile.\n")


def _say_memory(runs: list[Any]) -> None:
    [told] = runs
    some = told[4::5]  # every hundred
    print(_row("memory, MB", [f"after {count}" for count, _ in some]))
    print(_row("resident", [size for _, size in some]))
    last = [size for count, size in told if count >= told[-1][0] - LAST]
    grown = last[-1] - last[0]
    print(f"It grew by {grown:.1f} MB in the last {LAST} requests, when all caches were full.\n")


def _spread(name: str, told: list[tuple[float, float]]) -> str:
    if not told:
        return _row(name, (0,))
    ms = sorted(whole for whole, _ in told)
    over = sum(each > LIMITS["event"] for each in ms)
    last = ms[min(len(ms) - 1, round(0.99 * len(ms)))]
    return _row(name, (len(ms), median(ms), last, ms[-1], over, max(own for _, own in told)))


def _row(name: str, cells: Iterable[object]) -> str:
    told = [f"{cell:.1f}" if isinstance(cell, float) else str(cell) for cell in cells]
    return f"{name:<22}" + "".join(f"{cell:>11}" for cell in told)


_PARTS = {"start": _start, "events": _events, "memory": _memory}
_TABLES = {"start": _say_start, "events": _say_events, "memory": _say_memory}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", default="start,events,memory")
    parser.add_argument("--runs", type=int, default=7, help="starts that count")
    parser.add_argument("--seconds", type=float, default=30.0, help="that events are timed")
    parser.add_argument("--takes", type=int, default=200, help="in the list that is scrolled")
    parser.add_argument("--requests", type=int, default=400, help="whose memory is watched")
    parser.add_argument("--child", choices=sorted(_PARTS), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
