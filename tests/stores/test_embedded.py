from __future__ import annotations

import gc
import sqlite3
import threading
from pathlib import Path

import pytest

from likeness.errors import StoreError
from likeness.ports import Store
from likeness.stores.embedded import EmbeddedStore
from likeness.stores.sqlite.database import Database
from likeness.stores.sqlite.tables import VERSION
from likeness.testing.durability import DurableContract
from likeness.testing.log import SHOP, event
from likeness.testing.stores import StoreContract


class TestEmbeddedStore(StoreContract, DurableContract):
    opening = "from likeness.stores.embedded import EmbeddedStore; store = EmbeddedStore(folder + '/shop.db')"

    def open(self, folder: Path) -> Store:
        return EmbeddedStore(folder / "shop.db")


def test_another_version_is_refused_with_a_remedy(tmp_path: Path) -> None:
    EmbeddedStore(tmp_path / "shop.db").close()
    with sqlite3.connect(tmp_path / "shop.db") as raw:
        raw.execute(f"PRAGMA user_version = {VERSION + 1}")
    raw.close()
    with pytest.raises(StoreError, match=f"version {VERSION + 1}") as caught:
        EmbeddedStore(tmp_path / "shop.db")
    assert "import again" in caught.value.remedy


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("certainly not a database, but long enough to have a header" * 9)
    with pytest.raises(StoreError, match="not a shop database"):
        EmbeddedStore(tmp_path / "text.db")
    with sqlite3.connect(tmp_path / "else.db") as raw:
        raw.execute("CREATE TABLE t (x)")
    raw.close()
    with pytest.raises(StoreError, match="other program"):
        EmbeddedStore(tmp_path / "else.db")
    with pytest.raises(StoreError, match="cannot be used"):
        EmbeddedStore(tmp_path / "missing" / "shop.db")


def test_a_writer_that_waits_too_long_says_so(tmp_path: Path) -> None:
    first, second = Database(tmp_path / "shop.db"), Database(tmp_path / "shop.db", wait=0.05)
    with first.write(), pytest.raises(StoreError, match="locked"), second.write():
        pass
    with second.write() as connection:
        assert connection.in_transaction


def test_an_error_inside_a_transaction_takes_it_back(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "shop.db")
    database = Database(tmp_path / "shop.db")
    with pytest.raises(KeyError), database.write() as connection:
        connection.execute("INSERT INTO shops (shop_id) VALUES ('x')")
        raise KeyError
    assert database.known("x") is None
    assert store.append("x", [event(1)]) == 1


def test_leftovers_of_a_careless_program_are_found_and_rewritten(tmp_path: Path) -> None:
    database = Database(tmp_path / "shop.db")
    careless = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    careless.execute("PRAGMA secure_delete = OFF")
    for number in range(50):
        careless.execute("INSERT INTO meta VALUES (1, ?, 'left-over')", (str(number),))
    careless.execute("DELETE FROM meta")
    careless.close()
    with database.write() as connection:
        connection.execute("INSERT INTO meta VALUES (1, 'k', 'kept')")
    database._truncate_log()
    assert b"left-over" in (tmp_path / "shop.db").read_bytes()
    database.scrub("left-over")
    files = [file.read_bytes() for file in tmp_path.iterdir()]
    assert not any(b"left-over" in content for content in files)
    assert any(b"kept" in content for content in files)


def test_readers_hold_up_erasure_but_not_for_ever(tmp_path: Path) -> None:
    database = Database(tmp_path / "shop.db", wait=0.05)
    store = EmbeddedStore(tmp_path / "shop.db")
    store.append(SHOP, [event(1, "bob")])
    reading = sqlite3.connect(tmp_path / "shop.db")
    reading.execute("BEGIN")
    reading.execute("SELECT * FROM events").fetchone()
    store.append(SHOP, [event(2, "bob")])
    with pytest.raises(StoreError, match="still being read"):
        database.scrub("ann")
    reading.close()
    database.scrub("ann")


def test_connections_end_with_their_threads(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "shop.db")
    for _ in range(5):
        thread = threading.Thread(target=store.count, args=(SHOP,))
        thread.start()
        thread.join()
    gc.collect()
    assert len(store._db._open) <= 2
