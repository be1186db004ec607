"""Alternating least squares on implicit feedback, for all rows at once by conjugate gradients.

Minimises the sum over the known cells of alpha |w| (p - x'y)^2, plus that over all cells of (x'y)^2, plus
lambda (|x|^2 + |y|^2), p being 1 where w > 0 and 0 where w < 0: Hu, Koren, Volinsky (ICDM 2008) in the form of Rendle
et al., Revisiting the performance of iALS (RecSys 2022). A few steps of conjugate gradients from the last solution are
enough (Takacs, Pilaszy, Tikk, RecSys 2011).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from likeness.seeds import rng_of
from likeness.types import Vectors

Matrix = Any  # scipy.sparse.csr_matrix of float32
STEPS = 3  # of conjugate gradients per half iteration
BLOCK = 200_000  # cells looked at once, to bound memory


@dataclass(frozen=True, kw_only=True)
class AlsConfig:
    """How factors are fitted."""

    embedding_dim: int = 64
    alpha: float = 10.0  # what a known cell weighs against an unknown one
    shrink: float = 10.0  # lambda
    iterations: int = 10


def als(cells: Matrix, config: AlsConfig, *, seed: int) -> tuple[Vectors, Vectors]:
    """Return (S, d) and (n, d) float32 factors of the signed weights `cells` (S, n) in -1 to 1."""
    rng = rng_of("als", seed)
    scale = 0.1 / np.sqrt(config.embedding_dim)
    rows, columns = (
        (scale * rng.standard_normal((size, config.embedding_dim))).astype(np.float32) for size in cells.shape
    )
    across = cells.T.tocsr()
    columns[np.diff(across.indptr) == 0] = 0.0  # nothing is known of it, and nothing moves it
    for _ in range(config.iterations):
        rows = half(cells, rows, columns, config)
        columns = half(across, columns, rows, config)
    return rows, columns


def half(cells: Matrix, rows: Vectors, columns: Vectors, config: AlsConfig, steps: int = STEPS) -> Vectors:
    """Return (S, d): the rows' factors solved for fixed `columns`, starting from `rows`."""
    gram = columns.T @ columns + config.shrink * np.eye(columns.shape[1], dtype=np.float32)
    solved, first = np.zeros_like(rows), 0
    while first < cells.shape[0]:
        last = max(int(np.searchsorted(cells.indptr, cells.indptr[first] + BLOCK, side="right")) - 1, first + 1)
        solved[first:last] = _gradients(cells[first:last], rows[first:last], columns, gram, config.alpha, steps)
        first = last
    return solved


def _gradients(cells: Matrix, start: Vectors, columns: Vectors, gram: Vectors, alpha: float, steps: int) -> Vectors:
    """Run conjugate gradients on (G + alpha C_r) x = alpha sum w y of every row at once."""
    owner = np.repeat(np.arange(cells.shape[0]), np.diff(cells.indptr))
    beside, weight = columns[cells.indices], alpha * cells.data
    wanted, loud = cells.copy(), cells.copy()
    wanted.data = np.maximum(weight, 0.0)

    def applied(x: Vectors) -> Vectors:
        loud.data = np.abs(weight) * np.einsum("ed,ed->e", x[owner], beside)
        return np.asarray(x @ gram + loud @ columns)

    x = start.copy()
    left = wanted @ columns - applied(x)
    towards, size = left.copy(), np.einsum("rd,rd->r", left, left)
    for _ in range(steps):
        image = applied(towards)
        step = size / np.maximum(np.einsum("rd,rd->r", towards, image), 1e-20)
        x += step[:, None] * towards
        left -= step[:, None] * image
        size, before = np.einsum("rd,rd->r", left, left), size
        towards = left + (size / np.maximum(before, 1e-20))[:, None] * towards
    return np.asarray(x, np.float32)
