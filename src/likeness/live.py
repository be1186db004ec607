"""The live tail: what happened since the fit, folded into the sources that can take it, without a new fit.

Personas are always live. Sources whose counts are sums (`update`) take new events too: what is bought together this
afternoon is proposed together this afternoon. Items that the model's catalogue does not hold wait for the next fit.
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Protocol, Self, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from likeness.model import Model
from likeness.persona.config import PersonaConfig
from likeness.persona.interactions import interactions
from likeness.ports import Store
from likeness.stores.rows import row_of, table_of
from likeness.types import Event, Interactions

MOST = 20_000  # new events taken at once; with more the sources wait for the next fit


@runtime_checkable
class Updates(Protocol):
    """A source that can take new events."""

    def update(self, events: Interactions, new: NDArray[np.bool_] | None = None) -> Self:
        """Return the source that has also seen the events marked `new`; `events` holds all of each shopper's."""
        ...


class Tail:
    """How far the sources of a model have followed the log."""

    def __init__(self, model: Model, config: PersonaConfig) -> None:
        """Start where the fit ended."""
        self._model, self._config = model, config
        self._cursor = model.card.cursor
        self._lock = Lock()
        self.waiting = False  # whether too much has happened to follow before the next fit

    def follow(self, store: Store, shop_id: str) -> int:
        """Take what is new in the log into the model's sources, and return how many events that was.

        Nothing is taken by a model that was fitted as of an earlier time.
        """
        with self._lock:
            return self._followed(store, shop_id, store.last_cursor(shop_id))

    def _followed(self, store: Store, shop_id: str, last: int) -> int:
        if self._model.card.until is not None or self.waiting or last <= self._cursor:
            return 0
        if last - self._cursor > MOST:
            self.waiting = True
            return 0
        found = list(store.scan(shop_id, after=self._cursor))
        if not found:  # those events were erased
            return 0
        whole = _whole(pa.concat_tables(found), store, shop_id)
        whole = whole.filter(pc.less_equal(whole["cursor"], last))  # what came meanwhile is for the next time
        log = interactions(whole, self._model.catalogue, self._config)
        assert log.cursor is not None
        new = log.cursor > self._cursor
        self._model.take(lambda source: source.update(log, new) if isinstance(source, Updates) else source)
        self._cursor = last
        return int(new.sum())


def _whole(new: pa.Table, store: Store, shop_id: str) -> pa.Table:
    """Return the new events with all earlier ones of the same shoppers; of a session of nobody only the new ones."""
    named = pc.coalesce(new["user_id"], new["visitor_id"])
    shoppers: Iterable[str] = sorted(set(named.drop_null().to_pylist()))
    known = [pair for shopper in shoppers for pair in store.of_shopper(shop_id, shopper)]
    nobodys = new.filter(pc.is_null(named))
    return pa.concat_tables([nobodys, events_table(known).cast(nobodys.schema)])


def events_table(events: Iterable[tuple[int, Event]]) -> pa.Table:
    """Return (cursor, event) pairs as a table of EVENT_SCHEMA plus `cursor`."""
    return table_of([(*row_of(event), cursor) for cursor, event in events])
