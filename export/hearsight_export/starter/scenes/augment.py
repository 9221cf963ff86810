"""What a camera, a scanner or a web page does to a picture, so that photographs look familiar."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from .canvas import Rng, blur, noise

Hole = tuple[float, float, float, float, int]  # middle, width and height in picture widths; grey


@dataclass(frozen=True)
class Camera:
    """One camera's faults, the same for every frame of a clip."""

    angle: float
    zoom: float
    shift: tuple[float, float]
    mirror: bool
    drift: tuple[float, float]
    push: float
    matrix: np.ndarray
    curve: np.ndarray
    blur: float
    noise: float
    vignette: float
    light: tuple[float, float]
    grain: float
    quality: int | None
    holes: tuple[Hole, ...]
    seed: int


def draw_camera(rng: Rng) -> Camera:
    angle = float(np.clip(rng.normal(0.0, 4.5), -12.0, 12.0))
    zoom = float(rng.uniform(1.02, 1.3))
    room = 0.5 * (1 - 1 / zoom) + 0.03
    holes = tuple(_hole(rng) for _ in range(int(rng.integers(1, 3)) if rng.random() < 0.15 else 0))
    return Camera(
        angle=angle,
        zoom=zoom,
        shift=(float(rng.uniform(-room, room)), float(rng.uniform(-room, room))),
        mirror=bool(rng.random() < 0.5),
        drift=(float(rng.normal(0, 0.02)), float(rng.normal(0, 0.015))),
        push=float(rng.normal(0, 0.03)),
        matrix=_colour_matrix(rng),
        curve=_tone_curve(rng),
        blur=float(rng.uniform(0.3, 1.2)) if rng.random() < 0.3 else 0.0,
        noise=float(rng.uniform(1, 11)) if rng.random() < 0.5 else 0.0,
        vignette=float(rng.uniform(0.1, 0.55)) if rng.random() < 0.35 else 0.0,
        light=(float(rng.normal(0, 14)), float(rng.normal(0, 14))),
        grain=float(rng.uniform(4, 16)) if rng.random() < 0.45 else 0.0,
        quality=int(rng.integers(25, 85)) if rng.random() < 0.35 else None,
        holes=holes,
        seed=int(rng.integers(2**31)),
    )


def photograph(scene: np.ndarray, camera: Camera, t: float, size: int) -> np.ndarray:
    """The scene, uint8 [side, side, 3], as the camera keeps it at time `t` in [0, 1]."""
    side = scene.shape[0]
    # Same numbers for every frame: faults of the camera do not flicker.
    rng = np.random.default_rng(camera.seed)
    px = cv2.warpAffine(
        scene,
        _view(camera, t, side),
        (side, side),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    px = cv2.resize(px, (size, size), interpolation=cv2.INTER_AREA)
    for x, y, w, h, grey in camera.holes:
        x0, y0 = round((x - w / 2) * size), round((y - h / 2) * size)
        x1, y1 = round((x + w / 2) * size), round((y + h / 2) * size)
        px[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = grey
    px = cv2.LUT(cv2.transform(px, camera.matrix), camera.curve)
    if camera.blur:
        px = blur(px, camera.blur * size / 64)
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    levels = camera.light[0] * axis + camera.light[1] * axis[:, None]
    if camera.grain:
        levels += camera.grain * noise(size, rng, (size / 8, size / 8), 2)
    if camera.vignette:
        levels -= camera.vignette * (axis[:, None] ** 2 + axis**2) * 100
    if camera.noise:
        colour = rng.standard_normal((size, size, 3), np.float32) * camera.noise
        colour += levels[..., None]
        px = cv2.add(px, colour, dtype=cv2.CV_8U)
    else:
        px = cv2.add(px, cv2.merge([levels, levels, levels]), dtype=cv2.CV_8U)
    if camera.quality is not None:
        _, packed = cv2.imencode(".jpg", px, [cv2.IMWRITE_JPEG_QUALITY, camera.quality])
        px = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))
    return px


def _view(camera: Camera, t: float, side: int) -> np.ndarray:
    zoom = camera.zoom * (1 + camera.push * t)
    c = math.cos(math.radians(camera.angle)) / zoom
    s = math.sin(math.radians(camera.angle)) / zoom
    flip = -1.0 if camera.mirror else 1.0
    turn = np.array([[c * flip, -s], [s * flip, c]])
    middle = (
        np.array(
            [
                0.5 + camera.shift[0] + camera.drift[0] * t,
                0.5 + camera.shift[1] + camera.drift[1] * t,
            ]
        )
        * side
    )
    return np.hstack([turn, (middle - turn @ np.array([side / 2, side / 2]))[:, None]])


def _hole(rng: Rng) -> Hole:
    x, y = rng.random(2).tolist()
    wide, high = rng.uniform(0.06, 0.28, 2).tolist()
    return x, y, wide, high, int(rng.integers(256))


def _colour_matrix(rng: Rng) -> np.ndarray:
    """Hue, saturation and colour temperature as [3, 4] for `cv2.transform`."""
    weights = np.array([0.299, 0.587, 0.114])
    grey = np.ones((3, 1)) * weights
    turn = math.radians(float(np.clip(rng.normal(0, 7), -20, 20)))
    # A rotation about the grey axis (Rodrigues).
    axis = np.full(3, 1 / math.sqrt(3))
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    hue = np.eye(3) + math.sin(turn) * cross + (1 - math.cos(turn)) * cross @ cross
    saturation = 0.0 if rng.random() < 0.05 else float(rng.uniform(0.55, 1.35))
    warm = rng.normal(0, 0.08)
    tint = rng.normal(0, 0.03)
    temperature = np.diag([1 + warm, 1 + tint, 1 - warm])
    matrix = temperature @ (grey + saturation * (np.eye(3) - grey)) @ hue
    return np.hstack([matrix, np.zeros((3, 1))]).astype(np.float32)


def _tone_curve(rng: Rng) -> np.ndarray:
    level = np.arange(256) / 255
    level = level ** math.exp(rng.normal(-0.07, 0.2))
    level = (level - 0.5) * math.exp(rng.normal(-0.08, 0.18)) + 0.5 + rng.normal(0.01, 0.045)
    return np.clip(level * 255, 0, 255).astype(np.uint8)
