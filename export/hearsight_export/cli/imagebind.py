"""`hearsight-export imagebind`, `expa` and `expb`: six kinds of prompt, and what they guide."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .app import Download, Out, Precisions, Threads, app, say, selected, use_threads
from .conditioners import Into, Tokenizer, base_bundle, located, make, words_at

__all__ = ["expa", "expb", "imagebind"]

Eyes = Annotated[
    str,
    typer.Option(
        "--imagebind", help="imagebind_huge.pth, of which its vision and its text are taken."
    ),
]


@app.command()
def imagebind(
    checkpoint: Annotated[str, typer.Argument(help="imagebind_huge.pth.", show_default=False)],
    out: Out,
    tokenizer: Tokenizer = None,
    into: Into = None,
    precisions: Precisions = "fp16",
    download: Download = False,
    threads: Threads = 0,
) -> None:
    """Export ImageBind: pictures, videos, text, sound, depth, warmth and movement in one space.

    Its tokenizer is CLIP's own bpe_simple_vocab_16e6.txt.gz. Its terms forbid commercial use.
    """
    kinds, base = selected(precisions), base_bundle(out, into)

    from ..imagebind.bundle import imagebind_addition
    from ..imagebind.loading import read_imagebind

    use_threads(threads)
    path, words = located(checkpoint, download), words_at(tokenizer, download)
    file = read_imagebind(path)
    make(path, out, base, lambda root: imagebind_addition(file, words, root, kinds, say))


@app.command()
def expa(
    checkpoint: Annotated[
        str,
        typer.Argument(
            help="A Make-An-Audio that was trained with a projector, or a projector alone.",
            show_default=False,
        ),
    ],
    out: Out,
    imagebind: Eyes,
    vocoder: Annotated[
        str | None,
        typer.Option(help="The BigVGAN of Make-An-Audio, best_netG.pt, for a whole checkpoint."),
    ] = None,
    vocoder_config: Annotated[
        Path | None,
        typer.Option(
            help="Sizes of the vocoder (args.yml, config.json) where they do not lie beside it."
        ),
    ] = None,
    tokenizer: Tokenizer = None,
    into: Annotated[
        Path | None,
        typer.Option(
            "--into",
            help="For a projector alone: bundle of the Make-An-Audio that it was trained beside; "
            "the result is a copy of it that takes the projector's conditions only.",
        ),
    ] = None,
    precisions: Precisions = "fp16",
    download: Download = False,
    threads: Threads = 0,
) -> None:
    """Export Experiment A: pictures and text through ImageBind and a projector (one of seven).

    A projector alone becomes a conditioner for bundles of Make-An-Audio.
    """
    kinds, base = selected(precisions), base_bundle(out, into)

    from ..imagebind.loading import read_imagebind
    from ..vision_text.assemble import assemble
    from ..vision_text.bundle import projector_addition
    from ..vision_text.reading import read_projector

    use_threads(threads)
    path, words = located(checkpoint, download), words_at(tokenizer, download)
    file = read_projector(path)
    if file.whole and (vocoder is None or into is not None):
        raise typer.BadParameter(f"{path} is a whole Make-An-Audio: give --vocoder, and no --into")
    if not file.whole and vocoder is not None:
        raise typer.BadParameter(
            f"{path} is a projector alone: leave --vocoder out; --into takes the bundle that it "
            "was trained beside"
        )
    eyes = read_imagebind(located(imagebind, download))
    if vocoder is not None:
        sounding = located(vocoder, download)
        bundle = assemble(
            file,
            eyes,
            sounding,
            words,
            out,
            vocoder_config=vocoder_config,
            precisions=kinds,
            log=say,
        )
        print(bundle.root)
        return
    make(
        path,
        out,
        base,
        lambda root: projector_addition(
            file, eyes, words, root, kinds, own_space=base is not None, log=say
        ),
    )


@app.command()
def expb(
    checkpoint: Annotated[str, typer.Argument(help="adapter_token77.pth.", show_default=False)],
    out: Out,
    imagebind: Eyes,
    tokenizer: Tokenizer = None,
    into: Into = None,
    precisions: Precisions = "fp16",
    download: Download = False,
    threads: Threads = 0,
) -> None:
    """Export Experiment B: text and pictures for Make-An-Audio, through ImageBind and an adapter.

    The adapter that its authors train makes one fixed condition, whatever it is given; a bundle
    of such a file says so.
    """
    kinds, base = selected(precisions), base_bundle(out, into)

    from ..imagebind.loading import read_imagebind
    from ..vision_text.adapters import read_adapter
    from ..vision_text.bundle import adapter_addition

    use_threads(threads)
    path, words = located(checkpoint, download), words_at(tokenizer, download)
    adapter = read_adapter(path)
    eyes = read_imagebind(located(imagebind, download))
    make(path, out, base, lambda root: adapter_addition(adapter, eyes, words, root, kinds, say))
