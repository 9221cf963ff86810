"""A request survives JSON, and JSON that is no request is refused by name."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import RequestError
from hearsight.request import (
    Finish,
    Init,
    Like,
    Prompt,
    Request,
    request_from_json,
    request_to_json,
    text,
)

words = st.text(st.characters(codec="utf-8"), max_size=30)
number = st.floats(allow_nan=False, allow_infinity=False)
prompts = st.builds(
    Prompt, st.sampled_from(["text", "image", "video", "audio"]), words, weight=number
)
finishes = st.builds(
    Finish,
    trim=st.booleans(),
    fade_in=number,
    level=st.sampled_from(["auto", "none", "peak", "lufs"]),
    sample_rate=st.integers(8000, 192000),
    channels=st.sampled_from([1, 2]),
)
pairs = st.none() | st.tuples(number, number)
inits = st.builds(Init, words, st.none() | number, span=pairs, band=pairs)
seeds = st.integers(0, 2**64 - 1)
likes = st.recursive(
    st.builds(Like, seeds, number),
    lambda like: st.builds(Like, seeds, number, like),
    max_leaves=5,
)
requests = st.builds(
    Request,
    prompts=st.lists(prompts, max_size=4).map(tuple),
    negative=words,
    seconds=st.none() | number,
    variations=st.integers(1, 1000),
    seed=st.none() | st.integers(0, 2**63 - 1),
    steps=st.none() | st.integers(1, 1000),
    guidance=st.none() | number,
    guidance_interval=pairs,
    solver=st.sampled_from([None, "ddim", "dpm++2m", "euler"]),
    mix=st.sampled_from(["average", "branches"]),
    loop=st.booleans(),
    init=st.none() | inits,
    like=st.none() | likes,
    candidates=st.integers(1, 100),
    finish=finishes,
    id=words,
)


@given(requests)
def test_a_request_comes_back_from_json_as_it_was(request):
    assert request_from_json(json.loads(json.dumps(request_to_json(request)))) == request


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"guidence": 3.0}, '"guidence".*"guidance"'),
        ({"seed": "7"}, "seed"),
        ({"solver": "heun"}, "solver"),
        ({"finish": {"fade": 1.0}}, '"fade"'),
        ({"prompts": [{"modality": "text"}]}, "value"),
        ({"prompts": "rain"}, "prompts"),
        ({"seconds": float("nan")}, "JSON"),
        ({"loop": 1}, "loop"),
        ({"candidates": "3"}, "candidates"),
        ({"guidance_interval": [0.1]}, "guidance_interval"),
        ({"init": {"strength": 0.5}}, "file"),
        ({"init": {"file": "a.wav", "span": [1.0]}}, "span"),
        ({"init": {"file": "a.wav", "band": [1.0, "2"]}}, "band"),
        ({"init": {"file": "a.wav", "spann": [1.0, 2.0]}}, '"spann".*"span"'),
        ({"like": {"spread": 0.5}}, "seed"),
        ({"like": {"seed": 1, "like": {"seed": "2"}}}, r"like\.like\.seed"),
        ({"like": {"seed": 1, "like": {"spraed": 2}}}, '"spraed" in like.like .*"spread"'),
        ({"finish": {"loop": True}}, '"loop"'),
    ],
)
def test_json_that_is_no_request_names_the_key(change, said):
    with pytest.raises(RequestError, match=said):
        request_from_json(request_to_json(text("rain")) | change)


@pytest.mark.parametrize("depth", [300, 10_000])
def test_json_nested_beyond_reason_is_refused(depth):
    like = None
    for _ in range(depth):
        like = {"seed": 1, "like": like}
    with pytest.raises(RequestError, match=r"JSON: (nested too deeply|recursion limit)"):
        request_from_json(request_to_json(text("rain")) | {"like": like})


def test_text_is_the_short_way_to_a_request():
    assert text("rain", seed=7) == Request((Prompt("text", "rain"),), seed=7)


@pytest.mark.parametrize(
    ("prompt", "blank"),
    [
        (Prompt("text", " \n"), True),
        (Prompt("text", "rain"), False),
        (Prompt("image", "a.png"), False),
    ],
)
def test_only_a_text_without_words_is_blank(prompt, blank):
    assert prompt.blank is blank
