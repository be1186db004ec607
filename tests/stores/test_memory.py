from __future__ import annotations

from pathlib import Path

from likeness.ports import Store
from likeness.stores.memory import MemoryStore
from likeness.testing.stores import StoreContract


class TestMemoryStore(StoreContract):
    def open(self, folder: Path) -> Store:
        return MemoryStore()
