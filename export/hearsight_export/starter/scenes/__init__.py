"""Draws a picture or a short clip for each kind of sound, in the spirit of a photograph.

>>> import numpy as np
>>> draw("rain", {"intensity": 0.9}, np.random.default_rng(1)).shape
(64, 64, 3)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from . import (
    animals,
    blaze,
    craft,
    desk,
    household,
    machines,
    people,
    signals,
    steps,
    water,
    weather,
)
from .augment import draw_camera, photograph
from .canvas import AXES, Look, Pen

__all__ = ["SCENES", "clip", "draw"]

Scene = Callable[[Pen, Look, np.random.Generator, float], None]

SCENES: dict[str, Scene] = {
    "rain": weather.rain,
    "thunder": weather.thunder,
    "wind": weather.wind,
    "sea": water.sea,
    "stream": water.stream,
    "fire": blaze.fire,
    "birds": animals.birds,
    "crickets": animals.crickets,
    "footsteps_gravel": steps.footsteps_gravel,
    "footsteps_wood": steps.footsteps_wood,
    "footsteps_snow": steps.footsteps_snow,
    "door_knock": household.door_knock,
    "bell": household.bell,
    "siren": machines.siren,
    "engine": machines.engine,
    "helicopter": machines.helicopter,
    "clock": desk.clock,
    "heartbeat": signals.heartbeat,
    "glass": household.glass,
    "wood_hit": craft.wood_hit,
    "metal_hit": craft.metal_hit,
    "laser": signals.laser,
    "pickup": signals.pickup,
    "explosion": blaze.explosion,
    "whoosh": signals.whoosh,
    "bubbles": water.bubbles,
    "applause": people.applause,
    "saw": craft.saw,
    "typewriter": desk.typewriter,
    "telephone": desk.telephone,
    "frog": animals.frog,
    "cat": animals.cat,
    "dog": animals.dog,
    "drone": signals.drone,
}


def draw(
    kind: str, params: Mapping[str, float], rng: np.random.Generator, size: int = 64
) -> np.ndarray:
    """One picture, uint8 [size, size, 3] RGB.

    An axis that `params` lacks says nothing about the picture: it is drawn from `rng`.
    """
    return _frames(kind, params, rng, np.array([rng.random()]), size)[0]


def clip(
    kind: str,
    params: Mapping[str, float],
    rng: np.random.Generator,
    frames: int = 8,
    size: int = 64,
) -> np.ndarray:
    """The same scene moving for about a second, uint8 [frames, size, size, 3] RGB."""
    return _frames(kind, params, rng, np.linspace(0.0, 1.0, frames), size)


def _frames(
    kind: str, params: Mapping[str, float], rng: np.random.Generator, times: np.ndarray, size: int
) -> np.ndarray:
    unsaid = dict(zip(AXES, rng.random(len(AXES)).tolist(), strict=True))
    look = Look(**(unsaid | {name: float(value) for name, value in params.items()}))
    camera = draw_camera(rng)
    seed = int(rng.integers(2**31))
    pictures = np.empty((len(times), size, size, 3), np.uint8)
    for picture, t in zip(pictures, times, strict=True):
        # Twice the size, so that the reduction smooths the edges.
        pen = Pen.blank(2 * size)
        SCENES[kind](pen, look, np.random.default_rng(seed), float(t))
        picture[:] = photograph(pen.px, camera, float(t), size)
    return pictures
