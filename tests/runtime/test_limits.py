"""Requests that cannot be carried out say which field, what it is, and what it may be."""

from dataclasses import replace
from pathlib import Path

import pytest

from hearsight.bundle import open_bundle
from hearsight.errors import RequestError
from hearsight.limits import check, resolve
from hearsight.request import Finish, Prompt, Request, text

MICRO = Path(__file__).parents[1] / "micro" / "micro"
RAIN = text("rain")


@pytest.fixture(scope="module")
def manifest():
    return open_bundle(MICRO).manifest


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("seed", -1, "0 to 9223372036854775807"),
        ("seed", 2**63, "0 to 9223372036854775807"),
        ("seed", 1.5, "a whole number"),
        ("seed", "7", "a whole number"),
        ("seed", True, "a whole number"),
        ("steps", 0, "1 to 1000"),
        ("steps", 1001, "1 to 1000"),
        ("guidance", -0.1, "0 to 30"),
        ("guidance", 30.5, "0 to 30"),
        ("guidance", float("nan"), "0 to 30"),
        ("guidance", float("inf"), "0 to 30"),
        ("eta", 1.1, "0 to 1"),
        ("seconds", 0.0, "0.01 to 3600"),
        ("seconds", float("nan"), "0.01 to 3600"),
        ("variations", 0, "1 to 1000"),
        ("variations", 1001, "1 to 1000"),
        ("first_variation", -1, "0 to 2147483647"),
        ("solver", "heun", "'ddim', 'dpm\\+\\+2m', 'euler'"),
        ("mix", "blend", "'average', 'branches'"),
        ("id", "\ud800", "valid Unicode"),
        ("negative", None, "text"),
    ],
)
def test_a_value_out_of_range_is_named_with_its_range(field, value, allowed):
    with pytest.raises(RequestError, match=rf"^{field} is .*{allowed}"):
        check(replace(RAIN, **{field: value}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("trim_db", 1.0),
        ("loop_seconds", 0.0),
        ("fade_in", -1.0),
        ("fade_out", float("inf")),
        ("level", "loud"),
        ("level_db", 0.5),
        ("sample_rate", 100),
        ("channels", 3),
    ],
)
def test_finishing_has_ranges_too(field, value):
    with pytest.raises(RequestError, match=rf"^{field} is "):
        check(replace(RAIN, finish=replace(Finish(), **{field: value})))


@pytest.mark.parametrize(
    ("prompts", "said"),
    [
        ((), "no prompt"),
        ((Prompt("smell", "rose"),), r"prompts\[0\]\.modality is 'smell'"),
        ((Prompt("text", "rain"), Prompt("image", "")), r"prompts\[1\]\.value is empty"),
        ((Prompt("text", "rain", 0.0),), r"prompts\[0\]\.weight is 0"),
        ((Prompt("text", "rain", float("nan")),), r"prompts\[0\]\.weight is nan"),
        ((Prompt("text", "rain", 1.0), Prompt("text", "sea", -1.0)), "sum to 0"),
        ((Prompt("text", "\udcff"),), "valid Unicode"),
    ],
)
def test_prompts_are_checked_one_by_one(prompts, said):
    with pytest.raises(RequestError, match=said):
        check(Request(prompts))


def test_an_empty_text_is_no_error():
    check(text("  "))


def test_what_is_left_open_comes_from_the_bundle(manifest):
    resolved = resolve(RAIN, manifest)
    assert (resolved.seconds, resolved.steps, resolved.guidance) == (1.0, 4, 2.5)
    assert (resolved.solver, resolved.eta) == ("ddim", 0.0)
    assert resolved.seed is not None
    assert resolve(resolved, manifest) == resolved


def test_a_fresh_seed_is_drawn_each_time(manifest):
    assert len({resolve(RAIN, manifest).seed for _ in range(20)}) == 20


@pytest.mark.parametrize("seconds", [0.24, 4.01])
def test_a_length_that_the_bundle_does_not_make_is_refused(manifest, seconds):
    with pytest.raises(RequestError, match=r"'micro' makes sounds of 0\.25 to 4 seconds"):
        resolve(replace(RAIN, seconds=seconds), manifest)


def test_eta_belongs_to_ddim(manifest):
    with pytest.raises(RequestError, match="eta is 1; only solver 'ddim'"):
        resolve(replace(RAIN, solver="dpm++2m", eta=1.0), manifest)
