"""Jobs become takes in a thread of its own, one at a time, for as long as the window lives."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

import hearsight
from hearsight import (
    Cancel,
    Cancelled,
    DeviceError,
    Generator,
    HearsightError,
    RequestError,
    RunPrecision,
)

from .delivery import DEFAULT, Delivery
from .entry import Entry
from .jobs import Job, Place, Queue, State, rest_of
from .naming import TEMPLATE, take_name
from .takes import Takes
from .telling import details_of, device_line, memory_line, message_of

__all__ = ["Playing", "Runner", "Work"]

_BEHIND = 5  # nice value: a third of a core's time where the window wants the rest
_TOLD_EVERY = 1 / 15  # seconds between two reports of one stage


@dataclass(frozen=True)
class Playing:
    """How jobs are played and their takes delivered.

    device, precision, threads: as `hearsight.load` takes them. template: of the names of takes.
    """

    device: str = "auto"
    precision: RunPrecision | None = None
    threads: int | None = None
    delivery: Delivery = DEFAULT
    template: str = TEMPLATE


class Runner(QObject):
    """Makes the sounds of one job after the other with one generator that stays loaded.

    It lives in a worker thread; `run`, `cancel`, `free_memory` and `playing` are for any other.
    Every job that is run is told of by `began`, and by `finished` exactly once, whatever happens.
    """

    began = Signal(str)
    """A job begins: its id."""
    progressed = Signal(str, str, int, int)
    """Id, stage, steps done, steps: every new stage and its end, else 15 times a second."""
    hinted = Signal(str, str)
    """Id, and what is being prepared and how long that may take."""
    made = Signal(object)
    """An `Entry`: kept, and delivered if that could be done."""
    finished = Signal(str, object, str, str)
    """Id, `State`, a message and details to copy. A finished job has a message if there is
    something to tell, such as a folder that could not be written."""
    device_told = Signal(str)
    """What plays and why, and how much memory is free there."""

    _asked = Signal(object, object)
    _freed = Signal()

    def __init__(self, takes: Takes, playing: Playing | None = None) -> None:
        super().__init__()
        self.playing = playing or Playing()
        self._takes = takes
        self._cancels: dict[str, Cancel] = {}  # of jobs that were handed over and are not done
        self._generator: Generator | None = None
        self._loaded: tuple[Any, ...] = ()
        self._device = ("", "")  # what played last, and why that
        self._provider = ""
        self._asked.connect(self._run, Qt.ConnectionType.QueuedConnection)
        self._freed.connect(self._free, Qt.ConnectionType.QueuedConnection)

    def run(self, job: Job) -> None:
        """Let the worker run a job, after those that it was given before."""
        cancel = self._cancels[job.id] = Cancel()
        self._asked.emit(job, cancel)

    def cancel(self, id: str) -> None:
        """Stop a job that was given, within one step of the model; others do not notice."""
        if cancel := self._cancels.get(id):
            cancel.cancel()

    def cancel_all(self) -> None:
        """Stop every job that was given."""
        for cancel in list(self._cancels.values()):
            cancel.cancel()

    def free_memory(self) -> None:
        """Close the generator as soon as no job runs; the next one loads it again."""
        self._freed.emit()

    @Slot(object, object)
    def _run(self, job: Job, cancel: Cancel) -> None:
        self.began.emit(job.id)
        state, message, details = State.FAILED, "", ""
        try:
            message, details = self._make(job, cancel)
            state = State.FINISHED
        except Cancelled:
            state = State.CANCELLED
        except BaseException as problem:  # whatever it is, the next job may do better
            message = message_of(problem)
            details = details_of(problem, job.request, job.model)
            if not isinstance(problem, HearsightError) or isinstance(problem, DeviceError):
                self._close()
        self._cancels.pop(job.id, None)
        self._tell_device()
        self.finished.emit(job.id, state, message, details)

    def _make(self, job: Job, cancel: Cancel) -> tuple[str, str]:
        """Make, keep and deliver every take of a job; a message and its details where something of
        that could not be done as it was wanted."""
        playing = self.playing
        tell = _throttled(job.id, self.progressed.emit)
        tell("load", 0, 1)
        cancel.raise_if()
        generator = self._ready(job.model, playing)
        cancel.raise_if()
        if generator.preparing:
            self.hinted.emit(job.id, generator.preparing)
        audio = generator.bundle.manifest.audio
        channels = audio.channels if audio else 1
        request = replace(job.request, finish=replace(job.request.finish, channels=channels))
        failure: Exception | None = None
        for take in generator.stream(request, progress=tell, cancel=cancel):
            try:
                name = take_name(take.request, job.model, playing.template, job.family)
            except RequestError as problem:
                name, failure = take_name(take.request, job.model), problem
            entry = self._takes.keep(take, batch=job.id, model=job.model, name=name)
            try:
                entry = self._takes.deliver(entry, playing.delivery, rights=generator.bundle.rights)
            except Exception as problem:  # whatever it is, the sound is kept and can be told
                failure = problem
            self.made.emit(entry)
            if self._device != (told := (device_line(take), take.plan.why)):
                self._device, self._provider = told, take.plan.provider
                self._tell_device()
        if failure is None:
            return "", ""
        told = "All sounds are kept, but their files are not as they should be."
        return f"{told} {message_of(failure)}", details_of(failure, job.request, job.model)

    def _ready(self, model: str, playing: Playing) -> Generator:
        """The generator of a bundle, the one at hand if it is that."""
        wanted = (model, playing.device, playing.precision, playing.threads)
        if self._generator is None or self._loaded != wanted:
            self._close()
            self._generator = hearsight.load(
                model,
                device=playing.device,
                precision=playing.precision,
                threads=playing.threads,
            )
            self._loaded = wanted
        return self._generator

    @Slot()
    def begin(self) -> None:
        """Stand behind the window: called in the worker thread when it starts. The threads that
        compute graphs come from it and are as many as there are cores, so keys and paintings
        waited for them. Only Linux lets a thread have a place of its own like this."""
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _BEHIND)

    @Slot()
    def end(self) -> None:
        """Free everything: called in the worker thread when it ends."""
        self._close()

    @Slot()
    def _free(self) -> None:
        self._close()
        self._tell_device()

    def _close(self) -> None:
        generator, self._generator = self._generator, None
        if generator:
            with contextlib.suppress(Exception):  # drivers fail when they end, too
                generator.close()

    def _tell_device(self) -> None:
        with contextlib.suppress(Exception):  # it is a line to read, and no reason to fail
            device, why = self._device if self._generator else ("No model is open.", "")
            told = (device, memory_line(self._provider), why)
            self.device_told.emit(" ".join(filter(None, told)))


class Work(QObject):
    """The queue and the thread that works it off; lives in the thread of the window."""

    changed = Signal()
    """A job waits, runs or is done that was not before, or one more of its sounds is made."""

    def __init__(self, runner: Runner, queue: Queue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._queue = queue
        self._closing = False
        self._made = 0  # sounds of the job that runs
        self._thread = QThread()
        self._thread.setObjectName("hearsight-runner")
        runner.moveToThread(self._thread)
        self._thread.started.connect(runner.begin, Qt.ConnectionType.DirectConnection)
        self._thread.finished.connect(runner.end, Qt.ConnectionType.DirectConnection)
        runner.made.connect(self._count, Qt.ConnectionType.QueuedConnection)
        runner.finished.connect(self._next, Qt.ConnectionType.QueuedConnection)

    @property
    def running(self) -> Job | None:
        """The job that runs."""
        return self._queue.running

    @property
    def waiting(self) -> tuple[Job, ...]:
        """The jobs that wait, the next one first."""
        return self._queue.waiting

    @property
    def unfinished(self) -> tuple[Job, ...]:
        """What is still to be made, to go on with after the app was closed or crashed: what is
        left of the job that runs, then those that wait."""
        running = self._queue.running
        left = rest_of(running, self._made) if running else None
        return (left, *self.waiting) if left else self.waiting

    def start(self) -> None:
        """Begin with what waits."""
        self._thread.start()
        self._feed()

    def add(self, job: Job, place: Place = "back") -> tuple[Job, ...]:
        """Let a job wait, or run if none does; gives back the jobs it took the place of."""
        replaced = self._queue.add(job, place)
        self._feed()
        return replaced

    def cancel_running(self) -> None:
        """Stop the job that runs; `finished` tells when it has."""
        if job := self._queue.running:
            self._runner.cancel(job.id)

    def remove(self, id: str) -> Job | None:
        """Take a waiting job out, and give it back if it was there."""
        found = self._queue.remove(id)
        self.changed.emit()
        return found

    def cancel_waiting(self) -> tuple[Job, ...]:
        """Take all waiting jobs out, and give them back."""
        left = self._queue.cancel_waiting()
        self.changed.emit()
        return left

    def cancel_all(self) -> tuple[Job, ...]:
        """Stop the job that runs and take out those that wait, which are given back."""
        self.cancel_running()
        return self.cancel_waiting()

    def put_back(self, jobs: Iterable[Job]) -> None:
        """Let jobs wait again that were taken out, behind the others and in their order."""
        for job in jobs:
            self._queue.add(job)
        self._feed()

    def close(self, seconds: float = 10.0) -> bool:
        """Stop what runs, free its memory and end the thread; what waits stays in the queue.

        False when it did not end in time, as in the middle of loading a large bundle: the thread
        is then left to the end of the process.
        """
        self._closing = True
        self._runner.cancel_all()
        self._thread.quit()
        ended = self._thread.wait(round(seconds * 1000))
        if not ended:
            _LEFT.append((self._thread, self._runner))
        return ended

    def _feed(self) -> None:
        if not self._closing and self._thread.isRunning() and (job := self._queue.take_next()):
            self._made = 0
            self._runner.run(job)
        self.changed.emit()

    @Slot(object)
    def _count(self, entry: Entry) -> None:
        if self._queue.running and self._queue.running.id == entry.batch:
            self._made += 1
            self.changed.emit()

    @Slot(str)
    def _next(self, id: str) -> None:
        self._queue.done(id)
        self._feed()


_LEFT: list[object] = []
"""Threads that did not end: Qt ends the process when one that runs is deleted."""


def _throttled(
    id: str, tell: Callable[[str, str, int, int], None]
) -> Callable[[str, int, int], None]:
    """Progress of a job, told at each new stage, at its end, and else so often as eyes see."""
    stage_now, told = "", 0.0

    def progress(stage: str, step: int, total: int) -> None:
        nonlocal stage_now, told
        now = time.monotonic()
        if stage != stage_now or step >= total or now - told >= _TOLD_EVERY:
            stage_now, told = stage, now
            tell(id, stage, step, total)

    return progress
