"""iALS: shoppers and items as factors, fitted to all cells by alternating least squares.

Hu, Koren, Volinsky, Collaborative filtering for implicit feedback datasets, ICDM 2008. The library asks for one thread
of linear algebra while it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import scipy.sparse as sp
from implicit.als import AlternatingLeastSquares
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from likeness.evaluate.baselines.family import Family, Scores, Settings
from likeness.evaluate.baselines.shelf import Facts
from likeness.types import Vectors

ITERATIONS = 15


def _grid(facts: Facts) -> tuple[Settings, ...]:
    """Return factors x regularisation x confidence (x signal)."""
    tried = [
        (128.0, 10.0, 2.0),
        (64.0, 1.0, 5.0),
        (128.0, 30.0, 5.0),
        (64.0, 10.0, 5.0),
        (64.0, 1.0, 20.0),
        (128.0, 30.0, 2.0),
    ]
    chosen = tried if len(facts.signals) == 1 else tried[:3]
    return tuple(
        {"signal": signal, "factors": f, "regularization": reg, "alpha": alpha}
        for f, reg, alpha in chosen
        for signal in facts.signals
    )


def _fit(facts: Facts, grid: Iterable[Settings], seed: int) -> Iterator[tuple[Settings, Scores]]:
    for settings in grid:
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
            profile = facts.profile(str(settings["signal"]))
            model.fit(sp.csr_matrix(profile), show_progress=False)
        yield settings, _scores(np.asarray(model.user_factors), np.asarray(model.item_factors))


def _scores(people: Vectors, items: Vectors) -> Scores:
    def scores(codes: NDArray[np.int64]) -> Vectors:
        result: Vectors = people[np.maximum(codes, 0)] @ items.T
        result[codes < 0] = 0
        return result

    return scores


IALS = Family(name="iALS", grid=_grid, fit=_fit)
