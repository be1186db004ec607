"""First vectors of items: what was wanted near what, in a few dimensions, before any net is trained."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import svds

from likeness.seeds import rng_of
from likeness.train.examples import Sequences
from likeness.types import Vectors

REACH = 11  # tokens that a pair may lie apart
FADE = 3.0  # tokens after which a pair counts half
SMOOTH = 0.75  # power of an item's frequency as context (Levy, Goldberg & Dagan 2015)
SIZE = 0.014  # standard deviation of the numbers returned


def company_vectors(told: Sequences, n_items: int, width: int) -> Vectors:
    """Return (n_items, width) float32: leading factors of positive pointwise mutual information, and some noise.

    Pairs of tokens of one history count 2^(-gap / FADE). Factors are U sqrt(S) as in Levy & Goldberg 2014; an item
    without company has only the noise.
    """
    rng = rng_of("company", width)
    noise = rng.normal(0.0, SIZE / 4, (n_items, width))
    information = _information(told, n_items)
    rank = min(width, n_items - 1, information.nnz)
    if rank < 1:
        return noise.astype(np.float32)
    left, size, _ = svds(information, k=rank, v0=rng.normal(size=n_items))
    factors = left * np.sqrt(size)
    sign = np.sign(factors[np.abs(factors).argmax(axis=0), np.arange(rank)])  # a factor's sign is the solver's whim
    noise[:, :rank] += factors * sign * (SIZE / max(float(factors.std()), 1e-12))
    return noise.astype(np.float32)


def _information(told: Sequences, n_items: int) -> sp.csr_matrix:
    row, owner = told.tokens.row, told.tokens.owner
    pairs = sp.csr_matrix((n_items, n_items))
    for gap in range(1, min(REACH, len(row) - 1) + 1):
        near = owner[gap:] == owner[:-gap]
        count = np.full(int(near.sum()), 2.0 ** (-(gap - 1) / FADE))
        pairs = pairs + sp.csr_matrix((count, (row[:-gap][near], row[gap:][near])), pairs.shape)
    pairs = (pairs + pairs.T).tocoo()
    total = np.asarray(pairs.sum(axis=0)).ravel()
    context = total**SMOOTH / max(float((total**SMOOTH).sum()), 1e-12)
    said = np.log(np.maximum(pairs.data, 1e-12) / (total[pairs.row] * context[pairs.col]).clip(1e-12))
    kept = said > 0
    return sp.csr_matrix((said[kept], (pairs.row[kept], pairs.col[kept])), pairs.shape)
