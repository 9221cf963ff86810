"""Jobs become takes in a thread of their own, and nothing that happens there ends it."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt, Slot

import hearsight
from hearsight import Cancelled, Like, text
from hearsight_desktop import runner as running
from hearsight_desktop.entry import Entry
from hearsight_desktop.jobs import Job, Queue, State, new_job
from hearsight_desktop.runner import Playing, Runner, Work
from hearsight_desktop.takes import Takes

PLAYING = Playing(device="cpu", threads=1)


class Heard(QObject):
    """All that a runner told the thread of the window, in order."""

    def __init__(self, runner: Runner) -> None:
        super().__init__()
        self.told: list[tuple] = []
        self.entries: list[Entry] = []
        runner.began.connect(self._began)
        runner.made.connect(self._made)
        runner.finished.connect(self._finished)
        runner.progressed.connect(self._progressed)
        runner.hinted.connect(self._hinted)
        runner.device_told.connect(self._device)
        self.stages: list[str] = []
        self.hints: list[str] = []
        self.devices: list[str] = []
        self.ends: dict[str, tuple[State, str, str]] = {}

    @Slot(str)
    def _began(self, id: str) -> None:
        self.told.append(("began", id))

    @Slot(object)
    def _made(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.told.append(("made", entry.batch))

    @Slot(str, object, str, str)
    def _finished(self, id: str, state: State, message: str, details: str) -> None:
        assert id not in self.ends, "a job finishes once"
        self.ends[id] = state, message, details
        self.told.append(("finished", id))

    @Slot(str, str, int, int)
    def _progressed(self, id: str, stage: str, step: int, total: int) -> None:
        assert 0 <= step <= total
        if self.stages[-1:] != [stage]:
            self.stages.append(stage)

    @Slot(str, str)
    def _hinted(self, id: str, hint: str) -> None:
        self.hints.append(hint)

    @Slot(str)
    def _device(self, line: str) -> None:
        self.devices.append(line)


class Bench:
    """A runner at work, and what it tells."""

    def __init__(self, qtbot, takes: Takes, playing: Playing = PLAYING) -> None:
        self.takes, self._qtbot = takes, qtbot
        self.runner = Runner(takes, playing)
        self.heard = Heard(self.runner)
        self.work = Work(self.runner, Queue())
        self.work.start()

    def add(self, prompt: str = "rain", model: str = "micro", **fields) -> Job:
        fields = {"seconds": 0.5, "seed": 7, "steps": 3} | fields
        job = new_job(text(prompt, **fields), model)
        self.work.add(job)
        return job

    def wait(self, *jobs: Job) -> list[State]:
        self._qtbot.waitUntil(lambda: all(j.id in self.heard.ends for j in jobs), timeout=30_000)
        return [self.heard.ends[job.id][0] for job in jobs]

    def sounds(self, job: Job) -> list[np.ndarray]:
        return [self.takes.audio(e)[0] for e in self.heard.entries if e.batch == job.id]


@pytest.fixture
def takes(tmp_path) -> Takes:
    return Takes(tmp_path / "originals", tmp_path / "Takes")


@pytest.fixture
def bench(qtbot, takes) -> Iterator[Bench]:
    made = Bench(qtbot, takes)
    yield made
    assert made.work.close()


def fresh(job: Job) -> list[np.ndarray]:
    """What a generator that did nothing else before makes of a job."""
    with hearsight.load(job.model, device="cpu", threads=1) as generator:
        return [take.audio for take in generator.generate(job.request)]


def same(sounds: list[np.ndarray], others: list[np.ndarray]) -> bool:
    return len(sounds) == len(others) and all(map(np.array_equal, sounds, others))


def test_takes_are_kept_delivered_and_told_one_by_one(bench, tmp_path):
    job = bench.add(variations=3)
    assert bench.wait(job) == [State.FINISHED]
    what = [("began", job.id), *[("made", job.id)] * 3, ("finished", job.id)]
    assert bench.heard.told == what
    assert bench.heard.ends[job.id][1:] == ("", "")
    assert same(bench.sounds(job), fresh(job))
    entries = bench.heard.entries
    assert [entry.number for entry in entries] == [1, 2, 3]
    assert [e.delivered.name for e in entries] == ["rain_01.wav", "rain_02.wav", "rain_03.wav"]
    info = hearsight.read_info(entries[0].delivered)
    assert (info["sample_rate"], info["subtype"], info["rights"]) == (
        48000, "PCM_24", "Made with micro: MIT",
    )  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no place of their own here")
def test_the_worker_stands_behind_the_window(bench):
    found = []

    def look(_: str) -> None:
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    bench.runner.began.connect(look, Qt.ConnectionType.DirectConnection)
    bench.wait(bench.add())
    assert found[0] > os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_stages_are_told_and_what_plays(bench):
    bench.wait(bench.add())
    assert bench.heard.stages == ["load", "encode", "denoise", "decode", "finish"]
    assert bench.heard.devices[-1].startswith("Processor, fp32")


def test_one_generator_plays_job_after_job_and_is_closed_for_another(bench, monkeypatch):
    loads: list[str] = []
    load = hearsight.load
    monkeypatch.setattr(hearsight, "load", lambda m, **k: loads.append(m) or load(m, **k))
    jobs = [bench.add(), bench.add("wind"), bench.add("", "micro-flow"), bench.add()]
    assert bench.wait(*jobs) == [State.FINISHED] * 4
    assert loads == ["micro", "micro-flow", "micro"]
    for job in jobs:
        assert same(bench.sounds(job), fresh(job))
    bench.runner.playing = replace(PLAYING, precision="fp16")
    job = bench.add()
    bench.wait(job)
    assert bench.heard.entries[-1].precision == "fp16"


def cancels(bench: Bench, job: Job, stage: str) -> None:
    """Stop a job from within its thread as soon as a stage is told of."""

    def look(id: str, at: str, step: int, total: int) -> None:
        if id == job.id and at == stage:
            bench.runner.cancel(id)

    bench.runner.progressed.connect(look, Qt.ConnectionType.DirectConnection)


@pytest.mark.parametrize("stage", ["load", "encode", "denoise", "decode", "finish"])
@pytest.mark.parametrize("warm", [False, True])
def test_a_job_stops_at_any_stage_and_the_next_is_as_good_as_new(bench, stage, warm):
    if warm:
        bench.wait(bench.add())
    job = new_job(text("wind", seconds=0.5, seed=3, variations=4), "micro")
    cancels(bench, job, stage)
    bench.work.add(job)
    after = bench.add("thunder", variations=2)
    assert bench.wait(job, after) == [State.CANCELLED, State.FINISHED]
    assert bench.heard.ends[job.id][1:] == ("", "")
    assert len(bench.sounds(job)) == (stage == "finish")
    assert same(bench.sounds(after), fresh(after))


def test_a_job_stops_while_its_bundle_is_loaded(bench, monkeypatch):
    load = hearsight.load

    def slow(*given, **named):
        bench.runner.cancel_all()
        return load(*given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(hearsight, "load", slow)
        job = bench.add()
        assert bench.wait(job) == [State.CANCELLED]
    after = bench.add()
    assert bench.wait(after) == [State.FINISHED]


def test_a_job_stops_while_graphs_are_prepared(bench, monkeypatch):
    from hearsight.engine import Engine
    from hearsight.generator import Generator

    def prepare(self, progress, cancel):
        progress("prepare", 0, 2)
        while not cancel.cancelled:
            pass
        raise Cancelled("Stopped as asked.")

    job = new_job(text("rain", seed=1), "micro")
    cancels(bench, job, "prepare")
    with monkeypatch.context() as patched:
        patched.setattr(Engine, "prepare", prepare)
        patched.setattr(Generator, "preparing", "Preparing denoise; it can take minutes.")
        bench.work.add(job)
        assert bench.wait(job) == [State.CANCELLED]
    assert bench.heard.hints == ["Preparing denoise; it can take minutes."]
    after = bench.add()
    assert bench.wait(after) == [State.FINISHED]
    assert same(bench.sounds(after), fresh(after))


def test_a_take_that_is_being_written_is_written_whole(bench, monkeypatch):
    keep = bench.takes.keep

    def stopped(take, **named):
        bench.runner.cancel(job.id)
        return keep(take, **named)

    monkeypatch.setattr(bench.takes, "keep", stopped)
    job = bench.add(variations=3)
    assert bench.wait(job) == [State.CANCELLED]
    assert same(bench.sounds(job), fresh(job)[:1])


@pytest.mark.parametrize(
    "problem",
    [RuntimeError("driver gone"), MemoryError(), KeyboardInterrupt(), SystemExit(3), OSError(5)],
    ids=lambda problem: type(problem).__name__,
)
def test_no_failure_ends_the_thread(bench, monkeypatch, problem):
    def fails(*_, **__):
        raise problem

    with monkeypatch.context() as patched:
        patched.setattr(bench.takes, "keep", fails)
        job = bench.add()
        assert bench.wait(job) == [State.FAILED]
    _, message, details = bench.heard.ends[job.id]
    assert message.endswith(".")
    assert type(problem).__name__ in details
    assert '"rain"' in details
    after = bench.add()
    assert bench.wait(after) == [State.FINISHED]
    assert same(bench.sounds(after), fresh(after))


def test_a_bundle_that_cannot_be_had_fails_its_job_alone(bench):
    bad, good = bench.add(model="gone"), bench.add()
    assert bench.wait(bad, good) == [State.FAILED, State.FINISHED]
    assert 'There is no bundle "gone"' in bench.heard.ends[bad.id][1]


def test_what_cannot_be_asked_for_fails_its_job_alone(bench):
    bad, good = bench.add(seconds=10_000), bench.add()
    assert bench.wait(bad, good) == [State.FAILED, State.FINISHED]
    assert "seconds is 10000" in bench.heard.ends[bad.id][1]


def test_sounds_are_kept_when_they_cannot_be_delivered(bench, tmp_path):
    (tmp_path / "Takes").write_text("in the way")
    job = bench.add(variations=2)
    assert bench.wait(job) == [State.FINISHED]
    assert "All sounds are kept" in bench.heard.ends[job.id][1]
    assert [entry.delivered for entry in bench.heard.entries] == [None, None]
    assert same(bench.sounds(job), fresh(job))


def test_sounds_that_cannot_be_kept_fail_the_job(bench, tmp_path):
    (tmp_path / "originals").write_text("in the way")
    job = bench.add()
    assert bench.wait(job) == [State.FAILED]
    assert str(tmp_path / "originals") in bench.heard.ends[job.id][1]


@pytest.mark.parametrize("problem", [RuntimeError("odd"), MemoryError()], ids=str)
def test_no_failure_of_a_file_hides_its_sound(bench, monkeypatch, problem):
    def fails(*_, **__):
        raise problem

    monkeypatch.setattr(bench.takes, "deliver", fails)
    job = bench.add(variations=2)
    assert bench.wait(job) == [State.FINISHED]
    _, message, details = bench.heard.ends[job.id]
    assert "All sounds are kept" in message
    assert type(problem).__name__ in details
    assert same(bench.sounds(job), fresh(job))


def test_a_family_is_called_after_the_sound_it_is_near_to(bench):
    near = text("rain", seconds=0.5, seed=3, steps=2, variations=3, like=Like(5, 0.3))
    for _ in range(2):
        job = new_job(near, "micro", "step_02")
        bench.work.add(job)
        bench.wait(job)
    names = [entry.delivered.name for entry in bench.heard.entries]
    assert names == [f"step_02_{number:02}.wav" for number in range(1, 7)]


def test_a_broken_name_template_loses_no_sound(qtbot, takes):
    bench = Bench(qtbot, takes, replace(PLAYING, template="{nonsense}"))
    job = bench.add()
    assert bench.wait(job) == [State.FINISHED]
    assert "nonsense" in bench.heard.ends[job.id][1]
    assert bench.heard.entries[0].name == "rain_01"
    assert bench.work.close()


def test_waiting_jobs_are_reordered_taken_out_and_put_back(bench):
    first = new_job(text("rain", seconds=0.5, steps=50), "micro")
    second, third, front = (new_job(text(p, seconds=0.5, seed=1), "micro") for p in "abc")
    for job in (first, second, third):
        bench.work.add(job)
    bench.work.add(front, "front")
    assert bench.work.running == first
    assert bench.work.waiting == (front, second, third)
    assert bench.work.remove(second.id) == second
    bench.work.cancel_running()
    taken = bench.work.cancel_waiting()
    assert taken == (front, third)
    assert bench.wait(first) == [State.CANCELLED]
    bench.work.put_back(taken)
    assert bench.wait(front, third) == [State.FINISHED] * 2
    began = [id for what, id in bench.heard.told if what == "began"]
    assert began == [first.id, front.id, third.id]
    assert bench.work.running is None


def test_everything_is_stopped_at_once(bench):
    jobs = [bench.add(steps=500, seconds=4.0) for _ in range(3)]
    assert bench.work.cancel_all() == tuple(jobs[1:])
    assert bench.wait(jobs[0]) == [State.CANCELLED]
    assert list(bench.heard.ends) == [jobs[0].id]


def test_freed_memory_is_taken_again(bench):
    bench.wait(bench.add())
    told = len(bench.heard.devices)
    bench.runner.free_memory()
    bench._qtbot.waitUntil(lambda: len(bench.heard.devices) > told, timeout=10_000)
    assert "Processor" not in bench.heard.devices[-1]
    assert bench.runner._generator is None
    job = bench.add()
    assert bench.wait(job) == [State.FINISHED]
    assert same(bench.sounds(job), fresh(job))


def test_closing_stops_a_job_and_what_waits_stays(qtbot, takes):
    bench = Bench(qtbot, takes)
    job, waiting = bench.add(steps=900, seconds=4.0), bench.add()
    qtbot.waitUntil(lambda: "denoise" in bench.heard.stages, timeout=30_000)
    assert bench.work.close()
    assert bench.work.waiting == (waiting,)
    assert bench.runner._generator is None
    bench.work.add(job)
    told = len(bench.heard.told)
    qtbot.wait(1)
    assert not [what for what in bench.heard.told[told:] if what[0] != "finished"]


def test_what_was_interrupted_is_gone_on_with(qtbot, takes, monkeypatch):
    bench = Bench(qtbot, takes)
    keep = takes.keep

    def stops(take, **named):
        if take.variation == 1:
            bench.runner.cancel(job.id)
            raise Cancelled("Stopped as asked.")
        return keep(take, **named)

    monkeypatch.setattr(takes, "keep", stops)
    left: list[tuple[Job, ...]] = []
    bench.work.changed.connect(lambda: left.append(bench.work.unfinished))
    job, waiting = bench.add(variations=3), bench.add("wind")
    assert bench.work.unfinished == (job, waiting)
    bench.wait(job, waiting)
    assert bench.work.unfinished == ()
    assert bench.work.close()
    [rest] = {jobs[0] for jobs in left if jobs and jobs[0].id == job.id} - {job}
    monkeypatch.setattr(takes, "keep", keep)
    again = Bench(qtbot, takes)
    again.work.put_back([rest])
    again.wait(rest)
    assert [entry.number for entry in again.heard.entries] == [2, 3]
    assert again.work.close()


def test_closing_before_or_right_after_the_start_ends_at_once(qtbot, takes):
    unstarted = Work(Runner(takes, PLAYING), Queue())
    assert unstarted.close()
    for _ in range(10):
        bench = Bench(qtbot, takes)
        bench.add()
        assert bench.work.close()
        del bench
        gc.collect()
    qtbot.wait(1)


def test_a_queue_of_an_earlier_run_is_worked_off(qtbot, takes):
    job = new_job(text("rain", seconds=0.5, seed=1), "micro")
    runner = Runner(takes, PLAYING)
    heard = Heard(runner)
    work = Work(runner, Queue([job]))
    work.start()
    qtbot.waitUntil(lambda: job.id in heard.ends, timeout=30_000)
    assert work.close()


def test_progress_is_told_so_often_as_eyes_see(monkeypatch):
    now = 0.0
    monkeypatch.setattr(running.time, "monotonic", lambda: now)
    told: list[tuple] = []
    progress = running._throttled("id", lambda *what: told.append(what))
    for step in range(101):
        now += 0.01
        progress("denoise", step, 100)
    progress("decode", 0, 2)
    assert told[0] == ("id", "denoise", 0, 100)
    assert told[-2:] == [("id", "denoise", 100, 100), ("id", "decode", 0, 2)]
    assert 12 <= len(told) <= 20


@pytest.mark.full
def test_200_requests_keep_memory_flat(bench):
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("this system does not tell")

    def megabytes() -> float:
        gc.collect()
        return int(statm.read_text().split()[1]) * 4096 / 1e6

    def many(count: int) -> None:
        for _ in range(count):
            bench.wait(bench.add(seconds=0.25, steps=2, seed=None))

    many(40)
    before = megabytes()
    many(160)
    assert megabytes() - before < 10
