"""Item files into the catalogue's shelf: any container, every row accounted for."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
import pyarrow as pa

from likeness.catalog.record import FIELDS, item_of
from likeness.files.chunk import RawChunk, shown
from likeness.files.container import Container, container_of
from likeness.files.options import ImportOptions, check_mapping
from likeness.files.report import ImportReport, OnProgress, report_of, total
from likeness.files.rows import chunks_of
from likeness.files.rule import READING, Rule, Verdicts
from likeness.files.source import digest_of, files_of
from likeness.ports import ImportState
from likeness.schema import EVENT_SCHEMA
from likeness.types import Item

RULES = (
    *READING,
    Rule("missing_item", "an item without an id", "quarantined"),
    Rule(
        "unreadable_id", "an id that is a list, object or truth value, or is longer than 256 characters", "quarantined"
    ),
    Rule("duplicate", "an id that was in the file before; the first row counts", "quarantined"),
    Rule("hidden_characters", "control, zero-width or direction characters, taken out", "repaired"),
    Rule("dropped_field", "a price that is none, emptied; a text of absurd length, cut", "repaired"),
    Rule("currency", "a currency that is no ISO 4217 code, emptied", "repaired"),
    Rule("missing_title", "an item without a title", "noted"),
)
"""Every rule of item files by name."""

LONGEST_TEXT = 20_000
_HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd]")


class Shelf(Protocol):
    """What an import of items needs of a store (see ports.Store)."""

    def put_items(self, shop_id: str, items: Iterable[Item]) -> int:
        """Add or replace items."""
        ...

    def append_table(
        self,
        shop_id: str,
        events: pa.Table,
        *,
        quarantine: pa.Table | None = None,
        observations: pa.Table | None = None,
        state: ImportState | None = None,
    ) -> int:
        """Keep the ledger and the place in the file."""
        ...

    def import_state(self, shop_id: str, digest: str) -> ImportState | None:
        """Return how far a file has come."""
        ...


@dataclass(frozen=True, kw_only=True)
class ItemChunk:
    """Some items of a file, and what became of the rows."""

    items: list[Item]
    ledger: pa.Table  # QUARANTINE_SCHEMA
    counts: dict[str, int]
    next_line: int
    bytes_done: int


def read_items(path: Path, options: ImportOptions | None = None) -> Iterator[ItemChunk]:
    """Yield the items of a file.

    Raises:
        FormatError: the file cannot be read at all.
        ConfigError: the mapping names a field or column that does not exist.
    """
    options = options or ImportOptions()
    container = container_of(path, options.encoding)
    check_mapping(options.mapping, (*FIELDS, "categories"), container.header)
    yield from _read(path, container, options)


def _read(path: Path, container: Container, options: ImportOptions) -> Iterator[ItemChunk]:
    seen: set[str] = set()
    for chunk in chunks_of(path, container, options.chunk_rows):
        yield _items(path.name, chunk, options, seen)


def import_items(
    store: Shelf, shop_id: str, path: Path, options: ImportOptions | None = None, progress: OnProgress | None = None
) -> ImportReport:
    """Put the items of one file (or a folder of them) on the shelf and return what became of every row.

    A file that is already in is recognised; one that was cut off is read again, which changes nothing but its end.

    Raises:
        FormatError: the file cannot be read at all.
    """
    options = options or ImportOptions()
    if path.is_dir():
        return total([import_items(store, shop_id, file, options, progress) for file in files_of(path)])
    started = time.perf_counter()
    digest = digest_of(path, b"items" + msgspec.json.encode(options.mapping, order="sorted"))
    state = store.import_state(shop_id, digest)
    if state is not None and state.done:
        return _report(path, state.counts, known=True)
    state = state or ImportState(digest=digest, file=path.name, next_line=1, done=False, counts={})
    size = path.stat().st_size
    for chunk in read_items(path, options):
        if chunk.next_line > state.next_line:
            store.put_items(shop_id, chunk.items)
            state = _next(state, chunk)
            store.append_table(shop_id, EVENT_SCHEMA.empty_table(), quarantine=chunk.ledger, state=state)
        if progress is not None:
            progress(path.name, chunk.bytes_done, size)
    done = msgspec.structs.replace(state, done=True)
    store.append_table(shop_id, EVENT_SCHEMA.empty_table(), state=done)
    return _report(path, done.counts, seconds=time.perf_counter() - started)


def validate_items(
    path: Path, options: ImportOptions | None = None, progress: OnProgress | None = None
) -> ImportReport:
    """Return the report an import would give, and write nothing."""
    if path.is_dir():
        return total([validate_items(file, options, progress) for file in files_of(path)])
    started = time.perf_counter()
    state = ImportState(digest="", file=path.name, next_line=1, done=False, counts={})
    for chunk in read_items(path, options):
        state = _next(state, chunk)
        if progress is not None:
            progress(path.name, chunk.bytes_done, path.stat().st_size)
    return _report(path, state.counts, seconds=time.perf_counter() - started)


def preview_items(path: Path, options: ImportOptions | None = None, rows: int = 5) -> tuple[dict[str, str], ...]:
    """Return the first items as they were understood: field -> value."""
    options = msgspec.structs.replace(options or ImportOptions(), chunk_rows=rows)
    chunk = next(read_items(path, options), None)
    items = chunk.items if chunk is not None else []
    return tuple({name: shown(value) for name, value in msgspec.to_builtins(item).items()} for item in items)


def _report(path: Path, counts: Mapping[str, int], **more: Any) -> ImportReport:
    return report_of(path.name, "items", "items", counts, **more)


def _next(state: ImportState, chunk: ItemChunk) -> ImportState:
    counts = {name: state.counts.get(name, 0) + chunk.counts.get(name, 0) for name in [*state.counts, *chunk.counts]}
    return msgspec.structs.replace(state, counts=counts, next_line=chunk.next_line)


def _items(file: str, chunk: RawChunk, options: ImportOptions, seen: set[str]) -> ItemChunk:
    verdicts = Verdicts(chunk)
    items: list[Item] = []
    living = np.zeros(len(chunk), np.bool_)
    for row, record in enumerate(chunk.as_records()):
        item, faults = item_of(record, options.mapping)
        if item is not None:
            item = _clean(item, faults)
        if item is not None and item.item_id in seen:
            faults, item = [("duplicate", item.item_id)], None
        for rule, value in faults:
            verdicts.add(rule, item is None, np.array([row]), [value])
        if item is not None:
            seen.add(item.item_id)
            living[row] = True
            verdicts.notes["missing_title"] += not item.title
            items.append(item if item.currency or item.price is None else _with_currency(item, options.currency))
    settled = verdicts.settle(file, living, np.zeros(len(chunk), np.bool_), lambda rows: [None] * len(rows))
    counts = {name: count for name, count in settled.counts.items() if count or not name.startswith("rule:")}
    return ItemChunk(
        items=items, ledger=settled.ledger, counts=counts, next_line=chunk.next_line, bytes_done=chunk.bytes_done
    )


def _with_currency(item: Item, currency: str | None) -> Item:
    return msgspec.structs.replace(item, currency=currency) if currency is not None else item


def _clean(item: Item, faults: list[tuple[str, str]]) -> Item | None:
    """Take hidden characters out of every text, and cut those of absurd length."""
    changes: dict[str, Any] = {}
    for field in ("item_id", "title", "description", "brand"):
        text = getattr(item, field) or ""
        clean = _HIDDEN.sub("", text).strip() if not text.isascii() or not text.isprintable() else text
        if clean != text:
            faults.append(("hidden_characters", repr(text)[:200]))
        if len(clean) > LONGEST_TEXT:
            faults.append(("dropped_field", f"{field} of {len(clean)} characters"))
        if clean[:LONGEST_TEXT] != text:
            changes[field] = clean[:LONGEST_TEXT]
    item = msgspec.structs.replace(item, **changes) if changes else item
    categories = tuple(filter(None, (_HIDDEN.sub("", level).strip() for level in item.categories)))
    attributes = {name: _HIDDEN.sub("", value) for name, value in item.attributes.items()}
    if (categories, attributes) != (item.categories, item.attributes):
        faults.append(("hidden_characters", repr((item.categories, item.attributes))[:200]))
        item = msgspec.structs.replace(item, categories=categories, attributes=attributes)
    return item if item.item_id else None
