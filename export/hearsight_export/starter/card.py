"""`CARD.md` of the starter: the judge's table, a sheet of spectrograms, and its limits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hearsight

from .attributes import MEASURES
from .captions import CONTRASTS
from .judge import AXES
from .parts import STAGES
from .recipe import Recipe
from .sounds import KINDS
from .vocoding import Vocoding

__all__ = ["SHEET_PROMPTS", "write_card", "write_sheet"]

SHEET_PROMPTS = (
    "heavy rain on a tin roof", "distant thunder", "strong wind", "slow ocean waves",
    "a crackling campfire", "birds singing rapidly", "footsteps on gravel", "knocking on a door",
    "church bell", "police siren", "car engine idling", "helicopter", "ticking clock",
    "glass breaking", "laser gun", "coin pickup", "bubbles", "applause", "dog barking",
    "spaceship drone",
)  # fmt: skip


def write_sheet(bundle: Path, path: Path, seed: int = 7) -> None:
    """Draw the spectrograms of `SHEET_PROMPTS`, made by the runtime, into a PNG."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(4, 5, figsize=(15, 9), sharex=True, sharey=True)
    with hearsight.load(bundle) as generator:
        for axis, prompt in zip(axes.flat, SHEET_PROMPTS, strict=True):
            finish = hearsight.Finish(sample_rate=16000, level="peak")
            take = generator.generate(hearsight.text(prompt, seed=seed, finish=finish))[0]
            axis.specgram(
                take.audio + 1e-7,
                NFFT=512,
                Fs=16000,
                noverlap=384,
                vmin=-130,
                vmax=-35,
                cmap="magma",
            )
            axis.set_title(prompt, fontsize=10)
    for axis in axes[-1]:
        axis.set_xlabel("seconds")
    for axis in axes[:, 0]:
        axis.set_ylabel("Hz")
    figure.tight_layout()
    figure.savefig(path, dpi=72)
    pyplot.close(figure)


def _rows(judgement: dict[str, Any]) -> str:
    return "\n".join(
        f"| {s['prompts']} | {s['solver']} | {s['steps']} | {s['sounds']} | {s['top1']:.1%} "
        f"| {s['frechet']:.2f} |"
        for s in judgement["scores"]
    )


def _by_attribute(wrong: list[str]) -> Iterator[str]:
    """`level 32 of 33` and so on; a wrong pair ends in its attribute."""
    for attribute in MEASURES:
        pairs = sum(entry[-1] == attribute for entry in CONTRASTS)
        missed = sum(line.endswith(f"({attribute})") for line in wrong)
        yield f"{attribute} {pairs - missed} of {pairs}"


def write_card(judgement: dict[str, Any], vocoding: Vocoding, recipe: Recipe, bundle: Path) -> None:
    """Write the bundle's `CARD.md` from what `judge` measured."""
    network = f"{vocoding.network:.2f} | {vocoding.network_through_latent:.2f}"
    lim = f"{vocoding.griffin_lim:.2f} | {vocoding.griffin_lim_through_latent:.2f}"
    unseen = recipe.held_out_per_kind * len(KINDS)
    steps = {name: getattr(recipe, f"{name}_run").steps for name in STAGES}
    by_attribute = ", ".join(_by_attribute(judgement["adjectives_wrong"]))
    trained = ", ".join(f"{name} {count}" for name, count in steps.items())
    wrong = "\n".join(f"- {line}" for line in judgement["adjectives_wrong"]) or "- none"
    worst = ", ".join(f"{kind} {share:.0%}" for kind, share in judgement["worst_kinds"].items())
    pairs = judgement["adjectives_pairs"]
    moved = round(judgement["adjectives"] * pairs)
    shipped = "the network" if vocoding.network_wins else "Griffin-Lim"
    text = f"""# Hearsight starter

34 kinds of effects and ambience at 16 kHz, from words, pictures, videos and reference sounds.
Trained from nothing on sounds, captions and pictures that this repository synthesises; no
recording, photograph or weight of anybody else went into it. MIT, commercial use included.

![spectrograms](sheet.png)

## What it is not

- Not a recording library and not a large model: it knows 34 kinds of synthetic sounds, and what
  it makes sounds like synthesis. It shows what the runtime does; for production use an exported
  checkpoint.
- Bandwidth ends at 8 kHz. Files are delivered at 48 kHz, which adds no content.
- It has seen drawn pictures only. A photograph may land in the wrong place.
- Videos are heard as one mood for every 10 s, without timing. Beyond 5 s it extends what it
  knows.
- Only the first 255 words of a text count.

## How it was judged

By a classifier that was trained only on separately seeded synthesised sounds and recognises
{judgement["classifier_top1"]:.1%} of real held-out ones. Prompts were held out from training:
phrasings, pictures, clips and reference sounds of another seed. The distance is Fréchet's on the
{AXES} main axes of that classifier's features to {unseen} held-out sounds; between two halves of
those it is {judgement["floor"]:.2f}.

| prompts | solver | steps | sounds | top-1 | Fréchet |
|---|---|---|---|---|---|
{_rows(judgement)}

Worst kinds over all prompts: {worst}.

Adjectives moved the measured attribute (level, density, centroid, rate; median of 3 seeds) the
right way in {moved} of {pairs} pairs ({judgement["adjectives"]:.0%}): {by_attribute}. The others:

{wrong}

## Vocoder

Mean log-spectral distance to {vocoding.sounds} held-out sounds in dB. Shipped is {shipped}, the
better one through decoded latents.

| | true mel | decoded latent |
|---|---|---|
| BigVGAN with noise input, {recipe.vocoder_run.steps} steps of training | {network} |
| Griffin-Lim graph, {recipe.griffin_lim_rounds} rounds from noise | {lim} |

## How it was made

By `hearsight-export starter` from {recipe.items} sounds; steps of training: {trained}. In `axes`
the encoders go on with batches of few kinds and are asked for the sounds' own parameters, so that
"slow" and "fast" of one kind come apart. The step counts of the first three parts were lowered
while those were being trained, so their learning rates decayed in more than one pace; a run from
the start follows the recipe's. These tables are written by `hearsight-export judge`.
"""
    (bundle / "CARD.md").write_text(text, encoding="utf-8")
