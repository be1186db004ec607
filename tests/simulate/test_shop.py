"""The synthetic shop: repeatable, well-formed, and true to its own truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pydantic import ValidationError

from likeness.schema import EVENT_SCHEMA
from likeness.simulate import SimulateConfig, SyntheticShop, simulate, sized
from likeness.simulate.visits import season
from likeness.types import DAY, EVENT_NAMES


def frame(shop: SyntheticShop) -> pd.DataFrame:
    """Return the log with the codes of shopper, item and category added (-1 where there is none)."""
    log = pa.concat_tables(list(shop.events())).to_pandas()
    who = log.user_id.where(log.user_id.notna(), log.visitor_id)
    log["s"] = who.map({name: code for code, name in enumerate(shop.truth.shoppers)}).fillna(-1).astype(int)
    log["i"] = log.item_id.map({item.item_id: row for row, item in enumerate(shop.items)}).fillna(-1).astype(int)
    log["c"] = np.where(log.i >= 0, shop.truth.items.category[log.i], -1)
    return log


@pytest.fixture(scope="module")
def shop() -> SyntheticShop:
    return simulate(SimulateConfig(shoppers=800, items=400, impressions=1.0), seed=3)


@pytest.fixture(scope="module")
def log(shop: SyntheticShop) -> pd.DataFrame:
    return frame(shop)


def test_same_seed_same_bytes_and_another_seed_another_shop() -> None:
    config = SimulateConfig(shoppers=50, items=80)

    def written(seed: int) -> bytes:
        sink = pa.BufferOutputStream()
        shop = simulate(config, seed)
        with pa.ipc.new_file(sink, EVENT_SCHEMA) as writer:
            for table in shop.events():
                writer.write_table(table)
        return sink.getvalue().to_pybytes() + repr(shop.items).encode()

    assert written(1) == written(1)
    assert written(1) != written(2)


def test_tables_follow_the_schema_in_order_of_time(shop: SyntheticShop, log: pd.DataFrame) -> None:
    assert all(table.schema == EVENT_SCHEMA for table in shop.events())
    assert len(shop) == len(log) > 50_000
    assert np.all(np.diff(log.time) >= 0)
    assert log.event_id.is_unique
    assert set(log.event) <= set(EVENT_NAMES)
    start, days = 1_704_067_200.0, 365
    assert log.time.min() >= start
    assert log.time.max() < start + days * DAY


def test_refunds_undo_a_purchase_of_the_same_thing(log: pd.DataFrame) -> None:
    refunds = log[log.event == "refund"]
    assert len(refunds) > 50
    both = refunds.merge(log, left_on="undoes", right_on="event_id", suffixes=("", "_p"))
    assert len(both) == len(refunds)
    assert (both.event_p == "purchase").all()
    assert (both.item_id == both.item_id_p).all()
    assert (both.value == both.value_p).all()
    assert (both.s == both.s_p).all()
    assert (both.time > both.time_p).all()


def test_money_adds_up(shop: SyntheticShop, log: pd.DataFrame) -> None:
    bought = log[log.event == "purchase"]
    price = np.array([item.price for item in shop.items])[bought.i]
    assert np.allclose(bought.value + bought.discount.fillna(0), bought.quantity * price, atol=0.011)
    assert 0.02 < bought.discount.notna().mean() < 0.3


def test_nothing_is_shown_before_its_launch(shop: SyntheticShop, log: pd.DataFrame) -> None:
    seen = log[log.i >= 0]
    assert (seen.time >= shop.truth.items.launch[seen.i]).all()
    assert (shop.truth.items.launch > 1_704_067_200.0).sum() > 20


def test_clicks_fall_with_the_place_as_configured(log: pd.DataFrame) -> None:
    shown = log[log.event == "view_item_list"].position.value_counts().sort_index()
    clicked = log[log.event == "select_item"].position.value_counts().sort_index()
    rate = (clicked / shown).to_numpy()
    # Places also differ in what stands there (searches put what was asked for first), so the fit is loose.
    slope = np.polyfit(np.log(np.arange(1, len(rate) + 1)), np.log(rate), 1)[0]
    assert slope == pytest.approx(-0.8, abs=0.15)


def test_tastes_and_their_drift_show_in_the_log(shop: SyntheticShop, log: pd.DataFrame) -> None:
    truth = shop.truth
    seen = log[(log.event == "view_item") & (log.s >= 0)]
    phase = truth.phase(seen.s.to_numpy().astype(np.int32), seen.time.to_numpy())
    drifting = np.flatnonzero(~np.isnan(truth.drift_time))
    assert 0.2 < len(drifting) / len(truth.shoppers) < 0.4

    def shares(which: int) -> np.ndarray:
        here = seen[phase == which]
        table = np.zeros((len(truth.shoppers), len(truth.categories)))
        np.add.at(table, (here.s, here.c), 1)
        return table[drifting] / np.maximum(table[drifting].sum(1, keepdims=True), 1)

    own = np.corrcoef(shares(1).ravel(), truth.category[1][drifting].ravel())[0, 1]
    old = np.corrcoef(shares(1).ravel(), truth.category[0][drifting].ravel())[0, 1]
    assert np.corrcoef(shares(0).ravel(), truth.category[0][drifting].ravel())[0, 1] > 0.55
    assert own > 0.55
    assert own > old + 0.3


def test_seasons_and_habits_show_in_the_log(shop: SyntheticShop, log: pd.DataFrame) -> None:
    truth = shop.truth
    bought = log[log.event == "purchase"]
    expected = season(bought.c.to_numpy(), bought.time.to_numpy())
    peaked = truth.categories.index("Sports > Hiking > Tents")
    even = season(np.full(365, peaked), 1_704_067_200.0 + np.arange(365) * DAY).mean()
    assert expected[bought.c == peaked].mean() > even + 0.2
    named = log[(log.event == "search") & (log.s >= 0)]
    slot = ((named.time - 4 * DAY) % (7 * DAY) // 3600).astype(int)
    chance = truth.habit[named.s, slot]
    assert chance.mean() > 2 / 168  # were the hours even, 1 / 168


def test_consumables_come_back_at_their_pace(shop: SyntheticShop, log: pd.DataFrame) -> None:
    bought = log[(log.event == "purchase") & (log.s >= 0)].copy()
    bought["gap"] = bought.groupby(["s", "i"]).time.diff() / DAY
    again = bought[bought.request_id.isna() & bought.gap.notna()]
    pace = again.gap / shop.truth.items.cycle[again.i]
    assert len(again) > 300
    assert 0.9 < pace.median() < 1.6  # twice the quantity lasts twice as long


def test_queries_and_reviews_speak_the_shoppers_language(shop: SyntheticShop, log: pd.DataFrame) -> None:
    def chinese(texts: pd.Series) -> np.ndarray:
        return texts.str.contains("[一-鿿]").to_numpy()

    for event, column in (("search", "query"), ("review", "text")):
        said = log[(log.event == event) & (log.s >= 0)]
        assert len(said) > 500
        assert (chinese(said[column]) == shop.truth.chinese[said.s]).all()
    noisy = np.mean(
        [a != b for a, b in zip(*(shop.searches[name].to_pylist() for name in ("query", "clean")), strict=True)]
    )
    assert noisy == pytest.approx(0.25, abs=0.02)


def test_ratings_follow_quality(shop: SyntheticShop, log: pd.DataFrame) -> None:
    reviews = log[log.event == "review"]
    assert set(reviews.rating) == {1.0, 2.0, 3.0, 4.0, 5.0}
    assert np.corrcoef(reviews.rating, shop.truth.items.quality[reviews.i])[0, 1] > 0.3


def test_some_are_known_by_a_cookie_and_some_not_at_all(shop: SyntheticShop, log: pd.DataFrame) -> None:
    assert 0.01 < (log.s < 0).mean() < 0.06
    cookie_only = np.array([name.startswith("v") for name in shop.truth.shoppers])
    assert 0.15 < cookie_only.mean() < 0.25
    assert log.user_id[log.s.isin(np.flatnonzero(cookie_only))].isna().all()


def test_without_taste_everyone_is_the_population() -> None:
    shop = simulate(SimulateConfig(shoppers=300, items=200, taste=False), seed=5)
    truth = shop.truth
    assert np.ptp(truth.category, axis=1).max() == 0
    assert np.ptp(truth.brand, axis=1).max() == 0
    log = frame(shop)
    assert log[log.event == "purchase"].request_id.notna().all()  # nobody repurchases
    # The category of a visit tells nothing about the category of the shopper's next visit.
    first = log[(log.event == "search") & (log.s >= 0)].merge(
        shop.searches.to_pandas().drop_duplicates("query"), on="query"
    )
    visits = first.drop_duplicates("session_id").sort_values(["s", "time"])
    same = (visits.category == visits.category.shift()) & (visits.s == visits.s.shift())
    share = visits.category.value_counts(normalize=True)
    pairs = (visits.s == visits.s.shift()).sum()
    assert same.sum() / pairs == pytest.approx((share**2).sum(), abs=0.012)


@pytest.mark.parametrize("events", [20_000, 100_000])
def test_sized_hits_the_size(events: int) -> None:
    assert len(simulate(sized(events), seed=1)) == pytest.approx(events, rel=0.12)


def test_tiny_shops_and_bad_settings() -> None:
    assert len(simulate(SimulateConfig(shoppers=1, items=40, visits_per_shopper=0.01, days=7), seed=0)) >= 0
    with pytest.raises(ValidationError):
        SimulateConfig.model_validate({"shopers": 3})
    with pytest.raises(ValidationError):
        SimulateConfig(shoppers=0)
