"""Others near to a take, the same again, its very own request."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest

import hearsight
from hearsight import Finish, Like, text
from hearsight_desktop.asking import again, locked, near
from hearsight_desktop.entry import Entry
from hearsight_desktop.jobs import new_job


@pytest.fixture(scope="module")
def generator():
    micro = Path(__file__).parents[1] / "micro" / "micro"
    with hearsight.load(micro, device="cpu", threads=1) as loaded:
        yield loaded


def entry_of(take: hearsight.Take) -> Entry:
    return Entry(
        id="a" * 32,
        batch="b" * 32,
        number=take.variation + 1,
        name="rain",
        request=take.request,
        model="micro",
        item_seed=take.item_seed,
        provider=take.plan.provider,
        precision=take.plan.precision,
        why=take.plan.why,
        created=datetime(2026, 1, 1, tzinfo=timezone.utc),
        seconds=take.seconds,
        sample_rate=take.sample_rate,
        original=Path("x.wav"),
    )


def makes(generator, request) -> list[np.ndarray]:
    return [take.audio for take in generator.generate(new_job(request, "micro").request)]


def test_a_family_is_near_to_its_sound_and_a_family_of_it_again(generator):
    *_, take = generator.generate(text("rain", seconds=0.5, seed=3, variations=2))
    first = entry_of(take)
    request = near(first, 3, 0.1)
    assert (request.seed, request.variations, request.like) == (None, 3, Like(take.item_seed, 0.1))
    family = makes(generator, request)
    assert len({sound.tobytes() for sound in family}) == 3
    [away] = makes(generator, near(first, 1, 1.0))
    distances = [np.square(sound - take.audio).sum() for sound in family]
    assert max(distances) < np.square(away - take.audio).sum()

    child = generator.generate(new_job(request, "micro").request)[1]
    [twin] = makes(generator, near(entry_of(child), 1, 0.0))
    assert np.array_equal(twin, child.audio)


def test_a_sound_without_spread_is_the_sound_itself(generator):
    [take] = generator.generate(text("rain", seconds=0.5, seed=3))
    [same] = makes(generator, near(entry_of(take), 1, 0.0))
    assert np.array_equal(same, take.audio)


def test_again_asks_for_other_sounds_by_the_same_settings(generator):
    *_, take = generator.generate(text("rain", seconds=0.5, seed=3, variations=2, guidance=1.5))
    request = again(entry_of(take), 4)
    assert (request.seed, request.first_variation, request.variations) == (None, 0, 4)
    assert (request.guidance, request.seconds, request.finish) == (1.5, 0.5, Finish())


def test_the_locked_request_of_any_take_makes_it_again(generator):
    takes = generator.generate(text("rain", seconds=0.5, seed=3, variations=3))
    [same] = makes(generator, locked(entry_of(takes[2])))
    assert np.array_equal(same, takes[2].audio)
