"""Values of any type as texts and numbers, whole columns at a time; what cannot be read is named, never raised."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from likeness.files.chunk import Column
from likeness.types import Floats

Bad = NDArray[np.int64]
"""Places whose value was there but could not be read."""

MISSING = ("null", "none", "nan", "<na>", "n/a", "undefined", "unknown", "anonymous", "(not set)", "(none)", "nil")
"""Texts that stand for a missing id."""

LARGEST = 1e12
"""No quantity and no amount of money is larger."""


def texts(column: Column | None, size: int) -> tuple[Any, Bad]:
    """Return trimmed texts as a string array, empty ones as null; 12.0 is the text "12"."""
    if column is None:
        return pa.nulls(size, pa.string()), np.empty(0, np.int64)
    values, bad = _strings(column)
    trimmed = pc.utf8_trim_whitespace(values)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed), bad


def ids(column: Column | None, size: int) -> tuple[Any, Bad]:
    """Return texts as `texts` does, words for "missing" as null, and "13085.0" as "13085"."""
    values, bad = texts(column, size)
    missing = pc.is_in(pc.utf8_lower(values), pa.array(MISSING))
    if pc.any(missing).as_py():
        values = pc.if_else(missing, pa.scalar(None, pa.string()), values)
    if pc.any(pc.ends_with(values, ".0")).as_py():
        values = pc.replace_substring_regex(values, r"^(-?\d+)\.0$", r"\1")
    return values, bad


def _strings(column: Column) -> tuple[Any, Bad]:
    if isinstance(column, list):
        try:
            return pa.array(column, pa.string()), np.empty(0, np.int64)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            return _one_by_one(column)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(column.type):
        return column, np.empty(0, np.int64)
    if pa.types.is_large_string(column.type) or pa.types.is_integer(column.type):
        return column.cast(pa.string()), np.empty(0, np.int64)
    return _one_by_one(column.to_pylist())


def _one_by_one(column: list[Any]) -> tuple[Any, Bad]:
    read = [text_of(value) for value in column]
    bad = [i for i, (value, text) in enumerate(zip(column, read, strict=True)) if text is None and value is not None]
    return pa.array(read, pa.string()), np.array(bad, np.int64)


def text_of(value: Any) -> str | None:
    """Return the text of one plain value; None for what is no text, number or date."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return str(value) if value.bit_length() < 256 else None
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return None if isinstance(value, (list, dict, tuple)) else str(value)


def _float_text(value: float) -> str | None:
    if not math.isfinite(value):
        return None
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(value)


def numbers(column: Column | None, size: int) -> tuple[Floats, Bad]:
    """Return numbers, NaN for missing ones; "1,234.50", "£3", "3,5" and full-width digits are read."""
    if column is None:
        return np.full(size, np.nan), np.empty(0, np.int64)
    if not isinstance(column, list):
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
            return _bounded(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
        column = column.to_pylist()
    return _numbers_of(column)


def _numbers_of(column: list[Any]) -> tuple[Floats, Bad]:
    kinds = set(map(type, column))
    if kinds <= {int, float, type(None)}:
        try:
            return _bounded(np.array(column, np.float64))
        except OverflowError:
            pass
    elif kinds <= {str, type(None)}:
        try:
            return _bounded(np.array([v if v and v.isascii() else "nan" for v in column], np.float64), column)
        except ValueError:
            pass
    read = [number_of(value) for value in column]
    return _bounded(np.array([np.nan if v is None else v for v in read]), column)


def _bounded(values: Floats, column: list[Any] | None = None) -> tuple[Floats, Bad]:
    with np.errstate(invalid="ignore"):
        bad = ~(np.abs(values) <= LARGEST) & ~np.isnan(values)
    if column is not None:
        for i in np.flatnonzero(np.isnan(values)).tolist():
            bad[i] = not (column[i] is None or (isinstance(column[i], str) and _is_missing(column[i])))
            if bad[i] and (again := number_of(column[i])) is not None and abs(again) <= LARGEST:
                values[i], bad[i] = again, False
    return np.where(bad, np.nan, values), np.flatnonzero(bad)


def _is_missing(text: str) -> bool:
    return not text.strip() or text.strip().lower() in MISSING


_SIGNS = re.compile(r"^(?:[A-Z]{3}|[$€£¥₹₩₽元￥])\s*|\s*(?:[A-Z]{3}|[$€£¥₹₩₽元￥])$")


def number_of(value: Any) -> float | None:
    """Return one number, None for what is none; both "1,234.5" and "1.234,5" are read, "1,234" is a thousand."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return _float(str(value)) if type(value).__name__ == "Decimal" else None
    if not isinstance(value, str):
        return _float(value)
    if len(value) > 64:
        return None
    text = _SIGNS.sub("", unicodedata.normalize("NFKC", value).strip()).replace("\u2212", "-").replace(" ", "")
    comma, point = text.rfind(","), text.rfind(".")
    if comma > point and not re.fullmatch(r"-?\d{1,3}(,\d{3})+", text):
        text = text.replace(".", "").replace(",", ".", 1)
    return (
        _float(text.replace(",", "")) if re.fullmatch(r"[+-]?(\d[\d,]*\.?\d*|\.\d+)(e[+-]?\d+)?", text, re.I) else None
    )


def _float(value: Any) -> float | None:
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
