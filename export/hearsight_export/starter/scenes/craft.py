"""Blows on wood and metal, and a saw."""

from __future__ import annotations

import numpy as np

from .backdrops import WOODS, planks, studio, table
from .canvas import Colour, Look, Pen, Rng, lit, near, pick, rounds, spread
from .household import SKIN

STEEL: tuple[Colour, ...] = ((150, 156, 162), (118, 124, 130), (182, 186, 190), (92, 96, 104))


def wood_hit(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """A mallet, axe or stick against boards, logs or a stump."""
    if rng.random() < 0.5:
        planks(pen, rng)
        if rng.random() < 0.5:
            pen.px[:] = np.rot90(pen.px).copy()
        x, y = 0.5, rng.uniform(0.5, 0.75)
    else:
        pick(rng, (studio, lambda p, r: table(p, r, 0.55)))(pen, rng)
        x, y = rng.uniform(0.4, 0.6), rng.uniform(0.55, 0.75)
        _log(pen, look, rng, x, y)
    size = look.reach(rng, 0.8, 0.3)
    blow = abs(np.sin(np.pi * (t * (1 + 2 * look.rate) + rng.random())))
    angle = rng.uniform(-50, 10) - 40 * blow * (0.4 + look.intensity)
    tool = pen.at(x, y - 0.12, size, angle, rng.random() < 0.5)
    handle = near(pick(rng, WOODS), rng, 10)
    tool.line(((0.0, -0.02), (0.62, 0.05)), handle, 0.07)
    tool.line(((0.05, -0.04), (0.6, 0.02)), lit(handle, 1.3), 0.02)
    kind = rng.random()
    if kind < 0.55:  # mallet
        head = near(pick(rng, ((196, 150, 96), (150, 100, 60), (60, 56, 54))), rng, 10)
        tool.poly(((-0.13, -0.24), (0.11, -0.24), (0.11, 0.22), (-0.13, 0.22)), head)
        tool.rect(-0.13, 0.14, 0.11, 0.22, lit(head, 0.7))
        tool.rect(-0.1, -0.22, -0.04, 0.12, lit(head, 1.25))
    elif kind < 0.8:  # axe
        steel = near(STEEL[0], rng, 10)
        tool.poly(((-0.08, -0.08), (0.08, -0.08), (0.15, 0.26), (-0.18, 0.28)), steel)
        tool.line(((0.15, 0.26), (-0.18, 0.28)), (232, 236, 240), 0.03)
    if rng.random() < 0.5:
        tool.oval(0.58, 0.05, 0.11, 0.09, near(pick(rng, SKIN), rng, 8), 20)
    chips = int(3 + 24 * look.intensity)
    turn, away = rng.uniform(3.1, 6.3, chips), size * rng.uniform(0.1, 0.5, chips) * (0.5 + t)
    place = np.stack([x + away * np.cos(turn), y + away * np.sin(turn)], 1)
    r = rng.uniform(0.008, 0.022, chips)
    pen.shapes(rounds(place, r * 1.6, r * 0.6, turn, 5), (226, 190, 138))


def _log(pen: Pen, look: Look, rng: Rng, x: float, y: float) -> None:
    bark = near(pick(rng, ((96, 70, 50), (120, 100, 84), (76, 56, 42))), rng, 10)
    cut = near((214, 174, 120), rng, 10)
    size = look.reach(rng, 1.0, 0.4)
    block = pen.at(x, y, size)
    layer = pen.layer(bark)
    layer.grain(rng, 34, (24, 3), 2)
    block.textured(((-0.36, 0), (0.36, 0), (0.4, 0.9), (-0.4, 0.9)), layer.px)
    block.oval(0, 0, 0.36, 0.13, lit(bark, 0.8))
    block.oval(0, 0, 0.33, 0.115, cut)
    for ring in (0.26, 0.18, 0.1, 0.04):
        block.oval(0.01, 0, ring, ring * 0.36, lit(cut, 0.8), width=0.012)


def metal_hit(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """A hammer on an anvil, a sheet or a pipe of steel, with sparks."""
    steel = near(pick(rng, STEEL), rng, 10)
    gloom = rng.random() < 0.5
    x, y = rng.uniform(0.4, 0.6), rng.uniform(0.5, 0.68)
    size = look.reach(rng, 0.95, 0.32)
    layout = rng.random()
    if layout < 0.35:
        pen.wash([[lit(steel, 0.6), steel], [lit(steel, 1.3), lit(steel, 0.7)]])
        pen.grain(rng, 14, (3, 40), 2)
        for k in rng.random(int(rng.integers(0, 3))):
            pen.line(((k, 0), (k, 1)), lit(steel, 0.5), 0.015)
        for k in np.linspace(0.05, 0.95, 5):
            pen.oval(k, 0.08, 0.025, 0.025, lit(steel, 1.35))
            pen.oval(k, 0.085, 0.012, 0.012, lit(steel, 0.6))
    else:
        studio(pen, rng, near((44, 42, 46) if gloom else (136, 132, 126), rng, 14))
        block = pen.at(x, y, size)
        if layout < 0.75:
            iron = lit(steel, 0.6)
            block.poly(
                (
                    (-0.55, 0.02),
                    (0.5, 0.0),
                    (0.5, 0.16),
                    (0.18, 0.2),
                    (0.14, 0.42),
                    (0.36, 0.6),
                    (-0.36, 0.6),
                    (-0.16, 0.42),
                    (-0.2, 0.2),
                    (-0.3, 0.14),
                ),
                iron,
            )
            block.poly(((-0.55, 0.02), (0.5, 0.0), (0.5, 0.05), (-0.4, 0.06)), lit(steel, 1.25))
            block.rect(-0.4, 0.6, 0.4, 1.2, near((92, 66, 46), rng, 10))
        else:
            for k in range(3):
                block.rect(-0.9, 0.02 + 0.2 * k, 0.9, 0.2 + 0.2 * k, lit(steel, 0.75))
                block.rect(-0.9, 0.05 + 0.2 * k, 0.9, 0.1 + 0.2 * k, lit(steel, 1.4))
        if rng.random() < 0.35:
            block.rect(-0.3, -0.04, 0.35, 0.02, (255, 150, 50))
            block.glow(0, 0, 0.4, (150, 60, 10), 0.15)
    blow = abs(np.sin(np.pi * (t * (1 + 2 * look.rate) + rng.random())))
    tool = pen.at(
        x, y - 0.12 * size, size * 0.85, rng.uniform(-35, 10) - 40 * blow, rng.random() < 0.5
    )
    tool.line(((0, -0.02), (0.7, 0.02)), near(pick(rng, (*WOODS, (30, 30, 34))), rng, 10), 0.065)
    head = near(pick(rng, ((70, 74, 80), (40, 42, 46), (168, 172, 178))), rng, 8)
    tool.poly(((-0.07, -0.16), (0.07, -0.16), (0.07, 0.12), (-0.07, 0.12)), head)
    tool.rect(-0.09, 0.08, 0.09, 0.17, lit(head, 1.4))
    tool.rect(-0.05, -0.15, -0.015, 0.1, lit(head, 1.8))
    sparks = int(40 * look.intensity * rng.uniform(0.4, 1.2))
    turn, away = rng.uniform(3.0, 6.4, sparks), size * rng.uniform(0.05, 0.5, sparks) * (0.4 + t)
    ray = np.stack([np.cos(turn), np.sin(turn)], 1)
    start = np.array((x, y)) + ray * away[:, None]
    pen.glow(x, y, 0.22 * size * look.intensity + 0.02, (220, 170, 90))
    pen.strokes(np.stack([start, start + ray * 0.05 * size], 1), (255, 214, 120), 0.009)


def saw(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """A toothed blade cutting a board, with a handle and yellow dust."""
    if rng.random() < 0.55:
        table(pen, rng, rng.uniform(0.55, 0.8))
    else:
        studio(pen, rng)
    size = look.reach(rng, 1.1, 0.4)
    x, y = rng.uniform(0.42, 0.58), rng.uniform(0.5, 0.66)
    board = pen.at(x, y, size, rng.normal(0, 8))
    wood = near(pick(rng, WOODS), rng, 10)
    layer = pen.layer(wood)
    layer.grain(rng, 20, (3, 26), 2)
    board.textured(((-0.8, 0.06), (0.8, 0.06), (0.8, 0.26), (-0.8, 0.26)), layer.px)
    board.textured(
        ((-0.7, -0.08), (0.9, -0.08), (0.8, 0.06), (-0.8, 0.06)),
        np.minimum(layer.px.astype(np.int16) + 30, 255).astype(np.uint8),
    )
    board.rect(-0.8, 0.22, 0.8, 0.27, lit(wood, 0.5))
    stroke = 0.16 * np.sin(2 * np.pi * (t * (1 + 2.5 * look.rate) + rng.random()))
    steel = near((188, 194, 198), rng, 10)
    if rng.random() < 0.7:
        blade = board.at(0.05, -0.02, 1.0, rng.uniform(-42, -14), rng.random() < 0.5)
        blade = blade.at(stroke, 0)
        n = np.arange(-0.62, 0.36, 0.035)
        teeth = np.stack([n, 0.1 + 0.03 * (np.arange(len(n)) % 2)], 1)
        blade.poly(np.concatenate([teeth, ((0.36, -0.14), (-0.62, -0.02))]), steel)
        blade.poly(((-0.6, -0.0), (0.36, -0.1), (0.36, -0.04), (-0.6, 0.03)), lit(steel, 1.25))
        blade.line(teeth, lit(steel, 0.5), 0.012)
        grip = near(
            pick(rng, ((170, 100, 50), (40, 40, 44), (200, 60, 40), (226, 170, 40))), rng, 8
        )
        blade.oval(0.48, -0.02, 0.16, 0.16, grip, 20, width=0.09)
        if rng.random() < 0.5:
            blade.oval(0.56, -0.04, 0.12, 0.13, near(pick(rng, SKIN), rng, 8))
            blade.line(((0.6, -0.04), (1.1, -0.12)), near((90, 90, 120), rng, 40), 0.2)
    else:
        disc = board.at(0, -0.12, 0.62, 300 * t)
        turn = np.linspace(0, 2 * np.pi, 49)
        r = 0.44 + 0.05 * (np.arange(49) % 2)
        disc.poly(np.stack([r * np.cos(turn), r * np.sin(turn)], 1), steel)
        disc.oval(0, 0, 0.34, 0.34, lit(steel, 0.85), width=0.02)
        disc.line(((-0.3, -0.2), (0.3, 0.1)), lit(steel, 1.25), 0.06)
        disc.oval(0, 0, 0.1, 0.1, (50, 50, 54))
        board.textured(((-0.8, 0.06), (0.8, 0.06), (0.8, 0.26), (-0.8, 0.26)), layer.px)
        if rng.random() < 0.6:
            guard = near(pick(rng, ((224, 160, 30), (190, 50, 40), (60, 70, 80))), rng, 10)
            board.oval(0, -0.16, 0.33, 0.33, guard, 0, 0.0, (180.0, 330.0))
    n = int(20 + 90 * look.intensity)
    dust = spread(rng, n, (-0.3, 0, 0.3, 0.5)) * (1, rng.uniform(0.4, 1)) * size
    dust = np.array((x, y)) + dust + np.random.default_rng(int(t * 733)).normal(0, 0.02, (n, 2))
    r = rng.uniform(0.004, 0.012, n)
    pen.shapes(rounds(dust, r, r, r, 5), near((236, 206, 150), rng, 8))
    pen.glow(x, y + 0.2 * size, 0.25 * size, lit((70, 56, 34), look.intensity))
