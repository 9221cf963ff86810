"""`hearsight-export audioldm`: a checkpoint becomes a bundle that plays texts and sounds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .app import Download, Out, Precisions, Threads, app, check_out, say, selected, use_threads

__all__ = ["audioldm"]


@app.command()
def audioldm(
    checkpoint: Annotated[
        str,
        typer.Argument(
            help="An original .ckpt file, a folder in diffusers' layout, or, with --download, "
            "the id of one on the Hugging Face hub.",
            show_default=False,
        ),
    ],
    out: Out,
    tokenizer: Annotated[
        str | None,
        typer.Option(
            help="Folder (or hub id) of roberta-base's vocab.json and merges.txt. Folders in "
            "diffusers' layout bring it; for others, --download fetches it if this is left out.",
            show_default=False,
        ),
    ] = None,
    precisions: Precisions = "fp16",
    no_ema: Annotated[
        bool,
        typer.Option(
            "--no-ema", help="Take the weights that training ended with, not their averages."
        ),
    ] = False,
    diffusers_heads: Annotated[
        bool,
        typer.Option(
            "--diffusers-heads",
            help="Keep the head counts and CLAP's epsilon that a diffusers folder says, to match "
            "diffusers' output; they are not those of training.",
        ),
    ] = False,
    download: Download = False,
    threads: Threads = 0,
) -> None:
    """Export AudioLDM (S, M or L): denoiser, decoder, encoder and CLAP in one bundle.

    Nothing of a checkpoint is run: only tensors and plain values are read from it.
    """
    kinds = selected(precisions)
    check_out(out)

    from ..audioldm.assemble import TOKENIZER, assemble
    from ..hub import locate

    use_threads(threads)
    path = locate(checkpoint, download, say)
    if no_ema and path.is_dir():
        raise typer.BadParameter(
            "--no-ema: a folder in diffusers' layout holds one kind of weights"
        )
    if diffusers_heads and path.is_file():
        raise typer.BadParameter("--diffusers-heads: only folders in diffusers' layout say some")
    words: Path | None = None
    if tokenizer or (download and path.is_file()):
        words = locate(tokenizer or TOKENIZER, download, say, ("vocab.json", "merges.txt"))
    bundle = assemble(
        path,
        out,
        tokenizer=words,
        precisions=kinds,
        ema=not no_ema,
        diffusers_heads=diffusers_heads,
        log=say,
    )
    print(bundle.root)
