"""Parts of pictures and moments of videos: what is looked at instead of the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import media
from .errors import HearsightError, RequestError

__all__ = ["Box", "Part", "Span", "detected", "moment_times", "moments_at", "whole"]

Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels."""
Span = tuple[float, float]
"""Begin and end in seconds."""


@dataclass(frozen=True)
class Part:
    """A part of a picture, or all of it.

    score: of the detector, None for all of it.
    """

    box: Box
    score: float | None
    weight: float = 1.0


def whole(pixels: Pixels) -> Part:
    """All of a picture [H, W, 3]."""
    return Part((0.0, 0.0, float(pixels.shape[1]), float(pixels.shape[0])), None)


def detected(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    most: int,
    weights: Sequence[float],
    pixels: Pixels,
    path: str,
) -> list[Part]:
    """The parts that a detector found [N, 4], [N], the first `most`, weighed in that order.

    A box that reaches over the edge of the picture [H, W, 3] ends there, and one of which nothing
    is left is no part.

    Raises:
        RequestError: there are more weights than parts.
        HearsightError: the detector gave what is no number.
    """
    if len(boxes) != len(scores):
        raise HearsightError(
            f"The detector gave {len(boxes)} parts and {len(scores)} scores for {path}."
        )
    if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
        raise HearsightError(f"The detector found parts in {path} that are no numbers.")
    height, width = pixels.shape[:2]
    edges = np.clip(boxes.astype(np.float64), 0, [width, height, width, height])
    found = [
        Part((left, top, right, bottom), float(score))
        for (left, top, right, bottom), score in zip(edges.tolist(), scores, strict=True)
        if left < right and top < bottom
    ][:most]
    if len(weights) > len(found):
        parts = "1 part was" if len(found) == 1 else f"{len(found)} parts were"
        raise RequestError(f"sources has {len(weights)} weights, and {parts} found in {path}.")
    counts = [*weights, *[1.0] * (len(found) - len(weights))]
    return [Part(p.box, p.score, w) for p, w in zip(found, counts, strict=True)]


def moment_times(
    path: str, *, seconds: float, moments: int, frames: int, spans: Sequence[Span | None]
) -> list[list[tuple[float, ...]]]:
    """For each span of a video the moments to look at, each as the times of its frames.

    Moment i of a clip that lasts D begins i * max(D - seconds, 0) / moments after it; its frames
    are evenly spaced from its first to its last. Spans are as for `media.frame_times`.

    Raises:
        MediaError: the video cannot be read.
    """
    total = media.video_seconds(path)
    asked: list[Span] = []
    for span in spans:
        first, last = span or (0.0, total)
        length = min(last - first, total)
        first = min(first, total - length)
        step = max(length - seconds, 0.0) / moments
        asked += [
            (first + i * step, first + i * step + min(seconds, length)) for i in range(moments)
        ]
    times = media.frame_times(path, fps=0, max_frames=frames, spans=asked)
    told = [tuple(map(float, each)) for each in times]
    return [told[i * moments : (i + 1) * moments] for i in range(len(spans))]


def moments_at(
    path: str, wanted: Sequence[tuple[float, ...]]
) -> Iterator[tuple[tuple[float, ...], Pixels]]:
    """Each different moment of `moment_times`, as its times and its frames [F, H, W, 3].

    The video is read once, and no more of it is kept than the moments that are still to come need.

    Raises:
        MediaError: the video is damaged.
    """
    left = sorted(set(wanted), key=lambda moment: (moment[-1], moment))
    every = np.unique(np.array([time for moment in left for time in moment], np.float64))
    kept: dict[float, Pixels] = {}
    for time, picture in zip(every, media.frames_at(path, every), strict=True):
        kept[float(time)] = picture
        while left and left[0][-1] <= time:
            moment = left.pop(0)
            yield moment, np.stack([kept[each] for each in moment])
            first = min((each[0] for each in left), default=np.inf)
            kept = {each: picture for each, picture in kept.items() if each >= first}
