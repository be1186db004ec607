from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from likeness.errors import StoreError
from likeness.rank.examples import Example, thinned
from likeness.rank.heads import TARGETS, Heads, HeadsConfig, calibrated, fit_heads
from likeness.rank.linear import LinearScorer
from likeness.rank.train import fit_scorer
from likeness.types import EVENT_NAMES

NAMES = ["cheap", "pretty"]
FEATURES = np.random.default_rng(5).normal(size=(50, 2))


def examples(shoppers: int, *, clicks: bool) -> Iterator[Example]:
    """Yield shoppers who buy what is cheap (one in ten) and click on what is pretty (three in ten)."""
    rng = np.random.default_rng(0)
    for one in range(shoppers):
        features = rng.normal(size=(60, 2))
        bought = rng.random(60) < 1 / (1 + np.exp(3 - 2 * features[:, 0]))
        clicked = rng.random(60) < 1 / (1 + np.exp(1 - 2 * features[:, 1])) if clicks else np.zeros(60, bool)
        targets = np.column_stack([bought, np.zeros(60, bool), clicked])
        yield Example(shopper=f"u{one}", asked=0.0, until=1.0, features=features, targets=targets)


@pytest.fixture(scope="module")
def heads() -> Heads:
    found = fit_heads(examples(200, clicks=True), NAMES, seed=0)
    assert isinstance(found, Heads)
    return found


def test_with_purchases_only_there_is_one_head_and_its_order() -> None:
    one = fit_heads(examples(200, clicks=False), NAMES, seed=0)
    plain = fit_scorer(examples(200, clicks=False), NAMES, seed=0)
    assert isinstance(one, LinearScorer) and one.score(FEATURES).tolist() == plain.score(FEATURES).tolist()
    assert fit_heads(examples(3, clicks=True), NAMES, seed=0).origin == "default"


def test_an_end_with_enough_examples_is_a_head_and_worth_decides(heads: Heads) -> None:
    assert [head.end for head in heads.heads] == ["purchase", "click"]
    cheap, pretty = np.array([[2.0, 0.0], [0.0, 2.0]])
    assert heads.score(cheap[None])[0] > heads.score(pretty[None])[0]
    eager = fit_heads(examples(200, clicks=True), NAMES, HeadsConfig(click=5.0), seed=0)
    assert eager.score(cheap[None])[0] < eager.score(pretty[None])[0]
    alone = fit_heads(examples(200, clicks=True), NAMES, HeadsConfig(click=0.0), seed=0)
    assert isinstance(alone, LinearScorer)


def test_the_utility_is_made_of_true_probabilities(heads: Heads) -> None:
    bought = 1 / (1 + np.exp(3 - 2 * FEATURES[:, 0]))
    clicked = 1 / (1 + np.exp(1 - 2 * FEATURES[:, 1]))
    assert np.abs(heads.score(FEATURES) - bought - 0.05 * clicked).mean() < 0.03
    shoppers = thinned(examples(200, clicks=True), seed=0)
    assert calibrated(shoppers, NAMES, seed=0)[1].error < 0.02


def test_one_alone_scores_as_among_others_and_contributions_add_up(heads: Heads) -> None:
    whole = heads.score(FEATURES)
    np.testing.assert_allclose([heads.score(row[None])[0] for row in FEATURES], whole)
    rest = whole - heads.contributions(FEATURES).sum(axis=1)
    np.testing.assert_allclose(rest, rest[0], atol=1e-9)


def test_saved_and_loaded_it_is_equal(heads: Heads, tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    heads.save(path)
    assert Heads.load(path).score(FEATURES).tolist() == heads.score(FEATURES).tolist()
    path.write_text("{")
    with pytest.raises(StoreError):
        Heads.load(path)


def test_ends_are_events_and_their_worth_has_a_rule() -> None:
    assert all(event in EVENT_NAMES for events in TARGETS.values() for event in events)
    assert tuple(HeadsConfig().worth) == tuple(TARGETS)
    with pytest.raises(ValidationError):
        HeadsConfig(purchase=-1.0)
    with pytest.raises(ValidationError):
        HeadsConfig.model_validate({"view": 1.0})
    with pytest.raises(ValueError, match="at least one"):
        Heads([])
