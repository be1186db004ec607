"""iALS: shoppers and items as factors, fitted to all cells by alternating least squares.

Hu, Koren, Volinsky, Collaborative filtering for implicit feedback datasets, ICDM 2008. The library asks for one thread
of linear algebra while it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import numpy as np
import scipy.sparse as sp
from implicit.als import AlternatingLeastSquares
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from likeness.evaluate.baselines.family import Family, Scores, Settings
from likeness.evaluate.baselines.shelf import Facts
from likeness.types import DAY, Vectors

ITERATIONS = 15
LEARNED = ("signal", "factors", "regularization", "alpha")  # settings of the fit, rather than of the question


def _grid(facts: Facts) -> tuple[Settings, ...]:
    """Return factors x regularisation x confidence x fading of the shopper's own items (x signal)."""
    short, long = (30.0, 180.0) if facts.timed else (2.0, 5.0)
    tried = [
        (128.0, 10.0, 50.0, short),
        (128.0, 10.0, 50.0, long),
        (128.0, 10.0, 5.0, short),
        (128.0, 10.0, 5.0, long),
        (256.0, 10.0, 50.0, short),
        (256.0, 10.0, 5.0, long),
    ]
    chosen = tried if len(facts.signals) == 1 else [tried[1], tried[2], tried[3]]
    return tuple(
        {"signal": signal, "factors": f, "regularization": reg, "alpha": alpha, "half_life_days": days}
        for signal in facts.signals
        for f, reg, alpha, days in chosen
    )


def _fit(facts: Facts, grid: Iterable[Settings], seed: int) -> Iterator[tuple[Settings, Scores]]:
    """Fit once for settings that differ only in fading; the shoppers' factors are then solved from what has faded."""
    for _, same in groupby(grid, key=lambda settings: [settings[name] for name in LEARNED]):
        fitted = None
        for settings in same:
            fitted = _fitted(facts, settings, seed) if fitted is None else fitted
            days = settings["half_life_days"]
            history = facts.profile(str(settings["signal"]), None if days is None else float(days) * DAY)
            with threadpool_limits(1, "blas"):
                people = fitted.recalculate_user(np.arange(history.shape[0]), sp.csr_matrix(history))
            yield settings, _scores(np.asarray(people), np.asarray(fitted.item_factors))


def _fitted(facts: Facts, settings: Settings, seed: int) -> AlternatingLeastSquares:
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=int(settings["factors"] or 0),
            regularization=float(settings["regularization"] or 0),
            alpha=float(settings["alpha"] or 0),
            iterations=ITERATIONS,
            use_gpu=False,
            num_threads=1,
            random_state=seed,
        )
        model.fit(sp.csr_matrix(facts.profile(str(settings["signal"]))), show_progress=False)
    return model


def _scores(people: Vectors, items: Vectors) -> Scores:
    def scores(codes: NDArray[np.int64]) -> Vectors:
        result: Vectors = people[np.maximum(codes, 0)] @ items.T
        result[codes < 0] = 0
        return result

    return scores


IALS = Family(name="iALS", grid=_grid, fit=_fit)
