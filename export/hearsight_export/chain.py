"""Whole sounds against PyTorch: one request through a bundle's graphs and through its modules."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from hearsight.bundle import Bundle, open_bundle
from hearsight.conditioner import Conditioner
from hearsight.engine import Engine, Tensors
from hearsight.generator import Generator
from hearsight.manifest import ChainParity, Precision
from hearsight.request import Finish, Prompt, Request, Timing
from hearsight.sampler import Cancel, Latent
from hearsight.store import write_bundle

from .models.mel import LogMel, MelConfig
from .parity import EQUAL_DB

__all__ = ["CHAIN_STEPS", "log_mel_distance", "measure_chain", "record_chain"]

CHAIN_STEPS = 25
PROMPT, SEED = "Heavy rain on a tin roof", 1


def record_chain(
    root: Path,
    modules: Mapping[str, nn.Module],
    *,
    steps: int = CHAIN_STEPS,
    seconds: float | None = None,
) -> Bundle:
    """Measure every precision that `denoise` has, and write it into the bundle's manifest."""
    manifest = open_bundle(root).manifest
    chain = measure_chain(
        root, modules, tuple(manifest.graphs["denoise"].variants), steps=steps, seconds=seconds
    )
    return write_bundle(root, replace(manifest, chain=chain))


def measure_chain(
    root: Path,
    modules: Mapping[str, nn.Module],
    precisions: Sequence[Precision] = ("fp32",),
    *,
    steps: int = CHAIN_STEPS,
    seconds: float | None = None,
) -> tuple[ChainParity, ...]:
    """How far a sound is from PyTorch's after its condition, every step and decoding.

    Both are made by the runtime from the same words, seed and table of steps, on the CPU; in
    one, the graphs named by `modules` are these modules, each with the inputs of its graph.
    Without a text conditioner the sound has no prompt. seconds: the bundle's default if None.

    Raises:
        HearsightError: a sound holds values that are not numbers.
    """
    bundle = open_bundle(root)
    assert bundle.manifest.audio, "only generators make sound"
    rate = bundle.manifest.audio.sample_rate
    said = PROMPT if bundle.manifest.conditioners.text else ""
    request = Request(
        (Prompt("text", said),),
        seconds=seconds,
        seed=SEED,
        steps=steps,
        finish=Finish(level="none", sample_rate=rate),
    )
    with _Eager(bundle, modules) as engine:
        wanted, _ = _sound(bundle, engine, request)
    found: list[ChainParity] = []
    for precision in precisions:
        with Engine(bundle, device="cpu", precision=precision) as engine:
            heard, rows = _sound(bundle, engine, request)
        found.append(
            ChainParity(
                precision,
                len(wanted) / rate,
                rows,
                _snr_db(heard, wanted),
                log_mel_distance(heard, wanted, rate),
            )
        )
    return tuple(found)


def log_mel_distance(a: NDArray[Any], b: NDArray[Any], sample_rate: int) -> float:
    """Mean absolute difference in dB of the log-mel spectra of two sounds [samples, ...].

    64 bands up to half the sample rate, windows of 1024 samples every 256, magnitudes below
    1e-5 taken as 1e-5.
    """
    listen = LogMel(MelConfig(sample_rate, 1024, 256, 64, 0.0, sample_rate / 2))
    sounds = (np.atleast_2d(np.asarray(x, np.float32).T) for x in (a, b))
    heard = [listen(torch.from_numpy(np.ascontiguousarray(x))) for x in sounds]
    return float((heard[0] - heard[1]).abs().mean()) * 20 / math.log(10)


class _Eager(Engine):
    """An engine whose graphs are PyTorch modules, as far as it has them."""

    def __init__(self, bundle: Bundle, modules: Mapping[str, nn.Module]) -> None:
        super().__init__(bundle, device="cpu", precision="fp32")
        self._graphs = bundle.manifest.graphs
        self._modules = {name: module.eval() for name, module in modules.items()}

    def run(
        self, name: str, inputs: Tensors, cancel: Cancel | None, *, rests: bool = True
    ) -> dict[str, NDArray[Any]]:
        """The named outputs of a module, or of the graph where there is no module."""
        if name not in self._modules:
            return super().run(name, inputs, cancel, rests=rests)
        given = {
            spec.name: torch.from_numpy(np.ascontiguousarray(inputs[spec.name]))
            for spec in self._graphs[name].inputs
        }
        with torch.no_grad():
            result = self._modules[name](**given)
        outputs = result if isinstance(result, tuple) else (result,)
        names = [spec.name for spec in self._graphs[name].outputs]
        return {name: value.numpy() for name, value in zip(names, outputs, strict=True)}

    def step(
        self, inputs: dict[str, Latent], cancel: Cancel, *, last: bool
    ) -> tuple[Latent, Latent]:
        """A row of the denoiser's module."""
        outputs = self.run("denoise", inputs, cancel, rests=last)
        return outputs["x_next"], outputs["d"]


def _sound(bundle: Bundle, engine: Engine, request: Request) -> tuple[NDArray[Any], int]:
    """The sound, and the number of steps it took."""
    generator = Generator(
        bundle,
        engine,
        [Conditioner(bundle, engine)] if bundle.manifest.conditioners.text else [],
        Timing("load", 0.0, cold=True),
        ExitStack(),
    )
    [take] = generator.generate(request)
    return take.audio, take.plan.steps


def _snr_db(found: NDArray[Any], wanted: NDArray[Any]) -> float:
    error = float(np.linalg.norm(found.astype(np.float64) - wanted))
    level = float(np.linalg.norm(wanted.astype(np.float64)))
    return min(-20 * math.log10(error / max(level, 1e-30)), EQUAL_DB) if error else EQUAL_DB
