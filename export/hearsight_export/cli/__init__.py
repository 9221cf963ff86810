"""`hearsight-export`: train, export and judge bundles."""

from __future__ import annotations

import sys
from importlib import import_module

from .app import app

__all__ = ["app", "main"]

for _commands in (
    "audioldm",
    "bigvgan",
    "classifier",
    "conditioners",
    "engines",
    "imagebind",
    "make_an_audio",
    "msclap",
    "ssv2a",
    "starter",
):
    import_module(f".{_commands}", __name__)


def main() -> None:
    """Console entry; foreseen failures are one sentence and the error's own exit code."""
    from hearsight.errors import HearsightError, refused

    from ..graphs import ParityError

    try:
        app()
    except (HearsightError, ParityError, ValueError, OSError) as problem:
        error = refused(problem) if isinstance(problem, OSError) else problem
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(getattr(error, "exit_code", 1))
