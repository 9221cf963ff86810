"""Prompts become conditions: text, pictures, videos and sounds meet in the bundle's space."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import BundleError, RequestError
from .mixing import average, branches
from .request import Modality, Prompt, Request
from .sampler import Cancel, Guide, Progress

if TYPE_CHECKING:
    from .bundle import Bundle
    from .engine import Engine, Tensors
    from .manifest import AudioConditioner

__all__ = ["MAX_TEXT_BYTES", "Conditioner", "Conditioning", "Span", "condition"]

MAX_TEXT_BYTES = 100_000

_MODALITIES: tuple[Modality, ...] = ("text", "image", "video", "audio")
_SHOWN_WORDS = 12

Array = NDArray[np.float32]
Span = tuple[float, float]
Branches = tuple[Array, Array]  # conditions [G, ...space] and what each counts [G]


@dataclass(frozen=True)
class Conditioning:
    """What the denoiser is told, with guidance and without.

    target: what each window should sound like [W, ...space], None without a prompt. notes:
    remarks for the user. cold: whether a graph had to be opened for it.
    """

    guided: Guide
    plain: Guide
    target: Array | None
    notes: tuple[str, ...]
    cold: bool


class Conditioner:
    """One bundle's ways from a prompt to a condition."""

    def __init__(self, bundle: Bundle, engine: Engine) -> None:
        self._bundle = bundle
        self._engine = engine
        self._words: frozenset[str] | None = None

    @property
    def understands(self) -> tuple[Modality, ...]:
        """Kinds of prompt that this bundle takes."""
        known = self._bundle.manifest.conditioners
        return tuple(m for m in _MODALITIES if getattr(known, m) is not None)

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
        """The conditions [...space] for a text, or for the file at a path, one for each span.

        A span is the part of a video in seconds that is looked at, None the bundle's own choice;
        for everything else all conditions are the same.

        Raises:
            MediaError: the file cannot be read as what it is said to be.
            Cancelled: within the graph that was running.
        """
        if modality == "video":
            return self._watch(value, spans, cancel)
        embedded = self._first(modality, self._input(modality, value), cancel)
        return [self._rest(modality, [embedded], cancel)] * len(spans)

    def hear(self, audio: Array, sample_rate: int, cancel: Cancel) -> Array:
        """The condition [...space] that a sound [samples] would be asked for with."""
        import soxr

        known = self._bundle.manifest.conditioners.audio
        assert known, "the caller asked `understands`"
        heard = soxr.resample(audio, sample_rate, known.sample_rate, quality="VHQ")
        fitted = _fitted(np.asarray(heard, np.float32), known)
        return self._rest("audio", [self._first("audio", fitted, cancel)], cancel)

    def _watch(self, path: str, spans: Sequence[Span | None], cancel: Cancel) -> list[Array]:
        """Conditions for parts of a video, in which each frame is read and seen once."""
        from . import media

        video = self._bundle.manifest.conditioners.video
        assert video, "the caller asked `understands`"
        times = media.frame_times(path, fps=video.fps, max_frames=video.max_frames, spans=spans)
        every = np.unique(np.concatenate(times))
        seen = [self._first("video", x[None], cancel) for x in media.frames_at(path, every)]
        return [
            self._rest("video", [seen[int(i)] for i in np.searchsorted(every, shown)], cancel)
            for shown in times
        ]

    def _first(self, modality: Modality, x: NDArray[Any], cancel: Cancel) -> Tensors:
        """What the first graph of a chain makes of a prompt, or of one frame."""
        first = self._graphs(modality)[0]
        [spec] = self._bundle.manifest.graphs[first].inputs
        return self._engine.run(first, {spec.name: x}, cancel)

    def _rest(self, modality: Modality, embedded: Sequence[Tensors], cancel: Cancel) -> Array:
        """The condition that the rest of a chain makes of it."""
        tensors = embedded[0]
        for graph in self._graphs(modality)[1:]:
            names = [spec.name for spec in self._bundle.manifest.graphs[graph].inputs]
            if modality == "text":
                given = {name: tensors[name] for name in names}
            else:
                frames = [only for each in embedded for only in each.values()]
                given = {names[0]: np.stack(frames, axis=1)}
            tensors = self._engine.run(graph, given, cancel)
        return tensors["cond"][0]

    def unknown_words(self, text: str) -> list[str]:
        """Words of a text that the model has never met, each once, in order.

        Raises:
            BundleError: the vocabulary cannot be read.
        """
        conditioner = self._bundle.manifest.conditioners.text
        if conditioner is None or conditioner.vocabulary is None:
            return []
        if self._words is None:
            path = self._bundle.path(conditioner.vocabulary)
            try:
                listed = path.read_text("utf-8")
            except (OSError, UnicodeDecodeError) as problem:
                raise BundleError(f"{path} cannot be read as words: {problem}.") from None
            self._words = frozenset(listed.split())
        words = re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.lower().replace("\u2019", "'"))
        known = self._words
        return list(
            dict.fromkeys(w for w in words if w not in known and w.removesuffix("'s") not in known)
        )

    def _graphs(self, modality: Modality) -> tuple[str, ...]:
        return getattr(self._bundle.manifest.conditioners, modality).graphs

    def _input(self, modality: Modality, value: str) -> NDArray[Any]:
        """What the first graph runs on."""
        from . import media

        if modality == "text":
            return np.array([value], dtype=object)
        if modality == "image":
            return media.read_image(value)[None]
        known = self._bundle.manifest.conditioners.audio
        assert known, "the caller asked `understands`"
        rate, seconds = known.sample_rate, known.seconds
        return _fitted(media.read_audio(value, sample_rate=rate, seconds=seconds), known)


def _fitted(heard: Array, known: AudioConditioner) -> Array:
    """A sound at the conditioner's rate as [1, samples], cut and padded as it wants."""
    wanted = round(known.seconds * known.sample_rate)
    heard = heard[:wanted]
    return (np.pad(heard, (0, wanted - len(heard))) if known.pad else heard)[None]


def condition(
    request: Request,
    conditioners: Sequence[Conditioner],
    empty: Array | None,
    progress: Progress,
    cancel: Cancel,
    spans: Sequence[Span | None] = (None,),
) -> Conditioning:
    """Encode and mix the prompts of a resolved request.

    The first conditioner that understands a modality encodes it. `empty` is the condition that
    stands for no prompt: it plays for an empty text, and guidance leads away from it unless the
    request has a negative prompt. `spans` are the parts of a video, in seconds, that go with the
    windows of the sound.

    Raises:
        RequestError: no conditioner understands a prompt, or guidance has no counterpart.
    """
    assert request.guidance is not None, "the request is resolved"
    prompts = [p for p in request.prompts if not p.blank]
    negative = Prompt("text", request.negative)
    spoken = prompts if negative.blank else [*prompts, negative]
    notes: list[str] = []
    encoded: list[list[Array]] = []
    cold = False
    for index, prompt in enumerate(spoken):
        cancel.raise_if()
        conditioner = _able(conditioners, prompt.modality)
        value = prompt.value
        cold = cold or not conditioner.is_open(prompt.modality)
        progress("encode", index, len(spoken))
        if prompt.modality == "text":
            value, remarks = _readable(value, conditioner)
            notes += remarks
        encoded.append(conditioner.condition(prompt.modality, value, cancel, spans))
    if spoken:
        progress("encode", len(spoken), len(spoken))
    if not negative.blank and request.guidance == 1:
        notes.append("The negative prompt changes nothing at guidance 1; raise the guidance.")
    if not prompts:
        notes.append("The text is empty, so the sound follows nothing but the seed.")
    elif len(prompts) < len(request.prompts):
        notes.append("An empty text among the prompts was left out.")
    windows = [_mixed(request, [each[i] for each in encoded], empty) for i in range(len(spans))]
    targets = [target for _, _, target in windows if target is not None]
    return Conditioning(
        _joined([guided for guided, _, _ in windows]),
        _joined([plain for _, plain, _ in windows]),
        np.stack(targets) if targets else None,
        tuple(notes),
        cold,
    )


def _joined(windows: Sequence[Branches]) -> Guide:
    return Guide(np.stack([cond for cond, _ in windows]), windows[0][1])


def _mixed(
    request: Request, encoded: list[Array], empty: Array | None
) -> tuple[Branches, Branches, Array | None]:
    """The branches of one window with guidance and without, and what it should sound like."""
    assert request.guidance is not None, "the request is resolved"
    shares = [prompt.weight for prompt in request.prompts if not prompt.blank]
    negated = len(encoded) > len(shares)
    against = encoded[-1] if negated else empty
    if not shares:
        against = against if negated else None
        guided = _unprompted(empty, against, request.guidance)
        return guided, _unprompted(empty, against, 1.0), None
    prompts = encoded[: len(shares)]
    averaged = request.mix == "average"
    target = average(prompts, shares) if averaged or request.candidates > 1 else None
    if averaged and target is not None:
        prompts, shares = [target], [1.0]
    guided = branches(prompts, shares, against, request.guidance)
    return guided, branches(prompts, shares, against, 1.0), target


def _unprompted(empty: Array | None, against: Array | None, guidance: float) -> Branches:
    if empty is None:
        raise RequestError(
            "The text is empty, and this bundle cannot play without a prompt; describe a sound."
        )
    if against is None:
        return branches([empty], [1.0], None, 1.0)
    return branches([empty], [1.0], against, guidance)


def _able(conditioners: Sequence[Conditioner], modality: Modality) -> Conditioner:
    for conditioner in conditioners:
        if modality in conditioner.understands:
            return conditioner
    known = {m for conditioner in conditioners for m in conditioner.understands}
    raise RequestError(
        f"No loaded bundle understands {modality} prompts"
        + (f", only {', '.join(sorted(known))}" if known else "")
        + "; load a conditioner bundle of the same space for it."
    )


def _readable(text: str, conditioner: Conditioner) -> tuple[str, list[str]]:
    """The text that will be encoded, and remarks about what of it counts."""
    notes: list[str] = []
    raw = text.replace("\0", " ").encode()
    if len(raw) > MAX_TEXT_BYTES:
        notes.append(
            f"The text of {len(raw):,} bytes is too long; "
            f"its first {MAX_TEXT_BYTES:,} bytes were used."
        )
    text = raw[:MAX_TEXT_BYTES].decode(errors="ignore")
    unknown = conditioner.unknown_words(text)
    if unknown:
        more = len(unknown) - _SHOWN_WORDS
        notes.append(
            "These words were not understood, so the sound does not follow them: "
            + ", ".join(unknown[:_SHOWN_WORDS])
            + (f" and {more} more." if more > 0 else ".")
        )
    return text, notes
