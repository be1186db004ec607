"""Training of the scorer: a weighted sum by cross-entropy, and trees on top of it where they prove themselves.

`docs/decisions/scorer.md` compares the alternatives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from msgspec import structs

from likeness.rank.boosted import BoostedScorer, boosted
from likeness.rank.entropy import cross_entropy, standardised
from likeness.rank.examples import Example, Hits, Thinned, thinned
from likeness.rank.features import NAMES
from likeness.rank.folds import tried
from likeness.rank.linear import LinearScorer, ScorerReport
from likeness.types import Floats

LEAST_HITS, LEAST_SHOPPERS = 200, 50  # below, there is too little to learn from

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


def default_scorer() -> LinearScorer:
    """Return the scorer of recommendations with its default weights, which read features as they are."""
    return default_of(NAMES)


def default_of(names: Sequence[str], report: ScorerReport | None = None) -> LinearScorer:
    """Return the default scorer of these features."""
    return LinearScorer(names, _defaults(names).tolist(), report=report)


def fit_scorer(
    examples: Iterable[Example | tuple[Floats, Hits]], names: Sequence[str], *, seed: int, trees: bool = True
) -> LinearScorer | BoostedScorer:
    """Return the scorer learnt from what shoppers were offered and what they wanted; `seed` draws the others.

    With fewer than LEAST_HITS purchases or LEAST_SHOPPERS shoppers among the candidates it is the default one; with
    trees only where `tried` finds a gain that chance does not explain; else linear. It says which (`origin`) and why
    (`report`). A pair (features (n, F), wanted (n,)) tells neither who nor when: trees are not tried on it.
    """
    return scorer_of(thinned((_example(one) for one in examples), seed=seed), names, seed=seed, trees=trees)


def scorer_of(
    shoppers: Sequence[Thinned], names: Sequence[str], *, seed: int, trees: bool = True
) -> LinearScorer | BoostedScorer:
    """Return the scorer learnt from thinned examples, as `fit_scorer` does."""
    hits = sum(int(shopper.hit.sum()) for shopper in shoppers)
    report = ScorerReport(shoppers=len(shoppers), purchases=hits, reason="default: too little to learn from")
    if hits < LEAST_HITS or len(shoppers) < LEAST_SHOPPERS:
        return default_of(names, report)
    linear = fit_linear(shoppers, names)
    if not trees:
        return linear.reported(structs.replace(report, reason="linear: trees were not asked for"))
    report = tried(shoppers, lambda some: fit_linear(some, names), report, least=LEAST_SHOPPERS, seed=seed)
    if report.gain is None or report.gain[1] <= 0:
        return linear.reported(report)
    return boosted(shoppers, linear.reported(report), rounds=report.rounds, shrink=report.shrink, seed=seed)


def fit_linear(shoppers: Sequence[Thinned], names: Sequence[str]) -> LinearScorer:
    """Return the linear scorer of thinned examples; a column that is the same in all keeps its default weight."""
    features, means, scales, seen = standardised(np.concatenate([shopper.features for shopper in shoppers]))
    weights = _defaults(names)
    hits, stands = [shopper.hit for shopper in shoppers], [shopper.weight for shopper in shoppers]
    weights[seen] = cross_entropy(features[:, seen], hits, stands)
    return LinearScorer(names, weights.tolist(), means.tolist(), scales.tolist(), origin="fitted")


def _example(one: Example | tuple[Floats, Hits]) -> Example:
    if isinstance(one, Example):
        return one
    features, hit = one
    return Example(shopper="", asked=np.nan, until=np.nan, features=features, targets=hit[:, None])


def _defaults(names: Sequence[str]) -> Floats:
    return np.array([DEFAULT.get(name, 0.0) for name in names])
