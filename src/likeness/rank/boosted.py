"""The boosted scorer: the linear one, and shallow trees grown on what it leaves over, by LambdaMART.

Burges, From RankNet to LambdaRank to LambdaMART, 2010. The trees start from the linear score instead of from nothing,
so that few of them suffice and every part of a score can still be read: a feature's share is its linear share and its
Shapley value in the trees (Lundberg et al., 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from msgspec import structs

from likeness.errors import MissingExtra, StoreError
from likeness.rank.linear import LinearScorer, Origin, ScorerReport
from likeness.types import Floats, Vectors

if TYPE_CHECKING:
    from lightgbm import Booster

    from likeness.rank.examples import Thinned

TREES = ".trees.txt"  # beside the linear scorer's file, in LightGBM's own text
GROWTH = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 20,
    "num_leaves": 6,
    "max_depth": 3,
    "learning_rate": 0.03,
    "min_data_in_leaf": 200,
    "lambda_l2": 10.0,
    "max_bin": 63,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,  # the data is small, and threads that wait for each other cost more on a busy machine
    "verbose": -1,
}


class BoostedScorer:
    """score = linear score + shrink x sum of trees; a missing feature (NaN) counts as the linear scorer's mean."""

    def __init__(self, linear: LinearScorer, trees: Booster, *, shrink: float = 1.0) -> None:
        """Keep both. Raises ValueError when they read different numbers of features."""
        if trees.num_feature() != len(linear.names):
            raise ValueError(f"the trees read {trees.num_feature()} features, the linear scorer {len(linear.names)}.")
        self.linear, self._trees, self._shrink = linear, trees, shrink
        self.names = linear.names
        self.origin: Origin = "boosted"

    @property
    def report(self) -> ScorerReport | None:
        """How this scorer came about."""
        return self.linear.report

    def score(self, features: Floats) -> Floats:
        """Return (n,) scores of (n, F) features."""
        if not len(features):
            return np.zeros(0)
        return self.linear.score(features) + self._shrink * predicted(self._trees, self._filled(features))

    def contributions(self, features: Floats) -> Floats:
        """Return (n, F): how much each feature adds; rows sum to the score but for one constant.

        The trees' part takes thousands of times as long as a score: ask it of the places shown, not of the pool.
        """
        if not len(features):
            return np.zeros((0, len(self.names)))
        shares = self._trees.predict(self._filled(features), pred_contrib=True, num_threads=1)
        return self.linear.contributions(features) + self._shrink * np.asarray(shares)[:, :-1]

    def save(self, path: Path) -> None:
        """Write the linear scorer as JSON and the trees as text beside it."""
        path.with_suffix(TREES).write_text(self._trees.model_to_string(), encoding="utf-8")
        none = ScorerReport(shoppers=0, purchases=0, reason="boosted")
        report = structs.replace(none if self.report is None else self.report, shrink=self._shrink)
        self.linear.reported(report, origin="boosted").save(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing or damaged, MissingExtra without LightGBM."""
        linear = LinearScorer.load(path)
        try:
            from lightgbm import Booster
            from lightgbm.basic import LightGBMError
        except ImportError as missing:
            raise MissingExtra("a scorer with trees", "learn") from missing
        try:
            trees = Booster(model_str=path.with_suffix(TREES).read_text(encoding="utf-8"))
        except (OSError, LightGBMError) as broken:
            raise StoreError(
                f"{path.with_suffix(TREES)} cannot be read: {broken}.", remedy="Fit the shop again."
            ) from broken
        shrink = linear.report.shrink if linear.report is not None else 1.0
        return cls(linear.reported(linear.report, origin="fitted"), trees, shrink=shrink)

    def _filled(self, features: Floats) -> Floats:
        return np.where(np.isnan(features), self.linear.means, features)


def load_scorer(path: Path) -> LinearScorer | BoostedScorer:
    """Read whichever scorer was saved. Raises StoreError when it is missing or damaged."""
    linear = LinearScorer.load(path)
    return BoostedScorer.load(path) if linear.origin == "boosted" else linear


def boosted(
    shoppers: Sequence[Thinned], linear: LinearScorer, *, rounds: int, shrink: float, seed: int
) -> BoostedScorer:
    """Return the linear scorer with trees grown on all of the shoppers."""
    return BoostedScorer(linear, grow(shoppers, linear, rounds=rounds, seed=seed), shrink=shrink)


def grow(shoppers: Sequence[Thinned], linear: LinearScorer, *, rounds: int, seed: int) -> Booster:
    """Return trees grown on the hard candidates of the shoppers, starting from their linear scores."""
    import lightgbm

    some = [one for one in shoppers if one.hard_hit.any()]
    features = np.concatenate([one.hard for one in some])
    data = lightgbm.Dataset(
        features,
        np.concatenate([one.hard_hit for one in some]).astype(np.int32),
        group=[len(one.hard_hit) for one in some],
        init_score=linear.score(features),
        params={"max_bin": GROWTH["max_bin"], "verbose": -1},
    )
    return lightgbm.train({**GROWTH, "seed": seed}, data, rounds)


def predicted(trees: Booster, features: Floats | Vectors, rounds: int | None = None) -> Floats:
    """Return (n,) what the first `rounds` trees add, all of them without."""
    return np.asarray(trees.predict(features, raw_score=True, num_iteration=rounds, num_threads=1), np.float64)
