"""Rows become requests, exactly those that were meant."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight.errors import RequestError
from hearsight.request import Finish, Init, Like, Prompt, Request, request_to_json, text
from hearsight.rows import Item, read_rows
from hearsight.spelling import parse_level, parse_prompt, parse_size
from hearsight.wav import Sound
from hearsight.wav import write as write_wav

BASE = Request(prompts=(), steps=7, finish=Finish(level="peak"))

words = st.text(st.characters(exclude_categories=["C"]), max_size=30)
numbers = st.floats(-1000, 1000, allow_nan=False)
ids = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)
finishes = st.builds(
    Finish,
    trim=st.booleans(),
    fade_in=st.floats(0, 10),
    level=st.sampled_from(["none", "peak", "lufs"]),
    sample_rate=st.integers(8000, 192000),
    channels=st.sampled_from([1, 2]),
)
seeds = st.integers(0, 2**64 - 1)
requests = st.builds(
    Request,
    prompts=st.lists(
        st.builds(Prompt, st.just("text"), words, numbers), min_size=1, max_size=3
    ).map(tuple),
    negative=words,
    seconds=st.none() | st.floats(0.1, 100),
    variations=st.integers(1, 9),
    seed=st.none() | st.integers(0, 2**63 - 1),
    guidance=st.none() | st.floats(0, 30),
    solver=st.sampled_from([None, "ddim", "euler"]),
    mix=st.sampled_from(["average", "branches"]),
    loop=st.booleans(),
    like=st.none() | st.builds(Like, seeds, numbers, st.none() | st.builds(Like, seeds)),
    candidates=st.integers(1, 9),
    finish=finishes,
)


def read(text: str, kind: str = "jsonl", base: Request = BASE) -> tuple[Item, ...]:
    return read_rows(text, kind, base, folder=Path(), where="m")


@settings(deadline=None)
@given(st.dictionaries(ids, requests, min_size=1, max_size=4))
def test_requests_survive_being_written_as_json_lines(asked):
    asked = [replace(request, id=name) for name, request in asked.items()]
    text = "\n\n".join(json.dumps(request_to_json(request)) for request in asked)
    read_back = [item.request for item in read(text, base=Request(prompts=()))]
    assert read_back == asked


@settings(deadline=None)
@given(
    st.dictionaries(ids, st.tuples(words, st.integers(1, 999), st.floats(0.1, 9))), st.booleans()
)
def test_cells_hold_what_was_written_in_them(rows, tabs):
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter="\t" if tabs else ",")
    writer.writerow(["id", "prompt", "steps", "seconds"])
    writer.writerows([name, *row] for name, row in rows.items())
    if not rows:
        return
    items = read(stream.getvalue(), "tsv" if tabs else "csv")
    for item, (name, (said, steps, seconds)) in zip(items, rows.items(), strict=True):
        assert (item.request.id, item.request.steps, item.request.seconds) == (name, steps, seconds)
        spoken = said if said.strip() else ""
        assert item.request.prompts == (parse_prompt("text", spoken),)


@settings(deadline=None)
@given(st.text())
def test_any_text_is_rows_or_a_request_error(text):
    for kind in ("jsonl", "csv", "tsv"):
        try:
            assert read(text, kind)
        except RequestError as problem:
            assert str(problem)


def test_rows_lie_over_the_base_and_leave_the_rest_of_it():
    [item] = read('{"prompt": "x", "loop": true, "normalize": "lufs=-16", "steps": null}')
    assert item.request.steps == 7
    assert item.request.loop
    assert item.request.finish == Finish(level="lufs", level_db=-16)


@pytest.fixture
def sounds(tmp_path):
    """A folder with a sound, and with two that this package made: of the noise of seed 77, and
    of seed 78 near to it."""
    soundfile.write(tmp_path / "sea.wav", np.full(800, 0.25), 8000)
    for name, like in (("liked", None), ("near", Like(77))):
        record = {"item_seed": 77 + (like is not None)}
        record["request"] = request_to_json(text("rain", like=like))
        made = Sound(np.full(800, 0.25, np.float32), 8000, record=record)
        write_wav(tmp_path / f"{name}.wav", made)
    return tmp_path


def edited(folder: Path, row: str, kind: str = "jsonl", base: Request = BASE) -> Request:
    [item] = read_rows(row, kind, base, folder=folder, where="m")
    return item.request


def test_a_row_names_the_sound_it_begins_with_by_its_path(sounds):
    path = str(sounds / "sea.wav")
    table = "prompt,init,strength,inpaint,inpaint_band\n"
    for cells, wanted in {
        "x,sea.wav,,,": Init(path),
        "x,sea.wav,0.5,,": Init(path, 0.5),
        "x,sea.wav,,1.5:3,": Init(path, span=(1.5, 3.0)),
        "x,sea.wav,,:0.25,2000:": Init(path, span=(0.0, 0.25), band=(2000.0, 96000.0)),
        "x,,,,": None,
    }.items():
        assert edited(sounds, table + cells + "\n", "csv").init == wanted
    typed = '{"prompt": "x", "init": "sea.wav", "strength": 0.5, "inpaint": "1.5:"}'
    assert edited(sounds, typed).init == Init(path, 0.5, span=(1.5, 600.0))


def test_a_row_stays_near_a_sound_that_was_made_before(sounds):
    table = "prompt,like,spread\n"
    assert edited(sounds, table + "x,liked.wav,\n", "csv").like == Like(77)
    assert edited(sounds, table + "x,liked.wav,0.7\n", "csv").like == Like(77, 0.7)
    assert edited(sounds, table + "x,near.wav,0.7\n", "csv").like == Like(78, 0.7, Like(77))
    base = replace(BASE, like=Like(5, 0.1))
    assert edited(sounds, '{"prompt": "x", "spread": 0.2}', base=base).like == Like(5, 0.2)
    assert edited(sounds, '{"prompt": "x"}', base=base).like == Like(5, 0.1)


def test_a_row_changes_how_the_common_sound_is_begun_with(sounds):
    base = replace(BASE, init=Init(str(sounds / "sea.wav"), 0.5, span=(0.0, 0.05)))
    assert edited(sounds, '{"prompt": "x"}', base=base).init == base.init
    changed = edited(sounds, '{"prompt": "x", "strength": 0.9}', base=base).init
    assert changed == replace(base.init, strength=0.9)
    changed = edited(sounds, '{"prompt": "x", "inpaint": "0.01:0.02"}', base=base).init
    assert changed == replace(base.init, span=(0.01, 0.02))


def test_a_request_with_sounds_survives_being_written_as_a_json_line(sounds):
    init = Init(str(sounds / "sea.wav"), 0.5, span=(0.25, 1.5), band=(100.0, 2000.0))
    asked = text("rain", id="a", init=init, like=Like(2**64 - 1, 0.7, Like(3, 0.1)))
    line = json.dumps(request_to_json(asked))
    assert edited(sounds, line, base=Request(prompts=())) == asked
    base = Request(prompts=(), init=Init("other.wav", 0.1, span=(0.0, 1.0)), like=Like(5))
    assert edited(sounds, line, base=base) == asked
    wider = json.dumps(request_to_json(asked) | {"spread": 0.9, "strength": 0.8})
    assert edited(sounds, wider, base=base) == replace(
        asked, init=replace(init, strength=0.8), like=replace(asked.like, spread=0.9)
    )


def test_a_path_is_taken_from_where_it_was_written(sounds, monkeypatch):
    """Of a row from the folder of the table, of the common request from the working folder."""
    monkeypatch.chdir(sounds)
    (sounds / "deep").mkdir()
    (sounds / "sea.wav").rename(sounds / "deep" / "sea.wav")
    row = {"prompt": "x", "init": {"file": "sea.wav", "strength": 0.5}}
    inner = str(Path("deep") / "sea.wav")
    for folder, wanted in ((Path("deep"), inner), (sounds / "deep", str(sounds / inner))):
        assert edited(folder, json.dumps(row)).init == Init(wanted, 0.5)
        banded = json.dumps(row | {"inpaint_band": "1:2"})
        assert edited(folder, banded).init == Init(wanted, 0.5, band=(1.0, 2.0))
    base = replace(BASE, init=Init("liked.wav", 0.1))
    assert edited(Path("deep"), '{"prompt": "x"}', base=base).init == base.init
    changed = edited(Path("deep"), '{"prompt": "x", "strength": 0.9}', base=base).init
    assert changed == Init("liked.wav", 0.9)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('{"prompt": "x", "init": {"file": "see.wav"}}', r'see\.wav \(did you mean "sea\.wav"'),
        ('{"prompt": "x", "init": {"file": 3}}', r"init\.file is 3"),
        ('{"prompt": "x", "init": {"flie": "sea.wav"}}', '"flie" in init .*"file"'),
        ('{"prompt": "x", "init": {}}', r"lacks the key \"init\.file\""),
        ('{"prompt": "x", "like": {"seed": "7"}}', r'like\.seed is "7"'),
        ('{"prompt": "x", "strength": {"file": "sea.wav"}}', "strength must be a number"),
        ('{"prompt": "x", "inpaint": {}}', "inpaint must be text"),
        (
            '{"prompt": "x", "like": ' + '{"seed": 1, "like": ' * 900 + "null" + "}" * 901,
            "recursion limit",
        ),
        ('{"prompt": "x", "init": "see.wav"}', r'see\.wav \(did you mean "sea\.wav"\?\)'),
        ('{"prompt": "x", "init": 3}', "init must be text, not 3"),
        ('{"prompt": "x", "init": "sea.wav", "strength": "much"}', "strength must be a number"),
        ('{"prompt": "x", "init": "sea.wav", "inpaint": "3"}', "inpaint is '3'; write its start"),
        ('{"prompt": "x", "init": "sea.wav", "inpaint": ":"}', "inpaint is ':'; write its start"),
        ('{"prompt": "x", "inpaint": "1:2"}', "inpaint is about the sound to begin with"),
        ('{"prompt": "x", "strength": 0.5}', "strength is about the sound to begin with"),
        ('{"prompt": "x", "spread": 0.5}', "spread is about the sound to stay near to"),
        ('{"prompt": "x", "like": "sea.wav"}', r"sea\.wav"),
        ('{"prompt": "x", "like": ["liked.wav"]}', "like must be text"),
    ],
)
def test_a_row_whose_sounds_are_not_understood_is_refused(sounds, row, said):
    with pytest.raises(RequestError, match=said):
        edited(sounds, row)


def test_cells_of_every_type_are_understood():
    text = "id,prompt,trim,channels,fade_in,variations,solver\n7, rain ,yes,2,0.5,3,ddim\n"
    [item] = read(text, "csv")
    request = item.request
    assert (request.id, request.variations, request.solver) == ("7", 3, "ddim")
    assert request.finish == Finish(trim=True, channels=2, fade_in=0.5, level="peak")
    assert request.prompts[0].value == " rain "


def test_a_quoted_cell_may_span_lines_and_errors_name_the_first_of_theirs():
    with pytest.raises(RequestError) as error:
        read('id,prompt,steps\na,"two\nlines",few\nb,x,many\n', "csv")
    assert [line[:9] for line in str(error.value).splitlines()] == ["m, line 2", "m, line 4"]


def test_a_row_may_hold_several_prompts_of_a_kind():
    [item] = read('{"prompt": ["rain::2", "wind"], "id": "a"}')
    assert item.request.prompts == (Prompt("text", "rain", 2.0), Prompt("text", "wind"))


def test_an_empty_text_cell_is_a_sound_without_a_prompt():
    [item] = read("id,prompt\na,\n", "csv")
    assert item.request.prompts == (Prompt("text", ""),)


def test_more_than_twenty_wrong_rows_are_counted():
    with pytest.raises(RequestError) as error:
        read("{}\n" * 25)
    assert str(error.value).count("nothing to listen to") == 20
    assert str(error.value).endswith("... and 5 more.")


@pytest.mark.parametrize(
    ("written", "level"),
    [
        ("auto", ("auto", -1)),
        ("none", ("none", -1)),
        ("peak", ("peak", -1)),
        ("peak=", ("peak", -1)),
        ("peak=-6", ("peak", -6)),
        ("lufs", ("lufs", -23)),
        ("lufs=-16.5", ("lufs", -16.5)),
    ],
)
def test_levels_are_read(written, level):
    assert parse_level(written) == level


@pytest.mark.parametrize("written", ["", "loud", "none=3", "auto=1", "peak=a", "LUFS"])
def test_other_levels_are_refused(written):
    with pytest.raises(RequestError, match="lufs=-16"):
        parse_level(written)


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("0", 0),
        ("1048576", 1048576),
        ("10MB", 10**7),
        ("800m", 8 * 10**8),
        (" 1.5 GB ", 15 * 10**8),
        (".5k", 500),
    ],
)
def test_a_size_is_bytes_or_has_a_unit(written, size):
    assert parse_size(written) == size


@pytest.mark.parametrize("written", ["", "much", "-1", "1e9", "1.5GiB", "5.", "9" * 400])
def test_a_size_that_is_none_shows_how_to_write_one(written):
    with pytest.raises(RequestError, match=r"write 1\.5GB or 800MB"):
        parse_size(written)


@pytest.mark.parametrize(
    ("written", "prompt"),
    [
        ("rain", Prompt("text", "rain")),
        ("rain::2", Prompt("text", "rain", 2.0)),
        ("rain ::-.5", Prompt("text", "rain", -0.5)),
        ("a::b::1e1", Prompt("text", "a::b", 10.0)),
        ("std::vector", Prompt("text", "std::vector")),
        ("::2", Prompt("text", "", 2.0)),
    ],
)
def test_weights_are_read(written, prompt):
    assert parse_prompt("text", written) == prompt


def test_a_weight_that_is_no_number_is_refused():
    with pytest.raises(RequestError, match="weight"):
        parse_prompt("text", "rain::1.2.3")
