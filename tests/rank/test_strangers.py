from __future__ import annotations

import numpy as np
import pytest

from likeness.rank.strangers import LEAST_SHOPPERS, Window, fit_stranger
from likeness.seeds import rng_of

COLUMNS, NAMES = ("popular:week", "popular:year"), ("again:bought", "popular:year", "popular:week")


def window(good: int, shoppers: int = 40) -> Window:
    """Return a window in which everybody buys what one of the two columns puts first."""
    features = rng_of("window", good).normal(size=(100, 2))
    best = np.argsort(-features[:, good])[:3]
    return Window(features, tuple(best for _ in range(shoppers)))


def test_worth_by_hand() -> None:
    scores = np.arange(30.0)[::-1]  # the list is 0, 1, 2, ...
    one = Window(np.zeros((30, 1)), (np.array([1, 15, 25]), np.array([0])))
    ideal = 1 + 1 / np.log2(3) + 1 / 2
    first = (1 / np.log2(3) / ideal + 2 / 3) / 2  # hit at rank 2 within ten; ranks 2 and 16 within twenty
    assert one.worth(scores) == pytest.approx((first + 1.0) / 2)


def test_the_column_that_did_best_is_read_alone() -> None:
    for good, name in enumerate(COLUMNS):
        scorer = fit_stranger([window(good), window(good)], COLUMNS, NAMES)
        assert scorer is not None and scorer.origin == "fitted"
        assert {n for n, w in zip(NAMES, scorer.weights, strict=True) if w} == {name}


def test_every_window_counts_alike() -> None:
    """A busy season does not outvote two quiet ones."""
    scorer = fit_stranger([window(0, 1000), window(1, 10), window(1, 10)], COLUMNS, NAMES)
    assert scorer is not None and scorer.weights[NAMES.index("popular:year")] == 1.0


def test_too_few_shoppers_say_nothing() -> None:
    assert fit_stranger([window(0, LEAST_SHOPPERS - 1)], COLUMNS, NAMES) is None
    assert fit_stranger([], COLUMNS, NAMES) is None
