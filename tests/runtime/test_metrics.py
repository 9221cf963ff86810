"""Measures of papers against scipy and against sums written out as the papers have them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.linalg

from hearsight.errors import RequestError
from hearsight.metrics import divergences, frechet_distance, inception_score, is_exclusive


def gaussian(seed: int, count: int, width: int, scale: float = 1.0, shift: float = 0.0):
    drawn = np.random.default_rng(seed).normal(size=(count, width)) * scale + shift
    return drawn.astype(np.float32)


def shares(seed: int, count: int, classes: int):
    drawn = np.exp(2 * np.random.default_rng(seed).normal(size=(count, classes)))
    return (drawn / drawn.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize(("count", "width"), [(200, 8), (40, 32), (5, 16)])
def test_the_distance_is_what_scipys_matrix_root_gives(count, width):
    made, real = gaussian(1, count, width), gaussian(2, count + 3, width, 1.4, 0.3)
    apart = made.mean(axis=0, dtype=np.float64) - real.mean(axis=0, dtype=np.float64)
    one, other = (np.cov(each.astype(np.float64), rowvar=False) for each in (made, real))
    root = scipy.linalg.sqrtm(one @ other).real
    wanted = apart @ apart + np.trace(one + other - 2 * root)
    assert frechet_distance(made, real) == pytest.approx(wanted, rel=1e-5)


def test_a_set_is_at_no_distance_from_itself_and_a_shift_counts_squared():
    made = gaussian(3, 300, 6)
    assert frechet_distance(made, made) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(made, made + np.float32(0.5)) == pytest.approx(6 * 0.25, rel=1e-5)


def test_one_sound_has_no_distance():
    with pytest.raises(RequestError, match="at least two"):
        frechet_distance(gaussian(1, 1, 4), gaussian(1, 9, 4))


def test_the_inception_score_is_the_papers_sum():
    rows = shares(4, 30, 7)
    expected = []
    for part in np.array_split(rows.astype(np.float64), 3):
        mean = part.mean(axis=0)
        terms = [sum(p * math.log(p / q) for p, q in zip(row, mean, strict=True)) for row in part]
        expected.append(math.exp(sum(terms) / len(terms)))
    score = inception_score(rows, 3)
    assert score.mean == pytest.approx(np.mean(expected), rel=1e-6)
    assert score.deviation == pytest.approx(np.std(expected), rel=1e-6)


def test_sure_and_varied_sounds_score_as_many_as_there_are_classes():
    assert inception_score(np.eye(5, dtype=np.float32)).mean == pytest.approx(5)
    assert inception_score(np.full((6, 5), 0.2, np.float32)).mean == pytest.approx(1)


def test_more_splits_than_sounds_are_refused():
    with pytest.raises(RequestError, match="3 sounds cannot be split into 4"):
        inception_score(shares(1, 3, 4), 4)


def test_the_divergence_of_pairs_leads_from_the_real_one_to_the_made_one():
    made, real = shares(5, 4, 6), shares(6, 4, 6)
    for row, one, other in zip(divergences(made, real), made, real, strict=True):
        wanted = sum(float(q) * math.log(q / (p + 1e-6)) for p, q in zip(one, other, strict=True))
        assert row == pytest.approx(wanted, rel=1e-6)
    assert divergences(real, real) == pytest.approx(0, abs=1e-4)
    assert not np.allclose(divergences(made, real), divergences(real, made))


def test_classes_that_a_real_sound_does_not_show_count_nothing():
    made, real = np.array([[0.5, 0.5]], np.float32), np.array([[1.0, 0.0]], np.float32)
    assert divergences(made, real) == pytest.approx(math.log(2), rel=1e-5)
    assert math.isfinite(divergences(real, made)[0])


def test_independent_classes_are_told_from_exclusive_ones():
    assert is_exclusive(shares(7, 3, 5))
    assert not is_exclusive(np.array([[0.9, 0.8, 0.1]], np.float32))
