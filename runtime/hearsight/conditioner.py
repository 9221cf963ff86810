"""Prompts become conditions: whatever a bundle understands meets in its space."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from . import words
from .chains import chains
from .encoder import Encoder, fitted
from .errors import RequestError
from .groups import Group, groups, spoken
from .join import How
from .mixing import average, branches, mean
from .parts import Span
from .request import Heard, Modality, Prompt, Request
from .sampler import Cancel, Guide, Progress

if TYPE_CHECKING:
    from .bundle import Bundle
    from .engine import Engine
    from .manifest import Manifest

__all__ = ["Conditioner", "Conditioning", "Told", "condition"]

Array = NDArray[np.float32]
Branches = tuple[Array, Array]  # conditions [G, ...space] and what each counts [G]


@dataclass(frozen=True)
class Conditioning:
    """What the denoiser is told, with guidance and without.

    target: what each window should sound like [W, ...space], None without a prompt. notes:
    remarks for the user. cold: whether a graph had to be opened for it. sources: what was found
    in pictures.
    """

    guided: Guide
    plain: Guide
    target: Array | None
    notes: tuple[str, ...]
    cold: bool
    sources: tuple[Heard, ...] = ()


@dataclass(frozen=True)
class Told:
    """What prompts became: a condition [...space] for each span, and what was found in pictures."""

    conditions: list[Array]
    sources: tuple[Heard, ...] = ()


class Conditioner:
    """A bundle that understands prompts, with its engine."""

    def __init__(self, bundle: Bundle, engine: Engine) -> None:
        self._bundle = bundle
        self._engine = engine
        self._words: frozenset[str] | None = None

    @property
    def manifest(self) -> Manifest:
        """Of the bundle."""
        return self._bundle.manifest

    @property
    def understands(self) -> tuple[Modality, ...]:
        """Kinds of prompt that this bundle takes."""
        return tuple(chains(self.manifest.conditioners))

    def prepare(self, progress: Progress, cancel: Cancel) -> None:
        """Have the bundle's graphs compiled; see `Engine.prepare`."""
        self._engine.prepare(progress, cancel)

    def is_open(self, modality: Modality) -> bool:
        """Whether the graphs for this kind of prompt have run before."""
        return all(self._engine.is_open(graph) for graph in self._graphs(modality))

    def condition(
        self,
        modality: Modality,
        value: str,
        cancel: Cancel,
        spans: Sequence[Span | None] = (None,),
    ) -> list[Array]:
        """The conditions [...space] for a text, or for the file at a path, one for each span, as
        of `tell` with seed 0."""
        return self.tell({0: Prompt(modality, value)}, How(), cancel, spans).conditions

    def tell(
        self,
        prompts: Mapping[int, Prompt],
        how: How,
        cancel: Cancel,
        spans: Sequence[Span | None] = (None,),
        watched: Callable[[int, int], None] | None = None,
    ) -> Told:
        """What a prompt becomes, or what several become that meet in the bundle's join.

        Args:
            prompts: by their places in the request; of several, every chain ends in the join.
            how: what else decides the condition.
            cancel: stops within one run of a graph.
            spans: the parts of a video in seconds that are looked at, None the bundle's own
                choice; for everything else all conditions are the same.
            watched: told how many looks at a video are done, and of how many.

        Raises:
            MediaError: a file cannot be read as what it is said to be.
            RequestError: there are too many sources, or weights that cannot be counted.
            Cancelled: within the graph that was running.
        """
        encoder = Encoder(self._bundle, self._engine, how, cancel, watched)
        found, sources = encoder.conditions(prompts, spans)
        return Told(found, tuple(sources))

    def hear(self, audio: Array, sample_rate: int, cancel: Cancel) -> Array:
        """The condition [...space] that a sound [samples] would be asked for with."""
        import soxr

        known = self.manifest.conditioners.audio
        assert known, "the caller asked `understands`"
        heard = soxr.resample(audio, sample_rate, known.sample_rate, quality="VHQ")
        sound = fitted(np.asarray(heard, np.float32), known)
        return Encoder(self._bundle, self._engine, How(), cancel).of_sound(sound)

    def unknown_words(self, text: str) -> list[str]:
        """Words of a text that the model has never met, each once, in order.

        Raises:
            BundleError: the vocabulary cannot be read.
        """
        known = self.manifest.conditioners.text
        if known is None or known.vocabulary is None:
            return []
        if self._words is None:
            self._words = words.vocabulary(self._bundle.path(known.vocabulary))
        return words.unknown(text, self._words)

    def _graphs(self, modality: Modality) -> tuple[str, ...]:
        return chains(self.manifest.conditioners)[modality]


def condition(
    request: Request,
    conditioners: Sequence[Conditioner],
    empty: Array | None,
    progress: Progress,
    cancel: Cancel,
    spans: Sequence[Span | None] = (None,),
) -> Conditioning:
    """Encode and mix the prompts of a resolved request.

    The first conditioner that understands a modality encodes it, and those that meet in a join are
    encoded together. `empty` is the condition that stands for no prompt: it plays for an empty
    text, and guidance leads away from it unless the request has a negative prompt. `spans` are the
    parts of a video, in seconds, that go with the windows of the sound.

    Raises:
        RequestError: no conditioner understands a prompt, what is asked for cannot be done with
            it, or guidance has no counterpart.
    """
    assert request.guidance is not None and request.seed is not None, "the request is resolved"
    prompts = spoken(request)
    met = groups(request, [conditioner.manifest for conditioner in conditioners])
    how = How(request.seed, _own_mean(request), request.search)
    notes: list[str] = []
    found: list[Told] = []
    cold, done = False, 0
    for group in met:
        cancel.raise_if()
        conditioner = conditioners[group.player]
        progress("encode", done, len(prompts))
        told = {place: prompts[place] for place in group.prompts}
        cold = cold or not all(conditioner.is_open(prompt.modality) for prompt in told.values())
        for place, prompt in told.items():
            if prompt.modality == "text":
                text, remarks = words.readable(prompt.value)
                notes += [*remarks, *words.remark(conditioner.unknown_words(text))]
                told[place] = replace(prompt, value=text)
        watched = partial(_looks, progress, done, len(prompts))
        found.append(conditioner.tell(told, how, cancel, spans, watched))
        done += len(told)
    if prompts:
        progress("encode", done, len(prompts))
    positive = [prompt for prompt in request.prompts if not prompt.blank]
    if len(prompts) > len(positive) and request.guidance == 1:
        notes.append("The negative prompt changes nothing at guidance 1; raise the guidance.")
    if not positive:
        notes.append("The text is empty, so the sound follows nothing but the seed.")
    elif len(positive) < len(request.prompts):
        notes.append("An empty text among the prompts was left out.")
    windows = [
        _mixed(request, met, [each.conditions[i] for each in found], empty)
        for i in range(len(spans))
    ]
    targets = [target for _, _, target in windows if target is not None]
    return Conditioning(
        _joined([guided for guided, _, _ in windows]),
        _joined([plain for _, plain, _ in windows]),
        np.stack(targets) if targets else None,
        tuple(notes),
        cold,
        tuple(_placed(request, [heard for each in found for heard in each.sources])),
    )


def _own_mean(request: Request) -> Literal["raw", "unit"] | None:
    return request.mix if request.mix in ("raw", "unit") else None


def _placed(request: Request, sources: Sequence[Heard]) -> list[Heard]:
    """What was heard, by the places of all prompts instead of those that say something."""
    places = [place for place, prompt in enumerate(request.prompts) if not prompt.blank]
    return [replace(heard, prompt=places[heard.prompt]) for heard in sources]


def _looks(progress: Progress, prompt: int, prompts: int, done: int, total: int) -> None:
    """Progress within a prompt that takes many looks, as a part of that of all prompts."""
    progress("encode", prompt * total + done, prompts * total)


def _joined(windows: Sequence[Branches]) -> Guide:
    return Guide(np.stack([cond for cond, _ in windows]), windows[0][1])


def _mixed(
    request: Request, met: Sequence[Group], encoded: list[Array], empty: Array | None
) -> tuple[Branches, Branches, Array | None]:
    """The branches of one window with guidance and without, and what it should sound like."""
    assert request.guidance is not None, "the request is resolved"
    shares = [group.weight for group in met if not group.against]
    negated = len(encoded) > len(shares)
    against = encoded[-1] if negated else empty
    if not shares:
        against = against if negated else None
        guided = _unprompted(empty, against, request.guidance)
        return guided, _unprompted(empty, against, 1.0), None
    prompts = encoded[: len(shares)]
    separate = request.mix == "branches"
    target = _one(request, prompts, shares) if not separate or request.candidates > 1 else None
    if not separate and target is not None:
        prompts, shares = [target], [1.0]
    guided = branches(prompts, shares, against, request.guidance)
    return guided, branches(prompts, shares, against, 1.0), target


def _one(request: Request, conditions: list[Array], weights: list[float]) -> Array:
    """Several conditions as one."""
    how = _own_mean(request)
    if how is None or len(conditions) == 1:
        return average(conditions, weights)
    return mean(conditions, weights, how)


def _unprompted(empty: Array | None, against: Array | None, guidance: float) -> Branches:
    if empty is None:
        raise RequestError(
            "The text is empty, and this bundle cannot play without a prompt; describe a sound."
        )
    if against is None:
        return branches([empty], [1.0], None, 1.0)
    return branches([empty], [1.0], against, guidance)
