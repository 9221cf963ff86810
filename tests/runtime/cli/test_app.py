"""Help, completion, versions and the plain truth about standard streams."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

RUNTIME = Path(__file__).parents[3] / "runtime"
MAIN = "from hearsight.cli import main; main()"
VERBS = ["generate", "batch", "info", "replay", "doctor", "bench", "bundles"]


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(RUNTIME), **environment},
        check=False,
    )


def test_help_names_every_verb_and_the_exit_codes(cli):
    done = cli("--help")
    assert done.code == 0
    assert all(verb in done.out for verb in VERBS)
    assert "130 interrupted" in done.out
    assert "\x1b" not in done.out


@pytest.mark.parametrize("verb", [*VERBS, "bundles list", "bundles verify", "bundles import"])
def test_every_verb_explains_itself(cli, verb):
    long, short = cli(*verb.split(), "--help"), cli(*verb.split(), "-h")
    assert long.code == 0
    assert long.out == short.out
    assert "Usage: runtime-cli" in long.out


def test_the_version_is_told(cli):
    assert cli("--version").out.startswith("hearsight")


@pytest.mark.skipif(sys.platform == "win32", reason="the locale is set by variables")
def test_paths_are_utf_8_in_any_locale(home, spawn, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    out, _ = spawn("generate", "x", "-o", "r\u00e4gn.wav").communicate()
    assert out == "r\u00e4gn.wav\n"


def test_help_loads_nothing_heavy():
    done = python("-X", "importtime", "-c", MAIN, "--help")
    loaded = {line.split("|")[-1].strip() for line in done.stderr.splitlines() if "|" in line}
    assert loaded.isdisjoint({"numpy", "onnxruntime", "cv2", "soundfile", "soxr", "torch"})


def test_a_mistyped_flag_is_a_usage_error_with_a_hint(cli):
    done = cli("generate", "rain", "--step", "3")
    assert done.code == 2
    assert "--steps" in done.err
    assert done.out == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_shells_can_complete_flags(shell):
    words = {
        "COMP_WORDS": "runtime-cli generate --norm",
        "COMP_CWORD": "2",
        "_TYPER_COMPLETE_ARGS": "runtime-cli generate --norm",
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": "--norm",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    done = python("-c", MAIN, _RUNTIME_CLI_COMPLETE=f"complete_{shell}", **words)
    assert "--normalize" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals")
@pytest.mark.parametrize("no_color", [False, True])
def test_a_terminal_sees_bars_and_colours_only_if_it_wants_them(spawn, home, no_color):
    shown = in_terminal(
        "generate", "rain", "-n", "3", "-o", "out/", "--seed", "1", no_color=no_color
    )
    assert "3/3" in shown
    assert str(Path("out", "rain_03.wav")) in shown
    assert ("\x1b[3" in shown or "\x1b[9" in shown) is not no_color


def in_terminal(*arguments: str, no_color: bool) -> str:
    """Everything a command writes to a terminal."""
    import pty

    out, inside = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(RUNTIME), "TERM": "xterm-256color"}
    environment |= {"NO_COLOR": "1"} if no_color else {}
    if not no_color:
        environment.pop("NO_COLOR", None)
    running = subprocess.Popen(
        [sys.executable, "-c", MAIN, *arguments],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        env=environment,
    )
    os.close(inside)
    told = b""
    while True:
        try:
            told += os.read(out, 65536) or b""
        except OSError:  # Linux says so when the other end is closed
            break
    os.close(out)
    assert running.wait() == 0
    return told.decode()
