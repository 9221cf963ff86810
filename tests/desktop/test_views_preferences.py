from dataclasses import replace

import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QWidget

from hearsight_desktop.delivery import DELIVERIES
from hearsight_desktop.preferences import Preferences
from hearsight_desktop.views.dials import Number
from hearsight_desktop.views.preferences import PreferencesView

CHOSEN = Preferences(
    takes="/sounds",
    budget_gb=2.75,
    model="micro",
    device="cpu",
    precision="fp32",
    delivery="game",
    naming="{prompt}_{seed}",
    category="DOORWood",
    creator="me",
    source="film",
    embed=False,
    audition=False,
    volume=0.3,
)


@pytest.fixture
def view(qtbot):
    made = PreferencesView()
    qtbot.addWidget(made)
    made.show_deliveries([(key, each.title) for key, each in DELIVERIES.items()])
    return made


def named(view, kind, name):
    [found] = [part for part in view.findChildren(kind) if part.accessibleName() == name]
    return found


def problem(view):
    return [label.text() for label in view.findChildren(QLabel) if not label.isHidden()]


@pytest.mark.parametrize("chosen", [CHOSEN, Preferences()])
def test_what_is_shown_comes_back_unchanged(view, chosen):
    view.show_preferences(chosen)
    assert view.preferences() == chosen


def test_a_change_counts_at_once_and_once(view, qtbot):
    view.show_preferences(CHOSEN)
    device = named(view, QComboBox, "Device")
    device.setCurrentIndex(0)
    with qtbot.waitSignal(view.changed) as told:
        device.activated.emit(0)
    assert told.args == [replace(CHOSEN, device="auto")]
    with qtbot.assertNotEmitted(view.changed):
        device.activated.emit(0)
    budget = named(view, Number, "Keep at most, in GB")
    budget.setValue(5)
    with qtbot.waitSignal(view.changed) as told:
        budget.editingFinished.emit()
    assert told.args[0].budget_gb == 5


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Names", "{nonsense}"),
        ("Names", "a/{prompt}"),
        ("UCS CatID", "not one"),
        ("Folder of finished files", "relative"),
    ],
)
def test_what_cannot_be_used_is_explained_and_not_told(view, qtbot, name, words):
    view.show_preferences(CHOSEN)
    before = problem(view)
    field = named(view, QLineEdit, name)
    field.setText(words)
    with qtbot.assertNotEmitted(view.changed):
        field.editingFinished.emit()
    assert len(problem(view)) == len(before) + 1


def test_the_bin_can_be_emptied_when_something_is_in_it(view, qtbot):
    [empty] = [b for b in view.findChildren(QWidget) if b.property("text") == "&Empty the bin"]
    assert not empty.isEnabled()
    view.show_usage(3_200_000_000, 1_100_000_000, 400_000_000, 212_000_000_000)
    assert any("212 GB free" in words for words in problem(view))
    with qtbot.waitSignal(view.emptied):
        empty.click()
