"""Order lines: item, quantity, unit price and time per row, as in the UCI Online Retail files or any shop's export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from likeness.events.draft import Mask, flags
from likeness.events.parts import Parts, flat
from likeness.files.chunk import RawChunk
from likeness.files.coerce import numbers, texts


def adapt(chunk: RawChunk, mapping: Mapping[str, str]) -> Parts:
    """Return one purchase per row. Invoices C… of less than nothing are refunds, invoices A… of a debt adjust books."""
    parts = flat(chunk, mapping)
    invoice, _ = texts(parts.columns.get("session_id"), len(parts))
    negative = [_negative(parts, field) for field in ("quantity", "price")]
    cancelled = flags(pc.match_substring_regex(invoice, r"^[Cc]\d")) & negative[0]
    adjusted = flags(pc.match_substring_regex(invoice, r"^[Aa]\d")) & negative[1]
    columns = {"event": pc.if_else(pa.array(cancelled), "refund", "purchase")} | parts.columns
    lost, noted = {"adjustment": np.flatnonzero(adjusted)}, {"cancellation": np.flatnonzero(cancelled)}
    return replace(parts, columns=columns, lost=lost, noted=noted)


def _negative(parts: Parts, field: str) -> Mask:
    with np.errstate(invalid="ignore"):
        return np.asarray(numbers(parts.columns.get(field), len(parts))[0] < 0)
