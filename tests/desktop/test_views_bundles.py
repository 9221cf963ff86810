from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLabel, QPushButton, QTableView

from hearsight_desktop.shelf import Facts, shelf
from hearsight_desktop.views.bundles import BundlesView
from hearsight_desktop.views.device import DeviceLine, bytes_in_words
from hearsight_desktop.views.shelf_model import ShelfModel

BAD = Facts("bad", broken="bundle.json lacks the key schedule.")
HEARS = Facts("clap", Path("/b/clap"), "CLAP", 4_000_000, ("MIT",), None, ("text",), "clap-512")


@pytest.fixture
def view(qtbot):
    made = BundlesView()
    qtbot.addWidget(made)
    made.show_bundles([*shelf(), BAD, HEARS], "micro")
    return made


def button(view, words):
    [found] = [b for b in view.findChildren(QPushButton) if b.text().replace("&", "") == words]
    return found


def said(view):
    return " ".join(label.text() for label in view.findChildren(QLabel))


def select(view, name):
    table = view.findChild(QTableView)
    table.selectRow(table.model().row_of(name))


def test_the_model_is_a_sound_one(qtmodeltester):
    model = ShelfModel()
    qtmodeltester.check(model)
    model.show_bundles([*shelf(), BAD, HEARS])
    model.show_state("bad", "Checking")
    qtmodeltester.check(model)
    texts = [model.data(model.index(0, c), Qt.ItemDataRole.AccessibleTextRole) for c in range(5)]
    assert all(texts)


def test_licence_is_said_in_plain_words(view):
    select(view, "micro")
    assert "Commercial use: yes" in said(view)
    select(view, "clap")
    assert "Commercial use: unknown" in said(view)


def test_a_bundle_is_chosen_checked_and_shown(view, qtbot):
    select(view, "micro")
    with qtbot.waitSignal(view.chosen) as told:
        button(view, "Use this model").click()
    assert told.args == ["micro"]
    with qtbot.waitSignal(view.verify_wanted) as told:
        button(view, "Check files").click()
    assert told.args == ["micro"]
    with qtbot.waitSignal(view.folder_wanted) as told:
        button(view, "Show in folder").click()
    assert told.args[0].name == "micro"


def test_what_makes_no_sound_cannot_be_played(view):
    for name in ("bad", "clap"):
        select(view, name)
        assert not button(view, "Use this model").isEnabled()
    select(view, "bad")
    assert BAD.broken in said(view)
    assert not button(view, "Check files").isEnabled()


def test_what_was_selected_stays_selected_when_more_come(view):
    select(view, "clap")
    view.show_bundles([HEARS, *shelf()], "micro")
    assert view.selected() == "clap"
    view.show_bundles([], "micro")
    assert view.selected() == ""


def test_a_dropped_folder_or_zip_is_told(view, qtbot, tmp_path):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    drop = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    with qtbot.waitSignal(view.import_wanted) as told:
        view.dropEvent(drop)
    assert told.args == [[tmp_path]]


def test_what_plays_and_why_is_told_whole_where_there_is_no_room(qtbot):
    line = DeviceLine()
    qtbot.addWidget(line)
    told = "Processor, fp32. 3.1 of 8.0 GB of memory free. No driver was found."
    line.show_told(told)
    assert told in said(line)
    assert any(part.toolTip() == told for part in line.findChildren(QLabel))
    with qtbot.waitSignal(line.freed):
        button(line, "Free memory").click()


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 kB"), (31e6, "31 MB"), (999.9e6, "1.0 GB"), (1.94e9, "1.9 GB"), (212e9, "212 GB")],
)
def test_bytes_are_said_as_disks_are_sold(count, words):
    assert bytes_in_words(count) == words
