"""`hearsight-export`: train, export and judge bundles."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["main"]

app = typer.Typer(
    help="Turn PyTorch networks into Hearsight bundles.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Work = Annotated[
    Path,
    typer.Option("--work", help="Folder of the corpus and the checkpoints (about 4 GB)."),
]
Scale = Annotated[
    float, typer.Option("--scale", min=0.001, help="Training steps, as a multiple of the recipe's.")
]
DEFAULT_WORK = Path("work-starter")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads or os.cpu_count() or 1)


@app.command()
def starter(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the bundle.")] = Path(
        "engines/starter"
    ),
    work: Work = DEFAULT_WORK,
    scale: Scale = 1.0,
    device: Annotated[str, typer.Option(help="PyTorch device: cpu or cuda.")] = "cpu",
    stages: Annotated[
        str,
        typer.Option(
            help="Parts to train now, of autoencoder,vocoder,encoders,diffusion; others are "
            "taken as they are. The bundle is written when all are asked for."
        ),
    ] = "autoencoder,vocoder,encoders,diffusion",
    threads: Annotated[int, typer.Option(help="Processor threads; 0 for all.")] = 0,
) -> None:
    """Train the starter and export it. Run again to go on where it was stopped."""
    from .starter.assemble import assemble
    from .starter.parts import STAGES, train_parts
    from .starter.recipe import Recipe
    from .starter.vocoding import compare_vocoders, unseen_sounds

    _threads(threads)
    chosen = tuple(part for part in stages.split(",") if part)
    unknown = set(chosen) - set(STAGES)
    if unknown:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}; known: {', '.join(STAGES)}")
    parts = train_parts(Recipe().scaled(scale), work, device, chosen, _say)
    if set(chosen) == set(STAGES):
        vocoding = compare_vocoders(parts, unseen_sounds(parts.recipe, work, _say))
        _say(str(vocoding))
        print(assemble(parts, out, vocoding.network_wins, log=_say).root)


@app.command()
def judge(
    bundle: Annotated[Path, typer.Argument(help="Folder of the starter bundle.")] = Path(
        "engines/starter"
    ),
    work: Work = DEFAULT_WORK,
    seeds: Annotated[
        int, typer.Option(min=2, max=24, help="Sounds of each kind and way of asking.")
    ] = 8,
    grid_seeds: Annotated[
        int, typer.Option(min=0, max=24, help="The same for each solver and step count.")
    ] = 8,
    threads: Annotated[int, typer.Option(help="Processor threads; 0 for all.")] = 0,
) -> None:
    """Measure a starter bundle on what it never saw; writes its CARD.md and sheet.png."""
    from .starter.card import write_card, write_sheet
    from .starter.judge import judge as measure
    from .starter.parts import train_parts
    from .starter.recipe import Recipe
    from .starter.vocoding import compare_vocoders, unseen_sounds

    _threads(threads)
    recipe = Recipe()
    measure(
        bundle, work, recipe, seeds=seeds, grid_seeds=grid_seeds, threads=threads or None, log=_say
    )
    parts = train_parts(recipe, work, stages=(), log=_say)
    vocoding = compare_vocoders(parts, unseen_sounds(recipe, work, _say))
    judgement = json.loads((work / "judge.json").read_text(encoding="utf-8"))
    write_sheet(bundle, bundle / "sheet.png")
    write_card(judgement, vocoding, recipe, bundle)
    print(bundle / "CARD.md")


def main() -> None:
    """Console entry; foreseen failures are one sentence and the error's own exit code."""
    from hearsight.errors import HearsightError

    from .graphs import ParityError

    try:
        app()
    except (HearsightError, ParityError, ValueError) as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(getattr(error, "exit_code", 1))
