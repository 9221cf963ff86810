"""Where prompts meet: what they became is laid into the inputs of a `join` graph."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from . import noise
from .errors import RequestError
from .mixing import mean
from .request import Modality, Search
from .roles import MOST_NUMBERS, is_noise, role_of

if TYPE_CHECKING:
    from .manifest import Join, Manifest

__all__ = ["How", "Source", "drawn", "laid", "rows"]

Array = NDArray[np.float32]

_ORDER: tuple[Modality, ...] = ("image", "video", "depth", "thermal", "text", "audio", "imu")


@dataclass(frozen=True)
class Source:
    """One thing that was heard: what the graphs before the join made of it, [...D].

    whole: it is a picture as a whole beside its own parts, for which a row may be kept.
    """

    modality: Modality
    value: Array
    weight: float = 1.0
    whole: bool = False


@dataclass(frozen=True)
class How:
    """What a request says about the making of its condition.

    seed: of the noise that graphs take. mean: of what inputs of the fill `mean` take, None for the
    bundle's own. search: what it does not say is the bundle's, too.
    """

    seed: int = 0
    mean: Literal["raw", "unit"] | None = None
    search: Search | None = None


def rows(manifest: Manifest) -> int:
    """How many sources inputs of the fill `list` have room for, 0 where there is none; the row
    that is kept for a whole picture does not count."""
    join = manifest.join
    lists = {each.name for each in join.inputs if each.fill == "list"} if join else set[str]()
    for spec in manifest.graphs["join"].inputs if lists else ():
        if spec.name in lists:
            return int(spec.shape[1]) - (1 if join and join.whole else 0)
    return 0


def laid(manifest: Manifest, sources: Sequence[Source], how: How) -> dict[str, Array]:
    """The inputs of the bundle's join for these sources, noise excepted.

    Raises:
        RequestError: there are more sources than rows, or weights that the graph cannot count.
    """
    join = manifest.join
    assert join, "the chain ends in a join"
    taker = {modality: each for each in join.inputs for modality in each.takes}
    ordered = sorted(sources, key=lambda source: _ORDER.index(source.modality))
    listed = [source for source in ordered if taker[source.modality].fill == "list"]
    places = _places(join, listed, rows(manifest), manifest.name)
    given: dict[str, Array] = {}
    specs = {spec.name: spec for spec in manifest.graphs["join"].inputs}
    for each in join.inputs:
        own = [source for source in ordered if source.modality in each.takes]
        value = np.zeros([int(dim) for dim in specs[each.name].shape], np.float32)
        if each.fill == "list":
            for source, row in zip(listed, places, strict=True):
                if source.modality in each.takes:
                    value[0, row] = source.value
        elif own:
            weights = [source.weight for source in own]
            value[0] = mean([source.value for source in own], weights, how.mean or each.mean)
        given[each.name] = value
    if "weights" in specs:
        weights = np.ones([int(dim) for dim in specs["weights"].shape], np.float32)
        for source, row in zip(listed, places, strict=True):
            weights[0, row] = source.weight
        given["weights"] = weights
    elif any(source.weight != 1 for source in listed):
        raise RequestError(
            f"{manifest.name!r} cannot weigh what it hears against each other, only leave it out: "
            "give no weights but 1, and 0 for parts of a picture."
        )
    return given


def drawn(
    manifest: Manifest, name: str, how: How, number: int, moment: int = 0
) -> dict[str, Array]:
    """The noise inputs of a graph.

    Args:
        manifest: of the bundle.
        name: of the graph.
        how: holds the seed, and what is searched.
        number: place of the prompt among those of the request that are not blank, the negative
            one being the last; of several that meet, the first one's.
        moment: of the video frame whose condition this is, in milliseconds; else 0.

    Raises:
        RequestError: a search asks for more than a gibibyte of them.
    """
    graph = manifest.graphs[name]
    is_join = role_of(name, graph) == "join"
    own = manifest.join.search if manifest.join and is_join else None
    asked = how.search or Search()
    sizes = {"R": asked.rounds or (own.rounds if own else 1)}
    sizes["C"] = asked.candidates or (own.candidates if own else 1)
    scale = 1 / math.sqrt(asked.draws or own.draws) if own else 1.0
    seed = noise.item_seed(how.seed, f"{name} {number}", moment)
    shapes = {
        spec.name: [sizes[dim] if isinstance(dim, str) else dim for dim in spec.shape]
        for spec in graph.inputs
        if is_noise(spec)
    }
    if own and (wanted := sum(map(math.prod, shapes.values()))) > MOST_NUMBERS:
        raise RequestError(
            f"The search asks for {wanted:,} numbers of noise, more than {MOST_NUMBERS:,}: take "
            "fewer rounds or candidates."
        )
    found: dict[str, Array] = {}
    for i, (each, shape) in enumerate(shapes.items()):
        found[each] = noise.normal(seed, noise.CONDITION + i, shape)
        found[each] *= np.float32(scale)
    return found


def _places(join: Join, listed: Sequence[Source], room: int, name: str) -> list[int]:
    """The row of each source that inputs of the fill `list` take."""
    behind = sum(not source.whole for source in listed)
    if behind > room:
        raise RequestError(
            f"{behind} sources are too many for {name!r}, which has room for {room}: leave some "
            "out, or mute parts of a picture."
        )
    following = iter(range(1 if join.whole else 0, 1 + room))
    return [0 if source.whole else next(following) for source in listed]
