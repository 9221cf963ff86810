"""A set of sounds measured against what was asked for, and against real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from .errors import HearsightError, RequestError
from .hearing import Ear, Listener
from .metrics import divergences, frechet_distance, inception_score, is_exclusive
from .mixing import cosine
from .request import Modality, Prompt, request_from_json
from .sampler import Cancel, Progress
from .tables import Kind, read_table
from .wav import read_request

__all__ = ["Case", "Evaluation", "Measure", "cases_in_folder", "cases_in_table", "evaluate"]

_SOUNDS = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".w64", ".caf")
_COLUMNS: dict[str, Modality] = {
    "prompt": "text",
    "text": "text",
    "caption": "text",
    "image": "image",
    "video": "video",
    "audio": "audio",
}
_FILES = ("file", "path")
_NAMES = {"text": "clap_score"}  # what the field calls the cosine of sound and text


@dataclass(frozen=True)
class Case:
    """One sound, what it was made from, and the real one that goes with it, if there is one."""

    file: Path
    prompts: tuple[Prompt, ...] = ()
    reference: Path | None = None


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
    """What was measured, of all sounds and of each: `items` hold `file` and its own numbers."""

    measures: tuple[Measure, ...]
    items: tuple[dict[str, Any], ...]


def cases_in_folder(folder: Path) -> list[Case]:
    """Every sound in a folder and below, with the prompts that the file itself tells.

    Raises:
        RequestError: there are none.
    """
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _SOUNDS and p.is_file())
    if not files:
        raise RequestError(f"{folder} holds no sounds; known are {', '.join(_SOUNDS)}.")
    return [Case(file, _told(file)) for file in files]


def cases_in_table(text: str, kind: Kind, folder: Path, where: str) -> list[Case]:
    """The sounds that the rows of a table name.

    Columns: `file` (or `path`), `reference`, and prompts as `prompt`, `image`, `video` and
    `audio`; others are passed over, and so are rows without a file, as the ledger of `batch` has
    them. Relative paths are taken from `folder`. A row without prompts takes those that its file
    tells.

    Raises:
        RequestError: names the line that cannot be used.
    """
    cases: list[Case] = []
    _, rows = read_table(text, kind, where)
    for line, row in rows:
        if isinstance(row, RequestError):
            raise RequestError(f"{where}, line {line}: {row}")
        named = next((row[key] for key in _FILES if key in row), None)
        if named is None:
            continue
        for column in (*_FILES, "reference", *_COLUMNS):
            if not isinstance(row.get(column, ""), str):
                raise RequestError(f"{where}, line {line}: {column} must be text.")
        file = folder / named
        reference = folder / row["reference"] if row.get("reference") else None
        prompts = tuple(
            Prompt(modality, row[column] if modality == "text" else str(folder / row[column]))
            for column, modality in _COLUMNS.items()
            if row.get(column)
        )
        cases.append(Case(file, prompts or _told(file), reference))
    if not cases:
        raise RequestError(f"{where} names no sounds; give them in a column file.")
    return cases


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
        progress: told of the stage `listen`.
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
            files, self.vectors, lambda file: ear.embedding("audio", str(file), self.cancel)
        )

    def classified(self, files: Iterable[Path]) -> NDArray[np.float32]:
        listener = self.listener
        assert listener, "asked for with a listener"
        return self._each(
            files, self.shares, lambda file: listener.probabilities(file, self.cancel)
        )

    def _each(
        self,
        files: Iterable[Path],
        known: dict[Path, NDArray[np.float32]],
        hear: Callable[[Path], NDArray[np.float32]],
    ) -> NDArray[np.float32]:
        rows: list[NDArray[np.float32]] = []
        for file in files:
            if file not in known:
                self.cancel.raise_if()
                self.progress("listen", len(known), self.total)
                known[file] = hear(file)
                self.progress("listen", len(known), self.total)
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
    found: dict[str, list[float]] = {}
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
            found.setdefault(name, []).append(item[name])
    return [
        Measure(name, float(np.mean(values)), len(values), ear.by) for name, values in found.items()
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
    pairs = [i for i, case in enumerate(cases) if case.reference]
    if pairs:
        real = work.classified(cast(Path, cases[i].reference) for i in pairs)
        apart = divergences(heard[pairs], real)
        for i, value in zip(pairs, apart, strict=True):
            items[i]["kl"] = float(value)
        mean = float(np.mean(apart))
        measures.append(Measure("kl", mean, len(pairs), listener.by, notes=independent))
    return measures


def _told(file: Path) -> tuple[Prompt, ...]:
    """The prompts that a sound of our own carries; none for any other."""
    try:
        return request_from_json(read_request(file)).prompts
    except HearsightError:
        return ()


def _silent(stage: str, step: int, total: int) -> None:
    pass
