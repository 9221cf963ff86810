"""Elementary functions and sums: right over their whole range, the same bits in any order."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hearsight import exact

FLOATS = st.floats(-1e30, 1e30)


def test_logarithm_and_turn_hold_over_their_whole_range():
    u = np.concatenate([2.0 ** -np.arange(54), 1 - 2.0 ** -np.arange(2, 54), np.linspace(0.01, 1)])
    np.testing.assert_allclose(exact.log(u), np.log(u), rtol=1e-15)
    v = np.concatenate([np.arange(8) / 8, np.linspace(0, 1, 1001)[:-1], [1 - 2.0**-53]])
    cosine, sine = exact.turn(v)
    np.testing.assert_allclose(cosine, np.cos(2 * np.pi * v), atol=1e-15)
    np.testing.assert_allclose(sine, np.sin(2 * np.pi * v), atol=1e-15)


def test_the_logarithm_of_nothing_is_minus_infinity():
    assert exact.log(np.array([0.0, 1.0])).tolist() == [-math.inf, 0.0]


@given(st.lists(st.tuples(FLOATS, FLOATS)), st.randoms())
def test_the_order_of_a_sum_of_products_does_not_matter(pairs, chance):
    shuffled = chance.sample(pairs, len(pairs))
    one, other = (
        exact.dot(np.array([a for a, _ in each]), np.array([b for _, b in each]))
        for each in (pairs, shuffled)
    )
    assert one == other


def test_a_sum_of_products_of_float32_loses_nothing_small():
    large, small = np.array([1e8, 1, -1e8], np.float32), np.array([1e8, 1, 1e8], np.float32)
    assert exact.dot(large, small) == 1
