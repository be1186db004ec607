"""Google Analytics 4: rows of the BigQuery export, or the bodies of the Measurement Protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from likeness.events.adapters.shapes import Found, dicts, first, money, parts_of
from likeness.events.parts import Parts
from likeness.files.chunk import RawChunk

_LISTS = ("view_item_list",)


def adapt(chunk: RawChunk, mapping: Mapping[str, str]) -> Parts:
    """Return one event per item of each GA4 event, or one for an event without items."""
    return parts_of(chunk, _events)


def _events(record: dict[str, Any]) -> Iterator[Found]:
    if isinstance(record.get("events"), list):
        for event in dicts(record["events"]):
            yield from _event(_from_protocol(record, event))
    else:
        yield from _event(_from_export(record))


def _from_export(record: dict[str, Any]) -> Found:
    params = {str(p.get("key")): _value(p.get("value")) for p in dicts(record.get("event_params"))}
    ecommerce = record.get("ecommerce") if isinstance(record.get("ecommerce"), dict) else {}
    device = record.get("device")
    return {
        "event": record.get("event_name"),
        "time": first(record, "event_timestamp", "event_date"),
        "user_id": record.get("user_id"),
        "visitor_id": record.get("user_pseudo_id"),
        "device": device.get("category") if isinstance(device, dict) else device,
        "consent": _consent(record.get("privacy_info")),
        "items": record.get("items"),
        "transaction_id": (ecommerce or {}).get("transaction_id"),
        "params": params,
    }


def _from_protocol(record: dict[str, Any], event: dict[str, Any]) -> Found:
    params = event.get("params") if isinstance(event.get("params"), dict) else {}
    micros = first(event, "timestamp_micros") or first(record, "timestamp_micros")
    return {
        "event": event.get("name"),
        "time": micros,
        "user_id": record.get("user_id"),
        "visitor_id": first(record, "client_id", "app_instance_id"),
        "items": (params or {}).get("items"),
        "params": params or {},
    }


def _event(found: Found) -> Iterator[Found]:
    params = found.pop("params")
    items = dicts(found.pop("items"))
    found["session_id"] = found.pop("transaction_id", None) or params.get("transaction_id") or _session(found, params)
    found["query"] = first(params, "search_term", "query")
    found["currency"] = params.get("currency")
    found["request_id"] = params.get("request_id")
    if found["event"] == "view_search_results":
        found["event"] = "search"
    if found["event"] == "search":
        items = []
    for place, item in enumerate(items, 1):
        yield found | _item(item) | ({"position": item.get("index") or place} if found["event"] in _LISTS else {})
    if not items:
        yield found | _item(params) | {"value": params.get("value")}


def _session(found: Found, params: dict[str, Any]) -> str | None:
    number = params.get("ga_session_id")
    return f"{found.get('visitor_id')}.{number}" if number is not None else None


def _item(item: dict[str, Any]) -> Found:
    levels = [item.get(name) for name in ("item_category", *(f"item_category{i}" for i in range(2, 6)))]
    return {
        "item_id": item.get("item_id"),
        "title": item.get("item_name"),
        "brand": item.get("item_brand"),
        "category": [level for level in levels if level and level != "(not set)"] or None,
        "quantity": item.get("quantity"),
        "price": money(item.get("price")),
        "discount": item.get("discount"),
        "rating": item.get("rating"),
    }


def _value(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return next((inner for inner in value.values() if inner is not None), None)


def _consent(info: Any) -> Any:
    if not isinstance(info, dict):
        return None
    words = {"analytics_storage": info.get("analytics_storage"), "ads_storage": info.get("ads_storage")}
    said = {name: word for name, word in words.items() if word in ("Yes", "No", "granted", "denied", True, False)}
    return said or None
