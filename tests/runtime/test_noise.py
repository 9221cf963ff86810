"""Noise: the same bits everywhere, for ever."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight import noise

# Changing any of these changes every sound that anybody made: do not.
PINNED = [
    (
        0,
        noise.LATENT,
        [
            "0x1.44ad640000000p-3",
            "0x1.7dcefe0000000p+1",
            "-0x1.ecfa260000000p+0",
            "-0x1.a65ca40000000p-1",
            "-0x1.9eba0a0000000p-3",
        ],
    ),
    (
        7,
        noise.LATENT,
        [
            "-0x1.2d51680000000p-3",
            "0x1.0114d80000000p-1",
            "-0x1.1752660000000p+0",
            "0x1.79a5020000000p-1",
            "-0x1.780b840000000p-1",
        ],
    ),
    (
        7,
        noise.STEP + 3,
        [
            "-0x1.3668a20000000p+0",
            "0x1.0656620000000p+0",
            "0x1.4f316c0000000p-2",
            "0x1.a592f20000000p+0",
            "0x1.767b220000000p+0",
        ],
    ),
    (
        2**64 - 1,
        noise.DECODE,
        [
            "0x1.23e8600000000p+0",
            "0x1.15a3ce0000000p-1",
            "0x1.01758a0000000p+1",
            "0x1.c16d5e0000000p-1",
            "-0x1.237c6e0000000p-4",
        ],
    ),
]
PINNED_NEAR = [
    "0x1.30fcfa0000000p-4",
    "0x1.715f3e0000000p+1",
    "-0x1.1b07140000000p+1",
    "-0x1.99c2a20000000p-2",
    "-0x1.071a160000000p-1",
]
PINNED_SEEDS = [
    ((0, "", 0), 0xC322236069A9A038),
    ((7, "rain_01", 3), 0x362841832DAF66D1),
    ((2**63 - 1, "höhle", 999), 0xE30DEFF4A0BFC32D),
]


def philox(key: int, counter: list[int], count: int) -> list[int]:
    """Philox4x64-10 from its paper, in plain integers; numpy counts up before each block."""
    words: list[int] = []
    mask = 2**64 - 1
    while len(words) < count:
        counter = [counter[0] + 1, *counter[1:]]
        c0, c1, c2, c3 = counter
        k0, k1 = key, 0
        for _ in range(10):
            low, high = 0xD2E7470EE14C6C93 * c0, 0xCA5A826395121157 * c2
            c0, c1, c2, c3 = high >> 64 ^ c1 ^ k0, high & mask, low >> 64 ^ c3 ^ k1, low & mask
            k0, k1 = (k0 + 0x9E3779B97F4A7C15) & mask, (k1 + 0xBB67AE8584CAA73B) & mask
        words += [c0, c1, c2, c3]
    return words[:count]


@pytest.mark.parametrize(("seed", "stream", "values"), PINNED)
def test_noise_is_pinned(seed, stream, values):
    assert [float(v).hex() for v in noise.normal(seed, stream, (5,))] == values


@pytest.mark.parametrize(("item", "seed"), PINNED_SEEDS)
def test_item_seeds_are_pinned(item, seed):
    assert noise.item_seed(*item) == seed


def test_noise_is_box_muller_over_philox():
    words = philox(1234, [0, 0, 0, 5], 200)
    expected: list[float] = []
    for first, second in zip(words[::2], words[1::2], strict=True):
        radius = math.sqrt(-2 * math.log(((first >> 11) + 1) / 2**53))
        turn = 2 * math.pi * (second >> 11) / 2**53
        expected += [radius * math.cos(turn), radius * math.sin(turn)]
    np.testing.assert_allclose(noise.normal(1234, 5, (200,)), expected, rtol=1.2e-7)


def test_noise_is_standard_normal_and_streams_do_not_follow_each_other():
    first, second = (noise.normal(3, stream, (200_001,)).astype(float) for stream in (0, 1))
    assert abs(first.mean()) < 0.01
    assert abs(first.std() - 1) < 0.01
    assert abs((first**4).mean() - 3) < 0.1
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.01
    assert abs(np.corrcoef(first[:-1], first[1:])[0, 1]) < 0.01


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**64 - 1),
    short=st.integers(1, 9),
    more=st.integers(0, 9),
    axis=st.integers(0, 2),
)
def test_noise_for_more_frames_begins_with_the_noise_for_fewer(seed, short, more, axis):
    shape = [3, 5, 2]
    shape[axis] = short
    part = noise.normal(seed, 0, shape, axis)
    shape[axis] = short + more
    whole = noise.normal(seed, 0, shape, axis)
    assert part.dtype == np.float32
    np.testing.assert_array_equal(whole.take(range(short), axis), part)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**63 - 1),
            st.text(st.characters(codec="utf-8"), max_size=20),
            st.integers(0, 2**31 - 1),
        ),
        unique=True,
        min_size=2,
    )
)
def test_no_two_items_share_a_seed(items):
    seeds = {noise.item_seed(*item) for item in items}
    assert len(seeds) == len(items)
    assert all(0 <= seed < 2**64 for seed in seeds)


SHAPE = (4, 60, 5)
seeds = st.integers(0, 2**64 - 1)
noises = st.recursive(
    st.builds(noise.Noise, seeds),
    lambda near: st.builds(noise.Noise, seeds, near, st.floats(0, 1)),
    max_leaves=4,
)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.sampled_from([0, 1, 5, 1 << 32]))
def test_no_spread_is_the_other_sounds_noise_and_full_spread_ones_own(seed, other, stream):
    none, full = (
        noise.Noise(seed, noise.Noise(other), spread).normal(stream, SHAPE, 1) for spread in (0, 1)
    )
    np.testing.assert_array_equal(none, noise.normal(other, stream, SHAPE, 1))
    np.testing.assert_array_equal(full, noise.normal(seed, stream, SHAPE, 1))
    np.testing.assert_array_equal(noise.Noise(seed).normal(stream, SHAPE, 1), full)


@pytest.mark.parametrize("spread", np.linspace(0, 1, 11))
def test_noise_near_another_is_turned_away_from_it_and_stays_standard_normal(spread):
    shape = (200_000,)
    other = noise.normal(8, noise.LATENT, shape).astype(float)
    near = noise.Noise(9, noise.Noise(8), spread).normal(noise.LATENT, shape).astype(float)
    assert abs(near.mean()) < 0.01
    assert abs(near.std() - 1) < 0.01
    assert abs((near**4).mean() - 3) < 0.1
    cosine = near @ other / np.linalg.norm(near) / np.linalg.norm(other)
    assert cosine == pytest.approx(math.cos(spread * math.pi / 2), abs=0.01)


@given(
    source=noises,
    axis=st.integers(0, 2),
    first=st.integers(0, 40),
    count=st.integers(1, 20),
)
def test_noise_from_a_frame_on_is_that_part_of_the_whole(source, axis, first, count):
    shape = [3, 5, 2]
    shape[axis] = first + count
    whole = source.normal(noise.DECODE, shape, axis)
    shape[axis] = count
    part = source.normal(noise.DECODE, shape, axis, first)
    np.testing.assert_array_equal(part, whole.take(range(first, first + count), axis))


@given(seeds, noises, st.floats(0, 1))
def test_noise_may_be_near_to_one_that_is_near_to_another(seed, near, spread):
    none, full = (noise.Noise(seed, near, s).normal(noise.STEP, SHAPE, 1) for s in (0, 1))
    other, own = near.normal(noise.STEP, SHAPE, 1), noise.normal(seed, noise.STEP, SHAPE, 1)
    np.testing.assert_array_equal(none, other)
    np.testing.assert_array_equal(full, own)
    got = noise.Noise(seed, near, spread).normal(noise.STEP, SHAPE, 1)
    turn = spread * math.pi / 2
    np.testing.assert_allclose(got, math.cos(turn) * other + math.sin(turn) * own, atol=1e-6)


def test_noise_near_another_is_pinned():
    got = noise.Noise(7, noise.Noise(0), 0.3).normal(noise.LATENT, (5,))
    assert [float(v).hex() for v in got] == PINNED_NEAR
