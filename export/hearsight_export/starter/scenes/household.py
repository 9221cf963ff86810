"""A door that is knocked on, bells and broken glass."""

from __future__ import annotations

import numpy as np

from .backdrops import WALLS, WOODS, outdoors, planks, room, sky, studio, table
from .canvas import Colour, Look, Pen, Rng, lit, near, pick

SKIN: tuple[Colour, ...] = ((228, 184, 156), (198, 146, 112), (146, 98, 70), (92, 60, 44))
METALS: tuple[Colour, ...] = ((168, 172, 178), (206, 170, 90), (132, 136, 142), (184, 120, 72))


def door_knock(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """A door of wood or metal, mostly with a fist in front of it."""
    metal = look.surface(rng, 2) == 1
    wall = near(pick(rng, WALLS), rng, 14)
    pen.wash([[lit(wall, 1.05), wall], [wall, lit(wall, 0.8)]])
    pen.grain(rng, 10, (8, 8), 2)
    wide = 1.6 * (0.32 / 1.6) ** look.distance * rng.uniform(0.9, 1.1)
    x, top = rng.uniform(0.42, 0.58), 0.5 - wide * 1.05
    low = 0.5 + wide * 0.95
    pen.rect(-0.1, low, 1.1, 1.2, near((120, 100, 84), rng, 20))
    door = pen.at(x, (top + low) / 2, wide)
    if metal:
        tone = near(pick(rng, ((128, 134, 140), (96, 104, 112), (74, 92, 100), (150, 80, 66))), rng)
    else:
        tone = near(pick(rng, (*WOODS, (214, 210, 200), (150, 50, 40), (52, 84, 72))), rng, 10)
    door.rect(-0.57, -1.07, 0.57, 1.0, lit(tone, 0.55) if rng.random() < 0.6 else (232, 230, 224))
    layer = pen.layer(tone)
    if metal:
        layer.grain(rng, 12, (40, 3), 1)
        layer.glow(rng.random(), rng.random(), 0.7, (46, 48, 52))
    elif max(tone) - min(tone) > 25:
        planks(layer, rng, tone, int(rng.integers(1, 4)))
    door.textured(((-0.5, -1), (0.5, -1), (0.5, 1), (-0.5, 1)), layer.px)
    if metal:
        for k in np.linspace(-0.92, 0.92, 9):
            for side in (-0.45, 0.45):
                door.oval(side, k, 0.022, 0.022, lit(tone, 1.4))
        for k in (-0.4, 0.4):
            door.line(((-0.5, k), (0.5, k)), lit(tone, 0.6), 0.025)
    else:
        for y0, y1 in ((-0.88, -0.1), (0.08, 0.85)):
            for x0, x1 in ((-0.4, -0.05), (0.05, 0.4)):
                door.line(((x0, y1), (x0, y0), (x1, y0)), lit(tone, 0.5), 0.03)
                door.line(((x1, y0), (x1, y1), (x0, y1)), lit(tone, 1.35), 0.02)
    door.oval(0.4, 0.02, 0.05, 0.05, near(METALS[int(rng.integers(2))], rng, 10))
    door.oval(0.385, 0.005, 0.02, 0.02, (250, 244, 220))
    if rng.random() < 0.65:
        knock = abs(np.sin(np.pi * (t * (1.5 + 3 * look.rate) + rng.random())))
        size = 0.75 * (0.3 / 0.75) ** look.distance * (0.8 + 0.4 * look.intensity)
        hand = pen.at(x - 0.05 + 0.1 * knock, 0.5 + 0.06 * knock, size, rng.uniform(-25, 25))
        _fist(hand, near(pick(rng, SKIN), rng, 8), near((90, 90, 110), rng, 50))


def _fist(hand: Pen, skin: Colour, sleeve: Colour) -> None:
    hand.poly(((0.16, 0.0), (0.2, 0.24), (0.9, 0.66), (0.96, 0.3)), sleeve)
    hand.poly(((0.1, -0.08), (0.1, 0.24), (0.36, 0.36), (0.4, 0.08)), lit(skin, 0.9))
    hand.oval(0.02, 0.04, 0.2, 0.2, skin)
    for k in range(4):
        hand.oval(-0.15, -0.13 + 0.095 * k, 0.09, 0.055, lit(skin, 1.08 - 0.05 * k), 5)
        hand.line(((-0.2, -0.085 + 0.095 * k), (-0.05, -0.085 + 0.095 * k)), lit(skin, 0.6), 0.014)
    hand.oval(0, 0.22, 0.13, 0.06, lit(skin, 0.95), -20)


def bell(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """A brass bell: a hand bell on a table, or one hanging in a tower or on a rope."""
    hand = rng.random() < 0.4
    if hand:
        table(pen, rng, rng.uniform(0.55, 0.75))
    elif rng.random() < 0.5:
        sky(pen, rng, pick(rng, ("clear", "pale", "dusk")), 0.4)
        stone = near((150, 138, 122), rng, 16)
        half = rng.uniform(0.32, 0.48)
        pen.rect(-0.1, -0.1, 0.5 - half, 1.1, stone)
        pen.rect(0.5 + half, -0.1, 1.1, 1.1, lit(stone, 0.8))
        pen.rect(-0.1, -0.1, 1.1, rng.uniform(0.02, 0.12), lit(stone, 0.6))
    else:
        pick(rng, (studio, outdoors, room))(pen, rng)
    brass = near(pick(rng, ((206, 158, 62), (180, 132, 58), (150, 112, 66), (214, 178, 96))), rng)
    size = look.reach(rng, 0.95, 0.25) * (1.2 - 0.5 * look.pitch)
    swing = (4 + 16 * look.intensity) * np.sin(
        2 * np.pi * (t * (0.6 + 2 * look.rate) + rng.random())
    )
    count = 1 if rng.random() < 0.8 else 2
    for place in range(count):
        body = pen.at(
            0.5 + 0.34 * (place - (count - 1) / 2),
            rng.uniform(0.42, 0.56),
            size / count**0.5,
            rng.normal(0, 4) + swing,
        )
        if hand:
            wood = near((96, 60, 36), rng, 12)
            body.poly(((-0.035, -0.36), (-0.06, -0.72), (0.06, -0.72), (0.035, -0.36)), wood)
            body.oval(0, -0.72, 0.065, 0.05, wood)
        else:
            body.line(((0, -0.36), (0, -1.6)), (70, 56, 46), 0.05)
            body.rect(-0.3, -0.52, 0.3, -0.44, near((84, 62, 46), rng, 10))
            body.oval(0, -0.39, 0.07, 0.07, lit(brass, 0.7), width=0.035)
        _bell_body(body, brass, 0.06 * np.sin(7 * t))


def _bell_body(body: Pen, brass: Colour, clapper: float) -> None:
    body.oval(clapper, 0.37, 0.07, 0.08, lit(brass, 0.4))
    right = np.array(
        (
            (0, -0.37),
            (0.1, -0.35),
            (0.18, -0.26),
            (0.22, -0.08),
            (0.26, 0.1),
            (0.36, 0.26),
            (0.42, 0.31),
        )
    )
    for part, factor in ((1.0, 0.62), (0.72, 1.0), (0.3, 1.22)):
        left = right * (-1.0 if part == 1.0 else -0.95, 1.0)
        inner = right * (part, 1.0)
        body.poly(np.concatenate([inner, left[::-1]]), lit(brass, factor))
    shade = right * (-0.7, 1.0)
    body.poly(np.concatenate([right * (-1.0, 1.0), shade[::-1]]), lit(brass, 0.8))
    body.line(right * (-0.45, 0.9), lit(brass, 1.7), 0.035)
    body.oval(0, 0.31, 0.42, 0.06, lit(brass, 0.85))
    body.oval(0, 0.325, 0.35, 0.04, lit(brass, 0.35))
    for y, half in ((-0.2, 0.2), (0.16, 0.28)):
        body.line(((-half, y), (half, y)), lit(brass, 0.6), 0.015)


def glass(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """Broken glass: a cracked pane, a burst bottle or splinters flying over a floor."""
    if rng.random() < 0.45:
        _pane(pen, look, rng, t)
        return
    if rng.random() < 0.5:
        table(pen, rng, rng.uniform(0.3, 0.6))
    else:
        studio(pen, rng, near(pick(rng, ((60, 64, 70), (120, 110, 100), (170, 176, 180))), rng, 12))
    tint = near(
        pick(rng, ((196, 224, 230), (176, 216, 200), (210, 226, 240), (120, 160, 110))), rng
    )
    x, y = rng.uniform(0.35, 0.65), rng.uniform(0.45, 0.7)
    size = look.reach(rng, 0.85, 0.28)
    if rng.random() < 0.6:
        vessel = pen.at(x, y - 0.1 * size, size, rng.uniform(-70, 70))
        before = pen.px.copy()
        vessel.poly(
            (
                (-0.2, 0.4),
                (-0.24, -0.1),
                (-0.12, -0.04),
                (-0.06, -0.2),
                (0.04, -0.02),
                (0.14, -0.16),
                (0.24, -0.02),
                (0.2, 0.4),
            ),
            tint,
        )
        pen.px[:] = _mean(pen.px, before, 0.55)
        vessel.oval(0, 0.38, 0.2, 0.05, lit(tint, 1.2), width=0.025)
        for side in (-0.2, 0.17):
            vessel.line(((side, 0.34), (side * 1.1, -0.05)), (250, 252, 255), 0.025)
    count = int(16 + 60 * look.intensity)
    turn, away = rng.uniform(0, 6.3, count), size * rng.uniform(0.1, 0.75, count) * (0.7 + 0.6 * t)
    place = np.stack([x + away * np.cos(turn), y + 0.75 * away * np.sin(turn)], 1)
    r = size * rng.uniform(0.015, 0.085, count)
    corner = turn[:, None] + np.sort(rng.uniform(0, 6.3, (count, 4)), 1) + t * 2
    shards = place[:, None] + r[:, None, None] * np.stack(
        [np.cos(corner), np.sin(corner)], 2
    ) * rng.uniform(0.5, 1.4, (count, 4, 1))
    before = pen.px.copy()
    pen.shapes(shards, tint)
    pen.px[:] = _mean(pen.px, before, 0.6)
    edges = np.concatenate([shards, shards[:, :1]], 1)
    pen.strokes(edges[::2], (250, 253, 255), 0.007)
    pen.strokes(edges[1::2], lit(tint, 0.6), 0.006)


def _pane(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    if rng.random() < 0.5:
        outdoors(pen, rng)
        pen.defocus(0.04)
    else:
        studio(pen, rng, near((70, 84, 96), rng, 24))
    pen.veil(near((176, 206, 214), rng, 12), rng.uniform(0.15, 0.45))
    x, y = rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.7)
    size = look.reach(rng, 1.2, 0.4)
    rays = int(9 + 14 * look.intensity)
    turn = np.linspace(0, 2 * np.pi, rays, endpoint=False) + rng.normal(0, 0.14, rays)
    n = np.linspace(0, 1, 6)
    away = n[None] * size * rng.uniform(0.35, 1.0, (rays, 1)) * (0.8 + 0.4 * t)
    wobble = turn[:, None] + np.cumsum(rng.normal(0, 0.05, (rays, 6)), 1)
    lines = np.stack([x + away * np.cos(wobble), y + away * np.sin(wobble)], 2)
    pen.strokes(lines + 0.006, (40, 52, 60), 0.008)
    pen.strokes(lines, (244, 250, 252), 0.009)
    for ring in (0.1, 0.22, 0.36)[: 1 + int(rng.integers(3))]:
        web = np.stack([x + ring * size * np.cos(turn), y + ring * size * np.sin(turn)], 1)
        web += rng.normal(0, 0.015, web.shape)
        pen.line(np.concatenate([web, web[:1]]), (226, 238, 242), 0.007)
    if rng.random() < 0.6:
        hole = rng.uniform(0.04, 0.2) * size
        pen.blob(x, y, hole, hole, near((14, 16, 20), rng, 8), rng, 0.5, 11)
    if rng.random() < 0.4:
        frame = near(pick(rng, ((236, 234, 228), (104, 72, 48))), rng, 10)
        pen.line(
            ((0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98), (0.02, 0.02)), frame, 0.09
        )


def _mean(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    return (a * share + b * (1 - share)).astype(np.uint8)
