from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from likeness.errors import StoreError
from likeness.rank.linear import LinearScorer

RNG = np.random.default_rng(0)
SCORER = LinearScorer(["a", "b", "c"], [1.0, -2.0, 0.5], [0.1, 0.2, 0.3], [1.0, 2.0, 0.5], origin="fitted")
FEATURES = RNG.normal(size=(30, 3))


def test_one_alone_scores_as_among_others_in_any_order() -> None:
    whole = SCORER.score(FEATURES)
    np.testing.assert_allclose([SCORER.score(row[None])[0] for row in FEATURES], whole)
    order = RNG.permutation(30)
    np.testing.assert_allclose(SCORER.score(FEATURES[order]), whole[order])


def test_contributions_add_up() -> None:
    np.testing.assert_allclose(SCORER.contributions(FEATURES).sum(axis=1), SCORER.score(FEATURES))


def test_a_missing_feature_counts_as_the_mean() -> None:
    missing = FEATURES.copy()
    missing[:, 1] = np.nan
    mean = FEATURES.copy()
    mean[:, 1] = 0.2
    np.testing.assert_allclose(SCORER.score(missing), SCORER.score(mean))


def test_saved_and_loaded_it_is_equal(tmp_path: Path) -> None:
    path = tmp_path / "scorer.json"
    SCORER.save(path)
    loaded = LinearScorer.load(path)
    assert loaded.names == SCORER.names and loaded.origin == "fitted"
    assert loaded.score(FEATURES).tolist() == SCORER.score(FEATURES).tolist()
    path.write_text("{")
    with pytest.raises(StoreError):
        LinearScorer.load(path)


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="lengths"):
        LinearScorer(["a"], [1.0, 2.0])
