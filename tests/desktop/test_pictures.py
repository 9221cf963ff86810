"""Thumbnails, and frames of videos in memory."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from hearsight import Cancel, Cancelled, MediaError
from hearsight_desktop.pictures import Proxy, thumbnail


def film(path: Path, frames: int, *, fps: float = 10, size=(64, 48)) -> Path:
    """Grey frames: number n has the level 10 n."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, size)
    assert writer.isOpened()
    for index in range(frames):
        writer.write(np.full((size[1], size[0], 3), 10 * index % 256, np.uint8))
    writer.release()
    return path


def test_a_picture_is_made_small(tmp_path):
    path = tmp_path / "a b ü.png"
    picture = np.zeros((300, 600, 3), np.uint8)
    picture[:, :300] = (0, 0, 255)  # BGR
    path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    small = thumbnail(path, 96)
    assert small.pixels.shape == (48, 96, 3)
    assert small.pixels.dtype == np.uint8
    assert small.pixels[24, 10].tolist() == [255, 0, 0]
    assert small.size == (600, 300)


def test_a_small_picture_stays_as_it_is(tmp_path):
    path = tmp_path / "dot.png"
    path.write_bytes(cv2.imencode(".png", np.full((2, 3, 3), 7, np.uint8))[1].tobytes())
    assert thumbnail(path, 96).pixels.shape == (2, 3, 3)


def test_a_video_shows_its_first_frame(tmp_path):
    small = thumbnail(film(tmp_path / "a.avi", 5, size=(320, 240)), 96).pixels
    assert small.shape == (72, 96, 3)
    assert small.max() < 5


def test_what_is_no_picture_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    for name in ("a.txt", "none.png"):
        with pytest.raises(MediaError):
            thumbnail(tmp_path / name, 96)


def test_the_frame_at_a_time_is_the_one_on_screen(tmp_path):
    proxy = Proxy(film(tmp_path / "a.avi", 20))
    assert proxy.seconds == pytest.approx(2)
    for index in range(20):
        for part in (0.0, 0.05, 0.095):
            assert proxy.frame_at(index / 10 + part).mean() == pytest.approx(10 * index, abs=4)
    assert proxy.frame_at(-1).mean() < 5
    assert proxy.frame_at(99).mean() == pytest.approx(190, abs=4)
    assert proxy.frame_at(0).shape == (48, 64, 3)
    assert proxy.notes == ()


def test_frames_are_small_and_few(tmp_path):
    proxy = Proxy(film(tmp_path / "a.avi", 20, fps=20, size=(640, 480)), width=320, fps=5)
    assert proxy.frame_at(0).shape == (240, 320, 3)
    assert proxy.nbytes == 5 * 240 * 320 * 3


def test_a_long_video_takes_no_more_than_its_share(tmp_path, monkeypatch):
    share = 64 * 48 * 3 * 10
    monkeypatch.setattr("hearsight_desktop.pictures._MOST_BYTES", share)
    path = film(tmp_path / "a.avi", 60)
    proxy = Proxy(path)
    assert proxy.nbytes <= share * 1.05
    [note] = proxy.notes
    assert "The video is long" in note
    assert proxy.frame_at(5.6).mean() == pytest.approx((10 * 56) % 256, abs=30)
    monkeypatch.setattr("hearsight_desktop.pictures._MOST_BYTES", share * 3)
    proxy = Proxy(path)
    assert proxy.frame_at(0).shape == (48, 64, 3), "fewer frames come before smaller ones"
    assert len(proxy.notes) == 1


def test_reading_can_be_stopped(tmp_path):
    cancel = Cancel()
    cancel.cancel()
    with pytest.raises(Cancelled):
        Proxy(film(tmp_path / "a.avi", 5), cancel=cancel)
