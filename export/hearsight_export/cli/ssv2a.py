"""`hearsight-export ssv2a` and `detector`: pictures and their parts, texts and sounds together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import Download, Out, Precisions, Threads, app, say, selected, use_threads
from .conditioners import Into, base_bundle, located, make, words_at

if TYPE_CHECKING:
    from ..detectors import Detector

__all__ = ["detector", "ssv2a"]

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


@app.command()
def ssv2a(
    checkpoint: Annotated[str, typer.Argument(help="ssv2a.pth: manifold, generator, remixer.")],
    out: Out,
    clip: Annotated[
        str | None,
        typer.Option(
            "--clip",
            help="OpenAI's CLIP ViT-L/14.",
            show_default="the one that --prior holds",
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
    kinds, base = selected(precisions), base_bundle(out, into)

    from ..clap.bundle import read_clap
    from ..clip.bundle import read_clip
    from ..detectors import read_detector
    from ..ssv2a.bundle import Ingredients, left_out, ssv2a_addition
    from ..ssv2a.loading import read_aggregator, read_prior, read_ssv2a

    use_threads(threads)

    def found(said: str | None) -> Path | None:
        return located(said, download) if said else None

    path, gathering = located(checkpoint, download), found(aggregator)
    clip_at, prior_at, clap_at = found(clip), found(prior), found(clap)
    words = words_at(tokenizer, download)
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
        _tell_terms(given.detector)
    limits = (confidence, overlap)
    make(path, out, base, lambda root: ssv2a_addition(given, root, kinds, limits))


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
    base = base_bundle(out, into)

    from ..detectors import detector_addition, read_detector

    given = read_detector(file)
    _tell_terms(given)
    make(file, out, base, lambda root: detector_addition(given, base, root, confidence, overlap))


def _tell_terms(detector: Detector) -> None:
    terms = detector.terms
    url = f", {terms.url}" if terms.url else ""
    say(f"Licence of {detector.path.name}: {terms.name}{url}.")
