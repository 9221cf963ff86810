"""Making sounds for another program: its lines come in, events go out, jobs wait their turn.

`runtime-cli serve --stdio` is this between two pipes; `runtime/SERVE.md` is the protocol.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import sys
import tempfile
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from . import _parse
from .batch import Tally, error_event, run
from .chains import MODALITIES
from .errors import Cancelled, DeviceError, HearsightError, RequestError, refused
from .events import End, Event, StageEvent, Start
from .jobs import Job, file_names, plan
from .names import numbered
from .orders import MOST_BYTES, Free, Generate, Stop, checked, kind, read_object
from .request import Modality, Prompt, Request
from .rows import Item
from .sampler import Cancel
from .spelling import found

if TYPE_CHECKING:
    from .bundle import Bundle
    from .generator import Generator

__all__ = ["Freed", "Ready", "Service", "Tell", "Told", "to_line"]

_MOST_WAITING = 1000
_LONGEST_NAME = 200


@dataclass(frozen=True, kw_only=True)
class Ready:
    """The first event: which bundle plays, and what kinds of prompt it takes."""

    v: Literal[1] = 1
    event: Literal["ready"] = "ready"
    bundle: str
    bundle_sha256: str
    understands: tuple[Modality, ...]


@dataclass(frozen=True, kw_only=True)
class Freed:
    """No graph is open any more, as `free` asked."""

    v: Literal[1] = 1
    event: Literal["freed"] = "freed"


Told: TypeAlias = Event | Ready | Freed

Tell: TypeAlias = Callable[[str | None, Told], None]
"""Called with an event and the name of its job, or None, from two threads; raises nothing."""


@dataclass(frozen=True)
class _Job:
    order: Generate
    cancel: Cancel = field(default_factory=Cancel)


class Service:
    """A queue of jobs and the one generator that makes them.

    One thread calls `listen`, another `work`; `end` may be called from any, and from a signal
    handler of a third. Every job that a client names ends with exactly one `End` event, after
    which its name is free again.

    Args:
        players: the generator's bundle, then those of further conditioners.
        load: makes the generator when a job needs it; given that job's token.
        tell: where events go.
        precision: the one that was asked for; None leaves it to the device.
    """

    def __init__(
        self,
        players: Sequence[Bundle],
        load: Callable[[Cancel], Generator],
        tell: Tell,
        *,
        precision: str | None = None,
    ) -> None:
        self.targets: list[Path] = []
        """Files of the job that is being made."""
        self._players = players
        self._load = load
        self._tell = tell
        self._precision = precision
        self._generator: Generator | None = None
        self._changed = threading.Condition()  # guards what follows
        self._queue: deque[_Job | Free] = deque()
        self._running: _Job | None = None
        self._ending = False

    def listen(self, lines: Iterable[bytes | None]) -> None:
        """Carry out the client's lines, None being one that was too long, and end with them."""
        try:
            self._tell(None, _ready(self._players))  # before there can be a job
            for number, line in enumerate(lines, 1):
                self._hear(line, number)
                if self._ending:
                    return
        finally:
            self.end()

    def work(self, cancel: Cancel) -> None:
        """Make jobs until `end` is called or `cancel` is used; those that then wait are stopped."""
        try:
            with cancel.calling(self.end):
                while order := self._next():
                    if isinstance(order, Free):
                        self._close()
                        _trim()
                        self._tell(None, Freed())
                    else:
                        self._make(order)
        finally:
            self.end()
            for order in self._queue:  # nothing is added or taken any more
                if isinstance(order, _Job):
                    self._tell(order.order.job, _stopped())
            self._close()

    def end(self) -> None:
        """Take no more jobs, and cancel the one that is being made and those that wait."""
        with self._changed:
            self._ending = True
            running = self._running
            self._changed.notify_all()
        if running:
            running.cancel.cancel()

    def _hear(self, line: bytes | None, number: int) -> None:
        """Carry out one line, or tell what is wrong with it."""
        job = None
        try:
            if line is None:
                raise RequestError(f"The line is longer than {MOST_BYTES:,} bytes and was skipped.")
            # Some shells of Windows begin what they pipe with a byte order mark.
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            if not text.strip():
                return
            data = read_object(text)
            means = kind(data)
            if means is Generate:
                job = self._fresh_name(data)
            order = _parse.parse(means, text, "The line", RequestError)
            if isinstance(order, Generate):
                self._append(_Job(checked(order)))
            elif isinstance(order, Stop):
                self._stop(order.job)
            elif isinstance(order, Free):
                self._append(order)
            else:
                self.end()
        except UnicodeDecodeError:
            problem = RequestError("The line is not UTF-8.")
            self._tell(None, error_event(problem, line=number))
        except RequestError as problem:
            self._tell(job, error_event(problem, line=number))
            if job is not None:
                self._tell(job, _ended(problem.exit_code))

    def _fresh_name(self, data: Mapping[str, Any]) -> str | None:
        """The name that the client gives a job, if it is one."""
        name = data.get("job")
        if not isinstance(name, str):
            return None  # the parser says what is wrong
        if not 1 <= len(name) <= _LONGEST_NAME:
            raise RequestError(f"job must have 1 to {_LONGEST_NAME} characters.")
        with self._changed:
            jobs = [self._running, *self._queue]
            if any(isinstance(each, _Job) and each.order.job == name for each in jobs):
                raise RequestError(
                    f"The job {name!r} has not ended yet; give the new one another name."
                )
        return name

    def _append(self, order: _Job | Free) -> None:
        with self._changed:
            ending = self._ending
            if len(self._queue) >= _MOST_WAITING:
                raise RequestError(f"{_MOST_WAITING} jobs are waiting; ask again later.")
            if not ending:
                self._queue.append(order)
                self._changed.notify_all()
        if ending and isinstance(order, _Job):
            self._tell(order.order.job, _stopped())

    def _stop(self, name: str) -> None:
        """Cancel the job of that name, if there is one."""
        with self._changed:
            if self._ending:
                return
            running = self._running
            waits = [j for j in self._queue if isinstance(j, _Job) and j.order.job == name]
            for job in waits:
                self._queue.remove(job)
        for _ in waits:
            self._tell(name, _stopped())
        if running and running.order.job == name:
            running.cancel.cancel()

    def _next(self) -> _Job | Free | None:
        """What is to be done next, as soon as there is something; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._ending)
            if self._ending:
                return None
            order = self._queue.popleft()
            self._running = order if isinstance(order, _Job) else None
            return order

    def _make(self, job: _Job) -> None:
        """Make one job's files; whatever goes wrong is told and stays with this job."""
        began = time.monotonic()
        tell = partial(self._tell, job.order.job)
        problem: HearsightError | None = None
        tally, code = Tally(), 0
        try:
            tally = self._run(job, tell)
            code = tally.errors[-1].exit_code if tally.errors else 0
        except HearsightError as error:
            problem = error
        except OSError as error:
            problem = refused(error)
        except MemoryError:
            problem = DeviceError("Memory does not suffice; ask for a shorter sound.")
        except Exception as error:  # of this job alone: the program that asks goes on
            traceback.print_exc()
            problem = HearsightError(
                f"A fault of this program, please report it: {type(error).__name__}: {error}."
            )
            self._close()
        if problem:
            code = problem.exit_code
            if not isinstance(problem, Cancelled):
                tally = Tally(failed=job.order.request.variations)
                tell(error_event(problem, job.order.request.id))
        self.targets.clear()
        with self._changed:
            self._running = None
        seconds = round(time.monotonic() - began, 3)
        tell(_ended(code, tally, seconds))

    def _run(self, job: _Job, tell: Callable[[Told], None]) -> Tally:
        order = job.order
        folder = Path(order.folder).expanduser().absolute()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):  # before a sound is made that cannot be kept
            pass
        model = self._players[0].manifest

        def paths(request: Request) -> tuple[Path, ...]:
            files = [folder / file for file in file_names(request, order.name, model.name)]
            return tuple(files if order.overwrite else _free_names(files))

        planned: tuple[Job, ...] = plan(
            [Item(0, _present(order.request))],
            self._players,
            paths,
            subtype=order.bit_depth,
            precision=self._precision,
            where=lambda _: "",
        )
        request = planned[0].request
        assert request.seed is not None, "planned requests are resolved"
        tell(
            Start(
                bundle=model.name,
                bundle_sha256=self._players[0].sha256,
                seed=request.seed,
                total=len(planned[0].paths),
                skipped=0,
            )
        )
        self.targets += planned[0].paths
        if not self._generator:
            tell(StageEvent(id=request.id, stage="load"))
            self._generator = self._load(job.cancel)
            if hint := self._generator.preparing:
                tell(StageEvent(id=request.id, stage="prepare", hint=hint))
        return run(planned, self._generator, tell, subtype=order.bit_depth, cancel=job.cancel)

    def _close(self) -> None:
        if self._generator:
            self._generator.close()
            self._generator = None


def to_line(job: str | None, event: Told) -> str:
    """The event as one line of ASCII JSON, with its line feed and the job that it belongs to."""
    return json.dumps({"job": job, **asdict(event)}, allow_nan=False) + "\n"


def _ready(players: Sequence[Bundle]) -> Ready:
    known = [player.manifest.conditioners for player in players]
    return Ready(
        bundle=players[0].manifest.name,
        bundle_sha256=players[0].sha256,
        understands=tuple(m for m in MODALITIES if any(getattr(each, m) for each in known)),
    )


def _ended(code: int, tally: Tally | None = None, seconds: float = 0.0) -> End:
    tally = tally or Tally()
    return End(done=tally.done, failed=tally.failed, skipped=0, seconds=seconds, exit_code=code)


def _stopped() -> End:
    return _ended(Cancelled.exit_code)


def _present(request: Request) -> Request:
    """The request, if the files that it names are there and of their kinds."""
    prompts = tuple(found(prompt, Path()) for prompt in request.prompts)
    if init := request.init:
        init = replace(init, file=found(Prompt("audio", init.file), Path()).value)
    return replace(request, prompts=prompts, init=init)


def _free_names(files: Sequence[Path]) -> Sequence[Path]:
    """The files, with the first number that makes all of them new, if one of them exists."""
    names, number = files, 1
    while any(name.exists() for name in names):
        number += 1
        names = [numbered(file, number) for file in files]
    return names


def _trim() -> None:
    """Give freed memory back to the system; the C library of Linux would keep two thirds."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # other C libraries have no such thing
            ctypes.CDLL(None).malloc_trim(0)
