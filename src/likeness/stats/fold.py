"""The vectorised fold: arrays of events in, the statistics of every group out, with no Python loop over either.

A *group* is usually a shopper and a *key* a category, an item or a week bin, both as integer codes. Results equal the
one-at-a-time `update` to 1e-9 relative; `likeness.stats.columns` turns them into statistics.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

import likeness.stats.decay as decay
from likeness.stats.heavy import EVIDENCE
from likeness.stats.moments import TINY

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class KeyFold:
    """One row per (group, key) seen, ascending; rows ``starts[i]:starts[i + 1]`` belong to the i-th group.

    `sums` (R, H) are referenced to each row's own `last`; `reference` is the group's. `evidence` (R, 3) holds source
    numbers of the latest events, latest first, -1 for none, and `evidence_times` when they were.
    """

    groups: Ints  # (G,) distinct, ascending
    starts: Ints  # (G + 1,)
    reference: Floats  # (G,) last time of the group, seconds
    keys: Ints  # (R,)
    sums: Floats  # (R, H)
    counts: Ints  # (R,)
    first: Floats  # (R,)
    last: Floats  # (R,)
    peaks: Floats  # (R,) largest `heavy.priority`
    signed: NDArray[np.bool_]  # (R,) a weight was negative
    evidence: Ints  # (R, 3)
    evidence_times: Floats  # (R, 3)

    def group_rows(self) -> Ints:
        """The position in `groups` of each row, (R,)."""
        return np.repeat(np.arange(len(self.groups)), np.diff(self.starts))

    def at_reference(self, half_lives: tuple[float, ...]) -> Floats:
        """The sums (R, H) decayed to the last time of their group."""
        age = self.reference[self.group_rows()] - self.last
        decayed: Floats = self.sums * np.exp2(-age[:, None] / np.array(half_lives))
        return decayed


def fold_keys(
    groups: ArrayLike,
    keys: ArrayLike,
    times: ArrayLike,
    weights: ArrayLike,
    half_lives: tuple[float, ...],
    *,
    sources: ArrayLike | None = None,
) -> KeyFold:
    """Fold events (n,) per group and key; ValueError for unequal lengths or numbers that are not finite.

    `sources` (n,) numbers the event each row came from, ascending as event ids do among equal times: evidence names
    events by it. Without it each row is its own event, numbered by position.
    """
    group, key = (np.asarray(codes, dtype=np.int64) for codes in (groups, keys))
    time, weight = _finite(times, weights)
    source = np.arange(len(time)) if sources is None else np.asarray(sources, dtype=np.int64)
    _check_lengths(group, key, time, weight, source)
    order = np.lexsort((source, time, key, group))
    group, key, time, weight, source = group[order], key[order], time[order], weight[order], source[order]
    new = _changes(group, key)
    rows = np.flatnonzero(new)
    if not len(rows):
        return _no_rows(len(half_lives))
    counts = np.diff(rows, append=len(time))
    last = time[rows + counts - 1]
    heads = np.flatnonzero(_changes(group[rows]))  # the first row of each group
    evidence, evidence_times = _latest(new, rows, time, source)
    return KeyFold(
        groups=group[rows][heads],
        starts=np.append(heads, len(rows)),
        reference=np.maximum.reduceat(last, heads),
        keys=key[rows],
        sums=_decayed(weight, np.repeat(last, counts) - time, rows, half_lives),
        counts=counts,
        first=time[rows],
        last=last,
        peaks=np.maximum.reduceat(_priorities(time, weight, half_lives[-1]), rows),
        signed=np.logical_or.reduceat(weight < 0.0, rows),
        evidence=evidence,
        evidence_times=evidence_times,
    )


@dataclass(frozen=True, slots=True)
class MomentFold:
    """Per group the two sides of `Moments`: ``[weight, mean, M2]`` per half-life at `reference`."""

    groups: Ints  # (G,) distinct, ascending
    reference: Floats  # (G,) last time of the group, seconds
    added: Floats  # (G, H, 3)
    removed: Floats  # (G, H, 3)
    has_added: NDArray[np.bool_]  # (G,) any weight was zero or above
    has_removed: NDArray[np.bool_]  # (G,) any weight was below zero


def fold_moments(
    groups: ArrayLike, values: ArrayLike, times: ArrayLike, weights: ArrayLike, half_lives: tuple[float, ...]
) -> MomentFold:
    """Fold values (n,) per group; ValueError for unequal lengths or numbers that are not finite."""
    codes = np.asarray(groups, dtype=np.int64)
    value, time, weight = _finite(values, times, weights)
    _check_lengths(codes, value, time, weight)
    distinct, group = np.unique(codes, return_inverse=True)
    reference = np.full(len(distinct), -np.inf)
    np.maximum.at(reference, group, time)
    age, minus = reference[group] - time, weight < 0.0
    sides = []
    for chosen in (~minus, minus):
        g, x, a, w = group[chosen], value[chosen], age[chosen], np.abs(weight[chosen])
        sides.append(np.stack([_side(g, x, w * np.exp2(-a / h), len(distinct)) for h in half_lives], axis=1))
    has = [np.bincount(group[chosen], minlength=len(distinct)) > 0 for chosen in (~minus, minus)]
    return MomentFold(distinct, reference, sides[0], sides[1], has[0], has[1])


def fold_days(groups: ArrayLike, times: ArrayLike, capacity: int, day: float) -> tuple[Ints, Ints, Ints]:
    """The latest `capacity` distinct days of each group: (groups (G,), starts (G + 1,), days ascending within each)."""
    (time,) = _finite(times)
    codes = np.asarray(groups, dtype=np.int64)
    _check_lengths(codes, time)
    number = np.floor_divide(time, day).astype(np.int64)
    order = np.lexsort((number, codes))
    group, number = codes[order], number[order]
    kept = _changes(group, number)
    group, number = group[kept], number[kept]
    ends = np.flatnonzero(_changes(group[::-1])[::-1]) + 1 if len(group) else np.zeros(0, dtype=np.int64)
    sizes = np.diff(ends, prepend=0)
    recent = np.repeat(ends, sizes) - np.arange(len(group)) <= capacity
    starts = np.concatenate([[0], np.cumsum(np.minimum(sizes, capacity))]).astype(np.int64)
    return group[ends - 1], starts, number[recent]


def fold_vectors(
    fold: KeyFold, vectors: ArrayLike, half_lives: tuple[float, ...], *, rows_at_once: int = 65536
) -> tuple[Floats, Floats]:
    """Weights (G, H) and vector sums (G, H, D) at each group's reference, from sums per key and vectors (keys, D).

    A vector sum is linear in its events, so the sum per key times the key's vector is all of it; at most
    `rows_at_once` rows of vectors are held at a time.
    """
    matrix = np.asarray(vectors)
    at_reference, rows = fold.at_reference(half_lives), fold.group_rows()
    sums = np.zeros((len(fold.groups), len(half_lives), matrix.shape[1]))
    weights = np.zeros((len(fold.groups), len(half_lives)))
    for start in range(0, len(rows), rows_at_once):
        part = slice(start, start + rows_at_once)
        heads = np.flatnonzero(_changes(rows[part]))
        here = rows[part][heads]  # each group once, so that += adds every one
        taken = matrix[fold.keys[part]].astype(np.float64)  # (rows, D)
        weights[here] += np.add.reduceat(at_reference[part], heads)
        for i in range(len(half_lives)):
            sums[here, i] += np.add.reduceat(at_reference[part, i, None] * taken, heads)
    return weights, sums


def _finite(*columns: ArrayLike) -> tuple[Floats, ...]:
    arrays = tuple(np.asarray(column, dtype=np.float64) for column in columns)
    for array in arrays:
        bad = np.flatnonzero(~np.isfinite(array))
        if len(bad):
            raise ValueError(f"row {bad[0]} holds {array[bad[0]]!r}: must be finite; clean the events before folding")
    return arrays


def _check_lengths(*columns: Ints | Floats) -> None:
    if len({column.shape for column in columns}) > 1 or columns[0].ndim != 1:
        shapes = [column.shape for column in columns]
        raise ValueError(f"columns of shapes {shapes}: must be equally long and flat; give one row per event")


def _changes(*sorted_columns: Ints) -> NDArray[np.bool_]:
    """True where any of the columns differs from the row before, and at the first row."""
    changes = np.ones(len(sorted_columns[0]), dtype=np.bool_)
    if len(changes):
        changes[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in sorted_columns])
    return changes


def _decayed(weight: Floats, age: Floats, rows: Ints, half_lives: tuple[float, ...]) -> Floats:
    decayed = [np.add.reduceat(weight * np.exp2(-age / h), rows) for h in decay.check_half_lives(half_lives)]
    return np.stack(decayed, axis=1)


def _priorities(time: Floats, weight: Floats, half_life: float) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log2(np.abs(weight)) + time / half_life)


def _latest(new: NDArray[np.bool_], rows: Ints, time: Floats, source: Ints) -> tuple[Ints, Floats]:
    """Sources and times of the latest events of each row, an event that came twice counted once."""
    once = new.copy()
    once[1:] |= (time[1:] != time[:-1]) | (source[1:] != source[:-1])
    places, sizes = np.flatnonzero(once), np.add.reduceat(once.astype(np.int64), rows)
    back = np.arange(EVIDENCE)
    chosen = places[np.maximum(np.cumsum(sizes)[:, None] - 1 - back, 0)]
    held = back < sizes[:, None]
    return np.where(held, source[chosen], -1), np.where(held, time[chosen], np.nan)


def _side(group: Ints, value: Floats, weight: Floats, size: int) -> Floats:
    total = np.bincount(group, weights=weight, minlength=size)
    kept = total >= TINY
    over = np.where(kept, total, 1.0)
    mean = np.where(kept, np.bincount(group, weights=weight * value, minlength=size) / over, 0.0)
    spread = np.bincount(group, weights=weight * (value - mean[group]) ** 2, minlength=size)
    return np.stack([np.where(kept, total, 0.0), mean, np.where(kept, spread, 0.0)], axis=1)


def _no_rows(many: int) -> KeyFold:
    ints, floats, no = np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0, dtype=np.bool_)
    wide, times = np.zeros((0, EVIDENCE), dtype=np.int64), np.zeros((0, EVIDENCE))
    starts = np.zeros(1, dtype=np.int64)
    return KeyFold(ints, starts, floats, ints, np.zeros((0, many)), ints, floats, floats, floats, no, wide, times)
