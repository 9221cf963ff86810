"""One contender in a process of its own: orders come as lines of JSON, answers go as lines.

Started by `speed.py`, with a `Job` as its only argument. While an order is carried out, lines
with "event" may come; the last line has "done" or "failed".
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from contenders import CPU, CUDA
from playing import GRAPHS, Case, Contender, Job, Setting, prediction

Order = dict[str, Any]


class Player:
    """Carries out orders with one contender, which is made when it is first needed."""

    def __init__(self, job: Job, out: TextIO) -> None:
        self._job = job
        self._out = out
        self._contender: Contender | None = None
        self._case: Case | None = None

    def obey(self, order: Order) -> Any:
        """answer: one part's result into a file, and the precision if it is another one; time:
        seconds of one part; sound: of a whole one; peak: most memory held so far; flop:
        arithmetic of a part; matrix: the machine's speed at it."""
        if order["do"] == "peak":
            from hearsight.machine import peak_memory

            return peak_memory()
        if order["do"] == "matrix":
            from hearsight.arithmetic import matrix_flop_per_second
            from hearsight.device import choose

            return matrix_flop_per_second(choose(self._job.device), self._job.threads)
        if order["do"] == "flop":
            return _flop(self._job, order)
        if self._contender is None:
            kinds = CPU if self._job.device == "cpu" else CUDA
            self._contender = kinds[self._job.name].make(self._job)
        if order["do"] == "sound":
            setting = Setting(**order["setting"])
            return asdict(self._contender.sound(setting, lambda: self.tell({"event": "row"})))
        case = self._read(order["case"])
        part = getattr(self._contender, order["part"])
        if order["do"] == "answer":
            np.save(order["into"], part(case))
            return self._contender.ran_in(order["part"])
        start = time.perf_counter()
        part(case)
        return time.perf_counter() - start

    def tell(self, answer: Order) -> None:
        """Send a line to the parent."""
        self._out.write(json.dumps(answer) + "\n")
        self._out.flush()

    def _read(self, path: str) -> Case:
        if self._case is None:
            self._case = Case.read(Path(path))
        return self._case


def _flop(job: Job, order: Order) -> int:
    """Arithmetic of one part for the case, by the graph in float32."""
    from hearsight.arithmetic import count_flop
    from hearsight.bundle import open_bundle

    bundle, case = open_bundle(job.bundle), Case.read(Path(order["case"]))
    name = GRAPHS[order["part"]]
    inputs = prediction(case) if name == "denoise" else {"latent": case.latent}
    return count_flop(bundle.path(bundle.manifest.graphs[name].variants["fp32"]), inputs)


def main() -> None:
    # Libraries write to the standard output what they like; answers have a channel of their own.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        player = Player(Job(**json.loads(sys.argv[1])), out)
        for line in sys.stdin:
            try:
                player.tell({"done": player.obey(json.loads(line))})
            except Exception as problem:
                traceback.print_exc()
                text = " ".join(str(problem).split())
                player.tell({"failed": f"{type(problem).__name__}: {text}"})


if __name__ == "__main__":
    main()
