"""Import a file of events into a log, chunk by chunk, each with its ledger and its place in one transaction."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from likeness.errors import FormatError
from likeness.events.adapters import ADAPTERS
from likeness.events.clean import Cleaned, Cleaner
from likeness.events.kind import FileKind
from likeness.events.sniff import sniff, sniff_with
from likeness.events.trial import Trial
from likeness.files.chunk import RawChunk
from likeness.files.options import ImportOptions
from likeness.files.report import ImportReport, OnProgress, report_of, total
from likeness.files.rows import chunks_of
from likeness.files.source import digest_of, files_of
from likeness.ports import ImportState
from likeness.schema import EVENT_SCHEMA
from likeness.types import Event

__all__ = [
    "FileKind",
    "ImportOptions",
    "ImportReport",
    "Log",
    "OnProgress",
    "import_file",
    "sniff",
    "sniff_with",
    "validate_file",
]


class Log(Protocol):
    """What an import needs of a log (see ports.EventLog)."""

    def append_table(
        self,
        shop_id: str,
        events: pa.Table,
        *,
        quarantine: pa.Table | None = None,
        observations: pa.Table | None = None,
        state: ImportState | None = None,
    ) -> int:
        """Add everything in one transaction and return how many events were new."""
        ...

    def import_state(self, shop_id: str, digest: str) -> ImportState | None:
        """Return how far a file has come."""
        ...

    def purchases_of(self, shop_id: str, pairs: Sequence[tuple[str, str]]) -> list[Event]:
        """Return the purchases of (shopper, item_id) pairs."""
        ...


def import_file(
    log: Log,
    shop_id: str,
    path: Path,
    options: ImportOptions | None = None,
    progress: OnProgress | None = None,
    kind: FileKind | None = None,
) -> ImportReport:
    """Bring one file of events (or a folder of them) into the log and return what became of every row.

    An import that was cut off goes on where it was; a file that is already in is recognised by its bytes and options
    and nothing is done. `kind` is what `sniff` said, if it was asked before.

    Raises:
        FormatError: the file cannot be understood, or holds items.
    """
    if path.is_dir():
        options = options or (kind.options if kind is not None else None)
        return total([import_file(log, shop_id, file, options, progress) for file in files_of(path)])
    kind = kind or sniff_with(path, options or ImportOptions())
    kind = replace(kind, options=options or kind.options)
    if kind.kind != "events":
        raise FormatError(f"{path} holds items, not events.", remedy="Import it with --as items.")
    started = time.perf_counter()
    digest = digest_of(path, kind.meaning())
    state = log.import_state(shop_id, digest)
    if state is not None and state.done:
        counts = state.counts | {"already_logged": state.counts.get("accepted", 0) + state.counts.get("repaired", 0)}
        return report_of(path.name, "events", kind.format, counts, known=True, clock=kind.clock)
    state = state or ImportState(digest=digest, file=path.name, next_line=1, done=False, counts={})
    state = _run(log, shop_id, path, kind, state, progress)
    return report_of(
        path.name, "events", kind.format, state.counts, clock=kind.clock, seconds=time.perf_counter() - started
    )


def validate_file(
    path: Path, options: ImportOptions | None = None, progress: OnProgress | None = None, kind: FileKind | None = None
) -> ImportReport:
    """Return the report an import into an empty log would give, and write nothing.

    Raises:
        FormatError: the file cannot be understood, or holds items.
    """
    return import_file(Trial(), "", path, options, progress, kind)


def _run(
    log: Log, shop_id: str, path: Path, kind: FileKind, state: ImportState, progress: OnProgress | None
) -> ImportState:
    cleaner = Cleaner(path.name, kind, ADAPTERS[kind.format], kind.options, log, shop_id)
    size = path.stat().st_size
    for chunk in chunks_of(path, kind.container, kind.options.chunk_rows):
        if chunk.next_line <= state.next_line:
            cleaner.skip(chunk)
        else:
            state = _append(log, shop_id, state, chunk, cleaner.take(chunk))
        if progress is not None:
            progress(path.name, chunk.bytes_done, size)
    done = _with(state, {}, state.next_line, done=True)
    log.append_table(shop_id, EVENT_SCHEMA.empty_table(), state=done)
    return done


def _append(log: Log, shop_id: str, state: ImportState, chunk: RawChunk, clean: Cleaned) -> ImportState:
    # How many were logged already is known only after the append: it goes into the state of the next transaction.
    next_state = _with(state, clean.counts, chunk.next_line, done=False)
    new = log.append_table(
        shop_id, clean.events, quarantine=clean.ledger, observations=clean.observations, state=next_state
    )
    return _with(next_state, {"already_logged": len(clean.events) - new}, chunk.next_line, done=False)


def _with(state: ImportState, counts: dict[str, int], next_line: int, *, done: bool) -> ImportState:
    summed = {name: state.counts.get(name, 0) + counts.get(name, 0) for name in [*state.counts, *counts]}
    return ImportState(digest=state.digest, file=state.file, next_line=next_line, done=done, counts=summed)
