"""What erasure must find besides a shopper's own events: their id inside quarantined rows and import memories."""

from __future__ import annotations

import re

import msgspec

from likeness.ports import ImportState
from likeness.schema import QUARANTINE_SCHEMA
from likeness.stores.rows import Row

ERASED = "[erased]"

_USER = QUARANTINE_SCHEMA.names.index("user_id")
_TEXTS = tuple(QUARANTINE_SCHEMA.names.index(name) for name in ("value", "raw"))


def redact(row: Row, shopper: str) -> Row | None:
    """Return a quarantine row as it may stay: None when it is the shopper's, blanked where nobody's row names them.

    A row whose user could not be read may still hold the id in its raw text. The id counts as named only where no
    letter or digit touches it, so that erasing "12" leaves a raw price of "9.12" or "120" alone on its right side.
    """
    if row[_USER] == shopper:
        return None
    if row[_USER] is not None:
        return row
    named = re.compile(rf"(?<!\w){re.escape(shopper)}(?!\w)")
    if not any(row[place] is not None and named.search(row[place]) for place in _TEXTS):
        return row
    return tuple(ERASED if place in _TEXTS else value for place, value in enumerate(row))


def forget(state: ImportState) -> ImportState:
    """Return the state of a finished import without what its rules remembered: nobody reads that any more."""
    return msgspec.structs.replace(state, memory=b"") if state.done else state
