"""YAML lists of objects as records, one list element at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import yaml

from likeness.files.encoding import decode
from likeness.files.json_rows import Row, malformed
from likeness.files.lines import lines_of

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def yaml_rows(stream: IO[bytes], encoding: str) -> Iterator[Row]:
    """Yield the elements of a top-level list, or of the first list of objects inside a top-level object.

    The line of a row is its place in the list.
    """
    charset = "utf-8" if encoding.startswith("utf") else encoding
    place = 0
    for block in _blocks(decode(line.data, charset)[0] for line in lines_of(stream, encoding) if line.broken is None):
        for row in _elements(block):
            place += 1
            yield row._replace(line=place, broken=row.broken and row.broken._replace(line=place))


def _blocks(lines: Iterator[str]) -> Iterator[str]:
    held: list[str] = []
    for line in lines:
        if line.startswith("- ") and held and held[0].startswith("- "):
            yield "\n".join(held)
            held = []
        if held or not line.startswith(("---", "#")):
            held.append(line)
    if held:
        yield "\n".join(held)


def _elements(block: str) -> Iterator[Row]:
    try:
        value = yaml.load(block, Loader=_Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        yield malformed(0, str(error), block)
        return
    for element in _list_of(value):
        if isinstance(element, dict):
            yield Row(0, {str(key): inner for key, inner in element.items()}, block.encode("utf-8", "replace")[:8000])
        else:
            yield malformed(0, f"an object is expected, not {type(element).__name__}", block)


def _list_of(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        lists = [v for v in value.values() if isinstance(v, list) and v and isinstance(v[0], dict)]
        return lists[0] if lists else [value]
    return [value]
