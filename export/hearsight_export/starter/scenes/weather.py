"""Rain, thunder and wind."""

from __future__ import annotations

import numpy as np

from .backdrops import grass, leaves, sky, street, treeline
from .canvas import Look, Pen, Rng, lit, near, noise, onto_ground, pick, rounds, spread


def rain(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """Grey-blue light and slanting streaks over leaves, a wet street or a tin roof."""
    surface = look.surface(rng, 3)
    if surface == 0:
        _wet_leaves(pen, look, rng)
    elif surface == 1:
        _wet_street(pen, look, rng, t)
    else:
        _tin_roof(pen, look, rng, t)
    pen.veil(near((104, 118, 136), rng, 12), 0.08 + 0.16 * look.intensity + 0.06 * look.distance)
    _streaks(pen, look, rng, t)


def _streaks(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    count = int(50 + 150 * look.intensity)
    size = 1.4 - 0.9 * look.distance
    start = spread(rng, count, (-0.2, 0, 1.2, 1.0))
    lean = rng.normal(0, 0.12)
    depth = rng.uniform(0.5, 1.3, count)
    start[:, 1] = (start[:, 1] + t * (1.5 + look.rate) * depth) % 1.2 - 0.2
    length = (0.05 + 0.12 * look.intensity) * size * depth
    ends = start + np.stack([lean * length, length], 1)
    lines = np.stack([start, ends], 1)
    before = pen.px.copy()
    pen.strokes(lines[::2], near((196, 206, 218), rng, 10), 0.006 * size)
    pen.strokes(lines[1::2], near((164, 176, 192), rng, 10), 0.004 * size)
    mild = rng.uniform(0.55, 0.95)
    pen.px[:] = (pen.px * mild + before * (1 - mild)).astype(np.uint8)


def _wet_leaves(pen: Pen, look: Look, rng: Rng) -> None:
    size = 0.16 - 0.1 * look.distance
    leaves(pen, rng, near((48, 96, 52), rng, 10), int(30 + 40 * look.distance), size)
    drops = spread(rng, int(14 + 40 * look.intensity), (0, 0, 1, 1))
    r = rng.uniform(0.006, 0.014, len(drops)) * (1.4 - look.distance)
    pen.shapes(rounds(drops, r, r, r, 6), (206, 226, 226))


def _wet_street(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    layout = rng.random()
    if layout < 0.2:
        _window(pen, look, rng, t)
        return
    if layout < 0.4:
        pen.px[:] = np.array(near((84, 90, 98), rng, 12), np.uint8)
        pen.grain(rng, 12, (3, 9), 2)
        top = 0.0
    else:
        top = rng.uniform(0.35, 0.6)
        street(pen, rng, top, night=rng.random() < 0.25, wet=True)
        pen.smear(90, 0.05)
        for _ in range(int(rng.integers(0, 3))):
            _umbrella(pen, look, rng, top)
    for x, y in spread(rng, int(5 + 22 * look.intensity), (0, top, 1, 1)):
        grow = (rng.random() + t * 2) % 1.0
        rx = 0.012 + 0.05 * grow * (0.4 + (y - top))
        pen.oval(x, y, rx, rx * 0.4, (190, 198, 208), width=0.006)


def _umbrella(pen: Pen, look: Look, rng: Rng, top: float) -> None:
    size = look.reach(rng, 0.6, 0.18)
    walker = pen.at(rng.uniform(0.1, 0.9), top + 0.1 + 0.1 * rng.random(), size)
    coat = near(pick(rng, ((40, 42, 52), (90, 60, 50), (60, 70, 90))), rng, 12)
    cloth = near(pick(rng, ((30, 30, 34), (180, 36, 40), (40, 70, 130), (220, 180, 50))), rng, 10)
    walker.poly(((-0.16, -0.1), (0.16, -0.1), (0.2, 0.45), (-0.2, 0.45)), coat)
    for k in (-0.08, 0.08):
        walker.line(((k, 0.4), (k, 0.75)), lit(coat, 0.6), 0.1)
    walker.oval(0, -0.18, 0.1, 0.12, (190, 150, 124))
    walker.oval(0, -0.2, 0.5, 0.34, cloth, arc=(180, 360))
    walker.oval(0.06, -0.2, 0.2, 0.33, lit(cloth, 1.25), arc=(180, 360))
    walker.line(((0, -0.55), (0, 0.1)), (60, 60, 64), 0.02)


def _window(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """Drops running down a pane in front of a blurred street."""
    street(pen, rng, rng.uniform(0.4, 0.7), night=rng.random() < 0.4, wet=True)
    pen.defocus(rng.uniform(0.03, 0.07))
    drops = spread(rng, int(30 + 60 * look.intensity), (0, 0, 1, 1))
    drops[::6, 1] = (drops[::6, 1] + t * 0.4) % 1.0
    r = rng.uniform(0.006, 0.022, len(drops))
    pen.shapes(rounds(drops, r, r * 1.25, r * 0, 7), near((70, 78, 88), rng, 8))
    pen.shapes(
        rounds(drops + (0, 0.3) * r[:, None], r * 0.7, r * 0.7, r * 0, 6),
        near((196, 206, 214), rng, 8),
    )
    tracks = drops[::6]
    pen.strokes(np.stack([tracks, tracks - (0.01, 0.25)], 1), (150, 160, 170), 0.006)


def _tin_roof(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    tin = near(pick(rng, ((126, 134, 142), (150, 152, 154), (128, 92, 74), (96, 118, 126))), rng)
    ridges = int(rng.integers(7, 13) + 7 * look.distance)
    wave = np.cos(np.linspace(0, 2 * np.pi * ridges, pen.side))
    sheet = pen.layer(tin)
    sheet.shift(np.broadcast_to(wave * rng.uniform(24, 44), (pen.side, pen.side)))
    sheet.grain(rng, 14, (4, 3), 3)
    for y in np.arange(rng.uniform(0.2, 0.5), 1.0, 0.45):
        sheet.line(((0, y), (1, y)), lit(tin, 0.6), 0.01)
    if rng.random() < 0.3:
        pen.px[:] = sheet.px
        return
    eave = rng.uniform(0.2, 0.45)
    sky(pen, rng, pick(rng, ("storm", "overcast")), 0.4)
    treeline(pen, rng, eave + 0.02, 0.2, near((62, 78, 70), rng, 8))
    roof = onto_ground(sheet.px, eave, rng.uniform(0.45, 0.8))
    lean = rng.normal(0, 0.08)
    pen.textured(((-0.1, eave - lean), (1.1, eave + lean), (1.1, 1.1), (-0.1, 1.1)), roof)
    splash = spread(rng, int(10 + 40 * look.intensity), (0, eave, 1, 1))
    splash += np.random.default_rng(int(t * 997)).normal(0, 0.03, splash.shape)
    r = rng.uniform(0.004, 0.012, len(splash))
    pen.shapes(rounds(splash, r * 1.6, r, r, 6), (208, 214, 220))


def thunder(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """Storm clouds at night; a bolt when near, a lit cloud when far."""
    base = near(pick(rng, ((28, 26, 52), (38, 36, 48), (20, 26, 44), (52, 40, 74))), rng, 6)
    pen.wash([[lit(base, 0.5), lit(base, 0.6)], [base, lit(base, 1.3)], [lit(base, 1.8)] * 2])
    cloud = noise(pen.side, rng, (2, 3), 4)
    pen.shift(cloud * (20 + 14 * look.intensity))
    flash = 1.0 if t == 0 else float(np.random.default_rng(int(t * 331)).uniform(0.35, 1.1))
    x, y = rng.uniform(0.15, 0.85), rng.uniform(0.1, 0.4)
    violet = near(pick(rng, ((170, 150, 255), (190, 200, 255), (230, 190, 255))), rng, 10)
    pen.glow(x, y, 0.35 + 0.6 * look.intensity, lit(violet, 0.7 * flash))
    # Light makes the clouds visible from inside.
    pen.shift(np.clip(cloud, 0, 1) * 40 * flash * look.intensity)
    edge = rng.uniform(0.78, 0.97)
    bolts = 1 + int(rng.random() < look.intensity * 0.8) + int(rng.random() < 0.2)
    if look.distance > 0.8 and rng.random() < 0.3:
        bolts = 0
    for _ in range(bolts):
        wide = (0.016 + 0.014 * look.intensity) * (1.3 - 0.8 * look.distance)
        x = min(max(x + rng.normal(0, 0.12), 0.05), 0.95)
        _bolt(pen, rng, (x, y - 0.3 * (1 - look.distance)), edge, wide, lit(violet, flash))
    ground = lit(base, 0.3)
    if rng.random() < 0.4:
        treeline(pen, rng, edge, 0.1, ground)
    pen.rect(-0.1, edge, 1.1, 1.1, ground)


def _bolt(pen: Pen, rng: Rng, start: tuple[float, float], low: float, width: float, light) -> None:
    n = 11
    y = np.linspace(start[1], low, n)
    x = start[0] + np.cumsum(rng.normal(0, 0.04, n))
    path = np.stack([x, y], 1)
    halo = pen.layer()
    halo.line(path, lit(light, 0.8), width * 3)
    branch = int(rng.integers(2, n - 3))
    for k in (branch, branch + 2):
        side = path[k] + np.cumsum(rng.normal((rng.choice((-1, 1)) * 0.05, 0.05), 0.02, (4, 2)), 0)
        halo.line(np.concatenate([path[k : k + 1], side]), lit(light, 0.9), width * 0.5)
        pen.line(np.concatenate([path[k : k + 1], side]), light, width * 0.4)
    halo.defocus(0.02)
    pen.glint(halo.px)
    pen.line(path, (255, 252, 255), width)


def wind(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """Bent trees, leaning grass or flying leaves, blurred along the gusts."""
    layout = rng.random()
    gust = 0.25 + 0.75 * look.intensity
    sway = 0.12 * np.sin(2 * np.pi * (t * (1 + 2 * look.rate) + rng.random()))
    lean = gust * (0.55 + sway) * 0.8
    if layout < 0.4:
        _field(pen, look, rng, lean)
    else:
        edge = rng.uniform(0.72, 0.92)
        sky(pen, rng, pick(rng, ("pale", "overcast", "clear", "overcast")), 0.6, t)
        pen.smear(0, 0.12)
        grass(pen, rng, edge)
        _bent_trees(pen, look, rng, lean, edge)
    if rng.random() < 0.35 + 0.5 * look.intensity:
        n = int(6 + 26 * look.intensity)
        place = spread(rng, n, (-0.1, 0.0, 1.1, 1.0)) + (t * 0.5 * gust, 0)
        place[:, 0] = (place[:, 0] + 0.1) % 1.2 - 0.1
        r = rng.uniform(0.01, 0.024, n) * (1.4 - look.distance)
        patches = rounds(place, r * 1.7, r * 0.7, rng.normal(0, 0.6, n), 6)
        for part in range(3):
            leaf = near(pick(rng, ((190, 130, 50), (130, 110, 50), (170, 90, 40))), rng, 15)
            pen.shapes(patches[part::3], leaf)
    pen.smear(rng.normal(0, 5), 0.02 + 0.05 * look.intensity)
    start = spread(rng, int(5 + 16 * look.intensity), (-0.2, 0.05, 0.9, 0.9))
    n = np.linspace(0, 1, 7)
    wave = np.sin(n * 5 + rng.random() * 6) * 0.012
    long = rng.uniform(0.2, 0.5, len(start))
    lines = start[:, None] + np.stack([n * long[:, None], np.tile(wave, (len(start), 1))], 2)
    before = pen.px.copy()
    pen.strokes(lines + (t * 0.3, 0), (244, 246, 248), 0.006)
    pen.px[:] = (pen.px * 0.45 + before * 0.55).astype(np.uint8)


def _field(pen: Pen, look: Look, rng: Rng, lean: float) -> None:
    edge = rng.uniform(0.2, 0.5)
    sky(pen, rng, pick(rng, ("clear", "overcast", "dusk", "pale")), 0.5)
    straw = near(pick(rng, ((190, 168, 96), (150, 160, 84), (206, 186, 120), (110, 140, 70))), rng)
    pen.rect(-0.1, edge, 1.1, 1.1, lit(straw, 0.75))
    tall = 0.34 - 0.2 * look.distance
    rows = np.sort(rng.uniform(edge, 1.2, 150))
    x = rng.uniform(-0.3, 1.1, 150)
    n = np.linspace(0, 1, 4)
    high = tall * (0.3 + (rows - edge))
    bend = np.stack(
        [x[:, None] + high[:, None] * lean * 1.5 * n**2, rows[:, None] - high[:, None] * n], 2
    )
    for part in range(5):
        pen.strokes(bend[part * 30 :][:30], near(lit(straw, 0.7 + 0.12 * part), rng, 10), 0.009)


def _bent_trees(pen: Pen, look: Look, rng: Rng, lean: float, edge: float) -> None:
    palms = rng.random() < 0.4
    green = near(pick(rng, ((64, 96, 50), (84, 110, 60), (44, 70, 44))), rng, 10)
    for _ in range(int(rng.integers(1, 4))):
        tall = look.reach(rng, 0.85, 0.3)
        foot = rng.uniform(-0.05, 0.75)
        n = np.linspace(0, 1, 6)
        trunk = np.stack([foot + tall * lean * 0.8 * n**2, edge + 0.03 - tall * n], 1)
        pen.line(trunk, near((84, 66, 50), rng, 10), 0.035 * tall + 0.006)
        if palms:
            for angle in np.linspace(-1.0, 1.2, 7):
                tip = trunk[-1] + np.array((0.35 + 0.15 * np.cos(angle), 0.28 * np.sin(angle))) * (
                    tall * (0.5 + lean)
                )
                mid = (trunk[-1] + tip) / 2 - (0, 0.05 * tall)
                pen.line(np.stack([trunk[-1], mid, tip]), green, 0.03 * tall)
        else:
            crown = 34
            away = rng.normal(0, 0.5, (crown, 2)) * (0.28 * tall) * (1.3, 0.8)
            away[:, 0] += np.abs(away[:, 1]) * 0.4 + lean * 0.25 * tall
            r = rng.uniform(0.04, 0.09, crown) * tall
            patches = rounds(trunk[-1] + away, r * 1.9, r * 0.7, rng.normal(0.1, 0.25, crown), 8)
            for part in range(4):
                pen.shapes(patches[part::4], near(lit(green, 0.7 + 0.22 * part), rng, 6))
