from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QTextCursor
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QComboBox, QLabel, QWidget

from hearsight import Finish, Init, Like, Prompt, Request, Search
from hearsight_desktop.pictures import Thumbnail
from hearsight_desktop.shelf import Facts, shelf
from hearsight_desktop.views.dials import Number
from hearsight_desktop.views.icons import IconButton
from hearsight_desktop.views.inputs import InputsView
from hearsight_desktop.views.prompt import TextField
from hearsight_desktop.views.segments import Segments

DEAF = Facts("deaf", title="Deaf", understands=("text",), makes_sound=True, steps=12, guidance=3.0)


@pytest.fixture
def view(qtbot):
    made = InputsView()
    qtbot.addWidget(made)
    made.show_models([*shelf(), DEAF], "micro")
    return made


def named(view, kind, name):
    [found] = [part for part in view.findChildren(kind) if part.accessibleName() == name]
    return found


def show(view, qtbot):
    with qtbot.waitActive(view):
        view.show()
        view.activateWindow()


def edits(qtbot, view):
    return qtbot.waitSignal(view.edited, timeout=1000)


texts = st.text(
    st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\n\u00a0\u2028é"), max_size=20
)
files = st.sampled_from(["/a/b c.png", "/ü/x.wav", "C:\\sounds\\d.mov"])
weights = st.floats(0.01, 900, allow_nan=False) | st.just(1.0)
sources = st.lists(st.just(0.0) | st.just(1.0) | st.floats(0.01, 900), max_size=4).map(tuple)
prompts = (
    st.builds(Prompt, st.just("text"), texts.filter(str.strip), weights)
    | st.builds(Prompt, st.just("image"), files, weights, sources)
    | st.builds(
        Prompt, st.sampled_from(["video", "audio", "depth", "thermal", "imu"]), files, weights
    )
)
counts = st.none() | st.integers(1, 10_000)
spans = st.none() | st.just((0.5, 1.25))
likes = st.builds(Like, st.integers(0, 2**64 - 1), st.floats(0, 1))
requests = st.builds(
    Request,
    st.lists(prompts, min_size=1, max_size=4).map(tuple),
    negative=texts,
    seconds=st.none() | st.floats(0.01, 600),
    variations=st.integers(1, 1000),
    first_variation=st.integers(0, 99),
    seed=st.none() | st.integers(0, 2**63 - 1),
    steps=st.none() | st.integers(1, 1000),
    guidance=st.none() | st.floats(0, 30),
    guidance_interval=st.none() | st.just((0.1, 0.7)),
    solver=st.sampled_from([None, "ddim", "dpm++2m", "euler"]),
    eta=st.none() | st.just(0.5),
    mix=st.sampled_from(["average", "raw", "unit", "branches"]),
    search=st.none() | st.builds(Search, counts, counts, counts),
    loop=st.booleans(),
    init=st.none() | st.builds(Init, files, st.none() | st.floats(0.01, 1), spans),
    like=st.none() | likes,
    candidates=st.integers(1, 100),
    finish=st.just(Finish(sample_rate=44100)),
    id=st.text(st.characters(min_codepoint=97, max_codepoint=122), max_size=5),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(request=requests)
def test_what_is_shown_comes_back_unchanged(view, request):
    view.show_request(request, "deaf")
    assert view.request() == request
    assert view.model() == "deaf"


def test_an_empty_view_asks_for_an_empty_text(view):
    assert view.request().prompts == (Prompt("text", ""),)


def test_words_are_left_out_where_files_say_enough(view):
    view.add_file("image", Path("/a/b.png"))
    assert view.request().prompts == (Prompt("image", str(Path("/a/b.png"))),)


def test_typing_and_ctrl_enter_ask(view, qtbot):
    show(view, qtbot)
    with edits(qtbot, view):
        qtbot.keyClicks(view.text, "a b")
    with qtbot.waitSignal(view.asked) as told:
        qtbot.keyClick(view.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert told.args == ["back"]
    held = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    with qtbot.waitSignal(view.asked) as told:
        qtbot.keyClick(view.text, Qt.Key.Key_Return, held)
    assert told.args == ["front"]
    assert view.request().prompts[0].value == "a b"


def test_undo_in_the_field_brings_back_the_words_that_a_preset_replaced(view):
    view.text.insertPlainText("mine")
    view.show_request(Request((Prompt("text", "of the preset"),)))
    assert view.request().prompts[0].value == "of the preset"
    view.text.undo()
    assert view.request().prompts[0].value == "mine"


def test_quality_sets_steps_and_good_leaves_them_to_the_model(view, qtbot):
    view.show_model("deaf")
    quality = named(view, Segments, "Quality")
    assert quality.current() == "good"
    with edits(qtbot, view):
        named(view, QAbstractButton, "Quality: Best").click()
    assert view.request().steps == 24
    named(view, QAbstractButton, "Quality: Good").click()
    assert view.request().steps is None
    named(view, Number, "Steps").setValue(17)
    assert (quality.current(), view.request().steps) == (None, 17)


def test_follow_prompt_moves_guidance_on_the_scale_of_the_model(view, qtbot):
    view.show_model("deaf")
    follow = named(view, QAbstractSlider, "Follow prompt")
    assert follow.value() == 50
    with edits(qtbot, view):
        follow.setValue(100)
    assert view.request().guidance == pytest.approx(9.0)
    assert "9" in follow.toolTip()
    named(view, Number, "Guidance").setValue(1.0)
    assert follow.value() == 0


def test_closeness_is_there_only_with_a_sound_to_begin_with(view, qtbot):
    view.show()
    closeness = named(view, QAbstractSlider, "How close to the reference")
    assert not closeness.isVisible()
    view.add_file("audio", Path("/a/wind.wav"), begin=True)
    assert closeness.isVisible()
    assert view.request().init == Init(str(Path("/a/wind.wav")), None)
    closeness.setValue(90)
    assert view.request().init.strength == pytest.approx(0.1)
    named(view, QComboBox, "What to do with wind.wav").activated.emit(0)
    assert view.request().init is None
    assert view.request().prompts == (Prompt("audio", str(Path("/a/wind.wav"))),)
    assert not closeness.isVisible()


def test_a_locked_seed_keeps_the_very_sound_and_another_does_not(view, qtbot):
    view.show_request(Request((Prompt("text", "a"),), seed=7, first_variation=3, id="door"))
    assert view.request().first_variation == 3
    with edits(qtbot, view):
        named(view, IconButton, "Draw another seed and lock it").click()
    again = view.request()
    assert again.seed is not None
    assert (again.first_variation, again.id) == (0, "")
    named(view, IconButton, "A new seed each time").click()
    assert view.request().seed is None
    view.seed.show_last(99)
    named(view, IconButton, "Lock the seed").click()
    assert view.request().seed == 99
    view.seed.field.clear()
    qtbot.keyClicks(view.seed.field, "12x3")
    assert view.request().seed == 123


def test_more_like_a_sound_is_shown_and_can_be_left(view, qtbot):
    view.show()
    view.show_request(Request((Prompt("text", "a"),), like=Like(5, 0.3)))
    named(view, QAbstractSlider, "How near to the other sound").setValue(50)
    assert view.request().like == Like(5, 0.5)
    with edits(qtbot, view):
        named(view, IconButton, "Stay near to no sound").click()
    assert view.request().like is None


def test_files_dropped_or_pasted_are_told(view, qtbot, tmp_path):
    mime = QMimeData()
    files = [tmp_path / "a picture ü.png", tmp_path / "b.wav"]
    mime.setUrls([*map(QUrl.fromLocalFile, map(str, files)), QUrl("https://example.org/c.png")])
    mime.setText("text that comes along")
    actions, no = (
        Qt.DropAction.CopyAction | Qt.DropAction.MoveAction,
        Qt.KeyboardModifier.NoModifier,
    )
    left = Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(QPoint(5, 5), actions, mime, left, no)
    view.dragEnterEvent(enter)
    assert enter.isAccepted()
    drop = QDropEvent(QPointF(5, 5), actions, mime, left, no)
    with qtbot.waitSignal(view.dropped) as told:
        view.dropEvent(drop)
    assert told.args[0] == [*files, "https://example.org/c.png"]
    assert drop.dropAction() == Qt.DropAction.CopyAction
    with qtbot.waitSignal(view.dropped):
        view.text.insertFromMimeData(mime)
    assert view.request().prompts[0].value == ""


def test_a_pasted_picture_is_told_and_pasted_text_is_written(view, qtbot):
    mime = QMimeData()
    picture = QImage(3, 2, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.red)
    mime.setImageData(picture)
    with qtbot.waitSignal(view.pasted) as told:
        view.text.insertFromMimeData(mime)
    assert told.args[0].size() == picture.size()
    words = QMimeData()
    words.setText("rain")
    view.text.insertFromMimeData(words)
    assert view.request().prompts[0].value == "rain"


def test_presets_are_saved_under_a_name_typed_in_place(view, qtbot):
    view.show()
    view.presets.show_presets(["Rain", "Wind"], "Wind")
    named(view, IconButton, "Save these settings as a preset").click()
    field = named(view, QWidget, "Name of the preset")
    field.clear()
    qtbot.keyClicks(field, "Gravel")
    with qtbot.assertNotEmitted(view.generate.cancelled):
        qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert view.presets.box.isVisible()
    named(view, IconButton, "Save these settings as a preset").click()
    field.setText(" Gravel ")
    with qtbot.waitSignal(view.presets.saved) as told:
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert told.args == ["Gravel"]


def test_a_preset_that_was_changed_says_so(view, qtbot):
    view.presets.show_presets(["Rain", "Wind"], "Wind")
    view.text.insertPlainText("x")
    assert view.presets.box.currentText() == "Wind (changed)"
    with qtbot.waitSignal(view.presets.chosen) as told:
        view.presets.box.activated.emit(view.presets.box.currentIndex())
    assert told.args == ["Wind"]
    assert view.presets.box.currentText() == "Wind"
    with qtbot.waitSignal(view.presets.deleted) as told:
        named(view, IconButton, "Delete this preset").click()
    assert told.args == ["Wind"]


def test_a_model_that_is_gone_is_named_and_none_at_all_stops_asking(view, qtbot):
    view.show_model("lost")
    assert view.model() == "lost"
    view.show_models([], "")
    view.show()
    with qtbot.assertNotEmitted(view.asked):
        qtbot.keyClick(view.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


def test_the_field_grows_with_its_words_and_then_scrolls(view, qtbot):
    view.resize(340, 900)
    show(view, qtbot)
    small = view.text.height()
    view.text.setPlainText("word " * 60)
    qtbot.waitUntil(lambda: view.text.height() > small)
    assert view.text.verticalScrollBar().maximum() == 0
    view.text.setPlainText("word " * 600)
    qtbot.waitUntil(lambda: view.text.verticalScrollBar().maximum() > 0)
    assert view.text.height() < 4 * small


def test_length_is_auto_until_a_number_is_given(view):
    length = named(view, Number, "Length")
    assert (view.request().seconds, length.text()) == (None, "auto")
    length.stepUp()
    assert view.request().seconds == 1.0
    length.setValue(2.5)
    assert (view.request().seconds, length.text()[:3]) == (
        2.5,
        f"2{length.locale().decimalPoint()}5",
    )
    length.setValue(1.0)
    length.stepDown()
    assert view.request().seconds is None


def test_scrolling_past_a_control_does_not_turn_it(view, qtbot):
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    view.show_request(replace(view.request(), variations=4))
    for name, kind in (("Variations", Number), ("Follow prompt", QAbstractSlider)):
        part = named(view, kind, name)
        before = part.value()
        wheel = QWheelEvent(
            QPointF(3, 3),
            QPointF(3, 3),
            QPoint(0, 0),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(part, wheel)
        assert part.value() == before


def test_tab_goes_through_every_control_in_both_directions(view, qtbot):
    show(view, qtbot)
    view.add_file("image", Path("/a/b.png"))
    wanted = {
        "Prompt", "Model", "Preset", "Length", "Variations", "Seed", "Follow prompt",
        "Weight of b.png", "Remove b.png", "Add a picture, video or sound", "Quality: Good",
        "Queue",
    }  # fmt: skip
    for key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
        view.focus_text()
        seen = []
        for _ in range(40):
            now = view.focusWidget()
            seen.append(now.accessibleName())
            qtbot.keyClick(now, key)
        assert wanted <= set(seen)
        assert "Quality: Best" not in seen  # the arrow keys go there


def test_every_control_has_a_name_for_the_ear_and_letters_are_used_once(view):
    view.add_file("audio", Path("/a/b.wav"))
    for part in view.findChildren(QWidget):
        inner = part.parent() is None or part.parent().objectName().startswith("qt_")
        if part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.window() is view and not inner:
            assert part.accessibleName() or getattr(part, "text", str)(), part
    letters = [
        part.text()[part.text().index("&") + 1].lower()
        for kind in (QLabel, QAbstractButton)
        for part in view.findChildren(kind)
        if "&" in part.text()
    ]
    assert len(letters) == len(set(letters))
    for label in view.findChildren(QLabel):
        assert "&" not in label.text() or label.buddy() is not None
    assert all(field.tabChangesFocus() for field in view.findChildren(TextField))


def test_thumbnails_are_asked_for_and_shown(view, qtbot):
    with qtbot.waitSignal(view.thumbnail_wanted) as told:
        view.add_file("video", Path("/a/b.mov"))
    assert told.args == [Path("/a/b.mov")]
    view.show()
    before = view.grab().toImage()
    pixels = np.full((9, 16, 3), 200, np.uint8)
    view.show_thumbnail(Path("/a/b.mov"), Thumbnail(pixels, (32, 18)))
    assert view.grab().toImage() != before


def test_an_edit_in_a_long_text_keeps_the_cursor(view):
    view.show_request(Request((Prompt("text", "rain on a roof"),)))
    view.text.moveCursor(QTextCursor.MoveOperation.Start)
    view.text.insertPlainText("x")
    assert view.text.textCursor().position() == 1


def rows_of_the_search(view):
    names = ("Search rounds", "Search width", "Search draws")
    return [named(view, Number, name) for name in names]


def test_a_search_is_set_only_where_the_model_searches(view, qtbot):
    searcher = Facts(
        "searcher", understands=("text",), makes_sound=True, search=Search(64, 64, 2000)
    )
    view.show_models([DEAF, searcher], "deaf")
    assert all(number.isHidden() for number in rows_of_the_search(view))
    view.show_model("searcher")
    rounds, width, draws = rows_of_the_search(view)
    assert not any(number.isHidden() for number in (rounds, width, draws))
    assert "64" in rounds.toolTip()
    assert "2000" in draws.toolTip()
    assert view.request().search is None
    with edits(qtbot, view):
        rounds.setValue(8)
    assert view.request().search == Search(rounds=8)
    view.show_model("deaf")
    assert not rounds.isHidden(), "what is asked for is seen, so that it can be left out"
    view.show_request(Request((Prompt("text", "rain"),), search=Search(rounds=9)))
    assert view.request().search == Search(rounds=9)
    rounds.setValue(rounds.minimum())
    assert view.request().search is None
    view.show_request(Request((Prompt("text", "rain"),)))
    assert all(number.isHidden() for number in (rounds, width, draws))


def test_what_a_sensor_saw_is_kept_and_says_what_it_is(view):
    sensed = [Prompt("depth", "/a/room.png"), Prompt("thermal", "/a/b.png"), Prompt("imu", "/a/c")]
    view.show_model("gone")  # of which nobody knows what it understands
    view.show_request(Request(tuple(sensed)))
    assert view.request().prompts == tuple(sensed)
    said = [
        {label.text() for label in chip.findChildren(QLabel) if not label.isHidden()}
        for chip in view.chips.chips
    ]
    for words, each in zip(("depth picture", "thermal picture", "IMU signal"), said, strict=True):
        assert words in each
    view.show_model("deaf")
    assert {
        "Deaf does not understand depth pictures.",
        "Deaf does not understand thermal pictures.",
        "Deaf does not understand IMU signals.",
    } <= {label.text() for label in view.chips.findChildren(QLabel)}
