"""What an import leaves beside the events: quarantined rows, observations about items, and how far it came."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import msgspec
import pyarrow as pa

from likeness.ports import ImportState
from likeness.schema import OBSERVATION_SCHEMA, QUARANTINE_SCHEMA
from likeness.stores.rows import rows_in, table_of
from likeness.stores.sqlite.database import Database
from likeness.stores.traces import forget, redact

_CHUNK = 50_000
_FIELDS = ", ".join(f'"{name}"' for name in QUARANTINE_SCHEMA.names)
_MARKS = ", ".join("?" * len(QUARANTINE_SCHEMA))
_OBSERVE = """
INSERT INTO observations (shop, item_id, field, value, count, first, last) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
    count = count + excluded.count,
    first = min(coalesce(first, excluded.first), coalesce(excluded.first, first)),
    last = max(coalesce(last, excluded.last), coalesce(excluded.last, last))
"""
_KEEP_STATE = """
INSERT INTO imports (shop, digest, body) VALUES (?, ?, ?) ON CONFLICT (shop, digest) DO UPDATE SET body = excluded.body
"""


class LedgerTables:
    """The part of the event log that accounts for files."""

    _db: Database

    def observations(self, shop_id: str) -> pa.Table:
        """Return what event files said about items, summed, in order of (item_id, field, value)."""
        found = self._db.reader.execute(
            "SELECT item_id, field, value, count, first, last FROM observations WHERE shop = ? "
            "ORDER BY item_id, field, value",
            (self._db.known(shop_id),),
        )
        return table_of(found.fetchall(), OBSERVATION_SCHEMA)

    def import_state(self, shop_id: str, digest: str) -> ImportState | None:
        """Return how far the import of the file with this digest has come."""
        query = "SELECT body FROM imports WHERE shop = ? AND digest = ?"
        row = self._db.reader.execute(query, (self._db.known(shop_id), digest)).fetchone()
        return None if row is None else _state(row[0])

    def imports(self, shop_id: str) -> list[ImportState]:
        """Return every import, oldest first."""
        query = "SELECT body FROM imports WHERE shop = ? ORDER BY place"
        return [_state(body) for (body,) in self._db.reader.execute(query, (self._db.known(shop_id),)).fetchall()]

    def quarantine(self, shop_id: str) -> Iterator[pa.Table]:
        """Yield tables of QUARANTINE_SCHEMA, oldest row first."""
        shop, place = self._db.known(shop_id), 0
        query = f"SELECT place, {_FIELDS} FROM quarantine WHERE shop = ? AND place > ? ORDER BY place LIMIT {_CHUNK}"
        while rows := self._db.reader.execute(query, (shop, place)).fetchall():
            place = rows[-1][0]
            yield table_of([row[1:] for row in rows], QUARANTINE_SCHEMA)


def keep_quarantine(connection: sqlite3.Connection, shop: int, table: pa.Table) -> None:
    """Add quarantine rows inside the caller's transaction."""
    connection.executemany(
        f"INSERT INTO quarantine (shop, {_FIELDS}) VALUES (?, {_MARKS})",
        ((shop, *row) for row in rows_in(table, QUARANTINE_SCHEMA)),
    )


def keep_observations(connection: sqlite3.Connection, shop: int, table: pa.Table) -> None:
    """Add observations to the sums kept, inside the caller's transaction."""
    connection.executemany(_OBSERVE, ((shop, *row) for row in rows_in(table, OBSERVATION_SCHEMA)))


def keep_state(connection: sqlite3.Connection, shop: int, state: ImportState) -> None:
    """Replace the state of one import, inside the caller's transaction."""
    connection.execute(_KEEP_STATE, (shop, state.digest, msgspec.msgpack.encode(state)))


def erase_from_ledger(connection: sqlite3.Connection, shop: int, shopper: str) -> int:
    """Remove a shopper from the ledger inside the caller's transaction and return how many rows were theirs."""
    query = "DELETE FROM quarantine WHERE shop = ? AND user_id = ?"
    gone = connection.execute(query, (shop, shopper)).rowcount
    mentioning = connection.execute(
        f"SELECT place, {_FIELDS} FROM quarantine WHERE shop = ? AND user_id IS NULL "
        "AND (instr(value, ?) OR instr(raw, ?))",
        (shop, shopper, shopper),
    ).fetchall()
    for place, *row in mentioning:
        _rewrite(connection, place, redact(tuple(row), shopper))
    for (body,) in connection.execute("SELECT body FROM imports WHERE shop = ?", (shop,)).fetchall():
        keep_state(connection, shop, forget(_state(body)))
    return gone


def _rewrite(connection: sqlite3.Connection, place: int, row: tuple[object, ...] | None) -> None:
    if row is not None:
        connection.execute(f"UPDATE quarantine SET ({_FIELDS}) = ({_MARKS}) WHERE place = ?", (*row, place))


def _state(body: bytes) -> ImportState:
    return msgspec.msgpack.decode(body, type=ImportState)
