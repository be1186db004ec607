"""New events fold in without a refit: the counts are those of a fit on everything, the named columns too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from likeness.recall.factors import Factors
from likeness.recall.ragged import Ragged
from likeness.recall.tempo import Tempo
from likeness.recall.together import Together
from likeness.testing.recall import PURCHASE, SmallShop, pool_of, request_of, small_shop
from likeness.types import EVENT_NAMES, Clock, Interactions, Request

COLUMNS = ("shopper", "row", "event", "time", "weight", "session", "quantity", "value")
DISLIKE = EVENT_NAMES.index("not_interested")


def only(log: Interactions, kept: NDArray[np.bool_], end: float | None = None) -> Interactions:
    """Return part of a log."""
    columns = {name: getattr(log, name)[kept] for name in COLUMNS}
    return replace(log, **columns, end=log.end if end is None else end)


def dense(ragged: Ragged, n: int) -> NDArray[np.float64]:
    out = np.zeros((n, n))
    for row in range(n):
        column, value = ragged.row(row)
        out[row, column] = value
    return out


def two_parts(shop: SmallShop, cut: float) -> tuple[Interactions, Interactions, NDArray[np.bool_]]:
    """Return (what came before the cut, everything of whoever came back, which of it is new)."""
    log = shop.log
    late = log.time >= cut
    people, sessions = np.unique(log.shopper[late]), np.unique(log.session[late & (log.shopper < 0)])
    concerned = np.where(log.shopper >= 0, np.isin(log.shopper, people), np.isin(log.session, sessions))
    events = only(log, concerned)
    return only(log, ~late, cut), events, events.time >= cut


@pytest.mark.parametrize("clock", ["time", "position"])
@pytest.mark.parametrize("steps", [1, 7])
def test_counts_and_named_columns_are_those_of_a_refit(clock: Clock, steps: int) -> None:
    shop = small_shop(clock=clock, shoppers=80)
    n, log = len(shop.catalogue), shop.log
    cuts = np.quantile(log.time, np.linspace(0.9, 1.0, steps + 1)[:-1])
    before, _, _ = two_parts(shop, cuts[0])
    tempo = Tempo.of(log)
    updated, named = Together.fit(before, shop.catalogue, tempo), np.zeros(n, bool)
    for start, stop in zip(cuts, [*cuts[1:], log.end], strict=True):
        upto = replace(shop, log=only(log, log.time < stop, stop))
        _, events, new = two_parts(upto, start)
        updated = updated.update(events, new)
        named = np.isin(np.arange(n), events.row[new])  # what the last step solved is up to date
    refit = Together.fit(log, shop.catalogue, tempo)
    faded = updated._counts.faded
    for part in ("both", "towards"):
        np.testing.assert_allclose(
            faded * dense(getattr(updated._counts, part), n),
            dense(getattr(refit._counts, part), n),
            rtol=1e-4,
            atol=1e-5,
        )
    np.testing.assert_allclose(faded * updated._counts.own, refit._counts.own, rtol=1e-5)
    got, wanted = dense(updated._links.rows, n), dense(refit._links.rows, n)
    np.testing.assert_allclose(got[:, named], wanted[:, named], atol=1e-6)
    assert named.any() and np.abs(got - dense(Together.fit(before, shop.catalogue, tempo)._links.rows, n)).max() > 1e-4


def test_without_a_mask_what_is_new_lies_after_the_end() -> None:
    shop = small_shop()
    cut = float(np.quantile(shop.log.time, 0.9))
    before, events, new = two_parts(shop, cut)
    source = Together.fit(before, shop.catalogue)
    request = request_of(shop, 3)
    one, other = source.update(events), source.update(events, new)
    assert one.recall(request, 30).scores.tolist() == other.recall(request, 30).scores.tolist()
    assert one.update(only(events, ~new)) is one


def test_an_update_leaves_the_source_it_came_from_alone(tmp_path: Path) -> None:
    shop = small_shop()
    before, events, new = two_parts(shop, float(np.quantile(shop.log.time, 0.9)))
    source, pool = Together.fit(before, shop.catalogue), pool_of(np.arange(40, dtype=np.int32))
    request = request_of(shop, 3)
    said = source.describe(pool, request)
    one, other = source.update(events, new), source.update(events, new)  # two futures of one past
    np.testing.assert_array_equal(source.describe(pool, request), said)
    np.testing.assert_array_equal(one.describe(pool, request), other.describe(pool, request))
    one.save(tmp_path)
    loaded = Together.load(tmp_path, shop.catalogue)
    np.testing.assert_array_equal(loaded.describe(pool, request), one.describe(pool, request))
    source.save(tmp_path)
    later = Together.load(tmp_path, shop.catalogue).update(events, new)
    np.testing.assert_array_equal(later.describe(pool, request), one.describe(pool, request))
    later.save(tmp_path)
    assert Together.load(tmp_path, shop.catalogue)._known == one._known


@pytest.mark.parametrize("event", ["refund", "not_interested"])
def test_a_negative_event_takes_its_pairs_back(event: str) -> None:
    """A refund of the only purchase of an item leaves its counts as if it had never been bought."""
    shop = small_shop()
    log = shop.log
    bought = np.flatnonzero((log.shopper == 7) & (log.event == PURCHASE))[0]
    plain = only(log, ~((log.shopper == 7) & (log.row == log.row[bought])))
    undone = with_event(log, 7, int(log.row[bought]), event, -20.0)
    without, updated = Together.fit(plain, shop.catalogue, Tempo.of(log)), Together.fit(log, shop.catalogue)
    mine = only(undone, undone.shopper == 7)
    updated = updated.update(mine, mine.weight < 0)
    refit = Together.fit(undone, shop.catalogue, Tempo.of(log))
    for source in (updated, refit):
        same = dense(source._counts.both, 40) * source._counts.faded
        scale = np.exp2(-(refit._known.end - without._known.end) / Tempo.of(log).pace)
        np.testing.assert_allclose(same, dense(without._counts.both, 40) * scale, rtol=1e-3, atol=1e-5)
        np.testing.assert_array_equal(same > 0, dense(without._counts.both, 40) > 0)  # no crumbs of rounding
        assert source._counts.own[log.row[bought]] <= Together.fit(log, shop.catalogue)._counts.own[log.row[bought]]


def with_event(log: Interactions, shopper: int, row: int, event: str, weight: float) -> Interactions:
    """Return the log with one more event at its very end."""
    more: dict[str, Any] = {
        "shopper": shopper, "row": row, "event": EVENT_NAMES.index(event), "time": log.end, "weight": weight,
        "session": int(log.session.max()) + 1, "quantity": np.nan, "value": np.nan,
    }  # fmt: skip
    columns: dict[str, Any] = {
        name: np.append(getattr(log, name), more[name]).astype(getattr(log, name).dtype) for name in COLUMNS
    }
    order = np.lexsort((columns["time"], columns["shopper"]))
    ordered: dict[str, Any] = {name: column[order] for name, column in columns.items()}
    return replace(log, **ordered, end=log.end + 1.0)


def disliking(request: Request, row: int) -> Request:
    """Return the request after the shopper rejected an item, whether they knew it or not."""
    taste = request.taste
    if row not in taste.rows:
        news: dict[str, Any] = {
            name: np.append(getattr(taste, name), np.nan) for name in ("first_bought", "last_bought")
        }
        news |= {name: np.append(getattr(taste, name), taste.time) for name in ("first", "last")}
        news |= {"bought": np.append(taste.bought, 0.0), "count": np.append(taste.count, 1.0)}
        weights = np.vstack([taste.weights, np.zeros(taste.weights.shape[1])])
        taste = replace(taste, rows=np.append(taste.rows, row).astype(np.int32), weights=weights, **news)
    return replace(request, taste=replace(taste, weights=np.where((taste.rows == row)[:, None], -5.0, taste.weights)))


@pytest.mark.parametrize("kind", [Together, Factors])
def test_what_a_shopper_rejects_is_not_proposed_and_never_said_more_of(kind: type[Together | Factors]) -> None:
    shop = small_shop(shoppers=200)
    source, pool = kind.fit(shop.log, shop.catalogue), pool_of(np.arange(40, dtype=np.int32))
    for shopper in range(5):
        request = request_of(shop, shopper)
        for row in source.recall(request, 40).rows[:8]:
            after = disliking(request, int(row))
            assert row not in source.recall(after, 40).rows
            was, now = source.describe(pool, request), source.describe(pool, after)
            assert (now[row] < was[row]).all()
            page = replace(after, context=np.array([3], np.int32))
            assert row not in source.recall(page, 40).rows or row == 3


def test_what_is_rejected_speaks_against_its_like() -> None:
    shop = small_shop(shoppers=200)
    source, pool = Together.fit(shop.log, shop.catalogue), pool_of(np.arange(40, dtype=np.int32))
    for shopper in range(5):
        request = request_of(shop, shopper)
        for row in source.recall(request, 8).rows:
            like, _ = source._links.rows.row(int(row))
            after = disliking(request, int(row))
            assert (source.describe(pool, after)[like] <= source.describe(pool, request)[like] + 1e-9).all()


def test_rows_are_replaced_without_touching_the_others() -> None:
    rng = np.random.default_rng(0)
    table = {row: (np.arange(row % 4, dtype=np.int32), rng.normal(size=row % 4).astype(np.float32)) for row in range(9)}
    ends = np.cumsum([0, *(len(table[row][0]) for row in range(9))])
    ragged = Ragged.packed(ends, *(np.concatenate([table[row][k] for row in range(9)]) for k in (0, 1)))
    for _ in range(200):
        row, size = int(rng.integers(9)), int(rng.integers(6))
        table[row] = (np.sort(rng.permutation(50)[:size]).astype(np.int32), rng.normal(size=size).astype(np.float32))
        ragged = ragged.replaced([row], [table[row]])
        for other in range(9):
            np.testing.assert_array_equal(ragged.row(other)[0], table[other][0])
            np.testing.assert_array_equal(ragged.row(other)[1], table[other][1])
        asked = rng.permutation(50)[:3].astype(np.int32)
        assert ragged.holding(asked).tolist() == [r for r in range(9) if np.isin(table[r][0], asked).any()]
        if not rng.integers(5):  # two futures of one past do not write over each other
            this = ragged.replaced([1], [(np.array([1], np.int32), np.array([1.0], np.float32))])
            that = ragged.replaced([1], [(np.array([2], np.int32), np.array([2.0], np.float32))])
            assert (this.row(1)[1].tolist(), that.row(1)[1].tolist()) == ([1.0], [2.0])
    assert len(ragged.column) < 200  # what nobody looks at is left behind


@pytest.mark.parametrize("clock", ["time", "position"])
def test_events_that_come_late_or_join_a_visit_count_as_if_they_had_been_there(clock: Clock) -> None:
    """Any part of the log may be what is new, the first event of a visit too."""
    shop = small_shop(clock=clock, shoppers=30)
    log, tempo = shop.log, Tempo.of(shop.log)
    refit = Together.fit(log, shop.catalogue, tempo)
    for seed in range(5):
        new = np.random.default_rng(seed).random(len(log)) < 0.1
        updated = Together.fit(only(log, ~new), shop.catalogue, tempo).update(log, new)
        for part in ("both", "towards"):
            got, wanted = (dense(getattr(source._counts, part), 40) for source in (updated, refit))
            np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)
