import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPalette, QTextDocument
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget
from shiboken6 import delete

from hearsight_desktop.views import theme
from hearsight_desktop.views.icons import NAMES, IconButton, icon, pixmap

ACCENTS = ["#308cc6", "#ffcc00", "#0a0a40", "#7f7f7f", "#ff4040", "#00ff88"]
Role = QPalette.ColorRole


@pytest.mark.parametrize("accent", ACCENTS)
@pytest.mark.parametrize("dark", [False, True])
def test_all_words_can_be_read(dark, accent):
    made = theme.palette(dark, QColor(accent))
    for ink, ground in (
        (Role.WindowText, Role.Window),
        (Role.Text, Role.Base),
        (Role.ButtonText, Role.Button),
        (Role.ToolTipText, Role.ToolTipBase),
    ):
        assert theme.contrast(made.color(ink), made.color(ground)) > 7
    assert theme.contrast(made.color(Role.HighlightedText), made.color(Role.Accent)) >= 4.5
    assert theme.contrast(theme.muted(made), made.color(Role.Window)) >= 4.5
    for kind in ("error", "warning", "note", "good"):
        assert theme.contrast(theme.tone(made, kind), theme.wash(made, kind)) >= 4.5
        assert theme.contrast(made.color(Role.WindowText), theme.wash(made, kind)) >= 7


def test_the_app_follows_light_and_dark(qapp):
    before = qapp.palette()
    theme.dress(qapp, True)
    assert qapp.palette().color(Role.Window).lightnessF() < 0.3
    theme.dress(qapp, False)
    assert qapp.palette().color(Role.Window).lightnessF() > 0.9
    qapp.setPalette(before)


@pytest.mark.parametrize("name", NAMES)
def test_every_pictogram_draws_and_is_sharp_on_fine_screens(qapp, name):
    drawn = pixmap(name, QColor("black"), 20, 2.0)
    assert (drawn.width(), drawn.devicePixelRatio()) == (40, 2.0)
    image = drawn.toImage()
    inked = sum(image.pixelColor(x, y).alpha() > 128 for x in range(40) for y in range(40))
    assert 10 < inked < 1000
    assert not icon(name, qapp.palette()).pixmap(QSize(20, 20), 3.0, QIcon.Mode.Normal).isNull()


def test_a_switch_changes_its_pictogram_and_its_ink_with_the_palette(qtbot):
    button = IconButton("unlock", "Lock", checked="lock")
    qtbot.addWidget(button)
    seen = {button.icon().pixmap(20, 20).toImage().cacheKey()}
    button.click()
    seen.add(button.icon().pixmap(20, 20).toImage().cacheKey())
    button.setPalette(theme.palette(True, QColor("#308cc6")))
    seen.add(button.icon().pixmap(20, 20).toImage().cacheKey())
    assert len(seen) == 3
    assert button.accessibleName() == button.toolTip() == "Lock"


def test_a_ring_follows_the_keyboard_and_not_the_mouse(qtbot):
    window = QWidget()
    column = QVBoxLayout(window)
    first, second = QPushButton("one"), QPushButton("two")
    column.addWidget(first)
    column.addWidget(second)
    ring = theme.FocusRing(QApplication.instance())
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert ring.around() is None
    qtbot.keyClick(first, Qt.Key.Key_Tab)
    assert ring.around() is second
    [shown] = [each for each in window.children() if type(each).__name__ == "_Ring"]
    assert shown.geometry().contains(second.geometry())
    window.resize(window.width() + 80, window.height() + 80)
    qtbot.waitUntil(lambda: shown.geometry().contains(second.geometry()))
    second.setProperty("lit", True)
    qtbot.keyClick(second, Qt.Key.Key_Tab)
    qtbot.keyClick(first, Qt.Key.Key_Tab)
    assert second.hasFocus()
    assert ring.around() is None
    qtbot.keyClick(second, Qt.Key.Key_Tab)
    assert ring.around() is first
    delete(window)
    assert ring.around() is None
    other = QPushButton("other")
    qtbot.addWidget(other)
    with qtbot.waitActive(other):
        other.show()
        other.activateWindow()
    other.setFocus()
    ring.deleteLater()


@pytest.mark.parametrize("text", ["<img src='file://server/share/x.png'>", "<b>bold</b>\nline"])
def test_text_from_outside_is_never_markup(qapp, text):
    shown = theme.as_it_is(text)
    document = QTextDocument()
    document.setHtml(shown)
    assert document.toPlainText().replace("\u2028", "\n") == text
    assert theme.as_it_is("rain & wind") == "rain & wind"
