"""Running a bundle's graphs: opened when first needed, where they run, and why there."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from .budget import Budget
from .bundle import Bundle
from .device import Choice, choose, stand_in
from .errors import BundleError, DeviceError, HearsightError, RequestError
from .external import check_external
from .golden import distance
from .manifest import Graph, TensorSpec, Variant
from .precision import RunPrecision, default_for, run_in
from .preparation import Preparation
from .profiles import Profile, fitting, profiles
from .providers import CPU, PROVIDERS
from .roles import role_of
from .sampler import Cancel, Latent, Progress
from .sessions import OnnxSession, Session, Tensors
from .wanted import compilable

__all__ = ["Engine", "Prepare", "Tensors"]

Prepare = Literal["never", "background", "first"]
"""When graphs are compiled for a device: not at all, while sounds are made on what is ready, or
before the first sound."""

LEAST_SNR_DB = 20.0
"""A graph that comes less near to its golden outputs in bf16 runs in fp32."""

_MOST_THREADS = 256  # of each graph; ONNX Runtime ends the process when it can have no more
_MOST_TOLD = 500  # characters of what a library says, which may list every node
_NO_MEMORY = ("out of memory", "failed to allocate", "bad_alloc", "bad allocation")


@dataclass(frozen=True)
class _Source:
    """What a session is opened from: a file, where it runs, and in which precision."""

    path: Path
    choice: Choice
    precision: RunPrecision
    compiled: bool


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
        recorded: whether a GPU records the denoise graph's run and replays it. Never run.

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
        recorded: bool = False,
    ) -> None:
        if threads is not None and not 1 <= threads <= _MOST_THREADS:
            raise RequestError(
                f"threads is {threads}; it must be a whole number from 1 to {_MOST_THREADS}."
            )
        manifest = bundle.manifest
        held = {p for graph in manifest.graphs.values() for p in graph.variants}
        if precision and precision != "bf16" and precision not in held:
            raise BundleError(
                f'The bundle "{manifest.name}" has no graph in {precision}; '
                f"it has {', '.join(sorted(held))}."
            )
        self._bundle = bundle
        self._choice = choose(device, precision)
        self._precision: RunPrecision = precision or default_for(self._choice.device, held)
        self._threads = threads
        self._recorded = recorded
        self._budget = budget or Budget()
        self._sessions: dict[tuple[str, bool], Session] = {}
        self._opening = threading.Lock()
        self._compiled: dict[str, Path] = {}
        self._losses: dict[str, float] = {}
        self._played: dict[str, _Source] = {}  # what each graph was last run from
        self._exact: set[str] = set()  # graphs that bf16 does not suit
        self._named = device != "auto"
        self._asked: RunPrecision | None = precision
        self._prepare = prepare or _when(device, self._choice)
        self._preparation = self._preparing()
        self._stand_in: Choice | None = None
        self._refresh()

    @property
    def choice(self) -> Choice:
        """The device, and why."""
        return self._choice

    @property
    def provider(self) -> str:
        """What the device runs graphs with: ONNX Runtime's name of it, such as
        `CPUExecutionProvider`, or `OpenVINO`."""
        return self._choice.provider

    def provider_of(self, name: str) -> str:
        """What one graph ran with, or will: not the device's while it is being compiled, or for
        sizes that it was not compiled for."""
        return (self._played.get(name) or self._source(name)).choice.provider

    @property
    def precision(self) -> RunPrecision:
        """Precision of the graphs that have it; the others run in fp32."""
        return self._precision

    def precision_of(self, name: str) -> RunPrecision:
        """Precision that one graph ran in, or will."""
        return (self._played.get(name) or self._source(name)).precision

    @property
    def losses(self) -> dict[str, float]:
        """SNR in dB of the graphs that were opened in less than fp32, by name: what the exporter
        measured of a file, and for bf16 what the golden tensors showed here."""
        return dict(self._losses)

    @property
    def exact(self) -> tuple[str, ...]:
        """Graphs that run in fp32 because bf16 came too far from their golden outputs."""
        return tuple(sorted(self._exact))

    @property
    def why(self) -> str:
        """Why this device, what of it is still being prepared or cannot be, and what plays in its
        place, if something does."""
        for name, source in self._played.items():
            if source.choice.device != self._choice.device and name in self._compiled:
                return (
                    f"{self._choice.why} {source.choice.device} played {name}, whose sizes lie "
                    f"outside those it was compiled for."
                )
        waiting = self._preparation.missing if self._preparation else {}
        if not (self._preparation and waiting and (self._stand_in or self._prepare != "never")):
            return self._choice.why
        name, reason = next(iter(waiting.items()))
        state = f": {reason}"
        if self._preparation.running:  # it ends with this program
            state = " is being prepared; `runtime-cli engines build` waits for it."
        instead = f"{self._stand_in.device} plays in its place: " if self._stand_in else ""
        return f"{self._choice.why} {instead}{name}{state}"

    def is_open(self, name: str) -> bool:
        """Whether the graph was opened before, so that a run of it is not a cold one."""
        return any(opened == name for opened, _ in list(self._sessions))

    def prepare(self, progress: Progress, cancel: Cancel) -> None:
        """Have graphs compiled as `prepare` says, and use from now on those that are.

        Raises:
            Cancelled: while they were being compiled.
            DeviceError: they cannot be compiled, and were to be first.
        """
        if self._preparation and self._prepare != "never":
            self._preparation.start()
            graphs = self._bundle.manifest.graphs
            hot = [name for name in self._preparation.missing if graphs[name].hot]
            if hot and self._prepare == "first":
                self._preparation.wait(hot, progress, cancel)
        self._refresh()

    def compile(self, progress: Progress, cancel: Cancel) -> dict[str, float]:
        """Compile every graph that the device wants compiled and that is not yet.

        Returns:
            The seconds that each took, by name.

        Raises:
            Exception: as `prepare`.
        """
        if not self._preparation:
            return {}
        missing = list(self._preparation.missing)
        self._preparation.wait(missing, progress, cancel)
        self._refresh()
        return {name: self._preparation.seconds(name) for name in missing}

    @property
    def preparing(self) -> str:
        """What will be or is being compiled, and how long it takes, in a sentence; or nothing."""
        active = self._preparation and self._prepare != "never"
        return self._preparation.hint if self._preparation and active else ""

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
        session = self._session(name, inputs)
        try:
            outputs = session.run(inputs, cancel, rests=rests)
        except Exception as problem:
            raise self._failure(self._played[name], name, "run", problem, cancel) from problem
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
        session = self._session("denoise", inputs)
        if not isinstance(session, OnnxSession) or session.memory is None:
            outputs = self.run("denoise", inputs, cancel, rests=last)
            return outputs["x_next"], outputs["d"]
        cancel.raise_if()
        try:
            # The sampler hands them on; who looks at them gets an array.
            return cast("tuple[Latent, Latent]", session.step(inputs, cancel))
        except Exception as problem:
            played = self._played["denoise"]
            raise self._failure(played, "denoise", "run", problem, cancel) from problem

    def placement(self, name: str) -> dict[str, int] | None:
        """How many nodes of a graph each provider runs; None where that is not known."""
        return self._open(name, self._source(name), traced=True).placement()

    def close(self) -> None:
        """Give back the memory of all graphs; a later run opens them again."""
        if self._preparation:
            self._preparation.close()
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

    def _graph(self, name: str) -> Graph:
        graph = self._bundle.manifest.graphs.get(name)
        if graph is None:
            raise BundleError(f'The bundle "{self._bundle.manifest.name}" has no graph "{name}".')
        return graph

    def _variant(self, name: str, precision: RunPrecision) -> Variant:
        return self._graph(name).variants["fp32" if precision == "bf16" else precision]

    def _preparing(self) -> Preparation | None:
        """What is compiled for the device, if anything is."""
        names = compilable(self._bundle.manifest, self._choice.device)
        if not names:
            return None
        return Preparation(self._bundle, names, self._choice, self._precision, self._threads)

    def _refresh(self) -> None:
        """Use the graphs that were compiled meanwhile."""
        for name in self._bundle.manifest.graphs if self._preparation else ():
            file = self._preparation.file(name) if self._preparation else None
            if file and name not in self._compiled:
                self._compiled[name] = file
                self._played.pop(name, None)
                self._shut(name)

    def _source(self, name: str, inputs: Tensors | None = None) -> _Source:
        """Where a graph is opened from for those inputs, or for the usual ones."""
        graph = self._graph(name)
        precision = "fp32" if name in self._exact else run_in(graph, self._precision)
        choice = self._choice
        file = self._compiled.get(name)
        if file and (inputs is None or self._takes(name, inputs)):
            return _Source(file, choice, precision, True)
        if choice.device == "openvino":
            if not graph.hot:  # see `openvino`
                choice = Choice("cpu", CPU, choice.why)
        elif role_of(name, graph) != "tokenize" and PROVIDERS[choice.device].compiled:
            if self._named and graph.hot:
                raise self._uncompiled(name)
            self._stand_in = choice = self._stand_in or stand_in(choice)
            asked = self._asked or default_for(choice.device, graph.variants)
            precision = run_in(graph, asked)
        path = self._bundle.path(self._variant(name, precision))
        return _Source(path, choice, precision, False)

    def _uncompiled(self, name: str) -> DeviceError:
        """A named device plays what was compiled for it, and nothing else in its place."""
        reason = "its sizes lie outside those it was compiled for."
        if self._preparation and name not in self._compiled:
            reason = self._preparation.missing.get(name, "it was never built.")
        here = f"{self._bundle.manifest.name} --device {self._choice.device}"
        return DeviceError(
            f'The graph "{name}" is not compiled for {self._choice.device}: {reason} '
            f"`runtime-cli engines build {here}` compiles it; another --device plays it as it is."
        )

    def _takes(self, name: str, inputs: Tensors) -> bool:
        """Whether a compiled graph was compiled for those shapes."""
        made = self._profiles(name)
        return (
            not made or fitting(made, {key: np.shape(x) for key, x in inputs.items()}) is not None
        )

    def _profiles(self, name: str) -> tuple[Profile, ...]:
        compiled = PROVIDERS[self._choice.device].compiled
        return profiles(self._bundle.manifest, name) if compiled else ()

    def _session(self, name: str, inputs: Tensors) -> Session:
        graph, source = self._graph(name), self._source(name, inputs)
        size = self._variant(name, source.precision).size
        # Weights of graphs that run many times are held twice: as they are, and packed.
        self._budget.take((id(self), name), size * (1 + graph.hot), lambda: self._shut(name))
        key = name, source.compiled
        try:
            with self._opening:
                if key not in self._sessions:
                    self._sessions[key] = self._open(name, source)
                self._played[name] = self._source(name, inputs)  # opening may have chosen fp32
                return self._sessions[key]
        except HearsightError as problem:
            self._budget.give_back((id(self), name))
            spoilt = isinstance(problem, BundleError) and source.compiled and self._preparation
            if not spoilt:
                raise
            spoilt.forget(name, str(problem))  # deleted or damaged since it was found
            self._compiled.pop(name, None)
            self._played.pop(name, None)
        return self._session(name, inputs)

    def _shut(self, name: str) -> None:
        with self._opening:
            for compiled in (False, True):
                self._sessions.pop((name, compiled), None)

    def _open(self, name: str, source: _Source, *, traced: bool = False) -> Session:
        graph = self._graph(name)
        if not source.compiled:
            check_external(source.path, self._variant(name, source.precision))
        role = role_of(name, graph)
        try:
            if source.choice.device == "openvino":
                session = self._with_openvino(name, source)
            else:
                session = OnnxSession(
                    source.path,
                    source.choice,
                    hot=graph.hot,
                    threads=self._threads,
                    texts=role == "tokenize",
                    compiled=source.compiled,
                    profiles=self._profiles(name) if source.compiled else (),
                    recorded=self._recorded and role == "denoise",
                    traced=traced,
                )
        except HearsightError:
            raise
        except Exception as problem:
            raise self._failure(source, name, "opened", problem, None) from problem
        _compare(session.inputs, graph.inputs, source.path)
        _compare(session.outputs, graph.outputs, source.path)
        if source.precision not in ("fp32", "bf16"):
            known = [told.snr_db for told in graph.parity if told.precision == source.precision]
            self._losses |= {name: min(known)} if known else {}
        return session

    def _with_openvino(self, name: str, source: _Source) -> Session:
        """A session in bf16 if that suits the graph, measured the first time it is opened."""
        from .openvino import OpenVinoSession

        graph, threads = self._graph(name), self._threads
        session = OpenVinoSession(source.path, graph, precision=source.precision, threads=threads)
        if source.precision != "bf16" or name in self._losses:
            return session
        found = distance(self._bundle, name, lambda inputs: session.run(inputs, None))
        if found and found.snr_db < LEAST_SNR_DB:
            self._exact.add(name)
            return OpenVinoSession(source.path, graph, precision="fp32", threads=threads)
        self._losses |= {name: found.snr_db} if found else {}
        return session

    def _failure(
        self, source: _Source, name: str, verb: str, problem: Exception, cancel: Cancel | None
    ) -> BundleError | DeviceError:
        if cancel:
            cancel.raise_if()
        text = " ".join(str(problem).split()).rstrip(".")[:_MOST_TOLD]
        if isinstance(problem, MemoryError) or any(mark in text.lower() for mark in _NO_MEMORY):
            return DeviceError(
                f'Memory does not suffice for the graph "{name}" of the bundle '
                f'"{self._bundle.manifest.name}" on {source.choice.provider}: ask for a shorter '
                f"sound, close other programs, or use another device. ({text})"
            )
        if source.compiled:
            return BundleError(
                f"{source.path} cannot be {verb}: {text}. `runtime-cli engines clean --all` "
                "deletes what was compiled; it is built anew when needed."
            )
        library = "OpenVINO" if source.choice.device == "openvino" else "ONNX Runtime"
        return BundleError(
            f"{source.path} cannot be {verb}: {text}. If `runtime-cli bundles verify` finds "
            f"it intact, the bundle does not suit this version of {library}."
        )


def _when(device: str, choice: Choice) -> Prepare:
    if choice.device == "openvino" or not PROVIDERS[choice.device].compiled:
        return "never"
    return "background" if device == "auto" else "first"


def _compare(found: tuple[TensorSpec, ...], listed: tuple[TensorSpec, ...], path: Path) -> None:
    """Refuse a graph whose tensors are not those of the manifest.

    An axis that the manifest calls free must be free; ONNX may leave more open than is told.
    """
    nodes = {node.name: node for node in found}
    if nodes.keys() != {spec.name for spec in listed}:
        raise BundleError(
            f"{path} has the tensors {', '.join(nodes)} where the manifest lists "
            f"{', '.join(spec.name for spec in listed)}."
        )
    for spec in listed:
        node = nodes[spec.name]
        clash = len(node.shape) != len(spec.shape) or any(
            isinstance(real, int) and real != told
            for real, told in zip(node.shape, spec.shape, strict=False)
        )
        if node.dtype != spec.dtype or clash:
            raise BundleError(
                f'{path}: "{spec.name}" is {node.dtype} {list(node.shape)} where the manifest '
                f"says {spec.dtype} {list(spec.shape)}."
            )
