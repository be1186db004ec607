"""A linear Count-Min sketch of decayed sums (Cormode & Muthukrishnan 2005)."""

from __future__ import annotations

from collections.abc import Sequence
from math import e, exp2, floor, isinf
from statistics import median
from typing import Self

import numpy as np
from msgspec import field
from numpy.typing import NDArray

import likeness.stats.decay as decay
from likeness.stats.hashing import hash_rows
from likeness.stats.state import State, require_same

DEPTH = 4  # rows; the bound holds with probability 1 - exp(-4) = 98 %
SPAN = 64  # half-lives between landmarks: cells stay within 2 ** 64 of their value, rescaling by 2 ** -64 is exact


class CountMin(State, array_like=True, tag="countmin1"):
    """4 rows x `width` cells x H sums; a key's sum is read from its four cells, each of which it shares with others.

    Rescaling every cell at every event would cost the whole sketch. So each half-life's cells are kept relative to a
    *landmark*, the last multiple of 64 half-lives before the reference: an event is added scaled up to it, and cells
    are rescaled only when the reference passes the next one. Landmarks follow from the reference alone, so equal
    events give equal cells in any order.
    """

    half_lives: tuple[float, ...]
    width: int
    reference: float | None = None
    cells: bytearray = field(default_factory=bytearray)  # float64 (4, width, H)

    def __post_init__(self) -> None:
        """Check the settings; ValueError names the one that cannot be."""
        if self.width < 1:
            raise ValueError(f"width {self.width}: a sketch has at least one cell a row; the error is e / width")
        size = 8 * DEPTH * self.width * len(self.half_lives)
        self.cells = self.cells or bytearray(size)
        if len(self.cells) != size:
            raise ValueError(f"{len(self.cells)} bytes of cells, expected {size}: the state was cut; rebuild it")

    def add(self, key: str, time: float, amounts: Sequence[float]) -> None:
        """Add `amounts`, one per half-life, that are worth this much at `time` (seconds)."""
        self._move(decay.later(self.reference, time))
        reference = self.reference if self.reference is not None else time
        lifted = [a * _lift(h, time, reference) for a, h in zip(amounts, self.half_lives, strict=True)]
        cells, many = memoryview(self.cells).cast("d"), len(lifted)
        for row, column in enumerate(hash_rows(key, self.width)):
            place = (row * self.width + column) * many
            for i, amount in enumerate(lifted, place):
                cells[i] += amount

    def merge(self, other: Self) -> Self:
        """The events of both."""
        return self._combined(other, 1.0)

    def subtract(self, other: Self) -> Self:
        """These events without those of `other`."""
        return self._combined(other, -1.0)

    def _combined(self, other: Self, sign: float) -> Self:
        require_same(self, other, "half_lives", "width")
        when = decay.later(self.reference, other.reference)
        both = type(self)(self.half_lives, self.width, self.reference, bytearray(self.cells))
        both._move(when)
        if other.reference is not None and when is not None:
            both._view()[:] += sign * other._view() * other._shrink(when)
        return both

    def estimate(self, key: str, time: float | None = None, *, signed: bool = False) -> list[float]:
        """The key's sums decayed to `time` (the reference when None or earlier), one per half-life.

        The least of its cells: with no negative sum it is never below the truth and above it by more than
        `error_bound` with probability at most exp(-4). With `signed` the median, within three times e / width times
        the sum of magnitudes with probability 1 - exp(-1).
        """
        rows = self._view().reshape(DEPTH, self.width, -1)[range(DEPTH), hash_rows(key, self.width)]  # (4, H)
        read = [median(column) if signed else min(column) for column in rows.T.tolist()]
        return [x * s for x, s in zip(read, self._lower(time), strict=True)]

    def table(self, time: float | None = None) -> NDArray[np.float64]:
        """All cells decayed to `time` (the reference when None or earlier), (4, width, H)."""
        decayed: NDArray[np.float64] = self._view() * self._lower(time)
        return decayed.reshape(DEPTH, self.width, -1)

    def error_bound(self, time: float | None = None) -> list[float]:
        """e / width times the sum of all amounts, decayed to `time`: what `estimate` exceeds with at most 1.8 %."""
        mass = np.abs(self._view()[: self.width]).sum(axis=0).tolist()
        return [e / self.width * x * s for x, s in zip(mass, self._lower(time), strict=True)]

    def _view(self) -> NDArray[np.float64]:
        return np.frombuffer(self.cells, dtype=np.float64).reshape(-1, len(self.half_lives))  # (4 * width, H)

    def _move(self, when: float | None) -> None:
        if when is None or self.reference is None or when > self.reference:
            if self.reference is not None and when is not None:
                shrink = self._shrink(when)
                if any(s != 1.0 for s in shrink):
                    self._view()[:] *= shrink
            self.reference = when

    def _shrink(self, when: float) -> list[float]:
        """What turns cells relative to this reference's landmarks into ones relative to `when`'s: powers of 2 ** 64."""
        own = when if self.reference is None else self.reference
        return [exp2(SPAN * (_epoch(h, own) - _epoch(h, when))) for h in self.half_lives]

    def _lower(self, time: float | None) -> list[float]:
        """What turns cells into sums at `time`, or at the reference when that is later."""
        if self.reference is None:
            return [0.0] * len(self.half_lives)
        when = self.reference if time is None else max(time, self.reference)
        return [1.0 / lift if (lift := _lift(h, when, self.reference)) < 1e300 else 0.0 for h in self.half_lives]


def _epoch(half_life: float, time: float) -> int:
    return 0 if isinf(half_life) else floor(time / (SPAN * half_life))


def _lift(half_life: float, time: float, reference: float) -> float:
    """What one unit at `time` is worth at the landmark of `reference`'s epoch, by the half-life."""
    if isinf(half_life):
        return 1.0
    return exp2(min((time - SPAN * half_life * _epoch(half_life, reference)) / half_life, 1000.0))
