"""In the window: what is dropped, typed and pasted, and what is made of it."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from desk import LONG, Desk, film, picture, samples, sound
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit

import hearsight
from hearsight import Prompt
from hearsight_desktop.jobs import State
from hearsight_desktop.views.chip import Chip
from hearsight_desktop.views.dials import Number
from hearsight_desktop.wishes import read_wish

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def fresh(request: hearsight.Request) -> list[np.ndarray]:
    """What a generator that did nothing else before makes of a request."""
    with hearsight.load("micro", device="cpu", threads=1) as generator:
        return [take.audio for take in generator.generate(request)]


def originals(entries) -> list[np.ndarray]:
    return [samples(entry.original) for entry in sorted(entries, key=lambda entry: entry.number)]


def alike(sounds, others) -> bool:
    return len(sounds) == len(others) and all(map(np.array_equal, sounds, others))


# The first start


def test_a_first_start_has_words_to_try_and_says_what_to_do(desk):
    assert desk.inputs.text.words()
    assert desk.inputs.text.hasFocus()
    assert desk.inputs.request().variations == 4
    assert "Generate" in desk.view._hint[0]
    assert not desk.window.banners.messages


def test_words_to_try_go_when_a_file_comes_and_words_of_the_user_stay(desk, tmp_path):
    desk.drop(picture(tmp_path / "a.png"))
    assert [p.modality for p in desk.inputs.request().prompts] == ["image"]
    desk.press(Qt.Key.Key_Z, CTRL)
    assert desk.inputs.text.words(), "they come back as in any text"
    desk.drop(picture(tmp_path / "b.png"))
    assert [p.modality for p in desk.inputs.request().prompts] == ["text", "image", "image"]


def test_the_first_sound_comes_without_a_word_typed(qtbot, desk):
    desk.press(Qt.Key.Key_Return, CTRL)
    desk.until(lambda: len(desk.shown()) == 4)
    desk.idle()
    assert [entry.number for entry in desk.shown()] == [1, 2, 3, 4]
    assert desk.current().number == 1, "the first one is at hand"
    assert not desk.news


def test_a_sound_is_there_to_be_heard_before_the_batch_is_done(desk):
    desk.ask(Variations=3)
    with desk.held("finish", made=1) as second:
        desk.press(Qt.Key.Key_Return, CTRL)
        desk.until(second.is_set)
        desk.until(lambda: len(desk.shown()) == 1)
        assert desk.model.rowCount() == 4, "a header, a sound and two tiles for what is to come"
        assert desk.inputs.progress.isVisible()
        assert desk.shown()[0].delivered.is_file()
        desk.until(lambda: desk.tape.length > 0.2)
        desk.press(Qt.Key.Key_R, CTRL)
        desk.press(Qt.Key.Key_Space)
        assert desk.tape.playing
    desk.until(lambda: len(desk.shown()) == 3)
    desk.idle()
    assert not desk.inputs.progress.isVisible()


# Dropped


def test_files_with_spaces_and_all_letters_are_listened_to(desk, tmp_path):
    files = [
        picture(tmp_path / "träume & more" / "a picture 雨 100%.png"),
        film(tmp_path / "träume & more" / "a film #1.avi"),
        sound(tmp_path / "träume & more" / "ein Ton.wav"),
    ]
    for onto in (desk.view, desk.inputs, desk.inputs.text, desk.detail, desk.window.device):
        desk.inputs.chips.show_prompts([], None)
        assert desk.drop(*files, onto=onto), onto
        kinds = [("image", "video", "audio")[place] for place in range(3)]
        assert desk.chips() == [(k, str(f)) for k, f in zip(kinds, files, strict=True)], onto
    assert not desk.news
    made = desk.make("")
    assert [p.modality for p in made[0].request.prompts] == ["image", "video", "audio"]
    assert made[0].name.startswith("a_picture")


def test_pictures_of_what_was_dropped_are_shown(desk, tmp_path):
    desk.drop(picture(tmp_path / "a.png"), film(tmp_path / "b.avi"), sound(tmp_path / "c.wav"))
    first, second, third = desk.inputs.chips.chips
    for chip in (first, second):
        desk.until(lambda chip=chip: not chip.thumbnail.isNull())
    assert third.thumbnail.isNull()


def test_what_cannot_be_listened_to_is_told_and_the_rest_is_taken(desk, tmp_path):
    text = tmp_path / "notes of today.txt"
    text.write_text("hello")
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    desk.ask("rain")
    desk.drop(text, picture(tmp_path / "a.png"), tmp_path, "https://example.org/rain.wav")
    assert desk.chips() == [("image", str(tmp_path / "a.png"))]
    assert [news.kind for news in desk.news] == ["error"] * 3
    for words, said in zip(
        ("notes of today.txt", str(tmp_path), "address"), desk.told, strict=True
    ):
        assert words in said
    assert len(desk.window.banners.messages) == 3
    assert desk.inputs.text.words() == "rain"


def test_a_damaged_picture_fails_alone_and_the_prompt_stays(qtbot, desk, tmp_path):
    good = picture(tmp_path / "good.png")
    bad = tmp_path / "bad.png"
    bad.write_bytes(good.read_bytes()[:40])
    desk.drop(bad)
    desk.ask("thunder")
    with qtbot.waitSignal(desk.session.ended, timeout=LONG) as ended:
        desk.press(Qt.Key.Key_Return, CTRL)
    assert ended.args[1] is State.FAILED
    assert "bad.png" in desk.told[-1]
    assert desk.news[-1].details
    assert desk.inputs.text.words() == "thunder"
    desk.act_on("Copy details")
    assert "bad.png" in QGuiApplication.clipboard().text()
    [chip] = desk.inputs.chips.chips
    desk.click(f"Remove {bad.name}", chip)
    assert len(desk.make("thunder")) == 2


def test_an_own_sound_brings_its_settings_back(desk, tmp_path):
    desk.drop(picture(tmp_path / "a.png"))
    desk.named(Number, "Guidance").setValue(4.5)
    first, _ = desk.make("bells", Length=0.4, Variations=2, Steps=3)
    copy = tmp_path / "somewhere else.wav"
    shutil.copy(first.delivered, copy)
    desk.inputs.show_request(hearsight.text("other"))
    desk.drop(copy)
    back = desk.inputs.request()
    assert [(p.modality, p.value) for p in back.prompts] == [
        ("text", "bells"), ("image", str(tmp_path / "a.png")),
    ]  # fmt: skip
    assert (back.seconds, back.steps, back.guidance, back.seed) == (0.4, 3, 4.5, first.request.seed)
    assert desk.told == ["These are the settings of somewhere else."]
    with desk.qtbot.waitSignal(desk.session.put, timeout=LONG) as put:
        desk.press(Qt.Key.Key_Return, CTRL)
    assert np.array_equal(samples(put.args[0].original), samples(first.original))
    desk.idle()


def test_an_own_sound_can_be_listened_to_instead(desk, tmp_path):
    first, _ = desk.make()
    desk.drop(first.delivered)
    desk.act_on("Use as reference")
    assert ("audio", str(first.delivered)) in desk.chips()
    assert len(desk.make()) == 2


def test_a_bundle_that_is_dropped_is_copied_and_offered(desk, tmp_path):
    from conftest import MICRO

    folder = shutil.copytree(MICRO / "micro-flow", tmp_path / "downloads" / "my flow")
    manifest = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps({**manifest, "name": "my-flow"}))
    packed = tmp_path / "my flow.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in folder.rglob("*"):
            archive.write(file, file.relative_to(folder.parent))
    box = desk.named(QComboBox, "Model")
    before = box.count()
    desk.drop(packed)
    desk.until(lambda: box.count() == before + 1)
    assert [news.kind for news in desk.news] == ["note", "good"]
    assert desk.inputs.model() == "micro", "what was chosen stays chosen"
    assert hearsight.bundle_folder() in hearsight.open_bundle("my-flow").root.parents


def test_a_preset_that_is_dropped_is_kept_and_used(desk, tmp_path):
    file = tmp_path / "Wide rain.json"
    said = {
        "hearsight_preset": 1,
        "model": "micro",
        "request": hearsight.request_to_json(hearsight.text("wide rain", steps=3, seconds=0.7)),
    }
    file.write_text(json.dumps(said))
    desk.drop(file)
    assert desk.inputs.text.words() == "wide rain"
    assert desk.named(Number, "Length").value() == pytest.approx(0.7)
    assert desk.inputs.presets.current() == "Wide rain"
    assert (desk.session.folder / "presets" / "Wide rain.json").is_file()


def test_nothing_of_ours_that_is_dragged_is_taken_for_a_drop(desk):
    data = QMimeData()
    data.setText("only words")
    assert not desk.drop_data(data)
    assert not desk.chips()


# Pasted and chosen


def test_a_picture_in_the_clipboard_becomes_a_file(desk):
    image = QImage(20, 10, QImage.Format.Format_RGB32)
    image.fill(0x336699)
    QGuiApplication.clipboard().setImage(image)
    desk.press(Qt.Key.Key_V, CTRL)
    [(kind, file)] = desk.chips()
    assert kind == "image"
    assert hearsight.read_image(file)[0, 0].tolist() == [0x33, 0x66, 0x99]
    desk.view.setFocus()
    desk.press(Qt.Key.Key_V, CTRL | SHIFT)
    assert [kind for kind, _ in desk.chips()] == ["image", "image"]
    assert len(list((desk.session.folder / "pasted").iterdir())) == 1, "the same one is one file"
    assert len(desk.make("")) == 2


def test_files_in_the_clipboard_are_pasted(desk, tmp_path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(picture(tmp_path / "a b.png")))])
    data.setText("a b.png")
    QGuiApplication.clipboard().setMimeData(data)
    desk.press(Qt.Key.Key_V, CTRL)
    assert desk.chips() == [("image", str(tmp_path / "a b.png"))]


def test_words_are_pasted_as_words_and_an_empty_clipboard_is_told(desk):
    QGuiApplication.clipboard().setText("wind in trees")
    desk.press(Qt.Key.Key_A, CTRL)
    desk.press(Qt.Key.Key_V, CTRL)
    assert desk.inputs.text.words() == "wind in trees"
    desk.trigger("Paste files or a picture")
    assert "clipboard" in desk.told[-1]


def test_files_are_chosen_in_a_dialog(desk, tmp_path):
    desk.press(Qt.Key.Key_O, CTRL)
    desk.dialog(picture(tmp_path / "a.png"), sound(tmp_path / "b.wav"))
    assert [kind for kind, _ in desk.chips()] == ["image", "audio"]


# Presets


def test_a_preset_is_saved_chosen_and_deleted(desk):
    desk.ask("storm", Length=0.6, Steps=3)
    desk.click("Save these settings as a preset")
    assert desk.named(QLineEdit, "Name of the preset").hasFocus()
    desk.type("Night: storm")
    desk.press(Qt.Key.Key_Return)
    [file] = (desk.session.folder / "presets").glob("*.json")
    assert read_wish(file).request.prompts == (Prompt("text", "storm"),)
    assert read_wish(file).request.seed is None
    desk.inputs.show_request(hearsight.text("other"))
    desk.choose("Preset", file.stem)
    assert desk.inputs.text.words() == "storm"
    assert desk.inputs.request().seconds == 0.6
    desk.click("Delete this preset")
    assert not file.exists()
    assert desk.inputs.presets.current() == ""


def test_what_is_wanted_stays_when_a_preset_says_only_how(desk, tmp_path):
    desk.ask("", Length=0.6)
    desk.click("Save these settings as a preset")
    desk.type("Short")
    desk.press(Qt.Key.Key_Return)
    desk.inputs.show_request(hearsight.text("a door", seconds=5))
    desk.drop(picture(tmp_path / "a.png"))
    desk.choose("Preset", "Short")
    assert desk.inputs.request().seconds == 0.6
    assert [p.value for p in desk.inputs.request().prompts] == ["a door", str(tmp_path / "a.png")]


# Seeds


def test_a_locked_seed_makes_the_same_sound_bit_for_bit(desk):
    first = desk.make("rain")
    assert str(first[0].request.seed) in desk.inputs.seed.field.placeholderText()
    desk.click("Lock the seed")
    again = desk.make("rain")
    other = desk.make("wind")
    assert again[0].request.seed == first[0].request.seed == other[0].request.seed
    assert alike(originals(again), originals(first))
    assert not alike(originals(other), originals(first))
    desk.click("A new seed each time")
    assert desk.make("rain")[0].request.seed != first[0].request.seed


def test_the_window_makes_what_the_library_makes(desk):
    made = desk.make("rain", Variations=3)
    asked = replace(made[0].request, variations=3, first_variation=0)
    assert alike(originals(made), fresh(asked))


def test_what_cannot_be_made_is_told_at_once(desk):
    desk.named(QComboBox, "Model").setCurrentIndex(-1)
    desk.inputs.show_model("gone")
    desk.ask("rain")
    desk.press(Qt.Key.Key_Return, CTRL)
    assert "gone" in desk.told[-1]
    assert desk.session.work.running is None
    assert desk.inputs.text.words() == "rain"


def test_a_muted_file_is_left_out_and_heard_again(desk, tmp_path):
    desk.drop(picture(tmp_path / "a.png"))
    [chip] = desk.window.findChildren(Chip)
    desk.click("Leave a.png out for now", chip)
    assert [p.modality for p in desk.make("rain")[0].request.prompts] == ["text"]
    desk.click("Hear a.png again", chip)
    assert len(desk.make("rain")[0].request.prompts) == 2


def test_a_sound_to_start_from_is_changed_as_much_as_is_said(desk, tmp_path):
    desk.drop(sound(tmp_path / "a.wav", 0.5))
    [chip] = desk.window.findChildren(Chip)
    box = desk.named(QComboBox, "What to do with a.wav")
    box.setCurrentIndex(1)
    box.activated.emit(1)
    made = desk.make("rain")
    assert made[0].request.init.file == str(tmp_path / "a.wav")
    assert not any(
        button.isVisible() and not button.accessibleName() and not button.text()
        for button in chip.findChildren(QAbstractButton)
    )


@pytest.mark.parametrize("model", ["starter"])
def test_the_starter_makes_a_sound_as_it_comes(qtbot, model):
    desk = Desk(qtbot, model).open()
    try:
        [made] = desk.make("heavy rain on a tin roof", Length=0.6, Variations=1, Steps=2)
        info = hearsight.read_info(made.delivered)
        assert (info["sample_rate"], info["subtype"]) == (48000, "PCM_24")
        assert made.model == "starter"
        assert "starter" in desk.detail._facts.toolTip() or "starter" in desk.detail._facts._text
    finally:
        desk.close()


def test_a_preset_that_cannot_be_read_is_told_at_the_start(desk):
    folder = desk.session.folder / "presets"
    folder.mkdir(parents=True)
    (folder / "mine.json").write_text("{")
    desk.window.asking.start()
    assert any("mine.json" in message.what for message in desk.window.banners.messages)
