"""From a score and a seed to a sound: noise becomes a latent, the latent a sound, and of several
candidates the one most like the prompts is kept."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import noise
from .conditioner import Conditioner, Conditioning
from .decoder import decode, latent_shape
from .editing import Edit
from .finish import Kept
from .mixing import cosine
from .noise import Noise
from .request import Like, Request, Timing
from .sampler import Cancel, Progress, sample
from .tiling import Tiling

if TYPE_CHECKING:
    from .bundle import Bundle
    from .engine import Engine

__all__ = ["Candidate", "Candidates", "Score", "share"]

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Score:
    """What all variations of a resolved request have in common.

    guided: which rows of the table [rows, 7] are guided.
    """

    request: Request
    tiles: Tiling
    told: Conditioning
    edit: Edit | None
    kept: Kept | None
    table: NDArray[np.float64]
    guided: NDArray[np.bool_]


@dataclass(frozen=True)
class Candidate:
    """The sound that was kept, as it was decoded, and the seed of its noise.

    likeness: mean cosine to what was asked for, None where there was nothing to compare. timings:
    of all candidates together.
    """

    audio: Array
    seed: int
    likeness: float | None
    timings: tuple[Timing, ...]


class Candidates:
    """Plays scores on a bundle's graphs.

    Args:
        bundle: a generator.
        engine: of its graphs.
        listener: compares candidates by ear; None where a score never asks for several.
    """

    def __init__(self, bundle: Bundle, engine: Engine, listener: Conditioner | None) -> None:
        manifest = bundle.manifest
        assert manifest.audio and manifest.latent, "only generators get here"
        self._bundle = bundle
        self._engine = engine
        self._listener = listener
        self._rate = manifest.audio.sample_rate
        self._scale = manifest.latent.samples_per_frame

    def best(self, score: Score, seed: int, progress: Progress, cancel: Cancel) -> Candidate:
        """The candidate of a variation that is most like its prompts, or the only one.

        Args:
            score: what is played.
            seed: of the variation.
            progress: told of the stages `denoise` and `decode`, over all candidates.
            cancel: stops within one run of a graph.
        """
        request = score.request
        cold = [not self._engine.is_open(role) for role in ("denoise", "decode")]
        listener = self._listener if request.candidates > 1 else None
        first_heard = listener is not None and not listener.is_open("audio")
        spent = np.zeros(3)
        best: tuple[float, int, Array] | None = None
        for index in range(request.candidates):
            own = noise.item_seed(seed, "candidate", index) if index else seed
            told = share(progress, index, request.candidates)
            times = [perf_counter()]
            source = _noise_of(own, request.like)
            latent = self._denoise(score, source, told, cancel)
            times.append(perf_counter())
            audio = decode(self._bundle, self._engine, latent, score.tiles, source, cancel, told)
            times.append(perf_counter())
            likeness = self._likeness(audio, score, listener, cancel) if listener else 0.0
            times.append(perf_counter())
            spent += np.diff(times)
            if best is None or likeness > best[0]:
                best = likeness, own, audio
        assert best, "there is a candidate"
        likeness, own, audio = best
        timings = [
            Timing("denoise", float(spent[0]), cold[0]),
            Timing("decode", float(spent[1]), cold[1]),
            *([Timing("compare", float(spent[2]), first_heard)] if listener else []),
        ]
        return Candidate(audio, own, likeness if listener else None, tuple(timings))

    def _denoise(self, score: Score, source: Noise, progress: Progress, cancel: Cancel) -> Array:
        """The latent [1, ...latent] of one variation: one at a time, so that a batch of many
        cannot round differently from a batch of one."""
        shape, time_axis = latent_shape(self._bundle.manifest, score.tiles.frames)
        edit, table = score.edit, score.table
        guides = [score.told.guided if guided else score.told.plain for guided in score.guided]

        def noises(row: int) -> Array:
            return source.normal(noise.STEP + row, shape, time_axis)[None]

        left = len(table) * len(score.tiles.starts)

        def step(inputs: dict[str, Array]) -> tuple[Array, Array]:
            nonlocal left
            left -= 1
            if score.tiles.whole:
                return self._engine.step(inputs, cancel, last=not left)
            outputs = self._engine.run("denoise", inputs, cancel, rests=not left)
            return outputs["x_next"], outputs["d"]

        first = start = source.normal(noise.LATENT, shape, time_axis)[None]
        init = score.request.init
        if edit and init and init.strength is not None and init.strength < 1:
            first = edit.start(start, table[0])
        latent = sample(
            step,
            first,
            guides,
            table,
            noises,
            progress,
            cancel,
            tiling=score.tiles,
            time_axis=1 + time_axis,
            constrain=partial(edit.constrain, start) if edit else None,
        )
        latent = np.asarray(latent)  # it may have stayed on the device
        return edit.finished(latent) if edit else latent

    def _likeness(self, audio: Array, score: Score, listener: Conditioner, cancel: Cancel) -> float:
        """Mean cosine of what a conditioner hears in each window and what it was asked for; -inf
        for a sound of values that are not numbers."""
        assert score.told.target is not None, "candidates are made for prompts"
        mono = audio if audio.ndim == 1 else audio.mean(axis=1, dtype=np.float32)
        assert score.request.seconds is not None, "the request is resolved"
        end = len(mono) if score.tiles.round else round(score.request.seconds * self._rate)
        found: list[float] = []
        for window, wanted in zip(score.tiles.windows(self._scale), score.told.target, strict=True):
            piece = mono[window.frames[window.frames < end]]
            found.append(cosine(listener.hear(piece, self._rate, cancel), wanted))
        mean = float(np.mean(found))
        return mean if math.isfinite(mean) else -math.inf


def share(progress: Progress, index: int, parts: int) -> Progress:
    """Progress of one part, as a part of so many alike."""

    def report(stage: str, step: int, total: int) -> None:
        progress(stage, index * total + step, parts * total)

    return report


def _noise_of(seed: int, like: Like | None) -> Noise:
    return Noise(seed, _noise_of(like.seed, like.like), like.spread) if like else Noise(seed)
