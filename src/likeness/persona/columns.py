"""The log as columns of numbers: what the batch fold and `Interactions` both read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from likeness.errors import InputError
from likeness.persona.facts import CLEAN, SESSION
from likeness.types import EVENT_NAMES, Floats

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Codes:
    """A text column as codes into its distinct values, -1 where there is none."""

    code: Ints  # (n,)
    names: tuple[str, ...]


def together(tables: pa.Table | Iterable[pa.Table]) -> pa.Table:
    """Return one table of a log's tables; at least one is needed."""
    if isinstance(tables, pa.Table):
        return tables
    return pa.concat_tables(tables).combine_chunks()


def encoded(column: pa.ChunkedArray) -> Codes:
    """Return the codes of a text column, names in order of first appearance."""
    array = pc.dictionary_encode(column).combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # no chunk at all
        return Codes(np.zeros(0, dtype=np.int64), ())
    code = pc.fill_null(array.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return Codes(code, tuple(array.dictionary.to_pylist()))


def sorted_codes(codes: Codes) -> Codes:
    """Return the same column with names in ascending order, so that codes do not depend on the order of rows."""
    order = sorted(range(len(codes.names)), key=codes.names.__getitem__)
    place = np.full(len(order) + 1, -1, dtype=np.int64)  # code -1 reads the last place
    place[order] = np.arange(len(order))
    return Codes(place[codes.code], tuple(codes.names[i] for i in order))


def shoppers_of(table: pa.Table) -> Codes:
    """Return whose persona each event feeds: the user, else the visitor, else nobody's (-1); names ascend."""
    return sorted_codes(encoded(pc.coalesce(table["user_id"], table["visitor_id"])))


def event_codes(table: pa.Table) -> NDArray[np.int8]:
    """Return each event's place in EVENT_NAMES; InputError for a name that is not there."""
    codes = encoded(table["event"])
    unknown = [name for name in codes.names if name not in EVENT_NAMES]
    if unknown or (codes.code < 0).any():
        raise InputError(
            f"event {unknown[0] if unknown else None!r}: the log holds an event without a known name.",
            remedy=f"Known names: {', '.join(EVENT_NAMES)}.",
        )
    places = np.array([EVENT_NAMES.index(name) for name in codes.names], dtype=np.int8)
    return places[codes.code]


def sessions_of(table: pa.Table, times: Floats) -> Codes:
    """Return each event's session, or the half-hour of its time where none is given."""
    return encoded(pc.coalesce(table["session_id"], buckets(times, SESSION)))


def buckets(times: Floats, width: float) -> pa.Array:
    """Return the number of each time's bucket as text, as `str(int(time // width))` writes it."""
    return pc.cast(pa.array(np.floor_divide(times, width).astype(np.int64)), pa.string())


def numbers(table: pa.Table, name: str) -> Floats:
    """Return a column of numbers, NaN where there is none; InputError for one that is not finite."""
    column = pc.cast(table[name], pa.float64())
    values = np.asarray(pc.fill_null(column, float("nan")).to_numpy())
    refuse(table, name, values, ~np.isfinite(values) & present(table, name), "numbers must be finite")
    return values


def present(table: pa.Table, name: str) -> NDArray[np.bool_]:
    """Return where a column holds a value."""
    return np.asarray(pc.is_valid(table[name]).to_numpy())


def refuse(table: pa.Table, name: str, values: Floats, wrong: NDArray[np.bool_], rule: str) -> None:
    """Raise InputError naming the first event where a column breaks a rule."""
    rows = np.flatnonzero(wrong)
    if len(rows):
        event_id, value = table["event_id"][int(rows[0])].as_py(), values[rows[0]]
        raise InputError(f"event {event_id!r} holds {name} {value}: {rule}.", remedy=CLEAN)
