"""A `runtime-cli` that plays the micro bundle in a home folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

MICRO = Path(__file__).parents[2] / "micro"


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    def event(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == kind]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: empty, with the user's own folders inside it."""
    for key in [key for key in os.environ if key.startswith("RUNTIME_")]:
        monkeypatch.delenv(key)
    for name in ("CONFIG", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / f".{name.lower()}"))
    monkeypatch.setenv("HEARSIGHT_ENGINES", str(MICRO))
    monkeypatch.setenv("RUNTIME_MODEL", "micro")
    monkeypatch.setenv("RUNTIME_THREADS", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cli(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Run a command in this process."""
    from hearsight.cli.app import app

    def run(*arguments: str) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            app(list(arguments), prog_name="runtime-cli")
        told = capsys.readouterr()
        code = left.value.code
        return Done(code if isinstance(code, int) else 0, told.out, told.err)

    return run


@pytest.fixture
def spawn(home: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start a command in a process of its own."""

    def start(*arguments: str, stdout: Any = subprocess.PIPE) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", "from hearsight.cli import main; main()", *arguments]
        runtime = str(Path(__file__).parents[3] / "runtime")
        return subprocess.Popen(
            command,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": runtime},
        )

    return start


@pytest.fixture
def picture(home: Path) -> Path:
    """A small picture."""
    import cv2

    path = home / "picture.png"
    cv2.imwrite(str(path), np.full((12, 16, 3), 128, np.uint8))
    return path


@pytest.fixture
def recording(home: Path) -> Path:
    """Half a second of sound."""
    import soundfile

    path = home / "recording.wav"
    soundfile.write(path, 0.1 * np.sin(np.arange(4000) / 10), 8000)
    return path
