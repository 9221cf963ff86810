"""How fast Hearsight makes a sound, beside what a user would run instead.

    python tests/bench/speed.py [--bundle FOLDER --checkpoint FILE] [--threads 2] [--seconds 10]
                                [--runs 5] [--parts start,unet,decode,sound] [--device cpu]
                                [--contenders NAMES] [--longest 180] [--work FOLDER] [--keep]
                                [--out engines/SPEED.md]

Everyone plays the same seeded weights of AudioLDM-S, with the same number of threads, each in a
process of its own; the processes live side by side and are asked in turn, so that what else the
machine does meets all of them. Before anything is timed, the answers are compared. The tables go
into `engines/SPEED.md` between two marks; what is written around them stays. On a GPU
(`--device cuda`) they go into `engines/SPEED-CUDA.md`; that was never run.

Parts:
    start   a new process to its first row and on to a sound of three rows; peak memory. Once
            with the files put out of the system's memory and no caches, then with both.
    unet    one guided call of the UNet at the frames of the sound.
    decode  latent to waveform.
    sound   a whole sound from words, at upstream's settings and at the bundle's. One that would
            take longer than --longest is made with 20 steps and reckoned to the whole number.

The numbers are kept in WORK/speed.json; with --keep, those of parts that are not measured now
stay in the tables. Weights that are not given are made in WORK, which takes minutes and 7 GB.
Needs the package with `.[export]`, `openvino`, and a C++ compiler for torch.compile.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from contenders import CPU, CUDA, Kind
from place import describe, evict, seconds_to_read
from playing import Case, Job, Setting
from table import insert, render
from weights import Weights, places

from hearsight.bundle import open_bundle
from hearsight.decoder import latent_shape, tile
from hearsight.machine import cards
from hearsight.manifest import Manifest

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
PARTS = ("start", "unet", "decode", "sound")
SHORT = 20  # steps of a sound that would take too long
WARM = 2  # steps of the sound before the first that counts
STARTED = 3  # rows of the sound that a new process makes
LATER = 2  # starts after the first
REST = 0.3  # seconds between two runs, in which waiting threads come to rest
WRONG = 1e-3  # relative L2 from which fp32 is not the same computation
UPSTREAM = {
    "upstream": Setting("ddim", 200, eta=1.0, candidates=3),
    "single": Setting("ddim", 200, eta=1.0),
    "ddim50": Setting("ddim", 50),
    "dpm25": Setting("dpm++2m", 25),
}
WHO = {
    "upstream": ("diffusers", "hearsight"),
    "single": ("diffusers", "compiled", "hearsight"),
    "ddim50": ("diffusers", "compiled"),
    "dpm25": ("diffusers", "compiled"),
    "ours": ("openvino-default", "hearsight", "hearsight-recorded", "hearsight-bf16"),
}

Results = dict[str, Any]


class Failed(Exception):
    """A contender could not do what it was asked; the message is its own."""


class Player:
    """A contender's process, seen from outside."""

    def __init__(self, job: Job, work: Path) -> None:
        log = work / "logs" / f"{job.name}.log"
        log.parent.mkdir(exist_ok=True)
        self._begun = time.monotonic()
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, str(HERE / "player.py"), json.dumps(asdict(job))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=_environment(job, work),
            )
        self._log = log
        self.rows: list[float] = []

    def ask(self, do: str, **order: Any) -> Any:
        """Give an order and wait for its answer; `rows` gets the seconds since the process
        began at which rows were done."""
        assert self._process.stdin and self._process.stdout
        self.rows = []
        try:
            self._process.stdin.write(json.dumps({"do": do, **order}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Failed(f"The process ended; see {self._log.name}.") from None
        for line in self._process.stdout:
            answer = json.loads(line)
            if answer.get("event") == "row":
                self.rows.append(time.monotonic() - self._begun)
            elif "failed" in answer:
                raise Failed(answer["failed"])
            elif "done" in answer:
                time.sleep(REST)
                return answer["done"]
        raise Failed(f"The process ended with code {self._process.wait()}; see {self._log.name}.")

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


class Comparison:
    """The contenders, what they play, and the numbers so far."""

    def __init__(self, told: argparse.Namespace, weights: Weights, results: Results) -> None:
        kinds = CPU if told.device == "cpu" else CUDA
        chosen = told.contenders.split(",") if told.contenders else list(kinds)
        self.kinds: dict[str, Kind] = {name: kinds[name] for name in kinds if name in chosen}
        self._told = told
        self._weights = weights
        self.results = results
        self._manifest = open_bundle(weights.bundle).manifest
        self._case = told.work / "case.npz"
        _case(self._manifest, told.seconds).save(self._case)

    def start(self) -> None:
        """Every contender from nothing, its files and caches first missing, then there."""
        setting = replace(UPSTREAM["dpm25"], steps=STARTED)
        found = self._begin("start")
        shutil.rmtree(self._told.work / "caches", ignore_errors=True)
        for name in self.kinds:
            files = list(self._files(self.kinds[name].files))
            found[name] = []
            for later in range(1 + LATER):
                reading = 0.0 if later else seconds_to_read(files)
                if not later:
                    evict(files)
                free = _card_memory()
                player = self._player(name)
                try:
                    player.ask("sound", setting=asdict(setting))
                    one = {"rows": player.rows, "reading": reading, "peak": player.ask("peak")}
                    if free is not None:
                        one["card"] = free - (_card_memory() or 0)
                    found[name].append(one)
                except Failed as problem:
                    self._failed("start", name, problem)
                    break
                finally:
                    player.close()
            _say(f"start {name}: {[one['rows'][:1] for one in found[name]]}")

    def part(self, part: str) -> None:
        """One network of everyone, in turns; and the machine's limit, before and after."""
        times, errors, ran = self._begin(part), {}, {}
        self.results["errors"][part], self.results["ran"][part] = errors, ran
        measure = self._player("hearsight")
        self.results["flop"][part] = measure.ask("flop", part=part, case=str(self._case))
        measure.close()
        self._limit()
        players = {name: self._player(name) for name, kind in self.kinds.items() if not kind.starts}
        try:
            reference: np.ndarray | None = None
            for name in list(players):
                answer = self._told.work / f"{part}.npy"
                try:
                    case = str(self._case)
                    told = players[name].ask("answer", part=part, case=case, into=str(answer))
                except Failed as problem:
                    self._failed(part, name, problem)
                    players.pop(name).close()
                    continue
                found = np.load(answer)
                reference = found if reference is None else reference
                errors[name] = _distance(found, reference)
                ran[name] = told or self.kinds[name].precision
                _say(f"{part} {name}: relative L2 {errors[name]:.1e}")
                if self.kinds[name].precision == "fp32" and errors[name] > WRONG:
                    raise SystemExit(
                        f"{self.kinds[name].title} does not compute what the first contender does: "
                        f"relative L2 {errors[name]:.1e} in {part}. Are the weights the same?"
                    )
                times[name] = []
            for _ in range(self._told.runs):
                for name in list(players):
                    try:
                        took = players[name].ask("time", part=part, case=str(self._case))
                        times[name].append(took)
                    except Failed as problem:
                        self._failed(part, name, problem)
                        players.pop(name).close()
                        del times[name]
                _say(f"{part}: " + _last(times))
        finally:
            for player in players.values():
                player.close()
        self._limit()

    def sounds(self) -> None:
        """Whole sounds at every setting, in turns."""
        settings = {**UPSTREAM, "ours": _ours(self._manifest)}
        self.results["settings"] = {name: asdict(one) for name, one in settings.items()}
        found = self._begin("sound")
        pairs = [
            (setting, name)
            for setting, names in WHO.items()
            for name in names
            if name in self.kinds
        ]
        players = {name: self._player(name) for _, name in pairs}
        pace: dict[tuple[str, int], float] = {}
        try:
            for _ in range((self._told.runs + 1) // 2):
                for which, name in pairs:
                    if name in self.results["failed"]["sound"]:
                        continue
                    try:
                        made = self._sound(players[name], name, settings[which], pace)
                    except Failed as problem:
                        self._failed("sound", name, problem)
                        continue
                    found.setdefault(which, {}).setdefault(name, []).append(made)
                    _say(f"sound {which} {name}: {made['seconds']:.1f} s with {made['made']} steps")
                self.save()
        finally:
            for player in players.values():
                player.close()

    def save(self) -> None:
        """Keep the numbers so far."""
        _kept(self._told).write_text(json.dumps(self.results, indent=1), "utf-8")

    def _sound(
        self, player: Player, name: str, setting: Setting, pace: dict[tuple[str, int], float]
    ) -> Results:
        """One sound; of a setting that would take too long, one with fewer steps."""
        like = (name, setting.candidates)
        if like not in pace:
            for _ in range(2):  # the first loads
                warm = player.ask("sound", setting=asdict(replace(setting, steps=WARM)))
            pace[like] = warm["loop"] / WARM
        whole = pace[like] * setting.steps <= self._told.longest
        steps = setting.steps if whole else min(SHORT, setting.steps)
        made = player.ask("sound", setting=asdict(replace(setting, steps=steps)))
        return {**made, "made": steps}

    def _begin(self, part: str) -> Results:
        """Room for a part's numbers, in place of older ones."""
        self.results["failed"][part] = {}
        self.results[part] = {}
        return self.results[part]

    def _failed(self, part: str, name: str, problem: Failed) -> None:
        _say(f"{part} {name}: {problem}")
        self.results["failed"][part][name] = str(problem)

    def _limit(self) -> None:
        """The machine's speed in matrix products, the best that was seen."""
        player = self._player("hearsight")
        now = player.ask("matrix")
        player.close()
        self.results["limit"] = max(now, self.results.get("limit", 0.0))

    def _player(self, name: str) -> Player:
        job = Job(
            name,
            str(self._weights.bundle),
            str(self._weights.pipeline),
            str(self._weights.listener),
            self._told.device,
            self._told.threads,
            self._told.seconds,
        )
        return Player(job, self._told.work)

    def _files(self, which: str) -> Iterable[Path]:
        """What is read before the first row of a sound."""
        if which == "pipeline":
            yield from self._weights.pipeline.glob("*/*.safetensors")
            return
        root = self._weights.bundle
        for name in ("tokenize", "text", "denoise"):
            variants = self._manifest.graphs[name].variants
            variant = variants.get(which, variants["fp32"])
            yield root / variant.file
            yield from (root / weights.file for weights in variant.weights)


def _environment(job: Job, work: Path) -> dict[str, str]:
    """Equal threads, no network, and caches of this comparison's own."""
    return {
        **os.environ,
        "PYTHONPATH": _paths(),
        "OMP_NUM_THREADS": str(job.threads),
        "MKL_NUM_THREADS": str(job.threads),
        "HF_HUB_OFFLINE": "1",
        "ORT_DISABLE_TELEMETRY": "1",
        "TORCHINDUCTOR_CACHE_DIR": str(work / "caches" / "inductor"),
        # What one contender has compiled is not another's.
        "XDG_CACHE_HOME": str(work / "caches" / job.name),
    }


def _paths() -> str:
    """This checkout comes before what is installed."""
    own = [str(REPOSITORY / name) for name in ("runtime", "export")]
    return os.pathsep.join([*own, *filter(None, [os.environ.get("PYTHONPATH")])])


def _case(manifest: Manifest, seconds: float) -> Case:
    shape, _ = latent_shape(manifest, tile(manifest, seconds).frames)
    random = np.random.default_rng(0)
    x, latent = (random.standard_normal((1, *shape), np.float32) for _ in range(2))
    cond = random.standard_normal((2, *manifest.space.shape), np.float32)
    return Case(x, latent, cond / np.linalg.norm(cond, axis=1, keepdims=True), 500, 2.5)


def _ours(manifest: Manifest) -> Setting:
    defaults = manifest.defaults
    assert defaults, "the bundle is a generator"
    return Setting(defaults.solver, defaults.steps, guidance=defaults.guidance)


def _distance(found: np.ndarray, wanted: np.ndarray) -> float:
    """Relative L2; HiFi-GAN in PyTorch gives a few samples more, which are left out."""
    wanted = wanted[..., : found.shape[-1]].astype(np.float64)
    found = found[..., : wanted.shape[-1]].astype(np.float64)
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def _card_memory() -> int | None:
    """Free bytes of the first GPU; None without one."""
    return next((card.free for card in cards()), None)


def _last(times: Mapping[str, list[float]]) -> str:
    return ", ".join(f"{name} {values[-1]:.2f}" for name, values in times.items())


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _make(told: argparse.Namespace) -> Weights:
    """The weights, made in a process of its own: whoever starts others should be small."""
    weights = places(told.work, told.checkpoint, told.bundle)
    command = [sys.executable, str(HERE / "weights.py"), str(told.work)]
    for flag in ("checkpoint", "bundle"):
        if getattr(told, flag):
            command += [f"--{flag}", str(getattr(told, flag))]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": _paths()})
    return weights


def _kept(told: argparse.Namespace) -> Path:
    return told.work / "speed.json"


def _read(told: argparse.Namespace, setup: Results) -> Results:
    """Results to go on with: those of an earlier run of the same kind, or empty ones."""
    kept = _kept(told)
    if told.keep and kept.exists():
        results = json.loads(kept.read_text("utf-8"))
        if results["setup"] == setup:
            return results
        raise SystemExit(f"{kept} was measured otherwise than asked for now; leave --keep out.")
    return {"setup": setup, "failed": {}, "errors": {}, "ran": {}, "flop": {}}


def _command(told: argparse.Namespace) -> str:
    """What makes these numbers elsewhere; folders are left out."""
    given = {name: getattr(told, name) for name in ("threads", "seconds", "runs", "device")}
    flags = " ".join(
        f"--{name} {value:g}" if isinstance(value, float) else f"--{name} {value}"
        for name, value in given.items()
    )
    return f"python tests/bench/speed.py {flags}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, help="of AudioLDM-S")
    parser.add_argument("--checkpoint", type=Path, help="that the bundle was exported from")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir(), "hearsight-speed"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--runs", type=int, default=5, help="of a part; half as many of a sound")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--contenders", help="some of them, separated by commas")
    parser.add_argument("--longest", type=float, default=180.0, help="seconds of a real sound")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--out", type=Path, help="engines/SPEED.md, on a GPU SPEED-CUDA.md")
    told = parser.parse_args()
    name = "SPEED.md" if told.device == "cpu" else "SPEED-CUDA.md"
    told.out = told.out or REPOSITORY / "engines" / name
    told.work = told.work.resolve()
    return told


def main() -> None:
    told = _arguments()
    weights = _make(told)
    kinds = CPU if told.device == "cpu" else CUDA
    results = _read(
        told,
        {
            "machine": describe(),
            "command": _command(told),
            "device": told.device,
            "threads": told.threads,
            "seconds": told.seconds,
            "frames": tile(open_bundle(weights.bundle).manifest, told.seconds).frames,
            "contenders": {
                name: {"title": kind.title, "precision": kind.precision}
                for name, kind in kinds.items()
            },
        },
    )
    comparison = Comparison(told, weights, results)
    measures: dict[str, Callable[[], None]] = {
        "start": comparison.start,
        "unet": lambda: comparison.part("unet"),
        "decode": lambda: comparison.part("decode"),
        "sound": comparison.sounds,
    }
    for part in filter(None, told.parts.split(",")):
        measures[part]()
        comparison.save()
    insert(told.out, render(results))


if __name__ == "__main__":
    main()
