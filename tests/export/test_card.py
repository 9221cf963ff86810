"""The card says what was measured."""

from dataclasses import asdict

import pytest
from typer.testing import CliRunner

from hearsight_export.cli import app
from hearsight_export.starter.card import write_card
from hearsight_export.starter.judge import Judgement, Scores
from hearsight_export.starter.recipe import Recipe
from hearsight_export.starter.vocoding import Vocoding


@pytest.mark.parametrize(("network", "shipped"), [(7.0, "Griffin-Lim"), (4.0, "the network")])
def test_card_holds_the_table_and_names_the_vocoder_that_won(tmp_path, network, shipped):
    judgement = Judgement(
        classifier_top1=0.987,
        floor=1.25,
        scores=(Scores("text", "ddim", 10, 272, 0.871, 12.345),),
        adjectives=0.75,
        adjectives_pairs=4,
        adjectives_wrong=("rain: drizzle / a downpour (level)",),
        worst_kinds={"glass": 0.5},
    )
    vocoding = Vocoding(34, 6.0, 5.0, network, 5.5)
    write_card(asdict(judgement), vocoding, Recipe(), tmp_path)
    card = (tmp_path / "CARD.md").read_text(encoding="utf-8")
    assert "| text | ddim | 10 | 272 | 87.1% | 12.35 |" in card or "12.34 |" in card
    assert "98.7%" in card and "3 of 4 pairs (75%)" in card
    assert "- rain: drizzle / a downpour (level)" in card
    assert f"Shipped is {shipped}" in card
    assert f"| {network:.2f} |" in card


def test_an_unknown_part_is_refused_with_the_known_ones(tmp_path):
    result = CliRunner().invoke(app, ["starter", "--stages", "vocodr", "--work", str(tmp_path)])
    assert result.exit_code == 2
    assert "vocodr" in result.output and "diffusion" in result.output
    assert list(tmp_path.iterdir()) == []
