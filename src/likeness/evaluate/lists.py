"""Who recommends, and what is collected from it: one list of catalogue rows per shopper asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from likeness.errors import InputError
from likeness.evaluate.baselines import Scores
from likeness.evaluate.splits import Targets
from likeness.types import Floats, Rows

Recommend = Callable[[str, float, int, bool], Sequence[int]]
"""(shopper id, time, n, exclude_seen) -> at most n catalogue rows, best first, from what is known before `time`.

With `exclude_seen` no item the shopper has bought may be named: such a place is lost."""

BLOCK = 512  # shoppers scored at once


def collect(
    recommend: Recommend, name: str, targets: Targets, n: int, n_items: int, exclude_seen: bool
) -> Iterator[Rows]:
    """Yield one row (n,) per shopper, -1 where nothing is named. Raises InputError for a list that breaks the rules."""
    for shopper, time in zip(targets.shoppers, targets.time, strict=True):
        given = np.asarray(recommend(shopper, float(time), n, exclude_seen), dtype=np.int64)
        _check(given, name, shopper, n, n_items)
        row = np.full(n, -1, np.int32)
        row[: len(given)] = given
        yield row


def _check(given: NDArray[np.int64], name: str, shopper: str, n: int, n_items: int) -> None:
    """Hold that a list is short enough, names real items, and each of them once."""
    wrong = ""
    if given.ndim != 1 or len(given) > n:
        wrong = f"shape {given.shape} for n={n}"
    elif len(given) and (given.min() < 0 or given.max() >= n_items):
        wrong = f"rows {given.min()} to {given.max()} of {n_items} items"
    elif len(np.unique(given)) < len(given):
        wrong = "a repeated item"
    if wrong:
        raise InputError(
            f"Recommender {name!r} gave shopper {shopper!r} {wrong}.",
            remedy="Return at most n different catalogue rows.",
        )


def ranked(
    scores: Scores,
    codes: NDArray[np.int64],
    filler: Floats,
    banned: Callable[[NDArray[np.int64]], NDArray[np.bool_]],
    n: int,
) -> Rows:
    """Return (S, n) lists, best first, of a baseline. Items it has no opinion on follow in the filler's order.

    `banned` gives (b, n_items) for codes (b,): what may not be listed. Ties go to the lower row within the chosen.
    """
    parts = []
    for start in range(0, len(codes), BLOCK):
        here = codes[start : start + BLOCK]
        value = scores(here)
        value = np.where(value == 0, filler.astype(np.float32)[None, :], value)
        value[banned(here)] = -np.inf
        parts.append(_best(value, n))
    return np.concatenate(parts) if parts else np.zeros((0, n), np.int32)


def _best(value: NDArray[np.float32], n: int) -> Rows:
    """Return (b, n) columns of the largest finite values, largest first, -1 where there are too few."""
    top = np.sort(np.argpartition(-value, min(n, value.shape[1]) - 1, axis=1)[:, :n], axis=1)
    picked = np.take_along_axis(value, top, axis=1)
    order = np.argsort(-picked, axis=1, kind="stable")
    rows = np.where(np.isfinite(np.take_along_axis(picked, order, axis=1)), np.take_along_axis(top, order, axis=1), -1)
    result = np.full((len(value), n), -1, np.int32)
    result[:, : rows.shape[1]] = rows
    return result
