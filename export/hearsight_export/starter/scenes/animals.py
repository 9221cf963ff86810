"""Birds, crickets, frog, cat and dog."""

from __future__ import annotations

import numpy as np

from .backdrops import leaves, outdoors, room, sky, treeline
from .canvas import Colour, Look, Pen, Rng, lit, mix, near, pick, spread

FUR: tuple[Colour, ...] = (
    (120, 116, 112),
    (196, 132, 66),
    (58, 54, 52),
    (224, 216, 202),
    (150, 120, 92),
    (32, 30, 30),
)


def birds(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """Birds perched on a branch, or a flock against the sky."""
    if rng.random() < 0.55 - 0.25 * look.distance:
        _perched(pen, look, rng, t)
        return
    sky(pen, rng, pick(rng, ("clear", "pale", "dusk", "clear")), rng.uniform(0, 0.5))
    if rng.random() < 0.5:
        treeline(pen, rng, 1.0, rng.uniform(0.1, 0.3), near((44, 58, 44), rng, 12))
    size = look.reach(rng, 0.32, 0.07) * (1.1 - 0.3 * look.pitch)
    tone = near(pick(rng, ((30, 30, 34), (30, 30, 34), (230, 232, 236), (80, 70, 64))), rng, 8)
    for x, y in spread(rng, int(2 + 14 * look.intensity), (0.05, 0.05, 0.95, 0.75)):
        beat = np.sin(2 * np.pi * (rng.random() + t * (1.5 + 2 * look.rate)))
        bird = pen.at(x + 0.12 * t, y - 0.03 * t, size * rng.uniform(0.6, 1.3), rng.normal(0, 14))
        _flying(bird, tone, 0.3 * beat)


def _flying(bird: Pen, tone: Colour, lift: float) -> None:
    for side in (-1.0, 1.0):
        bird.poly(
            (
                (0.04 * side, -0.05),
                (0.28 * side, -0.16 - lift * 0.7),
                (0.52 * side, 0.02 - lift),
                (0.25 * side, 0.02 - lift * 0.4),
                (0.05 * side, 0.1),
            ),
            tone,
        )
    bird.oval(0, 0.02, 0.07, 0.17, lit(tone, 0.85))
    bird.poly(((-0.03, 0.12), (0.03, 0.12), (0.08, 0.3), (-0.08, 0.3)), lit(tone, 0.9))


def _perched(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    if rng.random() < 0.6:
        leaves(pen, rng, near((110, 142, 70), rng, 18), 30, 0.13)
        pen.defocus(rng.uniform(0.04, 0.09))
    else:
        sky(pen, rng, pick(rng, ("clear", "pale")), 0.2)
    level = rng.uniform(0.55, 0.8)
    tilt = rng.normal(0, 0.08)
    bark = near((92, 70, 54), rng, 10)
    pen.line(((-0.1, level - tilt), (0.5, level + 0.02), (1.1, level + tilt)), bark, 0.03)
    for _ in range(int(rng.integers(0, 4))):
        x = rng.random()
        pen.line(((x, level), (x + rng.normal(0, 0.2), level - rng.uniform(0.1, 0.4))), bark, 0.012)
    size = look.reach(rng, 0.72, 0.2) * (1.1 - 0.3 * look.pitch)
    count = 1 + int(rng.random() < look.intensity * 0.7) + int(rng.random() < look.intensity * 0.4)
    for place in range(count):
        x = rng.uniform(0.3, 0.7) if count == 1 else 0.2 + 0.6 * place / (count - 1)
        coat = near(
            pick(
                rng,
                (
                    (120, 92, 66),
                    (60, 110, 170),
                    (196, 80, 44),
                    (40, 40, 44),
                    (214, 180, 60),
                    (120, 124, 130),
                ),
            ),
            rng,
            12,
        )
        breast = near(pick(rng, ((226, 196, 150), (214, 110, 50), (236, 230, 220), coat)), rng, 8)
        hop = 0.02 * np.sin(2 * np.pi * (t * (1 + 2 * look.rate) + rng.random()))
        bird = pen.at(x, level - 0.38 * size + hop, size, rng.normal(0, 8), rng.random() < 0.5)
        for k in (-0.04, 0.06):
            bird.line(((k, 0.25), (k, 0.4)), (110, 80, 60), 0.025)
        bird.poly(((-0.22, 0.06), (-0.62, 0.42), (-0.5, 0.47), (-0.1, 0.25)), lit(coat, 0.6))
        bird.oval(0, 0.06, 0.3, 0.22, coat, 24)
        bird.oval(0.09, 0.1, 0.2, 0.17, breast, 24)
        bird.oval(-0.1, 0.06, 0.22, 0.12, lit(coat, 0.7), 36)
        bird.oval(0.2, -0.18, 0.15, 0.14, coat)
        gape = 0.05 * (1 + np.sin(14 * t + place))
        for side in (-1, 1):
            bird.poly(((0.33, -0.19), (0.33, -0.14), (0.47, -0.15 + side * gape)), (210, 150, 60))
        bird.oval(0.25, -0.21, 0.028, 0.028, (12, 10, 10))


def crickets(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """A meadow at dusk or night under the moon, or an insect on a blade."""
    if rng.random() < 0.35 + 0.4 * (1 - look.distance):
        _insect(pen, look, rng, t)
        return
    mood = pick(rng, ("night", "night", "dusk"))
    sky(pen, rng, mood, 0.15)
    edge = rng.uniform(0.45, 0.75)
    if mood == "night":
        stars = spread(rng, 45, (0, 0, 1, edge))
        for part in np.array_split(stars, 3):
            pen.strokes(np.stack([part, part + 0.002], 1), (190, 196, 220), 0.005)
        if rng.random() < 0.7:
            x, y, r = rng.uniform(0.1, 0.9), rng.uniform(0.08, 0.3), rng.uniform(0.03, 0.08)
            pen.glow(x, y, r * 4, (70, 76, 90))
            pen.oval(x, y, r, r, (240, 238, 214))
    shade = near((20, 34, 24) if mood == "night" else (44, 48, 30), rng, 5)
    treeline(pen, rng, edge, 0.15, lit(shade, 0.6))
    pen.rect(-0.1, edge, 1.1, 1.1, shade)
    n = int(60 + 80 * look.intensity)
    foot = spread(rng, n, (-0.05, edge + 0.05, 1.05, 1.2))
    tall = 0.12 + 0.2 * (foot[:, 1] - edge)
    bend = rng.normal(0, 0.05, n) + 0.01 * np.sin(5 * t)
    tips = foot + np.stack([bend, -tall], 1)
    mid = foot + np.stack([bend * 0.25, -tall * 0.6], 1)
    lines = np.stack([foot, mid, tips], 1)
    for part in range(4):
        pen.strokes(lines[part::4], near(lit(shade, 0.8 + 0.5 * part), rng, 6), 0.009)
    for x, y in spread(rng, int(rng.integers(0, 8)), (0, edge - 0.1, 1, 0.95)):
        pen.glow(x, y, 0.05, (180, 200, 80))


def _insect(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    night = rng.random() < 0.5
    green = near((34, 56, 30) if night else (96, 140, 50), rng, 10)
    leaves(pen, rng, green, 30, 0.14)
    pen.defocus(rng.uniform(0.03, 0.08))
    for _ in range(6):
        x = rng.uniform(-0.2, 1.2)
        pen.line(((x, 1.1), (x + rng.normal(0, 0.3), -0.1)), near(lit(green, 1.3), rng, 12), 0.025)
    stem = rng.uniform(0.5, 0.7)
    pen.line(((-0.1, stem + 0.1), (1.1, stem + rng.normal(0, 0.1))), lit(green, 1.5), 0.05)
    coat = near(pick(rng, ((70, 48, 28), (46, 34, 26), (116, 160, 60), (150, 120, 60))), rng, 10)
    size = look.reach(rng, 0.85, 0.35)
    bug = pen.at(
        rng.uniform(0.4, 0.6), stem - 0.12 * size, size, rng.normal(0, 12), rng.random() < 0.5
    )
    shake = 0.012 * np.sin(40 * t)
    for x, back in ((0.2, 0.12), (0.08, -0.06)):
        bug.line(((x, 0.05), (x + back, 0.22)), lit(coat, 0.7), 0.02)
    bug.oval(-0.08, 0.03, 0.34, 0.09, coat, -4)
    bug.poly(
        ((-0.42, -0.02 + shake), (0.14, -0.07 + shake), (0.16, 0.03), (-0.4, 0.06)), lit(coat, 0.75)
    )
    bug.oval(0.2, 0, 0.12, 0.1, lit(coat, 1.15))
    bug.oval(0.3, 0.0, 0.08, 0.09, lit(coat, 1.3))
    bug.oval(0.33, -0.03, 0.025, 0.025, (10, 8, 8))
    bug.line(((-0.02, 0.06), (-0.24, -0.22), (-0.36, 0.22)), lit(coat, 0.9), 0.035)
    bug.line(((-0.02, 0.06), (-0.24, -0.22)), coat, 0.06)
    for lift in (-0.3, -0.18):
        bug.line(((0.34, -0.06), (0.46, lift), (0.62, lift - 0.08)), lit(coat, 0.6), 0.008)


def frog(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """A green frog with bulging eyes on a leaf, a stone or in the water."""
    pond = near(pick(rng, ((50, 76, 50), (40, 66, 70), (78, 88, 50), (30, 50, 36))), rng, 10)
    pen.wash([[lit(pond, 1.3), pond], [lit(pond, 0.7), lit(pond, 0.9)]])
    pen.grain(rng, 22, (4, 12), 2)
    for x, y in spread(rng, int(rng.integers(1, 7)), (0, 0, 1, 1)):
        r = rng.uniform(0.08, 0.26)
        pen.oval(x, y, r, r * 0.4, near((84, 128, 58), rng, 14))
    size = look.reach(rng, 1.05, 0.34) * (1.1 - 0.25 * look.pitch)
    x, y = rng.uniform(0.4, 0.6), rng.uniform(0.45, 0.62)
    seat = near(pick(rng, ((92, 140, 62), (120, 112, 100), (110, 84, 56))), rng, 12)
    pen.oval(x, y + 0.32 * size, 0.7 * size, 0.2 * size, seat)
    skin = near(
        pick(rng, ((96, 156, 44), (78, 134, 40), (130, 170, 60), (110, 120, 56), (60, 120, 60))),
        rng,
        10,
    )
    body = pen.at(x, y, size, rng.normal(0, 8))
    breath = 0.02 + 0.05 * (1 + np.sin(2 * np.pi * t * (1 + 2 * look.rate))) * look.intensity
    if rng.random() < 0.55:
        _frog_front(body, skin, breath)
    else:
        _frog_side(body, skin, breath)
    for _ in range(10):
        sx, sy = rng.normal(0, 0.14), rng.normal(0.08, 0.1)
        r = rng.uniform(0.01, 0.03)
        body.oval(sx, sy, r, r, lit(skin, rng.uniform(0.65, 1.2)))


def _frog_front(body: Pen, skin: Colour, breath: float) -> None:
    for side in (-1.0, 1.0):
        body.oval(0.33 * side, 0.22, 0.17, 0.2, lit(skin, 0.8), 20 * side)
        body.oval(0.4 * side, 0.4, 0.16, 0.05, lit(skin, 0.9))
        body.oval(0.17 * side, 0.38, 0.07, 0.12, lit(skin, 0.95), 10 * side)
    body.oval(0, 0.15, 0.33, 0.28, skin)
    body.oval(0, 0.2, 0.21 + breath, 0.18 + breath, mix(skin, (240, 236, 190), 0.7))
    body.oval(0, -0.08, 0.34, 0.2, lit(skin, 1.1))
    for side in (-1.0, 1.0):
        body.oval(0.2 * side, -0.25, 0.12, 0.12, lit(skin, 1.1))
        body.oval(0.21 * side, -0.26, 0.085, 0.085, (226, 190, 70))
        body.oval(0.21 * side, -0.26, 0.055, 0.04, (12, 12, 10))
        body.oval(0.05 * side, -0.12, 0.012, 0.01, lit(skin, 0.4))
    body.oval(0, -0.08, 0.29, 0.11, lit(skin, 0.45), width=0.02, arc=(10, 170))


def _frog_side(body: Pen, skin: Colour, breath: float) -> None:
    body.poly(
        (
            (-0.48, 0.3),
            (-0.3, -0.02),
            (0.1, -0.25),
            (0.36, -0.22),
            (0.46, -0.06),
            (0.3, 0.12),
            (0.16, 0.34),
            (-0.3, 0.36),
        ),
        skin,
    )
    body.oval(0.28, 0.06, 0.15, 0.11 + breath, mix(skin, (240, 236, 190), 0.7))
    body.oval(-0.26, 0.22, 0.25, 0.14, lit(skin, 0.8), -30)
    body.oval(-0.2, 0.38, 0.24, 0.04, lit(skin, 0.9))
    body.line(((0.14, 0.2), (0.2, 0.4)), lit(skin, 0.9), 0.08)
    body.oval(0.28, -0.24, 0.1, 0.1, lit(skin, 1.15))
    body.oval(0.29, -0.25, 0.07, 0.07, (226, 190, 70))
    body.oval(0.29, -0.25, 0.05, 0.03, (12, 12, 10))
    body.line(((0.46, -0.07), (0.2, -0.04)), lit(skin, 0.45), 0.018)


def cat(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """A cat's face with pointed ears, or a cat sitting indoors."""
    (room if rng.random() < 0.7 else outdoors)(pen, rng)
    if rng.random() < 0.6:
        pen.defocus(rng.uniform(0.01, 0.04))
    coat = near(pick(rng, FUR), rng, 10)
    size = look.reach(rng, 1.0, 0.3) * (1.06 - 0.15 * look.pitch)
    x, y = rng.uniform(0.4, 0.6), rng.uniform(0.42, 0.58)
    face = rng.random() < 0.75 - 0.5 * look.distance
    gape = look.intensity * max(0.0, np.sin(np.pi * (2 * t + rng.uniform(0, 0.6))))
    if face:
        pen.oval(x, y + 0.6 * size, 0.42 * size, 0.4 * size, lit(coat, 0.85))
        _cat_face(pen.at(x, y, size, rng.normal(0, 9)), coat, rng, gape)
        return
    body = pen.at(x, y + 0.1, size, rng.normal(0, 4), rng.random() < 0.5)
    body.oval(0, 0.5, 0.4, 0.06, (40, 36, 34))
    body.line(
        ((0.24, 0.42), (0.46, 0.36), (0.5, 0.12 + 0.05 * np.sin(6 * t))), lit(coat, 0.8), 0.08
    )
    body.oval(0.03, 0.25, 0.27, 0.29, coat)
    for k in (-0.1, 0.06):
        body.oval(k, 0.38, 0.07, 0.16, lit(coat, 1.08))
    body.oval(-0.03, 0.12, 0.13, 0.2, mix(coat, (236, 230, 220), 0.5))
    _cat_face(body.at(-0.05, -0.18, 0.5), coat, rng, gape)


def _cat_face(head: Pen, coat: Colour, rng: Rng, gape: float) -> None:
    pale = mix(coat, (240, 234, 224), rng.uniform(0.2, 0.9))
    for side in (-1.0, 1.0):
        head.poly(((0.1 * side, -0.28), (0.4 * side, -0.56), (0.42 * side, -0.06)), coat)
        head.poly(
            ((0.19 * side, -0.27), (0.36 * side, -0.46), (0.37 * side, -0.14)),
            mix(coat, (206, 140, 130), 0.6),
        )
    head.oval(0, 0.04, 0.44, 0.38, coat)
    _fur(head, coat, rng)
    if rng.random() < 0.6:
        stripe = lit(coat, 0.55)
        for k in (-0.12, 0.0, 0.12):
            head.line(((k, -0.32), (k * 0.8, -0.16)), stripe, 0.035)
        for side in (-1.0, 1.0):
            for k in (0.0, 0.12):
                head.line(((0.42 * side, k), (0.28 * side, k + 0.02)), stripe, 0.03)
    head.oval(0, 0.22, 0.2, 0.14, pale)
    iris = near(pick(rng, ((150, 190, 70), (224, 180, 60), (110, 170, 200))), rng, 10)
    slit = rng.uniform(0.02, 0.06)
    for side in (-1.0, 1.0):
        head.oval(0.18 * side, -0.02, 0.1, 0.085, (20, 18, 16), 12 * side)
        head.oval(0.18 * side, -0.02, 0.085, 0.075, iris, 12 * side)
        head.oval(0.18 * side, -0.02, slit, 0.07, (8, 8, 8))
        head.oval(0.2 * side, -0.05, 0.018, 0.018, (255, 255, 255))
        for k in (-0.04, 0.02, 0.08):
            head.line(((0.12 * side, 0.2), (0.56 * side, 0.18 + k * 2)), (232, 228, 222), 0.007)
    head.poly(((-0.055, 0.1), (0.055, 0.1), (0, 0.165)), (206, 124, 120))
    if gape > 0.15:
        head.oval(0, 0.29, 0.08, 0.03 + 0.09 * gape, (120, 40, 44))
    head.line(((-0.1, 0.23), (0, 0.17), (0.1, 0.23)), lit(coat, 0.35), 0.016)


def _fur(head: Pen, coat: Colour, rng: Rng) -> None:
    """Short hairs that point away from the nose."""
    turn, away = rng.uniform(0, 6.3, 60), rng.uniform(0.2, 0.4, 60)
    ray = np.stack([np.cos(turn), np.sin(turn) * 0.9], 1)
    root = ray * away[:, None]
    hairs = np.stack([root, root + ray * 0.07], 1)
    head.strokes(hairs[::2], lit(coat, 0.75), 0.014)
    head.strokes(hairs[1::2], lit(coat, 1.25), 0.014)


def dog(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """A dog's face with hanging or pricked ears and a muzzle, or a dog standing on grass."""
    (outdoors if rng.random() < 0.65 else room)(pen, rng)
    if rng.random() < 0.5:
        pen.defocus(rng.uniform(0.01, 0.04))
    coat = near(
        pick(
            rng,
            (
                (186, 138, 84),
                (110, 74, 46),
                (40, 36, 34),
                (226, 206, 170),
                (150, 100, 60),
                (236, 232, 226),
            ),
        ),
        rng,
        10,
    )
    bark = look.intensity * max(0.0, np.sin(np.pi * (t * (2 + 3 * look.rate) + rng.random())))
    size = look.reach(rng, 1.0, 0.32) * (1.1 - 0.3 * look.pitch)
    x, y = rng.uniform(0.4, 0.6), rng.uniform(0.42, 0.58)
    if rng.random() < 0.75 - 0.45 * look.distance:
        pen.oval(x, y + 0.62 * size, 0.36 * size, 0.4 * size, lit(coat, 0.85))
        _dog_face(pen.at(x, y - 0.02 * bark, size, rng.normal(0, 9)), coat, rng, bark)
        return
    body = pen.at(x, y + 0.08, size, rng.normal(0, 4), rng.random() < 0.5)
    body.oval(0, 0.44, 0.5, 0.05, (44, 46, 34))
    for k in (-0.3, -0.2, 0.18, 0.28):
        body.line(((k, 0.1), (k + rng.normal(0, 0.02), 0.43)), lit(coat, 0.8 + k * 0.3), 0.085)
    wag = 0.08 * np.sin(12 * t)
    body.line(((0.32, 0.02), (0.5, -0.2 + wag)), coat, 0.06)
    body.oval(0, 0.08, 0.4, 0.17, coat)
    body.poly(((-0.38, 0.08), (-0.2, -0.05), (-0.3, -0.26), (-0.46, -0.12)), coat)
    head = body.at(-0.4, -0.24 - 0.03 * bark, 1.0, -10)
    head.oval(0, 0, 0.15, 0.13, coat)
    head.oval(-0.16, 0.04, 0.12, 0.07, lit(coat, 1.08))
    head.oval(-0.15, 0.09, 0.09, 0.03 + 0.05 * bark, (130, 50, 50))
    head.oval(-0.27, 0.01, 0.03, 0.025, (14, 12, 12))
    head.oval(0.08, 0.04, 0.055, 0.13, lit(coat, 0.6), 12)
    head.oval(-0.05, -0.03, 0.02, 0.02, (14, 10, 8))


def _dog_face(head: Pen, coat: Colour, rng: Rng, bark: float) -> None:
    ear = lit(coat, 0.62)
    pricked = rng.random() < 0.3
    head.oval(0, -0.05, 0.34, 0.36, coat)
    _fur(head.at(0, -0.05, 0.85), coat, rng)
    for side in (-1.0, 1.0):
        if pricked:
            head.poly(((0.1 * side, -0.34), (0.32 * side, -0.66), (0.36 * side, -0.16)), ear)
        else:
            head.oval(0.37 * side, 0.02, 0.12, 0.31, ear, -12 * side)
            head.oval(0.3 * side, -0.27, 0.12, 0.1, ear, 20 * side)
    muzzle = mix(coat, (240, 226, 204), rng.uniform(0.1, 0.8))
    if rng.random() < 0.5:
        head.oval(0, -0.2, 0.07, 0.24, muzzle)
    head.oval(0, 0.2, 0.22, 0.22, muzzle)
    if bark > 0.1 or rng.random() < 0.5:
        open_ = max(bark, 0.4)
        head.oval(0, 0.32, 0.12, 0.06 + 0.12 * open_, (70, 24, 24))
        head.oval(0, 0.36 + 0.06 * open_, 0.08, 0.06 + 0.08 * open_, (214, 100, 108))
    head.oval(-0.1, 0.24, 0.11, 0.09, muzzle)
    head.oval(0.1, 0.24, 0.11, 0.09, muzzle)
    head.oval(0, 0.1, 0.1, 0.07, (20, 18, 20))
    head.oval(-0.03, 0.075, 0.03, 0.015, (110, 108, 110))
    head.line(((0, 0.14), (0, 0.26)), (40, 30, 30), 0.018)
    for side in (-1.0, 1.0):
        head.oval(0.16 * side, -0.09, 0.06, 0.06, (46, 28, 18))
        head.oval(0.16 * side, -0.09, 0.035, 0.035, (8, 6, 6))
        head.oval(0.18 * side, -0.11, 0.014, 0.014, (255, 255, 255))
