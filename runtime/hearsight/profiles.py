"""Optimisation profiles: the sizes of its inputs that a graph is compiled for.

TensorRT wants to know the least, the usual and the largest size of every free axis. The first
profile of a graph takes every size that a request can ask for, within four variations and four
branches; the others are for one variation with plain guidance, one for each range of lengths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .chains import roles_of
from .decoder import tile
from .manifest import Manifest
from .roles import role_of

__all__ = [
    "MOST_BRANCHES",
    "MOST_TOKENS",
    "MOST_VARIATIONS",
    "Extent",
    "Profile",
    "fitting",
    "profiles",
]

MOST_VARIATIONS = 4
MOST_BRANCHES = 4
MOST_TOKENS = 512
"""Tokenizers cut texts at 77 (CLIP), 256 (the starter) or 512 (RoBERTa) tokens."""

_USUAL_TOKENS = 16
_USUAL_BRANCHES = 2  # a prompt and what guidance leads away from
_LENGTHS = 3  # ranges of lengths, each half as long as the one before
_USUAL_SIGNAL, _MOST_SIGNAL = 2000, 20_000  # samples of a sensor of motion
_SHORTEST_HEARD = 0.1  # seconds; what is heard of shorter sounds is left to the processor

Shape: TypeAlias = tuple[int, ...]
Range: TypeAlias = tuple[int, int, int]
"""Least, usual and largest size of an axis."""


@dataclass(frozen=True)
class Extent:
    """The least, usual and largest shape of one input."""

    name: str
    least: Shape
    usual: Shape
    most: Shape

    def takes(self, shape: Sequence[int]) -> bool:
        """Whether every axis of a shape lies within."""
        return len(shape) == len(self.least) and all(
            low <= size <= high
            for low, size, high in zip(self.least, shape, self.most, strict=True)
        )


@dataclass(frozen=True)
class Profile:
    """The extents of all inputs that have a free axis."""

    extents: tuple[Extent, ...]

    @property
    def text(self) -> str:
        """Its canonical text: `x 1x8x3x8 1x8x63x8 4x8x125x8, cond 1x256 2x256 16x256`."""
        return ", ".join(
            " ".join([extent.name, *map(_text, (extent.least, extent.usual, extent.most))])
            for extent in self.extents
        )

    def takes(self, shapes: Mapping[str, Sequence[int]]) -> bool:
        """Whether the shapes of inputs by name lie within; other inputs do not matter."""
        return all(extent.takes(shapes[extent.name]) for extent in self.extents)


def fitting(made: Sequence[Profile], shapes: Mapping[str, Sequence[int]]) -> int | None:
    """Index of the narrowest profile that takes inputs of these shapes, None if none does.

    The first profile takes all that the others take: what can use only one uses that.
    """
    taking = (i for i in reversed(range(len(made))) if made[i].takes(shapes))
    return next(taking, None)


def profiles(manifest: Manifest, name: str) -> tuple[Profile, ...]:
    """The profiles that a graph is compiled with, the widest first, none where nothing is free.

    Lengths are those of `tile`: every window over a sound within the generator's limits. Sizes of
    pictures are no part of it: pictures are brought to their size before what is compiled.
    """
    graph = manifest.graphs[name]
    dims = {dim for spec in graph.inputs for dim in spec.shape if isinstance(dim, str)}
    if not dims or dims & {"H", "W"}:
        return ()
    wide = _ranges(manifest, name)
    ranges = [wide]
    if any(dim.endswith("T") for dim in dims):
        one = {"B": (1, 1, 1), "G": (1, 2, 2), "GB": (1, 2, 2)}
        ranges += [wide | one | {"T": length} for length in _lengths(manifest)]
    return tuple(_profile(manifest, name, sizes) for sizes in ranges)


def _profile(manifest: Manifest, name: str, sizes: Mapping[str, Range]) -> Profile:
    def extent(spec_name: str, shape: Sequence[int | str]) -> Extent:
        spans = [(dim, dim, dim) if isinstance(dim, int) else _size(dim, sizes) for dim in shape]
        least, usual, most = zip(*spans, strict=True)
        return Extent(spec_name, least, usual, most)

    return Profile(
        tuple(
            extent(spec.name, spec.shape)
            for spec in manifest.graphs[name].inputs
            if any(isinstance(dim, str) for dim in spec.shape)
        )
    )


def _size(dim: str, sizes: Mapping[str, Range]) -> Range:
    """Sizes of `T`, of a multiple such as `80T`, or of another symbol."""
    if dim in sizes:
        return sizes[dim]
    least, usual, most = sizes["T"]
    scale = int(dim[:-1])
    return scale * least, scale * usual, scale * most


def _ranges(manifest: Manifest, name: str) -> dict[str, Range]:
    """The widest range of every symbol in one graph."""
    found: dict[str, Range] = {
        "B": (1, 1, MOST_VARIATIONS),
        "G": (1, _USUAL_BRANCHES, MOST_BRANCHES),
        "GB": (1, _USUAL_BRANCHES, MOST_VARIATIONS * MOST_BRANCHES),
        "L": (1, _USUAL_TOKENS, MOST_TOKENS),
    }
    known = manifest.conditioners
    frames = known.video.max_frames if known.video else 1
    if {"detect", "frames"} <= {*roles_of(manifest, "image")} and known.image:
        frames = max(frames, known.image.max_sources)  # parts are stacked like frames
    found["N"] = (1, frames, frames)
    if manifest.join and manifest.join.search:
        search = manifest.join.search
        found["R"] = (1, search.rounds, search.rounds)
        found["C"] = (1, search.candidates, search.candidates)
    if manifest.latent:
        found["T"] = _frames(manifest)
    role = role_of(name, manifest.graphs[name])
    heard = {"audio": known.audio, "classify": manifest.classifier}.get(role)
    if heard:
        most = round(heard.seconds * heard.sample_rate)
        least = most if heard.pad else round(_SHORTEST_HEARD * heard.sample_rate)
        found["S"] = (min(least, most), most, most)
    elif role == "signal":
        found["S"] = (1, _USUAL_SIGNAL, _MOST_SIGNAL)
    elif manifest.latent:  # the sound that `encode` takes
        least, usual, most = (manifest.latent.samples_per_frame * size for size in found["T"])
        found["S"] = (least, usual, most)
    return found


def _frames(manifest: Manifest) -> Range:
    """Frames of the shortest, the usual and the longest window."""
    assert manifest.defaults, "only generators have latents"
    limits = manifest.defaults.limits
    lengths = (limits.min_seconds, manifest.defaults.seconds, limits.max_seconds)
    least, usual, most = (tile(manifest, seconds).size for seconds in lengths)
    return least, usual, most


def _lengths(manifest: Manifest) -> list[Range]:
    """Ranges of frames, the longest first, that lie side by side and cover all."""
    assert manifest.latent, "only generators have latents"
    multiple = manifest.latent.multiple
    least, usual, most = _frames(manifest)
    found: list[Range] = []
    while most >= least:
        half = -(-most // 2 // multiple) * multiple
        last = len(found) == _LENGTHS - 1 or half < least or half == most
        low = least if last else half + multiple
        found.append((low, usual if low <= usual <= most else most, most))
        most = least - 1 if last else half
    return found


def _text(shape: Shape) -> str:
    return "x".join(map(str, shape))
