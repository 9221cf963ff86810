"""`hearsight-export make-an-audio`: a checkpoint and its vocoder become a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .app import Download, Out, Precisions, Threads, app, check_out, say, selected, use_threads
from .conditioners import WordPieces, located, pieces_at

__all__ = ["make_an_audio"]


@app.command()
def make_an_audio(
    checkpoint: Annotated[
        str,
        typer.Argument(
            help="maa1_full.ckpt, or another checkpoint of its generation.", show_default=False
        ),
    ],
    out: Out,
    vocoder: Annotated[
        str,
        typer.Option(
            help="The BigVGAN that it was published with, best_netG.pt.", show_default=False
        ),
    ],
    tokenizer: WordPieces = None,
    vocoder_config: Annotated[
        Path | None,
        typer.Option(
            help="Sizes of the vocoder (args.yml, config.json) where they do not lie beside it.",
            show_default=False,
        ),
    ] = None,
    precisions: Precisions = "fp16",
    download: Download = False,
    threads: Threads = 0,
) -> None:
    """Export Make-An-Audio: texts, denoiser, decoder, encoder and vocoder in one bundle.

    Nothing of a checkpoint is run: only tensors and plain values are read from it.
    """
    kinds = selected(precisions)
    check_out(out)
    words = pieces_at(tokenizer, download)

    from ..make_an_audio.assemble import assemble

    use_threads(threads)
    bundle = assemble(
        located(checkpoint, download),
        located(vocoder, download),
        words,
        out,
        vocoder_config=vocoder_config,
        precisions=kinds,
        log=say,
    )
    print(bundle.root)
