"""In the window: a model that looks for parts in pictures, and what is done with them."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from desk import Desk, picture, samples
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from seeing import NAME, quarters, seeing_bundle

import hearsight
from hearsight import Prompt, Search
from hearsight_desktop.views.dials import Number
from hearsight_desktop.views.keys import Act

SHADES = (220, 20, 240, 160)  # three are found: below left, above left, below right
CORNERS = [(0.0, 40.0, 40.0, 80.0), (0.0, 0.0, 40.0, 40.0), (40.0, 40.0, 80.0, 80.0)]


@pytest.fixture
def street(tmp_path: Path) -> Path:
    return quarters(tmp_path / "street corner.png", SHADES)


@pytest.fixture
def seer(qtbot, whole_app, tmp_path, monkeypatch):
    """The window over a model that looks for parts."""
    seeing_bundle(tmp_path / "bundles")
    monkeypatch.setenv("HEARSIGHT_ENGINES", str(tmp_path / "bundles"))
    made = Desk(qtbot, NAME).open()
    yield made
    made.close()


def only_chip(desk: Desk):
    [chip] = desk.inputs.chips.chips
    return chip


def boxes(entry) -> list:
    return [heard.box for heard in entry.sources]


def hear(desk: Desk, street: Path):
    """Drop the picture and make sounds of it alone."""
    desk.drop(street)
    made = desk.make("")
    desk.until(lambda: all(not part.image.isNull() for part in only_chip(desk).parts.chips))
    return made


def test_what_was_found_is_kept_and_gets_a_chip_each(seer, street):
    made = hear(seer, street)
    assert boxes(made[0]) == [None, *CORNERS]
    assert [entry.sources for entry in made] == [made[0].sources] * 2
    chip = only_chip(seer)
    shades = [part.image.pixelColor(part.image.rect().center()).red() for part in chip.parts.chips]
    assert shades == [240, 220, 160]
    assert seer.inputs.request().prompts[0].sources == ()
    seer.close()
    again = Desk(seer.qtbot, NAME).open()
    try:
        assert again.session.entry(made[0].id).sources == made[0].sources, "it is in the history"
        again.drop(street)
        assert len(only_chip(again).parts.chips) == 3, "what is known need not be found again"
    finally:
        again.close()


def test_weights_and_mutes_are_asked_for_and_heard(seer, street):
    plain = hear(seer, street)[0]
    seer.click("Lock the seed")
    seer.click("Leave part 2 of street corner.png out for now")
    only_chip(seer).parts.chips[2].stops[0].setValue(0)
    made = seer.make("")[0]
    assert made.request.prompts == (Prompt("image", str(street), sources=(1.0, 0.0, 0.25)),)
    assert [heard.weight for heard in made.sources] == [1.0, 1.0, 0.0, 0.25]
    with hearsight.load(NAME, device="cpu", threads=1) as generator:
        [take] = generator.generate(made.request)
    assert np.array_equal(samples(made.original), take.audio)
    assert not np.array_equal(samples(made.original), samples(plain.original))


def test_settings_of_a_take_bring_its_weights_back(seer, street):
    hear(seer, street)
    seer.click("Leave part 1 of street corner.png out for now")
    made = seer.make("")[0]
    seer.inputs.show_request(hearsight.text("other"))
    seer.pick(made)
    for act in (Act.USE_SETTINGS, Act.LOCK_SEED):
        seer.inputs.chips.show_prompts([], None)
        seer.window.delivering.act(act, [made.id])
        [prompt] = seer.inputs.request().prompts
        assert prompt.sources == (0.0,)
        chip = only_chip(seer)
        assert len(chip.parts.chips) == 3
        assert chip.parts.chips[0].stops[1].isChecked()
    seer.until(lambda: not only_chip(seer).parts.chips[0].image.isNull())
    again = seer.make("")[0]
    assert np.array_equal(samples(again.original), samples(made.original)), "it is its very seed"


def test_another_model_and_another_picture_have_no_parts(seer, street, tmp_path):
    hear(seer, street)
    seer.click("Leave part 1 of street corner.png out for now")
    seer.choose("Model", "micro")
    assert not only_chip(seer).parts.chips
    assert seer.inputs.request().prompts[0].sources == ()
    assert seer.make("")[0].sources == ()
    assert not only_chip(seer).parts.chips
    seer.choose("Model", NAME)
    assert len(only_chip(seer).parts.chips) == 3
    assert seer.inputs.request().prompts[0].sources == (), "but what they counted is forgotten"
    seer.inputs.chips.show_prompts([], None)
    seer.drop(picture(tmp_path / "dark.png", 20))
    assert not only_chip(seer).parts.chips


def test_a_picture_that_was_painted_over_is_looked_at_anew(seer, street):
    hear(seer, street)
    quarters(street, (20, 220, 20, 20))
    later = time.time() + 60
    os.utime(street, (later, later))
    seer.inputs.chips.show_prompts([Prompt("image", str(street))], None)
    assert not only_chip(seer).parts.chips
    now = time.time() - 1
    os.utime(street, (now, now))
    seer.make("")
    assert len(only_chip(seer).parts.chips) == 1


def test_beside_words_the_picture_is_heard_as_a_whole(seer, street):
    hear(seer, street)
    seer.click("Leave part 1 of street corner.png out for now")
    made = seer.make("rain")[0]
    assert [prompt.sources for prompt in made.request.prompts] == [(), ()]
    assert boxes(made) == [None]
    said = {label.text() for label in only_chip(seer).findChildren(QLabel) if label.isVisible()}
    assert "Beside other prompts it is heard as a whole." in said
    assert len(only_chip(seer).parts.chips) == 3
    seer.choose("Several prompts", "branches")
    apart = seer.make("rain")[0]
    assert apart.request.prompts[1].sources or apart.request.prompts[0].sources
    assert len(boxes(apart)) == 4, "each is heard alone"


def test_the_take_tells_what_was_heard_and_shows_where(seer, street):
    hear(seer, street)
    seer.click("Leave part 2 of street corner.png out for now")
    made = seer.make("")[0]
    seer.pick(made)
    words = seer.detail.picture.accessibleDescription()
    assert words.startswith("Heard in street corner.png: the whole picture, part 1 (94% sure)")
    assert "part 2 (86% sure, muted)" in words
    assert seer.detail._heard.isVisible()
    assert seer.detail._heard.accessibleName() == words
    seer.until(seer.detail.picture.isVisible)
    assert len(seer.detail.picture._parts) == 3
    plain = seer.make("rain")[0]
    seer.pick(plain)
    assert not seer.detail.picture.isVisible()
    assert seer.detail._heard.accessibleName() == "Heard in street corner.png: the whole picture"


def test_a_preset_of_another_model_keeps_the_picture_without_its_weights(seer, street):
    seer.choose("Model", "micro")
    for name in ("micro", NAME):
        seer.ask("", Length=0.4)
        seer.choose("Model", name)
        seer.click("Save these settings as a preset")
        seer.type(f"As {name}")
        seer.press(Qt.Key.Key_Return)
    hear(seer, street)
    seer.click("Leave part 1 of street corner.png out for now")
    seer.choose("Preset", f"As {NAME}")
    assert seer.inputs.request().prompts == (Prompt("image", str(street), sources=(0.0,)),)
    seer.choose("Preset", "As micro")
    assert seer.inputs.model() == "micro"
    assert seer.inputs.request().prompts == (Prompt("image", str(street)),)


def test_a_search_that_is_asked_for_is_made(seer):
    assert not seer.named(Number, "Search rounds").isHidden()
    seer.ask("rain")
    seer.named(Number, "Search rounds").setValue(2)
    made = seer.make("rain")[0]
    assert made.request.search == Search(rounds=2)
    seer.choose("Several prompts", "unit")
    assert seer.make("rain")[0].request.mix == "unit"
