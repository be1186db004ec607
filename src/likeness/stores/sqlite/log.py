"""The events themselves: append, scan, one shopper's history, erasure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import count, repeat
from typing import Any

import pyarrow as pa

from likeness.ports import ImportState
from likeness.stores.rows import NAMES, Row, event_of, events_in, row_of, table_of
from likeness.stores.sqlite.database import Database
from likeness.stores.sqlite.ledger import erase_from_ledger, keep_observations, keep_quarantine, keep_state
from likeness.types import Event

_CHUNK = 50_000
_ALL = ", ".join(f'"{name}"' for name in NAMES)
# The index is named: without statistics SQLite would rather walk the whole shop.
_OF_SHOPPER = "events INDEXED BY shoppers WHERE shop = ? AND shopper = ?"


class LogTables:
    """The append-only part of the event log."""

    _db: Database

    def append(self, shop_id: str, events: Sequence[Event]) -> int:
        """Add the events that are not there yet and return how many were new."""
        rows = [row_of(event) for event in events]
        if not rows:
            return 0
        columns = dict(zip(NAMES, zip(*rows, strict=True), strict=True))
        shop = self._db.number(shop_id)
        with self._db.write() as connection:
            return _insert(connection, shop, {name: c for name, c in columns.items() if any(v is not None for v in c)})

    def append_table(
        self,
        shop_id: str,
        events: pa.Table,
        *,
        quarantine: pa.Table | None = None,
        observations: pa.Table | None = None,
        state: ImportState | None = None,
    ) -> int:
        """Add rows of events, quarantine and observations and the import's state in one transaction."""
        events = events_in(events)
        columns = {n: c.to_pylist() for n, c in zip(NAMES, events.itercolumns(), strict=True) if c.null_count < len(c)}
        shop = self._db.number(shop_id)
        with self._db.write() as connection:
            if quarantine is not None:
                keep_quarantine(connection, shop, quarantine)
            if observations is not None:
                keep_observations(connection, shop, observations)
            if state is not None:
                keep_state(connection, shop, state)
            return _insert(connection, shop, columns) if columns else 0

    def scan(self, shop_id: str, *, after: int = 0, until: float | None = None) -> Iterator[pa.Table]:
        """Yield tables of events plus cursor, in cursor order, cursor > after and time < until.

        The scan ends with the last event there when it began, and holds no lock between two tables.
        """
        shop, last = self._db.known(shop_id), self.last_cursor(shop_id)
        names = ["cursor", *self._used(shop)]
        query = (
            f"SELECT {', '.join(names)} FROM events WHERE shop = ? AND cursor > ? AND cursor <= ? "
            f"AND time < ? ORDER BY cursor LIMIT {_CHUNK}"
        )
        before = float("inf") if until is None else until
        while rows := self._db.reader.execute(query, (shop, after, last, before)).fetchall():
            after = rows[-1][0]
            yield table_of(rows, names=names)

    def of_shopper(
        self, shop_id: str, shopper: str, *, after: int = 0, until: float | None = None
    ) -> list[tuple[int, Event]]:
        """Return (cursor, event) of one shopper in (time, cursor) order, cursor > after, time < until."""
        found = self._db.reader.execute(
            f"SELECT {_ALL}, cursor FROM {_OF_SHOPPER} AND cursor > ? AND time < ? ORDER BY time, cursor",
            (self._db.known(shop_id), shopper, after, float("inf") if until is None else until),
        )
        return [(row[-1], event_of(row)) for row in found.fetchall()]

    def purchases_of(self, shop_id: str, pairs: Sequence[tuple[str, str]]) -> list[Event]:
        """Return the purchases of the (shopper, item_id) pairs, in (time, cursor) order."""
        wanted: defaultdict[str, set[str]] = defaultdict(set)
        for shopper, item_id in pairs:
            wanted[shopper].add(item_id)
        shop = self._db.known(shop_id)
        found = [row for shopper, items in wanted.items() for row in self._purchases(shop, shopper, sorted(items))]
        return [event_of(row) for row in sorted(found, key=lambda row: (row[NAMES.index("time")], row[-1]))]

    def logged_shoppers(self, shop_id: str) -> Iterator[str]:
        """Yield every shopper who has an event, in order of id: one step of the index each."""
        shop, last = self._db.known(shop_id), ""
        query = (
            "SELECT min(shopper) FROM events INDEXED BY shoppers WHERE shop = ? AND shopper > ? AND shopper IS NOT NULL"
        )
        while (last := self._db.reader.execute(query, (shop, last)).fetchone()[0]) is not None:
            yield last

    def last_cursor(self, shop_id: str) -> int:
        """Return the highest cursor, 0 when empty."""
        query = "SELECT coalesce(max(cursor), 0) FROM events WHERE shop = ?"
        return int(self._db.reader.execute(query, (self._db.known(shop_id),)).fetchone()[0])

    def count(self, shop_id: str) -> int:
        """Return the number of events."""
        query = "SELECT count(*) FROM events WHERE shop = ?"
        return int(self._db.reader.execute(query, (self._db.known(shop_id),)).fetchone()[0])

    def erase_shopper(self, shop_id: str, shopper: str) -> int:
        """Remove the shopper's events and quarantine rows and return how many; snapshot and slates go too.

        A visitor id that other shoppers' events carry is blanked there. Afterwards no file of the shop holds the id.
        Raises StoreError where another process still reads the write-ahead log, with the rows gone for every reader.
        """
        shop = self._db.number(shop_id)
        with self._db.write() as connection:
            gone = connection.execute(f"DELETE FROM {_OF_SHOPPER}", (shop, shopper)).rowcount
            connection.execute("UPDATE events SET visitor_id = NULL WHERE shop = ? AND visitor_id = ?", (shop, shopper))
            gone += erase_from_ledger(connection, shop, shopper)
            connection.execute("DELETE FROM personas WHERE shop = ? AND shopper = ?", (shop, shopper))
            connection.execute("DELETE FROM slates WHERE shop = ? AND shopper = ?", (shop, shopper))
            connection.execute("UPDATE shops SET erasures = erasures + 1 WHERE shop = ?", (shop,))
        self._db.scrub(shopper)
        return gone

    def _used(self, shop: int | None) -> list[str]:
        row = self._db.reader.execute("SELECT used FROM shops WHERE shop = ?", (shop,)).fetchone()
        return [name for place, name in enumerate(NAMES) if row is not None and row[0] >> place & 1]

    def _purchases(self, shop: int | None, shopper: str, items: Sequence[str]) -> list[Row]:
        marks = ", ".join("?" * len(items))
        query = f"SELECT {_ALL}, cursor FROM {_OF_SHOPPER} AND event = 'purchase' AND item_id IN ({marks})"
        return self._db.reader.execute(query, (shop, shopper, *items)).fetchall()


def _insert(connection: Any, shop: int, columns: dict[str, Sequence[Any]]) -> int:
    """A row's cursor is the highest so far plus its place among those offered; repeats leave a gap."""
    names = ["shop", "cursor", *columns]
    (highest,) = connection.execute("SELECT highest FROM shops WHERE shop = ?", (shop,)).fetchone()
    new: int = connection.executemany(
        f"INSERT INTO events ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
        "ON CONFLICT (shop, event_id) DO NOTHING",
        zip(repeat(shop), count(highest + 1), *columns.values(), strict=False),
    ).rowcount
    if new:
        used = sum(1 << place for place, name in enumerate(NAMES) if name in columns)
        connection.execute(
            "UPDATE shops SET used = used | ?, highest = (SELECT max(cursor) FROM events WHERE shop = ?) "
            "WHERE shop = ?",
            (used, shop, shop),
        )
    return new
