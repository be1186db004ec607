"""What of all that happened gets into the log: rows of the numeric log, event by event."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from likeness.simulate.baskets import Clicks, Orders, reduction
from likeness.simulate.config import SimulateConfig
from likeness.simulate.lists import Lists
from likeness.simulate.rows import Columns, part
from likeness.simulate.truth import Truth
from likeness.simulate.words import draw_reviews
from likeness.types import DAY, Floats


def shown(config: SimulateConfig, lists: Lists, rng: np.random.Generator) -> list[Columns]:
    """Log the shown items of a share of the lists."""
    logged = np.flatnonzero(rng.random(len(lists.visit)) < config.impressions)
    row, place = np.nonzero(lists.shown[logged] >= 0)
    list_ = logged[row]
    time = lists.time[list_] + 0.5
    item = lists.shown[list_, place]
    return [part("view_item_list", time=time, visit=lists.visit[list_], item=item, list=list_, position=place + 1)]


def clicked(lists: Lists, clicks: Clicks) -> list[Columns]:
    """Log clicks, product views, carts, removals and wishes; the later ones do not repeat the place."""

    def rows(event: str, which: NDArray[np.bool_], later: float, place: bool = False) -> Columns:
        list_ = clicks.list_[which]
        position = clicks.position[which] if place else 0
        return part(
            event,
            time=clicks.time[which] + later,
            visit=lists.visit[list_],
            item=clicks.item[which],
            list=list_,
            position=position,
        )

    every = np.ones(len(clicks.item), bool)
    return [
        rows("select_item", every, 0.0, place=True),
        rows("view_item", every, 1.0),
        rows("add_to_wishlist", clicks.wished, 8.0),
        rows("add_to_cart", clicks.carted, 12.0),
        rows("remove_from_cart", clicks.removed, 40.0),
    ]


def ordered(config: SimulateConfig, orders: Orders, price: Floats, sale: Floats) -> list[Columns]:
    """Log purchases, and what goes before a repurchase."""
    again = orders.list_ < 0
    visit, item, time = orders.visit[again], orders.item[again], orders.time[again]
    value, discount = _money(config, orders, price, sale)
    return [
        part("view_item", time=time - 60, visit=visit, item=item),
        part("add_to_cart", time=time - 30, visit=visit, item=item),
        part(
            "purchase", time=orders.time, visit=orders.visit, item=orders.item, list=orders.list_,
            quantity=orders.quantity, value=value, discount=discount, order=np.arange(len(orders.item)),
        ),
    ]  # fmt: skip


def _money(config: SimulateConfig, orders: Orders, price: Floats, sale: Floats) -> tuple[Floats, Floats]:
    """Return what was paid for each line, and what was taken off it (NaN where nothing was)."""
    off = reduction(config, sale, orders.item, orders.time)
    full = orders.quantity * price[orders.item]
    discount = np.round(full * off, 2)
    return np.round(full - discount, 2), np.where(discount > 0, discount, np.nan)


def afterwards(
    config: SimulateConfig,
    truth: Truth,
    orders: Orders,
    price: Floats,
    sale: Floats,
    texts: list[str],
    rng: np.random.Generator,
) -> list[Columns]:
    """Log refunds (rather of what disappointed) and reviews; what falls after the log's end is not seen."""
    end = config.start + config.days * DAY
    n = len(orders.item)
    value, _ = _money(config, orders, price, sale)
    back = orders.time + (3 + 12 * rng.random(n)) * DAY
    returned = (rng.random(n) < config.refund * np.exp(-orders.satisfaction)) & (back < end)
    said = orders.time + (2 + 20 * rng.random(n)) * DAY
    reviewed = (rng.random(n) < config.review) & (said < end)
    rating: Floats = np.clip(np.round(3.8 + orders.satisfaction - 1.5 * returned), 1, 5)[reviewed].astype(np.float64)
    texts += draw_reviews(truth, orders.shopper[reviewed], orders.item[reviewed], rating, rng)
    return [
        part(
            "refund", time=back[returned], visit=orders.visit[returned], item=orders.item[returned],
            quantity=orders.quantity[returned], value=value[returned], undoes=np.flatnonzero(returned),
        ),
        part(
            "review", time=said[reviewed], visit=orders.visit[reviewed], item=orders.item[reviewed], rating=rating,
            text=np.arange(len(rating)),
        ),
    ]  # fmt: skip
