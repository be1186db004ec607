"""Import a text into a store in memory and look at everything that came of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from likeness.events.load import ImportOptions, ImportReport, import_file
from likeness.stores.memory import MemoryStore

SHOP = "shop"


class Outcome(NamedTuple):
    """What an import left behind."""

    report: ImportReport
    events: list[dict[str, Any]]  # without missing fields
    ledger: list[dict[str, Any]]
    observations: list[dict[str, Any]]


Importer = Callable[..., Outcome]


def ndjson(*records: Any) -> bytes:
    return "\n".join(json.dumps(record) for record in records).encode() + b"\n"


def look(store: MemoryStore, report: ImportReport) -> Outcome:
    events = [row for table in store.scan(SHOP) for row in table.drop_columns(["cursor"]).to_pylist()]
    return Outcome(
        report=report,
        events=[{name: value for name, value in row.items() if value is not None} for row in events],
        ledger=[row for table in store.quarantine(SHOP) for row in table.to_pylist()],
        observations=store.observations(SHOP).to_pylist(),
    )


@pytest.fixture
def imported(tmp_path: Path) -> Importer:
    """Write a file, import it into an empty store, and return the outcome."""

    def run(data: bytes | str | list[dict[str, Any]], name: str = "events.ndjson", **options: Any) -> Outcome:
        path = tmp_path / name
        path.write_bytes(ndjson(*data) if isinstance(data, list) else data.encode() if isinstance(data, str) else data)
        store = MemoryStore()
        return look(store, import_file(store, SHOP, path, ImportOptions(**options)))

    return run
