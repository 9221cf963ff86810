"""The drawn scenes: their shape, their repeatability, their variety, and that kinds differ."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hearsight_export.starter.scenes import SCENES, clip, draw

KINDS = sorted(SCENES)
EVERY_AXIS = ("intensity", "rate", "pitch", "distance", "material")


def some_params(rng: np.random.Generator) -> dict[str, float]:
    return {axis: float(rng.random()) for axis in EVERY_AXIS}


def features(picture: np.ndarray) -> np.ndarray:
    """Coarse colours in place, a colour histogram and strengths of edges by direction."""
    coarse = cv2.resize(picture, (6, 6), interpolation=cv2.INTER_AREA).reshape(-1) / 255
    bins = (picture // 64).reshape(-1, 3).astype(int) @ (16, 4, 1)
    colours = np.sqrt(np.bincount(bins, minlength=64) / len(bins))
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    dx, dy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    turn = ((np.arctan2(dy, dx) + np.pi) / (2 * np.pi) * 7.999).astype(int)
    power = np.hypot(dx, dy)
    edges = [
        np.bincount(turn[y : y + 16, x : x + 16].ravel(),
                    power[y : y + 16, x : x + 16].ravel(), 8)
        for y in range(0, 64, 16)
        for x in range(0, 64, 16)
    ]  # fmt: skip
    edges = np.sqrt(np.concatenate(edges) / max(float(power.sum()), 1.0))
    return np.concatenate([coarse, colours, edges])


def test_there_are_34_kinds():
    assert len(SCENES) == 34


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_and_clips_are_rgb_bytes_of_the_asked_size(kind: str):
    rng = np.random.default_rng(3)
    for size in (32, 65):
        picture = draw(kind, some_params(rng), rng, size)
        assert picture.shape == (size, size, 3)
        assert picture.dtype == np.uint8
    film = clip(kind, some_params(rng), rng, frames=3, size=48)
    assert film.shape == (3, 48, 48, 3)
    assert film.dtype == np.uint8


@pytest.mark.parametrize("kind", ("rain", "fire", "dog"))
def test_large_pictures_show_the_same_scene_as_small_ones(kind: str):
    small = draw(kind, {}, np.random.default_rng(0), 128).astype(float)
    large = draw(kind, {}, np.random.default_rng(0), 512)
    assert large.shape == (512, 512, 3)
    shrunk = cv2.resize(large, (128, 128), interpolation=cv2.INTER_AREA)
    other = draw(kind, {}, np.random.default_rng(1), 128)
    assert np.abs(shrunk - small).mean() < np.abs(other - small).mean()


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_draws_the_same_picture_and_another_seed_another(kind: str):
    params = some_params(np.random.default_rng(5))
    first = draw(kind, params, np.random.default_rng(11))
    again = draw(kind, params, np.random.default_rng(11))
    other = draw(kind, params, np.random.default_rng(12))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first.astype(float) - other).mean() > 5


@pytest.mark.parametrize("kind", KINDS)
def test_a_clip_moves_but_stays_one_scene(kind: str):
    params = some_params(np.random.default_rng(6))
    moved, apart = [], []
    for seed in range(4):
        film = clip(kind, params, np.random.default_rng(seed), frames=4).astype(float)
        other = clip(kind, params, np.random.default_rng(seed + 100), frames=1).astype(float)
        moved.append(np.abs(np.diff(film, axis=0)).mean(axis=(1, 2, 3)))
        apart.append(np.abs(film - other).mean())
    assert np.min(moved) > 0.05
    assert np.mean(moved) < 0.75 * np.mean(apart)


def test_a_close_subject_is_larger_than_a_distant_one():
    def brass_share(distance: float) -> float:
        shares = []
        for seed in range(60):
            rng = np.random.default_rng(seed)
            red, green, blue = draw("bell", {"distance": distance}, rng).astype(int).T
            shares.append(np.mean((red - blue > 60) & (green - blue > 10)))
        return float(np.mean(shares))

    assert brass_share(0.0) > 1.3 * brass_share(1.0)


def test_heavy_rain_has_more_streaks_than_light_rain():
    def edges(intensity: float) -> float:
        draws = (
            draw("rain", {"intensity": intensity, "material": 0.5, "distance": 0.3},
                 np.random.default_rng(seed))
            for seed in range(60)
        )  # fmt: skip
        greys = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in draws)
        return float(np.mean([np.abs(cv2.Sobel(grey, cv2.CV_32F, 1, 0)).mean() for grey in greys]))

    assert edges(1.0) > 1.15 * edges(0.0)


def test_the_material_changes_the_surface():
    """Rain falls on leaves, a street or a tin roof: only leaves are green."""

    def green(material: float) -> float:
        rng = np.random.default_rng(8)
        red, leaf, blue = np.mean(
            [draw("rain", {"material": material}, rng).mean(axis=(0, 1)) for _ in range(40)], axis=0
        )
        return float(leaf - (red + blue) / 2)

    assert green(0.0) > green(0.5) + 8
    assert green(0.0) > green(1.0) + 8


def test_a_linear_classifier_tells_unseen_draws_apart():
    """Chance is 1 in 34; ridge regression on coarse features reaches far more."""
    rng = np.random.default_rng(9)
    count = 60
    data = np.array([
        [features(draw(kind, some_params(rng), rng)) for _ in range(count)] for kind in KINDS
    ])  # fmt: skip
    train, unseen = data[:, : count - 15], data[:, count - 15 :]
    mean, spread = train.mean(axis=(0, 1)), train.std(axis=(0, 1)) + 1e-6
    x = ((train - mean) / spread).reshape(-1, data.shape[-1])
    y = np.repeat(np.eye(len(KINDS)), train.shape[1], axis=0)
    weights = np.linalg.solve(x.T @ x + 300 * np.eye(x.shape[1]), x.T @ (y - y.mean(axis=0)))
    scores = ((unseen - mean) / spread) @ weights
    right = scores.argmax(-1) == np.arange(len(KINDS))[:, None]
    assert right.mean() > 0.4
