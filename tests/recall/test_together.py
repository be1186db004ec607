from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from likeness.ports import Source
from likeness.recall import company as counting
from likeness.recall.company import company
from likeness.recall.counts import Counts
from likeness.recall.links import Links
from likeness.recall.ridge import NEAREST, ridge
from likeness.recall.together import Together
from likeness.testing.recall import END, RecallContract, SmallShop, request_of, small_shop
from likeness.types import DAY, Interactions


class TestContract(RecallContract):
    def fit(self, shop: SmallShop) -> Source:
        return Together.fit(shop.log, shop.catalogue)


def log_of(visits: list[tuple[int, float, list[int]]], *, clock: str = "position") -> Interactions:
    """Return purchases of (shopper, day, rows)."""
    flat = [(shopper, row, day, number) for number, (shopper, day, rows) in enumerate(visits) for row in rows]
    shopper, row, day, session = np.array(sorted(flat, key=lambda f: (f[0], f[2]))).T
    nothing = np.full(len(row), np.nan)
    return Interactions(
        shoppers=tuple(map(str, range(int(shopper.max()) + 1))),
        shopper=shopper.astype(np.int32),
        row=row.astype(np.int32),
        event=np.full(len(row), small_shop().log.event.max()),
        time=day * DAY,
        weight=np.full(len(row), 5.0),
        session=session.astype(np.int64),
        quantity=nothing,
        value=nothing,
        end=END,
        clock=clock,  # type: ignore[arg-type]
    )


def test_what_follows_counts_in_full_and_the_way_back_less() -> None:
    counts = company(log_of([(0, 0, [0]), (0, 1, [1])]), 3)
    gap = np.exp2(-1 / counting.FADE)
    assert counts.later[0, 1] == pytest.approx(gap)
    assert counts.later[1, 0] == pytest.approx(counting.BACKWARD * gap)
    assert counts.both[0, 1] == counts.both[1, 0] == pytest.approx(gap)


def test_one_visit_has_no_direction() -> None:
    counts = company(log_of([(0, 0, [0, 1])]), 2)
    assert counts.later[0, 1] == counts.later[1, 0] == counts.both[0, 1] == 1.0


def test_strangers_pair_only_inside_their_visit() -> None:
    counts = company(log_of([(-1, 0, [0, 1]), (-1, 1, [2])]), 3)
    assert counts.both[0, 1] == 1.0
    assert counts.both[0, 2] == counts.both[1, 2] == 0.0


def test_counting_in_blocks_is_counting_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    log = small_shop().log
    whole = company(log, 40)
    monkeypatch.setattr(counting, "BLOCK", 7)
    parts = company(log, 40)
    np.testing.assert_allclose(parts.later.toarray(), whole.later.toarray(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(parts.both.toarray(), whole.both.toarray(), rtol=1e-5, atol=1e-6)


def test_company_is_a_sum_over_shoppers() -> None:
    visits = [(s, day, [(s + day) % 5, (s * 3 + day) % 5]) for s in range(6) for day in range(3)]
    whole = company(log_of(visits), 5).both
    parts = [company(log_of([v for v in visits if v[0] in some]), 5).both for some in ({0, 1, 2}, {3, 4, 5})]
    np.testing.assert_allclose(whole.toarray(), (parts[0] + parts[1]).toarray(), rtol=1e-5)


def test_parallel_sessions_do_not_break_each_other() -> None:
    log = log_of([(0, 0, [0, 1]), (0, 1, [2, 3])])
    order = np.array([0, 2, 1, 3])  # one of the first, one of the second, one of the first, ...
    columns = ("row", "session")
    mixed = replace(log, time=np.arange(4) * 0.1 * DAY, **{name: getattr(log, name)[order] for name in columns})
    counts = company(mixed, 4).both
    assert counts[0, 1] == counts[2, 3] == 1.0
    assert counts[0, 2] < 1.0


def test_ridge_gives_the_credit_to_the_one_that_explains(monkeypatch: pytest.MonkeyPatch) -> None:
    """Item 2 follows item 0; item 1 is only ever there because 0 is."""
    monkeypatch.setattr("likeness.recall.ridge.SHRINK", 1.0)
    visits = [(s, 0, [0, 2] + [1] * (s % 2)) for s in range(40)] + [(s, 0, [1]) for s in range(40, 60)]
    weights = ridge(Counts.of(company(log_of(visits), 3)))
    assert weights[0, 2] > 10 * weights[1, 2]


def test_links_are_positive_bounded_and_never_to_oneself() -> None:
    weights = ridge(Counts.of(company(small_shop(items=200, shoppers=300).log, 200))).tocsc()
    assert (weights.data > 0).all()
    assert not weights.diagonal().any()
    assert np.diff(weights.indptr).max() <= NEAREST


def test_the_loudest_is_the_one_that_adds_most() -> None:
    matrix = np.array([[0, 0, 0.5, 0.2], [0, 0, 0.1, 0.9], [0, 0, 0, 0], [0, 0, 0, 0]], np.float32)
    links = Links.of(sp.csr_matrix(matrix))
    rows, weights = np.array([0, 1], np.int32), np.array([1.0, 1.0])
    np.testing.assert_allclose(links.spread(rows, weights), matrix.sum(axis=0), rtol=1e-6)
    assert links.loudest(rows, weights, np.array([3, 2, 0], np.int32)).tolist() == [1, 0, -1]


def test_the_page_speaks_before_the_shopper() -> None:
    shop = small_shop()
    source = Together.fit(shop.log, shop.catalogue)
    found = source.recall(request_of(shop, 0, context=(4,)), 10)
    assert found.because is not None and set(found.because.tolist()) == {4}


def test_shoppers_are_shown_what_goes_with_their_shelves() -> None:
    shop = small_shop(shoppers=200)
    source = Together.fit(shop.log, shop.catalogue)
    category = shop.catalogue.category
    hits = []
    for shopper in range(40):
        request = request_of(shop, shopper)
        found = source.recall(request, 5).rows
        hits.append(np.isin(category[found], category[request.taste.rows]).mean())
    assert np.mean(hits) > 0.9
