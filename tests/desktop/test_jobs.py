"""Jobs and the queue in which they wait."""

from __future__ import annotations

import json

import pytest

from hearsight import Finish, Init, Like, RequestError, text
from hearsight_desktop.jobs import (
    Job,
    Queue,
    job_from_json,
    job_to_json,
    new_job,
    rest_of,
)


def named(id: str) -> Job:
    return Job(id, text(id, seed=1), "micro")


def ids(jobs) -> str:
    return "".join(job.id for job in jobs)


def test_a_job_has_a_seed_of_its_own_unless_one_was_asked_for():
    drawn = {new_job(text("rain"), "micro").request.seed for _ in range(20)}
    assert len(drawn) == 20
    assert all(0 <= seed < 2**32 for seed in drawn)
    assert new_job(text("rain", seed=0), "micro").request.seed == 0


def test_a_job_leaves_finishing_for_later():
    loud = text("rain", finish=Finish(trim=True, level="peak", sample_rate=96000))
    assert new_job(loud, "micro").request.finish == Finish()


def test_a_job_survives_being_written_and_read():
    request = text("Regen, naß", init=Init("a b.wav", span=(0.5, 1.0)), like=Like(2**64 - 1))
    job = new_job(request, "micro", "Tor, zu_02")
    assert job_from_json(json.loads(json.dumps(job_to_json(job)))) == job


@pytest.mark.parametrize(
    "data", [{}, {"id": "a", "model": "m"}, {"id": 1, "model": "m", "family": ""}]
)
def test_what_is_no_job_is_refused(data):
    with pytest.raises(RequestError):
        job_from_json(data)


def test_the_rest_of_a_job_is_what_is_not_made_yet():
    job = new_job(text("rain", variations=4, first_variation=2), "micro")
    rest = rest_of(job, 3)
    assert (rest.id, rest.request.seed) == (job.id, job.request.seed)
    assert (rest.request.first_variation, rest.request.variations) == (5, 1)
    assert rest_of(job, 0) == job
    assert rest_of(job, 4) is None


def test_jobs_run_one_after_the_other_in_the_order_they_were_asked_for():
    queue = Queue()
    for id in "abc":
        queue.add(named(id))
    first = queue.take_next()
    assert first.id == "a"
    assert queue.running == first
    assert queue.take_next() is None
    queue.done("b")
    assert queue.running == first
    queue.done("a")
    assert queue.take_next().id == "b"
    assert ids(queue.waiting) == "c"


def test_a_job_goes_to_the_front_or_takes_the_place_of_all_that_wait():
    queue = Queue([named("a"), named("b"), named("c")])
    queue.take_next()
    assert queue.add(named("d"), "front") == ()
    assert ids(queue.waiting) == "dbc"
    assert ids(queue.add(named("e"), "replace")) == "dbc"
    assert (queue.running.id, ids(queue.waiting)) == ("a", "e")


def test_waiting_jobs_are_taken_out_one_by_one_or_all():
    queue = Queue([named(id) for id in "abcd"])
    assert queue.remove("b").id == "b"
    assert queue.remove("b") is None
    queue.take_next()
    assert queue.remove("a") is None
    assert ids(queue.cancel_waiting()) == "cd"
    assert queue.waiting == ()
