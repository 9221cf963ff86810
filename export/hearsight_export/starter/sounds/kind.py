"""What a kind of sound is: a name, the axes that vary it, and the function that plays it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from hearsight_export.starter.sounds.dsp import Wave

Params: TypeAlias = dict[str, float]
Play: TypeAlias = Callable[[Params, np.random.Generator, int], Wave]

AXES = ("intensity", "rate", "pitch", "distance", "material")


@dataclass(frozen=True)
class Kind:
    """One kind of sound.

    `axes` is a subset of `AXES`, each a float in [0, 1].
    `materials` names the surfaces of the material axis; its value is index / (len - 1).
    `render(params, rng, n)` returns `n` samples at any scale; level and distance come afterwards.
    """

    name: str
    axes: tuple[str, ...]
    materials: tuple[str, ...]
    render: Play

    def material(self, params: Params) -> str:
        """The surface that `params` names, or "" for a kind without the material axis."""
        if not self.materials:
            return ""
        return self.materials[round(params["material"] * (len(self.materials) - 1))]
