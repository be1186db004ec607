"""Items from the log: what events say about the things they name, for a shop that gives no item file, or a thin one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from likeness.catalog.themes import Baskets, Ints
from likeness.schema import EVENT_SCHEMA, OBSERVATION_SCHEMA
from likeness.types import Clock, Floats, Item

_READ = ("event", "time", "user_id", "visitor_id", "session_id", "item_id", "quantity", "value", "currency")
_AGAINST = pa.array(["refund", "remove_from_cart", "not_interested"])
_STEP = re.compile(r"\s*>\s*")
_ALONE = 1.5  # distinct items per session below which whole shoppers are the baskets


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the events before the cutoff say about items, one place per item."""

    ids: tuple[str, ...]  # ascending
    first: Floats  # (n,) time of the first event
    last: Floats  # (n,)
    price: Floats  # (n,) median unit price, NaN where no event tells
    currency: str | None  # the one in which most prices are
    baskets: Baskets  # over places


def read_log(events: Iterable[pa.Table], until: float | None = None) -> Seen:
    """Read tables of EVENT_SCHEMA, in any order, up to and without `until`."""
    table = pa.concat_tables([EVENT_SCHEMA.empty_table().select(_READ), *(_named(part, until) for part in events)])
    codes = pc.dictionary_encode(table["item_id"]).combine_chunks()
    if isinstance(codes, pa.ChunkedArray):  # of no chunk at all
        codes = pa.array([], pa.string()).dictionary_encode()
    names = codes.dictionary.to_pylist()
    order = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    item = place[codes.indices.to_numpy(zero_copy_only=False)] if len(order) else np.zeros(0, np.int64)
    time = table["time"].to_numpy()
    first, last = np.full(len(order), np.inf), np.full(len(order), -np.inf)
    np.minimum.at(first, item, time)
    np.maximum.at(last, item, time)
    price, currency = _prices(table, item, len(order))
    ids = tuple(names[i] for i in order)
    return Seen(ids=ids, first=first, last=last, price=price, currency=currency, baskets=_baskets(table, item, time))


def derived_items(
    seen: Seen, observations: pa.Table | None = None, until: float | None = None, clock: Clock = "time"
) -> list[Item]:
    """Return one item per id of the log: its most frequent title, brand and category, its median price, its dates.

    Observations are sums over all time. So with `until` the value first seen earliest is taken instead of the most
    frequent one: how often a value was seen before the cutoff cannot be told from a sum that reaches beyond it.
    Positions are no dates: with the clock "position" none are given.
    """
    said = _said(observations, until)
    dated = clock == "time"
    return [
        Item(
            item_id=item_id,
            price=None if np.isnan(seen.price[place]) else float(seen.price[place]),
            currency=None if np.isnan(seen.price[place]) else seen.currency,
            first_seen=float(seen.first[place]) if dated else None,
            last_seen=float(seen.last[place]) if dated else None,
            **said.get(item_id, {}),
        )
        for place, item_id in enumerate(seen.ids)
    ]


def merged(given: Sequence[Item], derived: Sequence[Item]) -> list[Item]:
    """Return the given items with gaps filled from the derived ones, then the derived ones that nobody gave."""
    by_id = {item.item_id: item for item in derived}
    known = {item.item_id for item in given}
    filled = [_filled(item, by_id[item.item_id]) if item.item_id in by_id else item for item in given]
    return [*filled, *(item for item in derived if item.item_id not in known)]


def rows_of(seen: Seen, row_of: dict[str, int]) -> Baskets:
    """Return the baskets over catalogue rows; items that are not in the catalogue are left out."""
    rows = np.array([row_of.get(item_id, -1) for item_id in seen.ids], dtype=np.int64)
    item = rows[seen.baskets.item] if len(rows) else seen.baskets.item
    kept = item >= 0
    return replace(seen.baskets, item=item[kept], basket=seen.baskets.basket[kept])


def _named(table: pa.Table, until: float | None) -> pa.Table:
    mask = pc.is_valid(table["item_id"])
    if until is not None:
        mask = pc.and_(mask, pc.less(table["time"], until))
    return table.select(_READ).filter(mask)


def _prices(table: pa.Table, item: Ints, n: int) -> tuple[Floats, str | None]:
    """Return the median unit price per item, of purchases where there are any, else of other events."""
    value = table["value"].to_numpy()
    quantity = table["quantity"].to_numpy()
    unit = value / np.where(np.isnan(quantity) | (quantity <= 0), 1.0, quantity)
    currency = _usual(table["currency"])
    same = pc.fill_null(pc.equal(table["currency"], currency), True).to_numpy() if currency is not None else True
    bought = pc.equal(table["event"], "purchase").to_numpy()
    told = (unit > 0) & np.isfinite(unit) & same & ~pc.is_in(table["event"], _AGAINST).to_numpy()
    asked = _medians(item[told & ~bought], unit[told & ~bought], n)
    paid = _medians(item[told & bought], unit[told & bought], n)
    return np.where(np.isnan(paid), asked, paid), currency


def _medians(item: Ints, value: Floats, n: int) -> Floats:
    order = np.lexsort((value, item))
    value, count = value[order], np.bincount(item, minlength=n)
    start = np.cumsum(count) - count
    median = np.full(n, np.nan)
    some = count > 0
    low, high = start[some] + (count[some] - 1) // 2, start[some] + count[some] // 2
    median[some] = (value[low] + value[high]) / 2
    return median


def _usual(column: pa.ChunkedArray) -> str | None:
    counts = [(-c["counts"], c["values"]) for c in pc.value_counts(column).to_pylist() if c["values"] is not None]
    return min(counts)[1] if counts else None


def _baskets(table: pa.Table, item: Ints, time: Floats) -> Baskets:
    """Return sessions that hold something liked, or whole shoppers where sessions hold hardly more than one item."""
    liked = ~pc.is_in(table["event"], _AGAINST).to_numpy()
    shopper = pc.coalesce(table["user_id"], table["visitor_id"])
    sessions = _distinct(_codes(pc.coalesce(table["session_id"], shopper), time), item, liked)
    lone = len(sessions.item) < _ALONE * len(np.unique(sessions.basket))
    return _distinct(_codes(shopper, time), item, liked) if lone else sessions


def _codes(column: pa.ChunkedArray, time: Floats) -> Ints:
    """Return codes of a text column in the order of each value's last time, -1 for none."""
    encoded = pc.dictionary_encode(column).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        return np.zeros(0, dtype=np.int64)
    raw = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    names: list[str] = encoded.dictionary.to_pylist()
    last = np.full(len(names), -np.inf)
    np.maximum.at(last, raw[raw >= 0], time[raw >= 0])
    place = np.full(len(names) + 1, -1, dtype=np.int64)
    for code, at in enumerate(sorted(range(len(names)), key=lambda i: (last[i], names[i]))):
        place[at] = code
    codes: Ints = place[raw]
    return codes


def _distinct(basket: Ints, item: Ints, liked: Any) -> Baskets:
    kept = liked & (basket >= 0)
    pairs = np.unique(np.stack([basket[kept], item[kept]], axis=1), axis=0)
    return Baskets(item=pairs[:, 1], basket=pairs[:, 0])


def _said(observations: pa.Table | None, until: float | None) -> dict[str, dict[str, Any]]:
    """Return item_id -> fields of Item, from the observations that were made before the cutoff."""
    best: defaultdict[str, dict[str, tuple[float, str]]] = defaultdict(dict)
    table = OBSERVATION_SCHEMA.empty_table() if observations is None else observations
    for item_id, field, value, count, first, _ in zip(*(c.to_pylist() for c in table.itercolumns()), strict=True):
        if until is not None and (first is None or first >= until):
            continue
        order = (-float(count), value) if until is None else (first, value)
        if field not in best[item_id] or order < best[item_id][field]:
            best[item_id][field] = order
    return {item_id: _fields({f: value for f, (_, value) in said.items()}) for item_id, said in best.items()}


def _fields(said: dict[str, str]) -> dict[str, Any]:
    fields: dict[str, Any] = {name: said[name] for name in ("title", "description", "brand", "image") if name in said}
    path = said.get("categories", said.get("category"))
    if path:
        fields["categories"] = tuple(step for step in _STEP.split(path.strip()) if step)
    if said.get("kind"):
        fields["kind"] = said["kind"]
    attributes = {
        f.removeprefix("attribute:"): value for f, value in sorted(said.items()) if f.startswith("attribute:")
    }
    return {**fields, "attributes": attributes} if attributes else fields


def _filled(item: Item, other: Item) -> Item:
    empty = {name for name in item.__struct_fields__ if getattr(item, name) in (None, "", (), {})}
    taken = {name: value for name in sorted(empty) if (value := getattr(other, name)) not in (None, "", (), {})}
    if item.price is not None:
        taken.pop("currency", None)  # the given price is in no currency that the log could tell
    return msgspec.structs.replace(item, **taken) if taken else item
