"""ImageBind as a conditioner of its own space: graphs, terms and what is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from hearsight.manifest import License, Precision, Space

from ..conditioning import Addition
from ..terms import BYTE_PAIRS
from .loading import ImageBind, Kind
from .parts import imagebind_conditioners, imagebind_graphs

__all__ = ["imagebind_addition", "imagebind_licenses", "imagebind_notes"]

# Only Meta publishes these, and never for money; every part that was trained on top inherits it.
LICENSE = License("CC-BY-NC-SA-4.0", "https://github.com/facebookresearch/ImageBind", False)
_WORDS = {
    "vision": "pictures and videos",
    "text": "text",
    "audio": "sound",
    "depth": "depth",
    "thermal": "warmth",
    "imu": "movement",
}
_TERMS = (
    "ImageBind's weights are for research only, and so is the sound that is made with them: "
    "commercial use is not allowed."
)
_UNPUBLISHED = (
    "How pictures of depth and of warmth were prepared was never published; they are taken as "
    "gray values from 0 to 1, of depth those of nearness."
)
_UNMENDED = (
    "Texts: the original code mends broken encodings and HTML entities before it reads them. Here "
    "&amp; &lt; &gt; &quot; and &#39; are mended, blanks and curly quotes too, and nothing else; "
    "marks such as <|endoftext|> in a text are words like others."
)
_CHANNELS = (
    "Sounds: of several channels their mean is heard; the original code hears the first one."
)


def imagebind_addition(
    file: ImageBind,
    tokenizer: Path | None,
    root: Path,
    precisions: Sequence[Precision] = ("fp32",),
    log: Callable[[str], None] = print,
) -> Addition:
    """Export every encoder that the file holds into folder `root`; texts need a tokenizer.

    Raises:
        MisfitError, TokenizerError, ParityError: as `imagebind_graphs` does.
    """
    graphs = imagebind_graphs(file, root, tokenizer, file.kinds, precisions, log=log)
    [width] = {graphs[_last(kind)].outputs[0].shape[1] for kind in file.kinds}
    return Addition(
        "imagebind",
        f"ImageBind: {', '.join(_WORDS[kind] for kind in file.kinds)}",
        graphs,
        imagebind_conditioners(graphs),
        Space(f"imagebind-{width}", (int(width),)),
        imagebind_licenses(graphs),
        notes=imagebind_notes(file.kinds),
    )


def imagebind_licenses(graphs: Iterable[str]) -> dict[str, License]:
    """The terms of each of its graphs."""
    return {name: BYTE_PAIRS if name == "tokenize" else LICENSE for name in graphs}


def imagebind_notes(kinds: Sequence[Kind]) -> tuple[str, ...]:
    """What users of these encoders should know."""
    said: tuple[tuple[str, set[Kind]], ...] = (
        (_UNMENDED, {"text"}),
        (_CHANNELS, {"audio"}),
        (_UNPUBLISHED, {"depth", "thermal"}),
    )
    return (_TERMS, *(note for note, about in said if about & set(kinds)))


def _last(kind: Kind) -> str:
    return "image" if kind == "vision" else kind
