"""Choosing: the best of several, and sounds near to one that was liked."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from hearsight import load, noise
from hearsight.conditioner import Conditioner
from hearsight.errors import Cancelled, RequestError
from hearsight.request import (
    Finish,
    Like,
    Prompt,
    Request,
    request_from_json,
    request_to_json,
    text,
)
from hearsight.sampler import Cancel
from hearsight.spelling import read_like
from hearsight.wav import write

MICROS = Path(__file__).parents[1] / "micro"
RATE = 8000
RAIN = text("rain on a roof", seed=11, seconds=0.6, finish=Finish(sample_rate=RATE))


def open_micro(name="micro", **options):
    return load(MICROS / name, **{"device": "cpu", "threads": 1} | options)


@pytest.fixture(scope="module")
def micro():
    with open_micro() as generator:
        yield generator


def likeness(micro, take, words):
    """Cosine of the conditions that a sound and a text have."""
    ear = Conditioner(micro.bundle, micro._engine)
    heard = ear.hear(take.audio, take.sample_rate, Cancel())
    [wanted] = ear.condition("text", words, Cancel())
    return heard @ wanted / np.linalg.norm(heard) / np.linalg.norm(wanted)


def candidates_of(generator, request, count):
    """Seeds of the candidates and what the noise of each makes: nearest to it, nothing else."""
    [first] = generator.generate(request)
    seed = first.item_seed
    seeds = [seed, *(noise.item_seed(seed, "candidate", n) for n in range(1, count))]
    each = [replace(request, like=Like(own, 0.0)) for own in seeds]
    return seeds, [take for one in each for take in generator.generate(one)]


@pytest.mark.parametrize("seed", range(6))
def test_the_candidate_that_is_kept_is_the_one_most_like_the_prompt(micro, seed):
    request = replace(RAIN, seed=seed)
    seeds, made = candidates_of(micro, request, 4)
    heard = [likeness(micro, take, "rain on a roof") for take in made]
    assert len(set(heard)) == 4
    [kept] = micro.generate(replace(request, candidates=4))
    best = int(np.argmax(heard))
    assert kept.item_seed == seeds[best]
    assert np.array_equal(kept.audio, made[best].audio)
    assert kept.similarity == pytest.approx(heard[best], abs=1e-5)


def test_over_some_seeds_it_is_not_always_the_same_candidate(micro):
    kept = [micro.generate(replace(RAIN, seed=seed, candidates=4))[0] for seed in range(8)]
    firsts = [noise.item_seed(seed, "", 0) for seed in range(8)]
    own = [take.item_seed == first for take, first in zip(kept, firsts, strict=True)]
    assert 0 < sum(own) < 8


def test_more_candidates_are_never_less_like_the_prompt(micro):
    found = [
        micro.generate(replace(RAIN, candidates=count))[0].similarity for count in (2, 3, 5, 9)
    ]
    assert found == sorted(found)


def test_one_candidate_is_the_sound_itself_and_nothing_is_compared(micro):
    [plain] = micro.generate(RAIN)
    [one] = micro.generate(replace(RAIN, candidates=1))
    assert np.array_equal(one.audio, plain.audio)
    assert one.similarity is None
    assert one.item_seed == noise.item_seed(11, "", 0)
    assert "compare" not in {timing.stage for timing in one.timings}


def test_a_choice_is_the_same_again_and_replays(micro):
    request = replace(RAIN, candidates=3, variations=2, eta=0.5)
    with open_micro() as fresh:
        again = fresh.generate(request)
    takes = micro.generate(request)
    for take, other in zip(takes, again, strict=True):
        assert np.array_equal(take.audio, other.audio)
        [replayed] = micro.generate(take.request)
        assert np.array_equal(replayed.audio, take.audio)
        assert replayed.similarity == take.similarity
    assert "compare" in {timing.stage for timing in takes[0].timings}


def test_candidates_need_someone_who_hears(micro):
    with (
        open_micro("micro-flow", conditioners=[MICROS / "micro-eye"]) as deaf,
        pytest.raises(RequestError, match="no loaded bundle understands audio prompts"),
    ):
        deaf.stream(replace(RAIN, candidates=2))


def test_another_bundle_may_do_the_hearing(micro):
    with open_micro("micro-flow", conditioners=[MICROS / "micro"]) as flow:
        request = replace(RAIN, candidates=3, solver=None)
        seeds, made = candidates_of(flow, replace(request, candidates=1), 3)
        heard = [likeness(micro, take, "rain on a roof") for take in made]
        [kept] = flow.generate(request)
    assert kept.item_seed == seeds[int(np.argmax(heard))]


def test_a_picture_is_compared_by_the_condition_that_it_gives(micro, tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.arange(600, dtype=np.uint8).reshape(10, 20, 3))
    picture = Request((Prompt("image", str(tmp_path / "a.png")),), seed=2, seconds=0.6)
    picture = replace(picture, candidates=3, finish=Finish(sample_rate=RATE))
    [take] = micro.generate(picture)
    ear = Conditioner(micro.bundle, micro._engine)
    [wanted] = ear.condition("image", str(tmp_path / "a.png"), Cancel())
    heard = ear.hear(take.audio, RATE, Cancel())
    assert take.similarity == pytest.approx(heard @ wanted, abs=1e-5)


@pytest.mark.parametrize("mix", ["average", "branches"])
def test_several_prompts_are_compared_by_their_average(micro, mix):
    prompts = (Prompt("text", "rain"), Prompt("text", "fire", 0.5))
    request = replace(RAIN, prompts=prompts, mix=mix, candidates=2)
    [take] = micro.generate(request)
    ear = Conditioner(micro.bundle, micro._engine)
    [rain], [fire] = (ear.condition("text", word, Cancel()) for word in ("rain", "fire"))
    wanted = rain * 2 / 3 + fire / 3
    heard = ear.hear(take.audio, RATE, Cancel())
    expected = heard @ wanted / np.linalg.norm(wanted) / np.linalg.norm(heard)
    assert take.similarity == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"prompts": text("").prompts}, "there is none"),
        ({"like": Like(3, 0.0)}, "all candidates are one sound"),
    ],
)
def test_candidates_that_nothing_tells_apart_are_refused(micro, fields, said):
    with pytest.raises(RequestError, match=said):
        micro.generate(replace(RAIN, candidates=3, **fields))


@pytest.mark.parametrize(
    "fields", [{"seconds": 9.0}, {"loop": True}, {"seconds": 9.0, "loop": True}]
)
def test_long_sounds_and_loops_are_compared_too(micro, fields):
    [take] = micro.generate(replace(RAIN, candidates=2, steps=1, **fields))
    assert -1 <= take.similarity <= 1


def test_progress_counts_the_candidates(micro):
    events = []
    request = replace(RAIN, candidates=2, variations=2, steps=3)
    micro.generate(request, progress=lambda *event: events.append(event))
    denoise = [done for stage, done, total in events if stage == "denoise"]
    assert denoise == [*range(4), *range(3, 7), *range(6, 10), *range(9, 13)]
    assert {total for stage, _, total in events if stage == "denoise"} == {12}
    assert [e for e in events if e[0] == "decode"] == [("decode", n, 4) for n in range(1, 5)]
    assert [e for e in events if e[0] == "finish"] == [("finish", n, 2) for n in (1, 2)]


@pytest.mark.parametrize("done", range(8))
def test_a_choice_can_be_stopped_within_each_candidate(micro, done):
    cancel, events = Cancel(), []

    def progress(stage, step, total):
        events.append((stage, step))
        if (stage, step) == ("denoise", done):
            cancel.cancel()

    with pytest.raises(Cancelled):
        micro.generate(replace(RAIN, candidates=2), progress=progress, cancel=cancel)
    assert events[-1] == ("denoise", done)


def test_a_spread_of_nothing_gives_the_sound_itself(micro):
    [liked] = micro.generate(replace(RAIN, variations=1, first_variation=5, eta=0.5))
    near = replace(RAIN, seed=99, eta=0.5, like=Like(liked.item_seed, 0.0))
    for take in micro.generate(replace(near, variations=2)):
        assert np.array_equal(take.audio, liked.audio)


def test_a_full_spread_gives_the_sound_that_was_asked_for_without_it(micro):
    [own] = micro.generate(RAIN)
    [take] = micro.generate(replace(RAIN, like=Like(1234, 1.0)))
    assert np.array_equal(take.audio, own.audio)


def test_the_wider_the_spread_the_further_the_sound(micro):
    [liked] = micro.generate(replace(RAIN, seed=1))
    far = []
    for spread in (0.0, 0.1, 0.3, 0.6, 1.0):
        takes = micro.generate(replace(RAIN, variations=4, like=Like(liked.item_seed, spread)))
        far.append(np.mean([np.square(take.audio - liked.audio).mean() for take in takes]))
    assert far[0] == 0
    assert all(np.diff(far) > 0)


def test_variations_near_a_sound_are_different_and_replay(micro):
    takes = micro.generate(replace(RAIN, variations=3, like=Like(5, 0.3), eta=1.0))
    assert len({take.audio.tobytes() for take in takes}) == 3
    [again] = micro.generate(takes[2].request)
    assert np.array_equal(again.audio, takes[2].audio)


def test_a_sound_that_was_chosen_can_be_liked(micro):
    [kept] = micro.generate(replace(RAIN, seed=3, candidates=5))
    [near] = micro.generate(replace(RAIN, seed=0, like=Like(kept.item_seed, 0.0)))
    assert np.array_equal(near.audio, kept.audio)


def test_a_long_sound_has_neighbours_too(micro):
    long = replace(RAIN, seconds=9.0, steps=1)
    [liked] = micro.generate(long)
    [same] = micro.generate(replace(long, seed=2, like=Like(liked.item_seed, 0.0)))
    assert np.array_equal(same.audio, liked.audio)


def test_a_neighbour_has_neighbours(micro, tmp_path):
    like = Like(5, 0.3)
    for number in range(4):
        [near] = micro.generate(replace(RAIN, seed=number, like=like, candidates=1 + number))
        write(tmp_path / f"{number}.wav", near)
        like = read_like(tmp_path / f"{number}.wav", 0.3)
        assert like == Like(near.item_seed, 0.3, near.request.like)
        [same] = micro.generate(replace(RAIN, seed=99, like=replace(like, spread=0.0)))
        assert np.array_equal(same.audio, near.audio)
        [other] = micro.generate(replace(RAIN, seed=99, like=Like(near.item_seed, 0.0)))
        assert not np.array_equal(other.audio, near.audio)


def test_a_sound_tells_every_sound_that_it_is_near_to_and_replays(micro):
    like = Like(3, 0.2, Like(4, 0.5, Like(5, 0.1)))
    [take] = micro.generate(replace(RAIN, like=like))
    assert take.request.like == like
    [again] = micro.generate(request_from_json(request_to_json(take.request)))
    assert np.array_equal(again.audio, take.audio)
