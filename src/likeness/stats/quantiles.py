"""Quantiles with a relative error, from a sketch that merges exactly (Masson, Rim & Lee 2019, "DDSketch")."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from math import ceil, exp, isfinite, log
from typing import Self

from msgspec import Struct, field

from likeness.stats.state import State, require_same

SMALLEST = 1e-12  # magnitudes below this are counted as zero


class Buckets(Struct, array_like=True):
    """Weights by ascending bucket index."""

    indexes: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def add(self, index: int, weight: float, limit: int) -> None:
        """Add a weight; what then lies more than `limit - 1` below the largest index is gathered there."""
        indexes, weights = self.indexes, self.weights
        floor = max(index, indexes[-1] if indexes else index) - limit + 1
        place = bisect_left(indexes, index)
        if place < len(indexes) and indexes[place] == index:
            weights[place] += weight
            return
        indexes.insert(place, index)
        weights.insert(place, weight)
        below = bisect_left(indexes, floor)
        if below:
            swept = sum(weights[:below])
            del indexes[:below], weights[:below]
            self.add(floor, swept, limit)

    def combined(self, other: Buckets, sign: float, limit: int) -> Buckets:
        """Both, the other's weights times `sign`."""
        both = Buckets(list(self.indexes), list(self.weights))
        for index, weight in zip(other.indexes, other.weights, strict=True):
            both.add(index, sign * weight, limit)
        return both


class Quantiles(State, array_like=True, tag="ddsketch1"):
    """Weights per logarithmic bucket; a quantile is off by at most the factor 1 ± `alpha` of its value.

    Each sign keeps at most `limit` buckets: those more than `limit - 1` below its largest hold their weight together
    in the lowest one kept. The largest index ever seen decides that alone, so the state is a function of the set of
    events and merging is exact; emptied buckets stay for the same reason. With alpha 0.01 and limit 512 the promise
    holds over a span of 28,000 to 1 and fails only for the smallest magnitudes beyond it.
    """

    alpha: float = 0.01
    limit: int = 512
    zero: float = 0.0
    positive: Buckets = field(default_factory=Buckets)
    negative: Buckets = field(default_factory=Buckets)  # by magnitude

    def __post_init__(self) -> None:
        """Check the settings; ValueError names the one that cannot be."""
        if not 0.0 < self.alpha < 1.0 or self.limit < 1:
            raise ValueError(f"alpha {self.alpha!r}, limit {self.limit}: 0 < alpha < 1, limit >= 1; try 0.01 and 512")

    def update(self, value: float, *, weight: float = 1.0) -> None:
        """Add one value; ValueError unless value and weight are finite."""
        if not isfinite(value) or not isfinite(weight):
            raise ValueError(f"value {value!r}, weight {weight!r}: both must be finite; clean the event first")
        if abs(value) < SMALLEST:
            self.zero += weight
            return
        buckets = self.positive if value > 0.0 else self.negative
        buckets.add(ceil(log(abs(value)) / self._log_gamma()), weight, self.limit)

    def merge(self, other: Self) -> Self:
        """The values of both."""
        return self._combined(other, 1.0)

    def subtract(self, other: Self) -> Self:
        """These values without those of `other`."""
        return self._combined(other, -1.0)

    def _combined(self, other: Self, sign: float) -> Self:
        require_same(self, other, "alpha", "limit")
        sides = (
            self.positive.combined(other.positive, sign, self.limit),
            self.negative.combined(other.negative, sign, self.limit),
        )
        return type(self)(self.alpha, self.limit, self.zero + sign * other.zero, *sides)

    def _log_gamma(self) -> float:
        return log((1.0 + self.alpha) / (1.0 - self.alpha))

    def _ascending(self) -> Iterator[tuple[float, float]]:
        """(value, weight) of every bucket from the smallest value; a bucket's value is the middle of its error."""
        step, middle = self._log_gamma(), 1.0 - self.alpha  # 2 gamma^i / (gamma + 1) == gamma^i (1 - alpha)
        for index, weight in zip(self.negative.indexes[::-1], self.negative.weights[::-1], strict=True):
            yield -exp(index * step) * middle, weight
        yield 0.0, self.zero
        for index, weight in zip(self.positive.indexes, self.positive.weights, strict=True):
            yield exp(index * step) * middle, weight

    def total(self) -> float:
        """The sum of all weights."""
        return sum(self.positive.weights) + sum(self.negative.weights) + self.zero

    def quantile(self, q: float) -> float | None:
        """The value below which the share `q` of the weight lies; None without weight; ValueError outside [0, 1]."""
        if not 0.0 <= q <= 1.0:
            raise ValueError(f"q {q!r}: a quantile is a share between 0 and 1; give 0.5 for the median")
        total, below, answer = self.total(), 0.0, None
        if total <= 0.0:
            return None
        for value, weight in self._ascending():
            if weight > 0.0:
                answer, below = value, below + weight
                if below > q * total * (1.0 - 1e-12):
                    break
        return answer

    def share_below(self, value: float) -> float | None:
        """The share of the weight at or below `value`, itself within its bucket; None without weight."""
        total = self.total()
        edge = value + self.alpha * abs(value)
        return None if total <= 0.0 else sum(w for v, w in self._ascending() if v <= edge) / total
