from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from likeness.ports import Source
from likeness.recall.similar import NEAREST, Similar, neighbours
from likeness.testing.recall import RecallContract, SmallShop, request_of, small_shop
from likeness.types import Vectors


class TestContract(RecallContract):
    def fit(self, shop: SmallShop) -> Source:
        return Similar.fit(shop.log, shop.catalogue, vectors=shop.vectors)


def unit(n: int, seed: int = 1) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(n, 8))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_neighbours_are_the_nearest_and_not_oneself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("likeness.recall.similar.BLOCK", 64)
    vectors = unit(300)
    links = neighbours(vectors)
    for row in (0, 63, 64, 299):
        found = links.target[links.start[row] : links.start[row + 1]]
        cosines = vectors @ vectors[row]
        cosines[row] = -1
        assert set(found.tolist()) == {int(k) for k in np.argsort(-cosines)[:NEAREST] if cosines[k] >= 0.25}


def test_the_graph_finds_nearly_all_of_them() -> None:
    vectors = unit(2000)
    exact, graph = neighbours(vectors), neighbours(vectors, exact_limit=10)
    both = [
        len(np.intersect1d(a.target[a.start[r] : a.start[r + 1]], b.target[b.start[r] : b.start[r + 1]]))
        for a, b in [(exact, graph)]
        for r in range(2000)
    ]
    assert sum(both) > 0.95 * len(exact.target)


def test_items_without_a_vector_have_no_neighbours() -> None:
    vectors = unit(20)
    vectors[3] = 0.0
    links = neighbours(vectors)
    assert links.start[3] == links.start[4]
    assert 3 not in links.target


def test_a_new_item_is_proposed_to_who_likes_its_kind() -> None:
    shop = small_shop()
    newcomer = 0
    kept = shop.log.row != newcomer
    columns = ("shopper", "row", "event", "time", "weight", "session", "quantity", "value")
    log = replace(shop.log, **{name: getattr(shop.log, name)[kept] for name in columns})
    known = SmallShop(shop.catalogue, log, shop.vectors)
    source = Similar.fit(log, shop.catalogue, vectors=shop.vectors)
    fans = [s for s in range(60) if (shop.catalogue.category[request_of(known, s).taste.rows] == 0).mean() > 0.5]
    assert fans and all(newcomer in source.recall(request_of(known, s), 20).rows for s in fans)
