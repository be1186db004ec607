from __future__ import annotations

import numpy as np

from likeness.ports import Source
from likeness.recall.taste import Taste
from likeness.testing.recall import SHELVES, RecallContract, SmallShop, pool_of, request_of, small_shop


class TestContract(RecallContract):
    def fit(self, shop: SmallShop) -> Source:
        return Taste.fit(shop.log, shop.catalogue, vectors=shop.vectors)


def test_the_best_liked_shelf_leads() -> None:
    shop = small_shop()
    source = Taste.fit(shop.log, shop.catalogue, vectors=shop.vectors)
    for shopper in range(20):
        request = request_of(shop, shopper)
        weights = {name: float(weight[-1]) for name, weight in request.taste.facets["category"].items()}
        liked = {name for name, weight in weights.items() if weight > 0}
        found = source.recall(request, 8).rows
        assert {SHELVES[code] for code in shop.catalogue.category[found]} <= liked


def test_nobody_has_no_taste() -> None:
    shop = small_shop()
    source = Taste.fit(shop.log, shop.catalogue, vectors=shop.vectors)
    assert not len(source.recall(request_of(shop, -1), 10).rows)
    assert not source.describe(pool_of(np.arange(40, dtype=np.int32)), request_of(shop, -1)).any()


def test_the_closest_interest_counts() -> None:
    shop = small_shop()
    source = Taste.fit(shop.log, shop.catalogue, vectors=shop.vectors)
    request = request_of(shop, 0)
    several = np.stack([shop.vectors[0], shop.vectors[1]])
    request.taste.vectors["interests"] = several  # type: ignore[index]
    said = source.describe(pool_of(np.arange(40, dtype=np.int32)), request)[:, 1]
    np.testing.assert_allclose(said, (shop.vectors @ several.T).max(axis=1), rtol=1e-5)
