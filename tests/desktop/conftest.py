"""A desktop without a screen, a sound card or the user's own folders."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["HEARSIGHT_AUDIO"] = "null"

MICRO = Path(__file__).parents[1] / "micro"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own; what the app remembers and writes lies in it."""
    for name in ("CONFIG", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / f".{name.lower()}"))
    monkeypatch.setenv("HEARSIGHT_TAKES", str(tmp_path / "Takes"))
    monkeypatch.setenv("HEARSIGHT_ENGINES", str(MICRO))
    return tmp_path


@pytest.fixture(scope="session")
def frozen() -> Iterator[None]:
    """What other tests have loaded need not be looked at after every test of these."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def swept(frozen: None) -> Iterator[None]:
    """Python collects garbage in whichever thread is at hand, and what is Qt's may only be deleted
    in its own: see `hearsight_desktop.sweeping`."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(scope="session")
def whole_app(frozen: None) -> None:
    """All that the app is made of, which later sweeps need not look at."""
    import desk  # noqa: F401

    import hearsight.generator  # noqa: F401

    gc.collect()
    gc.freeze()


@pytest.fixture
def desk(qtbot, whole_app):
    """The whole app over the micro bundle, its window open."""
    from desk import Desk

    made = Desk(qtbot).open()
    yield made
    made.close()


@pytest.fixture
def takes(desk):
    """Three sounds of one second, the first of which is chosen."""
    made = desk.make("rain", Length=1.0, Variations=3)
    desk.pick(made[0])
    return [desk.fresh(each) for each in made]


@pytest.fixture
def dragged(monkeypatch):
    """What is dragged out of the window: files, and what the other side may do with them."""
    from PySide6.QtGui import QDrag

    seen = []

    def exec_(drag, actions):
        seen.append(([Path(url.toLocalFile()) for url in drag.mimeData().urls()], actions))
        assert drag.mimeData().formats() == ["text/uri-list"]
        return actions

    monkeypatch.setattr(QDrag, "exec", exec_)
    return seen
