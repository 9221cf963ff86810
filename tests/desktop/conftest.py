"""A desktop without a screen, a sound card or the user's own folders."""

from __future__ import annotations

import os
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
