from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from likeness.ports import Source
from likeness.recall import habit
from likeness.recall.again import Again
from likeness.recall.habit import faded, habits
from likeness.recall.tempo import Tempo
from likeness.testing.recall import END, RecallContract, SmallShop, pool_of, request_of, small_shop, taste_of
from likeness.types import DAY


class TestContract(RecallContract):
    def fit(self, shop: SmallShop) -> Source:
        return Again.fit(shop.log, shop.catalogue)


def test_only_what_was_bought_and_it_is_its_own_reason() -> None:
    shop = small_shop()
    request = request_of(shop, 2)
    found = Again.fit(shop.log, shop.catalogue).recall(request, 50)
    bought = request.taste.rows[request.taste.bought > 0]
    assert set(found.rows.tolist()) == {row for row in bought.tolist() if shop.catalogue.available[row]}
    assert found.because is not None and found.because.tolist() == found.rows.tolist()


@pytest.mark.parametrize("half_life", [3.0, 30.0, 400.0])
def test_fading_without_times_is_the_sum_over_evenly_spread_ones(half_life: float) -> None:
    count, oldest, latest = 41, 300.0, 20.0
    exact = np.exp2(-np.linspace(latest, oldest, count) / half_life).sum()
    guess = faded(np.array([float(count)]), np.array([oldest]), np.array([latest]), half_life)[0]
    assert guess == pytest.approx(exact)


def test_one_purchase_fades_exactly() -> None:
    assert faded(np.ones(1), np.array([60.0]), np.array([60.0]), 30.0)[0] == pytest.approx(0.25)


def test_habits_are_told_from_counts_and_times() -> None:
    shop = small_shop()
    taste = taste_of(shop, 4)
    rows, said = habits(taste, Tempo(pace=30 * DAY, unit=5.0))
    columns = dict(zip(habit.COLUMNS, said.T, strict=True))
    place = {int(row): k for k, row in enumerate(taste.rows)}
    count = np.array([taste.bought[place[int(row)]] for row in rows])
    last = np.array([taste.last_bought[place[int(row)]] for row in rows])
    np.testing.assert_allclose(columns["times"], np.log(count))
    np.testing.assert_allclose(columns["since"], np.log((END - last) / (30 * DAY) + habit.EARLY))
    assert (columns["missed"][last == last.max()] == 0).all()
    assert (columns["due"][count == 1] == 0).all()


def test_an_item_everybody_buys_again_stands_above_one_that_nobody_does() -> None:
    shop = small_shop(shoppers=0)
    log = small_shop(shoppers=40).log
    staple, once = 0, 5  # on the same shelf
    row = log.row.copy()
    row[log.event == log.event.max()] = np.where(
        np.arange((log.event == log.event.max()).sum()) % 12 < 11, staple, once
    )
    source = Again.fit(replace(log, row=row), shop.catalogue)
    request = request_of(SmallShop(shop.catalogue, replace(log, row=row), shop.vectors), 3)
    said = dict(
        zip(source.columns, source.describe(pool_of(np.array([staple, once], np.int32)), request).T, strict=True)
    )
    assert said["repeat"][0] > 0 > said["repeat"][1]
    assert said["lately_repeat"][0] > said["lately_repeat"][1]
    assert source.recall(request, 1).rows.tolist() == [staple]


def test_what_was_never_bought_is_described_by_zeros() -> None:
    shop = small_shop()
    described = Again.fit(shop.log, shop.catalogue).describe(
        pool_of(np.arange(40, dtype=np.int32)), request_of(shop, -1)
    )
    assert not described.any()
