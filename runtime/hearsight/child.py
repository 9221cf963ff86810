"""Python in a process of its own, for what may crash, hang or has to be ended halfway.

A packed program has no Python to start: its main function calls `answer` first, as it would call
`multiprocessing.freeze_support`, and is then started itself. Without that call, and inside
programs that embed Python, there are no children, and what would need one is refused.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NoReturn

from .errors import DeviceError

__all__ = ["answer", "end", "ending", "quietly", "start"]

_ASKED = "HEARSIGHT_CHILD"
_CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from hearsight.child import run; run(sys.argv[2])"
)
_TASKS = {"probe": "hearsight.probe", "compile": "hearsight.compiling"}

_answers = threading.Event()  # set when a packed program called `answer`


def start(task: str, argument: str, *, out: IO[bytes] | int, err: IO[bytes] | int) -> Any:
    """Start a task, whose module's function `child` gets the argument; a `subprocess.Popen`.

    The child ends when its standard input is closed, as it is when this process ends.

    Raises:
        DeviceError: there are no children here.
        OSError: the system starts none.
    """
    asked = json.dumps([task, argument])
    if _answers.is_set():
        command, environment = [sys.executable], {**os.environ, _ASKED: asked}
    else:
        # Neither the current folder nor the variables of Python decide what the child imports:
        # it gets the path of this process.
        packed = getattr(sys, "frozen", False)
        known = Path(sys.executable or "").stem.lower().startswith(("python", "pypy"))
        if packed or not known:
            raise DeviceError(
                f"this program embeds Python ({sys.executable or 'without a path'}) and can start "
                "no other; let it call hearsight.child.answer() when it starts, or use runtime-cli"
            )
        path = json.dumps([os.path.abspath(entry) for entry in sys.path])
        command, environment = [sys.executable, "-I", "-c", _CODE, path, asked], None
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=out,
        stderr=err,
        env=environment,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def end(process: Any) -> None:
    """End a child that is still there; one that waits for hardware is left behind."""
    if process.poll() is None:
        process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
    process.stdin.close()


def ending(code: int, printed: str) -> str:
    """How a child ended that went wrong: its signal, or its code and the last line it printed."""
    if code < 0:
        known = -code in set(signal.Signals)
        return f"signal {-code} ({signal.Signals(-code).name})" if known else f"signal {-code}"
    number = f"code 0x{code:08X}" if code >= 1 << 31 else f"code {code}"  # as Windows writes them
    lines = printed.strip().splitlines()
    return f"{number} ({lines[-1]})" if lines else number


def answer() -> None:
    """Let a packed program have children: called first in its main function."""
    _answers.set()
    if asked := os.environ.pop(_ASKED, ""):
        run(asked)


def run(asked: str) -> NoReturn:
    """Be the child that was asked for, and end this process."""
    task, argument = json.loads(asked)
    quietly()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to hear
    threading.Thread(target=_follow, daemon=True).start()
    channel = os.dup(1)
    os.dup2(2, 1)  # drivers print what they like

    def tell(told: Mapping[str, Any]) -> None:
        os.write(channel, json.dumps(told).encode() + b"\n")

    importlib.import_module(_TASKS[task]).child(argument, tell)
    os._exit(0)  # at a regular exit drivers crash, too


def _follow() -> None:
    """End with the parent."""
    with contextlib.suppress(OSError):  # there may be no standard input
        while os.read(0, 1):
            pass
        os._exit(1)


def quietly() -> None:
    """Let a crash neither open a window nor write the memory of the process to a file."""
    if sys.platform == "win32":
        ctypes.CDLL("kernel32").SetErrorMode(0x3)  # SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX
    else:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
