"""What verbs are asked to listen to: prompts as arguments, and what was heard in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..request import Heard, Modality, Prompt

__all__ = [
    "Depths",
    "Pictures",
    "Signals",
    "Sounds",
    "Texts",
    "Thermals",
    "Videos",
    "Weights",
    "Words",
    "prompts",
    "said",
]

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PROMPT",
        help="What to hear, in words. Several are mixed; 'rain::2' weighs twice as much.",
        show_default=False,
    ),
]
Texts = Annotated[
    list[str] | None,
    typer.Option(help="The same as PROMPT, beside other options.", metavar="PROMPT"),
]
Pictures = Annotated[
    list[str] | None, typer.Option(help="A picture to hear; may be repeated.", metavar="FILE")
]
Videos = Annotated[
    list[str] | None, typer.Option(help="A video to hear; may be repeated.", metavar="FILE")
]
Sounds = Annotated[
    list[str] | None, typer.Option(help="A sound to resemble; may be repeated.", metavar="FILE")
]
Depths = Annotated[
    list[str] | None,
    typer.Option(help="A picture of distances to hear; may be repeated.", metavar="FILE"),
]
Thermals = Annotated[
    list[str] | None,
    typer.Option(help="A thermal picture to hear; may be repeated.", metavar="FILE"),
]
Signals = Annotated[
    list[str] | None,
    typer.Option(
        help="What a sensor of motion measured, as .npy or .csv; may be repeated.", metavar="FILE"
    ),
]
Weights = Annotated[
    list[str] | None,
    typer.Option(
        help="What the parts found in a picture count, the surest first, such as 1,0,0.5; once for "
        "each --image.",
        metavar="W,W,...",
    ),
]


def prompts(
    written: Mapping[Modality, Sequence[str] | None], weights: Sequence[str] | None
) -> tuple[Prompt, ...]:
    """The prompts that a command line names.

    Args:
        written: by what they are, as people write them.
        weights: of the parts of each picture in turn.

    Raises:
        RequestError: a weight is not understood, or there are weights for more pictures than are
            named.
        MediaError: a file is missing, or not what it is given as.
    """
    from pathlib import Path

    from ..errors import RequestError
    from ..spelling import found, parse_prompt, parse_weights

    asked = [
        found(parse_prompt(modality, one), Path())
        for modality, given in written.items()
        for one in given or []
    ]
    pictures = [place for place, prompt in enumerate(asked) if prompt.modality == "image"]
    if len(weights or []) > len(pictures):
        raise RequestError("--sources weighs the parts of a picture: name it with --image.")
    for place, one in zip(pictures, weights or [], strict=False):
        asked[place] = replace(asked[place], sources=parse_weights(one))
    return tuple(asked)


def said(sources: Iterable[Heard]) -> Iterator[str]:
    """What was heard in pictures, a line each."""
    parts = Counter[int]()
    for heard in sources:
        where = f"prompt {heard.prompt + 1}"
        counts = f"weight {heard.weight:g}" if heard.weight else "muted"
        if heard.box is None:
            yield f"{where}: the whole picture, {counts}"
            continue
        parts[heard.prompt] += 1
        left, top, right, bottom = (round(edge) for edge in heard.box)
        sure = "" if heard.score is None else f", score {heard.score:.2f}"
        at = f"part {parts[heard.prompt]} at {left},{top} to {right},{bottom}"
        yield f"{where}: {at}{sure}, {counts}"
