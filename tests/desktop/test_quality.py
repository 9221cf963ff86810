"""Knobs named by ear and the numbers behind them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight import list_bundles, open_bundle
from hearsight_desktop.quality import (
    QUALITIES,
    closeness_of,
    follow_of,
    guidance_at,
    quality_of,
    steps_of,
    strength_at,
)

guidances = st.sampled_from([0.0, 0.5, 1.0, 2.5, 3.0, 7.5, 12.0, 30.0])
places = st.floats(0, 1)


def test_good_is_what_the_bundle_was_made_for():
    assert [steps_of(quality, 12) for quality in QUALITIES] == [6, 12, 24]
    assert quality_of(None, 12) == quality_of(12, 12) == "good"
    assert quality_of(13, 12) is None


@given(st.integers(1, 1000))
def test_a_quality_is_found_again_by_its_steps(default):
    for quality in QUALITIES:
        steps = steps_of(quality, default)
        assert 1 <= steps <= 1000
        assert steps_of(quality_of(steps, default), default) == steps


@given(places, guidances)
def test_following_a_prompt_is_found_again(follow, default):
    guidance = guidance_at(follow, default)
    assert 0 <= guidance <= 30
    again = guidance_at(follow_of(guidance, default), default)
    assert again == pytest.approx(guidance, abs=0.011)


@given(places, places, guidances)
def test_following_more_never_guides_less(one, other, default):
    low, high = sorted((one, other))
    assert guidance_at(low, default) <= guidance_at(high, default)


@given(guidances)
def test_the_bundles_own_guidance_is_in_the_middle(default):
    assert guidance_at(0.5, default) == default
    assert follow_of(None, default) == follow_of(default, default) == 0.5


@given(places)
def test_closeness_and_strength_are_opposites(closeness):
    strength = strength_at(closeness)
    assert 0.05 <= strength <= 1
    assert closeness_of(strength) == pytest.approx(min(closeness, 0.95), abs=0.006)


def test_the_qualities_of_every_bundle_here_can_be_made():
    import hearsight

    for name, found in list_bundles():
        manifest = open_bundle(name, verify=False).manifest
        if manifest.defaults is None:
            continue
        with hearsight.load(found, device="cpu", threads=1) as generator:
            words = "rain" if "text" in generator.understands else ""
            for quality in QUALITIES:
                steps = steps_of(quality, manifest.defaults.steps)
                generator.stream(hearsight.text(words, steps=steps))  # refuses what it cannot make
