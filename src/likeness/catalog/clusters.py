"""Items in groups: a low-rank picture of a sparse matrix, and spherical k-means in it. The same input and seed give
the same groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from likeness.types import Floats, Rows, Vectors

_OVERSAMPLE = 16
_PASSES = 3
_ROUNDS = 25
_STARTS = 4
_SMALLEST = 0.25  # of the average size
_DECIMALS = 6  # what differs beyond is the order of a sum, not the data


def unit_rows(matrix: Any) -> Any:
    """Return a sparse matrix with rows of length 1, empty rows left empty."""
    squares = np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()
    scale = np.divide(1.0, np.sqrt(squares), out=np.zeros_like(squares), where=squares > 0)
    return (sp.diags_array(scale) @ matrix).tocsr()


def low_rank(matrix: Any, dim: int, rng: np.random.Generator) -> Floats:
    """Return (n, dim) unit rows: the left singular vectors of a sparse (n, m) matrix times their singular values.

    A row without entries stays zero. Randomised subspace iteration: Halko, Martinsson, Tropp 2011, algorithm 4.4.
    """
    transposed = matrix.T.tocsr()
    basis = matrix @ rng.standard_normal((matrix.shape[1], min(dim + _OVERSAMPLE, matrix.shape[0])))
    for _ in range(_PASSES):
        basis = matrix @ (transposed @ np.linalg.qr(basis)[0])
    basis = np.linalg.qr(basis)[0]
    small = transposed @ basis  # (m, dim + oversample)
    values, rotation = np.linalg.eigh(small.T @ small)
    strongest = np.argsort(-values, kind="stable")[:dim]
    return _unit((basis @ rotation[:, strongest]) * np.sqrt(np.maximum(values[strongest], 0.0)))


def group(vectors: Floats, k: int, rng: np.random.Generator) -> tuple[Rows, Floats]:
    """Return (n,) the group of each unit row, -1 for zero rows, and (n,) its cosine with the group's centre.

    The best of four spherical k-means (Dhillon and Modha 2001) started by k-means++ (Arthur and Vassilvitskii 2007).
    Groups of less than a quarter of the average size are dissolved into the others, so there may be fewer than k.
    """
    filled = np.flatnonzero(np.abs(vectors).sum(axis=1) > 0)
    code = np.full(len(vectors), -1, dtype=np.int32)
    cosine = np.zeros(len(vectors))
    if len(filled):
        points = vectors[filled].astype(np.float32)
        runs = [_refine(points, _start(points, min(k, len(points)), rng)) for _ in range(_STARTS)]
        centres = max(runs, key=lambda run: run[1])[0]
        size = np.bincount(np.argmax(points @ centres.T, axis=1), minlength=len(centres))
        similarity = points @ centres[size >= max(1.0, _SMALLEST * len(points) / len(centres))].T
        code[filled], cosine[filled] = np.argmax(similarity, axis=1), np.max(similarity, axis=1)
    return code, cosine


def _start(points: Vectors, k: int, rng: np.random.Generator) -> Vectors:
    chosen = [int(rng.integers(len(points)))]
    distance = _distance(points, chosen[0])
    while len(chosen) < k and distance.sum() > 0:
        chosen.append(int(rng.choice(len(points), p=distance / distance.sum())))
        distance = np.minimum(distance, _distance(points, chosen[-1]))
    return points[chosen]


def _distance(points: Vectors, chosen: int) -> Floats:
    distance: Floats = np.maximum(1.0 - (points @ points[chosen]).astype(np.float64), 0.0)
    return distance


def _refine(points: Vectors, centres: Vectors) -> tuple[Vectors, float]:
    """Return the centres after k-means, and how near the points lie to theirs on the whole."""
    code: Rows | None = None
    for _ in range(_ROUNDS):
        similarity = points @ centres.T
        nearest = np.argmax(similarity, axis=1).astype(np.int32)
        if code is not None and np.array_equal(nearest, code):
            break
        code = nearest
        shape = (len(centres), len(points))
        members = sp.csr_array((np.ones(len(points)), (code, np.arange(len(points)))), shape=shape)
        sums = _unit(members @ points)
        centres = np.where(np.abs(sums).sum(axis=1, keepdims=True) > 0, sums, centres).astype(np.float32)
    return centres, float(np.max(points @ centres.T, axis=1).sum())


def _unit(rows: Floats) -> Floats:
    """Return rows of length 1, rows of nothing but rounding noise as zeros."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Floats = np.round(np.divide(rows, length, out=np.zeros_like(rows), where=length > 1e-9), _DECIMALS)
    return unit
