"""A screen that nobody sees, with a window manager, a mouse and a keyboard."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from PIL import Image, ImageGrab

__all__ = ["Area", "Point", "Screen", "Trouble"]

_PROGRAMS = {"Xvfb": "xvfb", "openbox": "openbox", "xdotool": "xdotool"}
_PACE = 0.03  # seconds between two movements of a drag: a hand's, not a script's


class Trouble(Exception):
    """Something is not as a user expects it."""


class Point(NamedTuple):
    """Pixels of the screen from its upper left corner."""

    x: int
    y: int


class Area(NamedTuple):
    """A rectangle in pixels of the screen."""

    left: int
    top: int
    width: int
    height: int

    @property
    def middle(self) -> Point:
        """Where one clicks."""
        return Point(self.left + self.width // 2, self.top + self.height // 2)

    def at(self, across: float, down: float) -> Point:
        """A point in it, by shares of its width and height."""
        return Point(self.left + round(self.width * across), self.top + round(self.height * down))


class Screen:
    """An X server of `width` x `height` pixels on the first free number."""

    def __init__(self, width: int, height: int) -> None:
        lacking = [package for name, package in _PROGRAMS.items() if not shutil.which(name)]
        if lacking:
            raise Trouble(f"sudo apt install {' '.join(lacking)}")
        self._running: list[subprocess.Popen[bytes]] = []
        said, tell = os.pipe()
        self._start(
            "Xvfb", "-displayfd", str(tell), "-screen", "0", f"{width}x{height}x24",
            "-nolisten", "tcp", pass_fds=[tell],
        )  # fmt: skip
        os.close(tell)
        with os.fdopen(said) as line:
            number = line.readline().strip()
        if not number:
            raise Trouble("Xvfb does not start.")
        self.name = f":{number}"
        self._start("openbox")
        time.sleep(0.5)

    @property
    def environment(self) -> dict[str, str]:
        """For programs that are to be seen on it."""
        return os.environ | {"DISPLAY": self.name, "QT_QPA_PLATFORM": "xcb"}

    def picture(self, area: Area) -> Image.Image:
        """What is seen there, without the mouse."""
        box = (area.left, area.top, area.left + area.width, area.top + area.height)
        return ImageGrab.grab(bbox=box, xdisplay=self.name)

    def press(self, *keys: str, times: int = 1) -> None:
        """Press keys after each other, named as X names them: `ctrl+Return`."""
        self._do("key", "--delay", "20", "--repeat", str(times), *keys)

    def write(self, words: str) -> None:
        """Type."""
        self._do("type", "--delay", "12", words)

    def move(self, to: Point) -> None:
        """Move the mouse."""
        self._do("mousemove", str(to.x), str(to.y))

    def click(self, at: Point, button: int = 1, times: int = 1) -> None:
        """Click; buttons 4 and 5 turn the wheel."""
        self._do("mousemove", str(at.x), str(at.y))
        self._do("click", "--repeat", str(times), "--delay", "60", str(button))

    def drag(self, start: Point, end: Point, over: Callable[[], None] | None = None) -> None:
        """Take something and let it go elsewhere; `over` looks before it is let go."""
        self.move(start)
        time.sleep(0.1)
        self._do("mousedown", "1")
        for step in range(1, 21):
            share = step / 20
            x = round(start.x + (end.x - start.x) * share)
            y = round(start.y + (end.y - start.y) * share)
            self._do("mousemove", str(x), str(y))
            time.sleep(_PACE)
        time.sleep(0.3)
        if over:
            over()
        self._do("mouseup", "1")

    def place(self, window: int, left: int, top: int, width: int, height: int) -> None:
        """Put a window somewhere."""
        self._do("windowsize", "--sync", str(window), str(width), str(height))
        self._do("windowmove", str(window), str(left), str(top))

    def close(self) -> None:
        """End what was started for it."""
        for process in reversed(self._running):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
                continue
            process.kill()

    def _start(self, *command: str, pass_fds: Sequence[int] = ()) -> None:
        environment = os.environ | {"DISPLAY": getattr(self, "name", "")}
        self._running.append(
            subprocess.Popen(
                command, env=environment, pass_fds=pass_fds,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
        )  # fmt: skip

    def _do(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], env=self.environment, check=True, timeout=20)
