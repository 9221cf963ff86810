"""The application that the command modules add to, and what they share."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

if TYPE_CHECKING:
    from hearsight.manifest import Precision

__all__ = [
    "Download",
    "Out",
    "Precisions",
    "Threads",
    "app",
    "check_out",
    "say",
    "selected",
    "use_threads",
]

app = typer.Typer(
    help="Turn PyTorch networks into Hearsight bundles.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Out = Annotated[Path, typer.Option("-o", "--out", help="Folder of the bundle.")]
Download = Annotated[
    bool,
    typer.Option(
        "--download",
        help="Fetch what is named by an id on the Hugging Face hub; its size and licence are "
        "shown first.",
    ),
]
Precisions = Annotated[
    str,
    typer.Option(
        "--precisions",
        help="Variants to make besides fp32, with commas: fp16 for GPUs, int8 for CPUs. What "
        "comes not near enough to PyTorch is left out, and the bundle says why.",
    ),
]
Threads = Annotated[int, typer.Option("--threads", help="Processor threads; 0 for all.")]


def selected(precisions: str) -> tuple[Precision, ...]:
    """What `--precisions` asks for, fp32 first.

    Raises:
        RequestError: there is no such precision.
    """
    from hearsight.errors import RequestError
    from hearsight.manifest import Precision

    asked = [said.strip() for said in precisions.split(",") if said.strip()]
    for said in asked:
        if said not in get_args(Precision):
            raise RequestError(
                f'There is no precision "{said}"; known: {", ".join(get_args(Precision))}.'
            )
    return cast("tuple[Precision, ...]", tuple(dict.fromkeys(("fp32", *asked))))


def check_out(out: Path) -> None:
    """Find out that a bundle can be made there before anything is fetched or read for it.

    Raises:
        OutputError: bundles cannot be called that, or something else is there.
    """
    from ..assembly import check_place, name_of

    name_of(out)
    check_place(out)


def say(line: str) -> None:
    """Tell the user how it goes, beside what goes to standard output."""
    print(line, file=sys.stderr, flush=True)


def use_threads(threads: int) -> None:
    """Let PyTorch use that many threads, or all for 0."""
    import torch

    torch.set_num_threads(threads or os.cpu_count() or 1)
