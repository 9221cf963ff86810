"""Painting tools shared by all scenes: a pen with its own coordinates, washes, textures, light."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np

Colour = tuple[float, float, float]
Points = Sequence[Sequence[float]] | Sequence[np.ndarray] | np.ndarray
Rng = np.random.Generator

AXES = ("intensity", "rate", "pitch", "distance")


@dataclass(frozen=True)
class Look:
    """What the parameters of a sound say about its picture; every value is in [0, 1]."""

    intensity: float = 0.5
    rate: float = 0.5
    pitch: float = 0.5
    distance: float = 0.5
    material: float | None = None

    def surface(self, rng: Rng, count: int) -> int:
        """Index of the named surface, or any of `count` where the parameters name none."""
        if self.material is None:
            return int(rng.integers(count))
        return round(min(max(self.material, 0.0), 1.0) * (count - 1))

    def reach(self, rng: Rng, close: float = 1.15, far: float = 0.32) -> float:
        """Size of the subject in picture widths: `close` at distance 0, `far` at distance 1."""
        return close * (far / close) ** self.distance * rng.uniform(0.85, 1.18)


class Pen:
    """Draws on a shared square picture in its own units: x to the right, y down.

    A fresh pen covers the picture with [0, 1] x [0, 1]; `at` gives a pen for a subject, with the
    origin in its middle and one unit as wide as the subject.
    """

    def __init__(self, px: np.ndarray) -> None:
        self.px = px
        self.side = px.shape[0]
        self.x = self.y = self.angle = 0.0
        self.unit = float(self.side)
        self.mirror = 1.0

    @staticmethod
    def blank(side: int) -> Pen:
        return Pen(np.zeros((side, side, 3), np.uint8))

    def at(
        self, x: float, y: float, scale: float = 1.0, angle: float = 0.0, mirror: bool = False
    ) -> Pen:
        """A pen with its origin at (x, y), turned by `angle` degrees clockwise."""
        pen = Pen(self.px)
        (pen.x, pen.y) = self._place(((x, y),))[0]
        pen.unit = self.unit * scale
        pen.angle = self.angle + self.mirror * angle
        pen.mirror = self.mirror * (-1.0 if mirror else 1.0)
        return pen

    def layer(self, colour: Colour = (0, 0, 0)) -> Pen:
        """A pen with the same coordinates on a new picture of one colour."""
        pen = Pen(np.full_like(self.px, np.array(colour, np.uint8)))
        pen.x, pen.y, pen.unit = self.x, self.y, self.unit
        pen.angle, pen.mirror = self.angle, self.mirror
        return pen

    # shapes

    def poly(self, points: Points, colour: Colour) -> None:
        cv2.fillPoly(self.px, [self._fixed(points)], _bgr(colour), cv2.LINE_AA, 4)

    def rect(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        self.poly(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), colour)

    def line(self, points: Points, colour: Colour, width: float) -> None:
        cv2.polylines(
            self.px, [self._fixed(points)], False, _bgr(colour), self._width(width), cv2.LINE_AA, 4
        )

    def strokes(self, segments: np.ndarray, colour: Colour, width: float) -> None:
        """Separate lines of one colour; `segments` is [N, points, 2]."""
        if len(segments) == 0:
            return
        fixed = self._fixed(segments.reshape(-1, 2)).reshape(len(segments), -1, 2)
        cv2.polylines(self.px, list(fixed), False, _bgr(colour), self._width(width), cv2.LINE_AA, 4)

    def shapes(self, polygons: np.ndarray, colour: Colour) -> None:
        """Separate convex polygons of one colour; `polygons` is [N, points, 2]."""
        if len(polygons) == 0:
            return
        fixed = self._fixed(polygons.reshape(-1, 2)).reshape(len(polygons), -1, 2)
        for points in fixed:
            cv2.fillConvexPoly(self.px, points, _bgr(colour), cv2.LINE_8, 4)

    def oval(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        colour: Colour,
        angle: float = 0.0,
        width: float = 0.0,
        arc: tuple[float, float] = (0.0, 360.0),
    ) -> None:
        """An ellipse, filled where `width` is 0; `arc` in degrees, clockwise from the right."""
        centre = self._fixed(((x, y),))[0]
        axes = (max(round(rx * self.unit * 16), 4), max(round(ry * self.unit * 16), 4))
        start, end = arc if self.mirror > 0 else (180.0 - arc[1], 180.0 - arc[0])
        cv2.ellipse(
            self.px,
            (int(centre[0]), int(centre[1])),
            axes,
            self.angle + self.mirror * angle,
            start,
            end,
            _bgr(colour),
            self._width(width) if width > 0 else cv2.FILLED,
            cv2.LINE_AA,
            4,
        )

    def blob(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        colour: Colour,
        rng: Rng,
        rough: float = 0.15,
        corners: int = 14,
    ) -> None:
        """An irregular round patch."""
        turn = np.linspace(0.0, 2 * math.pi, corners, endpoint=False)
        radius = 1.0 + rough * rng.uniform(-1.0, 1.0, corners)
        points = np.stack([x + rx * radius * np.cos(turn), y + ry * radius * np.sin(turn)], 1)
        self.poly(points, colour)

    def textured(self, points: Points, texture: np.ndarray) -> None:
        """A polygon that lets a full-size picture through."""
        mask = np.zeros(self.px.shape[:2], np.uint8)
        cv2.fillPoly(mask, [self._fixed(points)], 255, cv2.LINE_8, 4)
        cv2.copyTo(texture, mask, self.px)

    # the whole picture

    def wash(self, colours: Sequence[Sequence[Colour]] | np.ndarray) -> None:
        """A smooth field through a small grid of colours, top row first."""
        grid = np.array(colours, np.float32)
        if grid.ndim == 2:
            grid = grid[:, None]
        field = cv2.resize(grid, (self.side, self.side), interpolation=cv2.INTER_LINEAR)
        self.px[:] = cv2.convertScaleAbs(np.maximum(field, 0))

    def grain(
        self,
        rng: Rng,
        amount: float,
        cells: tuple[float, float] = (16.0, 16.0),
        octaves: int = 2,
    ) -> None:
        """Lightens and darkens by up to about `amount` grey levels in patches."""
        self.shift(noise(self.side, rng, cells, octaves) * amount)

    def shift(self, levels: np.ndarray) -> None:
        """Adds grey levels, float [side, side]."""
        levels = levels.astype(np.int16)
        cv2.add(self.px, cv2.merge([levels, levels, levels]), self.px, None, cv2.CV_8U)

    def blend(self, other: np.ndarray | Colour, mask: np.ndarray) -> None:
        """Crosses over to a picture or colour where `mask`, float [side, side], is 1."""
        base = self.px.astype(np.float32)
        base += (np.asarray(other, np.float32) - base) * mask[..., None].astype(np.float32)
        self.px[:] = base.astype(np.uint8)

    def veil(self, colour: Colour, alpha: float) -> None:
        """A haze of one colour over everything."""
        full = np.full_like(self.px, np.array(colour, np.uint8))
        cv2.addWeighted(self.px, 1.0 - alpha, full, alpha, 0.0, self.px)

    def glow(self, x: float, y: float, radius: float, colour: Colour, ry: float = 0.0) -> None:
        """Adds round light that falls off to nothing at `radius`."""
        cx, cy = self._place(((x, y),))[0]
        rx = max(1, round(radius * self.unit))
        ry_ = max(1, round((ry or radius) * self.unit))
        left, top = round(cx) - rx, round(cy) - ry_
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + 2 * rx, self.side), min(top + 2 * ry_, self.side)
        if x0 >= x1 or y0 >= y1:
            return
        # Sampled through a warp so that a light far larger than the picture stays cheap.
        scale = np.array(
            [[32.0 / rx, 0, (x0 - left) * 32.0 / rx], [0, 32.0 / ry_, (y0 - top) * 32.0 / ry_]]
        )
        light = cv2.warpAffine(
            _halo(), scale, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        )
        area = self.px[y0:y1, x0:x1]
        light = light[..., None] * np.array(colour, np.float32)
        area[:] = cv2.add(area, cv2.convertScaleAbs(light))

    def glint(self, other: np.ndarray, strength: float = 1.0) -> None:
        """Adds the light of another picture."""
        cv2.addWeighted(self.px, 1.0, other, strength, 0.0, self.px)

    def defocus(self, radius: float) -> None:
        """Blurs everything drawn so far; `radius` in picture widths."""
        self.px[:] = blur(self.px, radius * self.side)

    def smear(self, angle: float, length: float) -> None:
        """Motion blur along `angle` degrees over `length` picture widths."""
        reach = max(1, round(length * self.side / 2))
        small = max(1, reach // 6)
        work = self.px
        if small > 1:
            inside = max(4, self.side // small)
            work = cv2.resize(work, (inside, inside), interpolation=cv2.INTER_AREA)
            reach = max(1, round(length * inside / 2))
        kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
        dx, dy = math.cos(math.radians(angle)) * reach, math.sin(math.radians(angle)) * reach
        cv2.line(
            kernel,
            (round(reach - dx), round(reach - dy)),
            (round(reach + dx), round(reach + dy)),
            1.0,
        )
        work = cv2.filter2D(work, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)
        if small > 1:
            work = cv2.resize(work, (self.side, self.side), interpolation=cv2.INTER_LINEAR)
        self.px[:] = work

    def _place(self, points: Points) -> np.ndarray:
        own = np.asarray(points, np.float64).reshape(-1, 2) * (self.unit * self.mirror, self.unit)
        if self.angle:
            c, s = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
            own = own @ np.array(((c, s), (-s, c)))
        return own + (self.x, self.y)

    def _fixed(self, points: Points) -> np.ndarray:
        return np.clip(np.rint(self._place(points) * 16), -(10**6), 10**6).astype(np.int32)

    def _width(self, width: float) -> int:
        return min(max(1, round(width * self.unit)), 255)


def noise(
    side: int, rng: Rng, cells: tuple[float, float] = (8.0, 8.0), octaves: int = 3
) -> np.ndarray:
    """Smooth noise, float32 [side, side], mostly in [-1, 1]; `cells` across and down."""
    total = np.zeros((side, side), np.float32)
    gain, sum_ = 1.0, 0.0
    for octave in range(octaves):
        nx = min(max(2, round(cells[0] * 2**octave)), side)
        ny = min(max(2, round(cells[1] * 2**octave)), side)
        grid = rng.random((ny, nx), np.float32) * (2 * gain) - gain
        total += cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC)
        sum_ += gain
        gain *= 0.55
    return total * (1.3 / sum_)


def blur(px: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur whose cost does not grow with `sigma` (pixels)."""
    if sigma < 0.3:
        return px
    side = px.shape[0]
    factor = max(1, int(sigma // 1.5))
    if factor == 1:
        return cv2.GaussianBlur(px, (0, 0), sigma)
    inside = max(3, side // factor)
    small = cv2.resize(px, (inside, inside), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(0.5, sigma * inside / side))
    return cv2.resize(small, (side, side), interpolation=cv2.INTER_LINEAR)


def onto_ground(px: np.ndarray, horizon: float, squeeze: float = 0.25) -> np.ndarray:
    """The picture laid down as a floor from `horizon` (share of the height) to the bottom."""
    side = float(px.shape[0])
    top = horizon * side
    source = np.array([[0, 0], [side, 0], [side, side], [0, side]], np.float32)
    low = side * (1 / squeeze - 1) / 2
    target = np.array([[0, top], [side, top], [side + low, side], [-low, side]], np.float32)
    return cv2.warpPerspective(
        px,
        cv2.getPerspectiveTransform(source, target),
        px.shape[1::-1],
        borderMode=cv2.BORDER_REFLECT,
    )


def spread(rng: Rng, count: int, box: tuple[float, float, float, float]) -> np.ndarray:
    """`count` places [N, 2] inside the box (x0, y0, x1, y1)."""
    return rng.random((count, 2)) * (box[2] - box[0], box[3] - box[1]) + (box[0], box[1])


def rounds(
    centres: np.ndarray, rx: np.ndarray, ry: np.ndarray, turn: np.ndarray, corners: int = 9
) -> np.ndarray:
    """Ellipses as polygons [N, corners, 2], for `Pen.shapes`."""
    around = np.linspace(0.0, 2 * math.pi, corners, endpoint=False)
    x, y = rx[:, None] * np.cos(around), ry[:, None] * np.sin(around)
    c, s = np.cos(turn)[:, None], np.sin(turn)[:, None]
    return np.stack([x * c - y * s, x * s + y * c], 2) + centres[:, None]


def mix(a: Colour, b: Colour, share: float) -> Colour:
    return (
        a[0] + (b[0] - a[0]) * share,
        a[1] + (b[1] - a[1]) * share,
        a[2] + (b[2] - a[2]) * share,
    )


def lit(colour: Colour, factor: float) -> Colour:
    return tuple(min(255.0, max(0.0, v * factor)) for v in colour)  # type: ignore[return-value]


def near(colour: Colour, rng: Rng, amount: float = 18.0) -> Colour:
    """A colour close by: lighter or darker as a whole, and a little in each channel."""
    change = rng.normal(0.0, amount) + rng.normal(0.0, amount * 0.5, 3)
    return tuple(float(min(255.0, max(0.0, v + d))) for v, d in zip(colour, change, strict=True))  # type: ignore[return-value]


def pick(rng: Rng, options: Sequence[Any]) -> Any:
    return options[int(rng.integers(len(options)))]


def _bgr(colour: Colour) -> tuple[int, int, int]:
    """Whole numbers, which is what OpenCV takes as a colour; the order stays RGB."""
    return int(colour[0]), int(colour[1]), int(colour[2])


@cache
def _halo() -> np.ndarray:
    axis = np.linspace(-1.0, 1.0, 64, dtype=np.float32)
    away = np.sqrt(axis[:, None] ** 2 + axis[None] ** 2)
    return np.clip(np.exp(-3.5 * away**2) - math.exp(-3.5), 0, 1) * np.float32(1.03)
