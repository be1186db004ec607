"""Google's Retail API (Vertex AI Search for commerce): user events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from likeness.events.adapters.shapes import Found, dicts, first, inside, parts_of, path_of
from likeness.events.parts import Parts
from likeness.files.chunk import RawChunk

EVENTS = {
    "search": "search",
    "category-page-view": "view_item_list",
    "home-page-view": "view_item_list",
    "detail-page-view": "view_item",
    "add-to-cart": "add_to_cart",
    "remove-from-cart": "remove_from_cart",
    "purchase-complete": "purchase",
}
"""Name in the interface -> ours."""


def adapt(chunk: RawChunk, mapping: Mapping[str, str]) -> Parts:
    """Return one event per product of each user event; a search is one event."""
    return parts_of(chunk, _events)


def _events(record: dict[str, Any]) -> Iterator[Found]:
    bought = inside(record, "purchaseTransaction")
    event = {
        "event": EVENTS.get(str(record.get("eventType")), record.get("eventType")),
        "time": record.get("eventTime"),
        "user_id": inside(record, "userInfo").get("userId"),
        "visitor_id": record.get("visitorId"),
        "session_id": first(bought, "id") or record.get("sessionId"),
        "query": record.get("searchQuery"),
        "currency": bought.get("currencyCode"),
        "request_id": record.get("attributionToken"),
        "device": inside(record, "userInfo").get("userAgent"),
    }
    details = [] if event["event"] == "search" else dicts(record.get("productDetails"))
    for place, detail in enumerate(details, 1):
        yield event | _product(detail) | ({"position": place} if event["event"] == "view_item_list" else {})
    if not details:
        yield event


def _product(detail: dict[str, Any]) -> Found:
    product = inside(detail, "product")
    price = inside(product, "priceInfo")
    return {
        "item_id": first(product, "id", "name"),
        "title": product.get("title"),
        "brand": next(iter(product.get("brands") or []), None) if isinstance(product.get("brands"), list) else None,
        "category": path_of(product.get("categories")),
        "quantity": detail.get("quantity"),
        "price": price.get("price"),
    } | ({"currency": price["currencyCode"]} if price.get("currencyCode") else {})
