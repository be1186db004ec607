"""What the answers to slates say of items: decayed sums per key, updated in O(1), mergeable, read as Beta posteriors.

A key is whatever answers are counted for: an item, an item within a segment, a category. A shown place adds its
examination probability (a look) and what the ranker expected of it there, a click and a purchase add one each. Under
the position-based model P(click) = look x liking (Craswell et al. 2008), clicks / looks is the liking with the places
taken out. This is the columnar form of `stats.Beta`, one row per key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from likeness.errors import StoreError
from likeness.types import Floats

LOOKS, EXPECTED, CLICKS, PURCHASES = range(4)
SUMS = ("looks", "expected", "clicks", "purchases")


class Posteriors:
    """Sums (K, 4) of `SUMS`, each row decayed to its own reference time with one half-life (seconds)."""

    def __init__(self, half_life: float) -> None:
        """Start without answers; ValueError unless the half-life is above zero (math.inf never decays)."""
        if not half_life > 0:
            raise ValueError(f"half_life {half_life}: must be above zero seconds; math.inf never decays")
        self.half_life = half_life
        self.row_of: dict[str, int] = {}
        self._sums = np.zeros((64, len(SUMS)))
        self._reference = np.full(64, -np.inf)

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self.row_of)

    def rows(self, keys: Iterable[str]) -> NDArray[np.intp]:
        """Return the row of each key, -1 for one never counted."""
        return np.array([self.row_of.get(key, -1) for key in keys], np.intp)

    def opened(self, keys: Sequence[str]) -> NDArray[np.intp]:
        """Return the row of each key, making rows for new ones."""
        rows = np.array([self.row_of.setdefault(key, len(self.row_of)) for key in keys], np.intp)
        if len(self) > len(self._sums):
            more = max(2 * len(self._sums), len(self)) - len(self._sums)
            self._sums = np.vstack([self._sums, np.zeros((more, len(SUMS)))])
            self._reference = np.append(self._reference, np.full(more, -np.inf))
        return rows

    def update(self, rows: NDArray[np.intp], amounts: Floats, *, time: float | Floats) -> None:
        """Add `amounts` (r, 4) that are worth this much at `time` to different `rows` (r,); late ones land the same."""
        before = self._reference[rows]
        when = np.maximum(before, time)
        old = np.exp2((np.where(np.isfinite(before), before, when) - when) / self.half_life)
        new = np.exp2((time - when) / self.half_life)
        self._sums[rows] = self._sums[rows] * old[:, None] + amounts * new[:, None]
        self._reference[rows] = when

    def add(self, key: str, name: str, amount: float = 1.0, *, time: float) -> None:
        """Add one amount of one of `SUMS` to one key."""
        amounts = np.zeros((1, len(SUMS)))
        amounts[0, SUMS.index(name)] = amount
        self.update(self.opened([key]), amounts, time=time)

    def at(self, rows: NDArray[np.intp], time: float) -> Floats:
        """Return (r, 4) sums decayed to `time` (the row's reference when earlier); row -1 is nothing."""
        age = np.maximum(time - self._reference[rows], 0.0)
        worth = np.where((rows >= 0) & np.isfinite(age), np.exp2(-age / self.half_life), 0.0)
        return np.asarray(self._sums[rows] * worth[:, None])

    def merge(self, other: Self) -> Self:
        """The answers of both."""
        return self._combined(other, 1.0)

    def subtract(self, other: Self) -> Self:
        """These answers without those of `other`."""
        return self._combined(other, -1.0)

    def _combined(self, other: Self, sign: float) -> Self:
        if self.half_life != other.half_life:
            raise ValueError(f"half-lives {self.half_life} and {other.half_life}: only equal ones combine")
        both = type(self)(self.half_life)
        for part, s in ((self, 1.0), (other, sign)):
            rows, own = both.opened(list(part.row_of)), np.arange(len(part))
            both.update(rows, s * part._sums[own], time=part._reference[own])
        return both

    def save(self, path: Path) -> None:
        """Write one Parquet file."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        k = len(self)
        columns: dict[str, object] = {"key": list(self.row_of), "reference": self._reference[:k]}
        columns |= {name: self._sums[:k, i] for i, name in enumerate(SUMS)}
        pq.write_table(pa.table(columns).replace_schema_metadata({"half_life": repr(self.half_life)}), path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; StoreError where it cannot be."""
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(path)
            found = cls(float(table.schema.metadata[b"half_life"]))
            rows = found.opened(table["key"].to_pylist())
            sums = np.column_stack([table[name].to_numpy() for name in SUMS])
            found.update(rows, sums, time=table["reference"].to_numpy())
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise StoreError(
                f"{path} cannot be read: {error}.", remedy="Fold the posteriors from the log again."
            ) from None
        return found


def beta(sums: Floats, prior: Floats, *, strength: float) -> tuple[Floats, Floats]:
    """Return Beta (a, b), (m,) each, of the chance of a click at a look, from sums (m, 4).

    `prior` (m,) are expected chances, worth `strength` looks. More clicks than looks count as clicks without misses.
    """
    _check(strength)
    chance = np.clip(prior, 1e-6, 1 - 1e-6)
    missed = np.maximum(sums[:, LOOKS] - sums[:, CLICKS], 0.0)
    return strength * chance + np.maximum(sums[:, CLICKS], 0.0), strength * (1 - chance) + missed


def lift(sums: Floats, prior: Floats | float = 1.0, *, strength: float) -> tuple[Floats, Floats]:
    """Return (shape, rate), (m,) each, of a gamma posterior of clicks / expected clicks, from sums (m, 4).

    The prior's mean is `prior`, worth `strength` expected clicks: the answer to "is this item better than the ranker
    thinks?", shared by shoppers for whom the ranker expects different things.
    """
    _check(strength)
    shape = strength + np.maximum(sums[:, CLICKS], 0.0)
    return shape, strength / prior + np.maximum(sums[:, EXPECTED], 0.0)


def lifted(chance: Floats, shape: Floats, rate: Floats) -> tuple[Floats, Floats]:
    """Return Beta (a, b) with the mean and, for small chances, the spread of `chance` (m,) times a lift."""
    mean = np.clip(chance * shape / rate, 1e-6, 0.95)
    return shape, shape * (1 - mean) / mean


def _check(strength: float) -> None:
    if not strength > 0:
        raise ValueError(f"strength = {strength}: must be positive; it is what the prior is worth before any answer.")
