"""The program around the window."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtCore import QTimer

from hearsight_desktop.app import tell_surprises
from hearsight_desktop.session import News


def test_what_nobody_caught_is_told_and_the_app_goes_on(qtbot, monkeypatch):
    told: list[News] = []

    def surprise() -> None:
        raise ZeroDivisionError("in a slot")

    with qtbot.captureExceptions() as caught, monkeypatch.context() as hooked:
        hooked.setattr(sys, "excepthook", sys.excepthook)
        tell_surprises(told.append)
        QTimer.singleShot(0, surprise)
        qtbot.waitUntil(lambda: bool(told), timeout=5000)
    assert len(caught) == 1, "whoever looked at exceptions before still does"
    [news] = told
    assert news.kind == "error"
    assert "in a slot" in news.text
    assert "surprise" in news.details


@pytest.mark.parametrize("missing", ["stdout", "stderr"])
def test_a_packed_program_without_a_console_can_end(monkeypatch, missing):
    from hearsight_desktop import app

    left: list[int] = []
    monkeypatch.setattr(app.os, "_exit", left.append)
    monkeypatch.setattr(sys, missing, None)
    app._leave(3)
    assert left == [3]
