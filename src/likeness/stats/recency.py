"""First and last time, and the cadence of the days between."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from statistics import median
from typing import Self

from msgspec import field

from likeness.stats.state import State, require_finite, require_same

DAY = 86400.0  # seconds


class Recency(State, array_like=True, tag="recency1"):
    """When something was first and last seen (seconds; None before the first event), and how often."""

    first: float | None = None
    last: float | None = None
    count: int = 0

    def update(self, *, time: float) -> None:
        """Add one event; ValueError unless the time is finite."""
        require_finite(time=time)
        self.first = time if self.first is None else min(self.first, time)
        self.last = time if self.last is None else max(self.last, time)
        self.count += 1

    def merge(self, other: Self) -> Self:
        """The events of both."""
        firsts = [t for t in (self.first, other.first) if t is not None]
        lasts = [t for t in (self.last, other.last) if t is not None]
        return type(self)(min(firsts, default=None), max(lasts, default=None), self.count + other.count)


class Cadence(State, array_like=True, tag="cadence1"):
    """The latest `capacity` distinct days with an event, and the rhythm of the gaps between them.

    The largest K of a set: the K largest of two sets' K largest are the K largest of their union, so merging is exact.
    `day` is the unit in seconds; 1.0 where times are positions in a sequence.
    """

    capacity: int = 16
    day: float = DAY
    days: list[int] = field(default_factory=list)  # ascending, distinct, counted in units of `day` from time 0

    def __post_init__(self) -> None:
        """Check the settings; ValueError names the one that cannot be."""
        if self.capacity < 2 or not self.day > 0.0:
            raise ValueError(f"capacity {self.capacity}, day {self.day!r}: a gap needs 2 days kept, a day some seconds")

    @classmethod
    def from_columns(cls, capacity: int, day: float, days: Iterable[int]) -> Self:
        """One shopper's cadence from a fold: distinct ascending day numbers, of which the latest are kept."""
        return cls(capacity, day, list(days)[-capacity:])

    def update(self, *, time: float) -> None:
        """Add one event; ValueError unless the time is finite."""
        require_finite(time=time)
        number, days = int(time // self.day), self.days
        place = bisect_left(days, number)
        if place == len(days) or days[place] != number:
            days.insert(place, number)
            del days[: -self.capacity]

    def merge(self, other: Self) -> Self:
        """The days of both."""
        require_same(self, other, "capacity", "day")
        return type(self)(self.capacity, self.day, sorted({*self.days, *other.days})[-self.capacity :])

    def gaps(self) -> list[int]:
        """Days between consecutive days with an event, oldest first."""
        return [b - a for a, b in zip(self.days, self.days[1:], strict=False)]

    def median_gap(self) -> float | None:
        """The median gap in days; None before the second day."""
        return float(median(gaps)) if (gaps := self.gaps()) else None

    def mad(self) -> float | None:
        """Median absolute deviation of the gaps in days; None before the second day."""
        middle = self.median_gap()
        return None if middle is None else float(median(abs(gap - middle) for gap in self.gaps()))

    def expected_next(self) -> float | None:
        """When the next event is due, in seconds (the start of that day); None before the second day."""
        gap = self.median_gap()
        return None if gap is None else (self.days[-1] + gap) * self.day

    def due(self, time: float) -> float | None:
        """Time since the last day over the median gap: 1 is due now, 2 a whole gap late; None before the second day."""
        gap = self.median_gap()
        return None if gap is None else max(time / self.day - self.days[-1], 0.0) / gap
