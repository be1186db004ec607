"""An event as struct, as the plain tuple a store keeps, and as Arrow columns; checked once, at the door."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from likeness.errors import InputError
from likeness.schema import EVENT_SCHEMA
from likeness.types import EVENT_NAMES, Event

Row = tuple[Any, ...]

NAMES: tuple[str, ...] = tuple(EVENT_SCHEMA.names)
USER, VISITOR, TIME, CONSENT = (NAMES.index(name) for name in ("user_id", "visitor_id", "time", "consent"))
CURSOR_SCHEMA = EVENT_SCHEMA.append(pa.field("cursor", pa.int64()))

_KNOWN = frozenset(EVENT_NAMES)
_FLOATS = tuple(place for place, field in enumerate(EVENT_SCHEMA) if pa.types.is_floating(field.type))
_LONGEST_POSITION = 2**31 - 1
_NUMBERS = ("value", "quantity", "discount", "rating")  # NaN is kept as nothing


def row_of(event: Event) -> Row:
    """Return the event as a tuple in the order of EVENT_SCHEMA; raises InputError where the log could not keep it."""
    if event.event not in _KNOWN:
        raise InputError(f"Event {event.event!r} is not a known name.", remedy=f"Use one of {', '.join(EVENT_NAMES)}.")
    if not math.isfinite(event.time):
        raise InputError(f"Event {event.event_id!r} has time {event.time}.", remedy="Give finite seconds since 1970.")
    for name in _NUMBERS:
        value = getattr(event, name)
        if value is not None and (math.isinf(value) or (name == "rating" and (value < 1.0 or value > 5.0))):
            raise _refused(event.event_id, name, value)
    if event.position is not None and not 0 <= event.position <= _LONGEST_POSITION:
        raise InputError(
            f"Event {event.event_id!r} has position {event.position}.", remedy=f"Give 1 to {_LONGEST_POSITION}."
        )
    row: list[Any] = [
        _text(value) if isinstance(value, str) else value for value in (getattr(event, name) for name in NAMES)
    ]
    for place in _FLOATS:
        row[place] = _float(row[place])
    if row[CONSENT] is not None:
        row[CONSENT] = json.dumps(row[CONSENT], sort_keys=True, separators=(",", ":"))
    return tuple(row)


def event_of(row: Sequence[Any]) -> Event:
    """Return the struct of a stored tuple."""
    fields = {name: value for name, value in zip(NAMES, row, strict=False) if value is not None}
    if "consent" in fields:
        fields["consent"] = json.loads(fields["consent"])
    return Event(**fields)


def shopper_of(row: Sequence[Any]) -> str | None:
    """Whose persona a stored tuple feeds: the user, else the visitor, else nobody's."""
    shopper: str | None = row[VISITOR] if row[USER] is None else row[USER]
    return shopper


def events_in(table: pa.Table) -> pa.Table:
    """Return a table with exactly the columns of EVENT_SCHEMA, NaN as null.

    Raises InputError for a missing column, a type that cannot be cast, or a row without id, known name or finite time.
    """
    table = conform(table, EVENT_SCHEMA)
    for name in ("event_id", "event", "time"):
        if table[name].null_count:
            raise InputError(f"Column {name!r} has empty values.", remedy="Give every event an id, a name and a time.")
    if not pc.all(pc.is_finite(table["time"]), min_count=0).as_py():
        raise InputError("Column 'time' has infinite values.", remedy="Give finite seconds since 1970.")
    unknown = set(pc.unique(table["event"]).to_pylist()) - _KNOWN
    if unknown:
        raise InputError(f"Event {min(unknown)!r} is not a known name.", remedy=f"Use one of {', '.join(EVENT_NAMES)}.")
    for name in _NUMBERS:
        _check_numbers(table, name)
    return table


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the table with exactly the columns of `schema`, NaN as null; raises InputError where it cannot."""
    missing = [name for name in schema.names if name not in table.column_names]
    if missing:
        raise InputError(f"The table lacks column {missing[0]!r}.", remedy=f"Give {', '.join(schema.names)}.")
    try:
        table = table.select(schema.names).cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"The table does not fit its schema: {error}", remedy="Cast its columns.") from error
    return pa.table([_no_nan(column) for column in table.itercolumns()], schema=schema)


def rows_in(table: pa.Table, schema: pa.Schema) -> Iterator[Row]:
    """Yield the tuples of a table that has the columns of `schema`."""
    return zip(*(column.to_pylist() for column in conform(table, schema).itercolumns()), strict=True)


def table_of(rows: Sequence[Row], schema: pa.Schema = CURSOR_SCHEMA, names: Sequence[str] | None = None) -> pa.Table:
    """Return an Arrow table of stored tuples whose places are `names`, all of the schema's unless given.

    Columns of the schema that are not among the names are null.
    """
    names = schema.names if names is None else names
    columns: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else [()] * len(names)
    values = dict(zip(names, columns, strict=True))
    arrays = [
        pa.array(values[field.name], field.type) if field.name in values else pa.nulls(len(rows), field.type)
        for field in schema
    ]
    return pa.table(arrays, schema=schema)


def _check_numbers(table: pa.Table, name: str) -> None:
    column = table[name]
    bad = pc.is_inf(column)
    if name == "rating":
        bad = pc.or_(bad, pc.or_(pc.less(column, 1.0), pc.greater(column, 5.0)))
    if pc.any(bad).as_py():
        row = table.filter(bad).slice(0, 1)
        raise _refused(row["event_id"][0].as_py(), name, row[name][0].as_py())


def _refused(event_id: str, name: str, value: float) -> InputError:
    rule = "stars lie between 1 and 5" if name == "rating" else "numbers are finite"
    return InputError(f"Event {event_id!r} has {name} {value}: {rule}.", remedy="Correct it, or leave it empty.")


def _no_nan(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_floating(column.type) or not pc.any(pc.is_nan(column)).as_py():
        return column
    return pc.if_else(pc.is_nan(column), None, column)


def _text(value: str) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InputError(f"Text {value!r:.80} is not Unicode.", remedy="Remove its lone surrogates.") from None
    return value


def _float(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)
