"""Every rule: a row that breaks it ends as the rule says, and a neighbour does not."""

from __future__ import annotations

from typing import Any

import pytest

from likeness.events.rules import RULES

T = 1_700_000_000
VIEW = {"event": "view_item", "time": T, "user_id": "u", "item_id": "i"}
BUY = VIEW | {"event": "purchase", "quantity": 2, "value": 20.0}

LINE = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID\n"
GOOD_LINE = "5001,A1,RED MUG,2,2011-01-01 10:00,2.5,77\n"

BREAKS: dict[str, list[Any]] = {
    "hidden_characters": [VIEW | {"item_id": "a\u202eb"}, VIEW | {"user_id": "\u200bu"}, BUY | {"text": "x\x00y"}],
    "unreadable_id": [VIEW | {"item_id": ["a"]}, VIEW | {"user_id": {"id": 1}}, VIEW | {"item_id": "x" * 300}],
    "unreadable_number": [
        BUY | {"quantity": "three"},
        BUY | {"value": 1e13},
        BUY | {"value": True},
        BUY | {"quantity": [1]},
    ],
    "unreadable_consent": [
        VIEW | {"consent": "maybe"},
        VIEW | {"consent": {"resell": True}},
        VIEW | {"consent": {"measure": 3}},
    ],
    "dropped_field": [
        VIEW | {"rating": 9},
        VIEW | {"position": 0},
        VIEW | {"value": -3},
        VIEW | {"quantity": -1},
        BUY | {"discount": -1},
        VIEW | {"text": "x" * 30_000},
    ],
    "unknown_event": [VIEW | {"event": "page_view"}, VIEW | {"event": None}, VIEW | {"event": 7}],
    "missing_time": [VIEW | {"time": None}, VIEW | {"time": ""}],
    "unreadable_time": [
        VIEW | {"time": "yesterday"},
        VIEW | {"time": "9/10/2554"},
        VIEW | {"time": [1]},
        VIEW | {"time": 7},
    ],
    "impossible_time": [VIEW | {"time": T + 10_000_000}],
    "missing_item": [VIEW | {"item_id": None}, VIEW | {"item_id": " null "}],
    "missing_query": [VIEW | {"event": "search"}, VIEW | {"event": "search", "query": " "}],
    "missing_consent": [VIEW | {"event": "consent"}, {"event": "consent", "time": T, "consent": {"measure": False}}],
    "non_positive_quantity": [
        BUY | {"quantity": 0},
        BUY | {"quantity": -2},
        VIEW | {"event": "add_to_cart", "quantity": -1},
    ],
    "non_positive_price": [BUY | {"value": 0}, BUY | {"value": -1.0}, BUY | {"price": 0, "value": None}],
    "currency": [BUY | {"currency": "euros"}, BUY | {"currency": "¥"}],
    "duplicate": [VIEW, BUY],
    "bot_like": [VIEW | {"device": "Mozilla/5.0 (compatible; Googlebot/2.1)"}, VIEW | {"device": "my-crawler bot"}],
    "anonymous": [VIEW | {"user_id": None}, VIEW | {"user_id": "null"}],
    "refund_unmatched": [BUY | {"event": "refund", "user_id": "other"}],
    "malformed": [None, 3, ["x"]],
}
LINES = {
    "adjustment": "A5002,B2,Adjust bad debt,1,2011-01-01 10:00,-10,77\n",
    "not_a_product": "5002,POST,POSTAGE,1,2011-01-01 10:00,10,77\n",
    "cancellation": "C5002,A1,RED MUG,-2,2011-01-02 10:00,2.5,77\n",
    "note_not_title": "5002,A2,damaged?,1,2011-01-01 10:00,10,77\n",
    "empty_row": "\n" + GOOD_LINE.replace("5001", "5002"),
    "encoding": GOOD_LINE.replace("5001", "5002").replace("RED", "红色").strip() + "\n",
}
ELSEWHERE = {"truncated_file", "loose_json", "outlier_quantity", "outlier_price"}


def test_every_rule_has_a_case() -> None:
    assert {*BREAKS, *LINES, *ELSEWHERE} == {rule.name for rule in RULES}
    assert len(RULES) == len({rule.name for rule in RULES})


@pytest.mark.parametrize(
    ("rule", "record"), [(rule, record) for rule, records in BREAKS.items() for record in records], ids=str
)
def test_rule_on_events(imported: Any, rule: str, record: Any) -> None:
    if isinstance(record, dict) and rule != "duplicate" and record.get("time") == T:
        record = record | {"time": T + 1}
    outcome = imported([VIEW, BUY, record], as_="events", latest=T + 9_000_000.0)
    _check(outcome, rule)
    quiet = imported([VIEW, BUY], as_="events")
    assert not quiet.report.rules


@pytest.mark.parametrize("rule", LINES)
def test_rule_on_order_lines(imported: Any, rule: str) -> None:
    extra = LINES[rule].encode("gb18030" if rule == "encoding" else "utf-8")
    good = "".join(GOOD_LINE.replace("5001", f"60{i:02}").replace("RED", "É") for i in range(3))
    _check(imported((LINE + GOOD_LINE + good).encode() + extra, "orders.csv"), rule)
    assert not imported(LINE + GOOD_LINE, "orders.csv").report.rules


def _check(outcome: Any, rule: str) -> None:
    status = {rule.name: rule.status for rule in RULES}[rule]
    report = outcome.report
    assert report.rules[rule] == 1
    assert report.accepted + report.repaired + report.quarantined == report.rows
    assert (report.repaired, report.quarantined) == (status == "repaired", status == "quarantined")
    assert [(row["rule"], row["status"]) for row in outcome.ledger] == ([] if status == "noted" else [(rule, status)])
    assert len(outcome.events) == report.accepted + report.repaired


def test_the_ledger_says_where_what_and_whose(imported: Any) -> None:
    outcome = imported([VIEW, BUY | {"quantity": "three"}], as_="events")
    (row,) = outcome.ledger
    assert (row["file"], row["line"], row["value"], row["user_id"]) == ("events.ndjson", 2, "three", "u")
    assert '"three"' in row["raw"]


def test_a_broken_line_still_names_its_shopper(imported: Any) -> None:
    outcome = imported(b'{"event":"view_item","user_id":"u7","time":17', as_="events", format="likeness")
    assert outcome.ledger[0]["user_id"] == "u7"


def test_repairs_repair(imported: Any) -> None:
    record = BUY | {
        "item_id": " a\u202eb\x00 ",
        "currency": "eur",
        "rating": 77,
        "user_id": 7.0,
        "consent": {"ads": "no"},
    }
    (event,) = imported([record], as_="events").events
    assert (event["item_id"], event["currency"], event["user_id"]) == ("ab", "EUR", "7")
    assert "rating" not in event
    assert event["consent"] == '{"advertise":false}'


def test_refund_amounts_have_no_sign_and_money_is_per_line(imported: Any) -> None:
    lines = LINE + GOOD_LINE + LINES["cancellation"]
    purchase, refund = imported(lines, "orders.csv").events
    assert (purchase["quantity"], purchase["value"]) == (refund["quantity"], refund["value"]) == (2.0, 5.0)
    assert refund["undoes"] == purchase["event_id"]
    assert refund["session_id"] == "C5002"


def test_nobodys_orders(imported: Any) -> None:
    lines = LINE + "".join(
        GOOD_LINE.replace("5001", f"500{i}").replace("77", who) for i, who in enumerate(("", "0", "-1", "9"))
    )
    outcome = imported(lines, "orders.csv")
    assert [event.get("user_id") for event in outcome.events] == [None, None, None, "9"]
    assert outcome.report.rules == {"anonymous": 3}
    assert imported(lines, "orders.csv", nobody=()).report.rules == {"anonymous": 1}


def test_what_is_no_product_is_an_option(imported: Any) -> None:
    lines = LINE + GOOD_LINE + LINES["not_a_product"] + GOOD_LINE.replace("A1", "gift_0001_20").replace("5001", "7")
    assert imported(lines, "orders.csv").report.quarantined == 2
    assert imported(lines, "orders.csv", not_products=()).report.quarantined == 0
    assert imported(lines, "orders.csv", not_products=("a.",)).report.quarantined == 1


def test_titles_are_observed_and_notes_are_not(imported: Any) -> None:
    lines = LINE + GOOD_LINE + GOOD_LINE.replace("5001", "5002") + LINES["note_not_title"]
    outcome = imported(lines, "orders.csv")
    assert [(row["item_id"], row["field"], row["value"], row["count"]) for row in outcome.observations] == [
        ("A1", "title", "RED MUG", 2)
    ]


def test_one_row_of_several_events_is_repaired_when_some_fall(imported: Any) -> None:
    products = [{"product_id": "a", "price": 3}, {"name": "nameless"}]
    call = {"type": "track", "event": "Order Completed", "messageId": "m", "userId": "u", "timestamp": T}
    outcome = imported([call | {"properties": {"products": products}}], "calls.ndjson")
    assert (outcome.report.rows, outcome.report.repaired, outcome.report.rules) == (1, 1, {"missing_item": 1})
    assert outcome.ledger[0]["status"] == "repaired"
    gone = imported([call | {"properties": {"products": [{"name": "x"}, {"name": "y"}]}}], "calls.ndjson")
    assert (gone.report.quarantined, gone.report.rules) == (1, {"missing_item": 1})


def test_an_order_called_c_is_an_order(imported: Any) -> None:
    lines = LINE + GOOD_LINE.replace("5001", "C5001") + GOOD_LINE.replace("5001", "A5001")
    outcome = imported(lines, "orders.csv")
    assert [event["event"] for event in outcome.events] == ["purchase", "purchase"]
    assert not outcome.report.rules
