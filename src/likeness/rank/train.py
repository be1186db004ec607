"""Training of the linear scorer: which of the candidates were bought, by logistic regression with a little shrinkage.

Positives are rare, so that all of them are kept and a share of the others stands for the rest, weighted up. Features
are standardised; the intercept is dropped at the end, since it moves all scores alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from likeness.rank.features import NAMES
from likeness.rank.linear import LinearScorer
from likeness.seeds import rng_of
from likeness.types import Floats, Vectors

OTHERS = 150  # candidates of a shopper, not bought, that are looked at
LEAST_HITS, LEAST_SHOPPERS = 200, 50  # below, there is too little to learn from
SHRINK = 1e-4  # L2 weight on standardised weights, per example
STEPS = 150
Hits = NDArray[np.bool_]

DEFAULT: Mapping[str, float] = {
    "again:bought": -4.0,  # about where a good new item stands: what was bought comes back if it was bought often
    "again:faded_3": 1.0,
    "again:lately_repeat": 0.5,
    "popular:month": 0.4,
    "popular:month/again": 0.4,
    "together:score": 1.0,
    "similar:score": 2.0,
    "taste:long": 1.0,
    "facet:category": 1.0,
    "facet:brand": 0.5,
}
"""The weights of a shop whose log is too short to learn from; features are read as they are."""


def default_scorer() -> LinearScorer:
    """Return the scorer of recommendations with its default weights."""
    return LinearScorer(NAMES, [DEFAULT.get(name, 0.0) for name in NAMES])


def fit_scorer(examples: Iterable[tuple[Floats, Hits]], names: Sequence[str], *, seed: int) -> LinearScorer:
    """Return the scorer learnt from one (n, F) features and (n,) bought per shopper; `seed` draws the others.

    With fewer than LEAST_HITS purchases or LEAST_SHOPPERS shoppers among the candidates it is the default one, and
    says so (`origin`).
    """
    kept = list(_thinned(examples, rng_of("others", seed)))
    hits = sum(int(bought.sum()) for _, bought, _ in kept)
    if hits < LEAST_HITS or len(kept) < LEAST_SHOPPERS:
        return LinearScorer(names, [DEFAULT.get(name, 0.0) for name in names])
    features = np.concatenate([part for part, _, _ in kept])
    bought = np.concatenate([part for _, part, _ in kept])
    weight = np.concatenate([part for _, _, part in kept])
    means, scales = features.mean(axis=0), features.std(axis=0)
    scales = np.where(scales > 1e-6, scales, 1.0)
    features -= means
    features /= scales
    learnt = logistic(features, bought, weight)
    return LinearScorer(names, learnt.tolist(), means.tolist(), scales.tolist(), origin="fitted")


def logistic(features: Vectors, bought: Hits, weight: Vectors) -> Floats:
    """Return (F,) the weights that minimise the mean logistic loss of (n, F) features plus SHRINK x their squares."""
    total, sign = float(weight.sum()), np.where(bought, 1.0, -1.0).astype(np.float32)

    def loss(point: Floats) -> tuple[float, Floats]:
        margin = sign * (features @ point[1:].astype(np.float32) + np.float32(point[0]))
        pull = -sign * weight / (1.0 + np.exp(np.clip(margin, -30, 30)))
        gradient = np.append(pull.sum(), pull @ features).astype(np.float64) / total
        gradient[1:] += 2 * SHRINK * point[1:]
        return float((weight * np.logaddexp(0, -margin)).sum()) / total + SHRINK * float(point[1:] @ point[1:]), gradient

    found = minimize(loss, np.zeros(features.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    return np.asarray(found.x[1:], np.float64)


def _thinned(
    examples: Iterable[tuple[Floats, Hits]], rng: np.random.Generator
) -> Iterator[tuple[Vectors, Hits, Vectors]]:
    """Yield features, bought and weights of shoppers with a hit: all hits, and OTHERS of the rest weighted up."""
    for features, bought in examples:
        if not bought.any():
            continue
        rest = np.flatnonzero(~bought)
        few = np.sort(rng.permutation(rest)[:OTHERS])
        rows = np.concatenate([np.flatnonzero(bought), few])
        weight = np.where(bought[rows], 1.0, len(rest) / max(len(few), 1)).astype(np.float32)
        yield np.nan_to_num(features[rows]).astype(np.float32), bought[rows], weight
