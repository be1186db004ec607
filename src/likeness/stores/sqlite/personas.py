"""Snapshots of folded personas, in generations: a rebuild is written beside the old one and shown at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice

from likeness.ports import Snapshot
from likeness.stores.sqlite.database import Database

_CHUNK = 2_000
_PUT = """
INSERT INTO personas (shop, generation, shopper, cursor, state)
VALUES (?1, (SELECT generation FROM shops WHERE shop = ?1), ?2, ?3, ?4)
ON CONFLICT (shop, generation, shopper) DO UPDATE SET cursor = excluded.cursor, state = excluded.state
WHERE excluded.cursor >= cursor
"""
_STAGE = "INSERT OR REPLACE INTO personas (shop, generation, shopper, cursor, state) VALUES (?, ?, ?, ?, ?)"
_SHOWN = "shop = ?1 AND generation = (SELECT generation FROM shops WHERE shop = ?1)"
_WITHOUT_EVENTS = """
DELETE FROM personas WHERE shop = ?1 AND generation = ?2
AND NOT EXISTS (SELECT 1 FROM events INDEXED BY shoppers WHERE events.shop = ?1 AND events.shopper = personas.shopper)
"""


class PersonaTables:
    """The snapshots of personas."""

    _db: Database

    def get(self, shop_id: str, shopper: str) -> Snapshot | None:
        """Return the snapshot, None for an unknown shopper."""
        query = f"SELECT cursor, state FROM personas WHERE {_SHOWN} AND shopper = ?2"
        row = self._db.reader.execute(query, (self._db.known(shop_id), shopper)).fetchone()
        return None if row is None else Snapshot(row[0], row[1])

    def put(self, shop_id: str, shopper: str, snapshot: Snapshot) -> None:
        """Replace the snapshot if `snapshot.cursor` is at least the one kept."""
        shop = self._db.number(shop_id)
        with self._db.write() as connection:
            connection.execute(_PUT, (shop, shopper, snapshot.cursor, snapshot.state))

    def replace_all(self, shop_id: str, snapshots: Iterable[tuple[str, Snapshot]]) -> int:
        """Replace every snapshot of the shop, readers seeing all old or all new.

        Writers are not kept waiting: the new generation is staged in short transactions, and one more shows it. A
        shopper erased meanwhile does not come back with it.
        """
        shop = self._db.number(shop_id)
        with self._db.write() as connection:
            staged, erasures = _begin(connection, shop)
        waiting = iter(snapshots)
        while batch := list(islice(waiting, _CHUNK)):
            with self._db.write() as connection:
                rows = ((shop, staged, shopper, kept.cursor, kept.state) for shopper, kept in batch)
                connection.executemany(_STAGE, rows)
        with self._db.write() as connection:
            return _show(connection, shop, staged, erasures)

    def shoppers(self, shop_id: str) -> Iterator[str]:
        """Yield the shoppers that have a snapshot, in order of id."""
        last: str | None = None
        query = (
            f"SELECT shopper FROM personas WHERE {_SHOWN} AND (?2 IS NULL OR shopper > ?2) ORDER BY shopper LIMIT ?3"
        )
        while found := self._db.reader.execute(query, (self._db.known(shop_id), last, _CHUNK)).fetchall():
            yield from (shopper for (shopper,) in found)
            last = found[-1][0]

    def erase(self, shop_id: str, shopper: str) -> bool:
        """Forget one shopper's snapshot and say whether there was one."""
        shop, known = self._db.number(shop_id), self.get(shop_id, shopper) is not None
        with self._db.write() as connection:
            connection.execute("DELETE FROM personas WHERE shop = ? AND shopper = ?", (shop, shopper))
        return known


def _begin(connection: sqlite3.Connection, shop: int) -> tuple[int, int]:
    """Drop what an interrupted rebuild left, and return the number of a fresh generation and the count of erasures."""
    query = "SELECT generation, erasures FROM shops WHERE shop = ?"
    shown, erasures = connection.execute(query, (shop,)).fetchone()
    connection.execute("DELETE FROM personas WHERE shop = ? AND generation <> ?", (shop, shown))
    return shown + 1, erasures


def _show(connection: sqlite3.Connection, shop: int, staged: int, erasures: int) -> int:
    (now,) = connection.execute("SELECT erasures FROM shops WHERE shop = ?", (shop,)).fetchone()
    if now != erasures:
        connection.execute(_WITHOUT_EVENTS, (shop, staged))
    connection.execute("UPDATE shops SET generation = ? WHERE shop = ?", (staged, shop))
    connection.execute("DELETE FROM personas WHERE shop = ? AND generation <> ?", (shop, staged))
    query = "SELECT count(*) FROM personas WHERE shop = ? AND generation = ?"
    return int(connection.execute(query, (shop, staged)).fetchone()[0])
