"""Places that a subject stands in: skies, grounds, rooms, streets, foliage."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .canvas import (
    Colour,
    Pen,
    Rng,
    lit,
    mix,
    near,
    noise,
    onto_ground,
    pick,
    rounds,
    spread,
)

SKIES: dict[str, tuple[Colour, Colour, Colour]] = {  # top, horizon, cloud
    "clear": ((64, 118, 190), (176, 208, 232), (245, 246, 248)),
    "pale": ((150, 182, 210), (214, 224, 230), (240, 240, 238)),
    "overcast": ((128, 136, 146), (190, 194, 198), (168, 172, 178)),
    "storm": ((44, 50, 62), (102, 110, 120), (70, 76, 88)),
    "dusk": ((58, 62, 112), (238, 150, 92), (190, 110, 110)),
    "night": ((8, 10, 24), (26, 30, 52), (30, 32, 46)),
}
WOODS: tuple[Colour, ...] = (
    (150, 104, 62),
    (182, 136, 88),
    (110, 72, 42),
    (200, 160, 112),
    (84, 56, 38),
    (160, 90, 56),
)
WALLS: tuple[Colour, ...] = (
    (214, 208, 196),
    (190, 196, 198),
    (168, 160, 148),
    (120, 128, 136),
    (176, 148, 120),
    (96, 104, 96),
    (206, 190, 160),
    (150, 160, 176),
    (70, 74, 84),
    (228, 228, 226),
)


def sky(pen: Pen, rng: Rng, mood: str, clouds: float = 0.5, t: float = 0.0) -> None:
    top, low, cloud = (near(c, rng, 10) for c in SKIES[mood])
    pen.wash([[top, near(top, rng, 5)], [mix(top, low, 0.6), mix(top, low, 0.5)], [low, low]])
    if clouds > 0:
        cells = (rng.uniform(1.5, 4), rng.uniform(3, 7))
        field = noise(pen.side, rng, cells, 4)
        if t:
            field = np.roll(field, round(t * 0.05 * pen.side), 1)
        pen.blend(cloud, np.clip((field + clouds - 0.5) * 2.2, 0, 0.95))


def grass(pen: Pen, rng: Rng, top: float = 0.0) -> None:
    """Grass from `top` down to the lower edge."""
    green = near(pick(rng, ((92, 128, 52), (120, 142, 66), (70, 104, 44), (150, 148, 84))), rng, 12)
    turf = pen.layer(green)
    turf.grain(rng, 38, (14, 5), 2)
    turf.shift(np.linspace(18, -30, pen.side)[:, None] * np.ones(pen.side))
    blades = spread(rng, 70, (0, top, 1, 1.05))
    tips = blades + rng.normal(0, 0.012, (70, 2)) - (0, 0.05)
    lines = np.stack([blades, tips], 1)
    for part, factor in enumerate((0.7, 1.25, 1.45)):
        turf.strokes(lines[part::3], lit(green, factor), 0.008)
    pen.textured(((-0.1, top), (1.1, top), (1.1, 1.1), (-0.1, 1.1)), turf.px)


def leaves(
    pen: Pen, rng: Rng, green: Colour | None = None, count: int = 55, size: float = 0.07
) -> None:
    """A picture full of leaves, dark gaps between them."""
    green = green or near(pick(rng, ((70, 118, 50), (52, 92, 48), (104, 136, 60))), rng, 12)
    pen.wash([[lit(green, 0.55), lit(green, 0.75)], [lit(green, 0.7), lit(green, 0.4)]])
    place = spread(rng, count, (-0.05, -0.05, 1.05, 1.05))
    rx = rng.uniform(0.7, 1.3, count) * size
    lean = rng.normal(rng.uniform(0, 3.1), 0.7, count)
    patches = rounds(place, rx, rx * rng.uniform(0.35, 0.6, count), lean)
    for part in range(5):
        pen.shapes(patches[part::5], near(lit(green, 0.65 + 0.22 * part), rng, 8))


def treeline(pen: Pen, rng: Rng, base: float, height: float, colour: Colour) -> None:
    """A ragged row of trees or hills standing on `base`."""
    n = 40
    x = np.linspace(-0.1, 1.1, n)
    ragged = np.convolve(rng.random(n), np.ones(3) / 3, "same")
    y = base - height * (0.3 + ragged)
    pen.poly(
        np.concatenate([np.stack([x, y], 1), ((1.1, base + 0.01), (-0.1, base + 0.01))]), colour
    )


def planks(pen: Pen, rng: Rng, colour: Colour | None = None, boards: int = 0) -> None:
    """Boards side by side, seen from above, running downwards."""
    colour = colour or near(pick(rng, WOODS), rng, 10)
    boards = boards or int(rng.integers(3, 8))
    pen.px[:] = np.array(colour, np.uint8)
    edges = np.linspace(0, 1, boards + 1)
    for left, right in pairwise(edges):
        pen.rect(left, 0, right, 1, near(colour, rng, 9))
    pen.grain(rng, 20, (rng.uniform(16, 30), 2), 2)
    for edge in edges:
        pen.line(((edge, 0), (edge, 1)), lit(colour, 0.42), 0.008)
    if rng.random() < 0.5:
        for left in edges[:-1]:
            y = rng.random()
            pen.line(((left, y), (left + 1 / boards, y)), lit(colour, 0.5), 0.006)


def floorboards(pen: Pen, rng: Rng, top: float, colour: Colour | None = None) -> None:
    """Boards laid down as a floor from `top` to the lower edge."""
    layer = pen.layer()
    planks(layer, rng, colour, int(rng.integers(7, 12)))
    floor = onto_ground(layer.px, top, rng.uniform(0.3, 0.6))
    pen.textured(((-0.1, top), (1.1, top), (1.1, 1.1), (-0.1, 1.1)), floor)


def table(pen: Pen, rng: Rng, top: float) -> None:
    """A wall with a table top in front of it, from `top` down."""
    wall = near(pick(rng, WALLS), rng, 14)
    pen.wash([[lit(wall, rng.uniform(0.6, 1.1)), wall], [lit(wall, 0.8), lit(wall, 0.7)]])
    if rng.random() < 0.6:
        clutter(pen, rng, top)
    desk = near(pick(rng, (*WOODS, (220, 216, 208), (70, 64, 62))), rng, 10)
    layer = pen.layer()
    layer.wash([[lit(desk, 0.85)] * 2, [desk, lit(desk, 1.2)], [lit(desk, 0.7)] * 2])
    layer.grain(rng, 12, (3, 20), 2)
    pen.textured(((-0.1, top), (1.1, top), (1.1, 1.1), (-0.1, 1.1)), layer.px)


def clutter(pen: Pen, rng: Rng, base: float) -> None:
    """Out-of-focus furniture, books, windows, standing on `base`."""
    for _ in range(int(rng.integers(2, 6))):
        x, w, h = rng.uniform(-0.1, 1.0), rng.uniform(0.06, 0.35), rng.uniform(0.08, 0.5)
        lift = rng.choice((0.0, 0.0, 0.3)) * rng.random()
        pen.rect(x, base - h - lift, x + w, base - lift, near((130, 116, 104), rng, 40))
    pen.defocus(rng.uniform(0.01, 0.04))


def room(pen: Pen, rng: Rng) -> None:
    wall = near(pick(rng, WALLS), rng, 14)
    floor = near(pick(rng, (*WOODS, (150, 144, 136), (116, 60, 52), (90, 96, 110))), rng, 12)
    edge = rng.uniform(0.55, 0.8)
    pen.wash([[lit(wall, rng.uniform(0.7, 1.1)), wall], [wall, lit(wall, rng.uniform(0.6, 1))]])
    pen.rect(-0.1, edge, 1.1, 1.1, floor)
    clutter(pen, rng, edge + rng.uniform(0, 0.1))
    pen.grain(rng, 10, (6, 6), 2)


def street(pen: Pen, rng: Rng, horizon: float, night: bool = False, wet: bool = False) -> None:
    """Houses left and right, road below `horizon`."""
    dim = rng.uniform(0.16, 0.3) if night else 1.0
    sky(pen, rng, "night" if night else pick(rng, ("clear", "pale", "overcast")), 0.4)
    x = -0.1
    while x < 1.1:
        w, h = rng.uniform(0.12, 0.3), rng.uniform(0.2, 0.75) * horizon
        wall = lit(near(pick(rng, ((150, 120, 104), (170, 162, 150), (120, 116, 118))), rng), dim)
        pen.rect(x, horizon - h, x + w, horizon + 0.02, wall)
        pane = (236, 200, 120) if night else lit(wall, 0.55)
        if h > 0.12 and rng.random() < 0.8:
            for y in np.arange(horizon - h + 0.04, horizon - 0.06, 0.1):
                for k in (0.2, 0.6):
                    if not night or rng.random() < 0.45:
                        pen.rect(x + w * k, y, x + w * (k + 0.2), y + 0.05, pane)
        x += w
    road = lit((104, 104, 108), dim * rng.uniform(0.8, 1.2))
    layer = pen.layer(road)
    layer.shift(np.linspace(14, -14, pen.side)[:, None] * np.ones(pen.side))
    layer.grain(rng, 9, (24, 24), 1)
    if rng.random() < 0.6:
        layer.poly(((0.49, horizon), (0.51, horizon), (0.58, 1.1), (0.44, 1.1)), lit(road, 1.6))
    if wet:
        mirror = pen.px[: max(1, int(horizon * pen.side))][::-1]
        rows = min(mirror.shape[0], pen.side - int(horizon * pen.side))
        part = layer.px[int(horizon * pen.side) :][:rows]
        part[:] = (part * 0.55 + mirror[:rows] * 0.5).clip(0, 255).astype(np.uint8)
    pen.textured(((-0.1, horizon), (1.1, horizon), (1.1, 1.1), (-0.1, 1.1)), layer.px)


def outdoors(pen: Pen, rng: Rng) -> None:
    """Grass below, sky or trees above, or foliage out of focus."""
    roll = rng.random()
    if roll < 0.3:
        leaves(pen, rng, count=40, size=0.1)
        pen.defocus(rng.uniform(0.02, 0.06))
        return
    if roll < 0.5:
        grass(pen, rng)
        return
    edge = rng.uniform(0.3, 0.65)
    sky(pen, rng, pick(rng, ("clear", "pale", "overcast")))
    treeline(pen, rng, edge, rng.uniform(0.05, 0.3), near((62, 88, 56), rng, 15))
    pen.defocus(rng.uniform(0.003, 0.02))
    grass(pen, rng, edge)


def studio(pen: Pen, rng: Rng, base: Colour | None = None) -> None:
    """A plain backdrop, lit from one side."""
    base = base or near(pick(rng, WALLS), rng, 20)
    pen.wash([[lit(base, rng.uniform(0.7, 1.2)) for _ in range(2)] for _ in range(3)])


def dark(pen: Pen, rng: Rng, lights: int = 0) -> None:
    """A night or an unlit room, with lights out of focus."""
    base = near((18, 18, 22), rng, 9)
    pen.wash([[lit(base, rng.uniform(0.3, 1.8)) for _ in range(3)] for _ in range(3)])
    for _ in range(lights):
        x, y = rng.random(2)
        colour = pick(rng, ((90, 60, 24), (40, 50, 90), (80, 70, 60), (70, 24, 20)))
        pen.oval(x, y, r := rng.uniform(0.015, 0.05), r, near(colour, rng, 15))
    if lights:
        pen.defocus(0.012)
