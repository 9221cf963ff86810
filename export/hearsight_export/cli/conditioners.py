"""`hearsight-export clap`, `clip`, `ciap` and `echoframe`: prompts for generators of others."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import Download, Out, Precisions, Threads, app, check_out, say, selected, use_threads

if TYPE_CHECKING:
    from hearsight.bundle import Bundle

    from ..conditioning import Addition

__all__ = [
    "Into",
    "Tokenizer",
    "WordPieces",
    "base_bundle",
    "ciap",
    "clap",
    "clip",
    "echoframe",
    "located",
    "make",
    "pieces_at",
    "words_at",
]

Into = Annotated[
    Path | None,
    typer.Option(
        "--into",
        help="Bundle of the same space; the result is a copy of it that understands this too. "
        "Give its own folder as --out to replace it.",
    ),
]
Tokenizer = Annotated[
    str | None,
    typer.Option(
        "--tokenizer",
        help="Folder or hub id of the tokenizer, where the checkpoint has none: vocab.json with "
        "merges.txt, or tokenizer.json.",
    ),
]

WordPieces = Annotated[
    str | None,
    typer.Option(
        "--tokenizer",
        help="Folder or hub id of bert-base-uncased's vocab.txt; --download fetches it if this is "
        "left out.",
        show_default=False,
    ),
]

_TOKENIZER_FILES = ("vocab.json", "merges.txt", "tokenizer.json")
_BERT = "google-bert/bert-base-uncased"  # on the hub


class Activation(str, Enum):
    """What CLIP's layers do between their matrices."""

    quick_gelu = "quick_gelu"
    gelu = "gelu"


class Mapper(str, Enum):
    """EchoFrame's six mappers."""

    mlp_res = "mlp_res"
    mlp_no_res = "mlp_no_res"
    bilstm = "bilstm"
    transformer = "transformer"
    mlp5 = "mlp5"
    legacy_single = "legacy_single"


@app.command()
def clap(
    checkpoint: Annotated[
        str,
        typer.Argument(
            help="An AudioLDM checkpoint, a .pt of LAION's CLAP (unfused), a folder of "
            "transformers or diffusers, or a hub id."
        ),
    ],
    out: Out,
    into: Into = None,
    tokenizer: Tokenizer = None,
    precisions: Precisions = "fp16",
    download: Download = False,
    threads: Threads = 0,
) -> None:
    """Export LAION's CLAP: text and reference sounds for generators of its space."""
    kinds, base = selected(precisions), base_bundle(out, into)

    from ..clap.bundle import clap_addition, read_clap

    use_threads(threads)
    path, words = located(checkpoint, download), words_at(tokenizer, download)
    file = read_clap(path)
    make(path, out, base, lambda root: clap_addition(file, words, root, kinds))


@app.command()
def clip(
    checkpoint: Annotated[
        str,
        typer.Argument(
            help="A state dict of OpenAI's or open_clip's CLIP, a folder of transformers, or a "
            "hub id."
        ),
    ],
    out: Out,
    space: Annotated[
        str | None,
        typer.Option(
            "--space", help="Name of this CLIP's space.", show_default="clip- and its hash"
        ),
    ] = None,
    activation: Annotated[
        Activation | None,
        typer.Option("--activation", help="Where the checkpoint does not tell it."),
    ] = None,
    into: Into = None,
    tokenizer: Tokenizer = None,
    precisions: Precisions = "fp16",
    download: Download = False,
    threads: Threads = 0,
) -> None:
    """Export CLIP: pictures, and text where there is a tokenizer, in a space of its own."""
    kinds, base = selected(precisions), base_bundle(out, into)

    from ..assembly import sha256_of
    from ..clip.bundle import clip_addition, read_clip
    from ..clip.layout import clip_activation

    use_threads(threads)
    path, words = located(checkpoint, download), words_at(tokenizer, download)
    file = read_clip(path)
    said = activation.value if activation else clip_activation(file.state, file.hidden_act)
    digest = sha256_of(path)
    name = space or f"clip-{digest[:12]}"
    make(path, out, base, lambda root: clip_addition(file, said, name, words, root, kinds), digest)


@app.command()
def ciap(
    checkpoint: Annotated[str, typer.Argument(help="State dict of CIAP's picture encoder.")],
    out: Out,
    into: Into = None,
    precisions: Precisions = "fp16",
    download: Download = False,
    threads: Threads = 0,
) -> None:
    """Export CIAP: pictures for generators of CLAP's space."""
    kinds, base = selected(precisions), base_bundle(out, into)

    from ..checkpoints import read_tensors
    from ..ciap import ciap_addition, load_ciap
    from ..weights import blame

    use_threads(threads)
    path = located(checkpoint, download)
    with blame(path):
        model = load_ciap(read_tensors(path))
    make(path, out, base, lambda root: ciap_addition(model, root, kinds))


@app.command()
def echoframe(
    checkpoint: Annotated[str, typer.Argument(help="State dict of one of EchoFrame's mappers.")],
    out: Out,
    clip: Annotated[
        str,
        typer.Option(
            "--clip", help="open_clip's ViT-B/32 of laion2B: a file, a folder or a hub id."
        ),
    ],
    mapper: Annotated[
        Mapper | None,
        typer.Option(
            "--mapper",
            help="Which one it is.",
            show_default="by its names; mlp_res for two of them",
        ),
    ] = None,
    into: Into = None,
    precisions: Precisions = "fp16",
    download: Download = False,
    threads: Threads = 0,
) -> None:
    """Export EchoFrame: videos for generators of CLAP's space."""
    kinds, base = selected(precisions), base_bundle(out, into)

    from ..checkpoints import read_tensors
    from ..clip.bundle import read_clip
    from ..echoframe.bundle import echoframe_addition
    from ..echoframe.mappers import load_mapper
    from ..weights import blame

    use_threads(threads)
    path = located(checkpoint, download)
    with blame(path):
        network = load_mapper(read_tensors(path), mapper.value if mapper else None)
    eye = read_clip(located(clip, download))
    make(path, out, base, lambda root: echoframe_addition(network, eye, root, kinds))


def located(checkpoint: str, download: bool) -> Path:
    """Where a checkpoint lies, fetched first if it is the hub's."""
    from ..hub import locate

    return locate(checkpoint, download, say)


def words_at(tokenizer: str | None, download: bool) -> Path | None:
    """Where a tokenizer lies, if one is given."""
    from ..hub import locate

    return None if tokenizer is None else locate(tokenizer, download, say, _TOKENIZER_FILES)


def pieces_at(tokenizer: str | None, download: bool) -> Path:
    """Where BERT's word pieces lie, fetched first if they are the hub's.

    Raises:
        typer.BadParameter: none are given, and they are not to be fetched.
    """
    from ..hub import locate

    if not tokenizer and not download:
        raise typer.BadParameter(
            "--tokenizer: give the folder of bert-base-uncased's vocab.txt, or --download to "
            "fetch it"
        )
    return locate(tokenizer or _BERT, download, say, ("vocab.txt",))


def base_bundle(out: Path, into: Path | None) -> Bundle | None:
    """The bundle to join, and `out` checked, before anything is fetched or read."""
    from hearsight.bundle import open_bundle

    check_out(out)
    return open_bundle(into) if into else None


def make(
    path: Path,
    out: Path,
    base: Bundle | None,
    add: Callable[[Path], Addition],
    sha256: str = "",
) -> None:
    """Make the conditioner of a checkpoint, and print where it is."""
    from ..conditioning import make_conditioner

    print(make_conditioner(path, out, add, base, say, sha256).root)
