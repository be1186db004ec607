from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from likeness.persona.config import PersonaConfig
from likeness.persona.interactions import interactions
from likeness.schema import EVENT_SCHEMA
from likeness.testing.persona import event_table
from likeness.types import EVENT_NAMES, Catalogue, Event

CONFIG = PersonaConfig()


def seen(event_id: str, time: float, shopper: str | None, item: str | None = "m1", **fields: object) -> Event:
    return Event(event_id=event_id, event="view_item", time=time, user_id=shopper, item_id=item, **fields)


def test_columns_are_sorted_by_shopper_time_and_log_order(catalogue: Catalogue) -> None:
    events = [seen("1", 5.0, "b", "l1"), seen("2", 9.0, "a"), seen("3", 5.0, "b", "m2"), seen("4", 1.0, None)]
    log = interactions(event_table(events), catalogue, CONFIG)
    assert log.shoppers == ("a", "b")
    assert log.shopper.tolist() == [-1, 0, 1, 1]
    assert [catalogue.items[row].item_id for row in log.row] == ["m1", "m1", "l1", "m2"]
    assert log.end > 9.0 and (log.time < log.end).all()
    assert (log.shopper.dtype, log.row.dtype, log.event.dtype) == (np.int32, np.int32, np.int8)


def test_nothing_at_or_after_the_cutoff(catalogue: Catalogue) -> None:
    events = [seen("1", 1.0, "a"), seen("2", 2.0, "a"), seen("3", 3.0, "b")]
    log = interactions(event_table(events), catalogue, CONFIG, until=2.0)
    assert (len(log), log.shoppers, log.end) == (1, ("a",), 2.0)


def test_items_off_the_shelf_and_events_without_one_have_no_row(catalogue: Catalogue) -> None:
    log = interactions(event_table([seen("1", 1.0, "a", "gone"), seen("2", 2.0, "a", None)]), catalogue, CONFIG)
    assert log.row.tolist() == [-1, -1]


def test_weights_are_signed_and_numbers_unknown_are_nan(catalogue: Catalogue) -> None:
    buy = Event(event_id="1", event="purchase", time=1.0, user_id="a", item_id="m1", quantity=2.0, value=9.0)
    back = Event(event_id="2", event="refund", time=2.0, user_id="a", item_id="m1", undoes="1")
    log = interactions(event_table([buy, back]), catalogue, CONFIG)
    assert log.weight.tolist() == [5.0, -5.0]
    assert log.quantity[0] == 2.0 and np.isnan(log.quantity[1]) and np.isnan(log.value[1])
    assert [EVENT_NAMES[code] for code in log.event] == ["purchase", "refund"]


def test_events_without_a_session_share_only_their_own_half_hour(catalogue: Catalogue) -> None:
    events = [seen("1", 0.0, "a"), seen("2", 1799.0, "a"), seen("3", 1801.0, "a"), seen("4", 0.0, "b")]
    given = [seen("5", 0.0, "b", session_id="s"), seen("6", 1e6, "b", session_id="s")]
    session = interactions(event_table([*events, *given]), catalogue, CONFIG).session.tolist()
    assert session[0] == session[1] != session[2]
    assert session[3] != session[0]
    assert session[4] == session[5] not in session[:4]


@pytest.mark.parametrize("whole", [True, False])
def test_an_empty_log_is_fine(catalogue: Catalogue, whole: bool) -> None:
    empty = EVENT_SCHEMA.append(pa.field("cursor", pa.int64())).empty_table()
    log = interactions(empty if whole else [empty], catalogue, CONFIG)
    assert (len(log), log.shoppers) == (0, ())
