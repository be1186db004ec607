"""The store in memory: complete, the reference for every other store, and the double that tests use."""

from __future__ import annotations

import bisect
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from likeness.ports import ImportState, Snapshot
from likeness.schema import EVENT_SCHEMA, OBSERVATION_SCHEMA, QUARANTINE_SCHEMA
from likeness.stores.rows import (
    NAMES,
    TIME,
    VISITOR,
    Row,
    event_of,
    events_in,
    row_of,
    rows_in,
    shopper_of,
    table_of,
)
from likeness.stores.traces import forget, redact
from likeness.types import Event, Item, Slate

_CHUNK = 50_000
_EVENT, _ITEM = NAMES.index("event"), NAMES.index("item_id")


@dataclass
class _Shop:
    """What one shop keeps. Cursors grow, so `cursors` is sorted and every shopper's list of them too."""

    rows: dict[int, Row] = field(default_factory=dict)  # cursor -> tuple
    cursors: list[int] = field(default_factory=list)
    highest: int = 0  # never falls, so an erased cursor is never given again
    ids: set[str] = field(default_factory=set)
    of: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    quarantine: list[Row] = field(default_factory=list)
    observations: dict[tuple[str, str, str], tuple[int, float | None, float | None]] = field(default_factory=dict)
    imports: dict[str, ImportState] = field(default_factory=dict)
    personas: dict[str, Snapshot] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    slates: dict[str, Slate] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    erasures: int = 0


class MemoryStore:
    """Every port of a shop in Python's own memory; gone when the process ends. Safe to share between threads."""

    def __init__(self) -> None:
        """Start empty."""
        self._shops: defaultdict[str, _Shop] = defaultdict(_Shop)
        self._lock = threading.RLock()

    # The event log

    def append(self, shop_id: str, events: Sequence[Event]) -> int:
        """Add the events that are not there yet and return how many were new."""
        rows = [row_of(event) for event in events]
        with self._lock:
            return _add(self._shops[shop_id], rows)

    def append_table(
        self,
        shop_id: str,
        events: pa.Table,
        *,
        quarantine: pa.Table | None = None,
        observations: pa.Table | None = None,
        state: ImportState | None = None,
    ) -> int:
        """Add rows of events, quarantine and observations and the import's state, all or none."""
        rows = list(rows_in(events_in(events), EVENT_SCHEMA))
        refused = _tuples(quarantine, QUARANTINE_SCHEMA)
        seen = _tuples(observations, OBSERVATION_SCHEMA)
        with self._lock:
            shop = self._shops[shop_id]
            shop.quarantine.extend(refused)
            for *key, count, first, last in seen:
                _observe(shop, (key[0], key[1], key[2]), count, first, last)
            if state is not None:
                shop.imports[state.digest] = state
            return _add(shop, rows)

    def observations(self, shop_id: str) -> pa.Table:
        """Return what event files said about items, summed, in order of (item_id, field, value)."""
        with self._lock:
            kept = sorted(self._shops[shop_id].observations.items())
        return table_of([(*key, *sums) for key, sums in kept], OBSERVATION_SCHEMA)

    def import_state(self, shop_id: str, digest: str) -> ImportState | None:
        """Return how far the import of the file with this digest has come."""
        return self._shops[shop_id].imports.get(digest)

    def imports(self, shop_id: str) -> list[ImportState]:
        """Return every import, oldest first."""
        return list(self._shops[shop_id].imports.values())

    def quarantine(self, shop_id: str) -> Iterator[pa.Table]:
        """Yield tables of QUARANTINE_SCHEMA, oldest row first."""
        rows = list(self._shops[shop_id].quarantine)
        for start in range(0, len(rows), _CHUNK):
            yield table_of(rows[start : start + _CHUNK], QUARANTINE_SCHEMA)

    def scan(self, shop_id: str, *, after: int = 0, until: float | None = None) -> Iterator[pa.Table]:
        """Yield tables of events plus cursor, in cursor order, cursor > after and time < until."""
        with self._lock:
            shop = self._shops[shop_id]
            cursors = shop.cursors[bisect.bisect_right(shop.cursors, after) :]
            kept = [(*shop.rows[c], c) for c in cursors if until is None or shop.rows[c][TIME] < until]
        for start in range(0, len(kept), _CHUNK):
            yield table_of(kept[start : start + _CHUNK])

    def of_shopper(
        self, shop_id: str, shopper: str, *, after: int = 0, until: float | None = None
    ) -> list[tuple[int, Event]]:
        """Return (cursor, event) of one shopper in (time, cursor) order, cursor > after, time < until."""
        with self._lock:
            shop = self._shops[shop_id]
            cursors = shop.of.get(shopper, [])
            found = [(shop.rows[c][TIME], c, shop.rows[c]) for c in cursors[bisect.bisect_right(cursors, after) :]]
        return [(c, event_of(row)) for time, c, row in sorted(found) if until is None or time < until]

    def purchases_of(self, shop_id: str, pairs: Sequence[tuple[str, str]]) -> list[Event]:
        """Return the purchases of the (shopper, item_id) pairs, in (time, cursor) order."""
        wanted = set(pairs)
        with self._lock:
            shop = self._shops[shop_id]
            found = [
                (shop.rows[c][TIME], c, shop.rows[c])
                for shopper in {shopper for shopper, _ in wanted}
                for c in shop.of.get(shopper, [])
                if shop.rows[c][_EVENT] == "purchase" and (shopper, shop.rows[c][_ITEM]) in wanted
            ]
        return [event_of(row) for *_, row in sorted(found)]

    def logged_shoppers(self, shop_id: str) -> Iterator[str]:
        """Yield every shopper who has an event, in order of id."""
        with self._lock:
            found = sorted(shopper for shopper, cursors in self._shops[shop_id].of.items() if cursors)
        yield from found

    def last_cursor(self, shop_id: str) -> int:
        """Return the highest cursor, 0 when empty."""
        return max(self._shops[shop_id].cursors[-1:], default=0)

    def count(self, shop_id: str) -> int:
        """Return the number of events."""
        return len(self._shops[shop_id].rows)

    def erase_shopper(self, shop_id: str, shopper: str) -> int:
        """Remove the shopper's events and quarantine rows and return how many; snapshot and slates go too."""
        with self._lock:
            shop = self._shops[shop_id]
            gone = set(shop.of.pop(shopper, []))
            shop.ids -= {shop.rows.pop(c)[0] for c in gone}
            shop.cursors = [c for c in shop.cursors if c not in gone]
            shop.rows.update((c, _without_visitor(row)) for c, row in shop.rows.items() if row[VISITOR] == shopper)
            kept = [redact(row, shopper) for row in shop.quarantine]
            shop.quarantine, refused = [row for row in kept if row is not None], kept.count(None)
            shop.imports = {k: forget(state) for k, state in shop.imports.items()}
            self.erase(shop_id, shopper)
            self.erase_slates(shop_id, shopper)
            shop.erasures += 1
            return len(gone) + refused

    # Personas

    def get(self, shop_id: str, shopper: str) -> Snapshot | None:
        """Return the snapshot, None for an unknown shopper."""
        return self._shops[shop_id].personas.get(shopper)

    def put(self, shop_id: str, shopper: str, snapshot: Snapshot) -> None:
        """Replace the snapshot if `snapshot.cursor` is at least the one kept."""
        with self._lock:
            kept = self._shops[shop_id].personas.get(shopper)
            if kept is None or snapshot.cursor >= kept.cursor:
                self._shops[shop_id].personas[shopper] = snapshot

    def replace_all(self, shop_id: str, snapshots: Iterable[tuple[str, Snapshot]]) -> int:
        """Replace every snapshot of the shop at once; a shopper erased meanwhile does not come back with them."""
        shop = self._shops[shop_id]
        erasures, new = shop.erasures, dict(snapshots)
        with self._lock:
            if shop.erasures != erasures:
                new = {shopper: kept for shopper, kept in new.items() if shopper in shop.of}
            shop.personas = new
        return len(new)

    def shoppers(self, shop_id: str) -> Iterator[str]:
        """Yield the shoppers that have a snapshot, in order of id."""
        yield from sorted(self._shops[shop_id].personas)

    def erase(self, shop_id: str, shopper: str) -> bool:
        """Forget one shopper's snapshot and say whether there was one."""
        return self._shops[shop_id].personas.pop(shopper, None) is not None

    # Items, slates, small values

    def put_items(self, shop_id: str, items: Iterable[Item]) -> int:
        """Add or replace items by item_id and return how many were given."""
        given = list(items)
        with self._lock:
            self._shops[shop_id].items.update((item.item_id, item) for item in given)
        return len(given)

    def items(self, shop_id: str) -> list[Item]:
        """Return all items in order of first insertion."""
        return list(self._shops[shop_id].items.values())

    def put_slate(self, slate: Slate) -> None:
        """Keep a slate; the same request_id twice keeps the first."""
        with self._lock:
            self._shops[slate.shop_id].slates.setdefault(slate.request_id, slate)

    def slate(self, shop_id: str, request_id: str) -> Slate | None:
        """Return the slate, None when unknown."""
        return self._shops[shop_id].slates.get(request_id)

    def slates_of(self, shop_id: str, shopper: str) -> list[Slate]:
        """Return one shopper's slates, oldest first."""
        found = [slate for slate in self._shops[shop_id].slates.values() if slate.query.user_id == shopper]
        return sorted(found, key=lambda slate: slate.query.time)

    def slates(self, shop_id: str) -> Iterator[Slate]:
        """Yield all slates, oldest first."""
        yield from sorted(self._shops[shop_id].slates.values(), key=lambda slate: slate.query.time)

    def erase_slates(self, shop_id: str, shopper: str) -> int:
        """Remove one shopper's slates and return how many."""
        with self._lock:
            shop = self._shops[shop_id]
            kept = {key: slate for key, slate in shop.slates.items() if slate.query.user_id != shopper}
            gone, shop.slates = len(shop.slates) - len(kept), kept
            return gone

    def meta(self, shop_id: str, key: str) -> str | None:
        """Return a small named value of the shop."""
        return self._shops[shop_id].meta.get(key)

    def set_meta(self, shop_id: str, key: str, value: str) -> None:
        """Keep a small named value."""
        self._shops[shop_id].meta[key] = value

    def close(self) -> None:
        """Nothing is held outside the process, so this does nothing."""


def _add(shop: _Shop, rows: Sequence[Row]) -> int:
    """A row's cursor is the highest so far plus its place among those offered; repeats leave a gap."""
    before, base = len(shop.rows), shop.highest
    for cursor, row in enumerate(rows, base + 1):
        if row[0] in shop.ids:
            continue
        shop.ids.add(row[0])
        shop.rows[cursor] = row
        shop.cursors.append(cursor)
        shop.highest = cursor
        shopper = shopper_of(row)
        if shopper is not None:
            shop.of[shopper].append(cursor)
    return len(shop.rows) - before


def _tuples(table: pa.Table | None, schema: pa.Schema) -> list[Row]:
    return [] if table is None else list(rows_in(table, schema))


def _observe(shop: _Shop, key: tuple[str, str, str], count: int, first: float | None, last: float | None) -> None:
    n, earliest, latest = shop.observations.get(key, (0, None, None))
    firsts = [time for time in (earliest, first) if time is not None]
    lasts = [time for time in (latest, last) if time is not None]
    shop.observations[key] = (n + count, min(firsts, default=None), max(lasts, default=None))


def _without_visitor(row: Row) -> Row:
    return (*row[:VISITOR], None, *row[VISITOR + 1 :])
