"""In the window: dragged out, copied, exported, made again, made alike."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from desk import Desk, film, samples
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

import hearsight
from hearsight_desktop.delivery import DELIVERIES, render
from hearsight_desktop.entry import Entry

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key
scripts = pytest.mark.skipif(sys.platform == "win32", reason="stand-ins are shell scripts")


def is_finished(entry: Entry, file: Path) -> bool:
    """Whether a file is what is made of a take, sample by sample."""
    audio, rate = samples(entry.original), hearsight.read_info(entry.original)["sample_rate"]
    wanted = render(audio, rate, entry, DELIVERIES["film"], "").audio
    return np.allclose(samples(file), wanted, atol=2**-23)


# Dragged out


def test_a_tile_is_dragged_as_its_finished_file(desk, takes, dragged):
    desk.pull(takes[1])
    [(files, actions)] = dragged
    assert files == [takes[1].delivered]
    assert actions == Qt.DropAction.CopyAction
    info = hearsight.read_info(files[0])
    assert (info["sample_rate"], info["subtype"]) == (48000, "PCM_24")
    assert is_finished(takes[1], files[0])
    assert files[0].parent == desk.session.preferences.takes_folder
    record = hearsight.read_record(files[0])
    assert hearsight.request_from_json(record["request"]) == takes[1].request
    assert record["digital_source_type"]


def test_what_is_dragged_is_the_cut_sound_and_never_another_one(desk, takes, dragged):
    desk.finished(takes[0], lambda: desk.detail.waveform.trimmed.emit(0.25, 0.75))
    cut = desk.finished(takes[0], lambda: desk.press(Key.Key_F))
    desk.pull(cut)
    [(files, _)] = dragged
    assert files == [cut.delivered]
    assert len(samples(files[0])) == 24000
    assert is_finished(cut, files[0])
    assert hearsight.read_record(files[0])["edit"]["fade_out"] == 0.05


def test_a_file_that_is_made_again_cannot_be_dragged_until_it_is_there(desk, takes, dragged):
    desk.detail.waveform.trimmed.emit(0.0, 0.5)
    desk.pull(takes[0])
    desk.detail.delivery.handle.drag()
    assert not dragged
    assert not desk.detail.delivery.handle.isEnabled()
    assert all("still being written" in words for words in desk.told) and desk.told
    desk.until(desk.detail.delivery.handle.isEnabled)
    desk.pull(takes[0])
    [(files, _)] = dragged
    assert len(samples(files[0])) == 24000


def test_cuts_one_after_the_other_end_in_the_file_of_the_last(desk, takes, dragged):
    for end in np.linspace(0.9, 0.2, 15):
        desk.detail.waveform.trimmed.emit(0.0, float(end))
        desk.qtbot.wait(1)
        entry, (files, _) = desk.fresh(takes[0]), desk.model.files([takes[0].id])
        assert not files or is_finished(entry, files[0])
    desk.until(lambda: desk.model.files([takes[0].id])[0])
    assert len(samples(desk.fresh(takes[0]).delivered)) == 9600


def test_several_are_dragged_in_their_order(desk, takes, dragged):
    desk.press(Key.Key_A, CTRL)
    assert desk.detail.delivery.handle.text() == "Drag 3 files"
    desk.detail.delivery.handle.drag()
    desk.pull(takes[2])
    wanted = [desk.fresh(each).delivered for each in takes]
    assert [files for files, _ in dragged] == [wanted, wanted]


def test_the_handle_is_pulled_with_the_mouse(desk, takes, dragged):
    handle = desk.detail.delivery.handle
    desk.until(handle.isEnabled)
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    QTest.mouseMove(handle, QPoint(60, 5))
    assert [files for files, _ in dragged] == [[takes[0].delivered]]


def test_a_file_that_was_deleted_is_made_again_when_its_take_is_chosen(desk, takes, dragged):
    takes[1].delivered.unlink()
    desk.pick(takes[1])
    desk.until(lambda: desk.model.files([takes[1].id])[0])
    desk.pull(takes[1])
    assert is_finished(desk.fresh(takes[1]), dragged[0][0][0])


def test_a_file_that_cannot_be_written_is_told_and_made_when_it_can(desk, takes, dragged):
    folder = desk.session.preferences.takes_folder
    kept = folder.rename(folder.with_name("kept"))
    folder.write_text("in the way")
    desk.detail.waveform.trimmed.emit(0.0, 0.5)
    desk.until(lambda: any(news.kind == "error" for news in desk.news))
    desk.pull(takes[0])
    assert not dragged, "the old file is not what is heard"
    folder.unlink()
    kept.rename(folder)
    desk.pick(takes[1])
    desk.pick(takes[0])
    desk.until(lambda: desk.model.files([takes[0].id])[0])
    desk.pull(takes[0])
    assert len(samples(dragged[0][0][0])) == 24000


# Another form


@pytest.mark.parametrize("key", ["game", "unreal", "library", "film"])
def test_a_form_of_delivery_is_that_of_all_that_is_dragged_from_then_on(desk, takes, dragged, key):
    desk.choose("Form of delivery", "library" if key == "film" else "film")
    desk.choose("Form of delivery", key)
    desk.until(desk.detail.delivery.handle.isEnabled)
    desk.press(Key.Key_A, CTRL)
    desk.detail.delivery.handle.drag()
    desk.until(desk.detail.delivery.handle.isEnabled)
    desk.detail.delivery.handle.drag()
    form, files = DELIVERIES[key], dragged[-1][0]
    assert len(files) == 3
    for file in files:
        info = hearsight.read_info(file)
        assert info["sample_rate"] == form.sample_rate
        assert info["subtype"] == f"PCM_{form.subtype}"
    assert len(list(desk.session.preferences.takes_folder.iterdir())) == 3, "none is left behind"


def test_sounds_to_come_have_the_form_that_was_chosen(desk, takes):
    desk.choose("Form of delivery", "unreal")
    made = desk.make("wind")
    assert {hearsight.read_info(e.delivered)["subtype"] for e in made} == {"PCM_16"}


# Copied


def test_files_are_copied_to_the_clipboard(desk, takes):
    desk.press(Key.Key_C, CTRL)
    data = QGuiApplication.clipboard().mimeData()
    assert [Path(url.toLocalFile()) for url in data.urls()] == [takes[0].delivered]
    desk.press(Key.Key_A, CTRL)
    desk.until(desk.detail.delivery.handle.isEnabled)
    desk.press(Key.Key_C, CTRL)
    assert len(QGuiApplication.clipboard().mimeData().urls()) == 3
    assert "3 files" in desk.told[-1]


def test_a_file_that_is_made_again_is_not_copied(desk, takes):
    QGuiApplication.clipboard().setText("before")
    desk.detail.waveform.trimmed.emit(0.0, 0.5)
    desk.press(Key.Key_C, CTRL)
    assert QGuiApplication.clipboard().text() == "before"
    assert "still being written" in desk.told[-1]


def test_the_copied_command_makes_the_very_sound(desk, takes, tmp_path, monkeypatch):
    from hearsight.cli.app import app

    desk.pick(takes[2])
    words = {a.text().split("\t")[0]: a for a in desk.view.menu().actions()}
    words["Copy as command"].trigger()
    line = QGuiApplication.clipboard().text()
    program, *arguments = shlex.split(line)
    assert program == "runtime-cli"
    (out := tmp_path / "cli").mkdir()
    monkeypatch.chdir(out)
    with pytest.raises(SystemExit) as left:
        app(arguments)
    assert not left.value.code
    [file] = out.glob("*.wav")
    assert np.allclose(samples(file), samples(takes[2].original), atol=2**-23)


def test_what_is_wanted_is_copied_as_a_command(desk):
    desk.ask("rain on 'tin'", Length=0.5)
    desk.trigger("Copy the settings as command")
    words = shlex.split(QGuiApplication.clipboard().text())
    assert words[:3] == ["runtime-cli", "generate", "rain on 'tin'"]
    assert words[words.index("--model") + 1] == "micro"


def test_the_folder_of_a_file_is_shown(desk, takes, monkeypatch):
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    desk.until(desk.detail.delivery.handle.isEnabled)
    desk.click("Show in folder", desk.detail)
    assert opened == [str(takes[0].delivered.parent)]


# Exported


def test_one_sound_is_exported_under_a_name_in_a_form(desk, takes, tmp_path):
    desk.choose("Form of delivery", "unreal")
    desk.press(Key.Key_E, CTRL)
    dialog = desk.dialog()
    assert Path(dialog.selectedFiles()[0]).name == "rain_01.wav"
    desk.press(Key.Key_E, CTRL)
    to = tmp_path / "für Unreal.wav"
    desk.dialog(to)
    desk.until(lambda: any("Exported" in words for words in desk.told))
    info = hearsight.read_info(to)
    assert (info["sample_rate"], info["subtype"]) == (48000, "PCM_16")
    exact = render(samples(takes[0].original), 48000, takes[0], DELIVERIES["unreal"], "").audio
    error = samples(to) - exact
    step = 2.0**-15
    assert 0 < np.abs(error).max() <= 1.5 * step, "dithered: not just rounded"
    assert np.abs(error).max() > 0.6 * step
    assert hearsight.read_record(to)["request"]["seed"] == takes[0].request.seed


def test_several_are_exported_into_a_folder_beside_what_is_there(desk, takes, tmp_path):
    folder = tmp_path / "Project ü"
    folder.mkdir()
    (folder / "rain_01.wav").write_bytes(b"of somebody")
    desk.press(Key.Key_A, CTRL)
    desk.press(Key.Key_E, CTRL)
    desk.dialog(folder)
    desk.until(lambda: any("exported" in words for words in desk.told))
    assert {file.name for file in folder.iterdir()} == {
        "rain_01.wav", "rain_02.wav", "rain_03.wav", "rain_04.wav",
    }  # fmt: skip
    assert (folder / "rain_01.wav").read_bytes() == b"of somebody"
    assert f"3 files were exported to {folder}." in desk.told


def test_two_of_one_name_are_exported_as_two(desk, takes, tmp_path):
    for entry, name in ((takes[0], "Rain! 1"), (takes[1], "rain 1")):
        desk.finished(entry, lambda e=entry, n=name: desk.session.rename(e.id, n))
    desk.choose("Form of delivery", "game")
    (folder := tmp_path / "game").mkdir()
    desk.press(Key.Key_A, CTRL)
    desk.press(Key.Key_E, CTRL)
    desk.dialog(folder)
    desk.until(lambda: any("exported" in words for words in desk.told))
    assert len(list(folder.iterdir())) == 3


def test_an_export_that_fails_is_told_and_the_next_one_too(desk, takes, tmp_path):
    desk.press(Key.Key_E, CTRL)
    desk.dialog(tmp_path / "nowhere" / "a.wav" / "b.wav")
    (tmp_path / "file").write_text("")
    desk.press(Key.Key_E, CTRL)
    desk.dialog(tmp_path / "file" / "b.wav")
    desk.until(lambda: any(news.kind == "error" for news in desk.news))
    desk.press(Key.Key_E, CTRL)
    desk.dialog(tmp_path / "good.wav")
    desk.until(lambda: f"Exported to {tmp_path / 'good.wav'}." in desk.told)


# With the picture


@pytest.fixture
def scored(desk, tmp_path) -> Entry:
    """A sound that was made for a film."""
    desk.drop(film(tmp_path / "a film.avi", 1.0))
    [made] = desk.make("steps", Length=0.5, Variations=1)
    return desk.pick(made)


def picture_button(desk: Desk) -> QPushButton:
    return desk.named(QPushButton, "Export with picture…")


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg on the PATH")
def test_a_film_is_written_with_the_sound_under_it(desk, scored, tmp_path):
    cut = desk.finished(scored, lambda: desk.detail.waveform.trimmed.emit(0.1, 0.4))
    QTest.mouseClick(picture_button(desk), Qt.MouseButton.LeftButton)
    to = tmp_path / "mit Ton.mov"
    desk.dialog(to)
    desk.until(lambda: any("Exported" in words for words in desk.told))
    command = ["ffmpeg", "-v", "error", "-i", to, "-map", "0:a", "-f", "f32le", "-"]
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    assert np.allclose(np.frombuffer(raw, np.float32), samples(cut.delivered), atol=2**-23)
    assert hearsight.video_seconds(to) == pytest.approx(1.0, abs=0.2)


def stand_in(folder: Path, script: str) -> str:
    """A PATH with an ffmpeg that does as the script says."""
    program = folder / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"{program.parent}:/bin:/usr/bin"


@scripts
def test_what_any_ffmpeg_is_asked_for(desk, scored, tmp_path, monkeypatch):
    script = 'for last; do :; done; printf "%s\\n" "$@" > "${last#file:}"'
    monkeypatch.setenv("PATH", stand_in(tmp_path, script))
    desk.window._look()
    QTest.mouseClick(picture_button(desk), Qt.MouseButton.LeftButton)
    desk.dialog(tmp_path / "out.mp4")
    desk.until(lambda: any("Exported" in words for words in desk.told))
    asked = (tmp_path / "out.mp4").read_text().splitlines()
    assert f"file:{tmp_path / 'a film.avi'}" in asked
    assert f"file:{scored.delivered}" in asked
    assert "compressed" in desk.told[-1]


@scripts
def test_what_ffmpeg_says_is_told(desk, scored, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", stand_in(tmp_path, "echo no codec >&2; exit 1"))
    desk.window._look()
    QTest.mouseClick(picture_button(desk), Qt.MouseButton.LeftButton)
    desk.dialog(tmp_path / "out.mov")
    desk.until(lambda: any("no codec" in words for words in desk.told))
    assert not (tmp_path / "out.mov").exists()


def test_without_ffmpeg_it_is_greyed_and_says_why(desk, scored, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    desk.window._look()
    button = picture_button(desk)
    assert not button.isEnabled()
    assert "ffmpeg" in button.toolTip()
    assert "ffmpeg" in button.accessibleDescription()


def test_without_a_film_it_is_greyed_and_says_why(desk, takes):
    button = picture_button(desk)
    assert not button.isEnabled()
    assert "video" in button.toolTip()


def test_the_sound_under_a_film_is_never_an_old_one(desk, scored, tmp_path):
    desk.detail.waveform.trimmed.emit(0.1, 0.3)
    QTest.mouseClick(picture_button(desk), Qt.MouseButton.LeftButton)
    assert "still being written" in desk.told[-1]
