"""`runtime-cli`: every verb of the runtime on the command line."""

import signal
import sys
from types import FrameType

__all__ = ["main"]


def main() -> None:
    """Run the command line of this process and leave with a documented exit code."""
    # Set before anything slow is imported, so that Ctrl-C is 130 without a traceback from the
    # first moment on; verbs that make sounds put their own handler in its place.
    signal.signal(signal.SIGINT, _interrupted)
    if getattr(sys, "frozen", False):  # packed into a program that has no Python beside it
        from ..child import answer

        answer()
    if not sys.stdout.isatty() and (reconfigure := getattr(sys.stdout, "reconfigure", None)):
        # Paths are handed on as UTF-8, whatever code page a Windows console has.
        reconfigure(encoding="utf-8", errors="surrogateescape")
    from .app import app

    app(prog_name="runtime-cli")


def _interrupted(number: int, frame: FrameType | None) -> None:
    sys.exit(130)
