"""The outline of a sound tells of every sample, at every zoom."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight_desktop.peaks import columns, peaks


def noise(samples: int, channels: int) -> np.ndarray:
    shape = samples if channels == 1 else (samples, channels)
    return np.random.default_rng(samples).standard_normal(shape).astype(np.float32)


@settings(max_examples=150)
@given(
    samples=st.integers(1, 60_000),
    channels=st.sampled_from([1, 2]),
    width=st.integers(1, 300),
    part=st.tuples(st.floats(-0.3, 1.2), st.floats(0.0001, 1.5)),
)
def test_a_column_has_its_samples_and_hardly_more(samples, channels, width, part):
    audio = noise(samples, channels)
    first = part[0] * samples
    last = first + part[1] * samples
    found = columns(peaks(audio), first, last, width)
    assert found.shape == (width, 2)
    edges = np.linspace(first, last, width + 1)
    span = (last - first) / width
    slack = 0 if span < 128 else span / 8
    for column, (low, high) in enumerate(found):
        begin = int(np.floor(edges[column]))
        end = max(int(np.ceil(edges[column + 1])), begin + 1)
        inner = audio[max(begin, 0) : max(end, 0)]
        outer = audio[max(int(begin - slack), 0) : max(int(np.ceil(end + slack)), 0)]
        if len(inner) == 0:
            assert low == high == 0
            continue
        assert outer.min() <= low <= inner.min()
        assert inner.max() <= high <= outer.max()


def test_one_click_in_ten_minutes_is_seen():
    audio = np.zeros(600 * 8000, np.float32)
    audio[3_456_789] = -0.7
    found = columns(peaks(audio), 0, len(audio), 800)
    assert np.flatnonzero(found[:, 0]).tolist() == [576]
    assert found[576].tolist() == [np.float32(-0.7), 0]


def test_zoomed_in_each_column_is_a_sample():
    audio = noise(100, 1)
    found = columns(peaks(audio), 10, 20, 10)
    np.testing.assert_array_equal(found[:, 0], audio[10:20])
    np.testing.assert_array_equal(found[:, 1], audio[10:20])
    doubled = columns(peaks(audio), 10, 20, 20)
    np.testing.assert_array_equal(doubled[:, 0], np.repeat(audio[10:20], 2))
