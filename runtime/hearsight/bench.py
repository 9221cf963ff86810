"""How fast a bundle plays here: stages over warm runs, and each graph against the machine."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .arithmetic import count_flop, matrix_flop_per_second
from .decoder import tile
from .engine import Engine
from .machine import peak_memory
from .manifest import Dim, Manifest, TensorSpec
from .request import Request, Take
from .roles import role_of

if TYPE_CHECKING:
    from .bundle import Bundle
    from .precision import RunPrecision
    from .sampler import Cancel

__all__ = ["Bench", "GraphTime", "StageTime", "measure"]


@dataclass(frozen=True)
class StageTime:
    """Seconds of a stage: the first time in this process, and the median of the warm runs."""

    stage: str
    cold: float
    warm: float | None


@dataclass(frozen=True)
class GraphTime:
    """One warm run of a graph, the median.

    gflop: multiplications and additions of its convolutions, matrix products and attention, in
    thousand millions. share: its speed over that of the matrix product.
    """

    graph: str
    precision: str
    seconds: float
    gflop: float
    gflop_per_second: float
    share: float


@dataclass(frozen=True)
class Bench:
    """A bundle's speed on this machine.

    seconds: length of the sound. first: seconds to the first sound, loading included; warm: of
    the median warm run. real_time_factor: seconds of work per second of sound, warm.
    matrix_gflop_per_second: of a float32 matrix product run by the same engine and threads.
    """

    bundle: str
    provider: str
    precision: str
    threads: int | None
    seconds: float
    steps: int
    runs: int
    first: float
    warm: float
    real_time_factor: float
    peak_memory: int | None
    matrix_gflop_per_second: float
    stages: tuple[StageTime, ...]
    graphs: tuple[GraphTime, ...]


def measure(
    bundle: Bundle,
    request: Request,
    *,
    runs: int,
    device: str,
    precision: RunPrecision | None,
    threads: int | None,
    cancel: Cancel,
) -> Bench:
    """Make the first variation once cold and `runs` times warm, then time every graph on its own.

    Raises:
        HearsightError: as loading and generating do.
    """
    from .generator import load

    request = replace(request, variations=1)
    start = time.perf_counter()
    with load(bundle.root, device=device, precision=precision, threads=threads) as generator:
        [first] = generator.generate(request, cancel=cancel)
        first_seconds = time.perf_counter() - start
        warm: list[Take] = []
        totals: list[float] = []
        for _ in range(runs):
            start = time.perf_counter()
            warm += generator.generate(request, cancel=cancel)
            totals.append(time.perf_counter() - start)
    peak = peak_memory()
    with Engine(bundle, device=device, precision=precision, threads=threads) as engine:
        engine.prepare(lambda stage, step, total: None, cancel)
        matrix = matrix_flop_per_second(engine.choice, threads)
        graphs = tuple(
            _time(engine, bundle, name, first.seconds, runs, matrix, cancel)
            for name, graph in bundle.manifest.graphs.items()
            if role_of(name, graph) != "tokenize"
        )
    return Bench(
        bundle=bundle.manifest.name,
        provider=first.plan.provider,
        precision=first.plan.precision,
        threads=threads,
        seconds=first.seconds,
        steps=first.plan.steps,
        runs=runs,
        first=first_seconds,
        warm=median(totals),
        real_time_factor=median(totals) / first.seconds,
        peak_memory=peak,
        matrix_gflop_per_second=matrix / 1e9,
        stages=_stages(first, warm),
        graphs=graphs,
    )


def _stages(first: Take, warm: list[Take]) -> tuple[StageTime, ...]:
    times: dict[str, list[float]] = {}
    for take in warm:
        for timing in take.timings:
            times.setdefault(timing.stage, []).append(timing.seconds)
    return tuple(
        StageTime(
            cold.stage, cold.seconds, median(times[cold.stage]) if cold.stage in times else None
        )
        for cold in first.timings
    )


def _time(
    engine: Engine,
    bundle: Bundle,
    name: str,
    seconds: float,
    runs: int,
    matrix: float,
    cancel: Cancel,
) -> GraphTime:
    graph = bundle.manifest.graphs[name]
    sizes = _sizes(bundle.manifest, role_of(name, graph), seconds)
    inputs = {spec.name: _example(spec, sizes) for spec in graph.inputs}
    times: list[float] = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        engine.run(name, inputs, cancel, rests=not graph.hot)
        times.append(time.perf_counter() - start)
    took = median(times[1:])
    flop = count_flop(bundle.path(graph.variants["fp32"]), inputs)
    return GraphTime(
        graph=name,
        precision=engine.precision_of(name),
        seconds=took,
        gflop=flop / 1e9,
        gflop_per_second=flop / 1e9 / took,
        share=flop / took / matrix,
    )


def _sizes(manifest: Manifest, role: str, seconds: float) -> dict[str, int]:
    """What the symbols of shapes stand for when one guided sound of `seconds` is made."""
    frames = tile(manifest, seconds).size
    heard = manifest.conditioners.audio
    seen = manifest.conditioners.video
    assert manifest.audio, "only generators make sound"
    sizes = {"B": 1, "G": 2, "GB": 2, "T": frames, "H": 480, "W": 640, "L": 16}
    sizes["N"] = seen.max_frames if seen else 1
    sizes["S"] = (
        round(heard.sample_rate * heard.seconds)
        if heard and role == "audio"
        else round(seconds * manifest.audio.sample_rate)
    )
    return sizes


def _example(spec: TensorSpec, sizes: dict[str, int]) -> NDArray[Any]:
    """Ordinary values for an input: ones for tokens and masks, noise for everything else."""
    shape = [_size(dim, sizes) for dim in spec.shape]
    if spec.name == "row":
        return np.array([500, 0.7, 0.7, 0.5, 0.5, 0, 0], np.float32)
    if spec.dtype == "uint8":
        return np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    if spec.dtype != "float32":
        return np.ones(shape, spec.dtype)
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def _size(dim: Dim, sizes: dict[str, int]) -> int:
    if isinstance(dim, int):
        return dim
    return sizes[dim] if dim in sizes else int(dim[:-1]) * sizes["T"]
