"""What is to be made: jobs, what becomes of them, and the queue in which they wait."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Literal
from uuid import uuid4

from hearsight import Finish, Request, RequestError, request_from_json, request_to_json

__all__ = [
    "Job",
    "Place",
    "Queue",
    "State",
    "job_from_json",
    "job_to_json",
    "new_job",
    "rest_of",
]

Place = Literal["back", "front", "replace"]
"""Where a job is put: behind those that wait, before them, or instead of them."""


class State(Enum):
    """What has become of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Job:
    """A request on its way to being sound.

    id: 32 hex digits. request: with its seed, so that the job makes the same sounds whenever it
    is run; its sounds are finished at 48 kHz with nothing done to them. model: name or folder of
    the bundle that plays it. family: name of the take that its sounds are near to and called
    after; empty for those that are called after their prompt.
    """

    id: str
    request: Request
    model: str
    family: str = ""


def new_job(request: Request, model: str, family: str = "") -> Job:
    """A job with a seed, drawn where the request has none.

    What the request says of finishing is left out: a take is kept as it came, and edited and
    delivered afterwards.
    """
    seed = secrets.randbelow(2**32) if request.seed is None else request.seed
    return Job(uuid4().hex, replace(request, seed=seed, finish=Finish()), model, family)


def job_to_json(job: Job) -> dict[str, Any]:
    """The job as plain JSON data; `job_from_json` gives an equal job back."""
    request = request_to_json(job.request)
    return {"id": job.id, "model": job.model, "family": job.family, "request": request}


def job_from_json(data: Mapping[str, Any]) -> Job:
    """Read a job strictly.

    Raises:
        RequestError: it is no job, or its request is of another version.
    """
    words, request = (data.get("id"), data.get("model"), data.get("family")), data.get("request")
    if not all(isinstance(word, str) for word in words) or not isinstance(request, Mapping):
        raise RequestError("This is no job: it lacks an id, a model, a family or a request.")
    id, model, family = map(str, words)
    return Job(id, request_from_json(request), model, family)


def rest_of(job: Job, made: int) -> Job | None:
    """The job without its first `made` sounds; None when that is all of them."""
    request = job.request
    if made >= request.variations:
        return None
    left, first = request.variations - made, request.first_variation + made
    return replace(job, request=replace(request, variations=left, first_variation=first))


class Queue:
    """The job that runs and those that wait, the next one first."""

    def __init__(self, waiting: Iterable[Job] = ()) -> None:
        self._waiting = list(waiting)
        self._running: Job | None = None

    @property
    def running(self) -> Job | None:
        """The job that was taken and is not done."""
        return self._running

    @property
    def waiting(self) -> tuple[Job, ...]:
        """The jobs that wait, the next one first."""
        return tuple(self._waiting)

    def add(self, job: Job, place: Place = "back") -> tuple[Job, ...]:
        """Let a job wait, and give back those that it took the place of."""
        replaced = self.cancel_waiting() if place == "replace" else ()
        self._waiting.insert(0 if place == "front" else len(self._waiting), job)
        return replaced

    def take_next(self) -> Job | None:
        """The next job, which runs from now on; None while one runs or none waits."""
        if self._running or not self._waiting:
            return None
        self._running = self._waiting.pop(0)
        return self._running

    def done(self, id: str) -> None:
        """The running job runs no more; nothing happens if it is another one."""
        if self._running and self._running.id == id:
            self._running = None

    def remove(self, id: str) -> Job | None:
        """Take a waiting job out, and give it back if it was there."""
        found = next((job for job in self._waiting if job.id == id), None)
        if found:
            self._waiting.remove(found)
        return found

    def cancel_waiting(self) -> tuple[Job, ...]:
        """Take all waiting jobs out, and give them back."""
        left, self._waiting = self.waiting, []
        return left
