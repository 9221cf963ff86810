"""Siren, engine and helicopter."""

from __future__ import annotations

import numpy as np

from .backdrops import dark, sky, street, studio, treeline
from .canvas import Colour, Look, Pen, Rng, lit, mix, near, pick

PAINT: tuple[Colour, ...] = (
    (176, 36, 34),
    (40, 76, 140),
    (210, 212, 214),
    (40, 42, 46),
    (150, 154, 158),
    (200, 150, 40),
    (60, 110, 80),
)
RED, BLUE = (255, 40, 36), (50, 90, 255)


def siren(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """A police car, ambulance or fire engine in a street, or the flashing light alone."""
    night = rng.random() < 0.55
    phase = bool(int(t * (2 + 8 * look.rate) + rng.integers(2)) % 2)
    if rng.random() < 0.22:
        _beacon(pen, look, rng, phase)
        return
    edge = rng.uniform(0.4, 0.6)
    street(pen, rng, edge, night)
    size = look.reach(rng, 0.95, 0.28)
    x, y = rng.uniform(0.4, 0.6), edge + 0.18 + 0.1 * (1 - look.distance)
    body = pen.at(x + 0.05 * t, y, size, 0, rng.random() < 0.5)
    dim = 0.55 if night else 1.0
    service = int(rng.integers(3))
    top = (_front if rng.random() < 0.35 else _side)(body, rng, service, dim)
    left, right = (RED, BLUE) if service != 1 or rng.random() < 0.5 else (BLUE, BLUE)
    bright = 0.5 + 0.5 * look.intensity
    for side, colour, on in ((-1, left, phase), (1, right, not phase)):
        body.rect(min(0, 0.13 * side), top - 0.055, max(0, 0.13 * side), top, lit(colour, 0.8))
        if on:
            body.glow(0.07 * side, top - 0.02, 0.42 * bright + 0.1, lit(colour, 0.9))
            body.oval(0.07 * side, top - 0.03, 0.05, 0.03, (255, 230, 235))
        elif night:
            body.glow(0.07 * side, top - 0.02, 0.25, lit(colour, 0.6))


def _beacon(pen: Pen, look: Look, rng: Rng, phase: bool) -> None:
    colour = pick(rng, (RED, BLUE, BLUE, RED))
    if rng.random() < 0.6:
        dark(pen, rng, 6)
    else:
        studio(pen, rng, near((90, 98, 112), rng, 15))
    size = look.reach(rng, 0.9, 0.35)
    lamp = pen.at(rng.uniform(0.4, 0.6), 0.55, size)
    lamp.rect(-0.36, 0.26, 0.36, 0.4, near((36, 36, 40), rng, 8))
    lamp.poly(
        ((-0.28, 0.26), (-0.26, -0.16), (-0.14, -0.3), (0.14, -0.3), (0.26, -0.16), (0.28, 0.26)),
        lit(colour, 0.62),
    )
    lamp.rect(-0.2, -0.15, -0.1, 0.22, mix(colour, (255, 255, 255), 0.4))
    if phase or look.intensity > 0.4:
        lamp.glow(0.02, 0, 0.9, colour)
        lamp.oval(0.02, 0.02, 0.1, 0.12, (255, 236, 240))


def _wheel(body: Pen, x: float, y: float, r: float) -> None:
    body.oval(x, y, r, r, (22, 22, 24))
    body.oval(x, y, r * 0.55, r * 0.55, (150, 152, 156))
    body.oval(x, y, r * 0.2, r * 0.2, (60, 60, 64))


def _side(body: Pen, rng: Rng, service: int, dim: float) -> float:
    """Draws police car 0, ambulance 1 or fire engine 2 and returns the height of its roof."""
    body.oval(0, 0.23, 0.52, 0.04, (20, 20, 22))
    glass = lit((70, 92, 110), dim)
    if service == 0:
        paint = lit(near(pick(rng, ((236, 238, 240), (24, 26, 32), (230, 232, 234))), rng, 6), dim)
        door = lit(pick(rng, ((30, 60, 150), (240, 240, 240), (20, 22, 28), (60, 130, 70))), dim)
        body.poly(
            (
                (-0.5, 0.2),
                (-0.5, 0.04),
                (-0.3, 0.0),
                (-0.18, -0.15),
                (0.16, -0.15),
                (0.3, 0.0),
                (0.5, 0.03),
                (0.5, 0.2),
            ),
            paint,
        )
        body.rect(-0.17, 0.0, 0.2, 0.17, door)
        body.rect(-0.5, 0.07, 0.5, 0.1, lit(RED if rng.random() < 0.4 else (40, 70, 190), dim))
        body.poly(((-0.25, 0.0), (-0.16, -0.12), (-0.01, -0.12), (-0.01, 0.0)), glass)
        body.poly(((0.02, 0.0), (0.02, -0.12), (0.15, -0.12), (0.25, 0.0)), glass)
        top = -0.15
    else:
        red = service == 2
        paint = lit(near((200, 30, 28) if red else (238, 238, 236), rng, 8), dim)
        stripe = lit((245, 240, 230) if red else pick(rng, ((214, 50, 40), (230, 150, 30))), dim)
        body.rect(-0.2, -0.34, 0.52, 0.2, paint)
        body.poly(
            ((-0.52, 0.2), (-0.52, -0.02), (-0.42, -0.24), (-0.18, -0.26), (-0.18, 0.2)), paint
        )
        body.poly(((-0.48, -0.02), (-0.4, -0.2), (-0.24, -0.2), (-0.24, -0.02)), glass)
        body.rect(-0.52, 0.02, 0.52, 0.075, stripe)
        if red:
            body.line(((-0.15, -0.38), (0.5, -0.38)), lit((190, 192, 196), dim), 0.03)
            for k in (0.0, 0.18, 0.36):
                body.rect(k, -0.18, k + 0.13, 0.0, lit((150, 154, 160), dim))
        else:
            body.rect(0.12, -0.25, 0.2, -0.05, stripe)
            body.rect(0.06, -0.19, 0.26, -0.11, stripe)
        top = -0.34 if not red else -0.26
        if red:
            body = body.at(-0.3, 0)
    body.rect(-0.5 if service != 2 else -0.2, 0.17, 0.5, 0.2, (30, 30, 34))
    for k in (-0.3, 0.3) if service != 2 else (0.0, 0.6):
        _wheel(body, k, 0.19, 0.085)
    return top


def _front(body: Pen, rng: Rng, service: int, dim: float) -> float:
    paint = ((230, 232, 236), (238, 238, 236), (196, 30, 28))[service]
    paint = lit(near(paint, rng, 8), dim)
    high = -0.2 if service == 0 else -0.42
    for side in (-1, 1):
        body.rect(0.3 * side - 0.07, 0.15, 0.3 * side + 0.07, 0.3, (20, 20, 22))
    body.poly(
        ((-0.3, high), (0.3, high), (0.38, 0.0), (0.42, 0.22), (-0.42, 0.22), (-0.38, 0.0)), paint
    )
    body.poly(
        ((-0.26, high + 0.04), (0.26, high + 0.04), (0.33, -0.03), (-0.33, -0.03)),
        lit((60, 78, 94), dim),
    )
    body.rect(-0.2, 0.08, 0.2, 0.15, (30, 30, 34))
    for side in (-1, 1):
        body.oval(0.31 * side, 0.09, 0.07, 0.045, (255, 250, 220))
        if dim < 1:
            body.glow(0.31 * side, 0.09, 0.22, (150, 140, 100))
    if service != 0:
        body.rect(-0.38, 0.0, 0.38, 0.04, lit((220, 60, 40), dim))
    return high


def engine(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """A motor block with belts and pipes, a car on the road or a motorcycle."""
    layout = rng.random()
    shake = 0.008 * (0.4 + look.intensity) * np.sin(60 * t)
    if layout < 0.45:
        _block(pen, look, rng, shake, t)
        return
    edge = rng.uniform(0.35, 0.55)
    if rng.random() < 0.5:
        street(pen, rng, edge)
    else:
        sky(pen, rng, pick(rng, ("clear", "pale", "overcast")))
        treeline(pen, rng, edge + 0.01, 0.16, near((74, 96, 60), rng, 12))
        pen.rect(-0.1, edge, 1.1, 1.1, near((106, 106, 110), rng, 10))
    if rng.random() < 0.4 + 0.4 * look.rate:
        pen.smear(0, 0.05 + 0.12 * look.rate)
    size = look.reach(rng, 1.05, 0.3)
    body = pen.at(
        rng.uniform(0.42, 0.58) + 0.08 * (t - 0.5), edge + 0.22 + shake, size, 0, rng.random() < 0.5
    )
    paint = near(pick(rng, PAINT), rng, 10)
    (_car if layout < 0.75 else _motorcycle)(body, rng, paint)
    for k in range(int(2 + 5 * look.intensity)):
        body.glow(0.55 + 0.09 * k + 0.05 * t, 0.14 - 0.02 * k, 0.1 + 0.02 * k, (60, 60, 62))


def _car(body: Pen, rng: Rng, paint: Colour) -> None:
    body.oval(0, 0.23, 0.52, 0.04, (24, 24, 26))
    body.poly(
        (
            (-0.5, 0.19),
            (-0.51, 0.04),
            (-0.3, -0.01),
            (-0.16, -0.17),
            (0.18, -0.17),
            (0.36, 0.0),
            (0.5, 0.03),
            (0.5, 0.19),
        ),
        paint,
    )
    body.poly(((-0.5, 0.12), (0.5, 0.12), (0.5, 0.2), (-0.5, 0.2)), lit(paint, 0.65))
    body.line(((-0.48, 0.04), (0.48, 0.05)), lit(mix(paint, (255, 255, 255), 0.3), 1.2), 0.02)
    glass = (52, 66, 80)
    body.poly(((-0.25, 0.0), (-0.14, -0.14), (0.0, -0.14), (0.0, 0.0)), glass)
    body.poly(((0.03, 0.0), (0.03, -0.14), (0.16, -0.14), (0.29, 0.0)), glass)
    body.oval(-0.48, 0.07, 0.03, 0.025, (255, 246, 210))
    body.oval(0.48, 0.07, 0.025, 0.025, (200, 30, 26))
    for k in (-0.3, 0.3):
        _wheel(body, k, 0.18, 0.1)


def _motorcycle(body: Pen, rng: Rng, paint: Colour) -> None:
    for k in (-0.34, 0.34):
        body.oval(k, 0.14, 0.15, 0.15, (24, 24, 26), width=0.05)
        body.oval(k, 0.14, 0.05, 0.05, (150, 150, 154))
    body.line(((-0.34, 0.14), (-0.22, -0.24), (-0.12, -0.28)), (160, 162, 166), 0.035)
    body.poly(((-0.14, 0.0), (0.14, 0.0), (0.18, 0.18), (-0.12, 0.2)), (92, 94, 98))
    for k in (0.03, 0.07, 0.11):
        body.line(((-0.1, k), (0.14, k)), (170, 172, 176), 0.014)
    body.oval(-0.06, -0.08, 0.17, 0.085, paint)
    body.poly(((0.08, -0.12), (0.44, -0.14), (0.34, -0.02), (0.1, -0.03)), (26, 24, 24))
    body.line(((0.0, 0.18), (0.44, 0.14)), (190, 192, 196), 0.04)
    if rng.random() < 0.5:
        rider = near((44, 46, 56), rng, 25)
        body.poly(((0.06, -0.12), (0.26, -0.14), (0.12, -0.46), (-0.06, -0.42)), rider)
        body.line(((0.0, -0.4), (-0.16, -0.24)), rider, 0.07)
        body.line(((0.16, -0.12), (-0.04, 0.02), (0.06, 0.16)), lit(rider, 0.8), 0.09)
        body.oval(0.0, -0.54, 0.1, 0.1, lit(paint, 0.9))


def _block(pen: Pen, look: Look, rng: Rng, shake: float, t: float) -> None:
    iron = near(pick(rng, ((84, 88, 92), (112, 116, 118), (60, 62, 66), (96, 84, 72))), rng, 10)
    pen.wash([[lit(iron, 0.5), lit(iron, 0.7)], [lit(iron, 0.4), lit(iron, 0.3)]])
    size = look.reach(rng, 1.15, 0.5)
    block = pen.at(0.5 + shake, 0.5 - shake, size, rng.normal(0, 6))
    for _ in range(16):
        x, y, w, h = rng.uniform(-0.6, 0.4), rng.uniform(-0.6, 0.5), *rng.uniform(0.06, 0.3, 2)
        tone = near(iron, rng, 22)
        block.rect(x, y, x + w, y + h, tone)
        block.rect(x, y, x + w, y + 0.02, lit(tone, 1.4))
        block.rect(x, y + h - 0.02, x + w, y + h, lit(tone, 0.5))
    cover = near(pick(rng, ((176, 40, 34), (150, 154, 160), (40, 42, 46), (50, 80, 130))), rng, 10)
    block.rect(-0.42, -0.4, 0.42, -0.18, cover)
    block.rect(-0.42, -0.4, 0.42, -0.35, lit(cover, 1.3))
    for k in np.linspace(-0.33, 0.33, int(rng.integers(3, 7))):
        block.rect(k - 0.03, -0.18, k + 0.03, 0.1, lit(iron, 1.5))
        block.rect(k + 0.01, -0.18, k + 0.03, 0.1, lit(iron, 0.7))
        block.oval(k, -0.29, 0.025, 0.025, lit(iron, 0.5))
    wheels = [
        (rng.uniform(-0.35, 0.35), rng.uniform(0.05, 0.4), rng.uniform(0.08, 0.18))
        for _ in range(3)
    ]
    block.line([(x, y) for x, y, _ in (*wheels, wheels[0])], (18, 18, 18), 0.04)
    for x, y, r in wheels:
        block.oval(x, y, r, r, lit(iron, 0.5))
        block.oval(x, y, r * 0.85, r * 0.85, lit(iron, 1.6), width=r * 0.18)
        for k in range(4):
            a = k * np.pi / 2 + t * (4 + 12 * look.rate)
            block.line(
                ((x, y), (x + 0.8 * r * np.cos(a), y + 0.8 * r * np.sin(a))), lit(iron, 1.2), 0.025
            )
        block.oval(x, y, r * 0.25, r * 0.25, lit(iron, 1.8))
    for _ in range(int(rng.integers(2, 5))):
        path = rng.uniform(-0.55, 0.55, (4, 2))
        block.line(
            path, near(pick(rng, ((22, 22, 24), (150, 40, 30), (40, 60, 120))), rng, 8), 0.03
        )
    pen.grain(rng, 12, (20, 20), 2)


def helicopter(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """A helicopter in the sky with its rotor turning."""
    sky(pen, rng, pick(rng, ("clear", "pale", "overcast", "dusk")), rng.uniform(0, 0.6), t)
    if rng.random() < 0.4:
        edge = rng.uniform(0.8, 0.95)
        treeline(pen, rng, edge, 0.12, near((74, 88, 70), rng, 15))
        pen.rect(-0.1, edge, 1.1, 1.1, near((96, 104, 80), rng, 15))
    paint = near(
        pick(
            rng,
            (
                (70, 78, 56),
                (190, 40, 36),
                (40, 60, 110),
                (232, 232, 230),
                (40, 42, 46),
                (226, 170, 40),
            ),
        ),
        rng,
        10,
    )
    size = look.reach(rng, 1.0, 0.28)
    craft = pen.at(
        rng.uniform(0.42, 0.6) - 0.06 * t,
        rng.uniform(0.4, 0.58),
        size,
        rng.normal(0, 7),
        rng.random() < 0.5,
    )
    craft.poly(((0.05, -0.06), (0.56, -0.07), (0.56, -0.02), (0.05, 0.08)), lit(paint, 0.9))
    craft.poly(((0.5, -0.06), (0.56, -0.2), (0.61, -0.2), (0.58, -0.02)), paint)
    turn = t * 9
    craft.oval(0.57, -0.12, 0.09, 0.09, (120, 124, 130), width=0.012)
    craft.line(
        (
            (0.57 - 0.1 * np.cos(turn), -0.12 - 0.1 * np.sin(turn)),
            (0.57 + 0.1 * np.cos(turn), -0.12 + 0.1 * np.sin(turn)),
        ),
        (30, 30, 34),
        0.02,
    )
    craft.oval(-0.1, 0.02, 0.27, 0.15, paint, -3)
    craft.oval(-0.1, 0.08, 0.24, 0.09, lit(paint, 0.7), -3)
    craft.poly(((-0.36, 0.02), (-0.3, -0.09), (-0.16, -0.12), (-0.14, 0.03)), (64, 92, 116))
    craft.rect(-0.1, -0.08, 0.02, 0.02, (64, 92, 116))
    for k in (-0.2, 0.02):
        craft.line(((k, 0.14), (k - 0.02, 0.22)), (40, 40, 44), 0.016)
    craft.line(((-0.36, 0.19), (-0.32, 0.225), (0.16, 0.225)), (40, 40, 44), 0.022)
    craft.rect(-0.11, -0.19, -0.05, -0.1, lit(paint, 0.6))
    before = pen.px.copy()
    craft.oval(-0.08, -0.2, 0.62, 0.045, (60, 64, 70))
    blur_ = 0.15 + 0.4 * look.intensity
    pen.px[:] = (pen.px * blur_ + before * (1 - blur_)).astype(np.uint8)
    a = rng.random() * np.pi + t * 21 * (0.5 + look.rate)
    for k in (0.0, np.pi / 2):
        dx, dy = 0.62 * np.cos(a + k), 0.045 * np.sin(a + k)
        craft.line(((-0.08 - dx, -0.2 - dy), (-0.08 + dx, -0.2 + dy)), (34, 36, 40), 0.022)
