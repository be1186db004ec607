"""The signs by which formats are told apart."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

from likeness.events.fields import SYNONYMS
from likeness.files.chunk import RawChunk
from likeness.files.container import Container
from likeness.files.names import guess, plain

_TYPED = re.compile(r":(token|float|token_seq|float_seq)$")
_LISTS = re.compile(r"(chronological|sequence|history|^items$|^asins$|itemids|itemlist)")
_PEOPLE = {"email", "username", "firstname", "lastname", "birthdate", "gender", "phone"}
_SEGMENT = {"track", "page", "screen", "identify", "group", "alias"}


def format_of(path: Path, names: tuple[str, ...], chunk: RawChunk | None, container: Container) -> str | None:
    """Return the format of an event file; None for a table that does not say what happened."""
    known = _usual(names, chunk)
    if any(_TYPED.search(name) for name in names) or ".inter" in path.suffixes:
        return "recbole"
    if container.layout == "csv" and _is_sequences(names, container):
        return "sequences"
    if {"USER_ID", "ITEM_ID", "TIMESTAMP"} <= set(names):
        return "personalize"
    nested = _nested(known, chunk)
    if nested is not None:
        return nested
    columns = guess(names, SYNONYMS)
    if "event" in columns or "rating" in columns or not names:
        return "likeness"
    return "order-lines" if {"quantity", "price", "value", "session_id"} & set(columns) else None


def _usual(names: tuple[str, ...], chunk: RawChunk | None) -> set[str]:
    """Return the plain names that at least one record in fifty has."""
    if chunk is None or chunk.records is None:
        return {plain(name) for name in names}
    seen = Counter(name for record in chunk.records for name in record)
    return {plain(name) for name, count in seen.items() if 50 * count >= len(chunk)}


def _is_sequences(names: tuple[str, ...], container: Container) -> bool:
    if container.delimiter != "\t" or len(names) != 2:
        return False
    return not container.has_header or names_lists(names[1])


def names_lists(name: str) -> bool:
    """Tell a column that holds lists of items by its name."""
    return _LISTS.search(plain(name)) is not None


def _nested(known: set[str], chunk: RawChunk | None) -> str | None:
    if (
        {"eventname", "eventtimestamp"} <= known
        or {"eventname", "userpseudoid"} <= known
        or {"events", "clientid"} <= known
    ):
        return "ga4"
    if {"eventtype", "visitorid"} <= known and ({"productdetails", "eventtime"} & known):
        return "retail-api"
    if "actionname" in known or {"queryid", "userquery"} <= known:
        return "ubi"
    if "type" in known and ({"messageid", "anonymousid", "originaltimestamp"} & known) and chunk is not None:
        kinds = [record.get("type") for record in (chunk.records or [])]
        return "segment" if sum(kind in _SEGMENT for kind in kinds if isinstance(kind, str)) * 2 > len(kinds) else None
    return None


def is_item_table(path: Path, names: tuple[str, ...], chunk: RawChunk | None, format: str) -> bool:
    """Tell a table of items: an id and a title, nobody who does anything, no time, and no id twice."""
    known = {plain(name) for name in names}
    if ".item" in path.suffixes or ("@type" in names and "name" in known):
        return True
    if format == "sequences":
        return bool(known & {"title", "name"}) and not known & {"userid", "user"}
    columns = guess(
        names, {field: words for field, words in SYNONYMS.items() if field not in ("title", "brand", "category")}
    )
    acts = {"user_id", "visitor_id", "session_id", "time", "event", "query", "text", "quantity"} & set(columns)
    id_ = columns.get("item_id") or next((name for name in names if plain(name) == "id"), None)
    titled = known & {"title", "name", "productname", "itemname", "producttitle", "商品名称", "名称", "标题", "商品名"}
    described = titled or known & {"productcategory", "category", "categories", "brand"}
    return not acts and not known & _PEOPLE and id_ is not None and bool(described) and _distinct(chunk, id_)


def _distinct(chunk: RawChunk | None, column: str) -> bool:
    values: Any = chunk.column(column) if chunk is not None else None
    if values is None:
        return False
    plain_values = [str(value) for value in (values if isinstance(values, list) else values.to_pylist())]
    return len(set(plain_values)) >= 0.98 * len(plain_values)
