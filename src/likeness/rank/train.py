"""Training of the linear scorer: cross-entropy between a softmax over a shopper's candidates and what they bought.

Every shopper counts alike. All that was bought is kept, and a share of the other candidates stands for the rest,
weighted up inside the softmax. `docs/decisions/scorer.md` compares the alternatives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from likeness.rank.features import NAMES
from likeness.rank.linear import LinearScorer
from likeness.seeds import rng_of
from likeness.types import Floats, Vectors

OTHERS = 100  # candidates of a shopper, not bought, that are looked at
LEAST_HITS, LEAST_SHOPPERS = 200, 50  # below, there is too little to learn from
SHRINK = 1e-3  # L2 weight on standardised weights
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
"""The weights of a shop whose log is too short to learn from, and of columns that no example showed."""


@dataclass(frozen=True)
class _Shopper:
    """What one shopper's candidates were, thinned."""

    features: Vectors  # (k, F)
    bought: Hits  # (k,)
    weight: Vectors  # (k,) how many candidates each stands for


def default_scorer() -> LinearScorer:
    """Return the scorer of recommendations with its default weights, which read features as they are."""
    return LinearScorer(NAMES, _defaults(NAMES).tolist())


def fit_scorer(examples: Iterable[tuple[Floats, Hits]], names: Sequence[str], *, seed: int) -> LinearScorer:
    """Return the scorer learnt from one (n, F) features and (n,) bought per shopper; `seed` draws the others.

    With fewer than LEAST_HITS purchases or LEAST_SHOPPERS shoppers among the candidates it is the default one, and
    says so (`origin`). A column that is the same in all examples keeps its default weight.
    """
    rng = rng_of("others", seed)
    shoppers = [_thinned(features, bought, rng) for features, bought in examples if bought.any()]
    hits = sum(int(shopper.bought.sum()) for shopper in shoppers)
    if hits < LEAST_HITS or len(shoppers) < LEAST_SHOPPERS:
        return LinearScorer(names, _defaults(names).tolist())
    features = np.concatenate([shopper.features for shopper in shoppers])
    means, scales = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
    seen = scales > 1e-6
    means, scales = np.where(seen, means, 0.0), np.where(seen, scales, 1.0)
    features -= means.astype(np.float32)
    features /= scales.astype(np.float32)
    learnt = cross_entropy(features[:, seen], shoppers)
    weights = _defaults(names)
    weights[seen] = learnt
    return LinearScorer(names, weights.tolist(), means.tolist(), scales.tolist(), origin="fitted")


def cross_entropy(features: Vectors, shoppers: Sequence[_Shopper]) -> Floats:
    """Return (F,) the weights that minimise the mean cross-entropy of the shoppers plus SHRINK x their squares.

    `features` are the standardised features of all shoppers, one below the other.
    """
    start = np.cumsum([0, *(len(shopper.bought) for shopper in shoppers)])
    length, start = np.diff(start), start[:-1]
    share = np.concatenate([shopper.bought / shopper.bought.sum() for shopper in shoppers]).astype(np.float32)
    offset = np.log(np.concatenate([shopper.weight for shopper in shoppers]))

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = features @ weights.astype(np.float32) + offset
        scores -= np.repeat(np.maximum.reduceat(scores, start), length)
        chance = np.exp(scores)
        total = np.repeat(np.add.reduceat(chance, start), length)
        missed = -float((share * (scores - np.log(total))).sum()) / len(start)
        slope = ((chance / total - share) @ features).astype(np.float64) / len(start)
        return missed + SHRINK * float(weights @ weights), slope + 2 * SHRINK * weights

    found = minimize(loss, np.zeros(features.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    return np.asarray(found.x, np.float64)


def _defaults(names: Sequence[str]) -> Floats:
    return np.array([DEFAULT.get(name, 0.0) for name in names])


def _thinned(features: Floats, bought: Hits, rng: np.random.Generator) -> _Shopper:
    """Keep what was bought, and OTHERS of the rest."""
    rest = np.flatnonzero(~bought)
    few = np.sort(rng.permutation(rest)[:OTHERS])
    rows = np.concatenate([np.flatnonzero(bought), few])
    weight = np.where(bought[rows], 1.0, len(rest) / max(len(few), 1)).astype(np.float32)
    return _Shopper(np.nan_to_num(features[rows]).astype(np.float32), bought[rows], weight)
