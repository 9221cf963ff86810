"""`runtime-cli serve --stdio` as another program starts it: pipes, exit codes, nothing astray."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

RUNTIME = str(Path(__file__).parents[3] / "runtime")
MAIN = "from hearsight.cli import main; main()"
RAIN = {"prompts": [{"modality": "text", "value": "rain"}], "seed": 7, "seconds": 0.5}
LONG = RAIN | {"seconds": 600.0, "steps": 50}


class Editor:
    """A program that lets sounds be made."""

    def __init__(self, *arguments, before="", **streams):
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE} | streams
        self.server = subprocess.Popen(
            [sys.executable, "-c", before + MAIN, "serve", "--stdio", *arguments],
            env={**os.environ, "PYTHONPATH": RUNTIME},
            stderr=subprocess.PIPE,
            **streams,
        )

    def send(self, do, **keys):
        self.server.stdin.write(json.dumps({"do": do, **keys}).encode() + b"\n")
        self.server.stdin.flush()

    def generate(self, job, request=RAIN, folder="out"):
        self.send("generate", job=job, folder=folder, request=request)

    def until(self, kind):
        told = []
        while not told or told[-1]["event"] != kind:
            told.append(json.loads(self.server.stdout.readline()))
        return told

    def ended(self):
        """The exit code, and what else was told and printed."""
        out, err = self.server.communicate(timeout=30)
        told = [json.loads(line) for line in (out or b"").splitlines()]
        return self.server.returncode, told, err.decode()


@pytest.fixture
def editor(home):
    started = []

    def start(*arguments, **streams):
        started.append(Editor(*arguments, **streams))
        return started[-1]

    yield start
    for each in started:
        each.server.kill()
        for stream in (each.server.stdin, each.server.stdout, each.server.stderr):
            if stream:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        each.server.wait()


def test_sounds_are_made_until_shutdown_and_equal_those_of_generate(editor, cli, home):
    one = editor()
    one.generate("a")
    [result] = [event for event in one.until("end") if event["event"] == "result"]
    one.send("shutdown")
    assert one.ended() == (0, [], "")
    done = cli("generate", "rain", "--seed", "7", "--duration", "0.5", "--normalize", "none",
               "-o", "here.wav")  # fmt: skip
    assert done.code == 0
    assert result["path"] == str(home / "out" / "rain.wav")
    assert (home / "here.wav").read_bytes() == Path(result["path"]).read_bytes()


def test_the_end_of_the_input_cancels_and_ends_it_at_once(editor, home):
    one = editor()
    one.generate("long", LONG)
    one.until("progress")
    one.generate("waits")
    code, told, err = one.ended()
    assert (code, err) == (0, "")
    assert [(e["job"], e["exit_code"]) for e in told if e["event"] == "end"] == [
        ("long", 130),
        ("waits", 130),
    ]
    assert list((home / "out").iterdir()) == []


def test_a_client_that_is_gone_ends_it(editor, home):
    one = editor()
    one.generate("long", LONG)
    one.until("progress")
    one.server.stdout.close()
    assert one.server.wait(30) == 130
    assert b"Traceback" not in one.server.stderr.read()
    assert list((home / "out").iterdir()) == []


def test_a_client_that_reads_nothing_and_goes_does_not_keep_it(editor):
    one = editor(before="import hearsight.cli.serve as s; s._PATIENCE = 0.5; ")
    one.until("ready")
    one.server.stdin.write(b"garbage\n" * 3000)  # whose errors do not fit into the pipe
    one.generate("long", LONG)
    one.server.stdin.close()
    assert one.server.wait(30) == 130


def test_a_client_that_reads_nothing_can_still_cancel_and_is_told_later(editor, home):
    one = editor()
    one.until("ready")
    one.generate("long", LONG)
    one.until("progress")
    one.server.stdin.write(b"garbage\n" * 3000)
    one.send("cancel", job="long")
    one.generate("next")
    start = time.monotonic()
    while not (home / "out" / "rain.wav").exists():
        assert time.monotonic() - start < 20
        time.sleep(0.05)
    code, told, _ = one.ended()
    assert code == 0
    assert len([event for event in told if event["event"] == "error"]) == 3000
    ends = {event["job"]: event["exit_code"] for event in told if event["event"] == "end"}
    assert ends == {"long": 130, "next": 0}


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent differently")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("busy", [True, False])
def test_a_signal_cancels_and_ends_it(editor, number, busy):
    one = editor()
    one.until("ready")
    if busy:
        one.generate("long", LONG)
        one.until("progress")
    one.server.send_signal(number)
    assert one.server.wait(30) == 130  # before its input ends, which would end it, too
    _, told, err = one.ended()
    assert [e["exit_code"] for e in told if e["event"] == "end"] == [130] * busy
    assert "Traceback" not in err


def test_what_libraries_print_never_reaches_standard_output(editor):
    noisy = (
        "import os, hearsight.generator as g; made = g.load\n"
        "def load(*a, **k):\n"
        "    os.write(1, b'a driver'); print('a library', flush=True)\n"
        "    os.write(2, b'read: %d' % len(os.read(0, 9)))\n"
        "    return made(*a, **k)\n"
        "g.load = load\n"
    )
    one = editor(before=noisy)
    one.generate("a")
    assert one.until("end")[-1]["exit_code"] == 0
    code, told, err = one.ended()
    assert (code, told) == (0, [])
    assert "a driver" in err
    assert "a library" in err
    assert "read: 0" in err


def test_garbage_and_huge_lines_are_told_and_passed_over(editor):
    one = editor()
    one.server.stdin.write(b"\x00\xff garbage\n" + b"x" * 3_000_000 + b"\n{\n")
    one.generate("a")
    told = one.until("end")
    lines = [event["line"] for event in told if event["event"] == "error"]
    assert lines == [1, 2, 3]
    assert told[-1]["exit_code"] == 0
    assert one.ended()[0] == 0


def test_a_last_line_without_its_end_counts(editor):
    one = editor()
    out, _ = one.server.communicate(b'{"do": "fre"}', timeout=30)
    assert 'did you mean "free"' in json.loads(out.splitlines()[-1])["message"]


def test_pictures_and_sounds_are_prompts_by_their_paths(editor, picture, recording):
    one = editor()
    prompts = [
        {"modality": "image", "value": str(picture)},
        {"modality": "audio", "value": "recording.wav", "weight": 0.5},
    ]
    one.generate("a", RAIN | {"prompts": prompts})
    told = one.until("end")
    [result] = [event for event in told if event["event"] == "result"]
    assert np.abs(soundfile.read(result["path"])[0]).max() > 0


@pytest.mark.parametrize(
    "arguments, code, why",
    [
        (["--model", "nothing"], 3, "nothing"),
        (["--model", "micro-eye"], 3, "makes no sound"),
        (["--memory", "much"], 2, "much"),
        (["--threads", "x"], 2, "--threads"),
    ],
)
def test_what_keeps_it_from_starting_is_an_event_and_an_exit_code(editor, arguments, code, why):
    ended, told, err = editor(*arguments).ended()
    [problem] = told
    assert (ended, problem["event"], problem["job"], problem["code"]) == (code, "error", None, code)
    assert why in problem["message"]
    assert problem["message"] in err


def test_a_device_that_cannot_be_had_is_an_error_of_the_job(editor):
    one = editor("--device", "rtx")
    one.generate("a")
    told = one.until("end")
    assert told[-1]["exit_code"] == 4
    assert one.ended()[0] == 0


def test_the_way_to_speak_has_to_be_named(cli):
    done = cli("serve")
    assert (done.code, done.out) == (2, "")
    assert "--stdio" in done.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_an_output_error(editor):
    with open("/dev/full", "wb") as full:
        one = editor(stdout=full)
        one.server.wait(30)
    assert one.server.returncode == 5
    assert b"No space left" in one.server.stderr.read()


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are inherited differently")
def test_it_runs_without_a_standard_error(editor, home):
    script = 'exec 2>&-; exec "$0" -c "from hearsight.cli import main; main()" serve --stdio'
    line = json.dumps({"do": "generate", "job": "a", "folder": "out", "request": RAIN})
    server = subprocess.Popen(
        ["sh", "-c", script, sys.executable],
        env={**os.environ, "PYTHONPATH": RUNTIME},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    server.stdin.write(line.encode() + b"\n")
    server.stdin.flush()
    told = []
    while not told or told[-1]["event"] != "end":
        told.append(json.loads(server.stdout.readline()))
    assert told[-1]["exit_code"] == 0
    server.communicate(timeout=30)
    assert server.returncode == 0
