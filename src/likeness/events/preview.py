"""The first rows of a file as they were understood, for a person to look at before an import."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from likeness.events.adapters import ADAPTERS
from likeness.events.clean import Cleaner
from likeness.events.kind import FileKind
from likeness.events.trial import Trial
from likeness.files.chunk import RawChunk
from likeness.types import DAY


def preview(path: Path, kind: FileKind, chunk: RawChunk | None, rows: int = 5) -> tuple[dict[str, str], ...]:
    """Return the first events (field -> value), and the first rows with the rule that speaks against them."""
    if chunk is None:
        return ()
    cleaned = Cleaner(path.name, kind, ADAPTERS[kind.format], kind.options, Trial(), "").take(chunk)
    events = [_shown(row, kind) for row in cleaned.events.slice(0, rows).to_pylist()]
    against = [
        {"line": str(row["line"]), "status": row["status"], "rule": row["rule"], "value": row["value"]}
        for row in cleaned.ledger.slice(0, rows).to_pylist()
    ]
    return (*events, *against)


def _shown(row: Mapping[str, Any], kind: FileKind) -> dict[str, str]:
    given = {name: value for name, value in row.items() if value is not None and name not in kind_of_derived(kind)}
    if kind.clock == "position":
        given["time"] = f"position {given['time'] / DAY:g}"
    else:
        given["time"] = dt.datetime.fromtimestamp(given["time"], dt.UTC).isoformat().replace("+00:00", "Z")
    return {name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in given.items()}


def kind_of_derived(kind: FileKind) -> set[str]:
    """Return the fields that come from nowhere in the file."""
    return {name for name in ("event_id", "session_id") if name not in kind.mapping}
