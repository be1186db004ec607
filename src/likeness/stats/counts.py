"""Decayed sums and plain counts."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import Self

from msgspec import field

import likeness.stats.decay as decay
from likeness.stats.state import State, require_same


class DecayedSum(State, array_like=True, tag="sum1"):
    """A sum of `weight * value` decayed with several half-lives (seconds) side by side; a count is a sum of value 1."""

    half_lives: tuple[float, ...]
    reference: float | None = None
    sums: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Check the settings; ValueError names the one that cannot be."""
        self.half_lives = decay.check_half_lives(self.half_lives)
        self.sums = self.sums or [0.0] * len(self.half_lives)

    @classmethod
    def from_columns(cls, half_lives: tuple[float, ...], reference: float, sums: Iterable[float]) -> Self:
        """One shopper's sums (H,) from a fold, at `reference` (seconds)."""
        return cls(half_lives, reference, list(sums))

    def update(self, value: float = 1.0, *, time: float, weight: float = 1.0) -> None:
        """Add one event; ValueError unless time, weight and value are finite."""
        amount = weight * value
        if not isfinite(time + amount):
            raise ValueError(f"time {time!r}, weight * value {amount!r}: both must be finite; clean the event first")
        reference = self.reference
        if reference is None:
            reference = self.reference = time
        decay.add(self.sums, self.half_lives, time - reference, amount)
        if time > reference:
            self.reference = time

    def merge(self, other: Self) -> Self:
        """The sum of both, at the later reference."""
        return self._combined(other, 1.0)

    def subtract(self, other: Self) -> Self:
        """This sum without the events of `other`, at the later reference."""
        return self._combined(other, -1.0)

    def _combined(self, other: Self, sign: float) -> Self:
        require_same(self, other, "half_lives")
        left, right = (self.reference, self.sums), (other.reference, other.sums)
        return type(self)(self.half_lives, *decay.combine(self.half_lives, left, right, sign))

    def at(self, time: float | None = None) -> list[float]:
        """The sums decayed to `time` (seconds), one per half-life; as of the last event when None or earlier."""
        return decay.read(self.half_lives, self.reference, self.sums, time)


class Count(State, array_like=True, tag="count1"):
    """How many events there were, and the sum of their weights; neither decays."""

    count: int = 0
    total: float = 0.0

    def update(self, *, weight: float = 1.0) -> None:
        """Add one event; ValueError unless the weight is finite."""
        if not isfinite(weight):
            raise ValueError(f"weight {weight!r} is not a finite number; clean the event before it gets here")
        self.count += 1
        self.total += weight

    def merge(self, other: Self) -> Self:
        """The events of both."""
        return type(self)(self.count + other.count, self.total + other.total)

    def subtract(self, other: Self) -> Self:
        """These events without those of `other`."""
        return type(self)(self.count - other.count, self.total - other.total)
