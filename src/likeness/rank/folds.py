"""Whether trees help: tried on shoppers, or on times, that they were not grown on.

Shoppers of the same weeks buy the same things, and trees that have seen what some of them bought know the weeks'
fashions when asked about others: on a log with times they are tried forwards, grown on what ended before the last
moment asked about. A log of positions has no common time; there they are tried on other shoppers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Literal

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from likeness.rank.boosted import grow, predicted
from likeness.rank.examples import Thinned
from likeness.rank.linear import LinearScorer, ScorerReport
from likeness.seeds import rng_of
from likeness.types import Floats

K = 10
ROUNDS, SHRINKS = (25, 50, 100), (0.5, 1.0)  # what is tried
SURE = 2.64  # standard errors: 95 % for all six choices together (Bonferroni)
FOLDS = 3
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]  # which examples to grow on, which to try on
Kind = Literal["forward", "shoppers", "none"]


def tried(
    shoppers: Sequence[Thinned],
    fit: Callable[[Sequence[Thinned]], LinearScorer],
    report: ScorerReport,
    *,
    least: int,
    seed: int,
) -> ScorerReport:
    """Return the report with the best trees' NDCG@10, the linear scorer's, and the gain's interval.

    `fit` makes the linear scorer of some of the shoppers. Gain is None where trees could not be tried.
    """
    if find_spec("lightgbm") is None:
        return structs.replace(report, reason="linear: lightgbm is not installed")
    kind, folds = folds_of(shoppers, seed)
    if kind == "none" or min(len(part) for fold in folds for part in fold) < least:
        return structs.replace(report, reason="linear: the log is too short to try trees on later times")
    found = [_gains([shoppers[i] for i in train], [shoppers[i] for i in test], fit, seed) for train, test in folds]
    names = [shoppers[i].shopper for _, test in folds for i in test]
    base, gains = np.concatenate([one for one, _ in found]), np.concatenate([two for _, two in found])
    base, gains = _once(names, base[:, None])[:, 0], _once(names, gains)
    best = int(gains.mean(axis=0).argmax())
    mean, error = float(gains[:, best].mean()), SURE * float(gains[:, best].std()) / len(gains) ** 0.5
    rounds, shrink = [(rounds, shrink) for rounds in ROUNDS for shrink in SHRINKS][best]
    return structs.replace(
        report,
        folds=kind,
        linear=float(base.mean()),
        boosted=float(base.mean()) + mean,
        gain=(mean, mean - error, mean + error),
        rounds=rounds,
        shrink=shrink,
        reason="boosted: trees gain" if mean > error else "linear: trees gain nothing that chance does not explain",
    )


def folds_of(shoppers: Sequence[Thinned], seed: int) -> tuple[Kind, list[Fold]]:
    """Return how trees can be tried on these examples, and the parts."""
    asked, until = (np.array([getattr(one, name) for one in shoppers]) for name in ("asked", "until"))
    if not len(shoppers) or not np.isfinite(asked).all():
        return "none", []
    if np.isfinite(until).all():
        return "forward", [(np.flatnonzero(until <= asked.max()), np.flatnonzero(asked == asked.max()))]
    names, code = np.unique([one.shopper for one in shoppers], return_inverse=True)
    fold = (rng_of("folds", seed).permutation(len(names)) % FOLDS)[code]
    return "shoppers", [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(FOLDS)]


def ndcg(scores: Floats, hit: NDArray[np.bool_], k: int = K) -> float:
    """Return NDCG@k of one shopper's candidates, 0 where nothing was wanted; ties in the order given."""
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    gained = hit[np.argsort(-scores, kind="stable")[:k]]
    wanted = min(int(hit.sum()), k)
    return float(gained @ discount[: len(gained)] / discount[:wanted].sum()) if wanted else 0.0


def _once(names: Sequence[str], values: Floats) -> Floats:
    """Return (S, C) the mean row of each shopper: asked twice, somebody is no second witness."""
    _, code, count = np.unique(names, return_inverse=True, return_counts=True)
    total = np.zeros((len(count), values.shape[1]))
    np.add.at(total, code, values)
    return total / count[:, None]


def _gains(
    train: Sequence[Thinned], test: Sequence[Thinned], fit: Callable[[Sequence[Thinned]], LinearScorer], seed: int
) -> tuple[Floats, Floats]:
    """Return (n,) the linear scorer's NDCG and (n, choices) what each choice of trees adds, per shopper of `test`."""
    linear = fit(train)
    trees = grow(train, linear, rounds=max(ROUNDS), seed=seed)
    stop = np.cumsum([len(one.hard_hit) for one in test])[:-1]
    features = np.concatenate([one.hard for one in test])
    base = linear.score(features)
    extra = [predicted(trees, features, rounds) * shrink for rounds in ROUNDS for shrink in SHRINKS]

    def per_shopper(scores: Floats) -> Floats:
        parts = zip(np.split(scores, stop), test, strict=True)
        return np.array([ndcg(part, one.hard_hit) for part, one in parts])

    alone = per_shopper(base)
    return alone, np.column_stack([per_shopper(base + more) - alone for more in extra])
