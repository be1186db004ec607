from __future__ import annotations

import pyarrow as pa
import pytest

from likeness.catalog.derive import derived_items, merged, read_log, rows_of
from likeness.schema import OBSERVATION_SCHEMA
from likeness.testing.log import event, observed, table
from likeness.types import Event, Item


def line(number: int, item_id: str, value: float | None, quantity: float | None = 1.0, **fields: object) -> Event:
    return event(number, item_id=item_id, value=value, quantity=quantity, **{"currency": "GBP", **fields})  # type: ignore[arg-type]


def test_prices_are_medians_of_unit_prices_paid() -> None:
    lines = [
        *(line(1, "a", 4.0, 2.0), line(2, "a", 3.0), line(3, "a", 100.0), line(4, "a", 9.0, currency="USD")),
        *(line(5, "a", 9.0, event="refund"), line(6, "a", 50.0, event="view_item")),
        *(line(7, "b", 5.0, None, event="view_item"), line(8, "b", 7.0, event="view_item"), line(9, "c", None)),
    ]
    items = {item.item_id: item for item in derived_items(read_log([table(lines)]))}
    assert [items[i].price for i in "abc"] == [3.0, 6.0, None]
    assert [items[i].currency for i in "abc"] == ["GBP", "GBP", None]
    assert (items["a"].first_seen, items["a"].last_seen) == (1.0, 6.0)


def test_the_most_frequent_title_is_taken_and_ties_are_settled() -> None:
    seen = [observed("a", "MUG", 3, 1.0, 9.0), observed("a", "BOWL", 3, 5.0, 6.0), observed("b", "LAMP", 1, 1.0, 1.0)]
    brand = pa.table([["a"], ["category"], ["Home >Kitchen > Mugs"], [1], [1.0], [1.0]], schema=OBSERVATION_SCHEMA)
    colour = pa.table([["a"], ["attribute:colour"], ["red"], [1], [1.0], [1.0]], schema=OBSERVATION_SCHEMA)
    log = read_log([table([line(1, "a", 1.0), line(2, "b", 1.0)])])
    a, b = derived_items(log, pa.concat_tables([*seen, brand, colour]))
    assert (a.title, a.categories, a.attributes) == ("BOWL", ("Home", "Kitchen", "Mugs"), {"colour": "red"})
    assert (b.title, b.categories) == ("LAMP", ())


def test_nothing_after_the_cutoff_is_seen() -> None:
    past = [line(1, "a", 2.0), line(2, "b", 3.0)]
    future = [line(10, "a", 99.0), line(11, "c", 1.0), line(12, "b", 1.0, currency="USD")]
    before = pa.concat_tables([observed("a", "OLD", 1, 1.0, 1.0), observed("a", "WORN", 5, 2.0, 2.0)])
    after = pa.concat_tables(
        [observed("a", "OLD", 9, 1.0, 12.0), observed("a", "NEW", 50, 11.0, 12.0), before.slice(1)]
    )
    then = derived_items(read_log([table(past)], 10.0), before, 10.0)
    now = derived_items(read_log([table(future), table(past)], 10.0), after, 10.0)
    assert then == now
    assert [item.item_id for item in now] == ["a", "b"]


def test_positions_are_no_dates() -> None:
    (item,) = derived_items(read_log([table([line(1, "a", 1.0)])]), clock="position")
    assert (item.first_seen, item.last_seen, item.price) == (None, None, 1.0)


def test_given_items_win_and_the_rest_is_appended() -> None:
    given = [Item(item_id="z", title="given", price=5.0), Item(item_id="b")]
    derived = [Item(item_id="a", title="A"), Item(item_id="b", title="B", price=2.0, currency="GBP", brand="X")]
    log = [*derived, Item(item_id="z", title="no", price=1.0, currency="USD", first_seen=3.0)]
    z, b, a = merged(given, log)
    assert (z.title, z.price, z.currency, z.first_seen) == ("given", 5.0, None, 3.0)
    assert (b, a) == (derived[1], derived[0])


@pytest.mark.parametrize(("sessions", "together"), [(("s1", "s1", "s2", "s2"), 2), (("s1", "s2", "s3", "s4"), 1)])
def test_baskets_are_sessions_or_else_whole_shoppers(sessions: tuple[str, ...], together: int) -> None:
    log = read_log([table([line(n, f"i{n}", 1.0, session_id=session) for n, session in enumerate(sessions)])])
    assert len(set(log.baskets.basket.tolist())) == together
    assert len(log.baskets.item) == 4
    kept = rows_of(log, {"i3": 0, "i1": 1})
    assert kept.item.tolist() == [1, 0]


def test_what_is_disliked_is_in_no_basket() -> None:
    log = read_log([table([line(1, "a", 1.0, session_id="s"), line(2, "b", 1.0, session_id="s", event="refund")])])
    assert log.baskets.item.tolist() == [0]


def test_an_empty_log() -> None:
    log = read_log([])
    assert (log.ids, derived_items(log), rows_of(log, {}).item.tolist()) == ((), [], [])
    assert read_log([table([event(1, item_id=None)])]).ids == ()
