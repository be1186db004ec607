from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from likeness.rank import examples as kept
from likeness.rank.features import NAMES
from likeness.rank.linear import LinearScorer
from likeness.rank.train import DEFAULT, default_scorer, fit_scorer
from likeness.types import Floats

Example = tuple[Floats, np.ndarray]
TRUTH = np.array([2.0, -1.0, 0.0])


def examples(shoppers: int, *, buys: int = 5, candidates: int = 100) -> Iterator[Example]:
    """Yield candidates of which some are drawn with odds exp(TRUTH . standardised features)."""
    rng = np.random.default_rng(0)
    for _ in range(shoppers):
        standard = rng.normal(size=(candidates, len(TRUTH)))
        odds = np.exp(standard @ TRUTH)
        bought = np.zeros(candidates, bool)
        bought[rng.choice(candidates, buys, replace=False, p=odds / odds.sum())] = True
        yield standard * [3.0, 1.0, 1.0] + [7.0, 0.0, 0.0], bought  # neither centred nor of scale one


def test_it_finds_the_weights_that_made_the_choices() -> None:
    scorer = fit_scorer(examples(1000, buys=1), ["a", "b", "c"], seed=0)
    assert isinstance(scorer, LinearScorer) and scorer.origin == "fitted"
    np.testing.assert_allclose(scorer.weights, TRUTH, atol=0.15)
    assert scorer.means[0] == pytest.approx(7.0, abs=0.5)


def test_thinning_the_others_leaves_the_weights_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the others that are kept stands for several inside the softmax."""
    monkeypatch.setattr(kept, "OTHERS", 1000)
    whole = fit_scorer(examples(300, buys=40, candidates=400), ["a", "b", "c"], seed=0)
    monkeypatch.setattr(kept, "OTHERS", 20)
    few = fit_scorer(examples(300, buys=40, candidates=400), ["a", "b", "c"], seed=0)
    np.testing.assert_allclose(few.weights / few.scales, whole.weights / whole.scales, atol=0.03)


def test_the_same_examples_and_seed_give_the_same_scorer() -> None:
    one, other = (fit_scorer(examples(80, candidates=300), ["a", "b", "c"], seed=3) for _ in range(2))
    assert one.weights.tolist() == other.weights.tolist()


def test_every_shopper_counts_alike() -> None:
    """A shopper who buys everything does not outvote those who buy little."""
    rng = np.random.default_rng(1)
    many = [(rng.normal(size=(50, 1)), np.arange(50) < 1) for _ in range(100)]
    for features, bought in many:
        features[bought] = 2.0
    big = rng.normal(size=(2000, 1))
    bought = np.arange(2000) < 1000
    big[bought, 0] -= 4.0
    assert fit_scorer([*many, *[(big, bought)] * 5], ["a"], seed=0).weights[0] > 0


def test_too_little_to_learn_from_gives_the_default_and_says_so() -> None:
    for few in (examples(10), iter([]), ((f, b & False) for f, b in examples(500))):
        scorer = fit_scorer(few, NAMES[:3], seed=0)
        assert scorer.origin == "default"
        assert scorer.weights.tolist() == [DEFAULT.get(name, 0.0) for name in NAMES[:3]]


def test_a_column_never_seen_keeps_its_default_weight() -> None:
    names = ["a", "b", "c", "similar:score"]
    wider = ((np.column_stack([features, np.zeros(len(features))]), bought) for features, bought in examples(100))
    scorer = fit_scorer(wider, names, seed=0)
    assert scorer.weights[3] == DEFAULT["similar:score"] and scorer.scales[3] == 1.0


def test_the_default_scorer_reads_features_that_exist() -> None:
    assert set(DEFAULT) <= set(NAMES)
    assert default_scorer().names == NAMES and default_scorer().origin == "default"
