"""Names of files: from requests, for games, for UCS libraries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight import Prompt, Request, RequestError, text
from hearsight_desktop.naming import (
    Naming,
    checked_naming,
    file_name,
    free_name,
    take_name,
    typed_name,
)

UCS = Naming("ucs", "DOORWood", creator="ANN", source="Castle")


def test_takes_are_named_by_what_was_asked_for():
    request = text("Heavy rain, on a tin roof!", seed=7, first_variation=2)
    assert take_name(request, "micro") == "heavy_rain_on_a_tin_roof_03"
    template = "{model} {seed} {prompt}.wav"
    assert take_name(request, "micro", template) == "micro 7 heavy_rain_on_a_tin_roof"


def test_takes_of_files_are_named_by_the_file():
    file = Prompt("image", "/somewhere/Straße im Regen.png")
    assert take_name(Request((Prompt("text", " "), file)), "m") == "strae_im_regen_01"
    assert take_name(Request((Prompt("text", ""),)), "m") == "sound_01"


@pytest.mark.parametrize("template", ["{prompt}/{seed}", "{wrong}", "{prompt", "a\\b"])
def test_a_template_that_makes_no_name_is_refused(template):
    with pytest.raises(RequestError, match="template"):
        take_name(text("rain"), "m", template)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (" Door slam A.wav ", "Door slam A"),
        ("a/b: c?", "a_b_ c_"),
        ("v1.2", "v1.2"),
        ("con", "con_"),
        ("Tür zu", "Tür zu"),
    ],
)
def test_a_typed_name_is_made_one_that_files_can_have(typed, name):
    assert typed_name(typed) == name


@pytest.mark.parametrize("typed", ["", "  ", "..", ".wav", "x" * 300])
def test_a_name_that_no_file_can_have_is_refused(typed):
    with pytest.raises(RequestError):
        typed_name(typed)


@given(st.text(max_size=40))
def test_whatever_is_typed_stays_in_the_folder(typed):
    try:
        name = typed_name(typed)
    except RequestError:
        return
    assert not set(name) & set('/\\:*?"<>|\0')
    assert name.strip(". ")
    for style in ("plain", "ucs"):
        naming = UCS if style == "ucs" else Naming("plain")
        made = file_name(name, naming)
        assert made.isascii()
        assert "/" not in made


@pytest.mark.parametrize(
    ("name", "plain", "ucs"),
    [
        ("Door Slam_03", "door_slam_03", "DOORWood_Door Slam_ANN_Castle_03"),
        ("rain", "rain", "DOORWood_Rain_ANN_Castle"),
        (
            "a_very_long_creaking_door_in_the_wind_12",
            "a_very_long_creaking_door_in_the_wind_12",
            "DOORWood_A Very Long Creaking Door_ANN_Castle_12",
        ),
        ("kick-drum_1", "kick_drum_1", "DOORWood_Kick Drum 1_ANN_Castle"),
        ("07", "07", "DOORWood_07_ANN_Castle"),
    ],
)
def test_names_for_games_and_libraries(name, plain, ucs):
    assert file_name(name, Naming()) == name
    assert file_name(name, Naming("plain")) == plain
    assert file_name(name, UCS) == ucs


def test_a_user_category_follows_the_catid():
    naming = Naming("ucs", "AMBForst", "Night", "ANN", "Wood 2")
    assert file_name("owls_01", naming) == "AMBForst-Night_Owls_ANN_Wood 2_01"


@pytest.mark.parametrize(
    "naming",
    [
        Naming("ucs", "", creator="A", source="B"),
        Naming("ucs", "door", creator="A", source="B"),
        Naming("ucs", "DOOR_Wood", creator="A", source="B"),
        Naming("ucs", "DOORWood", creator="A-1", source="B"),
        Naming("ucs", "DOORWood", creator="", source="B"),
        Naming("ucs", "DOORWood", creator="A", source="B_C"),
        Naming("ucs", "DOORWood", "x-y", creator="A", source="B"),
    ],
)
def test_ucs_fields_that_would_break_a_name_are_refused(naming):
    with pytest.raises(RequestError):
        checked_naming(naming)


@pytest.mark.parametrize(
    ("name", "there", "free"),
    [
        ("rain", [], "rain"),
        ("rain", ["rain"], "rain_02"),
        ("rain_01", ["rain_01", "rain_02"], "rain_03"),
        ("rain_08", ["rain_08"], "rain_09"),
        ("rain_99", ["rain_99"], "rain_100"),
    ],
)
def test_the_next_free_name(name, there, free):
    assert free_name(name, there.__contains__) == free
