from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from likeness.catalog.graph import build_graph
from likeness.ports import Source
from likeness.recall import related
from likeness.recall.related import COLUMNS, FLOOR, Related
from likeness.testing.recall import RecallContract, SmallShop, pool_of, request_of, small_shop
from likeness.types import Graph, Request, Taste

SHOP = small_shop(items=15)
EDGES = {
    ("substitute", 0): [(1, 0.9), (3, 0.6)],
    ("complement", 0): [(4, 0.2), (6, 0.1), (1, 0.05)],
    ("bought_after", 0): [(7, 0.1)],
    ("viewed_then_bought", 3): [(9, 0.3)],
    ("substitute", 3): [(0, 0.6)],
    ("complement", 3): [(4, 0.1)],
}


class TestContract(RecallContract):
    def fit(self, shop: SmallShop) -> Source:
        return Related.fit(shop.log, shop.catalogue, graph=build_graph(shop.log, shop.catalogue, shop.vectors))


def source() -> Related:
    relations = tuple(COLUMNS.values())
    start, target, weight = [], list[int](), list[float]()
    for relation in relations:
        ends = [len(target)]
        for row in range(15):
            target += [node for node, _ in EDGES.get((relation, row), [])]
            weight += [amount for _, amount in EDGES.get((relation, row), [])]
            ends.append(len(target))
        start.append(ends)
    one = np.ones(len(target), np.float32)
    graph = Graph(
        relations=relations,
        n_items=15,
        values=(),
        start=np.array(start, np.int64),
        target=np.array(target, np.int32),
        weight=np.array(weight, np.float32),
        support=one,
        confidence=one,
    )
    return Related.fit(SHOP.log, SHOP.catalogue, graph=graph)


def on_page(row: int) -> Request:
    return request_of(SHOP, -1, context=(row,))


def shopper(bought: float) -> Request:
    """Somebody who met item 0 yesterday."""
    nobody = request_of(SHOP, -1)
    one = np.ones(1)
    yesterday = one * (nobody.taste.time - 86_400.0)
    taste = Taste(
        shopper="s",
        time=nobody.taste.time,
        half_lives=nobody.taste.half_lives,
        rows=np.zeros(1, np.int32),
        weights=np.full((1, 3), 5.0),
        count=one,
        first=yesterday,
        last=yesterday,
        bought=one * bought,
        first_bought=yesterday,
        last_bought=yesterday,
    )
    return replace(nobody, taste=taste)


def test_a_page_shows_both_what_replaces_and_what_goes_with() -> None:
    found = source().recall(on_page(0), 10)
    assert found.rows.tolist() == [1, 4, 7, 3, 6]  # 1: best substitute and a weak complement; 4, 7: best of theirs
    assert found.because is not None and set(found.because.tolist()) == {0}


@pytest.mark.parametrize(("wish", "rows"), [("substitutes", [1, 3]), ("complements", [4, 7, 6])])
def test_a_slot_may_wish_for_one_of_them(wish: str, rows: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """What replaces the page's item is no complement of it, whatever the orders say (item 1)."""
    monkeypatch.setattr(related, "wish_of", lambda request: wish)
    assert source().recall(on_page(0), 10).rows.tolist() == rows


def test_what_was_bought_asks_for_company_and_what_was_looked_at_for_alternatives() -> None:
    assert set(source().recall(shopper(bought=1.0), 10).rows.tolist()) == {1, 4, 6, 7}
    assert source().recall(shopper(bought=0.0), 10).rows.tolist() == [1, 3]


def test_the_page_itself_is_not_proposed() -> None:
    found = source().recall(request_of(SHOP, -1, context=(0, 3)), 10)
    assert not {0, 3} & set(found.rows.tolist())


def test_because_is_the_item_that_said_it() -> None:
    found = source().recall(request_of(SHOP, -1, context=(0, 3)), 10)
    assert found.because is not None
    because = dict(zip(found.rows.tolist(), found.because.tolist(), strict=True))
    assert because[9] == 3 and because[6] == 0 and because[4] == 0


def test_columns_say_how_two_items_are_related() -> None:
    said = source().describe(pool_of(np.arange(15, dtype=np.int32)), on_page(0))
    np.testing.assert_allclose(said[1], np.log([0.9 + FLOOR, 0.05 + FLOOR, FLOOR, FLOOR]), rtol=1e-5)
    np.testing.assert_allclose(said[7], np.log([FLOOR, FLOOR, 0.1 + FLOOR, FLOOR]), rtol=1e-5)
