"""A shopper's week: decayed sums over 168 bins, hour by weekday, in the shop's time zone."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from msgspec import field
from numpy.typing import NDArray

import likeness.stats.decay as decay
from likeness.stats.state import State, require_same

BINS = 168
_STEP = 6 * 3600  # seconds between looks at a zone's offset: two changes within one step do not happen


class WeekHistogram(State, array_like=True, tag="week1"):
    """Decayed weight per bin ``24 * weekday + hour`` (Monday is 0) of the local time in the zone named `tz`."""

    half_lives: tuple[float, ...]
    tz: str = "UTC"
    bins: list[int] = field(default_factory=list)  # those seen, ascending
    cells: list[list[float]] = field(default_factory=list)  # [reference, one sum per half-life] of each

    def __post_init__(self) -> None:
        """Check the settings; ValueError names the one that cannot be."""
        self.half_lives = decay.check_half_lives(self.half_lives)
        zone(self.tz)

    @classmethod
    def from_columns(
        cls, half_lives: tuple[float, ...], tz: str, bins: list[int], last: list[float], sums: list[list[float]]
    ) -> Self:
        """One shopper's histogram from a fold keyed by `week_bins`: ascending bins, last times and sums (n, H)."""
        return cls(half_lives, tz, bins, [[time, *row] for time, row in zip(last, sums, strict=True)])

    def update(self, *, time: float, weight: float = 1.0) -> None:
        """Add one event; ValueError unless both are finite and the time within the years 1 to 9999."""
        decay.check_event(time, weight)
        self._add(week_bin(time, self.tz), time, [weight] * len(self.half_lives), 1.0)

    def merge(self, other: Self) -> Self:
        """The events of both."""
        return self._combined(other, 1.0)

    def subtract(self, other: Self) -> Self:
        """These events without those of `other`."""
        return self._combined(other, -1.0)

    def _combined(self, other: Self, sign: float) -> Self:
        require_same(self, other, "half_lives", "tz")
        both = type(self)(self.half_lives, self.tz, list(self.bins), list(self.cells))
        for index, (time, *sums) in zip(other.bins, other.cells, strict=True):
            both._add(index, time, sums, sign)
        return both

    def _add(self, index: int, time: float, sums: list[float], sign: float) -> None:
        place = bisect_left(self.bins, index)
        if place == len(self.bins) or self.bins[place] != index:
            self.bins.insert(place, index)
            self.cells.insert(place, [time, *[0.0] * len(sums)])
        reference, *mine = self.cells[place]
        _, both = decay.combine(self.half_lives, (reference, mine), (time, sums), sign)
        self.cells[place] = [max(reference, time), *both]  # a new list: merged statistics share cells

    def at(self, time: float | None = None) -> dict[int, list[float]]:
        """The bins seen, each with its sums decayed to `time` (each as of its own last event when None)."""
        cells = zip(self.bins, self.cells, strict=True)
        return {index: decay.read(self.half_lives, reference, sums, time) for index, (reference, *sums) in cells}


def zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name; ValueError when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"time zone {name!r} is unknown: give an IANA name such as 'Europe/London'") from error


def week_bin(time: float, tz: str) -> int:
    """The bin, 0-167, of a time in seconds since the epoch."""
    try:
        local = datetime.fromtimestamp(time, zone(tz))
    except (OverflowError, OSError, ValueError) as error:
        raise ValueError(f"time {time!r} lies outside the calendar: seconds since 1970, years 1 to 9999") from error
    return 24 * local.weekday() + local.hour


def week_bins(times: NDArray[np.float64], tz: str) -> NDArray[np.int64]:
    """The bins of many times at once, (n,) -> (n,), equal to `week_bin` of each."""
    if not times.size:
        return np.zeros(0, dtype=np.int64)
    starts, offsets = _offsets(int(times.min()), int(times.max()), zone(tz))
    local = np.floor(times) + offsets[np.searchsorted(starts, times, side="right") - 1]
    hours = np.floor_divide(local, 3600.0).astype(np.int64)
    return np.asarray((hours + 72) % BINS)  # 1970-01-01 was a Thursday, three days after a Monday


def _offsets(first: int, last: int, tz: ZoneInfo) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The zone's offsets from UTC (seconds) between two times, and when each starts."""

    def offset(second: int) -> float:
        delta = datetime.fromtimestamp(second, tz).utcoffset()
        return delta.total_seconds() if delta is not None else 0.0

    looks = range(first - _STEP, last + _STEP + 1, _STEP)
    seen = [offset(second) for second in looks]
    starts, offsets = [float("-inf")], [seen[0]]
    for low, before, after in zip(looks, seen, seen[1:], strict=False):
        if before != after:
            high = low + _STEP
            while high - low > 1:  # bisect to the second of the change
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == before else (low, middle)
            starts.append(float(high))
            offsets.append(after)
    return np.array(starts), np.array(offsets)
