"""Use the app as a person would, and take its pictures.

    python desktop/tour [--pictures desktop/screenshots [--every]] [--size 1440x900] [--scale 1]
                        [--looks light,dark] [--steps all]

Starts an X server of its own, a window manager, and `hearsight-desktop` in a home of its own with
the starter model and no sound card. Then it types, clicks, drags a picture and a video into the
window and a sound out of it, cuts, undoes, searches, queues, cancels and quits; after every step
it asks the app whether that came of it which should. Ends with 0, or says what went wrong, keeps a
picture of that moment, and ends with 1. Takes about two minutes.

Debian packages: xvfb openbox xdotool, and Qt's own for X11: libxcb-cursor0 libxkbcommon-x11-0
libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libegl1. Python packages: those of
`.[desktop,test]`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "runtime"), str(ROOT / "desktop")]

from journey import STEPS, Journey  # noqa: E402
from program import Program  # noqa: E402
from screen import Area, Point, Screen, Trouble  # noqa: E402

SHORT = ("first_start", "drop_a_picture", "generate", "listen", "play_against_picture", "quit")
"""The steps that pictures are taken in, and the end."""
_SHOWN = {"light": ("empty", "results"), "dark": ("working", "picture")}
"""The pictures that are kept unless every one is asked for: two say more than the same twice."""
_BESIDE, _ABOVE = 160, 40  # room for another program, and for the title bar
_LARGEST = 300_000  # bytes of a picture


def main() -> int:
    """What the command line asks for; the exit code."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # not without ending what was started
    width, height = (int(side) for side in asked.size.split("x"))
    if asked.pictures:
        asked.pictures.mkdir(parents=True, exist_ok=True)
    for number, look in enumerate(asked.looks.split(",")):
        steps = STEPS if asked.steps == "all" else asked.steps.split(",")
        if asked.steps == "all" and number:
            steps = SHORT  # everything was tried in the first look
        shown = None if asked.every else _SHOWN.get(look)
        if not _tour(look, list(steps), (width, height), asked.scale, asked.pictures, shown):
            return 1
    return 0


def _tour(
    look: str,
    steps: list[str],
    size: tuple[int, int],
    scale: float,
    pictures: Path | None,
    shown: tuple[str, ...] | None,
) -> bool:
    def pixels(side: int) -> int:
        return round(side * scale)

    screen = Screen(pixels(size[0] + _BESIDE), pixels(size[1] + _ABOVE + 10))
    program = None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:

        def shoot(name: str, area: Area) -> None:
            if pictures and (shown is None or name in shown):
                _keep(screen.picture(area), pictures / f"{name}-{look}.png")

        name = "start"
        try:
            program = Program(screen, Path(home), dark=look == "dark", scale=scale)
            print(f"{look}: the window is there after {program.seconds_to_window:.2f} s")
            window = program.facts()["window"]
            screen.place(window, 4, pixels(_ABOVE) - 10, pixels(size[0]), pixels(size[1]))
            beside = Point(pixels(size[0]) + 20, pixels(60))
            journey = Journey(screen, program, beside, shoot)
            for name in steps:
                began = time.monotonic()
                getattr(journey, name)()
                print(f"{look}: {name.replace('_', ' ')}, {time.monotonic() - began:.1f} s")
        except Trouble as trouble:
            whole = Area(0, 0, pixels(size[0] + _BESIDE), pixels(size[1] + _ABOVE + 10))
            seen = Path(tempfile.gettempdir()) / f"tour-{os.getpid()}.png"
            screen.picture(whole).save(seen)
            said = "\n".join(program.log) if program else ""
            print(f"{look}, {name}: {trouble}\n{said}\nWhat was seen: {seen}", file=sys.stderr)
            return False
        finally:
            if program:
                program.kill()
            screen.close()
    return True


def _keep(picture: Image.Image, to: Path) -> None:
    """As small as it still looks well: in 256 colours if all of them take too much."""
    picture.save(to, optimize=True)
    if to.stat().st_size > _LARGEST:
        few = picture.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(to, optimize=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python desktop/tour",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--pictures", type=Path, help="folder for pictures; none without it")
    parser.add_argument("--every", action="store_true", help="keep each picture in each look")
    parser.add_argument("--size", default="1440x900", help="of the window, in its own pixels")
    parser.add_argument("--scale", type=float, default=1.0, help="screen pixels to one of those")
    parser.add_argument("--looks", default="light,dark", help="light, dark, or both")
    parser.add_argument("--steps", default="all", help=f"some of: {','.join(STEPS)}")
    return parser.parse_args()


sys.exit(main())
