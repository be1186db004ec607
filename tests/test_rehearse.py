from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from likeness.persona.config import PersonaConfig
from likeness.rehearse import STRANGE, history, rehearsals_of, windows_of, without_some
from likeness.schema import EVENT_SCHEMA
from likeness.testing.recall import DAY, PURCHASE, small_shop


def table(rows: list[tuple[str, float, str | None]]) -> pa.Table:
    """Return events of (shopper, time, item) with their cursor."""
    full = [
        {"event_id": str(k), "event": "purchase" if item else "search", "time": time, "user_id": who, "item_id": item}
        for k, (who, time, item) in enumerate(rows)
    ]
    made = pa.Table.from_pylist(full, schema=EVENT_SCHEMA)
    return made.append_column("cursor", pa.array(range(1, len(rows) + 1), pa.int64()))


LOG = table([("b", 5, "x"), ("a", 1, "u"), ("a", 3, "w"), ("a", 2, "v"), ("a", 3, None), ("a", 9, "z"), ("c", 1, "q")])


def test_history_is_what_was_before_the_moment() -> None:
    found = history(LOG, {"a": 9.0, "b": 5.0})
    assert found["item_id"].to_pylist() == ["u", "w", "v", None]


def test_the_last_events_are_the_latest_with_an_item() -> None:
    assert history(LOG, {"a": 9.0}, 1)["item_id"].to_pylist() == ["w"]
    assert history(LOG, {"a": 9.0}, 2)["item_id"].to_pylist() == ["w", "v"]
    assert len(history(LOG, {"a": 9.0, "b": 6.0}, 3)) == 3 + 1
    assert not len(history(LOG, {"a": 9.0}, 0))


def test_strangers_and_held_items_leave_no_trace() -> None:
    shop = small_shop(shoppers=200, items=60)
    rehearsal = next(iter(rehearsals_of(shop.log)))
    cold = without_some(rehearsal, len(shop.catalogue))
    assert len(cold.strangers) == int(len(rehearsal.limits) * STRANGE) > 0 and cold.held.sum() == 6
    code = [cold.before.shoppers.index(name) for name in cold.strangers]
    assert not np.isin(cold.before.shopper, code).any()
    assert not cold.held[cold.before.row[cold.before.row >= 0]].any()
    was = rehearsal.before
    others = ~np.isin(was.shopper, code) & ~np.append(cold.held, False)[was.row]
    assert len(cold.before) == others.sum()  # and nothing else is gone


def test_what_is_taken_out_depends_on_no_order_of_shoppers() -> None:
    shop = small_shop(shoppers=200)
    rehearsal = next(iter(rehearsals_of(shop.log)))
    limits = dict(reversed(list(rehearsal.limits.items())))
    turned = type(rehearsal)(before=rehearsal.before, limits=limits, wanted=rehearsal.wanted, until=rehearsal.until)
    assert without_some(turned, 40).strangers == without_some(rehearsal, 40).strangers


def test_windows_know_nothing_of_what_was_bought_in_them() -> None:
    shop = small_shop(shoppers=200)
    log = shop.log
    windows = windows_of(log, shop.catalogue, PersonaConfig())
    length = min(60 * DAY, (log.end - log.time.min()) / 6)
    start = log.end - length
    inside = (log.event == PURCHASE) & (log.shopper >= 0) & (log.time >= start)
    pairs = set(zip(log.shopper[inside].tolist(), log.row[inside].tolist(), strict=True))
    assert sum(len(rows) for rows in windows[0].bought) == len(pairs)
    sold = np.bincount(log.row[(log.row >= 0) & (log.time < start)], minlength=40)
    assert (windows[0].features[sold == 0, 0] == np.log(0.5)).all()
    loud = np.where((log.time >= start) & (log.event != PURCHASE), 100.0, 1.0) * log.weight
    again = windows_of(replace(log, weight=loud), shop.catalogue, PersonaConfig())
    np.testing.assert_array_equal(windows[0].features, again[0].features)  # as what happens inside counts for nothing


def test_positions_have_no_windows() -> None:
    shop = small_shop(clock="position")
    assert windows_of(shop.log, shop.catalogue, PersonaConfig(clock="position")) == []
