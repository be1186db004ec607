from __future__ import annotations

import numpy as np

from likeness.ports import Source
from likeness.recall.popular import Popular
from likeness.testing.recall import END, RecallContract, SmallShop, pool_of, request_of, shelf, small_shop
from likeness.types import DAY, Interactions


class TestContract(RecallContract):
    def fit(self, shop: SmallShop) -> Source:
        return Popular.fit(shop.log, shop.catalogue)


def log_of(events: list[tuple[int, float]], *, end: float = END) -> Interactions:
    """Return purchases (row, days before the end) of one shopper each."""
    rows, ages = np.array(events).reshape(-1, 2).T
    count = len(rows)
    return Interactions(
        shoppers=tuple(map(str, range(count))),
        shopper=np.arange(count, dtype=np.int32),
        row=rows.astype(np.int32),
        event=np.full(count, 11, np.int8) * 0 + small_shop().log.event.max(),
        time=end - ages * DAY,
        weight=np.full(count, 5.0),
        session=np.arange(count),
        quantity=np.full(count, np.nan),
        value=np.full(count, np.nan),
        end=end,
    )


def test_lately_counts_more_than_long_ago() -> None:
    source = Popular.fit(log_of([(0, 200.0), (0, 210.0), (0, 220.0), (1, 3.0)]), shelf(3))
    assert source.recall(request_of(small_shop(), -1), 2).rows.tolist() == [1, 0]


def test_what_was_never_wanted_comes_last_but_comes() -> None:
    source = Popular.fit(log_of([(1, 3.0)]), shelf(5, sold_out=9))
    assert source.recall(request_of(small_shop(), -1), 5).rows.tolist() == [1, 0, 2, 3, 4]


def test_last_years_weeks_ahead_are_known() -> None:
    source = Popular.fit(log_of([(0, 340.0), (0, 350.0), (1, 390.0)]), shelf(3))
    said = dict(zip(source.columns, source.describe(pool_of(np.arange(3, dtype=np.int32)), None).T, strict=True))  # type: ignore[arg-type]
    assert said["ahead"][0] > said["ahead"][1] == said["ahead"][2]
    assert said["upswing"][0] > 0 > said["upswing"][1]


def test_a_refund_takes_back() -> None:
    log = log_of([(0, 5.0), (0, 4.0), (1, 5.0)])
    log.weight[1] = -5.0
    demand = Popular.fit(log, shelf(2)).recall(request_of(small_shop(), -1), 2)
    assert demand.rows.tolist() == [1, 0]
