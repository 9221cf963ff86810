"""A bundle's graphs to engines in a store, each with the key that players look it up by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TypeAlias

import onnx
import platformdirs

from hearsight.bundle import Bundle
from hearsight.compiled import Compiled, Found
from hearsight.errors import HearsightError, RequestError
from hearsight.external import check_external
from hearsight.machine import system
from hearsight.manifest import Manifest, Precision
from hearsight.precision import check_precision, run_in
from hearsight.roles import UNCOMPILED, role_of
from hearsight.sampler import Cancel
from hearsight.wanted import Target, wanted_key, wanted_profiles

from ..origin import name_nodes
from .compiling import Refused, build_engine
from .context import context_model
from .front import split
from .toolkit import Toolkit

__all__ = ["Progress", "engine_graphs", "make_engines", "rtx_target"]

Progress: TypeAlias = Callable[[str, str, int, int], None]
"""Called with a graph, a phase of TensorRT's, the steps done in it and the steps it has."""


def engine_graphs(manifest: Manifest, asked: Sequence[str] = ()) -> list[str]:
    """Names of the graphs to compile: those asked for, or all that can be.

    Raises:
        RequestError: there is no such graph, or it stays on the CPU.
    """
    graphs = manifest.graphs
    able = [name for name, graph in graphs.items() if role_of(name, graph) not in UNCOMPILED]
    for name in asked:
        if name in graphs and name not in able:
            why = UNCOMPILED[role_of(name, graphs[name])]
            raise RequestError(f"{name} {why} and stays on the CPU; there is no engine of it.")
        if name not in able:
            raise RequestError(f'There is no graph "{name}"; known: {", ".join(able)}.')
    return [name for name in able if name in asked or not asked]


def rtx_target(toolkit: Toolkit, said: str) -> Target:
    """What `--sm` asks for: engines for every card of some compute capabilities, `86,89,120`.

    Raises:
        RequestError: a word that is none, or that TensorRT-RTX does not build for.
    """
    known = {
        f"{name[2:-1]}.{name[-1]}": name[2:]
        for name in toolkit.trt.ComputeCapability.__members__
        if name.startswith("SM")
    }
    words = list(dict.fromkeys(word.strip() for word in said.split(",") if word.strip()))
    for word in words:
        if word.replace(".", "") not in known.values():
            raise RequestError(
                f'{toolkit.builder} does not build for "{word}"; known: '
                f"{', '.join(known.values())}. "
                "RTX 30 cards are 86, RTX 40 cards 89, RTX 50 cards 120."
            )
    if not words:
        raise RequestError("--sm names no compute capability; 86,89,120 is all RTX 30 to 50 cards.")
    asked = {word.replace(".", "") for word in words}
    targets = tuple(target for target, word in known.items() if word in asked)
    return Target(toolkit.builder, targets, "", "", system())


def make_engines(
    bundle: Bundle,
    toolkit: Toolkit,
    target: Target,
    names: Sequence[str],
    *,
    precision: Precision | None = None,
    store: Compiled | None = None,
    tell: Callable[[str], None] = lambda line: None,
    progress: Progress = lambda graph, phase, step, steps: None,
    cancel: Cancel | None = None,
) -> list[Found]:
    """Build the engines of some graphs; those that are there already stay.

    Args:
        bundle: whose graphs.
        toolkit: the TensorRT that builds.
        target: what it builds for.
        names: of the graphs, from `engine_graphs`.
        precision: None takes fp16 where a graph has it; the others are built in fp32.
        store: where the engines go; None is the user's cache.
        tell: told in a line how it goes with each.
        progress: told every step of TensorRT's.
        cancel: stops within a build and leaves nothing of it.

    Raises:
        BundleError: no graph has that precision, or files are not as the manifest says.
        Refused: TensorRT cannot build the only graph, or any.
        HearsightError: it cannot build some; the others were built.
        Cancelled: `cancel` was used.
    """
    cancel, store = cancel or Cancel(), store or Compiled()
    check_precision(bundle.manifest, precision)
    made: list[Found] = []
    refused: list[Refused] = []
    for index, name in enumerate(names):
        place = f"[{index + 1}/{len(names)}] {name}"
        job = _Job(bundle, toolkit, target, name, precision or "fp16")
        tell(f"{place}: building in {job.precision}")
        began = monotonic()
        try:
            found = job.store(store, progress, cancel, lambda line, at=place: tell(f"{at}: {line}"))
        except Refused as problem:
            tell(f"{place}: {problem}")
            refused.append(problem)
            continue
        size = sum(listed.bytes for listed in found.record.files) / 1e6
        tell(f"{place}: {size:.1f} MB in {monotonic() - began:.1f} s")
        made.append(found)
    if refused and not made:
        raise refused[0]
    if refused:
        raise HearsightError(
            f"{len(refused)} of {len(names)} graphs cannot be built, the others were. "
            + " ".join(map(str, refused))
        )
    return made


@dataclass(frozen=True)
class _Job:
    """One graph to be built."""

    bundle: Bundle
    toolkit: Toolkit
    target: Target
    name: str
    asked: Precision

    @property
    def precision(self) -> Precision:
        found = run_in(self.bundle.manifest.graphs[self.name], self.asked)
        assert found != "bf16", "nobody asks for it"
        return found

    def store(
        self,
        store: Compiled,
        progress: Progress,
        cancel: Cancel,
        waiting: Callable[[str], None],
    ) -> Found:
        manifest = self.bundle.manifest
        key = wanted_key(manifest, self.name, self.asked, self.target)

        def make(folder: Path) -> None:
            self._write(folder, key.graph, progress, cancel)

        return store.build(key, manifest.name, self.name, make, cancel, waiting)

    def _write(self, folder: Path, graph_hash: str, progress: Progress, cancel: Cancel) -> None:
        """`NAME.onnx` and `NAME.engine`."""
        manifest, name = self.bundle.manifest, self.name
        graph = manifest.graphs[name]
        variant = graph.variants[self.precision]
        path = self.bundle.path(variant)
        check_external(path, variant)
        model = onnx.load(path, load_external_data=False)
        front, rest = split(model, path, graph.inputs)
        name_nodes(rest)
        alone = self.toolkit.device == "tensorrt"
        engine = build_engine(
            self.toolkit,
            rest,
            path,
            wanted_profiles(manifest, name, self.target),
            () if alone else [_pair(target) for target in self.target.targets],
            lambda phase, step, steps: progress(name, phase, step, steps),
            cancel,
            _timing_cache(self.target) if alone else None,
        )
        around = context_model(
            model,
            front,
            rest,
            ep_cache_context=f"{name}.engine",
            source=self.toolkit.source,
            # What a player finds out for its card (`runtime_cache`) is kept under this name.
            partition_name=f"{name}_{graph_hash[:16]}",
            hardware_architecture=",".join(t.replace(".", "") for t in self.target.targets),
            ep_sdk_version=self.toolkit.builder.split(" ")[-1],
            onnx_model_filename=path.name,
        )
        (folder / f"{name}.engine").write_bytes(engine)
        (folder / f"{name}.onnx").write_bytes(around.SerializeToString())


def _pair(target: str) -> tuple[int, int]:
    major, _, minor = target.partition(".")
    return int(major), int(minor)


def _timing_cache(target: Target) -> Path:
    """Where TensorRT keeps what it has timed on a card."""
    folder = platformdirs.user_cache_path("hearsight", appauthor=False) / "timing"
    folder.mkdir(parents=True, exist_ok=True)
    name = "-".join([target.builder, target.card, target.driver])
    return folder / f"{''.join(c if c.isalnum() or c in '.-' else '_' for c in name)}.cache"
