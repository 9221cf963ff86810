"""Clock, telephone and typewriter: things on a desk or a wall."""

from __future__ import annotations

import numpy as np

from .backdrops import room, studio, table
from .canvas import Colour, Look, Pen, Rng, lit, mix, near, pick, rounds


def clock(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """A round dial with hands: on a wall, an alarm clock with bells, or a tall case."""
    layout = rng.random()
    (
        table(pen, rng, rng.uniform(0.6, 0.8))
        if layout < 0.4
        else studio(pen, rng)
        if rng.random() < 0.6
        else room(pen, rng)
    )
    rim = near(
        pick(
            rng,
            (
                (40, 40, 44),
                (170, 60, 50),
                (180, 150, 90),
                (110, 74, 46),
                (200, 204, 208),
                (60, 110, 120),
            ),
        ),
        rng,
        10,
    )
    size = look.reach(rng, 1.0, 0.26) * (1.1 - 0.25 * look.pitch)
    dial = pen.at(rng.uniform(0.4, 0.6), rng.uniform(0.42, 0.58), size, rng.normal(0, 4))
    if layout < 0.4:
        for side in (-1, 1):
            dial.line(((0.2 * side, 0.3), (0.3 * side, 0.5)), lit(rim, 0.7), 0.06)
            dial.oval(0.25 * side, -0.42, 0.17, 0.12, lit(rim, 1.2), 35 * side)
        dial.line(((0, -0.42), (0, -0.54)), lit(rim, 0.8), 0.03)
        dial.oval(0, -0.55, 0.17, 0.05, lit(rim, 0.8), width=0.03, arc=(180, 360))
    elif layout < 0.55:
        wood = near((110, 70, 42), rng, 12)
        dial.rect(-0.56, -0.62, 0.56, 1.6, wood)
        dial.rect(-0.4, 0.62, 0.4, 1.5, lit(wood, 0.4))
        swing = 0.2 * np.sin(2 * np.pi * t * (0.5 + look.rate))
        dial.line(((0, 0.6), (swing, 1.1)), (200, 170, 90), 0.03)
        dial.oval(swing, 1.1, 0.12, 0.12, (220, 186, 100))
    dial.oval(0.03, 0.05, 0.51, 0.51, (60, 56, 54))
    dial.oval(0, 0, 0.5, 0.5, rim)
    face = near(
        pick(rng, ((244, 242, 234), (232, 222, 196), (250, 250, 250), (44, 44, 50))), rng, 5
    )
    dial.oval(0, 0, 0.43, 0.43, face)
    ink = (30, 28, 28) if sum(face) > 380 else (232, 232, 226)
    for hour in range(12):
        a = hour * np.pi / 6
        inner = 0.31 if hour % 3 == 0 else 0.35
        along = np.array((np.sin(a), -np.cos(a)))
        dial.line((along * inner, along * 0.4), ink, 0.035 if hour % 3 == 0 else 0.018)
    minute = rng.random() * 2 * np.pi
    hour = rng.random() * 2 * np.pi
    dial.line(((0, 0), (0.2 * np.sin(hour), -0.2 * np.cos(hour))), ink, 0.045)
    dial.line(((0, 0), (0.34 * np.sin(minute), -0.34 * np.cos(minute))), ink, 0.028)
    second = 2 * np.pi * (rng.random() + np.floor(t * (2 + 4 * look.rate)) / 60 * 4)
    dial.line(((0, 0), (0.38 * np.sin(second), -0.38 * np.cos(second))), (206, 40, 36), 0.012)
    dial.oval(0, 0, 0.03, 0.03, ink)


def telephone(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """An old dial telephone with its receiver, or a ringing mobile phone."""
    table(pen, rng, rng.uniform(0.35, 0.6))
    size = look.reach(rng, 0.95, 0.3) * (1.1 - 0.2 * look.pitch)
    shake = 0.012 * look.intensity * np.sin(30 * t)
    x, y = rng.uniform(0.42, 0.58) + shake, rng.uniform(0.48, 0.62)
    if rng.random() < 0.25:
        _mobile(pen.at(x, y, size, rng.uniform(-25, 25) + 60 * shake), rng)
        return
    shell = near(
        pick(
            rng,
            (
                (26, 26, 28),
                (186, 34, 34),
                (34, 96, 74),
                (226, 216, 190),
                (40, 60, 110),
                (26, 26, 28),
            ),
        ),
        rng,
        8,
    )
    set_ = pen.at(x, y, size, rng.normal(0, 6))
    set_.oval(0, 0.36, 0.52, 0.07, (36, 30, 28))
    set_.poly(
        ((-0.46, 0.36), (-0.4, 0.14), (-0.2, -0.16), (0.2, -0.16), (0.4, 0.14), (0.46, 0.36)), shell
    )
    set_.poly(((-0.46, 0.36), (-0.44, 0.28), (0.44, 0.28), (0.46, 0.36)), lit(shell, 0.6))
    for side in (-1, 1):
        set_.rect(0.15 * side - 0.04, -0.28, 0.15 * side + 0.04, -0.14, lit(shell, 0.8))
    lift = 0.03 * abs(np.sin(25 * t)) * look.intensity
    set_.line(
        ((-0.42, -0.27 - lift), (-0.2, -0.35 - lift), (0.2, -0.35 - lift), (0.42, -0.27 - lift)),
        lit(shell, 1.15),
        0.1,
    )
    for side in (-1, 1):
        set_.oval(0.43 * side, -0.2 - lift, 0.11, 0.1, shell, 20 * side)
    set_.line(
        ((-0.2, -0.375 - lift), (0.2, -0.375 - lift)), mix(shell, (255, 255, 255), 0.45), 0.02
    )
    if rng.random() < 0.8:
        set_.oval(
            0, 0.1, 0.2, 0.18, near(pick(rng, ((206, 200, 186), (180, 182, 186), shell)), rng)
        )
        for k in range(10):
            a = 0.6 + k * 0.5
            set_.oval(0.145 * np.cos(a), 0.1 + 0.13 * np.sin(a), 0.028, 0.026, (24, 22, 22))
        set_.oval(0, 0.1, 0.07, 0.065, (236, 232, 220))
    else:
        set_.rect(-0.17, -0.06, 0.17, 0.27, lit(shell, 0.7))
        for row in range(4):
            for col in (-0.11, 0, 0.11):
                set_.rect(
                    col - 0.035,
                    -0.03 + row * 0.075,
                    col + 0.035,
                    0.02 + row * 0.075,
                    (226, 224, 214),
                )
    n = np.linspace(0, 1, 22)
    set_.line(
        np.stack([-0.44 - 0.2 * n + 0.03 * np.sin(40 * n), -0.15 + 0.5 * n], 1),
        lit(shell, 0.8),
        0.025,
    )


def _mobile(body: Pen, rng: Rng) -> None:
    body.poly(((-0.26, -0.5), (0.26, -0.5), (0.26, 0.5), (-0.26, 0.5)), near((24, 24, 28), rng, 8))
    glow = near(pick(rng, ((60, 120, 200), (40, 50, 70), (90, 60, 140), (230, 234, 240))), rng, 15)
    body.rect(-0.23, -0.42, 0.23, 0.42, glow)
    body.oval(0, -0.14, 0.12, 0.12, near((214, 190, 170), rng, 15))
    body.oval(-0.12, 0.28, 0.065, 0.065, (216, 46, 40))
    body.oval(0.12, 0.28, 0.065, 0.065, (52, 190, 80))


def typewriter(pen: Pen, look: Look, rng: Rng, t: float) -> None:
    """A typewriter with paper and rows of round keys, or the keys alone."""
    shell = near(
        pick(
            rng,
            (
                (34, 36, 36),
                (60, 110, 104),
                (196, 190, 172),
                (140, 44, 40),
                (84, 90, 96),
                (34, 36, 36),
            ),
        ),
        rng,
        10,
    )
    key = near(pick(rng, ((232, 226, 206), (26, 26, 28), (240, 240, 236))), rng, 6)
    if key[0] < 60 and sum(shell) < 200:
        key = (214, 206, 184)
    press = int((t * (3 + 9 * look.rate) * 7 + rng.integers(30)) % 30)
    if rng.random() < 0.3 - 0.2 * look.distance:
        pen.px[:] = np.array(lit(shell, 0.7), np.uint8)
        pen.grain(rng, 8, (4, 4), 2)
        keys = pen.at(0.5, 0.5, 1.3, rng.uniform(-12, 12))
        _keys(keys, key, press, -0.36, 0.17)
        return
    table(pen, rng, rng.uniform(0.4, 0.65))
    size = look.reach(rng, 1.02, 0.34)
    body = pen.at(
        rng.uniform(0.42, 0.58), rng.uniform(0.5, 0.6), size, rng.normal(0, 5), rng.random() < 0.5
    )
    carriage = 0.1 * (t - 0.5) + rng.uniform(-0.08, 0.08)
    body.oval(0, 0.42, 0.52, 0.06, (40, 34, 32))
    body.rect(-0.26 + carriage, -0.62, 0.26 + carriage, -0.15, near((246, 244, 236), rng, 5))
    for k in range(int(rng.integers(2, 6))):
        y = -0.26 - 0.06 * k
        body.line(
            ((-0.2 + carriage, y), (-0.2 + carriage + rng.uniform(0.2, 0.4), y)),
            (110, 110, 112),
            0.014,
        )
    body.line(((-0.47 + carriage, -0.17), (0.47 + carriage, -0.17)), lit(shell, 0.5), 0.09)
    for side in (-1, 1):
        body.oval(0.49 * side + carriage, -0.17, 0.04, 0.06, (20, 20, 20))
    body.poly(((-0.4, -0.14), (0.4, -0.14), (0.5, 0.4), (-0.5, 0.4)), shell)
    body.poly(((-0.34, -0.12), (0.34, -0.12), (0.36, 0.0), (-0.36, 0.0)), lit(shell, 0.6))
    body.oval(0, 0.0, 0.2, 0.07, lit(shell, 0.35), arc=(180, 360))
    body.line(((-0.39, -0.13), (0.39, -0.13)), lit(mix(shell, (255, 255, 255), 0.3), 1.2), 0.015)
    _keys(body, key, press, 0.05, 0.095)


def _keys(pen: Pen, key: Colour, press: int, top: float, step: float) -> None:
    close = step > 0.15
    n = 6 if close else 10
    for row in range(5 if close else 4):
        y = top + row * step * 0.85
        x = np.linspace(-0.36, 0.36, n) * (0.9 + 0.06 * row) + 0.012 * row
        r = np.full(n, step * 0.33)
        place = np.stack([x, np.full(n, y)], 1)
        pen.shapes(rounds(place + (0, 0.02), r * 1.15, r * 1.05, r * 0, 10), (14, 14, 14))
        if 0 <= press - row * n < n:
            place[press - row * n, 1] += 0.02
        pen.shapes(rounds(place, r, r * 0.9, r * 0, 10), key)
        if close:
            ink = (40, 40, 40) if sum(key) > 380 else (230, 230, 230)
            marks = place[:, None] + np.array(((-0.015, 0.015), (0.0, -0.02), (0.015, 0.015)))
            pen.strokes(marks, ink, 0.008)
    if not close:
        pen.rect(-0.22, top + step * 3.3, 0.22, top + step * 3.62, lit(key, 0.9))
