"""What the baselines learn from: the training events as shopper x item matrices, made once and shared."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from likeness.evaluate.splits import PURCHASE
from likeness.types import DAY, Floats, Interactions

FILL_HALF_LIFE = 30 * DAY  # of the popularity that fills the places a baseline has no opinion on
Matrix = Any  # scipy.sparse.csr_array, (S, n_items), float32


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Training events and the size of the catalogue. `signal` is "purchases" or "everything" (signed weights)."""

    train: Interactions
    n_items: int
    dense_items: int = 20_000  # up to so many items a matrix of items x items is held in memory
    _made: dict[tuple[str, float | None], Matrix] = field(default_factory=dict)

    @property
    def timed(self) -> bool:
        """Whether times are times, rather than positions."""
        return self.train.clock == "time"

    @cached_property
    def signals(self) -> tuple[str, ...]:
        """Return what can be learned from; "everything" only where there is more than purchases."""
        more = (self.train.weight > 0) & (self.train.event != PURCHASE) & (self.train.row >= 0)
        return ("purchases", "everything") if more.any() else ("purchases",)

    def mask(self, signal: str) -> NDArray[np.bool_]:
        """Return which events a signal reads, anonymous ones included."""
        wanted = self.train.event == PURCHASE if signal == "purchases" else self.train.weight != 0
        read: NDArray[np.bool_] = wanted & (self.train.row >= 0)
        return read

    def profile(self, signal: str, half_life: float | None = None) -> Matrix:
        """Return (S, n_items): 1 for a bought item; for everything log(1 + the sum of weights), negative below zero.

        Entries fade with their age. Ages count from the shopper's own last event, so that a profile's largest entries
        are near one.
        """
        key = (signal, half_life)
        if key not in self._made:
            self._made[key] = self._profile(signal, half_life)
        return self._made[key]

    def _profile(self, signal: str, half_life: float | None) -> Matrix:
        chosen = self.mask(signal) & (self.train.shopper >= 0)
        who, row, time = self.train.shopper[chosen].astype(np.int64), self.train.row[chosen], self.train.time[chosen]
        cell, place = np.unique(who * self.n_items + row, return_inverse=True)
        weight = np.ones(len(cell))
        if signal == "everything":
            total = np.bincount(place, self.train.weight[chosen], minlength=len(cell))
            weight = np.sign(total) * np.log1p(np.abs(total))
        if half_life is not None:
            weight = weight * self._fading(cell // self.n_items, place, time, half_life)
        shape = (len(self.train.shoppers), self.n_items)
        entries = (weight.astype(np.float32), (cell // self.n_items, cell % self.n_items))
        made = sp.csr_array(entries, shape=shape)
        made.eliminate_zeros()
        return made

    def _fading(self, owner: NDArray[np.int64], place: NDArray[np.int64], time: Floats, half_life: float) -> Floats:
        latest = np.full(len(owner), -np.inf)
        np.maximum.at(latest, place, time)
        newest = np.full(len(self.train.shoppers), -np.inf)
        np.maximum.at(newest, owner, latest)
        result: Floats = np.exp2(-(newest[owner] - latest) / half_life)
        return result

    @cached_property
    def filler(self) -> Floats:
        """Return (n_items,) in [-1, 0): the order of items for whoever nothing is known of, best nearest to zero."""
        bought = self.mask("purchases")
        age = self.train.end - self.train.time[bought]
        weight = np.exp2(-age / FILL_HALF_LIFE) if self.timed else np.ones(len(age))
        count = np.bincount(self.train.row[bought], weight, minlength=self.n_items)
        result: Floats = -1.0 + count / (count.max(initial=0.0) + 1.0) * (1 - 1e-6)
        return result
