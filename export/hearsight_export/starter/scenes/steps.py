"""Feet on gravel, on wood and in snow."""

from __future__ import annotations

import numpy as np

from .backdrops import floorboards, planks, sky, treeline
from .canvas import Colour, Look, Pen, Rng, lit, near, onto_ground, pick, rounds, spread

SHOES: tuple[Colour, ...] = (
    (40, 34, 32),
    (96, 62, 40),
    (196, 196, 198),
    (60, 76, 110),
    (150, 110, 70),
    (150, 44, 40),
)
TROUSERS: tuple[Colour, ...] = (
    (58, 74, 108),
    (40, 42, 48),
    (110, 98, 80),
    (84, 96, 120),
    (196, 152, 124),
    (30, 30, 34),
)


def footsteps_gravel(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """Shoes on grey or brown pebbles."""
    stone = near(
        pick(rng, ((150, 148, 144), (134, 134, 136), (160, 150, 136), (118, 114, 110))), rng, 10
    )
    top = 0.0 if rng.random() < 0.6 else rng.uniform(0.15, 0.4)
    layer = pen.layer(lit(stone, 0.58))
    r0 = (0.045 - 0.022 * look.distance) * rng.uniform(0.8, 1.3)
    count = int(min(380, 0.6 / r0**2))
    place = spread(rng, count, (-0.02, -0.02, 1.02, 1.02))
    place = place[np.argsort(place[:, 1])]
    rx = r0 * rng.uniform(0.6, 1.3, count) * (1.0 if top else 0.6 + 0.6 * place[:, 1])
    pebbles = rounds(place, rx, rx * rng.uniform(0.6, 0.9, count), rng.uniform(0, 3.1, count), 7)
    for part in range(6):
        tone = near(lit(stone, 0.74 + 0.11 * part), rng, 5)
        layer.shapes(pebbles[part::6], tone)
        shine = pebbles[part::6]
        shine = (shine + shine.mean(1, keepdims=True)) / 2 - (0.15 * r0, 0.2 * r0)
        layer.shapes(shine, lit(tone, 1.14))
    if top:
        sky(pen, rng, pick(rng, ("pale", "overcast", "clear")))
        treeline(pen, rng, top + 0.01, 0.2, near((80, 100, 62), rng, 12))
        pen.defocus(0.015)
        pen.textured(
            ((-0.1, top), (1.1, top), (1.1, 1.1), (-0.1, 1.1)), onto_ground(layer.px, top, 0.5)
        )
    else:
        pen.px[:] = layer.px
    _walker(pen, look, rng, t)


def footsteps_wood(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """Shoes or bare feet on floorboards or stairs."""
    layout = rng.random()
    if layout < 0.35:
        planks(pen, rng)
        if rng.random() < 0.4:
            pen.px[:] = np.rot90(pen.px).copy()
    elif layout < 0.8:
        top = rng.uniform(0.15, 0.4)
        wall = near(pick(rng, ((210, 204, 194), (150, 146, 140), (110, 100, 96))), rng, 14)
        pen.wash([[lit(wall, 0.8), wall], [wall, lit(wall, 0.85)]])
        floorboards(pen, rng, top)
        pen.rect(-0.1, top - 0.05, 1.1, top, lit(wall, 1.15))
    else:
        _stairs(pen, rng)
    if rng.random() < 0.4:
        pen.glow(rng.random(), rng.random(), 0.4, (60, 54, 44), 0.25)
    _walker(pen, look, rng, t)


def _stairs(pen: Pen, rng: Rng) -> None:
    wood = near((150, 102, 62), rng, 18)
    steps = int(rng.integers(4, 7))
    for step in range(steps):
        y = step / steps
        pen.rect(-0.1, y, 1.1, y + 0.62 / steps, lit(wood, 1.15))
        pen.rect(-0.1, y + 0.62 / steps, 1.1, y + 1 / steps, lit(wood, 0.5))
        pen.rect(-0.1, y + 0.55 / steps, 1.1, y + 0.66 / steps, lit(wood, 1.35))
    pen.grain(rng, 16, (2, 24), 2)


def footsteps_snow(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """Boots and a trail of prints in white snow."""
    snow = near(pick(rng, ((232, 238, 246), (222, 228, 240), (240, 240, 242))), rng, 6)
    top = 0.0 if rng.random() < 0.45 else rng.uniform(0.2, 0.45)
    layer = pen.layer()
    layer.wash([[lit(snow, 0.9)] * 2, [snow, lit(snow, 0.96)], [lit(snow, 1.04)] * 2])
    layer.grain(rng, 13, (5, 8), 3)
    if top:
        sky(pen, rng, pick(rng, ("pale", "clear", "overcast")), 0.4)
        treeline(pen, rng, top + 0.01, 0.22, near((72, 84, 90), rng, 12))
        if rng.random() < 0.5:
            for x in rng.random(5):
                pen.line(((x, top), (x, top - rng.uniform(0.15, 0.4))), (70, 62, 60), 0.018)
        pen.defocus(0.006)
    pen.textured(((-0.1, top), (1.1, top), (1.1, 1.1), (-0.1, 1.1)), layer.px)
    shadow = near((168, 184, 212), rng, 8)
    size = 0.15 - 0.09 * look.distance
    lean = rng.normal(0, 0.25)
    for step in range(int(rng.integers(4, 9))):
        y = 1.0 - (1 - top) * (1 - 0.72**step)
        near_ = (y - top) / (1 - top) if top else 0.8
        x = 0.5 + lean * (1 - y) + (-1) ** step * 0.9 * size * near_ + rng.normal(0, 0.01)
        mark = pen.at(x, y, 1.0, lean * 40)
        mark.oval(0, 0, size * 0.42 * near_, size * 0.85 * near_, lit(snow, 1.06))
        mark.oval(0, 0, size * 0.36 * near_, size * 0.75 * near_, shadow)
        mark.oval(0.01, 0.1 * size, size * 0.26 * near_, size * 0.5 * near_, lit(shadow, 0.84))
    if rng.random() < 0.75:
        _walker(pen, look, rng, t, boots=True)
    if rng.random() < 0.35:
        flakes = spread(rng, 50, (0, 0, 1, 1)) + (0, t * 0.2)
        r = rng.uniform(0.004, 0.012, 50)
        pen.shapes(rounds(flakes % 1.0, r, r, r, 6), (255, 255, 255))


def _walker(pen: Pen, look: Look, rng: Rng, t: float, boots: bool = False) -> None:
    """The lower legs of somebody, from the side or from above."""
    shoe = near(pick(rng, SHOES), rng, 10)
    cloth = near(pick(rng, TROUSERS), rng, 12)
    size = look.reach(rng, 0.85, 0.3)
    x, y = rng.uniform(0.38, 0.62), rng.uniform(0.55, 0.75)
    stride = np.sin(2 * np.pi * (t * (0.7 + 1.5 * look.rate) + rng.random()))
    stride *= 0.6 + 0.5 * look.intensity
    if rng.random() < 0.3:
        _from_above(pen.at(x, 0.5, size, rng.uniform(-40, 40)), shoe, cloth, stride)
        return
    mirror = rng.random() < 0.5
    for leg, swing in enumerate((stride, -stride)):
        lift = max(0.0, swing) * 0.14
        foot = pen.at(x, y, size, 0, mirror).at(0.24 * swing, -lift + 0.03 * leg, 1.0, -30 * lift)
        tone, trouser = lit(shoe, 0.8 + 0.2 * leg), lit(cloth, 0.8 + 0.2 * leg)
        foot.oval(0.06, 0.13, 0.26, 0.045, (34, 32, 34))
        hip = -0.16 * swing
        foot.poly(
            ((-0.12, -0.05), (0.08, -0.05), (0.13 + hip, -0.95), (-0.13 + hip, -0.95)), trouser
        )
        foot.line(((0.05, -0.06), (0.09 + hip, -0.95)), lit(trouser, 1.25), 0.03)
        high = -0.3 if boots else -0.1
        foot.poly(
            ((-0.13, high), (0.08, high), (0.1, -0.03), (0.28, 0.04), (0.32, 0.12), (-0.14, 0.12)),
            tone,
        )
        foot.rect(-0.15, 0.095, 0.33, 0.14, lit(tone, 0.5) if sum(tone) > 240 else (190, 180, 166))
        foot.line(((0.09, -0.01), (0.2, 0.03)), lit(tone, 1.6), 0.02)


def _from_above(pen: Pen, shoe: Colour, cloth: Colour, stride: float) -> None:
    for side in (-1.0, 1.0):
        foot = pen.at(0.16 * side, 0.16 * side * stride, 1.0, 6 * side)
        foot.oval(0.02, 0.04, 0.14, 0.29, (34, 32, 34))
        foot.oval(0, -0.08, 0.12, 0.2, shoe)
        foot.oval(0, 0.12, 0.1, 0.16, lit(shoe, 0.85))
        for k in (-0.1, -0.04, 0.02):
            foot.line(((-0.05, k), (0.05, k)), lit(shoe, 1.7), 0.02)
        foot.poly(((-0.11, 0.08), (0.11, 0.08), (0.17, 0.7), (-0.17, 0.7)), cloth)
