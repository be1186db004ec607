"""Every format's own words become ours."""

from __future__ import annotations

from typing import Any

import pytest

from likeness.types import DAY

T = 1_600_000_000
GA4 = {
    "event_name": "purchase",
    "event_timestamp": str(T * 1_000_000),
    "user_pseudo_id": "v",
    "event_params": [
        {"key": "currency", "value": {"string_value": "USD", "int_value": None}},
        {"key": "ga_session_id", "value": {"int_value": "12"}},
    ],
    "device": {"category": "mobile"},
    "privacy_info": {"analytics_storage": "Yes", "ads_storage": "No"},
    "items": [
        {
            "item_id": "a",
            "item_name": "Mug",
            "item_category": "Home",
            "item_category2": "Mugs",
            "price": 4,
            "quantity": 2,
        },
        {"item_id": "b", "item_brand": "Acme", "price": 0},
    ],
}


def fields(outcome: Any, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(event.get(name) for name in names) for event in outcome.events]


def seen(outcome: Any) -> set[tuple[str, str, str]]:
    return {(row["item_id"], row["field"], row["value"]) for row in outcome.observations}


def test_likeness(imported: Any) -> None:
    record = {
        **{"event_id": "e1", "event": "select_item", "time": "2020-09-13T12:26:40Z", "user_id": "u", "visitor_id": "v"},
        **{
            "session_id": "s",
            "item_id": "i",
            "query": "mug",
            "quantity": 1,
            "value": 3.5,
            "currency": "EUR",
            "discount": 0.5,
        },
        **{
            "rating": 4,
            "text": "fine",
            "request_id": "r",
            "position": 3,
            "device": "mobile",
            "consent": {"measure": True},
        },
    }
    (event,) = imported([record], as_="events").events
    assert event == record | {"time": float(T), "consent": '{"measure":true}'}
    assert type(event["position"]) is int


def test_likeness_milliseconds_and_derived_ids(imported: Any) -> None:
    record = {"event": "view_item", "time": T * 1000, "user_id": "u", "item_id": "i"}
    first, second = imported([record, record | {"time": (T + 1) * 1000}], as_="events").events
    assert (first["time"], first["session_id"]) == (float(T), f"u:{T // 1800}")
    assert len({first["event_id"], second["event_id"]}) == 2
    assert imported([record], as_="events").events[0]["event_id"] == first["event_id"]


def test_ga4_export(imported: Any) -> None:
    searched = {"event_params": [{"key": "search_term", "value": {"string_value": "mug"}}], "items": []}
    rows = [GA4, GA4 | {"event_name": "page_view"}, GA4 | searched | {"event_name": "view_search_results"}]
    outcome = imported(rows, "ga4.ndjson")
    assert fields(outcome, "event", "visitor_id", "item_id", "quantity", "value", "currency", "device", "query") == [
        ("purchase", "v", "a", 2.0, 8.0, "USD", "mobile", None),
        ("purchase", "v", "b", None, None, "USD", "mobile", None),
        ("search", "v", None, None, None, None, "mobile", "mug"),
    ]
    assert outcome.events[0]["time"] == T
    assert outcome.events[0]["session_id"] == "v.12"
    assert outcome.events[0]["consent"] == '{"advertise":false,"measure":true}'
    assert {("a", "title", "Mug"), ("a", "category", "Home > Mugs"), ("b", "brand", "Acme")} == seen(outcome)
    assert outcome.report.rules["unknown_event"] == 1


def test_ga4_lists_have_places(imported: Any) -> None:
    outcome = imported([GA4 | {"event_name": "view_item_list"}], "ga4.ndjson")
    assert fields(outcome, "item_id", "position") == [("a", 1), ("b", 2)]


def test_ga4_measurement_protocol(imported: Any) -> None:
    body = {
        **{"client_id": "v", "user_id": "u", "timestamp_micros": T * 1_000_000},
        "events": [{"name": "add_to_cart", "params": {"currency": "USD", "items": [{"item_id": "a", "quantity": 1}]}}],
    }
    outcome = imported([body], "hits.ndjson")
    assert outcome.report.format == "ga4"
    assert fields(outcome, "event", "user_id", "visitor_id", "item_id", "time") == [("add_to_cart", "u", "v", "a", T)]


def test_segment(imported: Any) -> None:
    call = {"type": "track", "messageId": "m", "anonymousId": "a", "userId": "u", "timestamp": "2020-09-13T12:26:40Z"}
    products = [{"product_id": "p", "price": 2, "quantity": 3, "name": "Mug"}, {"sku": "q", "price": "1.5"}]
    rows = [
        call | {"event": "Order Completed", "properties": {"order_id": "o", "currency": "EUR", "products": products}},
        call | {"messageId": "n", "event": "Products Searched", "properties": {"query": "mug"}},
        call
        | {
            "messageId": "k",
            "event": "Product Reviewed",
            "properties": {"product_id": "p", "rating": 5, "review_body": "ok"},
        },
        call | {"messageId": "l", "type": "page"},
    ]
    outcome = imported(rows, "calls.ndjson")
    assert fields(outcome, "event_id", "event", "item_id", "session_id", "value", "query", "rating", "text") == [
        ("m:1", "purchase", "p", "o", 6.0, None, None, None),
        ("m:2", "purchase", "q", "o", 1.5, None, None, None),
        ("n", "search", None, "a:888888"[:1] and f"u:{T // 1800}", None, "mug", None, None),
        ("k", "review", "p", f"u:{T // 1800}", None, None, 5.0, "ok"),
    ]
    assert outcome.report.quarantined == 1


def test_personalize(imported: Any) -> None:
    rows = f"USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\nu,i,{T},click\nu,j,{T + 1},Purchase\n"
    outcome = imported(rows, "interactions.csv")
    assert outcome.report.format == "personalize"
    assert fields(outcome, "event", "user_id", "item_id", "time") == [
        ("select_item", "u", "i", T),
        ("purchase", "u", "j", T + 1),
    ]


def test_retail_api(imported: Any) -> None:
    product = {
        "id": "p",
        "title": "Mug",
        "categories": ["Home", "Home > Mugs"],
        "priceInfo": {"price": 3, "currencyCode": "USD"},
    }
    event = {"eventType": "detail-page-view", "visitorId": "v", "eventTime": "2020-09-13T12:26:40.000001Z"}
    rows = [
        event | {"productDetails": [{"product": product, "quantity": 2}], "userInfo": {"userId": "u"}},
        event | {"eventType": "search", "searchQuery": "mug", "productDetails": [{"product": {"id": "p"}}]},
        event | {"eventType": "home-page-view"},
    ]
    outcome = imported(rows, "user_events.ndjson")
    assert outcome.report.format == "retail-api"
    assert fields(outcome, "event", "user_id", "visitor_id", "item_id", "currency", "query") == [
        ("view_item", "u", "v", "p", "USD", None),
        ("search", None, "v", None, None, "mug"),
    ]
    assert ("p", "category", "Home > Mugs") in seen(outcome)
    assert outcome.report.rules["missing_item"] == 1


def test_ubi(imported: Any) -> None:
    attributes = {"object": {"object_id": "p", "description": "Red mug"}, "position": {"ordinal": 3}}
    common = {"query_id": "q", "client_id": "c", "timestamp": "2020-09-13T12:26:40Z"}
    rows = [
        common | {"action_name": "item_click", "event_attributes": attributes, "session_id": "s"},
        common | {"user_query": "mug", "query_response_hit_ids": ["p"]},
    ]
    outcome = imported(rows, "ubi.ndjson")
    assert outcome.report.format == "ubi"
    assert fields(outcome, "event", "visitor_id", "item_id", "request_id", "position", "query") == [
        ("select_item", "c", "p", "q", 3, None),
        ("search", "c", None, "q", None, "mug"),
    ]


def test_recbole(imported: Any) -> None:
    rows = f"user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t2\t4.5\t{T}\n"
    outcome = imported(rows, "ml.inter")
    assert outcome.report.format == "recbole"
    assert fields(outcome, "event", "user_id", "item_id", "rating") == [("review", "1", "2", 4.5)]


@pytest.mark.parametrize(
    ("name", "data", "format"),
    [
        ("a.tsv", "user_id\titems_chronological\nu\tx y z\nw\tx x\n", "auto"),
        ("a.tsv", "u\tx y z\nw\tx x\n", "auto"),
        ("a.txt", "u\tx y z\nw\tx x\n", "sequences"),
        ("a.txt", "u x y z\nw x x\n", "sequences"),
        ("a.csv", 'user,items\nu,"x,y,z"\nw,"x, x"\n', "sequences"),
        ("a.ndjson", '{"user_id":"u","items":["x","y","z"]}\n{"user_id":"w","items":["x","x"]}\n', "sequences"),
    ],
)
def test_sequences(imported: Any, name: str, data: str, format: str) -> None:
    outcome = imported(data, name, format=format)
    assert (outcome.report.format, outcome.report.clock, outcome.report.rows) == ("sequences", "position", 2)
    assert fields(outcome, "user_id", "item_id", "time") == [
        *(("u", "x", 0.0), ("u", "y", DAY), ("u", "z", 2 * DAY)),
        *(("w", "x", 0.0), ("w", "x", DAY)),
    ]
    assert {event["event"] for event in outcome.events} == {"purchase"}
    assert len({event["event_id"] for event in outcome.events}) == 5


def test_order_lines_in_chinese(imported: Any) -> None:
    rows = "订单号,客户,商品编号,商品名称,数量,单价,下单时间\n1,张三,p1,红色杯子,2,3.5,2020年9月13日 20:26\n"
    outcome = imported(rows.encode("gb18030"), "orders.csv", timezone="Asia/Shanghai", currency="CNY")
    assert fields(outcome, "event", "session_id", "user_id", "item_id", "quantity", "value", "currency", "time") == [
        ("purchase", "1", "张三", "p1", 2.0, 7.0, "CNY", T - 40)
    ]
    assert seen(outcome) == {("p1", "title", "红色杯子")}


@pytest.mark.parametrize("format", ["ga4", "segment", "retail-api", "ubi"])
@pytest.mark.parametrize(
    "record",
    [
        {},
        {
            "items": "x",
            "events": "x",
            "properties": 3,
            "event_params": 7,
            "productDetails": "x",
            "event_attributes": [],
        },
        {"events": [None, 3, {"name": "purchase", "params": [1]}], "properties": {"products": [1, None, []]}},
        {"items": [None, {}], "event_params": [None, {"key": []}], "productDetails": [{"product": 3}, {}], "device": 3},
    ],
)
def test_misshapen_records_are_accounted_for(imported: Any, format: str, record: dict[str, Any]) -> None:
    outcome = imported([record], as_="events", format=format)
    assert (outcome.report.rows, outcome.report.quarantined) == (1, 1)
