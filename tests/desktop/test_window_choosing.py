"""In the window: made again, made alike, and what is chosen once for all sounds."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
from desk import LONG, Desk, samples
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit

import hearsight
from hearsight_desktop.entry import Edit

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key


# Made again and alike


def test_eight_sounds_near_to_one_are_made(desk, takes):
    words = {a.text().split("\t")[0]: a for a in desk.view.menu().actions()}
    with desk.qtbot.waitSignal(desk.session.ended, timeout=LONG):
        words["More like this"].trigger()
    family = [e for e in desk.session.entries() if e.batch != takes[0].batch]
    assert [e.name for e in family] == [f"rain_01_{n:02}" for n in range(1, 9)]
    assert {e.request.like.seed for e in family} == {takes[0].item_seed}
    near = [np.corrcoef(samples(e.original), samples(takes[0].original))[0, 1] for e in family]
    far = np.corrcoef(samples(takes[1].original), samples(takes[0].original))[0, 1]
    assert min(near) > far
    assert len({samples(e.original).tobytes() for e in family}) == 8


def test_settings_of_a_sound_are_used_again(desk, takes):
    desk.inputs.show_request(hearsight.text("something else", variations=1))
    desk.view.setFocus()
    desk.press(Key.Key_D, CTRL)
    asked = desk.inputs.request()
    assert asked.prompts == takes[0].request.prompts
    assert (asked.seconds, asked.steps, asked.variations, asked.seed) == (1.0, 2, 3, None)
    assert desk.inputs.text.hasFocus()


def test_a_seed_is_locked_and_makes_the_very_sound_again(desk, takes):
    desk.pick(takes[2])
    desk.press(Key.Key_L, CTRL)
    assert desk.inputs.seed.seed() == takes[2].request.seed
    with desk.qtbot.waitSignal(desk.session.ended, timeout=LONG):
        desk.press(Key.Key_Return, CTRL)
    [again] = [e for e in desk.session.entries() if e.batch != takes[0].batch]
    assert np.array_equal(samples(again.original), samples(takes[2].original))
    assert again.number == 3


# Chosen once


def preferences(desk: Desk):
    desk.press(Key.Key_Comma, CTRL)
    view = desk.window.choosing._preferences
    assert view.isVisible()
    return view


def fill(desk: Desk, view, name: str, words: str) -> None:
    field = desk.named(QLineEdit, name, view)
    field.setFocus()
    field.setText(words)
    QTest.keyClick(field, Key.Key_Return)


def test_another_folder_gets_the_files_to_come(desk, takes, tmp_path):
    view = preferences(desk)
    desk.click("Choose the folder", view)
    (folder := tmp_path / "My takes").mkdir()
    desk.dialog(folder)
    desk.leave(view)
    made = desk.make("wind")
    assert {e.delivered.parent for e in made} == {folder}
    assert takes[0].delivered.is_file()
    assert hearsight.read_info(made[0].delivered)["seconds"]


def test_files_are_named_as_libraries_sort_them(desk, takes, dragged):
    view = preferences(desk)
    for name, words in (
        ("UCS CatID", "RAINMetl"),
        ("UCS creator ID", "ME"),
        ("UCS source ID", "S1"),
    ):
        fill(desk, view, name, words)
    desk.leave(view)
    made = desk.make("wind in trees")
    assert [e.delivered.name for e in made] == [
        "RAINMetl_Wind In Trees_ME_S1_01.wav", "RAINMetl_Wind In Trees_ME_S1_02.wav",
    ]  # fmt: skip
    desk.pick(takes[0])
    desk.until(desk.detail.delivery.handle.isEnabled)
    desk.pull(takes[0])
    assert dragged[-1][0][0].name == "RAINMetl_Rain_ME_S1_01.wav"


def test_files_are_named_by_a_template(desk):
    view = preferences(desk)
    fill(desk, view, "Names", "{model}-{seed}-{variation:03}")
    desk.leave(view)
    made = desk.make("wind")
    assert made[1].delivered.name == f"micro-{made[1].request.seed}-002.wav"


def test_files_say_nothing_of_how_they_were_made_where_that_is_wanted(desk, takes, dragged):
    view = preferences(desk)
    desk.click("&Write into files how they were made", view)
    desk.leave(view)
    made = desk.make("secret words")
    assert b"secret words" not in made[0].delivered.read_bytes()
    desk.pick(takes[0])
    desk.until(desk.detail.delivery.handle.isEnabled)
    desk.pull(takes[0])
    assert "request" not in hearsight.read_record(dragged[-1][0][0])


def test_a_form_that_is_chosen_in_the_preferences_is_that_of_the_chosen_sound(desk, takes, dragged):
    view = preferences(desk)
    desk.choose("Finished files", "game", view)
    assert desk.named(QComboBox, "Form of delivery").currentData() == "game"
    desk.leave(view)
    desk.until(desk.detail.delivery.handle.isEnabled)
    desk.pull(takes[0])
    assert hearsight.read_info(dragged[-1][0][0])["subtype"] == "PCM_16"


def test_what_was_chosen_is_there_the_next_time(qtbot, desk, tmp_path):
    view = preferences(desk)
    desk.click("&Play a sound when it is selected", view)
    desk.choose("Finished files", "library", view)
    desk.leave(view)
    chosen = desk.session.preferences
    assert (chosen.audition, chosen.delivery) == (False, "library")
    desk.close()
    again = Desk(qtbot).open()
    try:
        assert asdict(again.session.preferences) == asdict(chosen)
        assert again.named(QComboBox, "Form of delivery").currentData() == "library"
    finally:
        again.close()


def test_what_is_chosen_in_the_main_window_meanwhile_stays(desk, takes):
    view = preferences(desk)
    desk.click("Auto-play")
    desk.choose("Form of delivery", "unreal")
    fill(desk, view, "Names", "{prompt}-{variation}")
    chosen = desk.session.preferences
    assert (chosen.audition, chosen.delivery) == (False, "unreal")
    assert chosen.naming == "{prompt}-{variation}"
    desk.leave(view)


def test_the_bin_is_measured_and_emptied_in_the_preferences(desk, takes):
    desk.press(Key.Key_X)
    view = preferences(desk)
    desk.until(lambda: "Rejected" in view._usage.text())
    desk.click("&Empty the bin", view)
    desk.until(lambda: not takes[0].original.exists())
    desk.until(lambda: "Rejected" not in view._usage.text())


def test_an_edit_of_a_take_is_none_of_the_others(desk, takes):
    desk.finished(takes[0], lambda: desk.detail.waveform.trimmed.emit(0.0, 0.5))
    assert [desk.fresh(each).edit for each in takes[1:]] == [Edit(), Edit()]
    assert replace(desk.fresh(takes[0]).edit, end=None) == Edit()


# Models and the device


def test_models_are_looked_at_checked_and_chosen(desk):
    desk.press(Key.Key_M, CTRL)
    view = desk.window.choosing._bundles
    desk.until(lambda: view._model.rowCount() >= 3)
    names = [view._model.facts(row).name for row in range(view._model.rowCount())]
    assert {"micro", "micro-eye", "micro-flow"} <= set(names)
    view._table.selectRow(names.index("micro-flow"))
    desk.click("&Check files", view)
    row = [view._model.index(names.index("micro-flow"), column) for column in range(9)]
    desk.until(lambda: any("whole" in str(each.data()) for each in row))
    desk.click("&Use this model", view)
    assert desk.inputs.model() == "micro-flow"
    assert desk.session.preferences.model == "micro-flow"
    desk.leave(view)


def test_a_model_is_added_from_a_folder_and_a_broken_one_is_told(desk, tmp_path):
    desk.press(Key.Key_M, CTRL)
    view = desk.window.choosing._bundles
    desk.until(lambda: view._model.rowCount() >= 3)
    (broken := tmp_path / "broken").mkdir()
    (broken / "bundle.json").write_text("{}")
    view._choose(folder=True)
    desk.dialog(broken)
    desk.until(lambda: any(message.kind == "error" for message in view.banners.messages))
    assert "broken" in next(m.what for m in view.banners.messages if m.kind == "error")
    desk.leave(view)


def test_memory_is_freed_and_the_next_sound_is_made_all_the_same(desk):
    device = desk.window.device
    desk.make()
    desk.until(lambda: "Processor" in device._words.text())
    desk.click("Free memor&y", device)
    desk.until(lambda: "Processor" not in device._words.text())
    assert len(desk.make()) == 2
