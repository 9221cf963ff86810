"""Weighted prompts: the average of conditions, and branches of guidance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import RequestError
from hearsight.mixing import average, branches

EAST = np.array([3, 0, 0, 0], np.float32)
NORTH = np.array([0, 1, 0, 0], np.float32)
EMPTY = np.array([0, 0, 0, 1], np.float32)


def test_one_condition_is_left_as_it_is():
    assert average([EAST], [0.3]) is EAST


def test_an_average_points_between_whatever_the_lengths():
    mixed = average([EAST, NORTH], [1, 1])
    np.testing.assert_allclose(mixed, np.array([1, 1, 0, 0]) / np.sqrt(2) * 2, rtol=1e-6)


def test_a_heavier_prompt_pulls_the_average():
    mixed = average([EAST, NORTH], [3, 1])
    assert mixed[0] == pytest.approx(3 * mixed[1])
    assert np.linalg.norm(mixed) == pytest.approx(0.75 * 3 + 0.25 * 1)


def test_a_negative_weight_turns_away():
    mixed = average([EAST, NORTH], [2, -1])
    assert mixed[0] > 0 > mixed[1]


def test_sequences_are_averaged_as_they_are():
    mixed = average([np.ones((2, 3), np.float32), np.zeros((2, 3), np.float32)], [1, 3])
    np.testing.assert_allclose(mixed, np.full((2, 3), 0.25))


def test_prompts_that_say_nothing_average_to_nothing():
    nothing = np.zeros(4, np.float32)
    np.testing.assert_array_equal(average([nothing, nothing], [1, 2]), nothing)
    assert average([nothing, EAST], [1, 1])[0] > 0


def test_prompts_that_cancel_out_are_refused():
    with pytest.raises(RequestError, match="cancel each other out"):
        average([EAST, -EAST], [1, 1])


def test_guidance_leads_from_the_empty_condition_to_the_prompt():
    cond, weights = branches([EAST], [5.0], EMPTY, 2.5)
    np.testing.assert_array_equal(cond, [EMPTY, EAST])
    np.testing.assert_allclose(weights, [-1.5, 2.5])


def test_every_prompt_gets_its_share_of_the_guidance():
    cond, weights = branches([EAST, NORTH], [3, 1], EMPTY, 4.0)
    np.testing.assert_array_equal(cond, [EMPTY, EAST, NORTH])
    np.testing.assert_allclose(weights, [-3, 3, 1])


def test_branches_that_count_nothing_cost_nothing():
    assert len(branches([EAST, NORTH], [1, 1], EMPTY, 1.0)[0]) == 2
    cond, weights = branches([EAST], [1], EMPTY, 0.0)
    np.testing.assert_array_equal(cond, [EMPTY])
    np.testing.assert_array_equal(weights, [1])


def test_guidance_needs_something_to_lead_away_from():
    with pytest.raises(RequestError, match=r"guidance is 2\.5.*set guidance to 1"):
        branches([EAST], [1], None, 2.5)
    assert branches([EAST], [1], None, 1.0)[1] == [1]


@given(
    st.lists(st.floats(0.01, 100), min_size=1, max_size=5),
    st.floats(0, 30),
)
def test_the_weights_of_all_branches_sum_to_one(weights, guidance):
    cond, parts = branches([EAST] * len(weights), weights, EMPTY, guidance)
    assert cond.shape == (len(parts), 4)
    assert parts.dtype == cond.dtype == np.float32
    assert parts.sum(dtype=float) == pytest.approx(1, abs=1e-4)
