"""`runtime-cli serve`: sounds for another program, which asks in lines and is told in events."""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..generator import Generator
    from ..sampler import Cancel
    from ..serving import Told
    from .console import Console
    from .settings import Settings

__all__ = ["serve"]

_PATIENCE = (
    10.0  # seconds for the work to stop once the client is gone, and to read the last events
)
_MANY_UNREAD = 1000  # events, after which progress is not told
_MOST_UNREAD = 20_000


def serve(
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Speak over standard input and output. [required]")
    ] = False,
    *,
    given: Mapping[str, Any],
) -> int:
    """Make sounds for another program, such as an editor.

    Requests come as JSON Lines on standard input, events go to standard output, and nothing else
    does. The end of the input ends it.
    """
    from ..errors import Cancelled, HearsightError, OutputError, RequestError
    from .console import Console
    from .layers import resolve

    if not stdio:
        raise RequestError("Say --stdio; there is no other way to be spoken to.")
    asked, told = _take_over()
    out = _Out(told)
    try:
        settings = resolve(given).settings
        with Console(settings) as console:
            interrupted = _serve(asked, out, console, settings)
    except HearsightError as problem:
        from ..batch import error_event

        out.tell(None, error_event(problem))
        out.finish()
        raise
    read = out.finish()
    if out.problem and not isinstance(out.problem, BrokenPipeError):
        raise OutputError(f"Standard output cannot be written: {out.problem.strerror}.")
    return Cancelled.exit_code if interrupted or not read else 0


def _take_over() -> tuple[int, int]:
    """The standard streams as descriptors of our own.

    Libraries and children that read the old ones get nothing, and what they print goes to
    standard error.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        os.fstat(2)
    except OSError:
        os.dup2(nowhere, 2)
    if getattr(sys, "stderr", None) is None:  # the client gave none
        sys.stderr = os.fdopen(2, "w", closefd=False)
    streams = os.dup(0), os.dup(1)
    for stream in streams:
        with contextlib.suppress(OSError, AttributeError):  # where pipes always wait
            os.set_blocking(stream, True)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)
    if nowhere > 2:
        os.close(nowhere)
    return streams


class _Out:
    """Events as whole lines on a descriptor, written by a thread, so that nobody waits for a client
    that reads slowly. One that leaves very many unread is taken for gone."""

    def __init__(self, descriptor: int) -> None:
        self.problem: OSError | None = None
        self.lost: Callable[[], None] | None = None  # called when nothing can be written any more
        self._descriptor = descriptor
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def tell(self, job: str | None, event: Told) -> None:
        from ..serving import to_line

        unread = self._lines.qsize()
        if self.problem or (unread >= _MANY_UNREAD and event.event in ("stage", "progress")):
            return
        if unread >= _MOST_UNREAD:
            self._lose(BrokenPipeError())
        self._lines.put(to_line(job, event))

    def finish(self) -> bool:
        """Whether everything was written, for which it waits a while."""
        self._lines.put("")
        self._thread.join(_PATIENCE)
        return not self._thread.is_alive() and not self.problem

    def _write(self) -> None:
        try:
            while left := self._lines.get().encode():
                while left:
                    left = left[os.write(self._descriptor, left) :]
        except OSError as problem:
            self._lose(problem)

    def _lose(self, problem: OSError) -> None:
        self.problem = problem
        if self.lost:
            self.lost()


def _serve(asked: int, out: _Out, console: Console, settings: Settings) -> bool:
    """Serve until the end; whether it was a signal."""
    from ..errors import Cancelled
    from ..orders import read_lines
    from ..serving import Service
    from .interrupt import interruptible
    from .work import loading, open_players

    players = open_players(settings)
    options = loading(settings)

    def load(cancel: Cancel) -> Generator:
        from ..generator import load
        from .probing import patient

        with patient(console, cancel):
            others = [player.root for player in players[1:]]
            return load(players[0].root, conditioners=others, **options)

    service = Service(players, load, out.tell, precision=settings.precision)
    out.lost = service.end

    def read(size: int) -> bytes:
        try:
            return os.read(asked, size)
        except OSError:  # as good as its end
            return b""

    def listen() -> None:
        try:
            service.listen(read_lines(read))
        finally:
            time.sleep(_PATIENCE)  # this process has ended before, or is stuck
            for target in service.targets:
                with contextlib.suppress(OSError):
                    target.with_name(f"{target.name}.part").unlink()
            os._exit(Cancelled.exit_code)

    def work(cancel: Cancel) -> bool:
        threading.Thread(target=listen, daemon=True).start()
        service.work(cancel)
        return cancel.cancelled

    return interruptible(work, service.targets)
