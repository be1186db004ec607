"""OpenSearch User Behavior Insights: queries and events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from likeness.events.adapters.shapes import Found, first, inside, parts_of
from likeness.events.parts import Parts
from likeness.files.chunk import RawChunk

EVENTS = {
    "on_search": "search",
    "item_click": "select_item",
    "product_click": "select_item",
    "item_hover": "view_item",
    "product_hover": "view_item",
    "item_view": "view_item",
    "brief_view": "view_item_list",
    "item_impression": "view_item_list",
    "impression": "view_item_list",
    "product_purchase": "purchase",
    "item_purchase": "purchase",
    "declare_preferred_item": "add_to_wishlist",
    "give_rating": "review",
}
"""Action -> ours; the names of other events are read as they are."""


def adapt(chunk: RawChunk, mapping: Mapping[str, str]) -> Parts:
    """Return one event per row; a row of `ubi_queries` is a search."""
    return parts_of(chunk, _events)


def _events(record: dict[str, Any]) -> Iterator[Found]:
    source = inside(record, "_source") or record
    attributes = inside(source, "event_attributes") or inside(source, "query_attributes")
    seen, place = inside(attributes, "object"), inside(attributes, "position")
    action = source.get("action_name")
    yield {
        "event": "search" if action is None and source.get("user_query") else EVENTS.get(str(action), action),
        "time": source.get("timestamp"),
        "user_id": first(source, "user_id") or attributes.get("user_id"),
        "visitor_id": source.get("client_id"),
        "session_id": first(source, "session_id") or attributes.get("session_id"),
        "item_id": first(seen, "object_id", "internal_id") or source.get("object_id"),
        "query": first(source, "user_query") or (source.get("message") if action in ("on_search", "search") else None),
        "request_id": source.get("query_id"),
        "position": place.get("ordinal"),
        "title": first(seen, "name", "description"),
        "quantity": attributes.get("quantity"),
        "price": attributes.get("price") or seen.get("price"),
        "device": attributes.get("user_agent"),
    }
