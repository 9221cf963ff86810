"""What can go wrong, and the exit code that says so.

Every message names what failed, where, and what to do about it; it is written to be shown
to a user as it is.
"""

from __future__ import annotations

__all__ = [
    "BundleError",
    "Cancelled",
    "DeviceError",
    "HearsightError",
    "MediaError",
    "OutputError",
    "RequestError",
    "refused",
]


class HearsightError(Exception):
    """Any failure this package foresees; `exit_code` is what `runtime-cli` ends with."""

    exit_code = 1


class RequestError(HearsightError):
    """A request, a manifest row or a command line that cannot be carried out as written."""

    exit_code = 2


class BundleError(HearsightError):
    """A bundle that is missing, damaged, or not of the format this version plays."""

    exit_code = 3


class DeviceError(HearsightError):
    """A device that cannot be had, or memory that does not suffice."""

    exit_code = 4


class MediaError(HearsightError):
    """An input picture, video or sound that cannot be read."""

    exit_code = 5


class OutputError(HearsightError):
    """An output file or folder that cannot be written."""

    exit_code = 5


def refused(problem: OSError) -> OutputError:
    """What the system refused where nothing better is known: a folder closed to us, mostly."""
    place = f"{problem.filename} cannot be used" if problem.filename else "The system refused"
    return OutputError(f"{place}: {problem.strerror or problem}. Choose another place.")


class Cancelled(HearsightError):
    """The caller asked to stop; nothing is wrong and the generator can be used again at once."""

    exit_code = 130
