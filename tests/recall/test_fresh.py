from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from msgspec import structs

from likeness.ports import Source
from likeness.recall.fresh import Fresh
from likeness.recall.links import Links
from likeness.testing.recall import PURCHASE, RecallContract, SmallShop, pool_of, request_of, small_shop
from likeness.types import Interactions


class TestContract(RecallContract):
    def fit(self, shop: SmallShop) -> Source:
        return Fresh.fit(without(shop.log, [0, 1, 6, 13]), shop.catalogue, vectors=shop.vectors)


def without(log: Interactions, rows: list[int]) -> Interactions:
    kept = ~np.isin(log.row, rows)
    columns = ("shopper", "row", "event", "time", "weight", "session", "quantity", "value")
    return replace(log, **{name: getattr(log, name)[kept] for name in columns})


def newcomers(rows: list[int]) -> tuple[SmallShop, Fresh]:
    """Return a shop in which some items were never met, and the source over it."""
    shop = small_shop(shoppers=200)
    known = SmallShop(shop.catalogue, without(shop.log, rows), shop.vectors)
    return known, Fresh.fit(known.log, shop.catalogue, vectors=shop.vectors)


def test_only_items_without_a_past_are_described() -> None:
    shop, source = newcomers([0, 1])
    told = source.describe(pool_of(np.arange(40, dtype=np.int32)), request_of(shop, 3))
    assert set(np.flatnonzero(told[:, 0] == 1.0)) == {0, 1}
    sold = np.bincount(shop.log.row[shop.log.event == PURCHASE], minlength=40)
    assert not told[sold >= 9].any()


def test_a_fan_of_the_shelf_is_offered_its_new_item_first() -> None:
    shop, source = newcomers([0, 1])  # one of the first shelf, one of the second
    fans = [s for s in range(200) if (shop.catalogue.category[request_of(shop, s).taste.rows] == 0).mean() > 0.6]
    assert fans
    first = [source.recall(request_of(shop, s), 20).rows.tolist().index(0) for s in fans]
    other = [source.recall(request_of(shop, s), 20).rows.tolist().index(1) for s in fans]
    assert all(a < b for a, b in zip(first, other, strict=True))


def test_what_leads_to_its_kin_leads_to_the_new_item() -> None:
    shop = small_shop(shoppers=200)
    log, kin, stranger, silent = without(shop.log, [0]), 5, 3, 4  # `stranger` stands on another shelf, and leads to kin
    links = Links.of(sp.csr_matrix(([0.5], ([stranger], [kin])), shape=(40, 40), dtype=np.float32))
    source = Fresh.fit(log, shop.catalogue, vectors=shop.vectors, links=links)
    said = [
        source.describe(pool_of(np.array([0], np.int32)), request_of(shop, -1, context=(page,)))[0]
        for page in (stranger, silent)
    ]
    column = Fresh.columns.index("company")
    assert said[0][column] > said[1][column]
    assert said[0][Fresh.columns.index("close")] == said[1][Fresh.columns.index("close")] == 0.0


def test_what_happens_later_to_others_changes_nothing_before() -> None:
    """Only the log is read: a catalogue cannot tell when its items will sell."""
    shop, source = newcomers([0])
    items = tuple(structs.replace(item, first_seen=1e9, last_seen=2e9) for item in shop.catalogue.items)
    again = Fresh.fit(shop.log, replace(shop.catalogue, items=items), vectors=shop.vectors)
    request, pool = request_of(shop, 3), pool_of(np.arange(40, dtype=np.int32))
    np.testing.assert_array_equal(source.describe(pool, request), again.describe(pool, request))


def test_a_new_items_demand_is_shrunk_to_its_shelf() -> None:
    shop, source = newcomers([0, 1])
    strong = shop.log.weight * np.where(np.isin(shop.log.row, np.arange(5, 40, 5)), 20.0, 1.0)  # the first shelf
    loud = Fresh.fit(replace(shop.log, weight=strong), shop.catalogue, vectors=shop.vectors)
    column = Fresh.columns.index("demand")
    pool, request = pool_of(np.array([0, 1], np.int32)), request_of(shop, -1)
    before, after = (s.describe(pool, request)[:, column] for s in (source, loud))
    assert after[0] - before[0] > after[1] - before[1]
