"""Several prompts become one instruction to the denoiser: conditions and what each counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .errors import RequestError

__all__ = ["average", "branches", "cosine"]

Array = NDArray[np.float32]


def average(conditions: Sequence[Array], weights: Sequence[float]) -> Array:
    """One condition in the direction of several, weighted.

    Vectors [D] are normalised, averaged, and brought to the weighted mean of their lengths, so
    that a long vector does not drown the others. Sequences [L, D] are averaged as they are. A
    single condition comes back untouched, and so do zeros, which say nothing.

    Raises:
        RequestError: the weighted vectors cancel out.
    """
    if len(conditions) == 1:
        return conditions[0]
    shares = np.asarray(weights, np.float64) / np.sum(weights)
    stack = np.stack(conditions).astype(np.float64)
    if stack[0].ndim > 1:
        return np.tensordot(shares, stack, 1).astype(np.float32)
    lengths = np.linalg.norm(stack, axis=1)
    if not lengths.any():
        return conditions[0]
    mean = shares @ (stack / np.maximum(lengths, 1e-12)[:, None])
    length = float(np.linalg.norm(mean))
    if length < 1e-6:
        raise RequestError(
            "The prompts cancel each other out; change a weight, or use mix branches."
        )
    size = float(np.abs(shares) @ lengths / np.abs(shares).sum())
    return (mean * (size / length)).astype(np.float32)


def branches(
    conditions: Sequence[Array],
    weights: Sequence[float],
    against: Array | None,
    guidance: float,
) -> tuple[Array, Array]:
    """Conditions [G, ...space] and weights [G], which sum to 1: `against` first, then the prompts.

    The noise prediction is (1 - s) * eps(against) + s * sum of p_i * eps(prompt i), with s the
    guidance and p_i the weights normalised (Ho and Salimans 2022, eq. 6; Liu et al. 2022, eq. 11
    with a common empty branch). Branches that count nothing are left out, they would cost a model
    call each: at guidance 1 `against` is not needed.

    Raises:
        RequestError: there is nothing to guide away from, and guidance is not 1.
    """
    shares = np.asarray(weights, np.float64) / np.sum(weights)
    if against is None and guidance != 1:
        raise RequestError(
            f"guidance is {guidance:g}, but this bundle has no empty condition to guide away from; "
            "set guidance to 1 or give a negative prompt."
        )
    pairs = [(guidance * share, c) for share, c in zip(shares, conditions, strict=True)]
    if against is not None:
        pairs.insert(0, (1 - guidance, against))
    pairs = [(weight, c) for weight, c in pairs if weight]
    cond = np.stack([c for _, c in pairs]).astype(np.float32)
    return cond, np.array([weight for weight, _ in pairs], np.float32)


def cosine(a: Array, b: Array) -> float:
    """How alike two conditions are, 1 for the same direction; 0 if one says nothing."""
    size = float(np.sqrt(np.sum(np.square(a)) * np.sum(np.square(b))))
    return float(np.vdot(a, b)) / size if size else 0.0
