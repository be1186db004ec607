from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from likeness.errors import StoreError
from likeness.rank import folds
from likeness.rank.boosted import BoostedScorer, load_scorer
from likeness.rank.examples import Example, thinned
from likeness.rank.linear import LinearScorer
from likeness.rank.train import fit_scorer
from likeness.types import Floats

pytest.importorskip("lightgbm")
NAMES = ["a", "b", "c"]
RNG = np.random.default_rng(0)


def examples(shoppers: int, *, bent: bool, fashion: bool = False, positions: bool = False) -> Iterator[Example]:
    """Yield choices in three windows; `bent`: |b| counts; `fashion`: so does the item, c, anew each window."""
    rng = np.random.default_rng(1)
    for window in range(3):
        hot = rng.normal(size=60)
        for one in range(shoppers):
            features = rng.normal(size=(60, 3))
            features[:, 2] = np.arange(60) / 20.0 - 1.5
            worth = features[:, 0] + (2 * np.abs(features[:, 1]) if bent else 0) + (3 * hot if fashion else 0)
            hit = np.zeros(60, bool)
            hit[np.argsort(-(worth + rng.gumbel(size=60)))[:3]] = True
            yield Example(
                shopper=f"u{one}" if not positions else f"u{window}-{one}",
                asked=float(window),
                until=np.inf if positions else window + 1.0,
                features=features,
                targets=hit[:, None],
            )


@pytest.fixture(scope="module")
def scorer() -> BoostedScorer:
    found = fit_scorer(examples(200, bent=True), NAMES, seed=0)
    assert isinstance(found, BoostedScorer)
    return found


def test_trees_are_taken_where_they_gain(scorer: BoostedScorer) -> None:
    report = scorer.report
    assert scorer.origin == "boosted" and report is not None and report.gain is not None
    assert report.folds == "forward" and report.gain[1] > 0 and report.rounds > 0
    assert report.linear is not None and report.boosted is not None and report.boosted > report.linear + 0.05


@pytest.mark.parametrize("kind", ["straight", "fashion"])
def test_trees_are_left_where_they_gain_nothing_on_later_times(kind: str) -> None:
    """A window's fashion is known to trees that saw other shoppers of the window, and of no use in the next one."""
    found = fit_scorer(examples(150, bent=False, fashion=kind == "fashion"), NAMES, seed=0)
    assert isinstance(found, LinearScorer) and found.origin == "fitted"
    assert found.report is not None and found.report.gain is not None and found.report.gain[1] <= 0
    assert "nothing" in found.report.reason


def test_without_moments_or_with_one_window_trees_are_not_tried() -> None:
    pairs = [(one.features, one.targets[:, 0]) for one in examples(60, bent=True)]
    for some in (pairs, list(examples(100, bent=True))[:100]):
        found = fit_scorer(some, NAMES, seed=0)
        assert found.origin == "fitted" and found.report is not None
        assert found.report.gain is None and "too short" in found.report.reason
    assert fit_scorer(examples(60, bent=True), NAMES, seed=0, trees=False).origin == "fitted"


def test_positions_are_tried_on_other_shoppers() -> None:
    found = fit_scorer(examples(100, bent=True, positions=True), NAMES, seed=0)
    assert found.origin == "boosted" and found.report is not None and found.report.folds == "shoppers"


def test_forward_folds_never_overlap() -> None:
    shoppers = thinned(examples(5, bent=False), seed=0)
    kind, parts = folds.folds_of(shoppers, seed=0)
    assert kind == "forward"
    for grown, tested in parts:
        assert max(shoppers[i].until for i in grown) <= min(shoppers[i].asked for i in tested)
    kind, parts = folds.folds_of(thinned(examples(9, bent=False, positions=True), seed=0), seed=0)
    assert kind == "shoppers" and sorted(np.concatenate([tested for _, tested in parts])) == list(range(27))


def test_a_shopper_asked_twice_is_one_witness() -> None:
    once = list(examples(150, bent=True))
    twice = [*once, *[one for one in once if one.asked == 2.0]]
    one, two = (fit_scorer(some, NAMES, seed=0).report for some in (once, twice))
    assert one is not None and two is not None and one.gain is not None and two.gain is not None
    assert two.gain == pytest.approx(one.gain, abs=1e-9)


def features() -> Floats:
    return RNG.normal(size=(40, 3))


def test_one_alone_scores_as_among_others_in_any_order(scorer: BoostedScorer) -> None:
    some = features()
    whole = scorer.score(some)
    np.testing.assert_allclose([scorer.score(row[None])[0] for row in some], whole)
    order = RNG.permutation(40)
    np.testing.assert_allclose(scorer.score(some[order]), whole[order])
    assert not np.allclose(whole, scorer.linear.score(some))
    assert scorer.score(some[:0]).shape == (0,) and scorer.contributions(some[:0]).shape == (0, 3)


def test_contributions_add_up_but_for_one_constant(scorer: BoostedScorer) -> None:
    some = features()
    rest = scorer.score(some) - scorer.contributions(some).sum(axis=1)
    np.testing.assert_allclose(rest, rest[0], atol=1e-9)


def test_a_missing_feature_counts_as_the_mean(scorer: BoostedScorer) -> None:
    shifted = BoostedScorer(LinearScorer(NAMES, [1.0, 1.0, 1.0], [0.0, 1.5, 0.0]), scorer._trees)
    missing = features()
    mean = missing.copy()
    missing[:, 1], mean[:, 1] = np.nan, 1.5
    np.testing.assert_allclose(shifted.score(missing), shifted.score(mean))
    np.testing.assert_allclose(shifted.contributions(missing), shifted.contributions(mean))


def test_saved_and_loaded_it_is_equal_and_a_second_fit_too(scorer: BoostedScorer, tmp_path: Path) -> None:
    path, some = tmp_path / "known.json", features()
    scorer.save(path)
    loaded = load_scorer(path)
    assert isinstance(loaded, BoostedScorer) and loaded.report == scorer.report and loaded.names == scorer.names
    assert loaded.score(some).tolist() == scorer.score(some).tolist()
    assert loaded.linear.origin == scorer.linear.origin == "fitted"
    again = fit_scorer(examples(200, bent=True), NAMES, seed=0)
    assert again.score(some).tolist() == scorer.score(some).tolist()
    (tmp_path / "known.trees.txt").write_text("damaged")
    with pytest.raises(StoreError):
        load_scorer(path)
    scorer.linear.save(path)
    assert isinstance(load_scorer(path), LinearScorer)


def test_trees_and_names_must_agree(scorer: BoostedScorer) -> None:
    with pytest.raises(ValueError, match="read 3 features"):
        BoostedScorer(LinearScorer(["a"], [1.0]), scorer._trees)
