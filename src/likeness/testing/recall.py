"""The contract of every source of candidates: it proposes what may be shown, once, in order, and says why.

class TestPopular(RecallContract):
    def fit(self, shop: SmallShop) -> Source:
        return Popular.fit(shop.log, shop.catalogue)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from likeness.errors import StoreError
from likeness.ports import Describes, Source
from likeness.seeds import rng_of
from likeness.types import (
    DAY,
    EVENT_NAMES,
    Candidates,
    Catalogue,
    Clock,
    Floats,
    Interactions,
    Item,
    Pool,
    Query,
    Request,
    Rows,
    Taste,
    Vectors,
)

PURCHASE, VIEW = EVENT_NAMES.index("purchase"), EVENT_NAMES.index("view_item")
HALF_LIVES = (3600.0, 7 * DAY, 90 * DAY)
END = 400 * DAY
SHELVES = ("Garden", "Garden > Pots", "Kitchen", "Kitchen > Mugs", "Toys")


@dataclass(frozen=True)
class SmallShop:
    """A catalogue, a log in which shoppers keep to two shelves, and item vectors that say so too."""

    catalogue: Catalogue
    log: Interactions
    vectors: Vectors


def shelf(items: int, *, sold_out: int = 3) -> Catalogue:
    """Return a catalogue whose items stand on the shelves in turn; every `sold_out`-th is not available."""
    row = np.arange(items)
    return Catalogue(
        items=tuple(Item(item_id=f"i{k}", title=f"thing {k}") for k in range(items)),
        category=(row % len(SHELVES)).astype(np.int32),
        category_names=SHELVES,
        brand=np.full(items, -1, np.int32),
        brand_names=(),
        price=np.arange(1.0, items + 1.0),
        band=(row % 5).astype(np.int32),
        percentile=row / max(items, 1),
        available=row % sold_out != sold_out - 1,
    )


def small_shop(
    *, items: int = 40, shoppers: int = 60, visits: int = 6, seed: int = 0, clock: Clock = "time"
) -> SmallShop:
    """Return a shop in which every visit is a view and two purchases from one of the shopper's two shelves."""
    rng, catalogue = rng_of("small shop", seed), shelf(items)
    columns: list[tuple[int, int, int, float, int]] = []
    for shopper in range(-1, shoppers if items else -1):
        likes = rng.choice(len(SHELVES), 2, replace=False)
        days = np.arange(visits) if clock == "position" else np.sort(rng.uniform(0, 399, visits))
        for visit, day in enumerate(days):
            of_shelf = np.flatnonzero(catalogue.category == rng.choice(likes))
            for row, event in zip(rng.choice(of_shelf, 3, replace=False), (VIEW, PURCHASE, PURCHASE), strict=True):
                columns.append((shopper, int(row), event, float(day) * DAY, (shopper + 1) * visits + visit))
    return SmallShop(catalogue, _log(columns, shoppers, clock), _vectors(catalogue, rng))


def taste_of(shop: SmallShop, shopper: int, time: float = END) -> Taste:
    """Return what the log says of one shopper, -1 meaning nothing at all."""
    log = shop.log
    own = np.flatnonzero((log.shopper == shopper) & (log.time < time)) if shopper >= 0 else np.empty(0, np.intp)
    rows, place = np.unique(log.row[own], return_inverse=True)
    age, is_bought = time - log.time[own], log.event[own] == PURCHASE
    weights = [_sums(place, log.weight[own] * np.exp2(-age / h), len(rows)) for h in HALF_LIVES]
    shares = {
        name: np.bincount(np.zeros(len(own), int), log.weight[own] * (shop.catalogue.category[log.row[own]] == code), 1)
        for code, name in enumerate(SHELVES)
    }
    first, last = _span(place, log.time[own], len(rows))
    first_bought, last_bought = _span(place[is_bought], log.time[own][is_bought], len(rows))
    order = np.lexsort((rows, -last))
    centre = shop.vectors[log.row[own]].sum(axis=0)
    return Taste(
        shopper=str(shopper) if shopper >= 0 else None,
        time=time,
        half_lives=HALF_LIVES,
        rows=rows[order].astype(np.int32),
        weights=np.column_stack(weights)[order],
        count=np.bincount(place, minlength=len(rows)).astype(float)[order],
        first=first[order],
        last=last[order],
        bought=_sums(place, is_bought.astype(float), len(rows))[order],
        first_bought=first_bought[order],
        last_bought=last_bought[order],
        facets={"category": {name: np.repeat(share, 3) for name, share in shares.items()}} if len(own) else {},
        vectors={"long": centre, "recent": centre, "interests": centre[None]} if len(own) else {},
    )


def request_of(shop: SmallShop, shopper: int, *, context: tuple[int, ...] = (), time: float = END) -> Request:
    """Return the request of one shopper (-1 is nobody), on the page of some items."""
    return Request(query=Query(time=time), taste=taste_of(shop, shopper, time), context=np.array(context, np.int32))


class RecallContract:
    """Subclass it and say how the source is fitted."""

    def fit(self, shop: SmallShop) -> Source:
        """Return the source under test, fitted on a shop."""
        raise NotImplementedError

    @pytest.mark.parametrize("shopper", [-1, 0, 17])
    @pytest.mark.parametrize("context", [(), (4, 9)])
    def test_what_is_proposed_is_on_the_shelf_once_and_in_order(self, shopper: int, context: tuple[int, ...]) -> None:
        """Rows exist, are available, do not repeat; scores are finite and fall; reasons are in the history or none."""
        shop = small_shop()
        request = request_of(shop, shopper, context=context)
        found = self.fit(shop).recall(request, 25)
        assert len(found.rows) == len(found.scores) <= 25
        assert len(np.unique(found.rows)) == len(found.rows)
        assert shop.catalogue.available[found.rows].all()
        assert np.isfinite(found.scores).all()
        assert (np.diff(found.scores) <= 0).all()
        if found.because is not None:
            history = np.concatenate([[-1], request.taste.rows, request.context])
            assert len(found.because) == len(found.rows) and np.isin(found.because, history).all()

    def test_it_knows_its_name(self) -> None:
        """Candidates carry the name of their source."""
        shop = small_shop()
        source = self.fit(shop)
        assert source.recall(request_of(shop, 0), 5).source == source.name

    def test_some_shopper_gets_something(self) -> None:
        """A source that never proposes anything would pass the rest."""
        shop = small_shop()
        source = self.fit(shop)
        assert any(len(source.recall(request_of(shop, shopper), 10).rows) for shopper in range(10))

    def test_only_what_is_allowed(self) -> None:
        """A filter holds, and leaves room for others to move up."""
        shop = small_shop()
        source, allowed = self.fit(shop), np.arange(40) % 4 == 0
        for shopper in range(-1, 20):
            found = source.recall(replace(request_of(shop, shopper), allowed=allowed & shop.catalogue.available), 10)
            assert allowed[found.rows].all()
            nothing = source.recall(replace(request_of(shop, shopper), allowed=np.zeros(40, bool)), 10)
            assert not len(nothing.rows)

    @pytest.mark.parametrize("n", [0, 1, 1000])
    def test_any_number_may_be_asked_for(self, n: int) -> None:
        """None, one, and more than there are; the shorter answer is the beginning of the longer."""
        shop = small_shop()
        source, request = self.fit(shop), request_of(shop, 3)
        found, whole = source.recall(request, n).rows, source.recall(request, 10_000).rows
        assert len(found) <= n
        assert found.tolist() == whole[:n].tolist()

    @pytest.mark.parametrize("clock", ["time", "position"])
    def test_same_log_same_answer(self, clock: Clock) -> None:
        """Two fits of one log propose the same, with the same scores, by either clock."""
        shop = small_shop(clock=clock)
        request = request_of(shop, 5)
        assert_same(self.fit(shop).recall(request, 20), self.fit(shop).recall(request, 20))

    def test_saved_and_loaded_it_is_the_same(self, tmp_path: Path) -> None:
        """What was fitted survives the disk, and refuses a catalogue it was not made for."""
        shop = small_shop()
        source = self.fit(shop)
        source.save(tmp_path)
        loaded = type(source).load(tmp_path, shop.catalogue)
        for shopper in (-1, 0, 5):
            request = request_of(shop, shopper)
            assert_same(source.recall(request, 20), loaded.recall(request, 20))
        with pytest.raises(StoreError):
            type(source).load(tmp_path, shelf(7))
        with pytest.raises(StoreError):
            type(source).load(tmp_path / "nowhere", shop.catalogue)

    def test_an_empty_shop_has_nothing_to_say(self) -> None:
        """No items, and items without events, are no reason to fail."""
        empty = small_shop(items=0)
        assert not len(self.fit(empty).recall(request_of(empty, -1), 10).rows)
        quiet = small_shop(shoppers=-1)
        assert len(self.fit(quiet).recall(request_of(quiet, -1, context=(1,)), 10).rows) <= 10

    def test_what_it_knows_of_items_does_not_depend_on_their_order(self) -> None:
        """A source that describes says one finite row of numbers per item, the same in any company."""
        shop = small_shop()
        source = self.fit(shop)
        if not isinstance(source, Describes):
            pytest.skip("it does not describe")
        for shopper in (-1, 0, 5):
            request, rows = request_of(shop, shopper), np.arange(40, dtype=np.int32)
            described = source.describe(pool_of(rows), request)
            assert described.shape == (40, len(source.columns)) and np.isfinite(described).all()
            part = source.describe(pool_of(rows[::-3]), request)
            np.testing.assert_allclose(part, described[::-3], rtol=1e-5, atol=1e-6)
        assert source.describe(pool_of(rows[:0]), request).shape == (0, len(source.columns))


def assert_same(one: Candidates, other: Candidates) -> None:
    """Fail unless two answers are equal to the last bit."""
    assert one.rows.tolist() == other.rows.tolist()
    assert one.scores.tolist() == other.scores.tolist()
    assert (one.because is None) == (other.because is None)
    if one.because is not None and other.because is not None:
        assert one.because.tolist() == other.because.tolist()


def pool_of(rows: Rows) -> Pool:
    """Return a pool that nobody proposed."""
    none = np.empty((len(rows), 0))
    return Pool(sources=(), rows=rows, scores=none, ranks=none, because=none.astype(np.int32))


def _log(columns: list[tuple[int, int, int, float, int]], shoppers: int, clock: Clock) -> Interactions:
    shopper, row, event, time, session = np.array(sorted(columns, key=lambda c: (c[0], c[3], c[4]))).reshape(-1, 5).T
    nothing = np.full(len(row), np.nan)
    return Interactions(
        shoppers=tuple(map(str, range(max(shoppers, 0)))),
        shopper=shopper.astype(np.int32),
        row=row.astype(np.int32),
        event=event.astype(np.int8),
        time=time,
        weight=np.where(event == PURCHASE, 5.0, 1.0),
        session=session.astype(np.int64),
        quantity=nothing,
        value=nothing,
        end=END,
        clock=clock,
    )


def _vectors(catalogue: Catalogue, rng: np.random.Generator) -> Vectors:
    centres = np.eye(len(SHELVES), 16)
    vectors = centres[catalogue.category] + 0.1 * rng.normal(size=(len(catalogue), 16))
    length = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return np.asarray(vectors / length, np.float32)


def _sums(place: NDArray[np.intp], values: Floats, n: int) -> Floats:
    return np.asarray(np.bincount(place, values, n), np.float64)


def _span(place: NDArray[np.intp], time: Floats, n: int) -> tuple[Floats, Floats]:
    """Return the first and last time per place, NaN where there is none."""
    first, last = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(first, place, time)
    np.maximum.at(last, place, time)
    return np.where(np.isfinite(first), first, np.nan), np.where(np.isfinite(last), last, np.nan)
