"""Graphs being compiled for a device while sounds are made on what is ready."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import child
from .compiled import Compiled, Found
from .errors import DeviceError, OutputError
from .golden import least_snr_db
from .precision import RunPrecision, run_in
from .profiles import Profile
from .records import too_far
from .sampler import Cancel, Progress
from .wanted import Target, target, wanted_key, wanted_profiles

if TYPE_CHECKING:
    from .bundle import Bundle
    from .device import Choice

__all__ = ["Preparation"]

_MOST_TOLD = 500  # characters of what a library says
_LOOK = 0.1  # seconds between two looks at a wish to stop


class Preparation:
    """The compiled graphs of one bundle on one device: those that are there, and the making of
    those that are not, in a process of its own that ends with this one.

    Args:
        bundle: whose graphs.
        names: of the graphs, in the order in which they are wanted.
        choice: the device.
        precision: of the graphs that have it.
        threads: of the processor.
    """

    def __init__(
        self,
        bundle: Bundle,
        names: Sequence[str],
        choice: Choice,
        precision: RunPrecision,
        threads: int | None,
    ) -> None:
        self._bundle, self._choice = bundle, choice
        self._precision: RunPrecision = precision
        self._threads = threads
        self._found: dict[str, Found] = {}
        self._missing: dict[str, str] = {}  # why each is not there
        self._refused: set[str] = set()  # those of them that are not tried again
        self._process: Any = None
        self._reader: threading.Thread | None = None
        self._failure = ""
        self._closed = False
        self._told = threading.Condition()
        try:
            self._target: Target | None = target(choice.device)
        except DeviceError as problem:
            self._target, self._failure = None, str(problem)
        for name in names:
            self._look(name)

    def file(self, name: str) -> Path | None:
        """The compiled graph's file that ONNX Runtime opens, if it is there."""
        found = self._found.get(name)
        return found.folder / f"{found.record.name}.onnx" if found else None

    def seconds(self, name: str) -> float:
        """How long compiling a graph took that is there."""
        return self._found[name].record.seconds

    def profiles(self, name: str) -> tuple[Profile, ...]:
        """The sizes that a graph is compiled for here, none where they are free."""
        return wanted_profiles(self._bundle.manifest, name, self._target) if self._target else ()

    def unproven(self, name: str) -> bool:
        """Whether a compiled graph is there that was never compared with its golden outputs on
        this machine."""
        found = self._found.get(name)
        return found is not None and found.record.snr_db is None

    def prove(self, name: str, snr_db: float) -> str:
        """Keep how near to its golden outputs a compiled graph came, and tell, in a sentence, if
        that is too far."""
        self._found[name] = found = Compiled().compared(self._found[name], snr_db)
        return too_far(found.record, self._least(name))

    @property
    def missing(self) -> dict[str, str]:
        """The graphs that are not there, and why."""
        return dict(self._missing)

    @property
    def running(self) -> bool:
        """Whether graphs are being compiled now."""
        return self._reader is not None and self._reader.is_alive()

    @property
    def hint(self) -> str:
        """What is being prepared and how long it took before, in a sentence; or nothing."""
        missing = self.missing
        if not missing or self._failure or not self._target:
            return ""
        spent = {  # for whatever version of the graph
            record.name: record.seconds
            for _, record in Compiled().records()
            if (record.bundle, record.key.card) == (self._bundle.manifest.name, self._target.card)
            and record.name in missing
        }
        took = f"took {sum(spent.values()):.0f} s before" if spent else "can take minutes"
        return f"Preparing {', '.join(missing)} for {self._choice.device}, once; it {took}."

    def start(self) -> None:
        """Begin to compile what is missing, in the background, unless that has begun or failed."""
        with self._told:
            if self.running or self._failure or not self._missing.keys() - self._refused:
                return
            self._closed = False
            self._reader = threading.Thread(
                target=self._work, daemon=True, name="hearsight-prepare"
            )
            self._reader.start()

    def wait(self, names: Sequence[str], progress: Progress, cancel: Cancel) -> None:
        """Compile, and wait for some graphs; `progress` is told ("prepare", done, all).

        Raises:
            Cancelled: the work is ended; what is finished stays.
            DeviceError: some of them cannot be compiled; says which and why, after the others
                are finished.
        """
        self.start()
        progress("prepare", 0, len(names))
        while True:
            running = self.running  # before looking, so that its last word has been heard
            wanted = {name: why for name, why in self.missing.items() if name in names}
            if not wanted:
                break
            if cancel.cancelled:
                self.close()
                cancel.raise_if()
            if self._failure or not running or wanted.keys() <= self._refused:
                alike: dict[str, list[str]] = {}
                for name, why in wanted.items():
                    alike.setdefault(why, []).append(name)
                told = " ".join(f"{', '.join(names)}: {why}" for why, names in alike.items())
                raise DeviceError(
                    f'Graphs of "{self._bundle.manifest.name}" cannot be prepared for '
                    f"{self._choice.device}. {told} Another --device plays them as they are."
                )
            progress("prepare", len(names) - len(wanted), len(names))
            with self._told:
                self._told.wait(_LOOK)
        progress("prepare", len(names), len(names))

    def close(self) -> None:
        """End the work; half a compiled graph is never left behind. It may be started again."""
        self._closed = True
        if not self._reader:
            return
        if self._process:
            child.end(self._process)
        self._reader.join(timeout=2)
        store = Compiled()
        for place in store.leftovers():
            with contextlib.suppress(OutputError):
                store.remove(place)

    def forget(self, name: str, why: str) -> None:
        """Take a graph for missing that was there and cannot be used; it is not tried again."""
        self._found.pop(name, None)
        self._refused.add(name)
        self._missing[name] = why

    def _look(self, name: str) -> None:
        """See whether a graph is there now."""
        if self._target is None:
            self._missing[name] = self._failure
            return
        manifest = self._bundle.manifest
        key = wanted_key(manifest, name, self._precision, self._target)
        found = Compiled().find(key, manifest.name, name, self._least(name))
        if isinstance(found, Found):
            self._found[name] = found
            self._missing.pop(name, None)
        else:
            self._missing[name] = found.reason

    def _least(self, name: str) -> float:
        graph = self._bundle.manifest.graphs[name]
        return least_snr_db(graph, run_in(graph, self._precision))

    def _work(self) -> None:
        try:
            self._compile()
        except Exception as problem:  # a full disk, or a line that its end cut short
            self._fail(f"Preparing it failed: {' '.join(str(problem).split())[:_MOST_TOLD]}.")

    def _compile(self) -> None:
        asked = {
            "bundle": str(self._bundle.root),
            "device": self._choice.device,
            "provider": self._choice.provider,
            "precision": self._precision,
            "threads": self._threads,
            "graphs": [name for name in self.missing if name not in self._refused],
        }
        with tempfile.TemporaryFile() as said:
            try:
                process = child.start("compile", json.dumps(asked), out=subprocess.PIPE, err=said)
            except (OSError, DeviceError) as problem:
                self._fail(f"{problem}.")
                return
            self._process = process
            if self._closed:
                child.end(process)
            with process:
                for line in process.stdout:
                    self._heard(json.loads(line))
                    with self._told:
                        self._told.notify_all()
            if process.returncode and not self._closed:
                said.seek(0)
                printed = said.read().decode("utf-8", "replace")
                self._fail(f"Its process ended with {child.ending(process.returncode, printed)}.")

    def _heard(self, told: dict[str, str]) -> None:
        if told["state"] == "done":
            self._look(told["graph"])
        elif told["state"] == "failed" and told["graph"]:
            self._refused.add(told["graph"])
            self._missing[told["graph"]] = told["why"][:_MOST_TOLD]
        elif told["state"] == "failed":
            self._fail(told["why"])

    def _fail(self, why: str) -> None:
        """Give up what is still missing."""
        self._failure = why
        self._missing = dict.fromkeys(self.missing, why)
