"""Fire and explosion: light that makes its own surroundings."""

from __future__ import annotations

import numpy as np

from .backdrops import dark, sky, street
from .canvas import Look, Pen, Rng, lit, near, noise, pick, rounds, spread

FLAMES = ((176, 40, 8), (232, 88, 14), (250, 150, 30), (255, 214, 96), (255, 246, 200))


def fire(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """Orange tongues on dark: a camp fire, a hearth or flames that fill the picture."""
    live = np.random.default_rng((int(rng.integers(2**31)), int(t * 1000)))
    layout = rng.random()
    base = rng.uniform(0.75, 0.95)
    wide = look.reach(rng, 0.85, 0.3) * (0.75 + 0.4 * look.intensity)
    x = rng.uniform(0.35, 0.65)
    dark(pen, rng, int(rng.integers(0, 3)))
    tall = wide * rng.uniform(0.8, 1.2) * (0.65 + 0.6 * look.intensity)
    if layout < 0.3:  # hearth
        brick = near((92, 54, 44), rng, 10)
        pen.px[:] = np.array(brick, np.uint8)
        pen.grain(rng, 30, (8, 16), 1)
        half = wide * 0.75
        pen.rect(x - half, base - wide * 1.15, x + half, base + 0.05, near((18, 12, 10), rng, 4))
        tall *= 0.8
    elif layout < 0.75:  # outside
        soil = near((46, 36, 30), rng, 8)
        pen.rect(-0.1, base - 0.06, 1.1, 1.1, soil)
        stones = rounds(
            np.stack(
                [x + np.linspace(-0.7, 0.7, 11) * wide, base + 0.04 + rng.normal(0, 0.01, 11)], 1
            ),
            np.full(11, wide * 0.08),
            np.full(11, wide * 0.06),
            rng.random(11),
        )
        if rng.random() < 0.6:
            pen.shapes(stones, near((96, 76, 66), rng, 10))
    else:
        tall, wide, base = tall * 1.6, wide * 1.8, 1.05
    pen.glow(x, base - tall * 0.3, 0.35 + wide, lit((190, 80, 20), 0.4 + 0.5 * look.intensity))
    _tongues(pen, look, rng, live, x, base, wide, tall)
    for _ in range(int(rng.integers(2, 5))):
        lean = rng.normal(0, 20)
        log = pen.at(x + rng.normal(0, 0.12) * wide, base + 0.02, wide * 0.8, lean)
        log.rect(-0.5, -0.05, 0.5, 0.05, near((44, 26, 18), rng, 8))
        log.line(((-0.5, -0.05), (0.5, -0.05)), (220, 90, 30), 0.02)
    n = int(4 + 30 * look.intensity)
    sparks = spread(live, n, (x - wide * 0.6, base - tall * 1.6, x + wide * 0.6, base))
    r = live.uniform(0.003, 0.008, n)
    pen.shapes(rounds(sparks, r, r, r, 5), (255, 190, 90))


def _tongues(pen: Pen, look: Look, rng: Rng, live: Rng, x, base, wide, tall) -> None:
    flames = pen.layer()
    for level, colour in enumerate(FLAMES):
        part = 1.0 - 0.2 * level
        for _ in range(7 - level):
            foot = x + rng.normal(0, 0.2) * wide * part
            high = tall * part * rng.uniform(0.55, 1.1) * (1 - 0.8 * abs(foot - x) / wide)
            high *= live.uniform(0.85, 1.1)
            fat = wide * 0.15 * part * rng.uniform(0.7, 1.3)
            n = np.linspace(0, 1, 8)
            sway = np.cumsum(live.normal(0, 0.08, 8)) * fat * 2
            body = np.sin(np.pi * (0.25 + 0.75 * n)) * fat
            y = base - n * high
            left, right = np.stack([foot + sway - body, y], 1), np.stack([foot + sway + body, y], 1)
            flames.poly(np.concatenate([left, right[::-1]]), near(colour, live, 6))
    flames.defocus(0.006)
    pen.glint(flames.px)
    flames.defocus(0.05)
    pen.glint(flames.px, 0.5)


def explosion(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """A fireball with smoke and debris, outside by day or in the dark."""
    if rng.random() < 0.45:
        dark(pen, rng, int(rng.integers(0, 4)))
    elif rng.random() < 0.5:
        street(pen, rng, rng.uniform(0.55, 0.75), night=rng.random() < 0.4)
    else:
        edge = rng.uniform(0.7, 0.9)
        sky(pen, rng, pick(rng, ("clear", "pale", "dusk", "overcast")))
        pen.rect(-0.1, edge, 1.1, 1.1, near((120, 100, 76), rng, 15))
    size = look.reach(rng, 0.62, 0.2) * (0.7 + 0.5 * look.intensity) * (0.8 + 0.3 * t)
    x, y = rng.uniform(0.35, 0.65), rng.uniform(0.4, 0.62)
    n = int(18 + 14 * look.intensity)
    pen.glow(x, y, size * 2.0, (150, 80, 20))
    _smoke(pen, rng, x, y - 0.25 * size - 0.1 * t, size * 1.1, n)
    hot = pen.layer()
    for level, colour in enumerate(((150, 40, 8), (226, 92, 16), (250, 160, 40), (255, 226, 130))):
        reach = size * (0.72 - 0.17 * level)
        turn, away = rng.uniform(0, 6.3, n), np.sqrt(rng.random(n)) * reach
        place = np.stack([x + away * np.cos(turn), y + 0.8 * away * np.sin(turn)], 1)
        r = rng.uniform(0.14, 0.3, n) * size * (1 - 0.17 * level)
        hot.shapes(rounds(place, r, r, turn, 10), near(colour, rng, 8))
    hot.defocus(0.008)
    lump = noise(pen.side, rng, (7, 7), 3)
    hot.px[:] = (hot.px * np.clip(0.85 + 0.5 * lump, 0.2, 1.2)[..., None]).clip(0, 255)
    heat = np.clip(hot.px[..., 0].astype(np.float32) / 110, 0, 1)
    pen.blend(hot.px, heat)
    pen.glow(x, y, size * 0.6, (160, 140, 90))
    bits = int(14 + 40 * look.intensity)
    turn, away = rng.uniform(0, 6.3, bits), size * rng.uniform(0.7, 1.6, bits) * (0.8 + 0.5 * t)
    ray = np.stack([np.cos(turn), np.sin(turn)], 1)
    start = np.array((x, y)) + ray * away[:, None]
    lines = np.stack([start, start + ray * rng.uniform(0.01, 0.09, (bits, 1))], 1)
    pen.strokes(lines[::2], (255, 190, 80), 0.01)
    pen.strokes(lines[1::2], (40, 30, 26), 0.012)


def _smoke(pen: Pen, rng: Rng, x: float, y: float, size: float, count: int) -> None:
    smoke = pen.layer()
    grey = near(pick(rng, ((60, 54, 52), (96, 90, 86), (34, 30, 30))), rng, 8)
    place = np.stack([rng.normal(x, 0.45 * size, count), rng.normal(y, 0.4 * size, count)], 1)
    r = rng.uniform(0.15, 0.35, count) * size
    patches = rounds(place, r, r, r, 12)
    for part in range(4):
        smoke.shapes(patches[part::4], near(lit(grey, 0.7 + 0.2 * part), rng, 5))
    mask = pen.layer()
    mask.shapes(patches, (255, 255, 255))
    mask.defocus(0.02)
    smoke.defocus(0.01)
    cover = mask.px[..., 0].astype(np.float32) / 255
    pen.blend(smoke.px, cover * rng.uniform(0.75, 1.0))
