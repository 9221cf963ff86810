"""What every contender plays, and what it is asked: the same words, calls and settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "GRAPHS", "PROMPT", "SEED", "Array", "Case", "Contender", "Job", "Row", "Setting", "Sound",
    "prediction",
]  # fmt: skip

GRAPHS: Mapping[str, str] = {"unet": "denoise", "decode": "decode"}
PROMPT = "Heavy rain on a tin roof"
SEED = 1

Array = NDArray[np.float32]
Row = Callable[[], None]
"""Called when a row of the solver is done."""


@dataclass(frozen=True)
class Job:
    """What a contender is made for: folders, device (cpu or cuda), threads, length of a sound."""

    name: str
    bundle: str
    pipeline: str
    listener: str
    device: str
    threads: int
    seconds: float


@dataclass(frozen=True)
class Case:
    """One call of the UNet and one latent to decode, the same for all.

    x, latent: [1, 8, T, 16]; cond: [2, 512], unguided first; t: training step.
    """

    x: Array
    latent: Array
    cond: Array
    t: float
    guidance: float

    @staticmethod
    def read(path: Path) -> Case:
        with np.load(path) as told:
            return Case(
                told["x"], told["latent"], told["cond"], float(told["t"]), float(told["guidance"])
            )

    def save(self, path: Path) -> None:
        np.savez(path, **self.__dict__)


@dataclass(frozen=True)
class Setting:
    """How a whole sound is made. eta: of ddim; candidates: how many, the best of which is kept."""

    solver: str
    steps: int
    eta: float = 0.0
    candidates: int = 1
    guidance: float = 2.5


@dataclass(frozen=True)
class Sound:
    """What a whole sound took: seconds, of which `loop` from first to last row.

    rows: how many were played one after another. graph: seconds within the denoise graph, where
    that is known.
    """

    seconds: float
    loop: float
    rows: int
    graph: float | None = None


class Contender(Protocol):
    """The parts of making a sound, from NumPy to NumPy. Failures are the library's own."""

    def unet(self, case: Case) -> Array:
        """The guided noise prediction [1, 8, T, 16]."""
        ...

    def decode(self, case: Case) -> Array:
        """The waveform [640 T] of the latent."""
        ...

    def sound(self, setting: Setting, row: Row) -> Sound:
        """A whole sound from words, finished as the contender does."""
        ...

    def ran_in(self, part: str) -> str | None:
        """The precision that `unet` or `decode` really ran in; None: what its kind says."""
        ...


def prediction(case: Case) -> dict[str, Array]:
    """Inputs of the denoise graph whose x_next is the guided noise prediction: with alpha 1 and
    sigma -1 its estimate is x plus the prediction, from which k_x -1 and k_d 1 take x."""
    nothing = np.zeros_like(case.x)
    return {
        "x": case.x,
        "d_prev": nothing,
        "noise": nothing,
        "cond": case.cond,
        "weights": np.array([1 - case.guidance, case.guidance], np.float32),
        "row": np.array([case.t, 1, -1, -1, 1, 0, 0], np.float32),
    }
