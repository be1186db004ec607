"""Cross-entropy between a softmax over a shopper's candidates and what they wanted: the loss of the linear scorer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from likeness.types import Floats, Vectors

SHRINK = 1e-3  # L2 weight on standardised weights
STEPS = 150
Hits = NDArray[np.bool_]


def standardised(features: Vectors) -> tuple[Vectors, Floats, Floats, Hits]:
    """Return (n, F) features of mean 0 and deviation 1 in place, means (F,), scales (F,), and which columns vary."""
    means, scales = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
    seen = scales > 1e-6
    means, scales = np.where(seen, means, 0.0), np.where(seen, scales, 1.0)
    features -= means.astype(np.float32)
    features /= scales.astype(np.float32)
    return features, means, scales, seen


def cross_entropy(features: Vectors, hits: Sequence[Hits], stands: Sequence[Vectors], *, steps: int = STEPS) -> Floats:
    """Return (F,) the weights that minimise the mean cross-entropy of the shoppers plus SHRINK x their squares.

    `features` are the standardised features of all shoppers, one below the other; `hits` and `stands` say per shopper
    what was wanted, and how many candidates each row stands for. Every shopper counts alike.
    """
    start = np.cumsum([0, *(len(hit) for hit in hits)])
    length, start = np.diff(start), start[:-1]
    share = np.concatenate([hit / hit.sum() for hit in hits]).astype(np.float32)
    offset = np.log(np.concatenate(list(stands)))

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = features @ weights.astype(np.float32) + offset
        scores -= np.repeat(np.maximum.reduceat(scores, start), length)
        chance = np.exp(scores)
        total = np.repeat(np.add.reduceat(chance, start), length)
        missed = -float((share * (scores - np.log(total))).sum()) / len(start)
        slope = ((chance / total - share) @ features).astype(np.float64) / len(start)
        return missed + SHRINK * float(weights @ weights), slope + 2 * SHRINK * weights

    found = minimize(loss, np.zeros(features.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": steps})
    return np.asarray(found.x, np.float64)
