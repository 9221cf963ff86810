"""A set of sounds measured against what was asked for, and against real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from .cases import Case
from .errors import RequestError
from .hearing import Ear, Listener
from .metrics import divergences, frechet_distance, inception_score, is_exclusive
from .mixing import cosine
from .sampler import Cancel, Progress

__all__ = ["Evaluation", "Measure", "evaluate"]

_NAMES = {"text": "clap_score"}  # what the field calls the cosine of sound and text


@dataclass(frozen=True)
class Measure:
    """One number.

    name: `fad` (Fréchet distance), `inception_score`, `kl` (mean of the pairs), `clap_score` (mean
    cosine with the text), `image_cosine` and so on, `reference_cosine`. sounds: that were
    measured; references: that they were compared with, where these are a set. by: the network
    that heard. deviation: over the splits of an inception score. notes: what limits it.
    """

    name: str
    value: float
    sounds: int
    by: str
    references: int | None = None
    deviation: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evaluation:
    """What was measured, of all sounds and of each: `items` hold `file`, its own numbers, and as
    `class` the likeliest one, where the classes have names."""

    measures: tuple[Measure, ...]
    items: tuple[dict[str, Any], ...]


def evaluate(
    cases: Sequence[Case],
    references: Sequence[Path],
    ear: Ear | None,
    listener: Listener | None,
    *,
    splits: int = 1,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Evaluation:
    """Measure what can be measured.

    Args:
        cases: the sounds.
        references: real sounds, as a set; those of the cases where it is empty.
        ear: for distances and cosines; None leaves them out.
        listener: for inception score and divergences; None leaves them out.
        splits: of the inception score.
        progress: told of the stages `embed` and `classify`, of so many files each.
        cancel: stops within one run of a graph.

    Raises:
        MediaError: a file cannot be read.
        RequestError: nothing can be measured of these.
        Cancelled: `cancel` was used.
    """
    work = _Work(ear, listener, progress or _silent, cancel or Cancel())
    paired = [case.reference for case in cases if case.reference]
    real = list(references) or paired
    work.total = len({case.file for case in cases} | {*real, *paired})
    items: list[dict[str, Any]] = [{"file": str(case.file)} for case in cases]
    measures: list[Measure] = []
    if ear:
        measures += _distance(cases, real, work, ear)
        measures += _likeness(cases, items, work, ear)
    if listener:
        measures += _classes(cases, items, work, listener, splits)
    if not measures:
        raise RequestError(
            "There is nothing to compare these sounds with: give real ones with --reference, "
            "classes with --classes or --classifier, or prompts in a table."
        )
    return Evaluation(tuple(measures), tuple(items))


@dataclass
class _Work:
    """What was heard so far: every file is heard once by each network."""

    ear: Ear | None
    listener: Listener | None
    progress: Progress
    cancel: Cancel
    total: int = 0
    vectors: dict[Path, NDArray[np.float32]] = field(default_factory=dict)
    shares: dict[Path, NDArray[np.float32]] = field(default_factory=dict)

    def embedded(self, files: Iterable[Path]) -> NDArray[np.float32]:
        ear = self.ear
        assert ear, "asked for with an ear"
        return self._each(
            "embed",
            files,
            self.vectors,
            lambda file: ear.embedding("audio", str(file), self.cancel),
        )

    def classified(self, files: Iterable[Path]) -> NDArray[np.float32]:
        listener = self.listener
        assert listener, "asked for with a listener"
        return self._each(
            "classify",
            files,
            self.shares,
            lambda file: listener.probabilities(file, self.cancel),
        )

    def _each(
        self,
        stage: str,
        files: Iterable[Path],
        known: dict[Path, NDArray[np.float32]],
        hear: Callable[[Path], NDArray[np.float32]],
    ) -> NDArray[np.float32]:
        rows: list[NDArray[np.float32]] = []
        for file in files:
            if file not in known:
                self.cancel.raise_if()
                self.progress(stage, len(known), self.total)
                known[file] = hear(file)
                self.progress(stage, len(known), self.total)
            rows.append(known[file])
        return np.stack(rows)


def _distance(cases: Sequence[Case], real: Sequence[Path], work: _Work, ear: Ear) -> list[Measure]:
    if not real:
        return []
    made, wanted = work.embedded(case.file for case in cases), work.embedded(real)
    least, width = min(len(made), len(wanted)), made.shape[1]
    few = f"{least} sounds for {width} dimensions: the distance comes out too large."
    return [
        Measure(
            "fad",
            frechet_distance(made, wanted),
            len(made),
            ear.by,
            len(wanted),
            notes=(few,) if least <= width else (),
        )
    ]


def _likeness(
    cases: Sequence[Case], items: list[dict[str, Any]], work: _Work, ear: Ear
) -> list[Measure]:
    """Cosines of each sound with its prompts of each kind, and with its reference."""
    every: dict[str, list[float]] = {}
    for case, item in zip(cases, items, strict=True):
        near: dict[str, list[float]] = {}
        for prompt in case.prompts:
            if prompt.blank or prompt.weight < 0 or prompt.modality not in ear.understands:
                continue
            [heard] = work.embedded([case.file])
            said = ear.embedding(prompt.modality, prompt.value, work.cancel)
            name = _NAMES.get(prompt.modality, f"{prompt.modality}_cosine")
            near.setdefault(name, []).append(cosine(heard, said))
        if case.reference:
            near["reference_cosine"] = [cosine(*work.embedded([case.file, case.reference]))]
        for name, values in near.items():
            item[name] = float(np.mean(values))
            every.setdefault(name, []).append(item[name])
    return [
        Measure(name, float(np.mean(values)), len(values), ear.by) for name, values in every.items()
    ]


def _classes(
    cases: Sequence[Case],
    items: list[dict[str, Any]],
    work: _Work,
    listener: Listener,
    splits: int,
) -> list[Measure]:
    heard = work.classified(case.file for case in cases)
    independent = () if is_exclusive(heard) else ("The classes are independent of each other.",)
    score = inception_score(heard, splits)
    measures = [
        Measure(
            "inception_score",
            score.mean,
            len(heard),
            listener.by,
            deviation=score.deviation if splits > 1 else None,
            notes=independent,
        )
    ]
    for item, shares in zip(items, heard, strict=True):
        if listener.names:
            item["class"] = listener.names[int(shares.argmax())]
    pairs = [i for i, case in enumerate(cases) if case.reference]
    if pairs:
        real = work.classified(cast(Path, cases[i].reference) for i in pairs)
        apart = divergences(heard[pairs], real)
        for i, value in zip(pairs, apart, strict=True):
            items[i]["kl"] = float(value)
        mean = float(np.mean(apart))
        measures.append(Measure("kl", mean, len(pairs), listener.by, notes=independent))
    return measures


def _silent(stage: str, step: int, total: int) -> None:
    pass
