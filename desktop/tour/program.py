"""The app in a process and a home of its own, and what it says of itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from screen import Area, Screen, Trouble

__all__ = ["Program"]

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
_ANSWER = 20.0  # seconds after which a window that does not answer hangs

Facts = dict[str, Any]


class Program:
    """Started in `home`; `dark` in a desktop that is set to dark, `scale` screen pixels to one."""

    def __init__(
        self, screen: Screen, home: Path, *, dark: bool = False, scale: float = 1.0
    ) -> None:
        self.home, self.takes = home, home / "Takes"
        self.log: deque[str] = deque(maxlen=40)
        began = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, str(_HERE / "probe.py")],
            env=_environment(screen, home, dark, scale),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, cwd=home,
        )  # fmt: skip
        self._answers: deque[str] = deque()
        self._told = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._read_errors, daemon=True).start()
        self.until("the window is there", lambda facts: facts["shown"])
        self.seconds_to_window = time.monotonic() - began

    def facts(self) -> Facts:
        """What there is to see just now."""
        return self._ask("facts")

    def find(self, name: str) -> Area:
        """Where something is that says or is called this."""
        found = self._ask("find", name)
        if not found:
            raise Trouble(f"“{name}” is not seen.")
        return Area(*found)

    def tile(self, number: int) -> Area:
        """Where the tile of a take is, from 1 in the order of the list."""
        found = self._ask("tile", number)
        if not found:
            raise Trouble(f"Tile {number} is not seen.")
        return Area(*found)

    def until(self, what: str, so: Callable[[Facts], Any], seconds: float = 20.0) -> Facts:
        """Wait until it is so; `what` says so in words."""
        end = time.monotonic() + seconds
        while True:
            facts = self.facts()
            if so(facts):
                return facts
            if time.monotonic() > end:
                seen = json.dumps(facts, indent=1)
                raise Trouble(f"After {seconds:g} s it is not true that {what}.\n{seen}")
            time.sleep(0.05)

    def ended(self, seconds: float = 15.0) -> int:
        """The exit code, once it has ended."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Trouble(f"The app has not ended after {seconds:g} s.") from None

    def kill(self) -> None:
        """End it however it is."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _ask(self, *question: object) -> Any:
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        except OSError:
            self._gone()
        with self._told:
            if not self._told.wait_for(lambda: self._answers, _ANSWER):
                self._gone()
            return json.loads(self._answers.popleft())

    def _gone(self) -> None:
        said = "\n".join(self.log)
        code = self._process.poll()
        how = "does not answer" if code is None else f"ended with {code}"
        raise Trouble(f"The app {how}.\n{said}")

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            with self._told:
                self._answers.append(line)
                self._told.notify()

    def _read_errors(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            self.log.append(line.rstrip())


def _environment(screen: Screen, home: Path, dark: bool, scale: float) -> dict[str, str]:
    folders = {name: home / name.lower() for name in ("CONFIG", "DATA", "CACHE")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    said = screen.environment | {
        f"XDG_{name}_HOME": str(folder) for name, folder in folders.items()
    }
    said |= {
        "HEARSIGHT_TAKES": str(home / "Takes"),
        "HEARSIGHT_AUDIO": "null",
        "QT_SCALE_FACTOR": str(scale),
        "PYTHONPATH": os.pathsep.join([str(_ROOT / "runtime"), str(_ROOT / "desktop")]),
        "PYTHONUNBUFFERED": "1",
    }
    if dark:  # as a KDE desktop says it; without a session bus Qt reads it from the file
        (folders["CONFIG"] / "kdeglobals").write_text("[General]\nColorScheme=BreezeDark\n")
        said |= {"XDG_CURRENT_DESKTOP": "KDE", "KDE_SESSION_VERSION": "6"}
    return said
