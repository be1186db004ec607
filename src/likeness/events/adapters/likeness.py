"""Our own format, and any flat table with a column for the kind of event: one row, one event."""

from __future__ import annotations

from collections.abc import Mapping

from likeness.events.parts import Parts, flat
from likeness.files.chunk import RawChunk


def adapt(chunk: RawChunk, mapping: Mapping[str, str]) -> Parts:
    """Return one event per row."""
    return flat(chunk, mapping)
