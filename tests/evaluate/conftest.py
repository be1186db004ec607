"""Small logs for the evaluation's tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pytest

from likeness.simulate import SyntheticShop
from likeness.types import DAY, EVENT_NAMES, Catalogue, Interactions, Item

WEIGHTS = {
    "purchase": 5.0,
    "add_to_cart": 3.0,
    "add_to_wishlist": 2.0,
    "select_item": 1.0,
    "view_item": 1.0,
    "refund": -5.0,
}


def _catalogue_of(items: Sequence[Item]) -> Catalogue:
    """Return a catalogue with categories and brands, no prices."""
    n = len(items)
    paths = [" > ".join(item.categories) for item in items]
    names = tuple(sorted({path for path in paths if path}))
    code = {name: i for i, name in enumerate(names)}
    return Catalogue(
        items=tuple(items),
        category=np.array([code.get(path, -1) for path in paths], np.int32),
        category_names=names,
        brand=np.full(n, -1, np.int32),
        brand_names=(),
        price=np.full(n, np.nan),
        band=np.full(n, -1, np.int32),
        percentile=np.full(n, np.nan),
        available=np.ones(n, bool),
    )


def _log_of(rows: Sequence[tuple[str, int, float]], *, event: str = "purchase", clock: str = "time") -> Interactions:
    """Return interactions of (shopper, item row, time in days), one session per shopper and day; "" is anonymous."""
    names = tuple(sorted({who for who, _, _ in rows if who}))
    rows = sorted(rows, key=lambda r: (r[0], r[2]))
    n = len(rows)
    return Interactions(
        shoppers=names,
        shopper=np.array([names.index(who) if who else -1 for who, _, _ in rows], np.int32),
        row=np.array([row for _, row, _ in rows], np.int32),
        event=np.full(n, EVENT_NAMES.index(event), np.int8),
        time=np.array([day * DAY for _, _, day in rows]),
        weight=np.full(n, WEIGHTS[event]),
        session=np.array([names.index(who) * 1000 + int(day) if who else -1 for who, _, day in rows], np.int64),
        quantity=np.ones(n),
        value=np.full(n, np.nan),
        end=max((day for _, _, day in rows), default=0) * DAY + 1,
        clock="time" if clock == "time" else "position",
    )


def _interactions_of(shop: SyntheticShop) -> Interactions:
    """Return a synthetic shop's log as interactions."""
    log = pa.concat_tables(list(shop.events())).to_pandas()
    place = {name: code for code, name in enumerate(shop.truth.shoppers)}
    items = {item.item_id: row for row, item in enumerate(shop.items)}
    who = log.user_id.where(log.user_id.notna(), log.visitor_id).map(place).fillna(-1).astype(np.int32).to_numpy()
    order = np.lexsort((np.arange(len(log)), log.time, who))
    log, who = log.iloc[order], who[order]
    return Interactions(
        shoppers=shop.truth.shoppers,
        shopper=who,
        row=log.item_id.map(items).fillna(-1).astype(np.int32).to_numpy(),
        event=log.event.map({name: code for code, name in enumerate(EVENT_NAMES)}).astype(np.int8).to_numpy(),
        time=log.time.to_numpy(),
        weight=log.event.map(WEIGHTS).fillna(0.0).to_numpy(),
        session=log.session_id.astype("category").cat.codes.astype(np.int64).to_numpy(),
        quantity=log.quantity.to_numpy(),
        value=log.value.to_numpy(),
        end=float(log.time.max()) + 1,
    )


@pytest.fixture
def five_items() -> Catalogue:
    return _catalogue_of([Item(item_id=f"i{n}", categories=("A" if n < 3 else "B",)) for n in range(5)])


@pytest.fixture(scope="session")
def catalogue_of() -> Callable[[Sequence[Item]], Catalogue]:
    return _catalogue_of


@pytest.fixture(scope="session")
def log_of() -> Callable[..., Interactions]:
    return _log_of


@pytest.fixture(scope="session")
def interactions_of() -> Callable[[SyntheticShop], Interactions]:
    return _interactions_of
