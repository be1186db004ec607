"""Who an event is: its id from its content when none is given, its session from shopper and half hour."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from likeness.events.draft import Draft
from likeness.types import Floats

SESSION_SECONDS = 1800.0
_TEXTS = ("event", "user_id", "visitor_id", "session_id", "item_id", "query", "text", "request_id", "consent")
_NUMBERS = ("time", "quantity", "value", "rating", "position")


def event_ids(draft: Draft) -> tuple[Any, NDArray[np.uint64]]:
    """Return every event's id, and 64 bits of it for telling repeats.

    An id that is not given is the blake2b-128 hex of what the event says, before anything was capped: so the same
    line in another file, or in the same file again, is the same event.
    """
    given = draft.text["event_id"]
    if given.null_count == 0 and len(given):
        return given, _bits([hashlib.blake2b(i.encode(), digest_size=8).digest() for i in given.to_pylist()], 8)
    derived = [hashlib.blake2b(row, digest_size=16).digest() for row in _content(draft)]
    hashed = _hex(derived)
    if given.null_count == len(given):
        return hashed, _bits(derived, 16)
    ids = pc.coalesce(given, hashed)
    return ids, _bits([hashlib.blake2b(i.encode(), digest_size=8).digest() for i in ids.to_pylist()], 8)


def _content(draft: Draft) -> list[bytes]:
    texts = [pc.fill_null(draft.text[name], "") for name in _TEXTS]
    numbers = [_bits_of(draft.number[name]) for name in _NUMBERS]
    return [row.encode() for row in pc.binary_join_element_wise(*texts, *numbers, "\x1f").to_pylist()]


def _bits_of(column: Floats) -> Any:
    # The bits of a float, so that no way of printing it decides an identity; + 0.0 makes the two zeros one.
    bits = pa.array((column + 0.0).view(np.int64), mask=np.isnan(column))
    return pc.fill_null(bits.cast(pa.string()), "")


def _hex(digests: list[bytes]) -> Any:
    # One buffer of fixed-width texts: half a million small strings would cost a second.
    text = b"".join(digests).hex().encode()
    offsets = np.arange(0, 32 * (len(digests) + 1), 32, dtype=np.int32)
    return pa.StringArray.from_buffers(len(digests), pa.py_buffer(offsets), pa.py_buffer(text))


def _bits(digests: list[bytes], width: int) -> NDArray[np.uint64]:
    return np.frombuffer(b"".join(digests), np.uint64)[:: width // 8].copy()


def sessions(draft: Draft) -> Any:
    """Return the session as given, else shopper and half hour (UTC), null for nobody's.

    Half hours stand still (they do not slide with activity), so that any part of the log gives the same sessions.
    """
    given = draft.text["session_id"]
    if given.null_count == 0 and len(given):
        return given
    slots = pa.array(np.nan_to_num(draft.number["time"] // SESSION_SECONDS).astype(np.int64)).cast(pa.string())
    return pc.coalesce(given, pc.binary_join_element_wise(draft.shopper(), slots, ":"))
