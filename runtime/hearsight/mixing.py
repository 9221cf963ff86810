"""Several prompts become one instruction to the denoiser: conditions and what each counts.

Every sum here has a set order or is rounded once, so that all machines mix alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from . import exact
from .errors import RequestError

__all__ = ["average", "branches", "cosine", "mean"]

Array = NDArray[np.float32]

_SHORT = 1e-12  # what shorter vectors are taken to be long, so that zeros stay zeros
_CANCELLED = 1e-6  # below this a mean of unit vectors points nowhere
_CANCEL = "The prompts cancel each other out; change a weight, or use mix branches."


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
    shares = _shares(weights)
    stack = np.stack(conditions).astype(np.float64)
    if stack[0].ndim > 1:
        return _sum(shares, stack).astype(np.float32)
    lengths = _lengths(stack)
    if not lengths.any():
        return conditions[0]
    towards = _sum(shares, stack / np.maximum(lengths, _SHORT)[:, None])
    length = math.sqrt(exact.dot(towards, towards))
    if length < _CANCELLED:
        raise RequestError(_CANCEL)
    size = exact.dot(np.abs(shares), lengths) / math.fsum(np.abs(shares))
    return (towards * (size / length)).astype(np.float32)


def mean(values: Sequence[Array], weights: Sequence[float], how: Literal["raw", "unit"]) -> Array:
    """The weighted mean of arrays [..., D] as they are, or of unit vectors, as one again.

    For `unit` every vector along the last axis is brought to length 1 before the mean is taken
    and after it, zeros excepted.

    Raises:
        RequestError: weighted unit vectors cancel out.
    """
    stack, shares = np.stack(values).astype(np.float64), _shares(weights)
    if how == "raw":
        return _sum(shares, stack).astype(np.float32)
    lengths = _lengths(stack)
    towards = _sum(shares, stack / np.maximum(lengths, _SHORT)[..., None])
    length = _lengths(towards)
    if np.any((length < _CANCELLED) & lengths.any(axis=0)):
        raise RequestError(_CANCEL)
    return (towards / np.maximum(length, _SHORT)[..., None]).astype(np.float32)


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
    shares = _shares(weights)
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
    size = math.sqrt(exact.dot(a, a)) * math.sqrt(exact.dot(b, b))
    return exact.dot(a, b) / size if size else 0.0


def _shares(weights: Sequence[float]) -> NDArray[np.float64]:
    return np.asarray(weights, np.float64) / math.fsum(weights)


def _sum(shares: NDArray[np.float64], stack: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weighted sum over the first axis, one after the other."""
    total = shares[0] * stack[0]
    for share, each in zip(shares[1:], stack[1:], strict=True):
        total = total + share * each
    return total


def _lengths(stack: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of every vector along the last axis."""
    vectors = stack.reshape(-1, stack.shape[-1])
    found = np.array([math.sqrt(exact.dot(each, each)) for each in vectors])
    return found.reshape(stack.shape[:-1])
