"""Applause: hands and rows of heads."""

from __future__ import annotations

import numpy as np

from .backdrops import dark, room, studio
from .canvas import Colour, Look, Pen, Rng, lit, near, pick
from .household import SKIN


def applause(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """Clapping hands close by, or an audience in rows with hands up."""
    if rng.random() < 0.55 - 0.5 * look.distance:
        _hands(pen, look, rng, t)
    else:
        _audience(pen, look, rng, t)


def _hands(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    (studio if rng.random() < 0.5 else room)(pen, rng)
    pen.defocus(0.03)
    pairs = 1 if look.intensity < 0.4 else int(rng.integers(1, 5))
    for pair in range(pairs):
        size = look.reach(rng, 0.9, 0.4) / pairs**0.45
        skin = near(pick(rng, SKIN), rng, 8)
        sleeve = near((90, 90, 110), rng, 50)
        x = 0.5 if pairs == 1 else 0.15 + 0.7 * pair / (pairs - 1)
        gap = 0.03 + 0.14 * abs(np.sin(np.pi * (t * (1.5 + 2 * look.rate) + rng.random())))
        both = pen.at(x, rng.uniform(0.4, 0.6), size, rng.normal(0, 22))
        for side in (-1.0, 1.0):
            _hand(both.at(side * gap, 0, 1.0, side * 14, side > 0), skin, sleeve)


def _hand(hand: Pen, skin: Colour, sleeve: Colour) -> None:
    """A flat hand with its palm to the right, fingers up."""
    hand.poly(((-0.2, 0.3), (0.02, 0.34), (-0.2, 0.95), (-0.5, 0.8)), sleeve)
    hand.oval(-0.08, 0.14, 0.11, 0.22, skin, 8)
    for k, tall in ((-0.13, 0.3), (-0.08, 0.38), (-0.03, 0.38), (0.02, 0.3)):
        hand.line(((k, 0.04), (k * 0.9 + 0.03, -tall)), lit(skin, 1.0 + k * 0.9), 0.062)
    hand.line(((-0.13, 0.18), (-0.2, -0.04)), lit(skin, 0.9), 0.065)
    hand.line(((-0.055, -0.02), (-0.02, -0.3)), lit(skin, 0.7), 0.01)


def _audience(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    hall = rng.random() < 0.6
    if hall:
        dark(pen, rng, 5)
        tone = near(
            pick(rng, ((120, 60, 50), (70, 60, 110), (120, 100, 60), (60, 80, 110))), rng, 14
        )
        for x in rng.random(int(rng.integers(1, 4))):
            pen.glow(x, 0.0, 0.45, lit(tone, 1.7), 0.8)
    else:
        studio(pen, rng)
    rows = int(3 + 4 * look.distance + rng.integers(2))
    size = 0.22 - 0.12 * look.distance
    top = rng.uniform(0.2, 0.4)
    silhouette = hall and rng.random() < 0.4
    for row in range(rows):
        part = (row + 1) / rows
        y = top + (1.0 - top) * part**1.2
        r = size * (0.4 + 0.6 * part)
        count = max(2, int(1.15 / (r * 1.15)))
        for x in np.linspace(-0.05, 1.05, count) + rng.normal(0, r * 0.2, count):
            dim = (0.55 + 0.5 * part) if hall else 0.95
            skin = lit(near(pick(rng, SKIN), rng, 8), dim)
            hair = lit(pick(rng, ((40, 30, 26), (90, 60, 36), (170, 140, 90), (24, 22, 22))), dim)
            shirt = lit(near((110, 100, 110), rng, 60), dim)
            if silhouette:
                skin = hair = shirt = lit((36, 30, 38), part)
            person = pen.at(x, y - rng.uniform(0, 0.3) * r, r)
            person.oval(0, 0.75, 0.52, 0.5, shirt)
            person.oval(0, 0.03, 0.25, 0.32, skin)
            person.oval(0, -0.1, 0.27, 0.24, hair, 0, 0.0, (180.0, 360.0))
            if rng.random() < 0.25 + 0.55 * look.intensity:
                clap = 0.04 + 0.12 * abs(np.sin(np.pi * (t * (1.5 + 2 * look.rate) + rng.random())))
                lift = rng.uniform(-0.75, 0.35)
                for side in (-1.0, 1.0):
                    person.line(
                        ((0.45 * side, 0.6), (0.36 * side, 0.3 + 0.4 * lift), (clap * side, lift)),
                        shirt if lift > 0 else skin,
                        0.12,
                    )
                    person.oval(clap * side, lift - 0.06, 0.08, 0.15, lit(skin, 1.1), 12 * side)
