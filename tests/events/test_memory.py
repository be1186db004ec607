"""What the rules remember from chunk to chunk: repeats, robots, outliers, purchases."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from likeness.events import repeats
from likeness.events.outliers import PRICE_SEEN, QUANTITY_SEEN
from likeness.events.robots import PER_MINUTE, PER_SESSION

T = 1_700_000_040  # the beginning of a minute


def view(i: int, **more: Any) -> dict[str, Any]:
    return {"event": "view_item", "time": T, "user_id": "u", "item_id": f"i{i}"} | more


def buy(i: int, **more: Any) -> dict[str, Any]:
    return {
        "event": "purchase",
        "time": T + i,
        "user_id": f"u{i}",
        "item_id": "mug",
        "quantity": 1,
        "value": 5.0,
    } | more


@pytest.mark.parametrize("chunk_rows", [1, 7, 1000])
def test_repeats_are_found_in_any_chunk(imported: Any, chunk_rows: int) -> None:
    rows = [view(i % 40, time=T + 100 * (i % 40)) for i in range(100)]
    outcome = imported(rows, as_="events", chunk_rows=chunk_rows)
    assert outcome.report.rules == {"duplicate": 60}
    assert [row["line"] for row in outcome.ledger] == list(range(41, 101))
    assert len({event["event_id"] for event in outcome.events}) == len(outcome.events) == 40


def test_repeats_by_given_id_whatever_else_the_row_says(imported: Any) -> None:
    rows = [view(1, event_id="e"), view(2, event_id="e"), view(1, event_id="f")]
    assert [event["event_id"] for event in imported(rows, as_="events").events] == ["e", "f"]


def test_repeats_beyond_the_window_are_left_to_the_log(imported: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats.Repeats.__init__, "__defaults__", (10,))
    rows = [view(i % 50, time=T + 100 * (i % 50)) for i in range(100)]
    report = imported(rows, as_="events", chunk_rows=5).report
    assert (report.accepted, report.quarantined, report.already_logged) == (100, 0, 50)


def test_what_was_set_aside_does_not_make_its_good_twin_a_repeat(imported: Any) -> None:
    rows = [buy(1, quantity=-1), buy(1), buy(1)]
    assert imported(rows, as_="events").report.rules == {"non_positive_quantity": 1, "duplicate": 1}


@pytest.mark.parametrize("chunk_rows", [10, 1000])
def test_a_session_faster_than_people_is_caught_from_there_on(imported: Any, chunk_rows: int) -> None:
    fast = [view(i, user_id="robot", time=T + i * 0.2) for i in range(PER_MINUTE + 30)]
    late = [view(i, user_id="robot", time=T + 300) for i in range(5)]
    calm = [view(i, user_id="human", time=T + i * 3) for i in range(PER_MINUTE)]
    outcome = imported([*fast, *calm, *late], as_="events", chunk_rows=chunk_rows)
    assert outcome.report.rules == {"bot_like": 35}
    assert sum(event["user_id"] == "human" for event in outcome.events) == PER_MINUTE


def test_a_session_without_end_is_caught(imported: Any) -> None:
    rows = [view(i, session_id="s", time=T + i) for i in range(PER_SESSION + 10)]
    assert imported(rows, as_="events").report.rules == {"bot_like": 10}


def test_big_orders_are_no_robots(imported: Any) -> None:
    rows = [buy(0, item_id=f"i{i}") for i in range(1_000)]
    assert imported(rows, as_="events").report.rules == {}


@pytest.mark.parametrize("chunk_rows", [500, 5_000])
def test_absurd_quantities_are_capped_and_flagged(imported: Any, chunk_rows: int) -> None:
    random = Random(0)
    rows = [buy(i, quantity=random.randint(1, 12)) for i in range(QUANTITY_SEEN)]
    outcome = imported([*rows, buy(9_999, quantity=80_995, value=80_995.0)], as_="events", chunk_rows=chunk_rows)
    assert outcome.report.rules == {"outlier_quantity": 1}
    assert outcome.report.repaired == 1
    last = outcome.events[-1]
    assert 100 < last["quantity"] < 5_000
    assert last["value"] == pytest.approx(last["quantity"])
    assert outcome.ledger[0]["value"] == "80995"


def test_nothing_is_capped_before_enough_was_seen(imported: Any) -> None:
    assert imported([buy(1), buy(2, quantity=80_995)], as_="events").report.rules == {}


def test_absurd_prices_are_judged_by_the_items_own(imported: Any) -> None:
    mugs = [buy(i, value=4.0 + i % 3) for i in range(3 * PRICE_SEEN)]
    pianos = [buy(i, item_id="piano", value=9_000.0) for i in range(3 * PRICE_SEEN)]
    slip = buy(1_000, quantity=2, value=8_000.0)
    outcome = imported([*mugs, *pianos, slip, buy(1_001, value=0.05)], as_="events")
    assert outcome.report.rules == {"outlier_price": 1}
    capped = next(event for event in outcome.events if event["user_id"] == "u1000")
    assert capped["quantity"] == 2
    assert 20 < capped["value"] < 200


def test_capping_does_not_change_who_an_event_is(imported: Any) -> None:
    mugs = [buy(i) for i in range(3 * PRICE_SEEN)]
    slip = buy(1_000, value=8_000.0)
    (alone,) = imported([slip], as_="events").events
    capped = imported([*mugs, slip], as_="events").events[-1]
    assert capped["value"] < 100
    assert capped["event_id"] == alone["event_id"]


def refund(i: int, **more: Any) -> dict[str, Any]:
    return buy(i) | {"event": "refund", "time": T + 1_000} | more


@pytest.mark.parametrize("chunk_rows", [1, 3, 100])
@pytest.mark.parametrize(
    ("purchases", "back", "undone"),
    [
        ([(1, 10), (2, 20), (3, 30)], 2, 1),  # the same quantity
        ([(5, 10), (2, 20), (9, 30), (3, 40)], 4, 2),  # large enough, the latest
        ([(1, 10), (1, 20)], 6, 1),  # else the latest
        ([(2, 10), (2, 20), (2, 2_000)], 2, 1),  # not one that came after
        ([(2, 2_000)], 2, None),
        ([], 2, None),
    ],
)
def test_refunds_find_their_purchase(
    imported: Any, chunk_rows: int, purchases: list[tuple[int, int]], back: int, undone: int | None
) -> None:
    rows = [buy(0, quantity=q, time=T + at, event_id=f"p{i}") for i, (q, at) in enumerate(purchases)]
    others = [buy(0, item_id="other", event_id="x"), buy(1, event_id="y")]
    outcome = imported([*rows, *others, refund(0, quantity=back, event_id="r")], as_="events", chunk_rows=chunk_rows)
    found = next(event for event in outcome.events if event["event_id"] == "r").get("undoes")
    assert found == (None if undone is None else f"p{undone}")
    assert outcome.report.rules.get("refund_unmatched", 0) == (undone is None)


def test_a_refund_that_names_its_purchase_is_believed(imported: Any) -> None:
    outcome = imported([buy(0, event_id="p"), refund(0, undoes="q")], as_="events")
    assert outcome.events[-1]["undoes"] == "q"
    assert "refund_unmatched" not in outcome.report.rules


def test_nobodys_refund_is_unmatched(imported: Any) -> None:
    outcome = imported([buy(0), refund(0, user_id=None)], as_="events")
    assert outcome.report.rules == {"refund_unmatched": 1, "anonymous": 1}


def test_outliers_do_not_depend_on_how_rows_are_split_when_all_is_seen(imported: Any) -> None:
    random = np.random.default_rng(1)
    rows = [buy(i, value=float(random.lognormal(1, 0.2))) for i in range(400)] + [
        buy(i, value=900.0) for i in range(1_000, 1_003)
    ]
    reports = [imported(rows, as_="events", chunk_rows=n).report for n in (50, 403)]
    assert [report.rules for report in reports] == [{"outlier_price": 3}] * 2
