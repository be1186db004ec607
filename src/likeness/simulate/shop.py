"""One synthetic shop from a seed: the shelf, the people, their visits, and the log these leave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from likeness.seeds import rng_of
from likeness.simulate.baskets import Orders, draw_clicks, draw_orders, sales
from likeness.simulate.config import SimulateConfig
from likeness.simulate.lists import Lists, draw_lists
from likeness.simulate.people import draw_people
from likeness.simulate.record import afterwards, clicked, ordered, shown
from likeness.simulate.rows import Log, assemble, part, tables
from likeness.simulate.shelf import describe, draw_items, prices
from likeness.simulate.truth import Truth
from likeness.simulate.visits import Visits, draw_visits, visits_of
from likeness.simulate.words import draw_queries
from likeness.types import DAY, Item


@dataclass(frozen=True, kw_only=True)
class SyntheticShop:
    """A shop whose truth is known."""

    items: tuple[Item, ...]
    truth: Truth
    log: Log
    searches: pa.Table  # one row per search: query (as typed), clean (without noise), item_id (meant), category

    def events(self) -> Iterator[pa.Table]:
        """Yield the log as tables of EVENT_SCHEMA, sorted by time; may be called again."""
        return tables(self.log)

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.log)


def simulate(config: SimulateConfig, seed: int) -> SyntheticShop:
    """Return a synthetic shop; the same config and seed give the same bytes.

    >>> shop = simulate(SimulateConfig(shoppers=20, items=60), seed=1)
    >>> next(shop.events()).column("event")[0].as_py() in {"search", "view_item_list", "select_item"}
    True
    """
    rng = rng_of("simulate", seed)
    shelf = draw_items(config, rng)
    price = prices(shelf, rng)
    truth = draw_people(config, shelf, rng)
    items = describe(config, shelf, price, rng)
    sale = sales(config, len(items), rng)
    visits = draw_visits(config, truth, rng)
    lists = draw_lists(config, truth, visits, rng)
    clicks = draw_clicks(config, truth, lists, sale, rng)
    orders = draw_orders(config, truth, lists, clicks, rng)
    searched, typed, clean = draw_queries(config, truth, lists, rng)
    visits, orders = _with_repurchases(config, visits, orders, truth, rng)
    texts: list[str] = []
    parts = [
        *shown(config, lists, rng),
        part(
            "search", time=lists.time[searched], visit=lists.visit[searched], list=searched, query=np.arange(len(typed))
        ),
        *clicked(lists, clicks),
        *ordered(config, orders, price, sale),
        *afterwards(config, truth, orders, price, sale, texts, rng),
    ]
    log = Log(
        columns=assemble(parts, config.start + config.days * DAY),
        visits=visits,
        shoppers=truth.shoppers,
        item_ids=tuple(item.item_id for item in items),
        queries=tuple(typed),
        texts=tuple(texts),
        currency=config.currency,
        prefix=f"{seed}-",
    )
    searches = _searches(truth, lists, searched, typed, clean, items)
    return SyntheticShop(items=items, truth=truth, log=log, searches=searches)


def _searches(
    truth: Truth, lists: Lists, searched: NDArray[np.int64], typed: list[str], clean: list[str], items: tuple[Item, ...]
) -> pa.Table:
    meant = lists.target[searched]
    return pa.table(
        {
            "query": pa.array(typed, pa.string()),
            "clean": pa.array(clean, pa.string()),
            "item_id": pa.array([items[i].item_id for i in meant], pa.string()),
            "category": pa.array([truth.categories[truth.items.category[i]] for i in meant], pa.string()),
        }
    )


def _with_repurchases(
    config: SimulateConfig, visits: Visits, orders: Orders, truth: Truth, rng: np.random.Generator
) -> tuple[Visits, Orders]:
    """Append one visit per repurchase and point the repurchases at them."""
    again = orders.visit < 0
    category = truth.items.category[orders.item[again]]
    more = visits_of(config, orders.shopper[again], orders.time[again], category, rng)
    names = Visits.__dataclass_fields__
    joined = Visits(**{name: np.concatenate([getattr(visits, name), getattr(more, name)]) for name in names})
    visit = np.where(again, len(visits) - 1 - orders.visit, orders.visit)
    fields = {name: getattr(orders, name) for name in Orders.__dataclass_fields__}
    return joined, Orders(**fields | {"visit": visit})
