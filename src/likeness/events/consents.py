"""Consent as people write it, to one text: purpose -> granted. What is not understood is never taken for a yes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from likeness.files.chunk import Column
from likeness.files.names import plain

_PURPOSE = {
    **dict.fromkeys(("measure", "measurement", "analytics", "statistics", "analyticsstorage"), "measure"),
    **dict.fromkeys(("personalise", "personalize", "personalisation", "personalization", "functional"), "personalise"),
    **dict.fromkeys(("advertise", "advertising", "marketing", "ads", "adsstorage"), "advertise"),
}
_GRANTED = {"yes": True, "granted": True, "true": True, "no": False, "denied": False, "false": False}


def consents(column: Column | None, size: int) -> tuple[Any, NDArray[np.int64]]:
    """Return JSON texts (null where nothing is said) and the places that could not be understood."""
    if column is None:
        return pa.nulls(size, pa.string()), np.empty(0, np.int64)
    values = column if isinstance(column, list) else column.to_pylist()
    read = [consent_of(value) for value in values]
    bad = [
        i for i, (value, text) in enumerate(zip(values, read, strict=True)) if text is None and value not in (None, "")
    ]
    return pa.array(read, pa.string()), np.array(bad, np.int64)


def consent_of(value: Any) -> str | None:
    """Return one consent as JSON, None for what is none or names an unknown purpose.

    >>> consent_of({"analytics": "yes", "advertise": False})
    '{"advertise":false,"measure":true}'
    """
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else None
        except (ValueError, RecursionError):
            return None
    if isinstance(value, list) and all(isinstance(pair, tuple) and len(pair) == 2 for pair in value):
        value = dict(value)  # the pairs of an Arrow map
    if not isinstance(value, dict):
        return None
    said = {_PURPOSE.get(plain(str(name))): _granted(answer) for name, answer in value.items() if answer is not None}
    return None if None in said or None in said.values() else json.dumps(said, separators=(",", ":"), sort_keys=True)


def _granted(answer: Any) -> bool | None:
    return answer if isinstance(answer, bool) else _GRANTED.get(str(answer).strip().lower())
