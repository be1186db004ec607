from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from likeness.catalog.bands import FEWEST, price_bands


def test_fifths_of_a_category() -> None:
    band, percentile = price_bands(np.arange(1.0, 11.0), np.zeros(10, np.int32), ("Mugs",))
    assert band.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert np.allclose(percentile, np.arange(0.05, 1.0, 0.1))


def test_categories_have_their_own_scale() -> None:
    price = np.concatenate([np.arange(1.0, 11.0), np.arange(100.0, 110.0)])
    band, _ = price_bands(price, np.repeat([0, 1], 10).astype(np.int32), ("Mugs", "Tables"))
    assert band[:10].tolist() == band[10:].tolist()


def test_a_small_category_is_judged_within_its_parent_then_the_shelf() -> None:
    price = np.array([*np.arange(1.0, 10.0), 5.5, 1000.0])
    category = np.array([0] * 9 + [1, 2], np.int32)
    _, percentile = price_bands(price, category, ("Home > Mugs", "Home > Cups", "Cars"))
    assert percentile[9] == 0.55  # among the ten of Home
    assert percentile[10] == (10 + 0.5) / 11  # among all


def test_unknown_prices_and_no_category() -> None:
    band, percentile = price_bands(np.array([np.nan, 3.0]), np.array([0, -1], np.int32), ("Mugs",))
    assert (band.tolist(), np.isnan(percentile).tolist(), percentile[1]) == ([-1, 2], [True, False], 0.5)
    assert price_bands(np.zeros(0), np.zeros(0, np.int32), ())[0].tolist() == []


@given(st.lists(st.sampled_from([0.0, 1.0, 1.5, 2.0, 9.0, 1e6]), min_size=FEWEST, max_size=40))
def test_percentiles_follow_prices(prices: list[float]) -> None:
    band, percentile = price_bands(np.array(prices), np.zeros(len(prices), np.int32), ("Mugs",))
    order = np.argsort(prices, kind="stable")
    assert (np.diff(percentile[order]) >= 0).all()
    assert ((percentile > 0) & (percentile < 1)).all()
    assert abs(percentile.mean() - 0.5) < 1e-9
    assert all(len({band[i] for i in np.flatnonzero(np.array(prices) == p)}) == 1 for p in set(prices))
