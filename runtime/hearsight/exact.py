"""Elementary functions and sums that give the same bits on every machine.

The logarithms, sines and cosines of maths libraries differ in the last bit, from one system to
the next and between NumPy on one processor and on another. These are written out as sums and
products of float64, which IEEE 754 rounds the same way everywhere. Sums over many numbers are
rounded once, so that their order does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["dot", "log", "turn"]

Array = NDArray[np.float64]


def log(u: Array) -> Array:
    """Natural logarithm of 0 < u <= 1: ln 2**e + 2 artanh((m - 1) / (m + 1)); -inf at 0."""
    mantissa, exponent = np.frexp(u)
    low = mantissa < 0.7071067811865476
    mantissa = np.where(low, mantissa * 2.0, mantissa)
    exponent = exponent - low
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    series = _polynomial(ratio * ratio, [2.0 / (2 * n + 1) for n in range(11)])
    return np.where(u > 0, exponent * 0.6931471805599453 + ratio * series, -np.inf)


def turn(v: Array) -> tuple[Array, Array]:
    """Cosine and sine of v whole turns, 0 <= v < 1: Taylor series within an eighth of a turn."""
    quarter = np.floor(v * 4.0 + 0.5)
    angle = (v - quarter * 0.25) * 6.283185307179586
    square = angle * angle
    cosine = _polynomial(square, _COSINE)
    sine = angle * _polynomial(square, _SINE)
    quarter = quarter % 4
    odd = quarter % 2 == 1
    across, up = np.where(odd, sine, cosine), np.where(odd, cosine, sine)
    return (
        np.where((quarter == 1) | (quarter == 2), -across, across),
        np.where(quarter >= 2, -up, up),
    )


def dot(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Sum of the products of two vectors: each product rounded to float64, then the sum."""
    return math.fsum(np.multiply(a, b, dtype=np.float64).tolist())


def _polynomial(x: Array, coefficients: Sequence[float]) -> Array:
    """Horner's rule, lowest power first."""
    total = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return total


def _reciprocal_factorials(first: int) -> list[float]:
    """1/first!, -1/(first+2)!, 1/(first+4)! ...: nine terms."""
    terms, value = [1.0], 1.0
    for n in range(first + 2, first + 18, 2):
        value = -value / ((n - 1) * n)
        terms.append(value)
    return terms


_COSINE = _reciprocal_factorials(0)
_SINE = _reciprocal_factorials(1)
