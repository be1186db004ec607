from __future__ import annotations

import numpy as np
import pytest

from likeness.recall.sequence import Config, Sequential
from likeness.recall.tokens import BOUGHT, DISLIKED, TOUCHED, Tokens
from likeness.seeds import rng_of
from likeness.testing.recall import SmallShop, request_of, small_shop
from likeness.train.examples import NOWHERE, Sequences, packs, runs, sequences, shuffled_ties, windows, without_last
from likeness.types import Clock


def told_of(*histories: list[int], time: list[float] | None = None) -> Sequences:
    row = np.concatenate([np.array(history, np.int64) for history in histories])
    owner = np.repeat(np.arange(len(histories)), [len(history) for history in histories])
    zero = np.zeros(len(row), np.int64)
    when = np.arange(len(row), dtype=np.float64) if time is None else np.array(time)
    return runs(Tokens(owner, row, zero, np.arange(len(row)) % 3, zero, when))


@pytest.mark.parametrize("clock", ["time", "position"])
def test_training_and_serving_read_the_same_tokens(clock: Clock) -> None:
    shop = small_shop(clock=clock)
    told = sequences(shop.log, shop.catalogue.band)
    config = Config(format="", items=40, width=2, longest=100, clock=clock)
    source = Sequential(b"", np.zeros((40, 2), np.float32), np.zeros(40, np.float32), config, shop.catalogue)
    assert len(told) == 60
    for shopper in range(60):
        served = source._tokens(request_of(shop, shopper))
        mine = slice(told.start[shopper], told.start[shopper + 1])
        for name in ("row", "kind", "gap", "band", "time"):
            assert getattr(served, name).tolist() == getattr(told.tokens, name)[mine].tolist(), name


def test_a_history_has_each_item_once_at_its_last_touch(  # views and purchases of the small shop repeat
) -> None:
    shop = small_shop()
    told = sequences(shop.log, shop.catalogue.band)
    for k in range(len(told)):
        mine = slice(told.start[k], told.start[k + 1])
        rows, times = told.tokens.row[mine], told.tokens.time[mine]
        assert len(np.unique(rows)) == len(rows)
        assert (np.diff(times) >= 0).all()
        for row, time in zip(rows, times, strict=True):
            assert time == shop.log.time[(shop.log.shopper == k) & (shop.log.row == row)].max()


def test_every_token_but_the_first_is_a_target_once() -> None:
    told = told_of([1, 2, 3, 4, 5, 6, 7], [8, 9], [10])
    asked = []
    for batch in packs(told, longest=3, places=8, rows=2, rng=rng_of("x")):
        assert batch.row.shape[1] == 8
        asked += batch.target[batch.target != NOWHERE].tolist()
    assert sorted(asked) == [2, 3, 4, 5, 6, 7, 9]


def test_a_target_follows_its_token() -> None:
    told = told_of([1, 2, 3], [5, 6])
    (batch,) = packs(told, longest=10, places=16, rows=4, rng=rng_of("y"))
    pairs = {(int(r), int(t)) for r, t in zip(batch.row.ravel(), batch.target.ravel(), strict=True) if t != NOWHERE}
    assert pairs == {(1, 2), (2, 3), (5, 6)}
    assert len(np.unique(batch.segment[batch.segment != NOWHERE])) == 2


def test_the_latest_window_is_full() -> None:
    begin, end = windows(told_of(list(range(8))), 3)
    assert sorted(zip(begin.tolist(), end.tolist(), strict=True)) == [(0, 2), (1, 5), (4, 8)]


def test_what_was_disliked_is_read_and_never_asked_for() -> None:
    told = told_of([1, 2, 3])
    told = Sequences(told.tokens._replace(kind=np.array([BOUGHT, DISLIKED, TOUCHED])), told.start)
    (batch,) = packs(told, longest=5, places=4, rows=1, rng=rng_of("z"))
    assert batch.row[0, :2].tolist() == [1, 2]
    assert batch.target[0].tolist() == [NOWHERE, 3, NOWHERE, NOWHERE]
    assert 0 < batch.weight[0, 1] < 1


def test_ties_are_shuffled_and_nothing_else() -> None:
    told = told_of([1, 2, 3, 4], [5, 6], time=[0, 1, 1, 2, 0, 0])
    seen = {tuple(shuffled_ties(told, rng_of(k)).tokens.row.tolist()) for k in range(40)}
    assert seen == {(1, a, 5 - a, 4, b, 11 - b) for a in (2, 3) for b in (5, 6)}
    assert shuffled_ties(told, rng_of(1)).tokens.gap.tolist() == told.tokens.gap.tolist()


def test_without_last() -> None:
    told = told_of([1, 2, 3], [4, 5], [6, 7, 8])
    rest, asked, wanted = without_last(told, np.array([True, False, True]))
    assert rest.tokens.row.tolist() == [1, 2, 4, 5, 6, 7]
    assert asked.tokens.row.tolist() == [1, 2, 6, 7] and len(asked) == 2
    assert wanted.tolist() == [3, 8]


def test_packing_wastes_little() -> None:
    rng = rng_of("waste")
    told = told_of(*[list(range(int(n))) for n in rng.integers(2, 12, 400)])
    batches = list(packs(told, longest=50, places=128, rows=8, rng=rng))
    filled = sum(int((batch.segment != NOWHERE).sum()) for batch in batches)
    assert filled / sum(batch.row.size for batch in batches) > 0.9


def test_nobody_known_is_no_history() -> None:
    shop: SmallShop = small_shop(shoppers=-1)
    told = sequences(shop.log, shop.catalogue.band)
    assert len(told) == 0
    assert list(packs(told, longest=5, places=8, rows=2, rng=rng_of("q"))) == []
