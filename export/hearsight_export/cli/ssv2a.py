"""`hearsight-export ssv2a` and `detector`: pictures and their parts, texts and sounds together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .app import Download, Out, Precisions, Threads, app, check_out, say, selected, use_threads

__all__ = ["detector", "ssv2a"]

Into = Annotated[
    Path | None,
    typer.Option(
        "--into",
        help="Bundle of the same space, such as one of AudioLDM; the result is a copy of it that "
        "hears this way. Give its own folder as --out to replace it.",
    ),
]
Confidence = Annotated[
    float,
    typer.Option("--confidence", min=0, max=1, help="What a part's score must be above."),
]
Overlap = Annotated[
    float,
    typer.Option(
        "--overlap",
        min=0,
        max=1,
        help="Intersection over union above which the weaker of two parts of one class goes.",
    ),
]
_TOKENIZER_FILES = ("vocab.json", "merges.txt", "tokenizer.json")


@app.command()
def ssv2a(
    checkpoint: Annotated[str, typer.Argument(help="ssv2a.pth: manifold, generator, remixer.")],
    out: Out,
    clip: Annotated[
        str | None,
        typer.Option(
            "--clip", help="OpenAI's CLIP ViT-L/14. [default: the one that --prior holds]"
        ),
    ] = None,
    prior: Annotated[
        str | None,
        typer.Option("--prior", help="dalle2_prior.pth of dalle2-pytorch 1.1.0, for texts."),
    ] = None,
    aggregator: Annotated[
        str | None, typer.Option("--aggregator", help="agg.pth, for videos.")
    ] = None,
    clap: Annotated[
        str | None,
        typer.Option("--clap", help="An AudioLDM checkpoint or LAION's CLAP, for sounds."),
    ] = None,
    detector: Annotated[
        Path | None,
        typer.Option("--detector", help="Detector in ONNX, for the parts of pictures."),
    ] = None,
    tokenizer: Annotated[
        str | None,
        typer.Option("--tokenizer", help="Folder, file or hub id of CLIP's tokenizer, for texts."),
    ] = None,
    into: Into = None,
    confidence: Confidence = 0.25,
    overlap: Overlap = 0.0,
    precisions: Precisions = "fp16",
    download: Download = False,
    threads: Threads = 0,
) -> None:
    """Export SSV2A: pictures, texts, videos and sounds heard together, for CLAP's space."""
    kinds = selected(precisions)
    check_out(out)

    from hearsight.bundle import open_bundle

    from ..clap.bundle import read_clap
    from ..clip.bundle import read_clip
    from ..conditioning import make_conditioner
    from ..detectors import read_detector
    from ..hub import locate
    from ..ssv2a.bundle import Ingredients, left_out, ssv2a_addition
    from ..ssv2a.loading import read_aggregator, read_prior, read_ssv2a

    base = open_bundle(into) if into else None
    use_threads(threads)

    def found(said: str | None) -> Path | None:
        return locate(said, download, say) if said else None

    path, gathering = locate(checkpoint, download, say), found(aggregator)
    clip_at, prior_at, clap_at = found(clip), found(prior), found(clap)
    words = locate(tokenizer, download, say, _TOKENIZER_FILES) if tokenizer else None
    given = Ingredients(
        path,
        read_ssv2a(path),
        read_clip(clip_at) if clip_at else None,
        read_prior(prior_at) if prior_at else None,
        (gathering, read_aggregator(gathering)) if gathering else None,
        read_clap(clap_at) if clap_at else None,
        read_detector(detector) if detector else None,
        words,
    )
    for line in left_out(given):
        say(line)
    if given.detector:
        say(_terms(given.detector.path.name, given.detector.terms.name, given.detector.terms.url))
    limits = (confidence, overlap)
    made = make_conditioner(
        path, out, lambda root: ssv2a_addition(given, root, kinds, limits), base, say
    )
    print(made.root)


@app.command()
def detector(
    file: Annotated[
        Path,
        typer.Argument(help="Detector in ONNX: of YOLOv8's layout, YOLOX, RT-DETR or D-FINE."),
    ],
    out: Out,
    into: Annotated[
        Path,
        typer.Option(
            "--into",
            help="Bundle that can look at parts of pictures; the result is a copy of it with this "
            "detector. Give its own folder as --out to replace it.",
        ),
    ],
    confidence: Confidence = 0.25,
    overlap: Overlap = 0.0,
) -> None:
    """Put a detector of your own before the pictures and videos of a bundle."""
    check_out(out)

    from hearsight.bundle import open_bundle

    from ..conditioning import make_conditioner
    from ..detectors import detector_addition, read_detector

    base, given = open_bundle(into), read_detector(file)
    say(_terms(file.name, given.terms.name, given.terms.url))

    def make(root: Path):
        return detector_addition(given, base, root, confidence, overlap)

    print(make_conditioner(file, out, make, base, say).root)


def _terms(file: str, name: str, url: str) -> str:
    return f"Licence of {file}: {name}{f', {url}' if url else ''}."
