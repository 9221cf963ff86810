"""What is dropped on the window: a picture, a video and a sound of kinds that the starter knows."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "export"))

from hearsight_export.starter.scenes import clip, draw

__all__ = ["picture", "sound", "video"]

_WIDE = 640


def picture(to: Path, kind: str, seed: int = 3) -> Path:
    """A drawn picture of something that sounds."""
    drawn = draw(kind, {}, np.random.default_rng(seed), size=_WIDE)
    cv2.imwrite(str(to), cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR))
    return to


def video(to: Path, kind: str, seconds: float = 4.0, seed: int = 3) -> Path:
    """A drawn scene that moves, 12 frames a second; Motion JPEG, so any OpenCV writes it."""
    drawn = clip(kind, {}, np.random.default_rng(seed), frames=round(12 * seconds), size=_WIDE)
    size = (_WIDE, _WIDE * 9 // 16)
    writer = cv2.VideoWriter(str(to), cv2.VideoWriter.fourcc(*"MJPG"), 12, size)
    top = (_WIDE - size[1]) // 2
    for frame in drawn:
        writer.write(cv2.cvtColor(frame[top : top + size[1]], cv2.COLOR_RGB2BGR))
    writer.release()
    return to


def sound(to: Path, seconds: float = 2.0) -> Path:
    """Four knocks, 44.1 kHz, 16 bit."""
    import soundfile

    rate = 44100
    t = np.arange(round(rate * seconds)) / rate
    since = t % 0.5
    knocks = np.exp(-since * 40) * (np.sin(2 * np.pi * 140 * since) + 0.4 * np.sin(900 * since))
    soundfile.write(to, (0.6 * knocks).astype(np.float32), rate, subtype="PCM_16")
    return to
