"""Whether 3/4/2011 is the third of April: told from the dates of the whole file, as far as they must be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from likeness.files.chunk import RawChunk
from likeness.files.container import Container
from likeness.files.rows import chunks_of

_SLASHED = re.compile(r"^\s*(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})(?!\d)")
Date = tuple[int, int, int]  # first, second, year


def day_first(path: Path, container: Container, column: str | None, chunk: RawChunk | None) -> tuple[bool, str | None]:
    """Return whether the day comes first, and what to tell the user about it (None where the question does not arise).

    A number over 12 decides, wherever it stands in the file; else the reading under which the rows are in order.
    """
    sample = list(dates_of(chunk, column))
    if not sample:
        return False, None
    first, second = _over_twelve(sample)
    if first == second:
        for more in chunks_of(path, container):
            first, second = _over_twelve(dates_of(more, column))
            if first != second:
                break
    if first != second:
        return first > second, f"Dates are read {'day' if first > second else 'month'} first."
    by_day, by_month = (_descents(sample, *order) for order in ((2, 1, 0), (2, 0, 1)))
    if by_day != by_month:
        return (
            by_day < by_month,
            f"Dates are read {'day' if by_day < by_month else 'month'} first: so the rows are in order.",
        )
    return False, "Dates like 3/4/2011 could be either; they are read month first (else day_first)."


def dates_of(chunk: RawChunk | None, column: str | None) -> Iterator[Date]:
    """Yield the dates with slashes or dashes whose year comes last."""
    for text in texts_of(chunk, column):
        match = _SLASHED.match(text)
        if match is not None:
            yield int(match[1]), int(match[2]), int(match[3])


def texts_of(chunk: RawChunk | None, column: str | None) -> list[str]:
    """Return the texts of a column."""
    values = chunk.column(column) if chunk is not None and column is not None else None
    if values is None:
        return []
    return [value for value in (values if isinstance(values, list) else values.to_pylist()) if isinstance(value, str)]


def _over_twelve(dates: Iterator[Date] | list[Date]) -> tuple[int, int]:
    first = second = 0
    for date in dates:
        first += date[0] > 12
        second += date[1] > 12
    return first, second


def _descents(dates: list[Date], *order: int) -> int:
    keys = [tuple(date[i] for i in order) for date in dates]
    return sum(later < earlier for earlier, later in pairwise(keys))
