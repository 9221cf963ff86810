"""`hearsight-export classifier`: an ONNX file that tells classes of sounds, for `evaluate`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from .app import Out, app, check_out, say

__all__ = ["classifier"]


class Activations(str, Enum):
    """What makes probabilities of what the file gives."""

    none = "none"
    softmax = "softmax"
    sigmoid = "sigmoid"


@app.command()
def classifier(
    file: Annotated[Path, typer.Argument(help="ONNX file: a sound in, values of classes out.")],
    out: Out,
    sample_rate: Annotated[int, typer.Option("--sample-rate", min=1, help="Hz that it takes.")],
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.001, help="Length of sound that it looks at.")
    ],
    activation: Annotated[
        Activations,
        typer.Option(
            "--activation",
            help="Softmax for exclusive classes, sigmoid for independent ones; none where the "
            "file gives probabilities.",
        ),
    ],
    labels: Annotated[
        Path | None, typer.Option("--labels", help="Names of the classes, one a line.")
    ] = None,
    output: Annotated[
        str, typer.Option("--output", help="Name of the output, where there are several.")
    ] = "",
    license: Annotated[
        str, typer.Option("--license", help="Terms of its weights, as an SPDX identifier.")
    ] = "not stated",
) -> None:
    """Export a classifier of sounds that you have as ONNX, for inception scores and KL."""
    check_out(out)

    from hearsight.manifest import License

    from ..checkpoints import CheckpointError
    from ..classifiers import Hearing, make_classifier

    names = None
    if labels:
        try:
            names = labels.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as problem:
            raise CheckpointError(f"{labels} cannot be read: {problem}.") from None
    hearing = Hearing(sample_rate, seconds, activation.value, output)
    print(make_classifier(file, out, hearing, names, License(license), say).root)
