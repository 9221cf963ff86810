import pytest
from PySide6.QtGui import QCursor, QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from hearsight_desktop.views.banner import Banner, Banners, Message
from hearsight_desktop.views.icons import IconButton

FULL = Message("error", "The disk is full.", "Free some space.", "OutputError: full")


@pytest.fixture
def banners(qtbot):
    made = Banners()
    qtbot.addWidget(made)
    return made


def button(banners, words):
    [found] = [b for b in banners.findChildren(QPushButton) if b.text() == words]
    return found


def test_details_are_copied_whole(banners):
    banners.tell(FULL)
    button(banners, "Copy details").click()
    said = QGuiApplication.clipboard().text()
    assert said.splitlines() == ["The disk is full.", "Free some space.", "OutputError: full"]


def test_at_most_three_are_shown_and_errors_stay_longest(banners):
    banners.tell(FULL)
    for number in range(4):
        banners.tell(Message("warning", f"number {number}"))
    assert [m.what for m in banners.messages] == ["number 3", "number 2", "The disk is full."]


def test_the_same_again_is_counted(banners):
    banners.tell(FULL)
    banners.tell(FULL)
    assert len(banners.messages) == 1
    assert banners.findChild(Banner).times == 2


def test_a_dismissed_message_leaves_no_room(banners):
    banners.tell(FULL)
    assert not banners.isHidden()
    banners.findChild(IconButton).click()
    assert banners.isHidden()
    banners.tell(FULL)
    banners.clear()
    assert banners.messages == ()
    assert banners.isHidden()


def test_an_action_tells_its_message_once_and_goes(banners, qtbot):
    undo = Message("note", "3 sounds were cancelled.", action="Undo")
    banners.tell(undo)
    with qtbot.waitSignal(banners.acted) as told:
        button(banners, "Undo").click()
    assert told.args == [undo]
    assert banners.messages == ()


def test_a_note_goes_by_itself_and_an_error_does_not(banners, monkeypatch, qtbot):
    monkeypatch.setattr("hearsight_desktop.views.banner.SECONDS", 0.01)
    QCursor.setPos(0, 0)
    banners.move(300, 300)
    banners.tell(FULL)
    banners.tell(Message("note", "Copied."))
    qtbot.waitUntil(lambda: banners.messages == (FULL,), timeout=5000)


def test_floating_messages_come_and_go_without_moving_what_is_below(qtbot):
    host = QWidget()
    qtbot.addWidget(host)
    below = QLabel("below", host)
    QVBoxLayout(host).addWidget(below)
    banners = Banners()
    banners.float_over(host)
    host.resize(500, 400)
    with qtbot.waitExposed(host):
        host.show()
    before = below.geometry()
    banners.tell(FULL)
    banners.tell(Message("note", "Copied."))
    assert below.geometry() == before
    assert host.rect().contains(banners.geometry())
    host.resize(900, 300)
    qtbot.waitUntil(lambda: host.rect().contains(banners.geometry()))
    assert abs(banners.geometry().center().x() - host.rect().center().x()) <= 1
    high = banners.height()
    banners.findChildren(IconButton)[0].click()
    qtbot.waitUntil(lambda: banners.height() < high)
