"""NDJSON lines as records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

import msgspec

from likeness.files.chunk import ROW_CHARS, Broken
from likeness.files.encoding import decode
from likeness.files.lines import lines_of

_decode = msgspec.json.Decoder().decode


class Row(NamedTuple):
    """One row as read: a record or list of fields, or what is wrong with it."""

    line: int
    fields: Any
    raw: bytes = b""
    mended: tuple[str, str] | None = None
    broken: Broken | None = None


def ndjson_rows(stream: IO[bytes], encoding: str) -> Iterator[Row]:
    """Yield one row per line."""
    for number, data, broken in lines_of(stream, encoding):
        if broken is not None:
            yield Row(number, None, broken=broken)
            continue
        try:
            record = _decode(data) if encoding.startswith("utf") or data.isascii() else None
        except (msgspec.DecodeError, ValueError, RecursionError):
            record = None
        yield Row(number, record, data) if type(record) is dict else _second_reading(number, data, encoding)


def _second_reading(number: int, data: bytes, encoding: str) -> Row:
    text, foreign = decode(data, "utf-8" if encoding.startswith(("utf-8", "utf-16", "utf-32")) else encoding)
    try:
        record, loose = _lenient(text)
    except (ValueError, RecursionError) as error:
        return malformed(number, str(error), text)
    if not isinstance(record, dict):
        return malformed(number, f"a JSON object is expected, not {type(record).__name__}", text)
    mended = ("encoding", text[:200]) if foreign else ("loose_json", text[:200]) if loose else None
    return Row(number, record, text.encode("utf-8", "replace"), mended)


def _lenient(text: str) -> tuple[Any, bool]:
    """Read JSON as many programs write it: NaN and Infinity (read as missing), bare control characters in texts."""
    loose = False

    def constant(_: str) -> None:
        nonlocal loose
        loose = True

    try:
        return json.loads(text, parse_constant=constant), loose
    except json.JSONDecodeError:
        return json.loads(text, parse_constant=constant, strict=False), True


def malformed(number: int, why: str, text: str) -> Row:
    """Return a row that could not be read, and why."""
    return Row(number, None, broken=Broken(number, "malformed", why[:200], text[:ROW_CHARS]))
