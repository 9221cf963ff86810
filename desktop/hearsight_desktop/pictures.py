"""Small pictures of what was dropped: thumbnails, and a video's frames to play a sound to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearsight import Cancel, frame_times, frames_at, kind_of, read_image, video_seconds

__all__ = ["Proxy", "Thumbnail", "thumbnail"]

Pixels = NDArray[np.uint8]

_MOST_BYTES = 256 << 20  # of a proxy's frames
_FEWEST_FPS = 4.0  # below it frames are made smaller instead
_ALL = 1 << 20  # frames: more than a proxy holds


@dataclass(frozen=True)
class Thumbnail:
    """A small picture, uint8 [H, W, 3] RGB, and the width and height that it has itself."""

    pixels: Pixels
    size: tuple[int, int]


def thumbnail(path: str | Path, side: int) -> Thumbnail:
    """A picture, or the first frame of a video, its longer side `side` pixels (fewer if it is
    smaller itself).

    Raises:
        MediaError: it is neither a picture nor a video, or damaged.
    """
    whole = read_image(path) if kind_of(path) == "image" else _first_frame(path)
    height, width = whole.shape[:2]
    return Thumbnail(_within(whole, side / max(height, width)), (width, height))


class Proxy:
    """A video's frames in memory, small, for a picture that follows a sound.

    seconds: how long it lasts. notes: that a long video is shown coarser, for all frames
    together take no more than 256 MB.
    """

    def __init__(
        self, path: str | Path, width: int = 360, fps: float = 12.0, cancel: Cancel | None = None
    ) -> None:
        """Read at most `fps` frames of each second, at most `width` pixels wide.

        Raises:
            MediaError: it is missing, no video, or damaged.
            Cancelled: `cancel` was used meanwhile.
        """
        self.seconds = video_seconds(path)
        first = _first_frame(path)
        scale = min(1.0, width / first.shape[1])
        times = _times(path, fps)
        room = _MOST_BYTES // _within(first, scale).nbytes
        self.notes: tuple[str, ...] = ()
        if len(times) > room:
            slower = min(fps, max(_FEWEST_FPS, room / self.seconds))
            times = _times(path, slower)
            scale *= min(1.0, math.sqrt(room / len(times)))
            self.notes = (
                f"The video is long, so it is shown with {len(times) / self.seconds:.2g} pictures "
                f"per second, {round(first.shape[1] * scale)} pixels wide.",
            )
        self._times = times - times[0]
        self._frames = np.empty((len(times), *_within(first, scale).shape), np.uint8)
        for index, frame in enumerate(frames_at(path, times)):
            if cancel:
                cancel.raise_if()
            self._frames[index] = _within(frame, scale)
        self._frames.setflags(write=False)

    @property
    def nbytes(self) -> int:
        """Memory that the frames take."""
        return self._frames.nbytes

    def frame_at(self, seconds: float) -> Pixels:
        """The frame on screen at that time of the video, uint8 [H, W, 3] RGB, not to be written
        to; the first one before its start, the last one after its end."""
        index = int(np.searchsorted(self._times, seconds + 1e-4, side="right")) - 1
        return self._frames[max(0, index)]


def _times(path: str | Path, fps: float) -> NDArray[np.float64]:
    """When the frames to keep come on screen, each once."""
    [times] = frame_times(path, fps=fps, max_frames=_ALL)
    return np.unique(times)


def _first_frame(path: str | Path) -> Pixels:
    [times] = frame_times(path, fps=0, max_frames=1)
    return next(frames_at(path, times))


def _within(picture: Pixels, scale: float) -> Pixels:
    """Scaled down, averaging; not up."""
    if scale >= 1:
        return np.ascontiguousarray(picture)
    import cv2

    height, width = (max(1, round(edge * scale)) for edge in picture.shape[:2])
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)
