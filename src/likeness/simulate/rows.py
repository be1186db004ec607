"""The log in numbers: one array per column, made into Arrow tables of strings a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from likeness.schema import EVENT_SCHEMA
from likeness.simulate.visits import DEVICES, Visits
from likeness.types import EVENT_NAMES

CODE = {name: code for code, name in enumerate(EVENT_NAMES)}
CHUNK = 50_000
OFFLINE = (CODE["refund"], CODE["review"])  # days after the visit: no session, no device
Columns = dict[str, NDArray[Any]]

DEFAULTS: dict[str, Any] = {
    "event": np.int8(-1), "time": np.nan, "visit": np.int64(-1), "item": np.int32(-1), "list": np.int64(-1),
    "position": np.int32(0), "quantity": np.nan, "value": np.nan, "discount": np.nan, "rating": np.nan,
    "query": np.int32(-1), "text": np.int32(-1), "order": np.int64(-1), "undoes": np.int64(-1),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Log:
    """Columns sorted by time, and the texts they point to."""

    columns: Columns
    visits: Visits
    shoppers: tuple[str, ...]
    item_ids: tuple[str, ...]
    queries: tuple[str, ...]
    texts: tuple[str, ...]
    currency: str
    prefix: str  # of event, session and request ids

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.columns["time"])


def part(event: str, **given: Any) -> Columns:
    """Return the columns of some rows of one event; what is not given takes its default."""
    n = len(given["time"])
    columns = {name: np.full(n, value) for name, value in DEFAULTS.items()}
    columns["event"][:] = CODE[event]
    for name, value in given.items():
        columns[name] = np.broadcast_to(np.asarray(value), (n,)).astype(columns[name].dtype)
    return columns


def assemble(parts: list[Columns], end: float) -> Columns:
    """Return the rows before `end` sorted by (time, order of the parts)."""
    joined = {name: np.concatenate([rows[name] for rows in parts]) for name in DEFAULTS}
    joined["time"] = np.round(joined["time"], 3)
    order = np.argsort(joined["time"], kind="stable")
    order = order[joined["time"][order] < end]
    return {name: values[order] for name, values in joined.items()}


def tables(log: Log) -> Iterator[pa.Table]:
    """Yield tables of EVENT_SCHEMA, sorted by time."""
    words = _Words(log)
    undone = _undone(log.columns)
    for start in range(0, len(log), CHUNK):
        chunk = {name: values[start : start + CHUNK] for name, values in log.columns.items()}
        yield _table(log, words, chunk, np.arange(start, start + len(chunk["time"])), undone)


def _undone(columns: Columns) -> NDArray[np.int64]:
    """Return the row of each order's purchase."""
    bought = np.flatnonzero(columns["event"] == CODE["purchase"])
    rows = np.full(int(columns["order"].max(initial=-1)) + 1, -1, np.int64)
    rows[columns["order"][bought]] = bought
    return rows


class _Words:
    """The string columns as Arrow arrays to take from."""

    def __init__(self, log: Log) -> None:
        is_user = np.array([name.startswith("u") for name in log.shoppers], bool)
        names = pa.array(log.shoppers, pa.string())
        self.user = pc.if_else(pa.array(is_user), names, pa.scalar(None, pa.string()))
        cookies = pa.array([f"v{name[1:]}" for name in log.shoppers], pa.string())
        self.visitor = cookies
        self.item = pa.array(log.item_ids, pa.string())
        self.query = pa.array(log.queries, pa.string())
        self.text = pa.array(log.texts, pa.string())
        self.event = pa.array(EVENT_NAMES, pa.string())
        self.device = pa.array(DEVICES, pa.string())


def _table(log: Log, words: _Words, chunk: Columns, number: NDArray[np.int64], undone: NDArray[np.int64]) -> pa.Table:
    visit = chunk["visit"]
    online = ~np.isin(chunk["event"], OFFLINE)
    shopper = np.where(log.visits.named[visit], log.visits.shopper[visit], -1)
    undoes = np.where(chunk["undoes"] >= 0, undone[chunk["undoes"]] if len(undone) else -1, -1)
    paid = np.isnan(chunk["value"])
    made = {
        "event_id": _ids(f"{log.prefix}e", number),
        "event": _take(words.event, chunk["event"]),
        "time": pa.array(chunk["time"]),
        "user_id": _take(words.user, shopper),
        "visitor_id": _take(words.visitor, shopper),
        "session_id": _ids(f"{log.prefix}s", np.where(online, visit, -1)),
        "item_id": _take(words.item, chunk["item"]),
        "query": _take(words.query, chunk["query"]),
        "quantity": _float(chunk["quantity"]),
        "value": _float(chunk["value"]),
        "currency": pa.array(np.full(len(paid), log.currency), pa.string(), mask=paid),
        "discount": _float(chunk["discount"]),
        "rating": _float(chunk["rating"]),
        "text": _take(words.text, chunk["text"]),
        "request_id": _ids(f"{log.prefix}r", chunk["list"]),
        "position": pa.array(chunk["position"], mask=chunk["position"] == 0),
        "device": _take(words.device, np.where(online, log.visits.device[visit], -1)),
        "undoes": _ids(f"{log.prefix}e", undoes),
        "consent": pa.nulls(len(number), pa.string()),
    }
    return pa.table(made, schema=EVENT_SCHEMA)


def _take(words: pa.Array, code: NDArray[Any]) -> pa.Array:
    return words.take(pa.array(code.astype(np.int64), mask=code < 0))


def _float(values: NDArray[Any]) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))


def _ids(prefix: str, number: NDArray[Any]) -> pa.Array:
    digits = pc.utf8_lpad(pa.array(number.astype(np.int64), mask=number < 0).cast(pa.string()), 8, "0")
    return pc.binary_join_element_wise(prefix, digits, "")
