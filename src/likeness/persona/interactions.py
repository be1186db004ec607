"""The log as fitting reads it: columns with weights, sorted by shopper and time, nothing after a cutoff."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from likeness.persona.columns import Ints, encoded, event_codes, numbers, present, shoppers_of, together
from likeness.persona.config import PersonaConfig
from likeness.persona.facts import SESSION
from likeness.persona.feeds import weights_of
from likeness.types import Catalogue, Floats, Interactions


def interactions(
    table: pa.Table | Iterable[pa.Table], catalogue: Catalogue, config: PersonaConfig, until: float | None = None
) -> Interactions:
    """Return the events of EVENT_SCHEMA plus `cursor` before `until`, anonymous ones first; any order of rows will do.

    Without `until` the cutoff lies just after the last event, so that all of them count.
    """
    events = together(table)
    if until is not None:
        events = events.filter(pc.less(events["time"], until))
    time = numbers(events, "time")
    shopper, item = shoppers_of(events), encoded(events["item_id"])
    code = event_codes(events)
    order = np.lexsort((events["cursor"].to_numpy(), time, shopper.code))
    rows = np.array([*(catalogue.row_of.get(name, -1) for name in item.names), -1], dtype=np.int32)
    weight = weights_of(code, numbers(events, "rating"), present(events, "undoes"), config)
    last = float(time.max()) if len(time) else 0.0
    return Interactions(
        shoppers=shopper.names,
        shopper=shopper.code[order].astype(np.int32),
        row=rows[item.code][order],
        event=code[order],
        time=time[order],
        weight=weight[order],
        session=_sessions(events, shopper.code, time)[order],
        quantity=numbers(events, "quantity")[order],
        value=numbers(events, "value")[order],
        cursor=events["cursor"].to_numpy()[order],
        end=float(np.nextafter(last, np.inf)) if until is None else until,
        clock=config.clock,
    )


def _sessions(events: pa.Table, shopper: Ints, time: Floats) -> Ints:
    """Return a code per session; events without one share a shopper's half-hour."""
    given = encoded(events["session_id"])
    missing = given.code < 0
    pairs = np.stack([shopper[missing], np.floor_divide(time[missing], SESSION).astype(np.int64)], axis=1)
    _, place = np.unique(pairs, axis=0, return_inverse=True)
    code = given.code.copy()
    code[missing] = len(given.names) + place.reshape(-1)
    return code
