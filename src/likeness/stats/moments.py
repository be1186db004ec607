"""Decayed weighted mean and variance."""

from __future__ import annotations

from math import nan
from typing import NamedTuple, Self

from msgspec import field

import likeness.stats.decay as decay
from likeness.stats.state import State, require_finite, require_same

TINY = 1e-300  # a weight below this is none: what thousands of half-lives leave has no digits left for a mean
_CANCELLED = 1e-12  # a remainder this small beside what was added is rounding, not weight


class Moment(NamedTuple):
    """Total weight, mean and population variance; the latter two are nan where the weight is zero."""

    weight: float
    mean: float
    variance: float


class Moments(State, array_like=True, tag="moments1"):
    """Mean and variance of a value, decayed with several half-lives, stable for any offset and merge order.

    Sides hold ``[weight, mean, M2]`` per half-life, joined pairwise (Chan, Golub & LeVeque 1979, eq. 1.5). Negative
    weights go to a second side that reading takes away: a difference of two sums is the same in every order, where a
    running mean would break as soon as the weights in between cancel.
    """

    half_lives: tuple[float, ...]
    reference: float | None = None
    added: list[list[float]] = field(default_factory=list)
    removed: list[list[float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Check the settings; ValueError names the one that cannot be."""
        self.half_lives = decay.check_half_lives(self.half_lives)

    def update(self, value: float, *, time: float, weight: float = 1.0) -> None:
        """Add one value; a negative weight takes it away; ValueError unless all three are finite."""
        require_finite(value=value, time=time, weight=weight)
        side = [[abs(weight), value, 0.0] if abs(weight) >= TINY else [0.0] * 3 for _ in self.half_lives]
        event = (time, side, []) if weight >= 0.0 else (time, [], side)
        self.reference, self.added, self.removed = self._joined(*event)

    def merge(self, other: Self) -> Self:
        """The values of both, at the later reference."""
        require_same(self, other, "half_lives")
        return type(self)(self.half_lives, *self._joined(other.reference, other.added, other.removed))

    def subtract(self, other: Self) -> Self:
        """These values without those of `other`, at the later reference."""
        require_same(self, other, "half_lives")
        return type(self)(self.half_lives, *self._joined(other.reference, other.removed, other.added))

    def at(self, time: float | None = None) -> list[Moment]:
        """Weight, mean and variance per half-life, weights decayed to `time` (as of the last event when None)."""
        when = self.reference if time is None else decay.later(self.reference, time)
        added, removed = (_scaled(side, self.half_lives, self.reference, when) for side in (self.added, self.removed))
        if not added:
            return [Moment(0.0, nan, nan)] * len(self.half_lives)
        return [_moment(a, r) for a, r in zip(added, removed or [[0.0, 0.0, 0.0]] * len(added), strict=True)]

    def _joined(
        self, time: float | None, added: list[list[float]], removed: list[list[float]]
    ) -> tuple[float | None, list[list[float]], list[list[float]]]:
        when, hs = decay.later(self.reference, time), self.half_lives
        sides = ((self.added, added), (self.removed, removed))
        plus, minus = (_pooled(_scaled(a, hs, self.reference, when), _scaled(b, hs, time, when)) for a, b in sides)
        return when, plus, minus


def _scaled(
    side: list[list[float]], half_lives: tuple[float, ...], reference: float | None, when: float | None
) -> list[list[float]]:
    if not side or reference is None or when is None or reference == when:
        return side
    factors = decay.scale(half_lives, when - reference)
    return [
        [w * s, mean, m2 * s] if w * s >= TINY else [0.0] * 3 for (w, mean, m2), s in zip(side, factors, strict=True)
    ]


def _pooled(left: list[list[float]], right: list[list[float]]) -> list[list[float]]:
    if not left or not right:
        return [list(moment) for moment in left or right]
    return [_join(a, b, 1.0) for a, b in zip(left, right, strict=True)]


def _join(left: list[float], right: list[float], sign: float) -> list[float]:
    (wa, mean, m2), (wb, other, m2b) = left, right
    w, delta = wa + sign * wb, other - mean
    if wb == 0.0:
        return [wa, mean, m2]
    if wa == 0.0 and sign == 1.0:
        return [wb, other, m2b]
    share = sign * wb / w
    return [w, mean + delta * share, m2 + sign * m2b + delta * delta * wa * share]


def _moment(added: list[float], removed: list[float]) -> Moment:
    if added[0] - removed[0] <= _CANCELLED * added[0]:
        return Moment(0.0, nan, nan)
    weight, mean, m2 = _join(added, removed, -1.0)
    return Moment(weight, mean, max(m2 / weight, 0.0))
