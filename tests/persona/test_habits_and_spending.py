from __future__ import annotations

from datetime import UTC, datetime

import pytest

from likeness.persona.config import PersonaConfig
from likeness.persona.facts import Facts
from likeness.persona.fold import fold_events
from likeness.persona.record import Habits, Persona, Spending
from likeness.persona.view import view
from likeness.types import DAY, Catalogue, Event

MONDAY = datetime(2024, 1, 1, tzinfo=UTC).timestamp()
CONFIG = PersonaConfig()


def event(name: str, hours: float, **fields: object) -> Event:
    time = MONDAY + hours * 3600.0
    return Event(event_id=f"{name}{time}", event=name, time=time, user_id="u", **fields)


def persona_of(events: list[Event], config: PersonaConfig = CONFIG, catalogue: Catalogue | None = None) -> Persona:
    state = fold_events(events, Facts(config, catalogue))
    return view(state, "u", max(e.time for e in events), config, catalogue=catalogue)


def habits_of(events: list[Event], config: PersonaConfig = CONFIG) -> Habits:
    found = persona_of(events, config).habits
    assert found is not None
    return found


def spending_of(events: list[Event], catalogue: Catalogue | None = None) -> Spending:
    found = persona_of(events, catalogue=catalogue).spending
    assert found is not None
    return found


def test_the_week_is_read_in_the_shops_time_zone() -> None:
    events = [event("view_item", 23.5)]  # Monday 23:30 in UTC
    assert habits_of(events).week[0][23] == 1.0
    assert habits_of(events, PersonaConfig(timezone="Asia/Shanghai")).week[1][7] == 1.0
    assert habits_of(events, PersonaConfig(timezone="Asia/Kolkata")).week[1][5] == 1.0


def test_a_big_basket_counts_as_one_active_half_hour() -> None:
    basket = [event("purchase", 10.0, item_id=f"i{n}", session_id="a") for n in range(50)]
    week = habits_of([*basket, event("view_item", 34.0, session_id="b")]).week
    assert week[0][10] == pytest.approx(week[1][10], rel=0.02)
    assert sum(map(sum, week)) == pytest.approx(1.0)


def test_recent_weeks_count_more() -> None:
    week = habits_of([event("view_item", 10.0), event("view_item", 33.0 + 24 * 90)]).week  # Monday and Sunday
    early, late = week[0][10], 1.0 - week[0][10]
    assert early / late == pytest.approx(0.5, rel=0.01)


def test_visits_minutes_devices_and_days_between() -> None:
    events = [
        event("view_item", 24 * day + minute / 60, session_id=str(day), device="phone" if day else "desktop")
        for day in (0, 7, 14)
        for minute in (0, 5, 10)
    ]
    habits = habits_of(events)
    assert habits.visits.value == pytest.approx(3, rel=0.01)
    assert habits.visits_per_week.value == pytest.approx(1.5, rel=0.01)
    assert habits.minutes_per_visit is not None and habits.minutes_per_visit.value == pytest.approx(15, rel=0.02)
    assert habits.days_between is not None and habits.days_between.gap == 7.0
    assert [facet.value for facet in habits.devices] == ["phone", "desktop"]


def test_an_order_log_claims_no_length_of_visit() -> None:
    assert habits_of([event("purchase", 10.0, item_id="m1", session_id="a")]).minutes_per_visit is None


def test_spending_adds_up() -> None:
    events = [
        event("purchase", 0.0, item_id="m1", quantity=2.0, value=16.0, discount=4.0, session_id="a", currency="GBP"),
        event("purchase", 0.0, item_id="l1", quantity=1.0, value=40.0, session_id="a", currency="GBP"),
        event("purchase", 24.0 * 10, item_id="m1", quantity=1.0, value=8.0, session_id="b", currency="GBP"),
        event("refund", 24.0 * 12, item_id="l1", value=40.0, undoes="x"),
        event("view_item", 24.0 * 15, item_id="m1"),
    ]
    found = spending_of(events)
    values = {
        name: getattr(found, name).value for name in ("spent", "orders", "recency", "per_order", "items_per_order")
    }
    assert values == pytest.approx(
        {"spent": 24.0, "orders": 2, "recency": 5.0, "per_order": 12.0, "items_per_order": 1.5}, rel=0.01
    )
    assert found.discount_share is not None and found.discount_share.value == pytest.approx(4 / 68)
    assert found.discount_share.purpose == "advertise"
    assert found.currency == "GBP" and found.days_between is not None and found.days_between.gap == 10
    assert found.unit_prices["p50"].value == pytest.approx(8.0, rel=0.02)
    assert found.spent_lately is not None and found.spent_lately.half_life == 90 * DAY
    assert found.price_level is None


def test_the_price_level_is_the_percentile_within_category(catalogue: Catalogue) -> None:
    found = spending_of([event("purchase", 0.0, item_id=item) for item in ("m1", "m2", "x1")], catalogue)
    assert found.price_level is not None and found.price_level.value == pytest.approx(0.5)
    assert found.price_spread is not None and found.price_spread.value == pytest.approx(0.25)
    assert found.spent is None and found.discount_share is None and found.unit_prices == {}


def test_looking_without_buying_is_no_spending() -> None:
    assert persona_of([event("view_item", 0.0, item_id="m1")]).spending is None
