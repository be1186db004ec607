from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from likeness.errors import InputError
from likeness.persona.config import PersonaConfig
from likeness.persona.facts import Facts
from likeness.persona.fold import fold_columns, fold_events
from likeness.persona.state import PersonaState
from likeness.schema import EVENT_SCHEMA
from likeness.testing.persona import event_table
from likeness.testing.stats import StatContract
from likeness.types import DAY, Catalogue, Event

CONFIG = PersonaConfig()


def buys(shopper: str | None, *items: str, day: float = 0.0) -> list[Event]:
    return [
        Event(event_id=f"{shopper}{item}{day}", event="purchase", time=day * DAY, user_id=shopper, item_id=item)
        for item in items
    ]


def test_shoppers_come_in_order_with_their_own_last_cursor(catalogue: Catalogue) -> None:
    events = [*buys("b", "m1"), *buys("a", "m2", "l1"), *buys(None, "m1"), *buys("b", "t1", day=1.0)]
    folded = dict(fold_columns(event_table(events), Facts(CONFIG, catalogue)))
    assert list(folded) == ["a", "b"]
    assert (folded["a"].cursor, folded["b"].cursor) == (3, 5)


def test_visitors_have_personas_until_they_are_users() -> None:
    events = [
        Event(event_id="1", event="view_item", time=0.0, visitor_id="v", item_id="m1"),
        Event(event_id="2", event="view_item", time=0.0, visitor_id="v", user_id="u", item_id="m1"),
    ]
    assert [shopper for shopper, _ in fold_columns(event_table(events), Facts(CONFIG))] == ["u", "v"]


def test_tables_in_parts_fold_as_one(catalogue: Catalogue) -> None:
    table, facts = event_table([*buys("a", "m1", "m2"), *buys("b", "m1")]), Facts(CONFIG, catalogue)
    parts = [table.slice(0, 1), table.slice(1, 1), table.slice(2)]
    assert list(fold_columns(iter(parts), facts)) == list(fold_columns(table, facts))


def test_an_empty_log_has_no_personas() -> None:
    empty = EVENT_SCHEMA.append(pa.field("cursor", pa.int64())).empty_table()
    assert list(fold_columns(empty, Facts(CONFIG))) == []
    assert list(fold_columns([empty, empty], Facts(CONFIG))) == []


def test_an_unknown_event_name_is_refused() -> None:
    table = event_table([Event(event_id="1", event="stare", time=0.0, user_id="u")])
    with pytest.raises(InputError, match="stare"):
        list(fold_columns(table, Facts(CONFIG)))


def test_a_snapshot_and_the_tail_give_the_whole(catalogue: Catalogue) -> None:
    facts = Facts(CONFIG, catalogue)
    early, late = buys("u", "m1", "l1"), buys("u", "m1", day=9.0)
    snapshot = dict(fold_columns(event_table(early), facts))["u"]
    read = fold_events(late, facts, PersonaState.decode(snapshot.state))
    assert read == fold_events([*early, *late], facts)


@pytest.mark.data
def test_real_order_lines_fold_alike_in_columns_and_one_by_one(data_folder: Path) -> None:
    """A few hundred customers of a real log, without a catalogue, to 1e-9."""
    lines = pq.read_table(data_folder / "online-retail" / "transactions.parquet").slice(0, 60_000)
    events, facts = order_lines(lines), Facts(CONFIG)
    contract = StatContract()
    by_shopper: dict[str, list[Event]] = {}
    for event in events:
        by_shopper.setdefault(str(event.user_id), []).append(event)
    folded = dict(fold_columns(event_table(events), facts, at_once=10_000))
    assert len(folded) == len(by_shopper) > 500
    for shopper, own in list(by_shopper.items())[::5]:
        contract.assert_same(PersonaState.decode(folded[shopper].state), fold_events(own, facts))


def order_lines(lines: pa.Table) -> list[Event]:
    """A rough reading of the lines that have a customer, enough to fold."""
    quantity, price = lines["Quantity"].to_numpy(), lines["Price"].to_numpy()
    times = pc.cast(lines["InvoiceDate"], pa.int64()).to_numpy() / 1e6
    columns = (lines[name].to_pylist() for name in ("Invoice", "StockCode", "Customer ID"))
    rows = zip(*columns, quantity.tolist(), np.abs(quantity * price).tolist(), times.tolist(), strict=True)
    return [
        Event(
            event_id=f"{place:07d}",
            event="purchase" if pieces > 0 else "refund",
            time=time,
            user_id=customer,
            session_id=invoice,
            item_id=code,
            quantity=abs(float(pieces)),
            value=value,
        )
        for place, (invoice, code, customer, pieces, value, time) in enumerate(rows)
        if customer not in (None, "", "0")
    ]


@pytest.mark.parametrize(
    "wrong",
    [{"time": float("nan")}, {"value": float("inf")}, {"quantity": float("nan")}, {"rating": 6.0}, {"event": "stare"}],
)
def test_an_event_that_was_never_cleaned_is_refused(wrong: dict) -> None:
    event = Event(**{"event_id": "e7", "event": "review", "time": 0.0, "user_id": "u", **wrong})
    with pytest.raises(InputError, match="e7"):
        fold_events([event], Facts(CONFIG))
    with pytest.raises(InputError, match=r"e7|stare"):
        list(fold_columns(event_table([event]), Facts(CONFIG)))
