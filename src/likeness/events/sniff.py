"""Tell what a file holds and which column means what, from its name and its first rows."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from likeness.errors import FormatError
from likeness.events.dates import day_first, texts_of
from likeness.events.fields import FIELDS, SYNONYMS
from likeness.events.kind import FileKind
from likeness.events.preview import preview
from likeness.events.signs import format_of, is_item_table, names_lists
from likeness.files.chunk import RawChunk
from likeness.files.container import Container, container_of
from likeness.files.names import guess, plain
from likeness.files.options import NOBODY, NOT_PRODUCTS, As, ImportOptions, check_mapping
from likeness.files.rows import chunks_of
from likeness.files.source import files_of

SAMPLE_ROWS = 2_000
_CLOCK_ONLY = re.compile(r"^\s*\d{1,2}:\d{2}(:\d{2})?\s*$")


def sniff(
    path: Path, as_: As = "auto", format: str = "auto", mapping: dict[str, str] | None = None, **more: Any
) -> FileKind:
    """Return what the file is taken for; what is given is taken at its word (`more`: see ImportOptions).

    Raises:
        FormatError: nothing fits, with what is missing and how to say it.
        ConfigError: a mapping to a field or from a column that does not exist.
    """
    return sniff_with(path, ImportOptions(as_=as_, format=format, mapping=mapping or {}, **more))


def sniff_with(path: Path, options: ImportOptions) -> FileKind:
    """Return the same as `sniff` from options; a folder is taken for what its first file is."""
    path = files_of(path)[0]
    kind, chunk = _told(path, options)
    return replace(kind, preview=preview(path, kind, chunk)) if kind.kind == "events" else kind


def _told(path: Path, options: ImportOptions) -> tuple[FileKind, RawChunk | None]:
    container = container_of(path, options.encoding)
    if container.layout == "csv" and (
        _by_number(options.mapping, container) or _headless_sequences(container, options)
    ):
        container = container.headless()
    chunk = next(chunks_of(path, container, SAMPLE_ROWS), None)
    return _of_sample(path, container, chunk, options), chunk


def _by_number(mapping: dict[str, str], container: Container) -> bool:
    columns = [column for column in mapping.values() if not column.startswith("=")]
    numbered = bool(columns) and all(column.isdigit() for column in columns)
    worded = any(letter.isalpha() for name in container.header for letter in name)
    return numbered and not (worded and set(columns) & set(container.header))


def _headless_sequences(container: Container, options: ImportOptions) -> bool:
    """Tell lines of `user<TAB>items` that start without a header: no field of the first line is a column's name."""
    names = [plain(name) for name in container.header]
    if options.as_ == "items" or set(names) & {"title", "name", *SYNONYMS["user_id"], *SYNONYMS["item_id"]}:
        return False
    if options.format == "sequences":
        return len(names) < 2 or not names_lists(container.header[-1])
    lists = len(names) == 2 and container.delimiter == "\t" and len(container.header[1].split()) > 2
    return options.format == "auto" and lists


def _of_sample(path: Path, container: Container, chunk: RawChunk | None, options: ImportOptions) -> FileKind:
    names = _names(container, chunk)
    if options.as_ == "items" or (options.as_ == "auto" and is_item_table(path, names, chunk, options.format)):
        format = "likeness" if options.format == "auto" else options.format
        return FileKind(kind="items", format=format, container=container, mapping=options.mapping, options=options)
    check_mapping(options.mapping, FIELDS, names)
    format = options.format
    if format == "auto":
        format = format_of(path, names, chunk, container) or _said_by_mapping(path, names, options)
    mapping = _mapping(names, format, options)
    kind = FileKind(kind="events", format=format, container=container, mapping=mapping, options=options)
    if format == "sequences":
        return replace(kind, clock="position", notes=("Order without times: one position counts as one day.",))
    return _completed(path, kind, names, chunk, options)


def _said_by_mapping(path: Path, names: tuple[str, ...], options: ImportOptions) -> str:
    if {"event", "rating"} & set(options.mapping):
        return "likeness"
    if {"quantity", "price", "value", "session_id"} & set(options.mapping):
        return "order-lines"
    what = f"{path}: no column says what happened, and none holds a quantity, a price or an order."
    remedy = (
        f"Say it: --map event==view_item (or another event), or --format order-lines. Columns: {', '.join(names[:40])}."
    )
    raise FormatError(what, remedy=remedy)


def _names(container: Container, chunk: RawChunk | None) -> tuple[str, ...]:
    if container.header and (chunk is None or chunk.records is None):
        return container.header
    seen = Counter(name for record in (chunk.records or [] if chunk else []) for name in record)
    return tuple(name for name, _ in seen.most_common())


def _mapping(names: tuple[str, ...], format: str, options: ImportOptions) -> dict[str, str]:
    taken = {column for column in options.mapping.values()}
    free = [name for name in names if name not in taken]
    open_ = {field: words for field, words in SYNONYMS.items() if field not in options.mapping}
    if format in NESTED:
        return dict(options.mapping)
    return guess(free, open_) | options.mapping


NESTED = ("ga4", "segment", "retail-api", "ubi", "sequences")
"""Formats whose adapters know where everything is."""


def _completed(
    path: Path, kind: FileKind, names: tuple[str, ...], chunk: RawChunk | None, options: ImportOptions
) -> FileKind:
    if kind.format in NESTED:
        return _with_defaults(kind, options)
    mapping = dict(kind.mapping)
    _some_time(mapping, names)
    _join_date_and_time(mapping, names, chunk)
    by_record = chunk is None or chunk.records is not None
    if "time" not in mapping and names and not (by_record and ("event" in mapping or options.format != "auto")):
        remedy = f"Say which: --map time=Column, or --as items. The columns are: {', '.join(names[:40])}."
        raise FormatError(f"{path}: no column is known to hold the time.", remedy=remedy)
    notes = [*_assume_event(kind.format, mapping, by_record)]
    first, said = options.day_first, None
    if first is None:
        first, said = day_first(path, kind.container, mapping.get("time", "").split("+")[0], chunk)
    notes += [*([said] if said else []), f"Times that name no zone are in {options.timezone}."]
    kind = replace(kind, mapping=mapping, day_first=first, notes=tuple(notes))
    return _with_defaults(kind, options)


def _with_defaults(kind: FileKind, options: ImportOptions) -> FileKind:
    lines = kind.format == "order-lines"
    products = (NOT_PRODUCTS if lines else ()) if options.not_products is None else options.not_products
    nobody = (NOBODY if lines else ()) if options.nobody is None else options.nobody
    return replace(kind, not_products=products, nobody=nobody)


def _assume_event(format: str, mapping: dict[str, str], by_record: bool) -> tuple[str, ...]:
    if "event" in mapping or (by_record and format == "likeness"):
        return ()
    if format == "order-lines":
        return ("No column says what happened: every row is a purchase, invoices C… are refunds.",)
    mapping["event"] = "=review" if "rating" in mapping else "=view_item"
    return (f"No column says what happened: every row is {mapping['event'][1:]} (else --map event==purchase).",)


def _some_time(mapping: dict[str, str], names: tuple[str, ...]) -> None:
    """Where no column has a known name for the time, take the only one whose name ends like one."""
    like = [name for name in names if re.search(r"(date|time|timestamp|日期|时间|_at)$", name.strip().casefold())]
    if "time" not in mapping and len(like) == 1:
        mapping["time"] = like[0]


def _join_date_and_time(mapping: dict[str, str], names: tuple[str, ...], chunk: RawChunk | None) -> None:
    """Where `time` holds only the time of day, join it with the column that holds the date."""
    dates = [name for name in names if plain(name) in ("date", "orderdate", "invoicedate", "日期")]
    values = texts_of(chunk, mapping.get("time"))
    if dates and values and all(map(_CLOCK_ONLY.match, values)) and mapping["time"] not in dates:
        mapping["time"] = f"{dates[0]}+{mapping['time']}"
