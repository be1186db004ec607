"""What was bought how often, and when: the ground of repurchase."""

from __future__ import annotations

from bisect import bisect_left

import msgspec

from likeness.stats import Cadence
from likeness.types import DAY


class Bought(msgspec.Struct, array_like=True, gc=False):
    """Purchases of one item: how many, first and last time (seconds), and the latest distinct days, ascending."""

    count: int
    first: float
    last: float
    days: list[int]

    def update(self, time: float, keep: int) -> None:
        """Add one purchase, keeping the latest `keep` distinct days."""
        self.count += 1
        self.first, self.last = min(self.first, time), max(self.last, time)
        day, days = int(time // DAY), self.days
        place = bisect_left(days, day)
        if place == len(days) or days[place] != day:
            days.insert(place, day)
            del days[:-keep]

    def merged(self, other: Bought, keep: int) -> Bought:
        """The purchases of both, as a new value."""
        days = sorted({*self.days, *other.days})[-keep:]
        return Bought(self.count + other.count, min(self.first, other.first), max(self.last, other.last), days)

    def copy(self) -> Bought:
        """A record of its own with the same content."""
        return Bought(self.count, self.first, self.last, list(self.days))

    def cadence(self) -> Cadence:
        """The rhythm of the days kept."""
        return Cadence.from_columns(max(2, len(self.days)), DAY, self.days)


def first_purchase(time: float) -> Bought:
    """Return the record of one purchase."""
    return Bought(1, time, time, [int(time // DAY)])


def merge_bought(left: dict[str, Bought], right: dict[str, Bought], keep: int) -> dict[str, Bought]:
    """Return the purchases of both shelves; the inputs stay."""
    both = {item: one.copy() for item, one in left.items()}
    for item, more in right.items():
        mine = both.get(item)
        both[item] = more.copy() if mine is None else mine.merged(more, keep)
    return both


def subtract_bought(left: dict[str, Bought], gone: dict[str, Bought]) -> dict[str, Bought]:
    """Return the purchases of `left` without the number of those in `gone`; days and times stay; the inputs too."""
    rest = merge_bought(left, {}, 0)
    for item, less in gone.items():
        if item in rest:
            rest[item].count -= less.count
            if rest[item].count <= 0:
                del rest[item]
    return rest
