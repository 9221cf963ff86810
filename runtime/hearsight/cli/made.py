"""What a file that this program made says about itself: its request and the bundle it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from .. import wav
from ..contract import is_name
from ..errors import MediaError
from ..request import Prompt, Request, request_from_json

__all__ = ["SUBTYPES", "Made", "check_inputs", "read_made"]

SUBTYPES: Mapping[str, wav.Subtype] = {"PCM_16": "16", "PCM_24": "24", "FLOAT": "32f"}
"""What sound files call their sample formats, and what settings call them."""


@dataclass(frozen=True)
class Made:
    """The request of one sound, and how it was made, as far as the file says."""

    file: Path
    request: Request
    plan: Mapping[str, Any]

    @property
    def bundle(self) -> str:
        """What the file calls its bundle: a name that is looked up, never a path to be opened.

        Raises:
            MediaError: it names none.
        """
        name = self.plan.get("bundle")
        if isinstance(name, str) and is_name(name):
            return name
        raise MediaError(f"The record in {self.file} names no bundle; say which one with --model.")


def read_made(file: Path) -> Made:
    """Read the record in a file.

    Raises:
        MediaError: the file cannot be read or carries no request.
        RequestError: the request is of another version.
    """
    recorded = wav.read_record(file).get("plan")
    plan = cast("dict[str, Any]", recorded) if isinstance(recorded, dict) else {}
    request = request_from_json(wav.read_request(file))
    if request.variations != 1:
        raise MediaError(f"The request in {file} is for {request.variations} sounds, not for one.")
    return Made(file, request, plan)


def check_inputs(request: Request, file: Path) -> None:
    """See that the files a request names are where they were when `file` was made.

    Raises:
        MediaError: one is gone.
    """
    begun = [Prompt("audio", request.init.file)] if request.init else []
    for prompt in (*request.prompts, *begun):
        if prompt.modality != "text" and not Path(prompt.value).is_file():
            raise MediaError(
                f"{file} was made from the {prompt.modality} {prompt.value}, which is not there; "
                "put it back, or work in the folder where the sound was made."
            )
