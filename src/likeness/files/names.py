"""Which column means which field: by name, whatever the spelling, in English and Chinese."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping


def plain(name: str) -> str:
    """Return a column's name without case, marks and type suffix.

    >>> plain("Customer ID"), plain("item_id:token"), plain("客户 编号")
    ('customerid', 'itemid', '客户编号')
    """
    name = re.sub(r":(token|float|token_seq|float_seq)$", "", name.strip())
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).casefold())


def guess(header: Iterable[str], synonyms: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return `field -> column`: for each field the column that its earliest synonym names; no column twice."""
    columns: dict[str, str] = {}
    for name in header:
        columns.setdefault(plain(name), name)
    found: dict[str, str] = {}
    for field, words in synonyms.items():
        column = next((columns[word] for word in words if word in columns), None)
        if column is not None and column not in found.values():
            found[field] = column
    return found
