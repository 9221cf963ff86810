"""What a dropped thing is, whatever its name says."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

import hearsight
from hearsight import text
from hearsight_desktop.dropping import dropped, path_of
from hearsight_desktop.wishes import Wishes

MICRO = Path(__file__).parents[1] / "micro"
TONE = (0.2 * np.sin(np.arange(4000) / 5)).astype(np.float32)


def look(thing):
    [found] = dropped([thing])
    return found


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "ein Bild, naß 50%.png"
    path.write_bytes(cv2.imencode(".png", np.zeros((9, 12, 3), np.uint8))[1].tobytes())
    return path


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 8, (32, 24))
    for shade in range(8):
        writer.write(np.full((24, 32, 3), shade * 30, np.uint8))
    writer.release()
    return path


def test_pictures_videos_and_sounds_are_told_apart_by_what_is_in_them(picture, video, tmp_path):
    soundfile.write(tmp_path / "a.wav", TONE, 8000)
    soundfile.write(tmp_path / "b.ogg", TONE, 8000)
    disguised = picture.rename(tmp_path / "really a picture.wav")
    things = [disguised, video, tmp_path / "a.wav", tmp_path / "b.ogg"]
    assert [found.kind for found in dropped(things)] == ["image", "video", "audio", "audio"]
    assert [found.path for found in dropped(things)] == things


def test_addresses_of_files_keep_spaces_percent_signs_and_letters(picture):
    assert path_of(picture.as_uri()) == picture
    assert look(picture.as_uri()).kind == "image"
    assert look(picture.as_uri().replace("file://", "file://localhost")).path == picture


@pytest.mark.parametrize("address", ["https://example.org/a.png", "data://x", "ftp://a/b"])
def test_other_addresses_are_not_fetched(address):
    found = look(address)
    assert (found.kind, found.path) == ("unsupported", None)
    assert "download the file" in found.note


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_a_sound_of_our_own_brings_its_settings_back(tmp_path, suffix):
    path = tmp_path / f"tür{suffix}"
    with hearsight.load("micro", device="cpu", threads=1) as generator:
        [take] = generator.generate(text("rain", seconds=0.5, seed=3, guidance=1.5))
    hearsight.write_wav(path, take)
    found = look(path)
    assert (found.kind, found.path) == ("own", path)
    assert found.wish.request == take.request
    assert found.wish.model == "micro"


def test_a_sound_of_another_version_is_a_sound_like_any_other(tmp_path):
    record = {"request": {"prompts": [], "teleport": 1}, "plan": {"bundle": "micro"}}
    sound = hearsight.Sound(TONE, 8000, record=record)
    found = look(hearsight.write_wav(tmp_path / "new.wav", sound))
    assert found.kind == "audio"
    assert "teleport" in found.note


@pytest.mark.parametrize("record", [{"request": 1}, {"plan": {"bundle": 1}}, {"plan": []}, {}])
def test_a_record_of_something_else_is_no_request(tmp_path, record):
    path = hearsight.write_wav(tmp_path / "x.wav", hearsight.Sound(TONE, 8000, record=record))
    assert look(path).kind == "audio"


def test_bundles_come_as_folder_as_manifest_and_as_zip(tmp_path):
    eye = MICRO / "micro-eye"
    assert look(eye).kind == "bundle"
    assert look(eye / "bundle.json") == look(eye)
    for inside in ("", "micro-eye/"):
        with zipfile.ZipFile(tmp_path / "eye.zip", "w") as archive:
            archive.write(eye / "bundle.json", f"{inside}bundle.json")
        assert look(tmp_path / "eye.zip").kind == "bundle"


def test_a_preset_brings_its_wish(tmp_path):
    Wishes(tmp_path).save("Doors", text("a door"), "starter")
    found = look(tmp_path / "Doors.json")
    assert (found.kind, found.wish.name, found.wish.request) == ("preset", "Doors", text("a door"))


def test_what_is_nothing_of_this_says_why(tmp_path):
    (tmp_path / "notes.txt").write_text("hello there")
    (tmp_path / "other.json").write_text("{}")
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "paper.pdf").write_bytes(b"%PDF-1.7 ...")
    (tmp_path / "folder").mkdir()
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("deep/er/bundle.json", "{}")
    said = {
        "notes.txt": "neither a picture",
        "other.json": "not a preset",
        "empty.wav": "empty",
        "paper.pdf": "PDF",
        "folder": "drop the files in it",
        "other.zip": "without a bundle",
        "gone.png": "There is no file",
        "x\0y": "",
    }
    for name, note in said.items():
        found = look(tmp_path / name)
        assert found.kind == "unsupported", name
        assert note in found.note
        assert found.note.endswith((".", ")."))


def test_a_zip_that_is_cut_short_is_told(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("bundle.json", "{}" * 1000)
    raw = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(raw[:40])
    assert look(tmp_path / "a.zip").kind == "unsupported"


def test_one_bad_thing_does_not_spoil_the_others(picture, tmp_path):
    shutil.copy(picture, tmp_path / "b.png")
    kinds = [f.kind for f in dropped([picture, tmp_path / "gone", tmp_path / "b.png"])]
    assert kinds == ["image", "unsupported", "image"]
