"""Presets of inputs as files."""

from __future__ import annotations

import json

import pytest

from hearsight import Init, Like, OutputError, Prompt, Request, RequestError, text
from hearsight_desktop.wishes import Wishes, read_wish

FULL = Request(
    (Prompt("text", "Tür, naß"), Prompt("image", "/p/a b.png", 0.5)),
    negative="hiss",
    seconds=2.5,
    variations=4,
    steps=24,
    guidance=3.25,
    init=Init("/p/x.wav", 0.4, span=(0.0, 1.0)),
    like=Like(2**64 - 1),
    loop=False,
)


@pytest.fixture
def wishes(tmp_path):
    return Wishes(tmp_path / "new" / "presets")


def test_a_preset_comes_back_as_it_was_kept(wishes):
    kept = wishes.save("Doors, naß", FULL, "starter")
    assert wishes.all() == [kept]
    assert (kept.name, kept.request, kept.model) == ("Doors, naß", FULL, "starter")


def test_presets_are_listed_by_name_and_replaced_by_name(wishes):
    for name in ("b", "A", "c"):
        wishes.save(name, text("old"), "starter")
    wishes.save("b", text("new"), "starter")
    assert [wish.name for wish in wishes.all()] == ["A", "b", "c"]
    assert wishes.all()[1].request == text("new")


@pytest.mark.parametrize(
    ("said", "kept"),
    [("a/b: c?", "a_b_ c_"), (" rain ", "rain"), ("v1.2", "v1.2"), ("../x", "_x"), ("con", "con_")],
)
def test_any_name_becomes_a_file_in_the_folder(wishes, said, kept):
    assert wishes.save(said, text("x"), "starter").name == kept
    assert [file.name for file in wishes.folder.iterdir()] == [f"{kept}.json"]


@pytest.mark.parametrize("name", ["", "  ", "..", "x" * 300])
def test_a_name_that_is_none_is_refused(wishes, name):
    with pytest.raises(RequestError):
        wishes.save(name, text("x"), "starter")
    assert wishes.all() == []


def test_a_deleted_preset_is_gone(wishes):
    wishes.save("a", text("x"), "starter")
    wishes.delete("a")
    wishes.delete("a")
    assert wishes.all() == []


def test_a_mailed_preset_is_taken_in_under_the_name_of_its_file(wishes, tmp_path):
    other = Wishes(tmp_path / "theirs")
    other.save("Door slams", FULL, "micro")
    taken = wishes.take_in(tmp_path / "theirs" / "Door slams.json")
    assert wishes.all() == [taken]
    assert taken.request == FULL


def test_a_mailed_preset_takes_no_other_ones_place(wishes, tmp_path):
    mine = wishes.save("steps", text("mine"), "starter")
    (tmp_path / "theirs").mkdir()
    other = Wishes(tmp_path / "theirs")
    for words in ("theirs", "theirs", "newer"):
        other.save("Steps", text(words), "starter")
        wishes.take_in(tmp_path / "theirs" / "Steps.json")
    kept = {wish.name: wish.request.prompts[0].value for wish in wishes.all()}
    assert kept == {"steps": "mine", "Steps_02": "theirs", "Steps_03": "newer"}
    assert mine in wishes.all()


def good() -> dict:
    from hearsight import request_to_json

    return {"hearsight_preset": 1, "model": "m", "request": request_to_json(text("x"))}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "not a preset"),
        ("{", "not a preset"),
        ("[1]", "not a preset"),
        ("\udcff", "not a preset"),
        ("[" * 100_000, "not a preset"),
        (json.dumps(good() | {"hearsight_preset": 2}), "another version"),
        (json.dumps(good() | {"extra": 2}), "extra"),
        (json.dumps(good() | {"model": 2}), "lacks its model"),
        (json.dumps(good() | {"request": {"prompts": [], "stepps": 3}}), "stepps"),
        (json.dumps(good() | {"request": {"prompts": [], "steps": "3"}}), "steps"),
    ],
)
def test_what_is_no_preset_is_told_and_passed_over(wishes, content, said):
    wishes.save("good", text("x"), "starter")
    bad = wishes.folder / "bad.json"
    bad.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(RequestError, match=said):
        read_wish(bad)
    assert [wish.name for wish in wishes.all()] == ["good"]
    [why] = wishes.broken()
    assert said in why
    assert "bad.json" in why


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        Wishes(tmp_path / "file").save("a", text("x"), "starter")
