"""RecBole atomic files (`.inter`): typed columns such as `user_id:token`, one interaction per row."""

from __future__ import annotations

from collections.abc import Mapping

from likeness.events.parts import Parts, flat
from likeness.files.chunk import RawChunk


def adapt(chunk: RawChunk, mapping: Mapping[str, str]) -> Parts:
    """Return one event per row."""
    return flat(chunk, mapping)
