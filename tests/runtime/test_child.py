"""Python in a process of its own: it ends when it should, with its parent at the latest."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hearsight.bundle import open_bundle
from hearsight.child import end, ending, start
from hearsight.compiled import Compiled
from hearsight.errors import DeviceError
from hearsight.wanted import target, wanted_key

ROOT = Path(__file__).resolve().parents[2]
MICRO = ROOT / "tests" / "micro" / "micro"
PATIENCE = 20  # seconds until a process must have ended

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def asked(bundle: Path, *graphs: str) -> str:
    return json.dumps(
        {
            "bundle": str(bundle),
            "device": "cpu",
            "provider": "CPUExecutionProvider",
            "precision": "fp32",
            "threads": 1,
            "graphs": graphs,
        }
    )


@contextmanager
def building(name: str) -> Iterator[None]:
    """Somebody builds a graph of micro already, so that who wants it too has to wait."""
    key = wanted_key(open_bundle(MICRO).manifest, name, "fp32", target("cpu"))
    store = Compiled()
    store.folder.mkdir(parents=True, exist_ok=True)
    with store._lock(key.digest):
        yield


def waiting_child() -> Any:
    """A child that waits for what `building` holds; it has said so."""
    process = start("compile", asked(MICRO, "denoise"), out=subprocess.PIPE, err=subprocess.DEVNULL)
    states = [json.loads(process.stdout.readline())["state"] for _ in range(2)]
    assert states == ["begun", "waiting"]
    return process


def gone(pid: int) -> bool:
    """Whether a process ends within a while; one that is not our own child."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if (
            Path(f"/proc/{pid}/stat").exists()
            and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        ):
            return True  # ended, and nobody asked how
        time.sleep(0.05)
    return False


def test_a_child_tells_line_by_line_what_it_does(tmp_path: Path):
    process = start(
        "compile", asked(MICRO, "decode", "nonsense"), out=subprocess.PIPE, err=subprocess.DEVNULL
    )
    with process:
        told = [json.loads(line) for line in process.stdout]
    assert [(line["graph"], line["state"]) for line in told] == [
        ("decode", "begun"),
        ("decode", "done"),
        ("nonsense", "begun"),
        ("nonsense", "failed"),
    ]
    assert process.returncode == 0
    assert [record.name for _, record in Compiled().records()] == ["decode"]


def test_what_goes_wrong_before_it_begins_is_told_in_words(tmp_path: Path):
    process = start(
        "compile", asked(tmp_path / "no", "decode"), out=subprocess.PIPE, err=subprocess.DEVNULL
    )
    with process:
        [told] = [json.loads(line) for line in process.stdout]
    assert (told["graph"], told["state"]) == ("", "failed")
    assert "there is no bundle to open" in told["why"]


def test_files_in_the_current_folder_are_not_imported(tmp_path: Path, monkeypatch):
    for name in ("json", "numpy", "onnxruntime", "hearsight"):
        (tmp_path / f"{name}.py").write_text("import os; os.abort()")
    monkeypatch.chdir(tmp_path)
    process = start("compile", asked(MICRO), out=subprocess.PIPE, err=subprocess.DEVNULL)
    with process:
        assert process.stdout.read() == b""
    assert process.returncode == 0


def test_a_child_that_is_ended_is_gone():
    with building("denoise"):
        process = waiting_child()
        end(process)
        assert process.returncode is not None
        end(process)
    process.stdout.close()


@needs_signals
def test_ctrl_c_is_left_to_the_parent():
    with building("denoise"):
        process = waiting_child()
        process.send_signal(signal.SIGINT)
    with process:
        last = [json.loads(line)["state"] for line in process.stdout]
    assert (last, process.returncode) == (["done"], 0)


@needs_signals
@pytest.mark.parametrize("how", ["killed", "leaves"])
def test_a_child_ends_with_its_parent_however_that_ends(how: str):
    parent = """
import subprocess, sys
from hearsight.child import start
process = start("compile", sys.argv[1], out=subprocess.PIPE, err=subprocess.DEVNULL)
for _ in range(2):
    process.stdout.readline()
print(process.pid, flush=True)
sys.stdin.readline()
"""
    with building("denoise"):
        process = subprocess.Popen(
            [sys.executable, "-c", parent, asked(MICRO, "denoise")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "runtime")},
        )
        with process:
            assert process.stdin
            assert process.stdout
            child = int(process.stdout.readline())
            os.kill(child, 0)
            if how == "killed":
                process.kill()
        assert gone(child)


@pytest.mark.parametrize("executable", ["/opt/blender/blender", "", None])
def test_a_program_that_embeds_python_has_no_children(monkeypatch, executable):
    monkeypatch.setattr(sys, "executable", executable)
    said = executable or "without a path"
    with pytest.raises(DeviceError, match=rf"embeds Python \({said}\).*hearsight\.child\.answer"):
        start("compile", asked(MICRO), out=subprocess.PIPE, err=subprocess.DEVNULL)


@pytest.mark.skipif(sys.platform == "win32", reason="a script stands for the packed program")
@pytest.mark.parametrize("answers", [True, False])
def test_a_packed_program_has_children_if_it_answers(tmp_path: Path, answers: bool):
    program = tmp_path / "program"
    program.write_text(
        f"#!{sys.executable}\n"
        "import subprocess, sys\n"
        f"sys.path.insert(0, {str(ROOT / 'runtime')!r})\n"
        "sys.frozen, sys.executable = True, __file__\n"
        "from hearsight.child import answer, start\n"
        f"if {answers}: answer()\n"
        "print('started', flush=True)\n"
        f"process = start('compile', {asked(MICRO, 'decode')!r}, out=subprocess.PIPE, err=2)\n"
        "print(process.stdout.read().decode())\n"
    )
    program.chmod(0o755)
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert done.stdout.count("started") == 1
    assert ('"state": "done"' in done.stdout) == answers
    assert ("this program embeds Python" in done.stderr) != answers


@pytest.mark.parametrize(
    ("code", "printed", "said"),
    [
        (3, "first\nlast line\n", "code 3 (last line)"),
        (1, "", "code 1"),
        (0xC0000005, "", "code 0xC0000005"),
    ],
)
def test_an_end_is_told_by_its_code_and_last_words(code, printed, said):
    assert ending(code, printed) == said


@needs_signals
def test_an_end_by_a_signal_is_told_by_its_name():
    assert ending(-signal.SIGSEGV, "what it printed before") == "signal 11 (SIGSEGV)"
    assert ending(-200, "") == "signal 200"
