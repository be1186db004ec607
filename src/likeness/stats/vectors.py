"""Decayed sums of vectors and their ridge mean."""

from __future__ import annotations

from typing import Self

import numpy as np
from msgspec import field
from numpy.typing import ArrayLike, NDArray

import likeness.stats.decay as decay
from likeness.stats.state import State, require_same

Vectors = NDArray[np.float64]


class VectorSum(State, array_like=True, tag="vectors1"):
    """Sums of ``weight * vector`` and of ``weight``, decayed with several half-lives; vectors have `dim` numbers."""

    half_lives: tuple[float, ...]
    dim: int
    reference: float | None = None
    weights: list[float] = field(default_factory=list)
    data: bytearray = field(default_factory=bytearray)  # float64 (H, D); empty before the first event

    def __post_init__(self) -> None:
        """Check the settings; ValueError names the one that cannot be."""
        self.half_lives = decay.check_half_lives(self.half_lives)
        if self.dim < 1:
            raise ValueError(f"dim {self.dim}: a vector has at least one number; give the encoder's embedding_dim")
        self.weights = self.weights or [0.0] * len(self.half_lives)
        if len(self.data) not in (0, 8 * len(self.half_lives) * self.dim):
            raise ValueError(f"{len(self.data)} bytes are no {len(self.half_lives)} vectors of {self.dim} float64")

    @classmethod
    def from_columns(cls, half_lives: tuple[float, ...], reference: float, weights: ArrayLike, sums: ArrayLike) -> Self:
        """One shopper's statistic from a fold: `weights` (H,) and `sums` (H, D) at `reference` (seconds)."""
        matrix = np.ascontiguousarray(sums, dtype=np.float64)  # (H, D)
        totals = np.asarray(weights, dtype=np.float64).tolist()
        return cls(half_lives, matrix.shape[1], float(reference), totals, bytearray(matrix.tobytes()))

    def update(self, vector: ArrayLike, *, time: float, weight: float = 1.0) -> None:
        """Add ``weight * vector``, (D,); ValueError for another length or numbers that are not finite."""
        decay.check_event(time, weight)
        row = np.asarray(vector, dtype=np.float64)
        if row.shape != (self.dim,) or not np.isfinite(row).all():
            raise ValueError(f"vector of shape {row.shape}: must be ({self.dim},) and finite; use one encoder")
        amounts = [1.0] * len(self.half_lives)
        self.reference, old, new = self._scales(time, amounts)
        self.weights = [w * a + b * weight for w, a, b in zip(self.weights, old, new, strict=True)]
        self.data = self.data or bytearray(8 * len(self.half_lives) * self.dim)
        sums = self.sums
        sums *= np.array(old)[:, None]
        sums += np.outer(new, weight * row)

    def merge(self, other: Self) -> Self:
        """The vectors of both, at the later reference."""
        return self._combined(other, 1.0)

    def subtract(self, other: Self) -> Self:
        """These vectors without those of `other`, at the later reference."""
        return self._combined(other, -1.0)

    def at(self, time: float | None = None) -> tuple[list[float], Vectors]:
        """Total weights (H,) and vector sums (H, D) decayed to `time`; as of the last event when None or earlier."""
        weights = decay.read(self.half_lives, self.reference, self.weights, time)
        factors = decay.read(self.half_lives, self.reference, [1.0] * len(weights), time)
        return weights, self.sums * np.array(factors)[:, None]

    def ridge_mean(self, lambda_: float, time: float | None = None) -> Vectors:
        """sum(w x) / (sum(w) + lambda) per half-life, (H, D): the minimiser of sum w |p - x|^2 + lambda |p|^2.

        A total weight below zero counts as zero, where that problem has no minimum, so the answer stays bounded.
        """
        if not lambda_ > 0.0:
            raise ValueError(f"lambda_ {lambda_!r} must be above zero, in units of weight; try 1.0, one event")
        weights, sums = self.at(time)
        return sums / (np.maximum(weights, 0.0) + lambda_)[:, None]

    @property
    def sums(self) -> Vectors:
        """The vector sums (H, D) at the reference, a view of the state (zeros before the first event)."""
        shape = (len(self.half_lives), self.dim)
        return np.frombuffer(self.data, dtype=np.float64).reshape(shape) if self.data else np.zeros(shape)

    def _scales(self, time: float | None, ones: list[float]) -> tuple[float | None, list[float], list[float]]:
        when = decay.later(self.reference, time)
        old = decay.read(self.half_lives, self.reference, ones, when)
        return when, old, decay.read(self.half_lives, time, ones, when)

    def _combined(self, other: Self, sign: float) -> Self:
        require_same(self, other, "half_lives", "dim")
        when, old, new = self._scales(other.reference, [1.0] * len(self.half_lives))
        weights = [a * x + sign * b * y for a, x, b, y in zip(old, self.weights, new, other.weights, strict=True)]
        if when is None:
            return type(self)(self.half_lives, self.dim)
        sums = self.sums * np.array(old)[:, None] + sign * other.sums * np.array(new)[:, None]
        return type(self)(self.half_lives, self.dim, when, weights, bytearray(sums.tobytes()))
