"""Sea, stream and bubbles."""

from __future__ import annotations

import numpy as np

from .backdrops import leaves, outdoors, sky
from .canvas import Look, Pen, Rng, lit, mix, near, noise, onto_ground, pick, rounds, spread


def sea(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """A horizon over blue water with white crests; a beach when close."""
    mood = pick(rng, ("clear", "pale", "clear", "dusk", "overcast"))
    if look.intensity > 0.7 and rng.random() < 0.6:
        mood = "storm"
    sky(pen, rng, mood, 0.4)
    edge = rng.uniform(0.18, 0.5)
    water = near(pick(rng, ((30, 84, 130), (26, 104, 140), (40, 110, 128), (52, 80, 100))), rng, 10)
    if mood in ("dusk", "storm"):
        water = mix(water, (70, 76, 96), 0.6)
    layer = pen.layer()
    layer.wash([[lit(water, 1.35)] * 2, [water] * 2, [lit(water, 0.75)] * 2])
    swell = noise(pen.side, rng, (3, 16), 3)
    swell = np.roll(swell, round(t * 0.06 * pen.side), 0)
    flat = onto_ground(np.dstack([swell] * 3), edge, 0.3)[..., 0]
    layer.shift(flat * (18 + 26 * look.intensity))
    if mood == "dusk":
        layer.glow(rng.uniform(0.2, 0.8), edge, 0.3, (220, 130, 60), 0.8)
    pen.textured(((-0.1, edge), (1.1, edge), (1.1, 1.1), (-0.1, 1.1)), layer.px)
    foam = near((232, 238, 240), rng, 8)
    depth = rng.random(90)
    place = np.stack([rng.random(90), edge + 0.01 + (1 - edge) * depth], 1) + (0, t * 0.03)
    wide = 0.01 + 0.04 * depth
    ripples = rounds(place, wide, wide * 0.18, rng.normal(0, 0.1, 90), 6)
    pen.shapes(ripples[: int(10 + 45 * look.intensity)], lit(foam, 0.9))
    pen.shapes(ripples[60:75], lit(water, 1.5))
    pen.shapes(ripples[75:], lit(water, 0.6))
    _crests(pen, look, rng, t, edge, foam, water)
    if look.distance < 0.55 and rng.random() < 0.75:
        _beach(pen, rng, t, foam)
    elif rng.random() < 0.2:
        x = rng.uniform(0.1, 0.9)
        pen.poly(((x, edge - 0.01), (x + 0.05, edge - 0.01), (x + 0.02, edge - 0.1)), foam)


def _crests(pen: Pen, look: Look, rng: Rng, t: float, edge: float, foam, water) -> None:
    n = np.linspace(0, 1, 9)
    for _ in range(int(4 + 16 * look.intensity)):
        depth = rng.random() ** 1.4
        depth = (depth + t * 0.15) % 1.0
        y = edge + 0.02 + (1 - edge) * depth
        wide = (0.08 + 0.5 * depth) * (0.7 + 0.6 * look.intensity)
        x = rng.uniform(-0.2, 1.0)
        thick = (0.008 + 0.06 * depth * look.intensity) * (1.3 - 0.6 * look.distance)
        up = np.sin(n * np.pi) * thick * rng.uniform(0.8, 2) + rng.normal(0, 0.25 * thick, 9)
        top = np.stack([x + n * wide, y - up], 1)
        low = np.stack([x + n * wide, y + 0.2 * up], 1)[::-1]
        if depth > 0.35 and look.intensity > 0.5:
            face = np.stack([x + n * wide, y + 1.6 * up], 1)[::-1]
            pen.poly(np.concatenate([top, face]), lit(mix(water, (60, 140, 140), 0.4), 0.85))
        pen.poly(np.concatenate([top, low]), lit(foam, rng.uniform(0.75, 1.0)))


def _beach(pen: Pen, rng: Rng, t: float, foam) -> None:
    shore = rng.uniform(0.66, 0.9) + 0.04 * np.sin(t * 3)
    n = np.linspace(-0.1, 1.1, 15)
    wave = np.cumsum(rng.normal(0, 0.009, 15)) + rng.normal(0, 0.12) * n
    line = np.stack([n, shore + wave], 1)
    sand = pen.layer(near(pick(rng, ((206, 184, 144), (180, 156, 118), (150, 134, 112))), rng))
    sand.grain(rng, 14, (24, 16), 2)
    pen.textured(np.concatenate([line, ((1.2, 1.2), (-0.2, 1.2))]), sand.px)
    pen.line(line + (0, 0.02), lit(foam, 0.72), 0.05)
    pen.line(line, foam, rng.uniform(0.02, 0.05))
    pen.line(line - (0, 0.05), lit(foam, 0.95), rng.uniform(0.008, 0.03))


def stream(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """A brook winding between stones, or a small fall, in green surroundings."""
    green = near((70, 106, 52), rng, 14)
    top = rng.uniform(0.0, 0.3)
    if rng.random() < 0.6:
        leaves(pen, rng, green, 40, 0.08)
        if rng.random() < 0.5:
            pen.defocus(0.01)
    else:
        outdoors(pen, rng)
    fall = rng.random() < 0.25 + 0.2 * look.intensity
    water = near(pick(rng, ((120, 146, 150), (92, 120, 116), (140, 160, 170), (84, 96, 84))), rng)
    layer = pen.layer(water)
    flow = noise(pen.side, rng, (14, 2.5), 3)
    layer.shift(np.roll(flow, round(t * 0.3 * pen.side), 0) * (36 + 30 * look.intensity))
    n = np.linspace(0, 1, 9)
    near_width = 0.62 - 0.35 * look.distance
    bend = rng.uniform(-0.3, 0.3) * np.sin(n * rng.uniform(2, 5)) * (1 - n * 0.5)
    middle = rng.uniform(0.35, 0.65) + bend
    half = 0.05 + (near_width - 0.05) * n**1.4
    if fall:
        half = np.full(9, near_width * 0.55)
        half[6:] *= (1.15, 1.5, 1.9)
    y = top + (1.05 - top) * n
    left, right = np.stack([middle - half, y], 1), np.stack([middle + half, y], 1)
    left[:, 0] += rng.normal(0, 0.02, 9)
    right[:, 0] += rng.normal(0, 0.02, 9)
    pen.line(left, lit(green, 0.4), 0.05)
    pen.line(right, lit(green, 0.4), 0.05)
    pen.textured(np.concatenate([left, right[::-1]]), layer.px)
    _white_water(pen, look, rng, t, middle, half, y)
    stone = near(pick(rng, ((116, 112, 106), (92, 88, 82), (134, 124, 112))), rng)
    for _ in range(int(rng.integers(7, 16))):
        k = int(rng.integers(1, 9))
        side = rng.choice((-1.0, 1.0, 0.0), p=(0.4, 0.4, 0.2))
        x = middle[k] + side * half[k] * rng.uniform(0.8, 1.2) + rng.normal(0, 0.05)
        r = (0.03 + 0.07 * n[k]) * rng.uniform(0.6, 1.4) * (1.3 - 0.6 * look.distance)
        tone = near(stone, rng, 12)
        pen.blob(x, y[k] + r * 0.2, r * 1.1, r * 0.75, lit(tone, 0.5), rng)
        pen.blob(x, y[k], r, r * 0.65, tone, rng)
        pen.oval(x - r * 0.2, y[k] - r * 0.25, r * 0.5, r * 0.25, lit(tone, 1.25))
    pen.grain(rng, 8, (20, 20), 1)


def _white_water(pen: Pen, look: Look, rng: Rng, t: float, middle, half, y) -> None:
    count = int(12 + 40 * look.intensity)
    k = rng.integers(0, 8, count)
    part = (rng.random(count) + t * (1 + look.rate)) % 1.0
    across = rng.uniform(-0.85, 0.85, count)
    x = middle[k] + (middle[k + 1] - middle[k]) * part + across * half[k]
    down = y[k] + (y[k + 1] - y[k]) * part
    long = rng.uniform(0.02, 0.08, count) * (0.5 + look.intensity)
    lines = np.stack([np.stack([x, down], 1), np.stack([x + across * 0.02, down + long], 1)], 1)
    pen.strokes(lines[::2], (228, 236, 238), 0.012 * (1.3 - 0.6 * look.distance))
    pen.strokes(lines[1::2], (200, 216, 218), 0.007)


def bubbles(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """Round bubbles rising through water, or soap bubbles in the air."""
    soap = rng.random() < 0.2
    if soap:
        leaves(pen, rng, None, 25, 0.14)
        pen.defocus(0.07)
    else:
        water = near(
            pick(rng, ((20, 110, 160), (10, 80, 130), (40, 150, 170), (30, 120, 120), (6, 40, 90))),
            rng,
            12,
        )
        pen.wash([[lit(water, 1.7), lit(water, 1.3)], [water, water], [lit(water, 0.4)] * 2])
        pen.grain(rng, 14, (3, 3), 2)
        for _ in range(int(rng.integers(0, 4))):
            x = rng.random()
            pen.glow(x, 0, 0.2, (40, 60, 60), 0.9)
    count = int(8 + 42 * look.intensity)
    size = (0.13 - 0.06 * look.pitch) * (1.35 - 0.9 * look.distance)
    column = rng.uniform(0.2, 0.8)
    for _ in range(count):
        r = size * rng.uniform(0.15, 1.0) ** 1.5
        x = rng.normal(column, 0.22) if not soap else rng.random()
        y = (rng.random() - t * (0.3 + 0.5 * look.rate)) % 1.15 - 0.07
        x += 0.01 * np.sin(20 * y + r * 900)
        rim = near((186, 226, 240), rng, 14)
        if soap:
            rim = pick(rng, ((240, 200, 240), (200, 240, 250), (250, 240, 200)))
        patch = pen.at(x, y, r)
        if r > 0.025:
            patch.oval(0, 0, 1, 0.95, rim, width=0.16)
            patch.oval(0.1, 0.1, 0.8, 0.75, lit(rim, 0.55), width=0.12, arc=(0, 110))
            patch.oval(-0.4, -0.4, 0.22, 0.16, (255, 255, 255))
        else:
            patch.oval(0, 0, 1, 1, rim)
    if rng.random() < 0.3:
        small = spread(rng, 40, (0, 0, 1, 1))
        r = rng.uniform(0.003, 0.008, 40)
        pen.shapes(rounds(small, r, r, r, 6), (200, 230, 240))
