"""Planning many sounds and making them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight.batch import run
from hearsight.bundle import open_bundle
from hearsight.errors import Cancelled, RequestError
from hearsight.events import ErrorEvent, ProgressEvent, Result
from hearsight.generator import load
from hearsight.jobs import Job, file_names, plan, remaining
from hearsight.ledger import Ledger, read_past
from hearsight.request import Finish, Prompt, Request, text
from hearsight.rows import Item
from hearsight.sampler import Cancel

MICRO = Path(__file__).parents[1] / "micro" / "micro"
RAIN = text("rain", id="a", seed=1, seconds=0.5)


def planned(folder: Path, *requests: Request, subtype: str = "24") -> tuple[Job, ...]:
    return plan(
        [Item(line, request) for line, request in enumerate(requests, 1)],
        [open_bundle(MICRO)],
        lambda request: tuple(folder / name for name in file_names(request, "{id}", "micro")),
        subtype=subtype,
        precision=None,
        where=lambda line: f"line {line}: ",
    )


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(0, 5), st.data())
def test_what_remains_are_the_runs_between_what_is_kept(count, first, data):
    numbers = list(range(first, first + count))
    kept = set(data.draw(st.lists(st.sampled_from(numbers))))
    names = {number: (Path(f"{number}.wav"), f"digest {number}") for number in numbers}
    request = replace(RAIN, variations=count, first_variation=first)
    paths, digests = zip(*names.values(), strict=True)
    left = remaining([Job(1, request, paths, digests)], lambda r, *_: r.first_variation in kept)
    made = []
    for job in left:
        assert len(job.paths) == len(job.digests) == job.request.variations
        for index, pair in enumerate(zip(job.paths, job.digests, strict=True)):
            number = job.request.first_variation + index
            assert pair == names[number]
            made.append(number)
    assert made == [number for number in numbers if number not in kept]
    assert all(
        a.request.first_variation + a.request.variations < b.request.first_variation
        for a, b in pairwise(left)
    ), "neighbours belong together"


def test_names_count_from_one_and_are_told_apart():
    several = replace(RAIN, variations=2, first_variation=4)
    assert file_names(several, "{id}", "m") == (Path("a_05.wav"), Path("a_06.wav"))
    assert file_names(several, "{variation}.ogg", "m") == (Path("5.ogg"), Path("6.ogg"))
    assert file_names(RAIN, "{id}", "m") == (Path("a.wav"),)
    assert file_names(replace(RAIN, id=""), "{id}", "m") == (Path("rain.wav"),)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2},
        {"id": "b"},
        {"seconds": 0.6},
        {"steps": 5},
        {"prompts": (Prompt("text", "wind"),)},
        {"first_variation": 1},
        {"finish": Finish(trim=True)},
    ],
)
def test_the_digest_stands_for_everything_that_decides_a_file(tmp_path, change):
    [same], [again] = planned(tmp_path, RAIN), planned(tmp_path / "elsewhere", RAIN)
    [other] = planned(tmp_path, replace(RAIN, **change))
    [coarse] = planned(tmp_path, RAIN, subtype="16")
    assert same.digests == again.digests
    assert len({same.digests, other.digests, coarse.digests}) == 3


def test_the_digest_follows_the_content_of_input_files_and_not_their_names(tmp_path):
    made = []
    for name, content in (("a.png", b"1"), ("b.png", b"1"), ("a.png", b"2")):
        (tmp_path / name).write_bytes(content)
        request = replace(RAIN, prompts=(Prompt("image", str(tmp_path / name)),))
        made.append(planned(tmp_path, request)[0].digests)
    assert made[0] == made[1] != made[2]


def test_every_wrong_item_is_named(tmp_path):
    items = [RAIN, replace(RAIN, seconds=99.0), replace(RAIN, id="c", guidance=-1.0)]
    with pytest.raises(RequestError) as error:
        planned(tmp_path, *items)
    lines = str(error.value).splitlines()
    assert [line[:6] for line in lines] == ["line 2", "line 3"]


def test_a_run_makes_records_and_tells_each_file(tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    broken = replace(RAIN, id="b", prompts=(Prompt("image", str(bad)),), variations=3)
    jobs = planned(tmp_path, replace(RAIN, variations=2), broken, replace(RAIN, id="c"))
    told = []
    with load(MICRO, threads=1) as generator, Ledger(tmp_path / "results.jsonl") as ledger:
        tally = run(jobs, generator, told.append, subtype="24", cancel=Cancel(), ledger=ledger)
    results = [event for event in told if isinstance(event, Result)]
    assert [(r.id, r.variation) for r in results] == [("a", 0), ("a", 1), ("c", 0)]
    assert [(e.id, e.line) for e in told if isinstance(e, ErrorEvent)] == [("b", 2)]
    assert (tally.done, tally.failed, len(tally.errors)) == (3, 3, 1)
    assert all(Path(r.path).is_file() for r in results)
    past = read_past(tmp_path / "results.jsonl")
    assert past.done == {(r.id, r.variation): r.request_sha256 for r in results}


def test_a_cancelled_run_ends_without_counting_a_failure(tmp_path):
    cancel = Cancel()
    told = []

    def tell(event):
        told.append(event)
        if isinstance(event, Result):
            cancel.cancel()

    jobs = planned(tmp_path, RAIN, replace(RAIN, id="b"))
    with load(MICRO, threads=1) as generator:
        tally = run(jobs, generator, tell, subtype="24", cancel=cancel)
    assert (tally.done, tally.failed) == (1, 0)
    assert isinstance(tally.errors[-1], Cancelled)


def test_steps_are_told_seldom_enough_and_the_last_one_always(tmp_path):
    told = []
    jobs = planned(tmp_path, replace(RAIN, steps=500))
    with load(MICRO, threads=1) as generator:
        run(jobs, generator, told.append, subtype="24", cancel=Cancel())
    steps = [e.step for e in told if isinstance(e, ProgressEvent) and e.stage == "denoise"]
    assert steps == sorted(steps)
    assert steps[-1] == 500
    assert len(steps) < 100


def test_the_licence_of_the_weights_is_in_the_file(tmp_path):
    import soundfile

    [job] = planned(tmp_path, RAIN)
    with load(MICRO, threads=1) as generator:
        run([job], generator, lambda _: None, subtype="24", cancel=Cancel())
    with soundfile.SoundFile(job.paths[0]) as file:
        assert file.copyright == "Made with micro: MIT"
