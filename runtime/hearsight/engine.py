"""Running a bundle's graphs: opened when first needed, and closed when memory is short."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any, cast

from numpy.typing import NDArray

from .budget import Budget
from .bundle import Bundle
from .device import Choice
from .errors import BundleError, HearsightError, RequestError
from .opening import Opener
from .precision import RunPrecision
from .routes import Prepare, Route, Routes
from .sampler import Cancel, Latent, Progress
from .sessions import OnnxSession, Session, Tensors

__all__ = ["Engine", "Prepare", "Tensors"]

_MOST_THREADS = 256  # of each graph; ONNX Runtime ends the process when it can have no more


class Engine:
    """The graphs of one bundle, opened when they are first run; a context manager.

    Args:
        bundle: the opened bundle.
        device: one of `device.DEVICES`, or `auto` for the best that really works.
        precision: `fp32`, `fp16` or `int8` where a graph has it, or `bf16`, in which OpenVINO
            runs the hot graphs; None takes fp16 on a GPU and fp32 on a processor.
        threads: threads of one graph's run on the processor; None lets the library decide.
        prepare: when graphs are compiled. None compiles for TensorRT alone: first if its device
            was named, in the background if it was chosen. What was compiled before is used
            anyway.
        budget: of memory, shared with other engines; None closes nothing.

    Raises:
        DeviceError: the named device cannot be had; the message holds the true reason.
        BundleError: no graph of the bundle has the named precision.
        RequestError: no such number of threads.

    One engine may be used by several threads.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        device: str = "auto",
        precision: RunPrecision | None = None,
        threads: int | None = None,
        prepare: Prepare | None = None,
        budget: Budget | None = None,
    ) -> None:
        if threads is not None and not 1 <= threads <= _MOST_THREADS:
            raise RequestError(
                f"threads is {threads}; it must be a whole number from 1 to {_MOST_THREADS}."
            )
        self._bundle = bundle
        self._routes = Routes(bundle, device, precision, threads, prepare)
        self._opener = Opener(bundle, self._routes, threads)
        self._budget = budget or Budget()
        self._sessions: dict[tuple[str, bool], Session] = {}
        self._opening = threading.Lock()
        self._played: dict[str, Route] = {}  # what each graph was last run from

    @property
    def choice(self) -> Choice:
        """The device, and why."""
        return self._routes.choice

    @property
    def provider(self) -> str:
        """What the device runs graphs with: ONNX Runtime's name of it, such as
        `CPUExecutionProvider`, or `OpenVINO`."""
        return self._routes.choice.provider

    def provider_of(self, name: str) -> str:
        """What one graph ran with, or will: not the device's while it is being compiled, or for
        sizes that it was not compiled for."""
        return (self._played.get(name) or self._routes.of(name)).choice.provider

    @property
    def precision(self) -> RunPrecision:
        """Precision of the graphs that have it; the others run in fp32."""
        return self._routes.precision

    def precision_of(self, name: str) -> RunPrecision:
        """Precision that one graph ran in, or will."""
        return (self._played.get(name) or self._routes.of(name)).precision

    @property
    def losses(self) -> dict[str, float]:
        """SNR in dB of the graphs that were opened in less than fp32, by name: what the exporter
        measured of a file, and for bf16 what the golden tensors showed here."""
        return dict(self._opener.losses)

    @property
    def exact(self) -> tuple[str, ...]:
        """Graphs that run in fp32 because bf16 came too far from their golden outputs."""
        return self._routes.exact

    @property
    def why(self) -> str:
        """Why this device, what of it is still being prepared or cannot be, and what plays in its
        place, if something does."""
        return self._routes.why(self._played)

    def is_open(self, name: str) -> bool:
        """Whether the graph was opened before, so that a run of it is not a cold one."""
        return any(opened == name for opened, _ in list(self._sessions))

    def prepare(self, progress: Progress, cancel: Cancel) -> None:
        """Have graphs compiled as `prepare` says, and use from now on those that are.

        Raises:
            Cancelled: while they were being compiled.
            DeviceError: they cannot be compiled, and were to be first.
        """
        self._routes.prepare(progress, cancel)
        self._refresh()

    def compile(self, progress: Progress, cancel: Cancel) -> dict[str, float]:
        """Compile every graph that the device wants compiled and that is not yet.

        Returns:
            The seconds that each took, by name.

        Raises:
            Exception: as `prepare`.
        """
        took = self._routes.compile(progress, cancel)
        self._refresh()
        return took

    @property
    def preparing(self) -> str:
        """What will be or is being compiled, and how long it takes, in a sentence; or nothing."""
        return self._routes.preparing

    def run(
        self, name: str, inputs: Tensors, cancel: Cancel | None, *, rests: bool = True
    ) -> dict[str, NDArray[Any]]:
        """Run a graph on named inputs and return its named outputs.

        Args:
            name: of the graph.
            inputs: its tensors.
            cancel: ends the run early.
            rests: whether another graph will run next, so that it gives back working memory.

        Raises:
            Cancelled: `cancel` was set before or during the run.
            BundleError: the graph is missing or broken; names the file.
            DeviceError: memory does not suffice.
        """
        if cancel:
            cancel.raise_if()
        session = self._session(name, inputs, cancel)
        try:
            outputs = session.run(inputs, cancel, rests=rests)
        except Exception as problem:
            played = self._played[name]
            raise self._opener.failure(played, name, "run", problem, cancel) from problem
        return {spec.name: value for spec, value in zip(session.outputs, outputs, strict=True)}

    def step(
        self, inputs: dict[str, Latent], cancel: Cancel, *, last: bool
    ) -> tuple[Latent, Latent]:
        """Run the denoise graph: `x_next` and `d`, which stay on the device where it has memory
        of its own, until the row after the next one: one sound at a time, for the rows of two
        would share it. `last` is the last row of a sound.

        Raises:
            Exception: as `run`.
        """
        session = self._session("denoise", inputs, cancel)
        if not isinstance(session, OnnxSession) or session.memory is None:
            outputs = self.run("denoise", inputs, cancel, rests=last)
            return outputs["x_next"], outputs["d"]
        cancel.raise_if()
        try:
            # The sampler hands them on; who looks at them gets an array.
            return cast("tuple[Latent, Latent]", session.step(inputs, cancel))
        except Exception as problem:
            played = self._played["denoise"]
            raise self._opener.failure(played, "denoise", "run", problem, cancel) from problem

    def placement(self, name: str) -> dict[str, int] | None:
        """How many nodes of a graph each provider runs; None where that is not known."""
        return self._opener.open(name, self._routes.of(name), None, traced=True).placement()

    def close(self) -> None:
        """Give back the memory of all graphs; a later run opens them again."""
        if self._routes.preparation:
            self._routes.preparation.close()
        for name in self._bundle.manifest.graphs:
            self._shut(name)
            self._budget.give_back((id(self), name))

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _refresh(self) -> None:
        """Use the graphs that were compiled meanwhile."""
        for name in self._routes.refresh():
            self._played.pop(name, None)
            self._shut(name)

    def _session(self, name: str, inputs: Tensors, cancel: Cancel | None) -> Session:
        route = self._routes.of(name, inputs)
        # Held once: the weights that ONNX Runtime packs take the place of the mapped ones.
        size = self._routes.variant(name, route.precision).size
        self._budget.take((id(self), name), size, lambda: self._shut(name))
        try:
            with self._opening:
                if route == self._routes.of(name, inputs):  # else another thread has changed it
                    opened = self._opened(name, route, cancel)
                    if opened is not None:
                        self._played[name] = self._routes.of(name, inputs)
                        return opened
        except HearsightError:
            self._budget.give_back((id(self), name))
            raise
        return self._session(name, inputs, cancel)

    def _opened(self, name: str, route: Route, cancel: Cancel | None) -> Session | None:
        """The session of a route; None where a compiled graph is not what it should be, and the
        route leads elsewhere now."""
        key = name, route.compiled
        try:
            if key not in self._sessions:
                self._sessions[key] = self._opener.open(name, route, cancel)
        except BundleError as problem:
            if not route.compiled:
                raise
            self._routes.avoid(name, str(problem))
            self._played.pop(name, None)
            return None
        return self._sessions[key]

    def _shut(self, name: str) -> None:
        with self._opening:
            for compiled in (False, True):
                self._sessions.pop((name, compiled), None)
