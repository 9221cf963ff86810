"""The whole chain: a request goes in, prompts are encoded, noise is denoised, takes come out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from . import noise, schedule
from .budget import Budget
from .candidates import Candidates, Score, share
from .conditioner import Conditioner, condition
from .decoder import tile
from .editing import begin, kept_part
from .errors import BundleError, RequestError
from .finish import finish
from .groups import groups
from .judging import check_judge, check_judged, wanted_by
from .limits import resolve
from .request import Modality, Plan, Request, Take, Timing
from .sampler import Cancel, Progress
from .tiling import Tiling

if TYPE_CHECKING:
    from .bundle import Bundle
    from .engine import Engine, Prepare
    from .precision import RunPrecision

__all__ = ["Generator", "load"]

Table = NDArray[np.float64]
T = TypeVar("T")
_NOTICED = 0.05  # seconds: what takes less was not prepared


def load(
    name_or_path: str | Path,
    *,
    device: str = "auto",
    precision: RunPrecision | None = None,
    threads: int | None = None,
    conditioners: Sequence[str | Path] = (),
    judge: str | Path | None = None,
    prepare: Prepare | None = None,
    memory: int | None = None,
) -> Generator:
    """Make a generator bundle ready to play.

    Args:
        name_or_path: a bundle's name on the search path, or its folder.
        device: a word of `device.DEVICES`; `auto` takes the best that works and says why in the
            plan.
        precision: of the generator; None takes what suits the device.
        threads: of the CPU; None uses every core.
        conditioners: bundles of the same space that understand prompts, asked before the
            generator's own.
        judge: a bundle of any space that understands sounds and the prompts, to choose among
            candidates; None lets the first conditioner that hears do it.
        prepare: when graphs are compiled for the device; see `Engine`.
        memory: bytes that the weights of open graphs may take together; those used longest ago
            are closed for others, and opened again when needed. None keeps all open.

    Raises:
        BundleError: a bundle is missing or damaged, makes no sound, is of another space, or
            cannot judge.
        DeviceError: a device or precision that was asked for cannot be had.
    """
    from .bundle import open_bundle
    from .engine import Engine

    start = perf_counter()
    budget = Budget(memory)
    with ExitStack() as stack:
        bundle = open_bundle(name_or_path)
        if bundle.manifest.kind == "classifier":
            raise BundleError(f"{bundle.root}: this bundle tells sounds apart and makes none.")
        if not bundle.manifest.makes_sound:
            raise BundleError(
                f"{bundle.root}: this bundle understands prompts and makes no sound; load a "
                f"generator of space {bundle.manifest.space.name!r} and name it as a conditioner."
            )
        engine = stack.enter_context(
            Engine(
                bundle,
                device=device,
                precision=precision,
                threads=threads,
                prepare=prepare,
                budget=budget,
            )
        )

        def player(other: Bundle) -> Conditioner:
            hearing = Engine(other, device=device, threads=threads, prepare=prepare, budget=budget)
            return Conditioner(other, stack.enter_context(hearing))

        players: list[Conditioner] = []
        for name in conditioners:
            other = open_bundle(name)
            _same_space(bundle, other)
            players.append(player(other))
        players.append(Conditioner(bundle, engine))
        ear = None
        if judge is not None:
            ear = player(open_bundle(judge))
            check_judge(ear.manifest)
        loading = Timing("load", perf_counter() - start, cold=True)
        return Generator(bundle, engine, players, loading, stack.pop_all(), ear)


class Generator:
    """A loaded bundle that turns requests into takes; made by `load`.

    Use it from one thread at a time; a `Cancel` may come from any. After an error or a
    cancelled request it is as good as new. Same request, seed, bundle, provider and machine: the
    same samples, bit for bit, whichever other variations are made along.
    """

    def __init__(
        self,
        bundle: Bundle,
        engine: Engine,
        conditioners: Sequence[Conditioner],
        loading: Timing,
        resources: ExitStack,
        judge: Conditioner | None = None,
    ) -> None:
        manifest = bundle.manifest
        assert manifest.audio and manifest.schedule and manifest.latent, "only generators get here"
        self.bundle = bundle
        self._engine = engine
        self._conditioners = conditioners
        self._audio = manifest.audio
        self._schedule = manifest.schedule
        self._latent = manifest.latent
        listeners = (player for player in conditioners if "audio" in player.understands)
        self._judge = judge
        self._listener = judge or next(listeners, None)
        self._candidates = Candidates(bundle, engine, self._listener)
        self._loading: Timing | None = loading
        self._resources = resources
        self._empty = None if manifest.space.empty is None else bundle.tensor(manifest.space.empty)

    @property
    def understands(self) -> tuple[Modality, ...]:
        """Kinds of prompt that this generator takes, with its conditioners."""
        known: dict[Modality, None] = {}
        for player in self._conditioners:
            known |= dict.fromkeys(player.understands)
        return tuple(known)

    @property
    def preparing(self) -> str:
        """What has to be compiled before the first sound, or is being compiled while sounds are
        made, in a sentence; or nothing."""
        return self._engine.preparing

    def generate(
        self, request: Request, *, progress: Progress | None = None, cancel: Cancel | None = None
    ) -> list[Take]:
        """Every variation of a request; see `stream`."""
        return list(self.stream(request, progress=progress, cancel=cancel))

    def stream(
        self, request: Request, *, progress: Progress | None = None, cancel: Cancel | None = None
    ) -> Iterator[Take]:
        """Each variation of a request as soon as it is ready.

        Args:
            request: checked before this returns.
            progress: called with (stage, steps done, steps) in the stages `load`, `prepare` if
                graphs are compiled first, `encode`, `denoise`, `decode` and `finish`; the last
                three count over all variations.
            cancel: stops within one run of a graph.

        Raises:
            RequestError: the request asks for what cannot be done.
            MediaError: an input file cannot be read (when the first take is asked for).
            DeviceError: memory does not suffice.
            HearsightError: the model gave values that are not numbers.
            Cancelled: `cancel` was used.
        """
        asked = resolve(request, self.bundle.manifest)
        if asked.candidates > 1 and not self._listener:
            raise RequestError(
                "Candidates are compared by ear, and no loaded bundle understands audio prompts; "
                "load a conditioner of the same space that does, or leave candidates at 1."
            )
        if asked.candidates > 1 and self._judge:
            check_judged(asked, self._judge.manifest)
        groups(asked, [player.manifest for player in self._conditioners])
        strength = 1.0 if asked.init is None else _given(asked.init.strength)
        table = schedule.rows(
            self._schedule, _given(asked.solver), _given(asked.steps), _given(asked.eta), strength
        )
        return self._takes(asked, table, progress or _silent, cancel or Cancel())

    def close(self) -> None:
        """Free the graphs and their memory."""
        self._resources.close()

    def __enter__(self) -> Generator:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _takes(
        self, request: Request, table: Table, progress: Progress, cancel: Cancel
    ) -> Iterator[Take]:
        timings = [self._loading] if self._loading else []
        self._loading = None
        progress("load", 1, 1)
        cancel.raise_if()
        start = perf_counter()
        judge = self._judge if request.candidates > 1 else None
        for player in (self._engine, *self._conditioners, *([judge] if judge else [])):
            player.prepare(progress, cancel)
        if (spent := perf_counter() - start) > _NOTICED:
            timings.append(Timing("prepare", spent, True))
        start = perf_counter()
        cold = request.init is not None and not self._engine.is_open("encode")
        tiles = tile(self.bundle.manifest, _given(request.seconds), loop=request.loop)
        spans = self._spans(tiles)
        told = condition(request, self._conditioners, self._empty, progress, cancel, spans)
        if judge:
            told = replace(told, target=wanted_by(judge, request, cancel, spans))
        edit = begin(request, self.bundle, self._engine, tiles, cancel)
        timings.append(Timing("encode", perf_counter() - start, told.cold or cold))
        guided = self._guided(request, table)
        score = Score(request, tiles, told, edit, kept_part(request), table, guided)
        for index in range(request.variations):
            single = replace(request, variations=1, first_variation=request.first_variation + index)
            part = share(progress, index, request.variations)
            yield self._take(single, score, timings, part, cancel)
            timings = []

    def _spans(self, tiles: Tiling) -> tuple[tuple[float, float] | None, ...]:
        """The part in seconds that each window covers; a window that is all there is has none."""
        if len(tiles.starts) == 1:
            return (None,)
        second = self._audio.sample_rate / self._latent.samples_per_frame
        return tuple((start / second, (start + tiles.size) / second) for start in tiles.starts)

    def _take(
        self,
        request: Request,
        score: Score,
        before: Sequence[Timing],
        progress: Progress,
        cancel: Cancel,
    ) -> Take:
        seed = noise.item_seed(_given(request.seed), request.id, request.first_variation)
        best = self._candidates.best(score, seed, progress, cancel)
        start = perf_counter()
        cancel.raise_if()
        audio = best.audio / np.float32(score.edit.gain) if score.edit else best.audio
        done = finish(
            audio,
            self._audio.sample_rate,
            request.finish,
            _given(request.seconds),
            loop=request.loop,
            kept=score.kept,
        )
        progress("finish", 1, 1)
        finishing = Timing("finish", perf_counter() - start, False)
        return Take(
            audio=done.audio,
            sample_rate=done.sample_rate,
            request=request,
            variation=request.first_variation,
            plan=self._plan(request, len(score.table)),
            timings=(*before, *best.timings, finishing),
            gain_db=done.gain_db,
            notes=(*score.told.notes, *_unguided(score), *self._losses(), *done.notes),
            loop=done.loop,
            item_seed=best.seed,
            similarity=best.likeness,
            sources=score.told.sources,
        )

    def _guided(self, request: Request, table: Table) -> NDArray[np.bool_]:
        """Which rows of the table are guided: those whose noise lies in the interval."""
        first, last = _given(request.guidance_interval)
        done = 1 - table[:, 0] / self._schedule.train_steps
        return (done >= first) & (done <= last)

    def _losses(self) -> tuple[str, ...]:
        """What a precision that was asked for costs, in sentences."""
        precision = self._engine.precision
        if precision not in ("bf16", "int8"):
            return ()
        told = ", ".join(
            f"{name} {snr_db:.0f} dB below its output"
            for name, snr_db in self._engine.losses.items()
        )
        loss = f"with an error of {told}" if told else "and nothing tells with what loss"
        notes = [f"Computed in {precision}, {loss}."]
        if exact := ", ".join(self._engine.exact):
            notes.append(f"{precision} is too coarse for {exact}, computed in fp32 instead.")
        return tuple(notes)

    def _plan(self, request: Request, steps: int) -> Plan:
        return Plan(
            bundle=self.bundle.manifest.name,
            bundle_sha256=self.bundle.sha256,
            provider=self._engine.provider_of("denoise"),
            precision=self._engine.precision_of("denoise"),
            solver=_given(request.solver),
            steps=steps,
            guidance=_given(request.guidance),
            why=self._engine.why,
        )


def _unguided(score: Score) -> tuple[str, ...]:
    """That guidance was asked for and no row had it, in a sentence."""
    request = score.request
    if score.guided.any() or request.guidance == 1:
        return ()
    first, last = _given(request.guidance_interval)
    return (
        f"Guidance had no effect: none of the {len(score.table)} steps lies in the guidance "
        f"interval {first:g}:{last:g}; widen it, or make more steps.",
    )


def _same_space(generator: Bundle, other: Bundle) -> None:
    here, there = generator.manifest.space, other.manifest.space
    if (here.name, here.shape) != (there.name, there.shape):
        raise BundleError(
            f"{other.root}: this conditioner speaks {there.name!r} {list(there.shape)}, and the "
            f"generator {generator.manifest.name!r} listens to {here.name!r} {list(here.shape)}; "
            "load a conditioner of that space."
        )


def _given(value: T | None) -> T:
    """What a resolved request has."""
    assert value is not None, "the request is resolved"
    return value


def _silent(stage: str, step: int, total: int) -> None:
    pass
