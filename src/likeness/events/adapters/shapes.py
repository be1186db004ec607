"""Reading nested records: lists of objects, the first of several names, parts of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from likeness.events.parts import Parts, of_records
from likeness.files.chunk import RawChunk

Found = dict[str, Any]
"""What one event says, under our names."""


def parts_of(chunk: RawChunk, events: Callable[[dict[str, Any]], Iterator[Found]]) -> Parts:
    """Return the parts of every record; a record whose shape makes no sense has the parts that make sense."""
    rows: list[int] = []
    found: list[Found] = []
    for row, record in enumerate(chunk.as_records()):
        for event in events(record):
            rows.append(row)
            found.append(event)
    return of_records(rows, found)


def dicts(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list (or a lone object), and nothing else."""
    if isinstance(value, dict):
        return [value]
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def inside(record: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an object inside a record, empty where there is none."""
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def first(record: dict[str, Any], *names: str) -> Any:
    """Return the value of the first name that has one."""
    return next((record[name] for name in names if record.get(name) is not None), None)


def money(value: Any) -> Any:
    """Return a price; 0 stands for "no price" in many tools' items."""
    return None if value in (0, "0", "0.0", "") and not isinstance(value, bool) else value


def path_of(value: Any) -> Any:
    """Return a category path given as "A > B", "A/B", a list, or a list of such paths (the longest is meant)."""
    if isinstance(value, list):
        paths = [one for one in value if isinstance(one, str)]
        return max(paths, key=len) if paths and any(">" in one for one in paths) else paths or None
    return value
