"""Amazon Personalize: the interactions data set, one event per row."""

from __future__ import annotations

from collections.abc import Mapping

from likeness.events.parts import Parts, flat
from likeness.files.chunk import RawChunk

COLUMNS = {
    "user_id": "USER_ID",
    "item_id": "ITEM_ID",
    "time": "TIMESTAMP",
    "event": "EVENT_TYPE",
    "value": "EVENT_VALUE",
    "request_id": "RECOMMENDATION_ID",
    "device": "DEVICE_TYPE",
}
"""Field -> column of the data set's schema."""


def adapt(chunk: RawChunk, mapping: Mapping[str, str]) -> Parts:
    """Return one event per row."""
    return flat(chunk, mapping)
