"""What becomes of a click: carts, orders, repurchases of what was used up, refunds, ratings."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from likeness.simulate.config import SimulateConfig
from likeness.simulate.lists import Lists, appeal
from likeness.simulate.truth import Truth
from likeness.types import DAY, Floats, Rows

CART_BIAS, ORDER_GIVEN_CART, REMOVED, WISHED = -0.7, 0.7, 0.4, 0.08
SALE_SHARE = 0.08  # of (item, week) pairs


@dataclass(frozen=True, kw_only=True)
class Clicks:
    """One row per click, in order of lists and places."""

    list_: NDArray[np.int64]
    position: Rows  # 1-based
    item: Rows
    time: Floats
    carted: NDArray[np.bool_]
    bought: NDArray[np.bool_]
    removed: NDArray[np.bool_]
    wished: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Orders:
    """One row per bought item. `visit` is negative for repurchases, which are visits of their own."""

    visit: NDArray[np.int64]
    shopper: Rows
    item: Rows
    time: Floats
    list_: NDArray[np.int64]  # the list that led to it, -1 none
    quantity: Floats
    satisfaction: Floats  # standard deviations; what ratings, refunds and repurchases follow


def sales(config: SimulateConfig, items: int, rng: np.random.Generator) -> Floats:
    """Return (items, weeks): the share of the price taken off, mostly zero."""
    weeks = int(np.ceil(config.days / 7)) + 2
    on = rng.random((items, weeks)) < SALE_SHARE
    return np.where(on, rng.choice([0.1, 0.2, 0.3], (items, weeks)), 0.0)


def reduction(config: SimulateConfig, sale: Floats, item: Rows, time: Floats) -> Floats:
    """Return the share of the price taken off each item at each time."""
    week = ((time - config.start) / (7 * DAY)).astype(np.int64).clip(0, sale.shape[1] - 1)
    result: Floats = sale[item, week]
    return result


def draw_clicks(config: SimulateConfig, truth: Truth, lists: Lists, sale: Floats, rng: np.random.Generator) -> Clicks:
    """Return the clicks and what followed in the same visit."""
    list_, place = np.nonzero(lists.clicked)
    item = lists.shown[list_, place]
    n = len(item)
    time = lists.time[list_] + 4.0 * (place + 1) + 3 * rng.random(n)
    keen = reduction(config, sale, item, time) * 5 * truth.deal[lists.shopper[list_]]
    carted = rng.random(n) < 1 / (1 + np.exp(-(CART_BIAS + 0.9 * lists.appeal[list_, place] + keen)))
    bought = carted & (rng.random(n) < ORDER_GIVEN_CART)
    removed = carted & ~bought & (rng.random(n) < REMOVED)
    wished = ~carted & (rng.random(n) < WISHED)
    return Clicks(
        list_=list_, position=(place + 1).astype(np.int32), item=item, time=time,
        carted=carted, bought=bought, removed=removed, wished=wished,
    )  # fmt: skip


def draw_orders(config: SimulateConfig, truth: Truth, lists: Lists, clicks: Clicks, rng: np.random.Generator) -> Orders:
    """Return what was bought, repurchases last; an order is paid for at the end of its visit."""
    bought = np.flatnonzero(clicks.bought)
    list_, item = clicks.list_[bought], clicks.item[bought]
    visit, shopper = lists.visit[list_], lists.shopper[list_]
    paid = np.full(int(lists.visit.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(paid, lists.visit, lists.time + 140.0)
    liking = lists.appeal[list_, clicks.position[bought] - 1]
    first = Orders(
        visit=visit,
        shopper=shopper,
        item=item,
        time=paid[visit],
        list_=list_,
        quantity=_quantity(truth, item, rng),
        satisfaction=0.5 * truth.items.quality[item] + 0.2 * liking + 0.8 * rng.standard_normal(len(item)),
    )
    rounds = [first]
    while config.taste and len(rounds[-1].item) and len(rounds) < 60:
        rounds.append(_again(config, truth, rounds[-1], rng))
    return _number_visits(join(rounds), len(first.item))


def join(parts: list[Orders]) -> Orders:
    """Return the orders of all parts, one after the other."""
    names = Orders.__dataclass_fields__
    return Orders(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def _number_visits(orders: Orders, first: int) -> Orders:
    """Give every repurchase a visit of its own: -1, -2, ..."""
    visit = orders.visit.copy()
    visit[first:] = -1 - np.arange(len(visit) - first)
    return replace(orders, visit=visit)


def _quantity(truth: Truth, item: Rows, rng: np.random.Generator) -> Floats:
    more = np.where(np.isnan(truth.items.cycle[item]), 0.08, 0.5)
    return 1.0 + rng.poisson(more).astype(np.float64)


def _again(config: SimulateConfig, truth: Truth, last: Orders, rng: np.random.Generator) -> Orders:
    """Return the next purchase of what `last` used up, for those who buy it again before the log ends."""
    cycle = truth.items.cycle[last.item]
    rate = np.log(max(config.repurchase, 1e-9) / (1 - config.repurchase))
    chance = np.where(np.isnan(cycle), 0.0, 1 / (1 + np.exp(-(rate + 0.6 * last.satisfaction))))
    gap = np.round(np.nan_to_num(cycle) * last.quantity * np.exp(0.2 * rng.standard_normal(len(cycle)))).clip(min=2)
    time = last.time + gap * DAY + 3600 * rng.standard_normal(len(cycle))
    drift = truth.drift_time[last.shopper]
    chance = np.where((last.time < drift) & (time >= drift), 0.4 * chance, chance)
    keep = (rng.random(len(cycle)) < chance) & (time < config.start + config.days * DAY)
    item = last.item[keep]
    return Orders(
        visit=np.full(len(item), -1),
        shopper=last.shopper[keep],
        item=item,
        time=time[keep],
        list_=np.full(len(item), -1),
        quantity=_quantity(truth, item, rng),
        satisfaction=last.satisfaction[keep] + 0.3 * rng.standard_normal(len(item)),
    )


def liking_of(truth: Truth, shopper: Rows, item: Rows, time: Floats) -> Floats:
    """Return the appeal of one item to one shopper for each triple; used by tests of the truth."""
    phase = truth.phase(shopper, time)
    rows = [appeal(truth, shopper[i : i + 1], phase[i : i + 1], item[i : i + 1])[0, 0] for i in range(len(item))]
    return np.asarray(rows)
