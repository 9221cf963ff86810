"""Weights that follow from names: what a test fills a network with, and what goldens were made by.

A tensor's values depend on its name and shape alone, so that two programs that fill the same
architecture, each under the checkpoint's own names, compute the same thing.
"""

from __future__ import annotations

import math
import zlib

import numpy as np
import torch
from torch import nn

__all__ = ["fill", "seeded"]

STATISTICS = ("running_mean", "running_var")


def seeded(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """The float32 array of a tensor, from a generator seeded with the CRC of its name.

    Kernels and matrices have variance 1 / fan-in; gains lie near 1 and biases near 0; variances
    and the gains of weight norm are above 1; a scalar is 1.
    """
    last = name.rpartition(".")[2]
    generator = np.random.RandomState(zlib.crc32(name.encode()))
    normal = generator.standard_normal(shape).astype(np.float32)
    if last in ("weight_g", "original0", "running_var"):
        values = 1 + 0.1 * np.abs(normal)
    elif len(shape) == 0:
        values = np.ones(shape)
    elif len(shape) == 1:
        values = 1 + 0.05 * normal if last in ("weight", "gamma", "g") else 0.02 * normal
    else:
        values = normal / math.sqrt(math.prod(shape[1:]) or 1)
    return np.asarray(values, np.float32)


def fill(module: nn.Module) -> nn.Module:
    """Set a module's parameters and batch-norm statistics by `seeded`; other buffers stay."""
    tensors = dict(module.named_parameters(remove_duplicate=False))
    tensors |= {n: b for n, b in module.named_buffers() if n.rpartition(".")[2] in STATISTICS}
    with torch.no_grad():
        for name, tensor in tensors.items():
            tensor.copy_(torch.from_numpy(seeded(name, tuple(tensor.shape))))
    return module
