from __future__ import annotations

import numpy as np

from likeness.recall.blend import blend
from likeness.types import Candidates


def candidates(source: str, rows: list[int], because: list[int] | None = None) -> Candidates:
    scores = np.linspace(1, 0.5, len(rows)) if rows else np.empty(0)
    why = None if because is None else np.array(because, np.int32)
    return Candidates(source=source, rows=np.array(rows, np.int32), scores=scores, because=why)


def test_everything_proposed_is_there_once_with_who_said_so() -> None:
    pool = blend([candidates("a", [5, 2]), candidates("b", [9, 5, 1], [7, 7, 3]), candidates("c", [])])
    assert pool.sources == ("a", "b", "c")
    assert pool.rows.tolist() == [1, 2, 5, 9]
    assert pool.ranks[:, 1].tolist()[0] == 3 and np.isnan(pool.ranks[1, 1])
    assert pool.scores[2, 0] == 1.0 and pool.scores[2, 1] == 0.75
    assert pool.because.tolist() == [[-1, 3, -1], [-1, -1, -1], [-1, 7, -1], [-1, 7, -1]]
    assert np.isnan(pool.scores[:, 2]).all()


def test_nothing_proposed_is_an_empty_pool() -> None:
    assert blend([]).rows.tolist() == []
    assert blend([candidates("a", [])]).scores.shape == (0, 1)
