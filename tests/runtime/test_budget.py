"""Memory for open graphs: those used longest ago are closed, and nothing sounds different."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight import load
from hearsight.budget import Budget
from hearsight.bundle import Bundle, open_bundle
from hearsight.engine import Engine
from hearsight.request import Finish, text

MICRO = Path(__file__).resolve().parents[1] / "micro"
RAIN = text("rain", seed=3, seconds=0.5, variations=2, finish=Finish(sample_rate=8000))


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def taker(budget: Budget, closed: list[str]) -> Any:
    return lambda key, size: budget.take(key, size, lambda: closed.append(key))


def test_those_used_longest_ago_are_closed_first_until_the_rest_fits():
    closed: list[str] = []
    take = taker(Budget(10), closed)
    for key, size in (("a", 4), ("b", 3), ("c", 3), ("a", 4)):
        take(key, size)
    assert closed == []
    take("d", 4)
    assert closed == ["b", "c"]
    take("e", 3)
    assert closed == ["b", "c", "a"]


def test_what_is_about_to_run_stays_however_large_it_is():
    closed: list[str] = []
    take = taker(Budget(10), closed)
    take("small", 1)
    take("huge", 100)
    take("huge", 100)
    assert closed == ["small"]
    take("small", 1)
    assert closed == ["small", "huge"]


def test_what_its_owner_closed_is_neither_counted_nor_closed_again():
    closed: list[str] = []
    budget = Budget(10)
    take = taker(budget, closed)
    take("a", 9)
    budget.give_back("a")
    budget.give_back("never there")
    take("b", 9)
    assert closed == []


def test_without_a_limit_nothing_is_closed():
    closed: list[str] = []
    take = taker(Budget(), closed)
    for number in range(100):
        take(str(number), 10**12)
    assert closed == []


@given(
    st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 9)), max_size=40),
    st.integers(0, 20),
)
def test_what_is_open_fits_or_is_the_one_that_runs(uses, limit):
    budget, there = Budget(limit), dict[str, int]()
    for key, size in uses:
        budget.take(key, size, lambda key=key: there.pop(key))
        there[key] = size
        assert sum(there.values()) <= limit or list(there) == [key]


def size_of(bundle: Bundle, name: str) -> int:
    """Bytes that a graph takes: those of its files."""
    variant = bundle.manifest.graphs[name].variants["fp32"]
    return variant.bytes + sum(weights.bytes for weights in variant.weights)


def test_engines_that_share_a_budget_close_each_others_graphs():
    bundle, other = open_bundle(MICRO / "micro-flow"), open_bundle(MICRO / "micro")
    inputs = {"latent": np.ones((1, 4, 5, 4), np.float32)}
    frames = {"latent": np.ones((1, 4, 5), np.float32), "noise": np.ones((1, 1, 400), np.float32)}
    enough = size_of(bundle, "decode") + size_of(other, "decode") - 1
    budget = Budget(enough)
    with (
        Engine(bundle, device="cpu", threads=1, budget=budget) as one,
        Engine(other, device="cpu", threads=1, budget=budget) as two,
    ):
        first = one.run("decode", frames, None)["audio"]
        two.run("decode", inputs, None)
        assert (one.is_open("decode"), two.is_open("decode")) == (False, True)
        assert np.array_equal(one.run("decode", frames, None)["audio"], first)
        assert (one.is_open("decode"), two.is_open("decode")) == (True, False)
        one.close()
        two.run("decode", inputs, None)
        assert two.is_open("decode")


@pytest.mark.parametrize("memory", [1, 15_000])
def test_a_sound_is_the_same_however_little_memory_there_is(memory):
    with load(MICRO / "micro", device="cpu", threads=1) as generator:
        wanted = generator.generate(RAIN)
    with load(MICRO / "micro", device="cpu", threads=1, memory=memory) as generator:
        takes = generator.generate(RAIN)
        graphs = generator.bundle.manifest.graphs
        still = [name for name in graphs if generator._engine.is_open(name)]
    for one, other in zip(takes, wanted, strict=True):
        assert np.array_equal(one.audio, other.audio)
    assert "vocoder" in still
    assert len(still) == 1 if memory == 1 else 1 < len(still) < 5
