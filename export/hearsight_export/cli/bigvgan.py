"""`hearsight-export bigvgan`: another vocoder for a bundle whose mel it understands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .app import Download, Out, Precisions, Threads, app, say, selected, use_threads
from .conditioners import base_bundle

__all__ = ["bigvgan"]

_FILE = "bigvgan_generator.pt"


@app.command()
def bigvgan(
    checkpoint: Annotated[
        str,
        typer.Argument(
            help="bigvgan_generator.pt or best_netG.pt, a folder that holds the first, or a hub "
            "id.",
            show_default=False,
        ),
    ],
    out: Out,
    into: Annotated[
        Path,
        typer.Option(
            "--into",
            help="Bundle to give this vocoder to; the result is a copy of it. Give its own folder "
            "as --out to replace it.",
        ),
    ],
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            help="config.json or args.yml.",
            show_default="what lies beside the checkpoint",
        ),
    ] = None,
    precisions: Precisions = "fp16",
    download: Download = False,
    threads: Threads = 0,
) -> None:
    """Put a BigVGAN (version 1 or 2) into a bundle, in place of its vocoder.

    The bundle says what mel its decoder makes; it must be the one the BigVGAN was trained on.
    """
    kinds, base = selected(precisions), base_bundle(out, into)

    from ..bigvgan.exchange import exchange
    from ..bigvgan.loading import find_config, read_config
    from ..checkpoints import CheckpointError
    from ..hub import locate
    from ..terms import BIGVGAN, terms_of

    use_threads(threads)
    path = locate(checkpoint, download, say, (_FILE, "config.json"))
    terms = terms_of(path, *BIGVGAN)
    path = path / _FILE if path.is_dir() else path
    side = find_config(path, config)
    if side is None:
        raise CheckpointError(
            f"{path} does not tell which mel it was trained on: give its config.json or args.yml "
            "with --config."
        )
    print(exchange(base, path, side, read_config(side), out, terms, kinds, say).root)
