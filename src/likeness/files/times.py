"""Times as people write them, to seconds UTC: whole columns at a time, every distinct text read once."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from likeness.files.chunk import Column
from likeness.files.clock_text import time_of_text
from likeness.types import Floats

EARLIEST = 631_152_000.0  # 1990: no shop's log is older
LATEST = 4_102_444_800.0  # 2100


class Times(NamedTuple):
    """Seconds UTC, NaN where missing or unreadable, and why each unreadable one is."""

    seconds: Floats  # (n,)
    reasons: dict[int, str]


class Clock(NamedTuple):
    """How times without a zone, and dates with slashes, are meant."""

    zone: ZoneInfo
    day_first: bool


def times(column: Column | None, size: int, clock: Clock) -> Times:
    """Return the times of a column of timestamps, epoch numbers (s, ms, µs, ns) or texts."""
    if column is None:
        return Times(np.full(size, np.nan), {})
    if not isinstance(column, list):
        if pa.types.is_temporal(column.type) and not pa.types.is_time(column.type):
            return Times(_of_timestamps(column, clock.zone), {})
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            return _of_numbers(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
        column = column.to_pylist()
    if set(map(type, column)) <= {int, float, type(None)} and (numbers := _floats(column)) is not None:
        return _of_numbers(numbers)
    return _of_values(column, clock)


def _floats(column: list[Any]) -> Floats | None:
    try:
        return np.array(column, np.float64)
    except OverflowError:
        return None


def _of_timestamps(column: Any, zone: ZoneInfo) -> Floats:
    if pa.types.is_timestamp(column.type) and column.type.tz is None and zone.key != "UTC":
        column = pc.assume_timezone(column, zone.key, ambiguous="earliest", nonexistent="earliest")
    stamps = column.cast(pa.timestamp("us"), safe=False)
    seconds = stamps.cast(pa.int64()).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.asarray(seconds / 1e6, np.float64)


def _of_numbers(numbers: Floats) -> Times:
    """Tell seconds from milli-, micro- and nanoseconds by size: each lies between 1973 and 5138."""
    seconds = numbers.copy()
    for above, unit in ((1e11, 1e3), (1e14, 1e6), (1e17, 1e9)):
        scale = (numbers >= above) & (numbers < above * 1e3)
        seconds[scale] = numbers[scale] / unit
    odd = ((seconds < EARLIEST) | (seconds > LATEST)) & ~np.isnan(seconds)
    reasons = {}
    for i in np.flatnonzero(odd).tolist():
        written = time_of_digits(numbers[i])
        if written is None:
            reasons[i] = f"{numbers[i]:.17g} is no time after 1990, in seconds, milli-, micro- or nanoseconds"
        seconds[i] = np.nan if written is None else written
    return Times(seconds, reasons)


def time_of_digits(number: float) -> float | None:
    """Return the time of 20111009, 201110091622 or 20111009162200 read as written dates."""
    for size, shape in ((8, "%Y%m%d"), (12, "%Y%m%d%H%M"), (14, "%Y%m%d%H%M%S")):
        if 10 ** (size - 1) <= number < 10**size and number == int(number):
            try:
                return dt.datetime.strptime(str(int(number)), shape).replace(tzinfo=dt.UTC).timestamp()
            except ValueError:
                return None
    return None


def _of_values(column: list[Any], clock: Clock) -> Times:
    seconds = np.full(len(column), np.nan)
    reasons: dict[int, str] = {}
    read: dict[Any, float | str | None] = {}
    one = partial(time_of, clock=clock)
    for i, value in enumerate(column):
        key = value if isinstance(value, (str, int, float)) else None
        if key is None or isinstance(value, bool):
            answer = one(value)
        elif key in read:
            answer = read[key]
        else:
            answer = read[key] = one(value)
        if isinstance(answer, str):
            reasons[i] = answer
        elif answer is not None:
            seconds[i] = answer
    return Times(seconds, reasons)


def time_of(value: Any, *, clock: Clock) -> float | str | None:
    """Return one time in seconds, the reason why it is none, or None for a missing one."""
    if value is None:
        return None
    if isinstance(value, str):
        return time_of_text(value, clock.zone, clock.day_first, _of_number)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _of_number(value)
    if isinstance(value, dt.datetime):
        aware = value if value.tzinfo is not None else value.replace(tzinfo=clock.zone)
        return _timestamp(aware)
    if isinstance(value, dt.date):
        return _timestamp(dt.datetime(value.year, value.month, value.day, tzinfo=clock.zone))
    return f"a {type(value).__name__} is no time"


def _timestamp(moment: dt.datetime) -> float | str:
    try:
        return moment.timestamp()
    except (OverflowError, ValueError, OSError):
        return f"{moment} is no time after 1990"


def _of_number(value: float) -> float | str | None:
    try:
        answer = _of_numbers(np.array([float(value)]))
    except (OverflowError, ValueError):
        return "a number too large for a time"
    return answer.reasons.get(0) or (None if np.isnan(answer.seconds[0]) else float(answer.seconds[0]))
