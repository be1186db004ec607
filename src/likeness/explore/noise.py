"""Noise that belongs to an item: J standard normal numbers per item name, without keeping any per item.

An item's numbers are a window of one fixed table, at a place that a hash of its name and a salt decide. Two items share
a window with probability 1 / 65,536; in windows that merely overlap the same sample index reads different numbers.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from likeness.seeds import rng_of, seed_of

WINDOWS = 65_536
Keys = NDArray[np.uint64]
Noise = NDArray[np.float32]


def key_of(name: str) -> int:
    """Return the hash of an item's name."""
    return seed_of("item", name)


def one(keys: Keys, salt: int, j: int, count: int) -> Noise:
    """Return (m,) the numbers of sample `j` of `count`."""
    table, _ = _table(count)
    numbers: Noise = table[_places(keys, salt) + j]
    return numbers


def every(keys: Keys, salt: int, count: int) -> Noise:
    """Return (m, count) all numbers; column j equals `one(keys, salt, j, count)`."""
    _, windows = _table(count)
    numbers: Noise = windows[_places(keys, salt)]
    return numbers


def _places(keys: Keys, salt: int) -> NDArray[np.intp]:
    """Return (m,) window numbers: Fibonacci hashing of the key with the salt (Knuth, vol. 3, section 6.4)."""
    mixed = (keys ^ np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15)
    return (mixed >> np.uint64(48)).astype(np.intp)


@cache
def _table(count: int) -> tuple[Noise, Noise]:
    """Return the table (WINDOWS + count - 1,) and its (WINDOWS, count) windows, a view."""
    table = rng_of("noise", count).standard_normal(WINDOWS + count - 1).astype(np.float32)
    return table, np.lib.stride_tricks.sliding_window_view(table, count)
