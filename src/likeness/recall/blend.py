"""Blending: the candidates of several sources side by side, with who proposed what, how high, and because of what."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from likeness.types import Candidates, Pool


def blend(proposed: Sequence[Candidates]) -> Pool:
    """Return the union of the candidates in ascending order of row; nothing is thrown away.

    Scores (n, S), ranks (n, S) are NaN and because (n, S) is -1 where a source did not propose the row.
    """
    every = [candidates.rows for candidates in proposed]
    rows = np.unique(np.concatenate(every)) if every else np.empty(0, np.int32)
    shape = (len(rows), len(proposed))
    scores, ranks, because = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, -1, np.int32)
    for column, candidates in enumerate(proposed):
        place = np.searchsorted(rows, candidates.rows)
        scores[place, column] = candidates.scores
        ranks[place, column] = np.arange(1, len(place) + 1)
        if candidates.because is not None:
            because[place, column] = candidates.because
    sources = tuple(candidates.source for candidates in proposed)
    return Pool(sources=sources, rows=rows.astype(np.int32), scores=scores, ranks=ranks, because=because)
