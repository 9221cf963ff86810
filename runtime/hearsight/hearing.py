"""What networks hear in sound files: an embedding, or the probability of every class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from . import media
from .conditioner import Conditioner
from .encoder import fitted
from .errors import BundleError
from .mixing import cosine
from .request import Modality
from .sampler import Cancel

if TYPE_CHECKING:
    from .bundle import Bundle
    from .engine import Engine
    from .manifest import Classifier

__all__ = ["TEMPERATURE", "Classes", "Ear", "Labels", "Listener"]

TEMPERATURE = 0.07
"""Cosines are divided by it before they become probabilities; the value from which CLIP and CLAP
begin to learn theirs (Radford et al. 2021, section 2.5), as bundles do not tell what became of it.
"""

Array = NDArray[np.float32]


class Listener(Protocol):
    """Something that says of which class a sound is."""

    @property
    def by(self) -> str:
        """The bundle that says so, and how."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes, none where they are not known."""
        ...

    def probabilities(self, file: Path, cancel: Cancel) -> Array:
        """Of every class [classes]."""
        ...


class Ear:
    """A conditioner bundle, used for the vectors it makes of sounds and of prompts.

    Raises:
        BundleError: it does not understand sounds, or its conditions are no embeddings.
    """

    def __init__(self, bundle: Bundle, engine: Engine) -> None:
        manifest = bundle.manifest
        if manifest.conditioners.audio is None:
            raise BundleError(
                f"{bundle.root}: this bundle does not understand sounds, so it cannot compare "
                "them; name one that does with --embedder."
            )
        if manifest.join or len(manifest.space.shape) != 1:
            raise BundleError(
                f"{bundle.root}: its conditions are instructions to a generator, not embeddings of "
                "single prompts; name another bundle with --embedder."
            )
        self.bundle = bundle
        self._conditioner = Conditioner(bundle, engine)
        self._heard: dict[tuple[Modality, str], Array] = {}

    @property
    def by(self) -> str:
        """The bundle's name and space."""
        return f"{self.bundle.manifest.name} ({self.bundle.manifest.space.name})"

    @property
    def understands(self) -> tuple[Modality, ...]:
        """Kinds of prompt that can be compared with sounds."""
        return self._conditioner.understands

    def embedding(self, modality: Modality, value: str, cancel: Cancel) -> Array:
        """The vector [d] of a text, or of the file at a path; each is heard once.

        Raises:
            MediaError: the file cannot be read as what it is said to be.
            BundleError: the graph gave what is no number.
            Cancelled: within the graph that was running.
        """
        known = self._heard.get((modality, value))
        if known is None:
            known = _numbers(self._conditioner.condition(modality, value, cancel)[0], self.bundle)
            self._heard[modality, value] = known
        return known


class Classes:
    """A classifier bundle.

    Raises:
        BundleError: it is none, or its labels are not as many as its classes.
    """

    def __init__(self, bundle: Bundle, engine: Engine) -> None:
        known = bundle.manifest.classifier
        if known is None:
            raise BundleError(
                f"{bundle.root}: this bundle is no classifier; make one of an ONNX file with "
                "hearsight-export classifier, or name classes with --classes."
            )
        self.bundle = bundle
        self._known = known
        self._engine = engine
        self.names = _labels(bundle, known)

    @property
    def by(self) -> str:
        """The bundle's name."""
        return self.bundle.manifest.name

    def probabilities(self, file: Path, cancel: Cancel) -> Array:
        """Of every class [classes].

        Raises:
            MediaError: the file cannot be read as a sound.
            BundleError: the graph gave what is no number.
            Cancelled: within the graph that was running.
        """
        known = self._known
        heard = media.read_audio(file, sample_rate=known.sample_rate, seconds=known.seconds)
        [graph] = known.graphs
        [spec] = self.bundle.manifest.graphs[graph].inputs
        outputs = self._engine.run(graph, {spec.name: fitted(heard, known)}, cancel)
        return _numbers(np.asarray(outputs["scores"])[0], self.bundle)


class Labels:
    """Classes by their names: how near an ear finds a sound to each of them."""

    def __init__(self, ear: Ear, labels: Sequence[str], cancel: Cancel) -> None:
        self._ear = ear
        self.names = tuple(labels)
        self._said = [ear.embedding("text", label, cancel) for label in labels]

    @property
    def by(self) -> str:
        """The ear's bundle, and that no classifier was trained."""
        return f"{self._ear.by}, {len(self._said)} named classes"

    def probabilities(self, file: Path, cancel: Cancel) -> Array:
        """Of every class [classes]: cosines over `TEMPERATURE`, scaled to sum to 1."""
        heard = self._ear.embedding("audio", str(file), cancel)
        nearness = np.array([cosine(heard, said) for said in self._said]) / TEMPERATURE
        shares = np.exp(nearness - nearness.max())
        return (shares / shares.sum()).astype(np.float32)


def _labels(bundle: Bundle, known: Classifier) -> tuple[str, ...]:
    """The names of the classes, none where the bundle does not tell them."""
    if known.labels is None:
        return ()
    path = bundle.path(known.labels)
    try:
        names = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise BundleError(f"{path} cannot be read as names of classes: {problem}.") from None
    [classes] = bundle.manifest.space.shape
    if len(names) != classes:
        raise BundleError(f"{path} names {len(names)} classes, and there are {classes}.")
    return tuple(names)


def _numbers(values: Array, bundle: Bundle) -> Array:
    if not np.isfinite(values).all():
        raise BundleError(f"{bundle.manifest.name!r} gave values that are not numbers.")
    return values
