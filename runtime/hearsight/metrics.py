"""How good a set of sounds is, in numbers: the measures that papers on sound generation report.

They compare embeddings, or the classes that a classifier hears, and mean nothing without the
name of what embedded or classified: values of two networks are not comparable.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import RequestError

__all__ = ["InceptionScore", "divergences", "frechet_distance", "inception_score", "is_exclusive"]

Array = NDArray[np.float32]
Wide = NDArray[np.float64]

_LEAST = 1e-6  # probability that a class has at least, as audioldm_eval adds it


@dataclass(frozen=True)
class InceptionScore:
    """Mean over the splits, from 1 to the number of classes, and its standard deviation."""

    mean: float
    deviation: float
    splits: int


def frechet_distance(made: Array, reference: Array) -> float:
    """How far two sets of embeddings [n, d] and [m, d] are apart as Gaussians.

    |mu1 - mu2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)), covariances over n - 1 (Heusel et al. 2017,
    eq. 6; for sounds Kilgour et al. 2019). Sets of fewer than d come out too far apart.

    Raises:
        RequestError: a set has fewer than two embeddings.
    """
    if min(len(made), len(reference)) < 2:
        raise RequestError("A Fréchet distance needs at least two sounds on either side.")
    (mean1, covariance1), (mean2, covariance2) = _gaussian(made), _gaussian(reference)
    # tr((S1 S2)^(1/2)) is the sum of the singular values of the product of their roots.
    shared = np.linalg.svd(_root(covariance1) @ _root(covariance2), compute_uv=False).sum()
    spread = np.trace(covariance1) + np.trace(covariance2) - 2 * shared
    return float(max(0.0, np.sum((mean1 - mean2) ** 2) + spread))


def inception_score(probabilities: Array, splits: int = 1) -> InceptionScore:
    """How sure a classifier is of each sound, and how varied the sounds are together.

    exp of the mean over x of KL(p(y|x) || p(y)), from probabilities [n, classes] (Salimans et
    al. 2016). `splits`: parts, taken in order, over which mean and deviation are computed.
    Rows of independent classes are scaled to sum to 1.

    Raises:
        RequestError: there are fewer sounds than splits.
    """
    if not 1 <= splits <= len(probabilities):
        raise RequestError(f"{len(probabilities)} sounds cannot be split into {splits} parts.")
    rows = np.asarray(probabilities, np.float64)
    rows = rows / rows.sum(axis=1, keepdims=True)
    scores = [
        math.exp(float(np.mean(_relative(part, part.mean(axis=0, keepdims=True)))))
        for part in np.array_split(rows, splits)
    ]
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)), splits)


def divergences(made: Array, reference: Array) -> Wide:
    """KL(reference || made) of each pair of rows of probabilities [n, classes], as [n].

    A class has a probability of at least 1e-6 in `made`. Rows that sum to 1 give the measure
    that audioldm_eval calls softmax, others, of independent classes, its sigmoid.
    """
    target, heard = np.asarray(reference, np.float64), np.asarray(made, np.float64)
    return np.sum(_log_times(target, np.maximum(target, 1e-300) / (heard + _LEAST)), axis=1)


def is_exclusive(probabilities: Array) -> bool:
    """Whether a sound is of one class: its probabilities sum to 1, up to rounding."""
    return bool(np.allclose(np.sum(probabilities, axis=1, dtype=np.float64), 1, atol=1e-3))


def _gaussian(embeddings: Array) -> tuple[Wide, Wide]:
    wide = np.asarray(embeddings, np.float64)
    mean = wide.mean(axis=0)
    centred = wide - mean
    return mean, centred.T @ centred / (len(wide) - 1)


def _root(covariance: Wide) -> Wide:
    """The symmetric square root; what rounding made negative counts as zero."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def _relative(rows: Wide, mean: Wide) -> Wide:
    return np.sum(_log_times(rows, rows / np.maximum(mean, 1e-300)), axis=1)


def _log_times(weight: Wide, ratio: Wide) -> Wide:
    """weight * log(ratio), 0 where the weight is."""
    safe = np.where(weight > 0, ratio, 1.0)
    return weight * np.log(safe)
