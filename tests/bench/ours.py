"""Hearsight as a contender, through its own engine and generator."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
from playing import GRAPHS, PROMPT, SEED, Array, Case, Job, Row, Setting, Sound, prediction

__all__ = [
    "Hearsight", "HearsightBf16", "HearsightCuda", "HearsightPrepared", "HearsightRecorded",
]  # fmt: skip


class Hearsight:
    """Hearsight, through its own engine and generator."""

    how: Mapping[str, Any] = {"device": "cpu", "precision": "fp32"}

    def __init__(self, job: Job) -> None:
        from hearsight.bundle import open_bundle

        self._job = job
        self._how = {"threads": job.threads, **self.how}
        self._bundle = open_bundle(job.bundle)
        self._engine: Any = None
        self._generator: Any = None

    def unet(self, case: Case) -> Array:
        from hearsight.sampler import Cancel

        return np.asarray(self._parts().step(prediction(case), Cancel(), last=False)[0])

    def decode(self, case: Case) -> Array:
        from hearsight.decoder import decode, tile
        from hearsight.noise import Noise
        from hearsight.sampler import Cancel

        tiles = tile(self._bundle.manifest, self._job.seconds)
        return decode(self._bundle, self._parts(), case.latent, tiles, Noise(SEED), Cancel())

    def sound(self, setting: Setting, row: Row) -> Sound:
        import hearsight

        if self._generator is None:
            self._generator = self._load()
        request = hearsight.text(
            PROMPT,
            seconds=self._job.seconds,
            seed=SEED,
            solver=setting.solver,
            steps=setting.steps,
            eta=setting.eta if setting.solver == "ddim" else None,
            guidance=setting.guidance,
            candidates=setting.candidates,
        )
        graph = _GraphTime()

        def progress(stage: str, done: int, total: int) -> None:
            if stage != "denoise":
                return
            # Told once before the rows of every candidate, and once after each row.
            graph.listening ^= done % (total // setting.candidates) == 0
            if done:
                row()

        start = time.perf_counter()
        with graph:
            [take] = self._generator.generate(request, progress=progress)
        seconds = time.perf_counter() - start
        loop = sum(part.seconds for part in take.timings if part.stage == "denoise")
        rows = take.plan.steps * setting.candidates
        return Sound(seconds, loop, rows, graph.seconds or None)

    def ran_in(self, part: str) -> str | None:
        return self._parts().precision_of(GRAPHS[part])

    def _load(self) -> Any:
        import hearsight

        return hearsight.load(self._job.bundle, **self._how)

    def _parts(self) -> Any:
        from hearsight.engine import Engine

        if self._engine is None:
            self._engine = Engine(self._bundle, **self._how)
        return self._engine


class HearsightPrepared(Hearsight):
    """The same, its graphs rearranged for this processor before the first sound and kept."""

    how: Mapping[str, Any] = {**Hearsight.how, "prepare": "first"}


class HearsightBf16(Hearsight):
    """Hearsight in bfloat16, which OpenVINO runs for it."""

    how: Mapping[str, Any] = {"device": "openvino", "precision": "bf16"}


class HearsightCuda(Hearsight):
    """Hearsight on a GPU."""

    how: Mapping[str, Any] = {"device": "cuda", "precision": "fp16"}


class HearsightRecorded(HearsightCuda):
    """The same, the UNet's run recorded as a CUDA graph and replayed: never so by itself."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        graph = self._bundle.manifest.graphs[GRAPHS["unet"]]
        _record({str(self._bundle.path(variant)) for variant in graph.variants.values()})


def _record(files: Collection[str]) -> None:
    """Have ONNX Runtime record the runs of these files, for the rest of this process."""
    from onnxruntime import InferenceSession

    begin = InferenceSession.__init__

    def begun(session: Any, path: Any, options: Any, *, providers: Any, **more: Any) -> None:
        if path in files:
            (name, settings), *behind = providers
            providers = [(name, {**settings, "enable_cuda_graph": "1"}), *behind]
        begin(session, path, options, providers=providers, **more)

    InferenceSession.__init__ = begun


class _GraphTime:
    """Seconds within ONNX Runtime's sessions while it listens: its `run` is watched."""

    _WAYS = ("run", "run_with_iobinding", "run_with_ort_values")

    def __init__(self) -> None:
        self.seconds = 0.0
        self.listening = False

    def __enter__(self) -> _GraphTime:
        from onnxruntime import InferenceSession

        self._own = {way: getattr(InferenceSession, way) for way in self._WAYS}
        for way, call in self._own.items():
            setattr(InferenceSession, way, self._timed(call))
        return self

    def __exit__(self, *_: object) -> None:
        from onnxruntime import InferenceSession

        for way, call in self._own.items():
            setattr(InferenceSession, way, call)

    def _timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return call(*arguments, **named)
            finally:
                self.seconds += (time.perf_counter() - start) * self.listening

        return timed
