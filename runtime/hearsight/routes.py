"""Where each graph of a bundle runs, from which file, in which precision, and why there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from .bundle import Bundle
from .device import Choice, choose, stand_in
from .errors import BundleError, DeviceError
from .manifest import Graph, Variant
from .precision import RunPrecision, check_precision, default_for, run_in
from .preparation import Preparation
from .profiles import Profile, fitting
from .providers import CPU, PROVIDERS
from .roles import role_of
from .sampler import Cancel, Progress
from .sessions import Tensors
from .wanted import compilable

__all__ = ["Prepare", "Route", "Routes"]

Prepare = Literal["never", "background", "first"]
"""When graphs are compiled for a device: not at all, while sounds are made on what is ready, or
before the first sound."""


@dataclass(frozen=True)
class Route:
    """What a graph is run from: a file, the device, and the precision.

    compiled: whether the file is one that was compiled for the device.
    """

    path: Path
    choice: Choice
    precision: RunPrecision
    compiled: bool


class Routes:
    """The routes of one bundle's graphs, which change while graphs are being compiled.

    Args:
        bundle: whose graphs.
        device, precision, threads, prepare: as for `Engine`.

    Raises:
        DeviceError: the named device cannot be had; the message holds the true reason.
        BundleError: no graph of the bundle has the named precision.
        RequestError: bf16 was asked of a device that does not compute it.
    """

    def __init__(
        self,
        bundle: Bundle,
        device: str,
        precision: RunPrecision | None,
        threads: int | None,
        prepare: Prepare | None,
    ) -> None:
        manifest = bundle.manifest
        check_precision(manifest, precision)
        self.choice = choose(device, precision)
        held = {each for graph in manifest.graphs.values() for each in graph.variants}
        self.precision: RunPrecision = precision or default_for(self.choice.device, held)
        self._bundle = bundle
        self._named = device != "auto"
        self._asked: RunPrecision | None = precision
        self._prepare = prepare or _when(device, self.choice)
        self._compiled: dict[str, Path] = {}
        self._exact: set[str] = set()  # graphs that bf16 does not suit
        self._stand_in: Choice | None = None
        names = compilable(manifest, self.choice.device)
        self.preparation = (
            Preparation(bundle, names, self.choice, self.precision, threads) if names else None
        )
        self.refresh()

    def of(self, name: str, inputs: Tensors | None = None) -> Route:
        """The route of a graph for those inputs, or for the usual ones.

        Raises:
            BundleError: the bundle has no such graph.
            DeviceError: the device was named and plays the graph compiled only, which it is not,
                or not for those sizes.
        """
        graph = self.graph(name)
        precision = "fp32" if name in self._exact else run_in(graph, self.precision)
        choice = self.choice
        file = self._compiled.get(name)
        if file and (inputs is None or self._takes(name, inputs)):
            return Route(file, choice, precision, True)
        if choice.device == "openvino":
            if not graph.hot:  # see `openvino`
                choice = Choice("cpu", CPU, choice.why)
        elif role_of(name, graph) != "tokenize" and PROVIDERS[choice.device].compiled:
            if self._named and graph.hot:
                raise self._uncompiled(name)
            self._stand_in = choice = self._stand_in or stand_in(choice)
            asked = self._asked or default_for(choice.device, graph.variants)
            precision = run_in(graph, asked)
        return Route(self._bundle.path(self.variant(name, precision)), choice, precision, False)

    def graph(self, name: str) -> Graph:
        """What the manifest says of a graph; raises BundleError if there is none."""
        graph = self._bundle.manifest.graphs.get(name)
        if graph is None:
            raise BundleError(f'The bundle "{self._bundle.manifest.name}" has no graph "{name}".')
        return graph

    def variant(self, name: str, precision: RunPrecision) -> Variant:
        """The files of a graph that runs in a precision."""
        return self.graph(name).variants["fp32" if precision == "bf16" else precision]

    def why(self, played: Mapping[str, Route]) -> str:
        """Why this device, what of it is still being prepared or cannot be, and what plays in its
        place, if something does; `played` are the routes that graphs were last run by."""
        for name, route in played.items():
            if route.choice.device != self.choice.device and name in self._compiled:
                return (
                    f"{self.choice.why} {route.choice.device} played {name}, whose sizes lie "
                    f"outside those it was compiled for."
                )
        waiting = self.preparation.missing if self.preparation else {}
        if not (self.preparation and waiting and (self._stand_in or self._prepare != "never")):
            return self.choice.why
        name, reason = next(iter(waiting.items()))
        state = f": {reason}"
        if self.preparation.running:  # it ends with this program
            state = " is being prepared; `runtime-cli engines build` waits for it."
        instead = f"{self._stand_in.device} plays in its place: " if self._stand_in else ""
        return f"{self.choice.why} {instead}{name}{state}"

    def prepare(self, progress: Progress, cancel: Cancel) -> None:
        """See `Engine.prepare`."""
        if not self.preparation or self._prepare == "never":
            return
        self.preparation.start()
        hot = [name for name in self.preparation.missing if self.graph(name).hot]
        if hot and self._prepare == "first":
            self.preparation.wait(hot, progress, cancel)

    def compile(self, progress: Progress, cancel: Cancel) -> dict[str, float]:
        """See `Engine.compile`."""
        if not self.preparation:
            return {}
        missing = list(self.preparation.missing)
        self.preparation.wait(missing, progress, cancel)
        return {name: self.preparation.seconds(name) for name in missing}

    @property
    def preparing(self) -> str:
        """See `Engine.preparing`."""
        active = self.preparation and self._prepare != "never"
        return self.preparation.hint if self.preparation and active else ""

    def refresh(self) -> list[str]:
        """Lead through what was compiled meanwhile; gives the graphs whose routes changed."""
        changed: list[str] = []
        for name in self._bundle.manifest.graphs if self.preparation else ():
            file = self.preparation.file(name) if self.preparation else None
            if file and name not in self._compiled:
                self._compiled[name] = file
                changed.append(name)
        return changed

    def avoid(self, name: str, why: str) -> None:
        """Use a compiled graph no more, which cannot be opened or computes something else."""
        if self.preparation:
            self.preparation.forget(name, why)
        self._compiled.pop(name, None)

    def keep_exact(self, name: str) -> None:
        """Run a graph in fp32, for bf16 does not suit it."""
        self._exact.add(name)

    @property
    def exact(self) -> tuple[str, ...]:
        """The graphs that `keep_exact` was told of."""
        return tuple(sorted(self._exact))

    def profiles(self, name: str) -> tuple[Profile, ...]:
        """The sizes that a graph is compiled for on this device, none where they are free."""
        return self.preparation.profiles(name) if self.preparation else ()

    def _takes(self, name: str, inputs: Tensors) -> bool:
        """Whether a compiled graph was compiled for those shapes."""
        made = self.profiles(name)
        shapes = {key: np.shape(value) for key, value in inputs.items()}
        return not made or fitting(made, shapes) is not None

    def _uncompiled(self, name: str) -> DeviceError:
        """A named device plays what was compiled for it, and nothing else in its place."""
        reason = "its sizes lie outside those it was compiled for."
        if self.preparation and name not in self._compiled:
            reason = self.preparation.missing.get(name, "it was never built.")
        here = f"{self._bundle.manifest.name} --device {self.choice.device}"
        return DeviceError(
            f'The graph "{name}" is not compiled for {self.choice.device}: {reason} '
            f"`runtime-cli engines build {here}` compiles it; another --device plays it as it is."
        )


def _when(device: str, choice: Choice) -> Prepare:
    if choice.device == "openvino" or not PROVIDERS[choice.device].compiled:
        return "never"
    return "background" if device == "auto" else "first"
