"""File names that every system takes, whatever the prompt or id."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight.errors import RequestError
from hearsight.names import check_template, fill, numbered, slug

SAFE = re.compile(r'[^<>:"/\\|?*\x00-\x1f\x7f]+')
FIELDS = {"prompt": "rain", "variation": 1, "seed": 2, "model": "micro"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Heavy rain on a tin roof!", "heavy_rain_on_a_tin_roof"),
        ("  Café   d'été ", "cafe_d_ete"),
        ("雨", "sound"),
        ("", "sound"),
        ("con", "con_"),
        ("a" * 80, "a" * 48),
        ("word " * 20, "_".join(["word"] * 9)),
    ],
)
def test_slugs_are_short_and_plain(text, name):
    assert slug(text) == name


@settings(deadline=None)
@given(st.text())
def test_any_text_has_a_slug(text):
    assert re.fullmatch(r"[a-z0-9_]{1,49}", slug(text))


@settings(deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_any_id_becomes_one_name_inside_the_folder(text):
    path = fill("{id}", id=text, **FIELDS)
    assert len(path.parts) == 1
    assert SAFE.fullmatch(path.name)
    assert path.suffix == ".wav" or text.lower().rstrip(" .").endswith((".flac", ".ogg"))
    assert not path.stem.endswith((" ", "."))
    assert not re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)", path.name.split(".")[0])


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_template_is_refused_or_stays_inside_the_folder(template):
    try:
        path = fill(check_template(template), id="a", **FIELDS)
    except RequestError:
        return
    assert not path.is_absolute()
    assert ".." not in path.parts


def test_templates_fill_fields_make_folders_and_choose_the_format():
    path = fill("{model}/{seed}_{id}_{variation:03}.OGG", id="a b", **FIELDS)
    assert PurePosixPath(path.as_posix()) == PurePosixPath("micro/2_a b_001.OGG")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{promt}", 'did you mean "prompt"?'),
        ("{id.__class__}", "unknown field"),
        ("{id!r}", "unknown field"),
        ("{}", "unknown field"),
        ("{id", "broken"),
        ("{variation:q}", "broken"),
        ("../{id}", "no path inside a folder"),
        ("/tmp/{id}", "no path inside a folder"),
        ("C:{id}", "no path inside a folder"),
    ],
)
def test_bad_templates_are_explained(template, said):
    with pytest.raises(RequestError, match=re.escape(said)):
        check_template(template)


def test_numbers_go_before_the_suffix():
    assert numbered(Path("a/rain.v2.wav"), 7) == Path("a/rain.v2_07.wav")
