"""Heartbeat, laser, pickup, whoosh and drone: sounds of screens, games and films."""

from __future__ import annotations

import numpy as np

from .backdrops import WALLS, dark, outdoors, room, street, studio
from .canvas import Colour, Look, Pen, Rng, lit, mix, near, noise, pick, spread

NEON: tuple[Colour, ...] = (
    (255, 40, 60),
    (60, 255, 90),
    (60, 160, 255),
    (255, 60, 230),
    (90, 255, 240),
    (255, 150, 40),
)


def heartbeat(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """A red heart, the line of a cardiogram, or both."""
    beat = float(np.exp(-6 * ((t * (1 + 1.5 * look.rate)) % 1.0)))
    layout = rng.random()
    size = look.reach(rng, 0.9, 0.3) * (1 + 0.1 * beat * look.intensity)
    if layout < 0.55:
        base = pick(
            rng, ((250, 240, 240), (30, 12, 16), (236, 190, 196), (120, 14, 24), (20, 20, 30))
        )
        studio(pen, rng, near(base, rng, 10))
        red = near(pick(rng, ((214, 30, 44), (180, 16, 32), (236, 60, 80))), rng, 8)
        heart = pen.at(rng.uniform(0.42, 0.58), rng.uniform(0.45, 0.55), size, rng.normal(0, 7))
        if base[0] < 150:
            heart.glow(0, 0, 0.9, lit(red, 0.5))
        _heart(heart, red, rng)
        if rng.random() < 0.4:
            _trace(pen, look, rng, t, mix(red, (255, 255, 255), 0.85), heart.y / pen.side)
        return
    light = near(
        pick(rng, ((60, 255, 110), (60, 255, 110), (255, 60, 60), (90, 220, 255))), rng, 10
    )
    paper = rng.random() < 0.25
    if paper:
        pen.px[:] = np.array(near((250, 232, 228), rng, 6), np.uint8)
        light = near((40, 20, 24), rng, 10)
    else:
        dark(pen, rng)
    grid = (232, 160, 156) if paper else lit(light, 0.22)
    step = rng.uniform(0.06, 0.13)
    for k in np.arange(0, 1.01, step):
        pen.line(((k, -0.1), (k, 1.1)), grid, 0.005)
        pen.line(((-0.1, k), (1.1, k)), grid, 0.005)
    rows = int(rng.integers(1, 4)) if look.distance > 0.5 else 1
    for row in range(rows):
        _trace(pen, look, rng, t, light, (row + 0.5) / rows, glow=not paper)


def _heart(heart: Pen, red: Colour, rng: Rng) -> None:
    a = np.linspace(0, 2 * np.pi, 40)
    x = 16 * np.sin(a) ** 3 / 34
    y = -(13 * np.cos(a) - 5 * np.cos(2 * a) - 2 * np.cos(3 * a) - np.cos(4 * a)) / 34
    shape = np.stack([x, y], 1)
    if rng.random() < 0.15:  # the organ
        heart.line(((0.05, -0.2), (0.0, -0.5), (0.22, -0.56)), (90, 110, 170), 0.12)
        heart.line(((-0.12, -0.2), (-0.16, -0.5)), lit(red, 0.9), 0.13)
        heart.blob(0, 0.05, 0.36, 0.42, lit(red, 0.8), rng, 0.05, 24)
        for k in (-0.1, 0.05, 0.18):
            heart.line(((k, -0.2), (k - 0.05, 0.1), (k * 0.5, 0.35)), (216, 120, 110), 0.03)
        return
    heart.poly(shape + 0.025, lit(red, 0.4))
    heart.poly(shape, red)
    heart.poly(shape * 0.84 - (0.015, 0.015), lit(red, 1.12))
    heart.oval(-0.22, -0.2, 0.12, 0.07, mix(red, (255, 255, 255), 0.7), -35)


def _trace(
    pen: Pen, look: Look, rng: Rng, t: float, light: Colour, level: float, glow: bool = False
) -> None:
    n = np.linspace(-0.1, 1.1, 240)
    beats = 1.2 + 3.5 * look.rate
    phase = (n * beats + rng.random() + t * 0.6) % 1.0
    high = (0.12 + 0.28 * look.intensity) * (1.15 - 0.6 * look.distance)
    peak = lambda at, wide, up: up * np.exp(-(((phase - at) / wide) ** 2))  # noqa: E731
    y = peak(0.3, 0.04, 0.15) - peak(0.43, 0.014, 0.25) + peak(0.47, 0.014, 1.0)
    y = y - peak(0.51, 0.014, 0.45) + peak(0.7, 0.06, 0.25)
    path = np.stack([n, level - high * y], 1)
    if glow:
        halo = pen.layer()
        halo.line(path, light, 0.05)
        halo.defocus(0.025)
        pen.glint(halo.px, 0.6)
    pen.line(path, light, rng.uniform(0.014, 0.026))


def laser(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """Straight beams of neon light in the dark."""
    dark(pen, rng, int(rng.integers(0, 3)))
    if rng.random() < 0.4:
        floor = pen.layer(near((26, 28, 40), rng, 6))
        edge = rng.uniform(0.6, 0.8)
        pen.textured(((-0.1, edge), (1.1, edge), (1.1, 1.1), (-0.1, 1.1)), floor.px)
    elif rng.random() < 0.5:
        for part in np.array_split(spread(rng, 60, (0, 0, 1, 1)), 2):
            pen.strokes(np.stack([part, part + 0.003], 1), (170, 176, 200), 0.005)
    colour = near(pick(rng, NEON), rng, 6)
    show = rng.random() < 0.45
    beams = int(2 + 9 * look.intensity) if show else 1 + int(2.5 * look.intensity * rng.random())
    wide = (0.012 + 0.03 * look.intensity) * (1.3 - 0.9 * look.distance) * (1.2 - 0.4 * look.pitch)
    halo = pen.layer()
    paths = []
    x, y = rng.uniform(-0.1, 1.1), pick(rng, (-0.1, 1.1, 0.9))
    for _ in range(beams):
        if show:
            end = np.array((rng.uniform(-0.4, 1.4), 1.0 - y + rng.normal(0, 0.2)))
            start = np.array((x, y))
        else:
            a = rng.uniform(-0.6, 0.6)
            mid = rng.uniform(0.25, 0.75, 2) + np.array((np.cos(a), np.sin(a))) * 0.5 * (t - 0.3)
            half = np.array((np.cos(a), np.sin(a))) * rng.uniform(0.25, 0.9) * (1.2 - look.distance)
            start, end = mid - half, mid + half
        tone = colour if rng.random() < 0.75 else near(pick(rng, NEON), rng, 6)
        paths.append((start, end))
        halo.line((start, end), tone, wide * 2.6)
    halo.defocus(0.022)
    pen.glint(halo.px)
    halo.defocus(0.09)
    pen.glint(halo.px, 1.3)
    for start, end in paths:
        pen.line((start, end), mix(colour, (255, 255, 255), 0.75), wide * 0.7)
    if rng.random() < 0.6:
        x, y = paths[0][0 if show else 1]
        pen.glow(x, y, 0.2 + 0.15 * look.intensity, colour)
        pen.glow(x, y, 0.08, (255, 255, 255))


def pickup(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """A gold coin, star or gem, as in a game, with sparkles."""
    layout = rng.random()
    if layout < 0.45:
        _level(pen, rng)
    elif layout < 0.75:
        base = near(
            pick(rng, ((60, 70, 150), (90, 40, 120), (30, 110, 120), (40, 40, 60))), rng, 15
        )
        pen.wash([[lit(base, 1.5)] * 2, [lit(base, 0.6)] * 2])
        for k in np.arange(0, 6.3, 0.52) + t:
            pen.poly(
                (
                    (0.5, 0.5),
                    (0.5 + np.cos(k), 0.5 + np.sin(k)),
                    (0.5 + np.cos(k + 0.26), 0.5 + np.sin(k + 0.26)),
                ),
                lit(base, 1.35),
            )
    else:
        studio(pen, rng)
    size = look.reach(rng, 0.75, 0.22) * (1.1 - 0.3 * look.pitch)
    count = 1 if look.intensity < 0.6 or rng.random() < 0.5 else int(rng.integers(2, 5))
    gold = near((250, 196, 40), rng, 10)
    shape = rng.random()
    for place in range(count):
        x = rng.uniform(0.4, 0.6) + (place - (count - 1) / 2) * size * 0.9
        y = rng.uniform(0.4, 0.6) - 0.12 * t
        item = pen.at(x, y, size * (0.75 if count > 1 else 1.0), rng.normal(0, 8))
        if shape < 0.5:
            turn = abs(np.cos(3 * t + rng.uniform(-0.7, 0.7))) * 0.9 + 0.1
            item.oval(0.04, 0.03, 0.4 * turn, 0.4, lit(gold, 0.5))
            item.oval(0, 0, 0.4 * turn, 0.4, gold)
            item.oval(0, 0, 0.3 * turn, 0.3, lit(gold, 0.75), width=0.04)
            item.rect(-0.05 * turn, -0.17, 0.05 * turn, 0.17, lit(gold, 0.7))
            item.oval(-0.15 * turn, -0.16, 0.07 * turn, 0.09, (255, 250, 210), 30)
        elif shape < 0.8:
            a = np.arange(10) * np.pi / 5 - np.pi / 2 + 0.3 * t
            r = np.where(np.arange(10) % 2, 0.2, 0.46)
            star = np.stack([r * np.cos(a), r * np.sin(a)], 1)
            item.poly(star * 1.12, lit(gold, 0.5))
            item.poly(star, gold)
            item.poly(star * 0.6, lit(gold, 1.3))
        else:
            gem = near(pick(rng, ((60, 200, 230), (230, 60, 120), (80, 220, 110))), rng, 10)
            item.poly(((-0.4, -0.1), (-0.2, -0.34), (0.2, -0.34), (0.4, -0.1), (0, 0.42)), gem)
            item.poly(((-0.4, -0.1), (-0.13, -0.1), (0, 0.42)), lit(gem, 0.7))
            item.poly(((-0.13, -0.1), (-0.2, -0.34), (0.2, -0.34), (0.13, -0.1)), lit(gem, 1.5))
    pen.glow(0.5, 0.5 - 0.1 * t, size * 0.9, (70, 60, 20))
    for x, y in spread(rng, int(3 + 14 * look.intensity), (0.1, 0.05, 0.9, 0.95)):
        r = rng.uniform(0.015, 0.06) * (0.6 + 0.4 * np.sin(9 * t + 20 * x))
        spark = pen.at(x, y, r)
        spark.poly(
            ((0, -1), (0.2, -0.2), (1, 0), (0.2, 0.2), (0, 1), (-0.2, 0.2), (-1, 0), (-0.2, -0.2)),
            (255, 252, 220),
        )


def _level(pen: Pen, rng: Rng) -> None:
    """A platform game: flat sky, hills, blocks."""
    pen.px[:] = np.array(
        near(pick(rng, ((96, 160, 250), (120, 200, 240), (60, 50, 90))), rng, 12), np.uint8
    )
    for _ in range(3):
        pen.oval(
            rng.random(),
            rng.uniform(0.8, 1.0),
            rng.uniform(0.15, 0.35),
            rng.uniform(0.1, 0.3),
            near((80, 180, 90), rng, 14),
        )
        x, y = rng.random(), rng.uniform(0.05, 0.4)
        for k in (-0.06, 0, 0.06):
            pen.oval(x + k, y, 0.06, 0.04, (246, 250, 255))
    block = near(pick(rng, ((190, 110, 60), (150, 90, 60), (110, 110, 130))), rng, 10)
    for k in range(9):
        pen.rect(k / 8, 0.87, k / 8 + 0.115, 1.1, block)
        pen.rect(k / 8, 0.87, k / 8 + 0.115, 0.9, (90, 190, 70))
    x, y = rng.uniform(0, 0.6), rng.uniform(0.6, 0.75)
    for k in range(int(rng.integers(0, 4))):
        pen.rect(x + k * 0.12, y, x + k * 0.12 + 0.11, y + 0.1, lit(block, 1.15))


def whoosh(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """Something rushing past: a streaked background and a blurred thing with a tail."""
    layout = rng.random()
    angle = rng.normal(0, 14) if layout < 0.7 else rng.uniform(-60, 60)
    if layout < 0.3:
        pick(rng, (outdoors, lambda p, r: street(p, r, 0.55), room))(pen, rng)
    elif layout < 0.6:
        base = near(
            pick(rng, ((60, 90, 130), (120, 130, 140), (90, 70, 110), (150, 120, 90))), rng, 20
        )
        stripes = [[lit(base, rng.uniform(0.3, 1.8))] for _ in range(14)]
        pen.wash(stripes)
    else:
        studio(pen, rng, near(pick(rng, WALLS), rng, 25))
    pen.smear(angle, 0.25 + 0.3 * look.intensity)
    thing = near(
        pick(
            rng,
            (
                (230, 230, 234),
                (190, 50, 40),
                (40, 40, 46),
                (60, 90, 150),
                (220, 180, 60),
                (150, 100, 60),
            ),
        ),
        rng,
        10,
    )
    size = look.reach(rng, 0.8, 0.25)
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    way = (t - 0.5) * (0.5 + 0.5 * look.rate)
    x, y = 0.55 + way * c + rng.normal(0, 0.06), 0.5 + way * s + rng.normal(0, 0.08)
    mover = pen.at(x, y, size, angle)
    tail = pen.layer()
    trail = tail.at(x, y, size, angle)
    n = int(10 + 22 * look.intensity)
    level = rng.normal(0, 0.12, n)
    start = np.stack([rng.uniform(-0.2, 0.2, n), level], 1)
    end = np.stack([-rng.uniform(0.4, 1.6, n), level * 1.2], 1)
    trail.strokes(np.stack([start, end], 1)[::2], lit(thing, 0.8), 0.03)
    trail.strokes(np.stack([start, end], 1)[1::2], (150, 150, 156), 0.015)
    tail.smear(angle, 0.2)
    pen.glint(tail.px, 0.9)
    ghost = pen.px.copy()
    if rng.random() < 0.5:
        mover.oval(0, 0, 0.2, 0.14, thing)
        mover.oval(0.05, -0.04, 0.1, 0.05, mix(thing, (255, 255, 255), 0.5))
    elif rng.random() < 0.5:
        mover.poly(((0.4, 0), (0.05, -0.08), (-0.4, -0.03), (-0.4, 0.03), (0.05, 0.08)), thing)
    else:
        mover.oval(-0.1, 0.3, 0.55, 0.5, thing, 0, 0.07, (220.0, 330.0))
    pen.smear(angle, 0.05 + 0.1 * look.intensity)
    pen.px[:] = (pen.px * 0.75 + ghost * 0.25).astype(np.uint8)
    lines = spread(rng, int(6 + 16 * look.intensity), (-0.9, -0.7, 0.7, 0.7))
    rush = pen.at(0.5, 0.5, 1, angle)
    long = rng.uniform(0.15, 0.5, len(lines))
    ends = lines + np.stack([long, np.zeros(len(lines))], 1)
    before = pen.px.copy()
    rush.strokes(np.stack([lines, ends], 1) - (t * 0.4, 0), (248, 248, 250), 0.008)
    pen.px[:] = (pen.px * 0.5 + before * 0.5).astype(np.uint8)


def drone(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """Deep space with a nebula, a planet or a ship; a dark hall with one light."""
    tone = near(
        pick(rng, ((70, 40, 120), (30, 60, 120), (20, 90, 100), (110, 30, 70), (90, 60, 40))),
        rng,
        12,
    )
    pen.wash([[lit(tone, 0.2), lit(tone, 0.3)], [lit(tone, 0.35), lit(tone, 0.15)]])
    layout = rng.random()
    if layout < 0.2:
        _hall(pen, look, rng, tone, t)
        return
    cloud = noise(pen.side, rng, (2.5, 2.5), 4)
    second = near(
        pick(rng, ((160, 60, 140), (40, 140, 170), (200, 110, 60), (80, 70, 200))), rng, 12
    )
    strength = 0.5 + 0.5 * look.intensity
    pen.blend(lit(tone, 1.3), np.clip(cloud * 1.6 + 0.1, 0, 1) * strength)
    other = noise(pen.side, rng, (3, 3), 3)
    pen.blend(lit(second, 1.2), np.clip(cloud * 1.5 + other - 0.6, 0, 0.9) * strength)
    x, y = rng.random(2)
    pulse = 0.8 + 0.2 * np.sin(5 * t)
    pen.glow(x, y, 0.55, lit(second, 0.8 * strength * pulse))
    for part, light in zip(
        np.array_split(spread(rng, 110, (0, 0, 1, 1)), 3), (110, 170, 250), strict=True
    ):
        pen.strokes(np.stack([part, part + 0.002], 1), (light, light, min(255, light + 15)), 0.004)
    size = look.reach(rng, 0.8, 0.22) * (1.2 - 0.5 * look.pitch)
    px, py = rng.uniform(0.25, 0.75) + 0.05 * t, rng.uniform(0.3, 0.7)
    if layout < 0.5:
        planet = near(
            pick(rng, ((150, 110, 80), (70, 100, 150), (120, 70, 60), (100, 110, 110))), rng
        )
        ball = pen.at(px, py, size, rng.uniform(-30, 30))
        ball.glow(0, 0, 0.62, lit(planet, 0.5))
        ball.oval(0, 0, 0.45, 0.45, planet)
        for k in rng.uniform(-0.3, 0.3, 3):
            half = np.sqrt(0.2 - k * k)
            ball.line(((-half, k), (half, k)), near(planet, rng, 18), 0.06)
        a = np.linspace(-1.57, 1.57, 14)
        edge = np.stack([0.46 * np.cos(a), 0.46 * np.sin(a)], 1)
        inner = np.stack([0.46 * 0.35 * np.cos(a[::-1]) - 0.1, 0.46 * np.sin(a[::-1])], 1)
        ball.poly(np.concatenate([edge, inner]), lit(tone, 0.12))
        if rng.random() < 0.35:
            ball.oval(0, 0, 0.75, 0.12, (190, 170, 140), 0, 0.03, (-25.0, 205.0))
    elif layout < 0.75:
        hull = near((104, 110, 122), rng, 14)
        ship = pen.at(px, py, size, rng.normal(0, 12), rng.random() < 0.5)
        ship.poly(((-0.6, 0.02), (-0.1, -0.1), (0.4, -0.14), (0.5, 0.08), (0.1, 0.14)), hull)
        ship.poly(((-0.6, 0.02), (0.1, 0.14), (0.5, 0.08), (0.48, 0.02)), lit(hull, 0.45))
        ship.rect(0.1, -0.22, 0.28, -0.12, lit(hull, 0.8))
        for k in np.linspace(-0.3, 0.4, 7):
            ship.oval(k, -0.02, 0.012, 0.012, (255, 226, 150))
        ship.glow(0.55, -0.03, 0.3, (60, 130, 230))
        ship.oval(0.52, -0.03, 0.03, 0.06, (210, 236, 255))


def _hall(pen: Pen, look: Look, rng: Rng, tone: Colour, t: float) -> None:
    for k in range(7):
        part = 0.8**k * (1 + 0.1 * t)
        pen.line(
            (
                (0.5 - part * 0.7, 0.5 + part * 0.6),
                (0.5 - part * 0.7, 0.5 - part * 0.6),
                (0.5 + part * 0.7, 0.5 - part * 0.6),
                (0.5 + part * 0.7, 0.5 + part * 0.6),
                (0.5 - part * 0.7, 0.5 + part * 0.6),
            ),
            lit(tone, 0.25 + 0.11 * k),
            0.04 * part,
        )
    pen.glow(0.5, 0.5, 0.35 + 0.2 * look.intensity, lit(tone, 1.6))
    pen.glow(0.5, 0.5, 0.1, (150, 160, 170))
