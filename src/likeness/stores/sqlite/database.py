"""One SQLite file: connections per thread, one writer at a time, a version, and erasure that reaches the disk."""

from __future__ import annotations

import mmap
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from likeness.errors import InputError, StoreError
from likeness.stores.sqlite.tables import APPLICATION, TABLES, VERSION

_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",  # an append is on the disk when it returns
    "secure_delete = ON",  # what is deleted is overwritten
    "cache_size = -65536",  # 64 MiB: the id index is written in random order
    "wal_autocheckpoint = 4000",  # pages: seldom enough that few appends pay for one
    "journal_size_limit = 67108864",
)

_INHERITED: list[threading.local] = []  # keeps what a forked child must not even close


class _Connection(sqlite3.Connection):
    """One that may be referred to weakly, so that it is closed when its thread ends."""


class Database:
    """A shop's database file, shared by threads and processes.

    Readers never wait. Writers queue: threads on a lock, processes on SQLite's own for at most `wait` seconds.
    Raises StoreError where the file cannot be opened, is not a shop database, or has another version.
    """

    def __init__(self, path: Path | str, *, wait: float = 60.0) -> None:
        """Open the file, and create it with its tables where there is none."""
        self.path = Path(path)
        self._wait = wait
        self._local = threading.local()
        self._open: weakref.WeakSet[sqlite3.Connection] = weakref.WeakSet()
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._numbers: dict[str, int] = {}
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    @property
    def reader(self) -> sqlite3.Connection:
        """The connection of this thread (and this process: a forked child opens its own)."""
        if self._process != os.getpid():
            self._start_anew()
        kept: sqlite3.Connection | None = getattr(self._local, "kept", None)
        if kept is None:
            kept = self._local.kept = self._connect()
            self._open.add(kept)
        return kept

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Run a block as one durable transaction, rolled back where the block raises."""
        with self._lock:
            connection = self.reader
            with _as_store_error(self.path):
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise

    def number(self, shop_id: str) -> int:
        """Return the number that stands for a shop in every key, giving one to a shop not met before."""
        found = self.known(shop_id)
        if found is not None:
            return found
        with self.write() as connection:
            connection.execute("INSERT OR IGNORE INTO shops (shop_id) VALUES (?)", (shop_id,))
        return self.number(shop_id)

    def known(self, shop_id: str) -> int | None:
        """Return the number of a shop, None for one that holds nothing."""
        if shop_id not in self._numbers:
            row = self.reader.execute("SELECT shop FROM shops WHERE shop_id = ?", (shop_id,)).fetchone()
            if row is None:
                return None
            self._numbers[shop_id] = row[0]
        return self._numbers[shop_id]

    def scrub(self, trace: str) -> None:
        """Bring deletions to the disk and leave no copy of `trace` in old pages or in the write-ahead log.

        SQLite overwrites what it deletes, but a page that was once split may keep a stale copy of a row that moved;
        so the file is searched, and rewritten where the trace is still found.
        """
        with self._lock, _as_store_error(self.path):
            self._truncate_log()
            if _holds(self.path, trace.encode()):
                self.reader.execute("VACUUM")
                self._truncate_log()

    def close(self) -> None:
        """Close every connection; SQLite then folds its write-ahead log into the file."""
        if self._process == os.getpid():
            for connection in list(self._open):
                connection.close()
        self._local = threading.local()

    def _start_anew(self) -> None:
        """Leave the parent's connections alone: SQLite forbids a forked child to touch them."""
        _INHERITED.append(self._local)
        self._process, self._local, self._lock = os.getpid(), threading.local(), threading.RLock()
        self._open = weakref.WeakSet()

    def _truncate_log(self) -> None:
        busy = self.reader.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise StoreError(
                f"{self.path} is still being read, so erased rows remain in its write-ahead log.",
                remedy="Erase again when no other process reads the shop; nobody sees the rows meanwhile.",
            )

    def _connect(self) -> sqlite3.Connection:
        with _as_store_error(self.path):
            # Threads never share a connection; only `close` reaches over.
            connection = sqlite3.connect(
                self.path, timeout=self._wait, isolation_level=None, check_same_thread=False, factory=_Connection
            )
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            return connection

    def _prepare(self) -> None:
        if self._version():
            return
        with self.write() as connection:
            if self._version():  # another process was faster
                return
            for statement in TABLES.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")

    def _version(self) -> int:
        with _as_store_error(self.path):
            version: int = self.reader.execute("PRAGMA user_version").fetchone()[0]
            application = self.reader.execute("PRAGMA application_id").fetchone()[0]
            tables = self.reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if tables and application != APPLICATION:
            raise StoreError(f"{self.path} is some other program's database.", remedy="Name another file.")
        if tables and version != VERSION:
            raise StoreError(
                f"{self.path} holds version {version} of the tables; this release reads version {VERSION}.",
                remedy="Open it with the release that wrote it, export, and import again.",
            )
        return version


@contextmanager
def _as_store_error(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeEncodeError as error:
        raise InputError(f"Text {error.object!r:.80} is not Unicode.", remedy="Remove its lone surrogates.") from error
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise StoreError(
                f"{path} is locked by another process.", remedy="Wait until it has finished, then try again."
            ) from error
        raise StoreError(
            f"{path} cannot be used: {error}.", remedy="Check that its folder exists, can be written and has space."
        ) from error
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{path} is not a shop database: {error}.", remedy="Name another file, or restore it from a copy."
        ) from error


def _holds(path: Path, trace: bytes) -> bool:
    if not trace:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(trace) >= 0
