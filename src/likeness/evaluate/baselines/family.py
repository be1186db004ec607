"""The shape of a baseline: a name, a grid of settings, and a fit that yields one scorer per setting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from likeness.evaluate.baselines.shelf import Facts
from likeness.types import Vectors

Settings = dict[str, float | str | None]
Scores = Callable[[NDArray[np.int64]], Vectors]
"""Scores (b, n_items) float32 of shopper codes (b,); exactly 0 means no opinion, -1 is a shopper nobody knows."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """One kind of baseline."""

    name: str
    grid: Callable[[Facts], tuple[Settings, ...]]  # all that may be tried; the budget takes the first ones
    fit: Callable[[Facts, Iterable[Settings], int], Iterator[tuple[Settings, Scores]]]  # facts, settings, seed
    why_not: Callable[[Facts], str | None] = lambda facts: None  # a reason to leave it out
