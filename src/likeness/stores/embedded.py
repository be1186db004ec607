"""The store a shop has by default: one SQLite file, every port over one transaction log."""

from __future__ import annotations

from pathlib import Path

from likeness.stores.sqlite.database import Database
from likeness.stores.sqlite.ledger import LedgerTables
from likeness.stores.sqlite.log import LogTables
from likeness.stores.sqlite.personas import PersonaTables
from likeness.stores.sqlite.shelf import ShelfTables


class EmbeddedStore(LogTables, LedgerTables, PersonaTables, ShelfTables):
    """Everything a shop keeps, in one SQLite file in write-ahead mode with full synchronisation.

    What a call wrote is on the disk when it returns. Threads and processes may share the file: readers never wait and
    see committed writes at once, writers take turns. Raises StoreError where the file cannot be opened or has another
    version.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = EmbeddedStore(Path(folder) / "shop.db")
    ...     store.set_meta("shop", "clock", "time")
    ...     store.meta("shop", "clock")
    ...     store.close()
    'time'
    """

    def __init__(self, path: Path | str) -> None:
        """Open the file, or create it in an existing folder."""
        self._db = Database(path)

    def close(self) -> None:
        """Close the file."""
        self._db.close()
