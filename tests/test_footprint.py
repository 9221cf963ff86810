"""The runtime leaves no traces: nothing outside cache and output, no connection, no telemetry."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

MICRO = Path(__file__).resolve().parent / "micro" / "micro"

# Python's own connections are refused by an audit hook; those of native libraries would show as
# open sockets of the process when the command ends.
WATCHED = """
import atexit, os, sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo"):
        sys.stderr.write(f"NETWORK {event} {arguments}\\n")
        raise OSError("no network here")

def show_open_sockets():
    for number in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else ():
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            continue
        if target.startswith("socket:"):
            sys.stderr.write(f"NETWORK open {target}\\n")

sys.addaudithook(refuse)
atexit.register(show_open_sockets)
sys.argv[0] = "runtime-cli"
from hearsight.cli import main
main()
"""


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def run(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    # Only what a program needs to start: the variable that silences telemetry must come from
    # the package itself, not from whoever runs the tests.
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "PYTHONPATH", "LANG")}
    return subprocess.run(
        [sys.executable, "-c", WATCHED, *map(str, arguments)],
        cwd=home,
        env={
            **kept,
            "HOME": str(home),
            "HEARSIGHT_ENGINES": str(MICRO.parent),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


def files(home: Path) -> set[str]:
    return {p.relative_to(home).as_posix() for p in home.rglob("*") if p.is_file()}


def test_generate_writes_its_output_and_its_hash_memory_and_nothing_else(home):
    done = run(home, "generate", "rain", "--model", MICRO, "-o", home / "rain.wav")
    assert done.returncode == 0, done.stderr
    assert "NETWORK" not in done.stderr
    written = files(home)
    assert "rain.wav" in written
    assert {p for p in written if not p.startswith(".cache/hearsight/")} == {"rain.wav"}


def test_looking_around_writes_nothing_outside_the_cache(home):
    for arguments in (["doctor"], ["bundles", "list"], ["bundles", "verify", MICRO], ["info"]):
        done = run(home, *arguments)
        assert done.returncode == 0, (arguments, done.stderr)
        assert "NETWORK" not in done.stderr
    assert all(p.startswith(".cache/hearsight/") for p in files(home))


def test_telemetry_is_off_whatever_the_environment_said(home):
    code = (
        "import os; os.environ['ORT_DISABLE_TELEMETRY'] = '0'; import hearsight;"
        "print(os.environ['ORT_DISABLE_TELEMETRY'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
