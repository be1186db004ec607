"""Segment and RudderStack: `track` calls of the e-commerce specification."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from likeness.events.adapters.shapes import Found, dicts, first, inside, parts_of
from likeness.events.parts import Parts
from likeness.files.chunk import RawChunk

EVENTS = {
    "products searched": "search",
    "product list viewed": "view_item_list",
    "product list filtered": "view_item_list",
    "product clicked": "select_item",
    "product viewed": "view_item",
    "product added": "add_to_cart",
    "product removed": "remove_from_cart",
    "product added to wishlist": "add_to_wishlist",
    "order completed": "purchase",
    "order refunded": "refund",
    "order cancelled": "refund",
    "product reviewed": "review",
}
"""Name in the specification -> ours."""


def adapt(chunk: RawChunk, mapping: Mapping[str, str]) -> Parts:
    """Return one event per product of each call."""
    return parts_of(chunk, _events)


def _events(record: dict[str, Any]) -> Iterator[Found]:
    properties, context = inside(record, "properties"), inside(record, "context")
    call = _call(record, properties, context)
    products = dicts(properties.get("products"))
    if not products:
        yield call | _product(properties) | {"value": properties.get("value") if "price" not in properties else None}
    for place, product in enumerate(products, 1):
        number = {"event_id": f"{call['event_id']}:{place}"} if call["event_id"] is not None else {}
        position = {"position": product.get("position") or place} if call["event"] == "view_item_list" else {}
        yield call | _product(product) | position | number


def _call(record: dict[str, Any], properties: dict[str, Any], context: dict[str, Any]) -> Found:
    name = record.get("event") if record.get("type", "track") == "track" else record.get("type")
    return {
        "event_id": first(record, "messageId", "message_id"),
        "event": EVENTS.get(str(name).strip().lower().replace("_", " "), name),
        "time": first(record, "timestamp", "originalTimestamp", "original_timestamp", "sentAt", "receivedAt"),
        "user_id": first(record, "userId", "user_id"),
        "visitor_id": first(record, "anonymousId", "anonymous_id"),
        "session_id": first(properties, "order_id", "checkout_id") or context.get("sessionId"),
        "query": properties.get("query"),
        "currency": properties.get("currency"),
        "rating": properties.get("rating"),
        "text": first(properties, "review_body", "review"),
        "request_id": properties.get("request_id"),
        "device": inside(context, "device").get("type") or first(context, "userAgent", "user_agent"),
        "consent": _consent(inside(context, "consent")),
    }


def _product(product: dict[str, Any]) -> Found:
    return {
        "item_id": first(product, "product_id", "sku"),
        "title": product.get("name"),
        "brand": product.get("brand"),
        "category": product.get("category"),
        "quantity": product.get("quantity"),
        "price": product.get("price"),
        "discount": product.get("discount"),
        "position": product.get("position"),
    }


def _consent(consent: dict[str, Any]) -> Any:
    said = inside(consent, "categoryPreferences") or inside(consent, "category_preferences")
    return {str(name).lower(): answer for name, answer in said.items()} or None
