"""Does a written graph compute what PyTorch computes, and how nearly?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state
from torch import Tensor, nn

from hearsight.manifest import Parity, Precision

__all__ = ["RUNTIME_ERRORS", "Answer", "ParityError", "answers", "compare_with", "sizes"]

EQUAL_DB = 300.0
RUNTIME_ERRORS: tuple[type[Exception], ...] = tuple(
    kind
    for kind in vars(onnxruntime_pybind11_state).values()
    if isinstance(kind, type) and issubclass(kind, Exception)
)
"""What ONNX Runtime raises about a graph; its errors have nothing else in common."""


class ParityError(Exception):
    """An exported graph that does not compute what PyTorch computes."""


@dataclass(frozen=True)
class Answer:
    """Inputs of a graph, what PyTorch makes of them in order, and their size in words."""

    inputs: Mapping[str, NDArray]
    outputs: Sequence[NDArray]
    size: str


def answers(
    module: nn.Module,
    samples: Sequence[Mapping[str, Tensor]],
    axes: Mapping[str, Mapping[int, str]],
) -> list[Answer]:
    """PyTorch's outputs for every sample."""
    found: list[Answer] = []
    for sample in samples:
        with torch.no_grad():
            result = module(**sample)
        outputs = [t.numpy() for t in (result if isinstance(result, tuple) else (result,))]
        inputs = {name: value.numpy() for name, value in sample.items()}
        found.append(Answer(inputs, outputs, sizes(sample, axes)))
    return found


def sizes(sample: Mapping[str, Tensor], axes: Mapping[str, Mapping[int, str]]) -> str:
    """What the free axes are in a sample, such as `B=2 T=13`; `fixed` if there are none."""
    known: dict[str, int] = {}
    for name, free in axes.items():
        for axis, symbol in free.items():
            times = re.match(r"[0-9]*", symbol)[0]
            if symbol != "GB":
                size = sample[name].shape[axis] // int(times or 1)
                known.setdefault(symbol.removeprefix(times), size)
    return " ".join(f"{symbol}={size}" for symbol, size in sorted(known.items())) or "fixed"


def compare_with(
    wanted: Sequence[Answer], path: Path, names: Sequence[str], precision: Precision, title: str
) -> Iterator[Parity]:
    """Run a written graph on every answer's inputs; the worst of its outputs, size by size.

    names: of the outputs, in order. title: of the graph, for errors.

    Raises:
        ParityError: an output has another shape, or values that are not numbers.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    for answer in wanted:
        found = session.run(None, dict(answer.inputs))
        worst = (0.0, 0.0)
        for name, a, b in zip(names, found, answer.outputs, strict=True):
            if a.shape != b.shape:
                raise ParityError(f"{title}: output {name} is {a.shape}, PyTorch gives {b.shape}")
            if not (np.isfinite(a).all() and np.isfinite(b).all()):
                raise ParityError(
                    f"{title}: output {name} holds values that are not numbers at {answer.size}"
                )
            error = a.astype(np.float64) - b
            relative = float(np.linalg.norm(error)) / (float(np.linalg.norm(b)) + 1e-30)
            worst = max(worst[0], float(np.abs(error).max(initial=0.0))), max(worst[1], relative)
        snr = -20 * math.log10(worst[1]) if worst[1] else EQUAL_DB
        yield Parity(precision, *worst, min(snr, EQUAL_DB), (answer.size,))
