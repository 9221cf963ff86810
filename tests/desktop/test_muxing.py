"""A sound under a video, with the ffmpeg that is here."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from hearsight import Cancel, Cancelled, MediaError, OutputError
from hearsight_desktop import muxing
from hearsight_desktop.muxing import ffmpeg, mux

RATE = 48000
needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg on the PATH")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="stand-ins are shell scripts")


def film(path: Path, seconds: float = 2) -> Path:
    code = {".avi": "MJPG", ".webm": "VP80"}.get(path.suffix, "mp4v")
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), 10, (64, 48))
    assert writer.isOpened()
    for index in range(round(seconds * 10)):
        writer.write(np.full((48, 64, 3), 10 * index, np.uint8))
    writer.release()
    return path


def tone(path: Path, seconds: float = 0.5) -> Path:
    sound = 0.5 * np.sin(np.arange(round(seconds * RATE)) * 0.1)
    soundfile.write(path, sound, RATE, subtype="PCM_24")
    return path


def packets(path: Path) -> bytes:
    """What the pictures of a video are, encoded."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-map", "0:v", "-c", "copy", "-f", "md5", "-"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def heard(path: Path) -> np.ndarray:
    command = ["ffmpeg", "-v", "error", "-i", path, "-map", "0:a", "-ac", "1", "-ar", str(RATE)]
    raw = subprocess.run([*command, "-f", "f32le", "-"], check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.float32)


@needs_ffmpeg
@pytest.mark.parametrize("suffix", [".avi", ".mp4", ".mov", ".mkv", ".webm"])
def test_the_pictures_stay_and_the_sound_begins_with_them(tmp_path, suffix):
    video, wav = film(tmp_path / f"a film ü{suffix}"), tone(tmp_path / "ton 雨.wav")
    to = tmp_path / f"out - 1{suffix}"
    notes = mux(video, wav, to)
    assert bool(notes) == (suffix in (".mp4", ".webm"))
    assert packets(to) == packets(video)
    sound = heard(to)
    loud = np.flatnonzero(np.abs(sound) > 0.05)
    assert loud[0] / RATE == pytest.approx(0.0, abs=0.03)
    assert (loud[-1] - loud[0]) / RATE == pytest.approx(0.5, abs=0.03)
    assert {path.name for path in tmp_path.iterdir()} == {video.name, wav.name, to.name}


@needs_ffmpeg
def test_the_sound_in_a_mov_is_the_file_sample_by_sample(tmp_path):
    video, wav = film(tmp_path / "a.mov"), tone(tmp_path / "a.wav")
    mux(video, wav, tmp_path / "b.mov")
    np.testing.assert_array_equal(heard(tmp_path / "b.mov"), soundfile.read(wav)[0].astype("f4"))


@needs_ffmpeg
def test_the_sound_of_the_video_is_replaced(tmp_path):
    mux(film(tmp_path / "a.mov"), tone(tmp_path / "long.wav", 2), tmp_path / "b.mov")
    mux(tmp_path / "b.mov", tone(tmp_path / "short.wav", 0.2), tmp_path / "c.mov")
    assert len(heard(tmp_path / "c.mov")) == 0.2 * RATE


@needs_ffmpeg
def test_what_ffmpeg_says_is_told_and_an_earlier_file_stays(tmp_path):
    video = tmp_path / "a.mp4"
    video.write_bytes(b"no video at all")
    (tmp_path / "b.mp4").write_bytes(b"earlier")
    with pytest.raises(OutputError, match=r"It says: .*Invalid data"):
        mux(video, tone(tmp_path / "a.wav"), tmp_path / "b.mp4")
    assert (tmp_path / "b.mp4").read_bytes() == b"earlier"
    assert len(list(tmp_path.iterdir())) == 3


def stand_in(folder: Path, monkeypatch, script: str) -> None:
    """An ffmpeg that does as the script says."""
    program = folder / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/bin:/usr/bin")


def test_a_wish_to_stop_ends_ffmpeg_and_leaves_nothing(tmp_path, monkeypatch):
    # The file of its last argument, without "file:", begins to be written.
    stand_in(tmp_path, monkeypatch, 'for last; do :; done; echo x > "${last#file:}"; exec sleep 60')
    video, wav = tmp_path / "a.mp4", tone(tmp_path / "a.wav")
    video.write_bytes(b"-")
    (out := tmp_path / "out").mkdir()
    cancel = Cancel()

    def stop_when_begun() -> None:
        while not any(out.iterdir()):
            pass
        cancel.cancel()

    thread = threading.Thread(target=stop_when_begun)
    thread.start()
    with pytest.raises(Cancelled):
        mux(video, wav, out / "b.mp4", cancel=cancel)
    thread.join()
    assert not any(out.iterdir())


def test_a_talkative_ffmpeg_does_not_block(tmp_path, monkeypatch):
    stand_in(tmp_path, monkeypatch, "yes 'all is bad' | head -c 300000 >&2; exit 3")
    (video := tmp_path / "a.mp4").write_bytes(b"-")
    with pytest.raises(OutputError, match="all is bad") as told:
        mux(video, tone(tmp_path / "a.wav"), tmp_path / "b.mp4")
    assert len(str(told.value)) < 1000


def test_without_ffmpeg_it_is_told_why(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    path, reason = ffmpeg()
    assert path is None
    assert "PATH" in reason
    with pytest.raises(OutputError, match="Install it"):
        mux(tmp_path / "a.mp4", tmp_path / "a.wav", tmp_path / "b.mp4")


@needs_ffmpeg
def test_what_cannot_be_is_refused(tmp_path):
    video, wav = film(tmp_path / "a.mp4"), tone(tmp_path / "a.wav")
    with pytest.raises(OutputError, match="end the name in"):
        mux(video, wav, tmp_path / "b.gif")
    with pytest.raises(OutputError, match="made from"):
        mux(video, wav, video)
    with pytest.raises(OutputError, match="no folder"):
        mux(video, wav, tmp_path / "none" / "b.mp4")
    with pytest.raises(MediaError, match="no file"):
        mux(tmp_path / "gone.mp4", wav, tmp_path / "b.mp4")
    assert ".mp4" in muxing.SUFFIXES
