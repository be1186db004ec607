"""EASE: the item-item weights that best rebuild every shopper's items from their others, in closed form.

Steck, Embarrassingly shallow autoencoders for sparse data, WWW 2019. One inverse of items x items, made in place in
single precision; where that would not fit in memory, one small inverse per item over its nearest companions, the sparse
approximation of Steck, Markov random fields for collaborative filtering, NeurIPS 2019.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg.lapack import spotrf, spotri

from likeness.evaluate.baselines.family import Family, Scores, Settings
from likeness.evaluate.baselines.shelf import Facts, Matrix
from likeness.types import DAY, Vectors

BLOCK = 1_024  # columns handled at once, to bound memory
NEAREST = 256  # companions of an item where the whole inverse does not fit


def _grid(facts: Facts) -> tuple[Settings, ...]:
    """Return L2 weight x fading of what is learned from x fading of the shopper's own items (x signal)."""
    short, long = (30.0, 180.0) if facts.timed else (2.0, 5.0)
    tried: list[tuple[float, float | None, float | None]] = [
        (300.0, None, short),
        (300.0, None, long),
        (100.0, long, short),
        (100.0, long, long),
        (1000.0, None, long),
        (300.0, None, None),
    ]
    chosen = tried if len(facts.signals) == 1 else [tried[1], tried[2], tried[4]]
    return tuple(
        {"signal": signal, "l2": l2, "rows_half_life_days": rows, "half_life_days": days, "solver": _solver(facts)}
        for signal in facts.signals
        for l2, rows, days in chosen
    )


def _solver(facts: Facts) -> str:
    """Say which way the weights are found: one inverse, or one small one per item where that needs too much memory."""
    count = max(len(_sold(facts.profile(signal))) for signal in facts.signals)
    return "whole" if count <= facts.dense_items else f"nearest {NEAREST}"


def weights(profile: Matrix, l2: float) -> Vectors:
    """Return (n, n) float32 with a zero diagonal: B = I - P diag(P)^-1, P = (X'X + l2 I)^-1 (equation 8).

    Needs n x n x 4 bytes and little more: every step works in place.
    """
    whole: Vectors = (profile.T @ profile).astype(np.float32).toarray(order="F")
    whole[np.diag_indices_from(whole)] += np.float32(l2)
    whole, failed = spotrf(whole, lower=1, overwrite_a=1)
    whole, also_failed = spotri(whole, lower=1, overwrite_c=1)
    if failed or also_failed:
        raise ArithmeticError("X'X + l2 I is not positive definite.")
    _mirror(whole)
    scale = -1.0 / np.diag(whole)
    for start in range(0, len(whole), BLOCK):
        whole[:, start : start + BLOCK] *= scale[None, start : start + BLOCK]
    np.fill_diagonal(whole, 0)
    return whole


def _mirror(lower: Vectors) -> None:
    """Copy the lower triangle of (n, n) over the upper one, in place."""
    n = len(lower)
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        square = np.tril(lower[start:stop, start:stop])
        lower[start:stop, start:stop] = square + np.tril(square, -1).T
        lower[start:stop, stop:] = lower[stop:, start:stop].T


def local_weights(profile: Matrix, l2: float, nearest: int = NEAREST) -> Matrix:
    """Return sparse (n, n) weights: column j is EASE's over the `nearest` items of largest cosine to j alone.

    Solves (G + l2 I) b = g, G being X'X among the companions and g their counts with j, which is what equation 8 says
    of column j where no other item is known.
    """
    gram = (profile.T @ profile).tocsr().astype(np.float32)
    norm = np.sqrt(gram.diagonal()) + 1e-9
    place = np.full(gram.shape[0], -1)
    columns = [_column(gram, norm, place, item, l2, nearest) for item in range(gram.shape[0])]
    ends = np.cumsum([0, *(len(near) for near, _ in columns)])
    near = np.concatenate([np.empty(0, np.int64), *(rows for rows, _ in columns)])
    value = np.concatenate([np.empty(0, np.float32), *(said for _, said in columns)])
    return sp.csc_array((value, near, ends), shape=gram.shape).tocsr()


def _column(
    gram: Matrix, norm: Vectors, place: NDArray[np.int64], item: int, l2: float, nearest: int
) -> tuple[NDArray[np.int64], Vectors]:
    """Return (companions, weights) of one item."""
    entries = slice(gram.indptr[item], gram.indptr[item + 1])
    near, shared = gram.indices[entries].astype(np.int64), gram.data[entries]
    near, shared = near[near != item], shared[near != item]
    if len(near) > nearest:
        top = np.argpartition(-shared / norm[near], nearest - 1)[:nearest]
        near, shared = near[top], shared[top]
    place[near] = np.arange(len(near))
    part = np.zeros((len(near), len(near)), np.float32)
    for row, other in enumerate(near):
        at = slice(gram.indptr[other], gram.indptr[other + 1])
        column = place[gram.indices[at]]
        part[row, column[column >= 0]] = gram.data[at][column >= 0]
    place[near] = -1
    part[np.diag_indices_from(part)] += np.float32(l2)
    return near, np.linalg.solve(part, shared).astype(np.float32)


def _scores(profile: Matrix, sold: NDArray[np.int64], learned: Vectors | Matrix, n_items: int) -> Scores:
    def scores(codes: NDArray[np.int64]) -> Vectors:
        result = np.zeros((len(codes), n_items), np.float32)
        said = profile[np.maximum(codes, 0)] @ learned
        result[:, sold] = said.toarray() if sp.issparse(said) else said
        result[codes < 0] = 0
        return result

    return scores


def _fit(facts: Facts, grid: Iterable[Settings], seed: int) -> Iterator[tuple[Settings, Scores]]:
    def inverse(settings: Settings) -> tuple[str, float, float | None, str]:
        rows = settings["rows_half_life_days"]
        fading = None if rows is None else float(rows)
        return str(settings["signal"]), float(settings["l2"] or 0), fading, str(settings["solver"])

    for (signal, l2, rows, solver), same in groupby(grid, key=inverse):
        profile = facts.profile(signal, None if rows is None else rows * DAY)
        sold = _sold(profile)
        learned = (weights if solver == "whole" else local_weights)(profile[:, sold], l2)
        for settings in same:
            days = settings["half_life_days"]
            history = facts.profile(signal, None if days is None else float(days) * DAY)
            yield settings, _scores(history[:, sold], sold, learned, facts.n_items)
        del learned


def _sold(profile: Matrix) -> NDArray[np.int64]:
    """Return the columns that hold anything; the others would only enlarge the inverse."""
    return np.flatnonzero(np.bincount(profile.indices, minlength=profile.shape[1]))


EASE = Family(name="EASE", grid=_grid, fit=_fit)
