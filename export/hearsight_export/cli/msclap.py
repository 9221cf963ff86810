"""`hearsight-export msclap`: Microsoft's CLAP of 2022, which judges sounds by words."""

from __future__ import annotations

from typing import Annotated

import typer

from .app import Download, Out, Precisions, Threads, app, selected, use_threads
from .conditioners import Into, WordPieces, base_bundle, located, make, pieces_at

__all__ = ["msclap"]


@app.command()
def msclap(
    checkpoint: Annotated[str, typer.Argument(help="CLAP_weights_2022.pth, or a hub id.")],
    out: Out,
    tokenizer: WordPieces = None,
    into: Into = None,
    precisions: Precisions = "fp16",
    download: Download = False,
    threads: Threads = 0,
) -> None:
    """Export Microsoft's CLAP of 2022: text and sound in a space of its own.

    Players rank candidates with it (--judge).
    """
    kinds, base = selected(precisions), base_bundle(out, into)
    words = pieces_at(tokenizer, download)

    from ..msclap.bundle import load_msclap, msclap_addition

    use_threads(threads)
    path = located(checkpoint, download)
    model = load_msclap(path)
    make(path, out, base, lambda root: msclap_addition(model, words, root, kinds))
