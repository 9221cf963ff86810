"""The list of results as its users have it: rows, keys, mouse, what is dragged out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

import hearsight
from hearsight_desktop.entry import Edit, Entry
from hearsight_desktop.views.batches import Kind
from hearsight_desktop.views.finding import ResultsPanel
from hearsight_desktop.views.keys import Act
from hearsight_desktop.views.results import ResultsView
from hearsight_desktop.views.takes_model import Role, TakesModel
from hearsight_desktop.views.tiles import parts


def entry(id: str, batch: str, number: int, folder: Path = Path("/nowhere"), **fields) -> Entry:
    return replace(
        Entry(
            id=id,
            batch=batch,
            number=number,
            name=f"rain_{number:02}",
            request=hearsight.text("rain on a roof", seed=3),
            model="micro",
            item_seed=1,
            provider="CPU",
            precision="fp32",
            why="",
            created=datetime(2026, 3, 1, 12),
            seconds=2.14,
            sample_rate=16000,
            original=folder / f"{id}.original.wav",
            delivered=folder / f"rain_{id}.wav",
        ),
        **fields,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "Takes ü 1"
    made.mkdir()
    for id in ("a1", "a2", "a3", "a4", "b1"):
        (made / f"rain_{id}.wav").write_bytes(b"finished")
        (made / f"{id}.original.wav").write_bytes(b"original")
    return made


@pytest.fixture
def model(folder: Path) -> TakesModel:
    made = TakesModel()
    made.show_entries(
        [entry(f"a{n}", "a", n, folder) for n in (1, 2, 3, 4)] + [entry("b1", "b", 1, folder)]
    )
    return made


@pytest.fixture
def view(qtbot, model) -> ResultsView:
    made = ResultsView(model)
    qtbot.addWidget(made)
    made.resize(620, 480)  # three tiles to a line
    made.show()
    qtbot.waitExposed(made)
    made.setFocus()
    made.choose("a1")
    return made


def kinds(model: TakesModel) -> list[str]:
    letters = {Kind.HEADER: "h", Kind.TAKE: "t", Kind.PENDING: "p"}
    return [letters[model.index(row).data(Role.KIND)] for row in range(model.rowCount())]


def spoken(model: TakesModel, id: str) -> str:
    return model.index_of(id).data(Qt.ItemDataRole.AccessibleTextRole)


def press(qtbot, view, key, modifier=Qt.KeyboardModifier.NoModifier) -> list:
    """The acts and ids that a key asked for."""
    asked: list = []
    view.asked.connect(lambda act, ids: asked.append((act, ids)))
    qtbot.keyClick(view, key, modifier)
    return asked


# The model.


def test_the_model_keeps_the_rules_of_item_models_through_all_changes(qtmodeltester, model):
    qtmodeltester.check(model)
    model.begin("c", "wind", [1, 2])
    model.progress("c", "Denoising, step 1 of 4", 0.25)
    model.set_entry(entry("c1", "c", 1))
    model.set_entry(entry("a2", "a", 2, starred=True))
    model.show_entries([entry("b1", "b", 1), entry("a4", "a", 4), entry("a2", "a", 2)])
    model.end("c")
    model.remove(["a4", "b1", "a2"])
    assert model.rowCount() == 0


def test_rows_are_never_reset(qtbot, model):
    with qtbot.assertNotEmitted(model.modelReset):
        model.show_entries([entry("b1", "b", 1), entry("a3", "a", 3)])
        model.set_entry(entry("d1", "d", 1))
    assert kinds(model) == ["h", "t", "h", "t", "h", "t"]


def test_tiles_stand_for_what_is_to_come_and_become_takes_one_by_one(model):
    model.begin("c", "wind", [1, 2, 3])
    assert kinds(model)[:4] == ["h", "p", "p", "p"]
    model.set_entry(entry("c2", "c", 2))
    assert kinds(model)[:4] == ["h", "p", "t", "p"]
    assert spoken(model, "c2").startswith("variation 2 of 3")
    model.end("c")
    assert kinds(model)[:3] == ["h", "t", "h"]


def test_a_batch_says_which_files_it_was_made_from_beside_its_words(model):
    asked = hearsight.Request(
        (
            hearsight.Prompt("text", "rain"),
            hearsight.Prompt("image", "/a/roof.png"),
            hearsight.Prompt("video", "/a/street.mp4"),
        ),
        seed=3,
    )
    model.show_entries([entry("a1", "a", 1, request=asked)])
    assert model.index(0).data(Qt.ItemDataRole.DisplayRole) == "rain"
    assert model.index(0).data(Role.DETAIL).startswith("with roof.png and 1 more · 1 sound")
    alone = replace(asked, prompts=asked.prompts[1:2])
    model.show_entries([entry("a1", "a", 1, request=alone)])
    assert model.index(0).data(Qt.ItemDataRole.DisplayRole) == "roof.png"
    assert "with" not in model.index(0).data(Role.DETAIL)


def test_what_is_to_come_is_not_among_stars_or_in_the_bin(model):
    model.begin("c", "wind", [1, 2])
    model.show_entries([entry("a1", "a", 1, starred=True)], pending=False)
    assert kinds(model) == ["h", "t"]
    model.show_entries([entry("a1", "a", 1)])
    assert kinds(model) == ["h", "p", "p", "h", "t"]


def test_a_take_is_spoken_as_a_sentence(model):
    assert spoken(model, "a3") == "variation 3 of 4, 2.1 s"
    model.set_entry(entry("a3", "a", 3, starred=True, edit=Edit(start=0.5, end=1.5)))
    model.set_playing("a3", 0.5)
    assert spoken(model, "a3") == "variation 3 of 4, 1.0 s, starred, playing"


def test_progress_changes_just_the_pending_tiles(qtbot, model):
    model.begin("c", "wind", [1, 2])
    changed = []
    model.dataChanged.connect(lambda first, last, _: changed.append((first.row(), last.row())))
    model.progress("c", "Denoising", 0.5)
    model.progress("c", "Denoising", 0.5)
    assert changed == [(1, 1)]
    assert model.index(1).data(Role.PROGRESS) == 1.0  # half of all is the whole first one
    model.set_entry(entry("c1", "c", 1))
    model.progress("c", "Denoising", 0.75)
    assert (model.index(2).data(Role.PROGRESS), model.index(2).data(Role.DETAIL)) == (
        0.5,
        "Denoising",
    )


def test_a_shape_is_wanted_once_and_not_while_it_is_painted(qtbot, model):
    wanted = []
    model.shape_wanted.connect(wanted.append)
    index = model.index_of("a1")
    assert index.data(Role.SHAPE) is None
    assert index.data(Role.SHAPE) is None
    assert wanted == []
    qtbot.waitUntil(lambda: wanted == ["a1"])
    model.set_shape("a1", np.zeros((8, 2), np.float32))
    serial, _ = index.data(Role.SHAPE)
    model.forget_shape("a1")
    model.set_shape("a1", np.ones((8, 2), np.float32))
    assert index.data(Role.SHAPE)[0] != serial


# Dragging out.


def test_a_drag_holds_the_finished_files_in_their_order_to_be_copied(model, folder):
    mime = model.mimeData([model.index_of("a3"), model.index_of("a1")])
    assert [url.toLocalFile() for url in mime.urls()] == [
        str(folder / "rain_a1.wav"),
        str(folder / "rain_a3.wav"),
    ]
    assert mime.hasFormat("text/uri-list")
    assert model.supportedDragActions() == Qt.DropAction.CopyAction
    assert all(Path(url.toLocalFile()).read_bytes() == b"finished" for url in mime.urls())


def test_what_is_not_finished_cannot_be_dragged(model, folder):
    model.set_stale("a1", True)
    both = [model.index_of("a1"), model.index_of("a2")]
    assert model.mimeData(both) is None
    assert "still being written" in model.files(["a1", "a2"])[1]
    model.set_stale("a1", False)
    assert model.mimeData(both) is not None
    (folder / "rain_a2.wav").unlink()
    assert model.mimeData(both) is None
    assert "no longer there" in model.files(["a1", "a2"])[1]
    model.set_entry(entry("a1", "a", 1, folder, delivered=None))
    assert model.mimeData(both[:1]) is None


def test_a_drag_of_the_selection_offers_copies_only(view, monkeypatch, folder):
    dragged = []

    def record(drag, actions):
        urls = [url.toLocalFile() for url in drag.mimeData().urls()]
        dragged.append((actions, urls))
        return actions

    monkeypatch.setattr(QDrag, "exec", record)
    view.choose("a2")
    view.startDrag(Qt.DropAction.CopyAction | Qt.DropAction.MoveAction)
    assert dragged == [(Qt.DropAction.CopyAction, [str(folder / "rain_a2.wav")])]


def test_a_refused_drag_says_why(qtbot, view, model, monkeypatch):
    monkeypatch.setattr(QDrag, "exec", lambda *_: pytest.fail("dragged"))
    model.set_stale("a1", True)
    with qtbot.waitSignal(view.refused) as refused:
        view.startDrag(Qt.DropAction.CopyAction)
    assert "still being written" in refused.args[0]


# Keys.

KEYS = [
    (Qt.Key.Key_Space, Act.PLAY),
    (Qt.Key.Key_S, Act.STAR),
    (Qt.Key.Key_X, Act.REJECT),
    (Qt.Key.Key_Delete, Act.REJECT),
    (Qt.Key.Key_L, Act.LOOP),
    (Qt.Key.Key_I, Act.MARK_IN),
    (Qt.Key.Key_O, Act.MARK_OUT),
    (Qt.Key.Key_F, Act.FADE),
    (Qt.Key.Key_A, Act.AUTO_AUDITION),
]
HELD = [
    (Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier, Act.REPLAY),
    (Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier, Act.COPY),
    (Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier, Act.EXPORT),
    (Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier, Act.USE_SETTINGS),
    (Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier, Act.LOCK_SEED),
]


@pytest.mark.parametrize(
    ("key", "modifier", "act"),
    [(key, Qt.KeyboardModifier.NoModifier, act) for key, act in KEYS] + HELD,
)
def test_a_key_of_the_table_asks_for_its_act(qtbot, view, key, modifier, act):
    assert press(qtbot, view, key, modifier) == [(act, ["a1"])]


@pytest.mark.parametrize(("key", "act"), KEYS)
def test_keys_reach_the_list_before_shortcuts_of_the_window(qtbot, view, key, act):
    stolen = []
    action = view.addAction("stolen")
    action.setShortcut(key)
    action.triggered.connect(lambda: stolen.append(act))
    assert [asked for asked, _ in press(qtbot, view, key)] == [act]
    assert not stolen


def test_keys_stay_with_a_text_field_that_has_the_focus(qtbot, model):
    window = QWidget()
    column = QVBoxLayout(window)
    panel = ResultsPanel(model)
    column.addWidget(panel)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    panel.view.choose("a1")
    panel.find()
    field = panel.findChild(QLineEdit)
    with qtbot.assertNotEmitted(panel.view.asked):
        qtbot.keyClicks(field, "sx l1")
        qtbot.keyClick(field, Qt.Key.Key_Delete)
    assert field.text() == "sx l1"
    assert panel.view.current_id() == "a1"


def test_a_name_is_typed_in_the_tile_and_its_keys_do_nothing_else(qtbot, view, model):
    qtbot.keyClick(view, Qt.Key.Key_F2)
    editor = view.viewport().findChild(QLineEdit)
    with qtbot.assertNotEmitted(view.asked):
        editor.selectAll()
        qtbot.keyClicks(editor, "s x1")
        qtbot.keyClick(editor, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    with qtbot.waitSignal(model.renamed) as renamed:
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert renamed.args == ["a1", "s x1"]
    assert model.index_of("a1").data() == "rain_01"  # until its entry says so


@pytest.mark.parametrize(
    ("keys", "at"),
    [
        ([Qt.Key.Key_Right], "a2"),
        ([Qt.Key.Key_Right] * 4, "b1"),
        ([Qt.Key.Key_Right] * 9, "b1"),
        ([Qt.Key.Key_Right] * 2 + [Qt.Key.Key_Left], "a2"),
        ([Qt.Key.Key_Right, Qt.Key.Key_Down], "a4"),
        ([Qt.Key.Key_Down] * 2, "b1"),
        ([Qt.Key.Key_Down] * 2 + [Qt.Key.Key_Up], "a4"),
        ([Qt.Key.Key_Up], "a1"),
        ([Qt.Key.Key_End], "b1"),
        ([Qt.Key.Key_End, Qt.Key.Key_Home], "a1"),
        ([Qt.Key.Key_3], "a3"),
        ([Qt.Key.Key_9], "a1"),
    ],
)
def test_keys_move_over_tiles_only_and_what_they_reach_is_auditioned(qtbot, view, keys, at):
    heard = []
    view.auditioned.connect(heard.append)
    for key in keys:
        qtbot.keyClick(view, key)
    assert view.current_id() == at
    assert view.selected_ids() == [at]
    assert heard == [] if at == "a1" and len(keys) == 1 else heard[-1] == at


def test_numbers_jump_within_the_batch_that_is_looked_at(qtbot, view):
    view.choose("b1")
    qtbot.keyClick(view, Qt.Key.Key_2)
    assert view.current_id() == "b1"


def test_choosing_for_the_user_makes_no_sound(qtbot, view):
    with qtbot.assertNotEmitted(view.auditioned), qtbot.waitSignal(view.chosen) as chosen:
        view.choose("a4")
    assert chosen.args == ["a4"]


def test_shift_selects_several_and_acts_are_for_all_of_them(qtbot, view):
    qtbot.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert view.selected_ids() == ["a1", "a2", "a3"]
    assert press(qtbot, view, Qt.Key.Key_X) == [(Act.REJECT, ["a1", "a2", "a3"])]
    assert press(qtbot, view, Qt.Key.Key_Space) == [(Act.PLAY, ["a3"])]


def test_after_a_take_goes_the_next_one_is_looked_at(qtbot, view, model):
    view.choose("a2")
    with qtbot.assertNotEmitted(view.auditioned):
        model.remove(["a2"])
    assert view.current_id() == "a3"
    model.remove(["a3", "a4"])
    assert view.current_id() in ("a1", "b1")


def test_the_selection_stays_when_results_arrive(qtbot, view, model):
    view.choose("a3")
    model.begin("c", "wind", [1, 2, 3, 4])
    model.set_entry(entry("c1", "c", 1))
    assert view.selected_ids() == ["a3"]


# The mouse.


def middle(view: ResultsView, id: str) -> QPoint:
    return view.visualRect(view.model().index_of(id)).center()


def test_a_click_chooses_and_auditions(qtbot, view):
    with qtbot.waitSignal(view.auditioned) as heard:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=middle(view, "a3"))
    assert heard.args == ["a3"]
    assert view.selected_ids() == ["a3"]


def test_shift_and_control_clicks_select_several(qtbot, view):
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=middle(view, "a1"))
    qtbot.mouseClick(
        view.viewport(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.ShiftModifier,
        middle(view, "a4"),
    )
    assert view.selected_ids() == ["a1", "a2", "a3", "a4"]
    qtbot.mouseClick(
        view.viewport(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.ControlModifier,
        middle(view, "a2"),
    )
    assert view.selected_ids() == ["a1", "a3", "a4"]


def test_the_star_of_a_tile_can_be_clicked_and_its_number_plays(qtbot, view):
    asked = []
    view.asked.connect(lambda act, ids: asked.append((act, ids)))
    place = parts(view.visualRect(view.model().index_of("a2")))
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place.star.center())
    assert view.current_id() == "a1"
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place.badge.center())
    assert view.current_id() == "a2"
    assert asked == [(Act.STAR, ["a2"]), (Act.PLAY, ["a2"])]


def test_the_menu_offers_what_fits_the_selection(qtbot, view, model):
    words = {a.text().split("\t")[0]: a for a in view.menu().actions() if a.text()}
    assert words["More like this"].isEnabled()
    with qtbot.waitSignal(view.asked) as asked:
        words["Copy as command"].trigger()
    assert asked.args == [Act.COPY_COMMAND, ["a1"]]
    model.set_entry(entry("a1", "a", 1, starred=True))
    assert "Remove star" in view.menu().actions()[1].text()
    view.selectAll()
    words = {a.text().split("\t")[0]: a for a in view.menu().actions() if a.text()}
    assert not words["Rename"].isEnabled()
    assert words["Copy file"].isEnabled()


# Geometry.


def test_headers_are_as_wide_as_the_list_and_tiles_wrap_below(view, model):
    rects = [view.visualRect(model.index(row)) for row in range(model.rowCount())]
    assert rects[0].width() > 3 * 170
    assert rects[1].top() == rects[2].top() == rects[3].top() < rects[4].top() < rects[5].top()
    for row, rect in enumerate(rects):
        assert view.indexAt(rect.center()).row() == row
        assert not any(rect.intersects(other) for other in rects[:row])


def test_a_narrow_list_has_one_tile_to_a_line(view, model):
    view.resize(120, 400)
    lefts = {view.visualRect(model.index(row)).left() for row in range(model.rowCount())}
    assert len(lefts) == 1


def test_what_is_looked_at_stays_in_place_when_results_arrive_above(qtbot, view, model):
    view.resize(620, 220)
    view.verticalScrollBar().setValue(150)
    before = view.visualRect(model.index_of("b1")).top()
    model.begin("c", "wind", [1, 2, 3, 4])
    assert view.visualRect(model.index_of("b1")).top() == before


def test_a_choice_is_scrolled_to(view, model):
    view.resize(620, 200)
    view.choose("b1")
    assert view.viewport().rect().contains(view.visualRect(model.index_of("b1")))


def test_thousands_of_takes_lay_out_only_what_is_seen(view, model, monkeypatch):
    many = [entry(f"{n}", f"{n // 4}", n % 4 + 1) for n in range(4000)]
    model.show_entries(many)
    painted = []
    delegate = view.itemDelegate()
    monkeypatch.setattr(delegate, "paint", lambda _p, _o, index: painted.append(index.row()))
    view.grab()
    assert 0 < len(painted) < 40


# Searching.


def test_words_and_filters_are_told_together(qtbot, model):
    panel = ResultsPanel(model)
    qtbot.addWidget(panel)
    with qtbot.waitSignal(panel.searched) as searched:
        qtbot.keyClicks(panel.findChild(QLineEdit), " rain ")
    assert searched.args == ["rain", "all"]
    starred = next(b for b in panel.findChildren(QWidget) if b.property("key") == "starred")
    with qtbot.waitSignal(panel.searched) as searched:
        starred.click()
    assert searched.args == ["rain", "starred"]
    assert (panel.words(), panel.filter()) == ("rain", "starred")


def test_only_a_bin_with_something_in_it_can_be_emptied(qtbot, model):
    panel = ResultsPanel(model)
    qtbot.addWidget(panel)
    panel.show()
    buttons = {b.text(): b for b in panel.findChildren(QWidget) if hasattr(b, "click")}
    assert not buttons["Empty bin"].isVisible()
    buttons["Bin"].click()
    assert buttons["Empty bin"].isVisible()
    with qtbot.waitSignal(panel.emptied):
        buttons["Empty bin"].click()
    model.show_entries([])
    assert not buttons["Empty bin"].isEnabled()


def test_all_states_are_painted(qtbot, view, model):
    model.begin("c", "wind", [1, 2])
    model.progress("c", "Denoising", 0.5)
    model.set_entry(entry("a2", "a", 2, starred=True))
    model.set_entry(entry("a3", "a", 3, rejected=True))
    for id in ("a1", "a2"):
        model.set_shape(id, np.linspace(-1, 1, 64, dtype=np.float32).reshape(32, 2))
    model.set_stale("a3", True)
    before = view.grab().toImage()
    model.set_playing("a2", 0.5)
    assert view.grab().toImage() != before
    model.show_entries([])
    model.end("c")
    view.show_hint("Nothing", "here")
    assert view.model().index(0) == QModelIndex()
    assert not view.grab().isNull()
