"""What a sound designer does on the first day, step by step, and what is to come of each step."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import props
import soundfile
from program import Program
from screen import Area, Point, Screen, Trouble

import hearsight

__all__ = ["STEPS", "Journey"]

_HANDS = Path(__file__).with_name("hands.py")
_PATIENCE = 10.0  # seconds for the other program to say something
_MAKING = 120.0  # seconds that a few sounds may take on a slow machine

Shoot = Callable[[str, Area], None]


class Journey:
    """One way through the app; `beside` is where on the screen the other program stands, and
    `shoot` keeps a picture of the window under a name."""

    def __init__(self, screen: Screen, program: Program, beside: Point, shoot: Shoot) -> None:
        self._screen, self._app, self._beside = screen, program, beside
        self._shoot = shoot

    def first_start(self) -> None:
        """Words stand there, and the cursor behind them."""
        facts = self._app.until("the prompt has the focus", lambda f: f["focus"] == "Prompt")
        _expect(facts["prompt"] and not facts["banners"], "the first start invites", facts)
        self._picture("empty")

    def drop_a_picture(self) -> None:
        """From another program onto the middle of the window, with a real drag."""
        file = props.picture(self._app.home / "beach at noon.png", "sea")
        self._drag_in(file)
        self._type("slow ocean waves")

    def generate(self) -> None:
        """Four sounds, each to be heard as soon as it is there."""
        self._screen.press("ctrl+Return")
        facts = self._app.until("the first sound is there", lambda f: f["takes"] >= 1, _MAKING)
        _expect(facts["running"], "the others are still being made", facts)
        self._app.until("the second is half made", lambda f: f["share"] > 0.4, _MAKING)
        self._picture("working")
        self._made(4)

    def listen(self) -> None:
        """Play, compare at the same place, star."""
        self._screen.press("ctrl+r", "Right")
        self._app.until("moving plays", lambda f: f["playing"] and _number(f) == 2)
        self._app.until("it goes on", lambda f: f["position"] > 1.0)
        self._screen.press("3")
        facts = self._app.until("3 plays the third", lambda f: f["playing"] and _number(f) == 3)
        _expect(facts["position"] > 0.9, "it plays from the same place", facts)
        self._screen.press("s")
        self._app.until("it has a star", lambda f: f["starred"] == 1)
        self._app.until("it is well on", lambda f: f["position"] > 2.0)
        self._picture("results")
        self._screen.press("space")
        self._app.until("Space stops", lambda f: not f["playing"])

    def cut(self) -> None:
        """In and out points, fades, and all of it back."""
        whole = self._app.facts()["chosen"]["edit"]
        waveform = self._app.find("Waveform")
        self._screen.click(waveform.at(0.25, 0.6))
        self._screen.press("i")
        self._screen.click(waveform.at(0.75, 0.6))
        self._screen.press("o", "f")
        facts = self._app.until("it is cut and faded", lambda f: f["chosen"]["edit"]["fade_out"])
        edit = facts["chosen"]["edit"]
        _expect(1.0 < edit["start"] < 1.5 and 3.5 < edit["end"] < 4.0, "cut where clicked", facts)
        fresh = self._app.until("its file is cut, too", lambda f: not f["stale"])
        seconds = soundfile.info(fresh["chosen"]["delivered"]).duration
        _expect(abs(seconds - (edit["end"] - edit["start"])) < 0.01, "the file is as long", fresh)
        handle = Point(waveform.at(0.75, 0).x, waveform.at(0, 0.5).y)
        self._screen.drag(handle, waveform.at(0.85, 0.5))
        self._app.until("the handle moves it", lambda f: f["chosen"]["edit"]["end"] > 4.0)
        self._screen.press("ctrl+z", times=4)
        self._app.until("undo brings all back", lambda f: f["chosen"]["edit"] == whole)
        self._screen.press("ctrl+y", times=2)
        self._app.until("redo cuts it", lambda f: f["chosen"]["edit"]["end"] and not f["stale"])

    def search(self) -> None:
        """Find by words, filter by stars."""
        self._screen.press("ctrl+f")
        self._screen.write("no such thing")
        self._app.until("nothing is found", lambda f: f["tiles"] == 0)
        self._screen.press("Escape")
        self._app.until("Escape shows all", lambda f: f["tiles"] == f["takes"])
        self._screen.click(self._app.find("Starred").middle)
        self._app.until("one has a star", lambda f: f["tiles"] == 1)
        self._screen.click(self._app.find("All").middle)
        self._app.until("all are shown", lambda f: f["tiles"] == f["takes"])

    def drag_out(self) -> None:
        """A tile onto another program, which gets the finished file."""
        self._screen.click(self._app.tile(3).middle)
        chosen = self._app.until("it is chosen", lambda f: _number(f) == 3)["chosen"]
        with _hand(self._screen, "take", self._beside) as read:
            self._screen.drag(self._app.tile(3).at(0.5, 0.5), _middle(self._beside))
            got = read()
        _expect(got["files"] == [chosen["delivered"]] and got["copied"], "a copy of it", got)
        form = soundfile.info(got["files"][0])
        _expect((form.samplerate, form.subtype) == (48000, "PCM_24"), "48 kHz, 24 bit", form)
        record = hearsight.read_record(Path(got["files"][0]))
        _expect(record["request"]["seed"] == chosen["request"]["seed"], "what made it", record)
        kept = (chosen["edit"]["end"] or chosen["seconds"]) - chosen["edit"]["start"]
        _expect(abs(form.duration - kept) < 0.01, "the file is cut as heard", form)

    def play_against_picture(self) -> None:
        """A video in the place of the picture; its frames follow the sound."""
        self._screen.click(self._app.find("Remove beach at noon.png").middle)
        self._app.until("no file is left", lambda f: not f["files"])
        self._drag_in(props.video(self._app.home / "flight.avi", "helicopter"))
        self._type("a helicopter flies by")
        before = self._app.facts()["takes"]
        self._screen.press("ctrl+Return")
        facts = self._made(before + 4)
        self._screen.press("ctrl+r", "Home")
        self._app.until("it plays with frames", lambda f: f["frame"] and f["playing"])
        self._screen.press("shift+space")
        self._app.until("it is well on", lambda f: 1.2 < f["position"] < 3.0)
        self._picture("picture")
        _expect(self._app.facts()["chosen"]["seconds"] < 4.5, "it is as long as the video", facts)

    def drop_it_back(self) -> None:
        """The delivered file brings back what it was made from."""
        chosen = self._app.facts()["chosen"]
        self._type("something else")
        seed = chosen["request"]["seed"]
        self._drag_in(Path(chosen["delivered"]), until=lambda f: f["seed"] == seed)
        facts = self._app.facts()
        words = chosen["request"]["prompts"][0]["value"]
        _expect(facts["prompt"] == words, "its words are back", facts)
        self._screen.click(self._app.find("A new seed each time").middle)
        self._app.until("the seed is free", lambda f: f["seed"] is None)
        self._screen.press("ctrl+r", "ctrl+d")
        self._app.until("Ctrl+D brings back all four", lambda f: f["variations"] == 4)

    def queue(self) -> None:
        """More is asked for meanwhile; Esc stops one, Shift+Esc all."""
        before = self._app.facts()["takes"]
        for words in ("wind", "rain", "a bell"):
            self._type(words)
            self._screen.press("ctrl+Return")
        self._app.until("two wait", lambda f: f["running"] and f["waiting"] == 2)
        self._screen.press("Escape")
        self._app.until("the next one runs", lambda f: f["running"] and f["waiting"] == 1)
        self._screen.press("shift+Escape")
        facts = self._app.until("nothing runs", lambda f: not f["running"] and not f["waiting"])
        _expect(facts["takes"] - before < 12, "they were stopped", facts)
        _expect(facts["banners"], "they can be put back", facts)

    def reject(self) -> None:
        """Into the bin, and out of it."""
        self._screen.press("ctrl+r")
        self._screen.press("x")
        self._app.until("it is in the bin", lambda f: f["rejected"] == 1)
        self._screen.press("ctrl+z")
        self._app.until("it is back", lambda f: f["rejected"] == 0)

    def look_around(self) -> None:
        """The windows beside, all with Escape to leave them."""
        for keys, title in (("ctrl+m", "Models"), ("ctrl+comma", "Preferences"), ("F1", "Keys")):
            self._screen.press(keys)
            self._app.until(f"{title} is open", lambda f, title=title: title in f["windows"])
            time.sleep(0.3)
            self._screen.press("Escape")
            self._app.until(f"{title} is closed", lambda f, title=title: title not in f["windows"])

    def quit(self) -> None:
        """Ctrl+Q ends it in order."""
        time.sleep(0.5)  # the focus comes back from the window that was closed
        self._screen.press("ctrl+q")
        code = self._app.ended()
        _expect(code == 0, "it ends with 0", (code, list(self._app.log)))

    def _picture(self, name: str) -> None:
        time.sleep(0.3)  # for what is being painted
        self._shoot(name, Area(*self._app.facts()["area"]))

    def _type(self, words: str) -> None:
        self._screen.press("ctrl+p", "ctrl+a")
        self._screen.write(words)
        self._app.until("it stands there", lambda f: f["prompt"] == words)

    def _made(self, count: int) -> dict:
        return self._app.until(
            f"there are {count} sounds",
            lambda f: f["takes"] == count and not f["running"],
            _MAKING,
        )

    def _drag_in(self, file: Path, until: Callable[[dict], bool] | None = None) -> None:
        arrived = until or (lambda facts: str(file) in facts["files"])
        with _hand(self._screen, "give", self._beside, file) as read:
            window = Area(*self._app.facts()["area"])
            self._screen.drag(_middle(self._beside), window.at(0.6, 0.25))
            _expect(read()["given"], "the drop is accepted", file)
            # The other program stays until then: a file's name is fetched from it.
            self._app.until(f"{file.name} has arrived", arrived)


STEPS = [name for name in vars(Journey) if not name.startswith("_")]


@contextmanager
def _hand(screen: Screen, what: str, at: Point, *words: object) -> Iterator[Callable[[], dict]]:
    """A small window of another program, and how to read what it says next."""
    command = [sys.executable, str(_HANDS), what, *map(str, words), str(at.x), str(at.y)]
    process = subprocess.Popen(command, env=screen.environment, stdout=subprocess.PIPE)
    assert process.stdout

    def read() -> dict:
        told, _, _ = select.select([process.stdout], [], [], _PATIENCE)
        if not told:
            raise Trouble("The other program was neither taken from nor given anything.")
        return json.loads(process.stdout.readline())

    try:
        read()
        yield read
    finally:
        process.kill()
        process.wait()


def _middle(corner: Point) -> Point:
    return Point(corner.x + 60, corner.y + 60)


def _number(facts: dict) -> int:
    return facts["chosen"]["number"] if facts["chosen"] else 0


def _expect(so: object, what: str, seen: object) -> None:
    if not so:
        raise Trouble(f"It is not true that {what}.\n{seen}")
