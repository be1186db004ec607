"""The items as given, the slates that were shown, and small named values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from likeness.stores.sqlite.database import Database
from likeness.types import Item, Slate

_PUT_ITEM = """
INSERT INTO items (shop, item_id, body) VALUES (?, ?, ?) ON CONFLICT (shop, item_id) DO UPDATE SET body = excluded.body
"""
_PUT_SLATE = """
INSERT INTO slates (shop, request_id, shopper, time, body) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (shop, request_id) DO NOTHING
"""
_PUT_META = """
INSERT INTO meta (shop, key, value) VALUES (?, ?, ?) ON CONFLICT (shop, key) DO UPDATE SET value = excluded.value
"""


class ShelfTables:
    """Items, slates and small values."""

    _db: Database

    def put_items(self, shop_id: str, items: Iterable[Item]) -> int:
        """Add or replace items by item_id and return how many were given."""
        shop = self._db.number(shop_id)
        rows = [(shop, item.item_id, msgspec.json.encode(item)) for item in items]
        with self._db.write() as connection:
            connection.executemany(_PUT_ITEM, rows)
        return len(rows)

    def items(self, shop_id: str) -> list[Item]:
        """Return all items in order of first insertion."""
        query = "SELECT body FROM items WHERE shop = ? ORDER BY place"
        decode = msgspec.json.Decoder(Item).decode
        return [decode(body) for (body,) in self._db.reader.execute(query, (self._db.known(shop_id),)).fetchall()]

    def put_slate(self, slate: Slate) -> None:
        """Keep a slate; the same request_id twice keeps the first."""
        shop, body = self._db.number(slate.shop_id), msgspec.msgpack.encode(slate)
        with self._db.write() as connection:
            row = (shop, slate.request_id, slate.query.user_id, slate.query.time, body)
            connection.execute(_PUT_SLATE, row)

    def slate(self, shop_id: str, request_id: str) -> Slate | None:
        """Return the slate, None when unknown."""
        query = "SELECT body FROM slates WHERE shop = ? AND request_id = ?"
        row = self._db.reader.execute(query, (self._db.known(shop_id), request_id)).fetchone()
        return None if row is None else msgspec.msgpack.decode(row[0], type=Slate)

    def slates_of(self, shop_id: str, shopper: str) -> list[Slate]:
        """Return one shopper's slates, oldest first."""
        query = "SELECT body FROM slates WHERE shop = ? AND shopper = ? ORDER BY time, place"
        found = self._db.reader.execute(query, (self._db.known(shop_id), shopper)).fetchall()
        return [msgspec.msgpack.decode(body, type=Slate) for (body,) in found]

    def slates(self, shop_id: str) -> Iterator[Slate]:
        """Yield all slates, oldest first."""
        query = "SELECT body FROM slates WHERE shop = ? ORDER BY time, place"
        for (body,) in self._db.reader.execute(query, (self._db.known(shop_id),)):
            yield msgspec.msgpack.decode(body, type=Slate)

    def erase_slates(self, shop_id: str, shopper: str) -> int:
        """Remove one shopper's slates and return how many."""
        shop = self._db.number(shop_id)
        with self._db.write() as connection:
            return connection.execute("DELETE FROM slates WHERE shop = ? AND shopper = ?", (shop, shopper)).rowcount

    def meta(self, shop_id: str, key: str) -> str | None:
        """Return a small named value of the shop."""
        query = "SELECT value FROM meta WHERE shop = ? AND key = ?"
        row = self._db.reader.execute(query, (self._db.known(shop_id), key)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, shop_id: str, key: str, value: str) -> None:
        """Keep a small named value."""
        shop = self._db.number(shop_id)
        with self._db.write() as connection:
            connection.execute(_PUT_META, (shop, key, value))
