"""The log as the batch fold reads it: columns sorted by shopper, time and event id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from likeness.persona.columns import (
    Codes,
    Ints,
    encoded,
    event_codes,
    numbers,
    present,
    refuse,
    sessions_of,
    shoppers_of,
    sorted_codes,
    together,
)
from likeness.persona.facts import STARS, Facts, ItemFacts
from likeness.persona.feeds import weights_of
from likeness.types import EVENT_NAMES, Floats

Mask = NDArray[np.bool_]
PLAIN = ("item", "query", "device", "currency", "event")  # kinds whose value is the column's own
OF_ITEM = ("category", "brand", "attribute", "price_band", "kind")  # kinds that the catalogue tells of an item


@dataclass(frozen=True)
class Lists:
    """Texts per code of a column: code c stands for names[keys[starts[c]:starts[c + 1]]], code -1 for none."""

    column: str
    names: tuple[str, ...]
    keys: Ints
    starts: Ints

    def sizes(self, code: Ints) -> Ints:
        """Return how many texts each code stands for."""
        return np.asarray((self.starts[1:] - self.starts[:-1])[code])

    def expand(self, code: Ints) -> tuple[Ints, Ints]:
        """Return (place in `code`, key) of every text that the codes stand for."""
        sizes = self.sizes(code)
        place = np.repeat(np.arange(len(code)), sizes)
        first = np.repeat(self.starts[:-1][code] - (np.cumsum(sizes) - sizes), sizes)
        return place, self.keys[first + np.arange(len(place))]


@dataclass(frozen=True)
class Log:
    """Events (n,) of known shoppers: what `facts.Signal` is for one; NaN and code -1 stand for nothing there."""

    shopper: Codes
    event_id: pa.Array
    cursor: Ints
    codes: Mapping[str, Codes]  # event, session, item, query, device, currency, consent
    numbers: Mapping[str, Floats]  # time, weight, rating, value, unit_price, discount, percentile
    lists: Mapping[str, Lists]  # kind of facet -> its values

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.cursor)

    @cached_property
    def ids(self) -> list[str]:
        """The event ids as Python's own strings."""
        return list(self.event_id.to_pylist())

    def last_cursors(self) -> dict[int, int]:
        """Return the highest cursor of each shopper's code."""
        codes, starts = np.unique(self.shopper.code, return_index=True)
        return (
            dict(zip(codes.tolist(), np.maximum.reduceat(self.cursor, starts).tolist(), strict=True))
            if len(self)
            else {}
        )

    def has(self, need: str) -> Mask:
        """Return where an event has that part of a signal."""
        if need in self.numbers:
            return ~np.isnan(self.numbers[need])
        if need in self.lists:
            return self.lists[need].sizes(self.codes[self.lists[need].column].code) > 0
        return self.codes["item" if need == "item_id" else need].code >= 0

    def blocks(self, at_once: int) -> Iterator[Log]:
        """Cut the log between shoppers into parts of about `at_once` events."""
        code = self.shopper.code
        ends = np.flatnonzero(np.append(code[1:] != code[:-1], True)) + 1 if len(self) else np.zeros(0, dtype=np.int64)
        whole = np.append(np.diff(ends // at_once) > 0, True)[: len(ends)]
        for start, stop in pairwise([0, *ends[whole].tolist()]):
            yield self._part(slice(start, stop))

    def _part(self, rows: slice) -> Log:
        return Log(
            Codes(self.shopper.code[rows], self.shopper.names),
            self.event_id[rows],
            self.cursor[rows],
            {name: Codes(codes.code[rows], codes.names) for name, codes in self.codes.items()},
            {name: column[rows] for name, column in self.numbers.items()},
            self.lists,
        )


def read_log(tables: pa.Table | Iterable[pa.Table], facts: Facts) -> Log:
    """Return the sorted log; equal events give equal columns, whatever the order of rows."""
    table = together(tables)
    table = table.filter(pc.is_valid(pc.coalesce(table["user_id"], table["visitor_id"])))
    shopper, codes = shoppers_of(table), _codes(table)
    items = [facts.of(item) for item in codes["item"].names]
    given = _numbers(table, codes, items, facts)
    order = _order(shopper.code, given["time"], table["event_id"])
    lists = {kind: _lists(kind, [(value,) for value in codes[kind].names]) for kind in PLAIN}
    lists |= {kind: _lists("item", [getattr(item, kind) for item in items]) for kind in OF_ITEM}
    lists["term"] = _lists("query", [tuple(dict.fromkeys(facts.words(query))) for query in codes["query"].names])
    return Log(
        Codes(shopper.code[order], shopper.names),
        table["event_id"].combine_chunks().take(pa.array(order)),
        table["cursor"].to_numpy()[order],
        {name: Codes(column.code[order], column.names) for name, column in codes.items()},
        {name: column[order] for name, column in given.items()},
        lists,
    )


def _codes(table: pa.Table) -> dict[str, Codes]:
    names = {"item": "item_id"} | {name: name for name in ("query", "device", "currency", "consent")}
    codes = {name: sorted_codes(encoded(table[column])) for name, column in names.items()}
    events = Codes(event_codes(table).astype(np.int64), EVENT_NAMES)
    return {**codes, "event": events, "session": sessions_of(table, numbers(table, "time"))}


def _numbers(
    table: pa.Table, codes: Mapping[str, Codes], items: Sequence[ItemFacts], facts: Facts
) -> dict[str, Floats]:
    given = {name: numbers(table, name) for name in ("time", "rating", "value", "discount")}
    stars, event = given["rating"], codes["event"].code.astype(np.int8)
    refuse(table, "rating", stars, (stars < 1.0) | (stars > 1.0 + STARS), "ratings lie in 1 to 5")
    return {
        **given,
        "weight": weights_of(event, stars, present(table, "undoes"), facts.config),
        "unit_price": _unit_prices(given["value"], numbers(table, "quantity")),
        "percentile": _by_code([item.percentile for item in items], codes["item"].code),
    }


def _order(shopper: Ints, time: Floats, event_id: pa.ChunkedArray) -> Ints:
    """Return the rows by shopper, time and event id."""
    keys = [("shopper", "ascending"), ("time", "ascending"), ("event_id", "ascending")]
    columns = {"shopper": pa.array(shopper), "time": pa.array(time), "event_id": event_id}
    return np.asarray(pc.sort_indices(pa.table(columns), sort_keys=keys).to_numpy().astype(np.int64))


def _unit_prices(value: Floats, quantity: Floats) -> Floats:
    """Return `facts.unit_price` of columns."""
    known = ~np.isnan(value) & (quantity > 0.0)
    return np.asarray(np.divide(value, quantity, out=np.full(len(value), np.nan), where=known))


def _by_code(values: Sequence[float | None], code: Ints) -> Floats:
    table = np.array([*(np.nan if value is None else value for value in values), np.nan])
    return np.asarray(table[code])


def _lists(column: str, values: Sequence[Sequence[str] | None]) -> Lists:
    places = {text: place for place, text in enumerate(sorted({text for row in values for text in row or ()}))}
    keys = [places[text] for row in values for text in row or ()]
    sizes = [*(len(row or ()) for row in values), 0]  # the last one is what code -1 reads
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Lists(column, tuple(places), np.array(keys, dtype=np.int64), starts)
