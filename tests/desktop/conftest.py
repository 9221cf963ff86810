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


@pytest.fixture(autouse=True)
def swept() -> Iterator[None]:
    """Python collects garbage in whichever thread is at hand, and what is Qt's may only be deleted
    in its own: see `hearsight_desktop.sweeping`."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()
