"""`hearsight-export starter` and `judge`: the bundle that ships is made and measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .app import Out, Threads, app, say, use_threads

__all__ = ["judge", "starter"]

Work = Annotated[
    Path,
    typer.Option("--work", help="Folder of the corpus and the checkpoints (about 4 GB)."),
]
Scale = Annotated[
    float, typer.Option("--scale", min=0.001, help="Training steps, as a multiple of the recipe's.")
]
DEFAULT_WORK = Path("work-starter")


@app.command()
def starter(
    out: Out = Path("engines/starter"),
    work: Work = DEFAULT_WORK,
    scale: Scale = 1.0,
    device: Annotated[str, typer.Option(help="PyTorch device: cpu or cuda.")] = "cpu",
    stages: Annotated[
        str,
        typer.Option(
            help="Parts to train now, of autoencoder,vocoder,encoders,axes,diffusion; others are "
            "taken as they are. The bundle is written when all are asked for."
        ),
    ] = "autoencoder,vocoder,encoders,axes,diffusion",
    threads: Threads = 0,
) -> None:
    """Train the starter and export it. Run again to go on where it was stopped."""
    from ..assembly import check_place
    from ..starter.assemble import assemble
    from ..starter.parts import STAGES, train_parts
    from ..starter.recipe import Recipe
    from ..starter.vocoding import compare_vocoders, unseen_sounds

    check_place(out)
    use_threads(threads)
    chosen = tuple(part for part in stages.split(",") if part)
    unknown = set(chosen) - set(STAGES)
    if unknown:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}; known: {', '.join(STAGES)}")
    parts = train_parts(Recipe().scaled(scale), work, device, chosen, say)
    if set(chosen) == set(STAGES):
        vocoding = compare_vocoders(parts, unseen_sounds(parts.recipe, work, say))
        say(str(vocoding))
        print(assemble(parts, out, vocoding.network_wins, log=say).root)


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
    threads: Threads = 0,
) -> None:
    """Measure a starter bundle on what it never saw; writes its CARD.md and sheet.png."""
    from ..starter.card import write_card, write_sheet
    from ..starter.judge import judge as measure
    from ..starter.parts import train_parts
    from ..starter.recipe import Recipe
    from ..starter.vocoding import compare_vocoders, unseen_sounds

    use_threads(threads)
    recipe = Recipe()
    measure(
        bundle, work, recipe, seeds=seeds, grid_seeds=grid_seeds, threads=threads or None, log=say
    )
    parts = train_parts(recipe, work, stages=(), log=say)
    vocoding = compare_vocoders(parts, unseen_sounds(recipe, work, say))
    judgement = json.loads((work / "judge.json").read_text(encoding="utf-8"))
    write_sheet(bundle, bundle / "sheet.png")
    write_card(judgement, vocoding, recipe, bundle)
    print(bundle / "CARD.md")
