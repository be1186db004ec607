from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from likeness.ports import Source
from likeness.rank.features import AGAIN, BOTH, NAMES, RecommendFeatures
from likeness.recall.again import Again
from likeness.recall.blend import blend
from likeness.recall.popular import Popular
from likeness.recall.similar import Similar
from likeness.recall.taste import Taste
from likeness.recall.together import Together
from likeness.testing.recall import SmallShop, pool_of, request_of, small_shop
from likeness.types import Floats

SHOP = small_shop()


@pytest.fixture(scope="module")
def sources() -> Mapping[str, Source]:
    return {
        "popular": Popular.fit(SHOP.log, SHOP.catalogue),
        "again": Again.fit(SHOP.log, SHOP.catalogue),
        "together": Together.fit(SHOP.log, SHOP.catalogue),
        "similar": Similar.fit(SHOP.log, SHOP.catalogue, vectors=SHOP.vectors),
        "taste": Taste.fit(SHOP.log, SHOP.catalogue, vectors=SHOP.vectors),
    }


@pytest.fixture(scope="module")
def features(sources: Mapping[str, Source]) -> RecommendFeatures:
    return RecommendFeatures(SHOP.catalogue, SHOP.vectors, sources)


def every(features: RecommendFeatures, shopper: int, shop: SmallShop = SHOP) -> Floats:
    return features(pool_of(np.arange(40, dtype=np.int32)), request_of(shop, shopper))


def test_every_column_of_every_source_has_its_place(sources: Mapping[str, Source]) -> None:
    told = {f"{s.name}:{column}" for s in sources.values() for column in s.columns}  # type: ignore[attr-defined]
    assert told <= set(NAMES) and len(set(NAMES)) == len(NAMES)
    assert tuple(Again.columns) == AGAIN


def test_old_and_new_items_have_columns_of_their_own(features: RecommendFeatures) -> None:
    table = dict(zip(NAMES, every(features, 3).T, strict=True))
    bought = table["again:bought"] > 0
    assert bought.any() and not bought.all()
    for name in BOTH:
        assert not table[name][bought].any()
        assert not table[f"{name}/again"][~bought].any()
    assert table["popular:week"][~bought].any() and table["popular:week/again"][bought].any()


def test_the_persona_speaks_only_where_there_is_one(features: RecommendFeatures) -> None:
    nobody = dict(zip(NAMES, every(features, -1).T, strict=True))
    somebody = dict(zip(NAMES, every(features, 3).T, strict=True))
    for name in ("facet:category", "taste:long", "taste:recent"):
        assert not nobody[name].any() and somebody[name].any()
    assert nobody["popular:month"].any()


def test_an_item_is_described_alike_in_any_pool(features: RecommendFeatures, sources: Mapping[str, Source]) -> None:
    request, whole = request_of(SHOP, 7), every(features, 7)
    pool = blend([source.recall(request, 10) for source in sources.values()])
    np.testing.assert_allclose(features(pool, request), whole[pool.rows], rtol=1e-5, atol=1e-6)
    assert features(pool_of(pool.rows[:0]), request).shape == (0, len(NAMES))


def test_all_features_are_finite_even_with_a_price_unknown(sources: Mapping[str, Source]) -> None:
    catalogue = replace(SHOP.catalogue, percentile=np.where(np.arange(40) % 2, np.nan, 0.5))
    made = RecommendFeatures(catalogue, SHOP.vectors, sources)
    request = request_of(SHOP, 3)
    request = replace(request, taste=replace(request.taste, price=(0.55, 0.0)))
    table = dict(zip(NAMES, made(pool_of(np.arange(40, dtype=np.int32)), request).T, strict=True))
    assert all(np.isfinite(column).all() for column in table.values())
    far = table["facet:price"] + table["facet:price/again"]
    assert (far[1::2] == 0).all() and far[0] == pytest.approx(-0.5)


def test_a_source_that_does_not_describe_is_no_trouble(sources: Mapping[str, Source]) -> None:
    class Silent:
        name = "popular"

        def recall(self, request: object, n: int) -> None: ...

    made = RecommendFeatures(SHOP.catalogue, SHOP.vectors, {**sources, "popular": Silent()})  # type: ignore[dict-item]
    table = dict(zip(NAMES, every(made, 3).T, strict=True))
    assert not table["popular:week"].any() and table["together:score"].any()
