"""The baselines: what they compute by hand or in closed form, and how their lists are made."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from likeness.errors import InputError
from likeness.evaluate.baselines import FAMILIES, Facts
from likeness.evaluate.baselines.ease import EASE, weights
from likeness.evaluate.baselines.history import OWN_HISTORY, TIE
from likeness.evaluate.baselines.ials import IALS
from likeness.evaluate.baselines.neighbours import similarity
from likeness.evaluate.baselines.popular import popularity
from likeness.evaluate.lists import collect, ranked
from likeness.evaluate.splits import targets_of
from likeness.types import DAY, Interactions

MakeLog = Callable[..., Interactions]
ROWS = [("a", 0, 1.0), ("a", 0, 2.0), ("a", 1, 11.0), ("b", 0, 3.0), ("b", 1, 12.0), ("c", 2, 12.5), ("", 2, 13.0)]


@pytest.fixture
def facts(log_of: MakeLog) -> Facts:
    return Facts(train=log_of(ROWS), n_items=5)


@pytest.fixture(scope="module")
def blocks(log_of: MakeLog) -> Facts:
    """Forty shoppers in two camps: items 0 to 9 against 10 to 19."""
    rng = np.random.default_rng(0)
    rows = [
        (f"u{u:02d}", int(i) + 10 * (u % 2), float(day))
        for u in range(40)
        for day, i in enumerate(rng.permutation(10)[:5])
    ]
    return Facts(train=log_of(rows), n_items=20)


def test_popularity_counts_events_or_shoppers(facts: Facts) -> None:
    assert popularity(facts, {"signal": "purchases", "count": "events"}, None).tolist() == [3, 2, 2, 0, 0]
    assert popularity(facts, {"signal": "purchases", "count": "shoppers"}, None).tolist() == [2, 2, 2, 0, 0]
    assert popularity(facts, {"signal": "purchases", "count": "events"}, 7.0).tolist() == [0, 2, 2, 0, 0]


def test_things_of_one_basket_come_by_recent_demand(log_of: MakeLog) -> None:
    rows = [("a", 0, 1.0), ("a", 1, 1.0), ("b", 1, 9.0), ("c", 1, 9.5)]
    own = Facts(train=log_of(rows), n_items=2)
    ((_, scores),) = OWN_HISTORY.fit(own, [{"signal": "purchases", "half_life_days": 10.0}], 0)
    first, second = scores(np.array([0]))[0].tolist()
    assert first < second == pytest.approx(first, rel=TIE)


def test_own_history_fades(facts: Facts) -> None:
    ((_, scores),) = OWN_HISTORY.fit(facts, [{"signal": "purchases", "half_life_days": 10.0}], 0)
    age = (facts.train.end - np.array([1, 2, 11]) * DAY) / DAY
    assert scores(np.array([0]))[0].tolist() == pytest.approx(
        [2 ** (-age[0] / 10) + 2 ** (-age[1] / 10), 2 ** (-age[2] / 10), 0, 0, 0], rel=TIE
    )
    assert not scores(np.array([-1])).any()


def test_profiles_are_binary_or_fade_from_the_shoppers_own_last_event(facts: Facts) -> None:
    assert facts.profile("purchases").toarray().tolist() == [[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 1, 0, 0]]
    faded = facts.profile("purchases", 9 * DAY).toarray()
    assert faded[0].tolist() == pytest.approx([0.5, 1, 0, 0, 0])
    assert faded[1].tolist() == pytest.approx([0.5, 1, 0, 0, 0])


def test_everything_is_offered_only_where_there_is_more_than_purchases(log_of: MakeLog) -> None:
    assert Facts(train=log_of(ROWS), n_items=5).signals == ("purchases",)
    views = Facts(train=log_of(ROWS, event="view_item"), n_items=5)
    assert views.signals == ("purchases", "everything")
    assert views.profile("everything").toarray()[0].tolist() == pytest.approx([np.log(3), np.log(2), 0, 0, 0])


def test_neighbours_are_the_cosine_with_shrinkage(blocks: Facts) -> None:
    dense = blocks.profile("purchases").toarray().astype(float)
    norm = np.linalg.norm(dense, axis=0)
    expected = dense.T @ dense / (np.outer(norm, norm) + 3.0)
    np.fill_diagonal(expected, 0)
    assert np.allclose(similarity(blocks.profile("purchases"), 20, 3.0).toarray(), expected, atol=1e-6)
    near = similarity(blocks.profile("purchases"), 2, 3.0).toarray()
    for row in range(20):
        kept = np.flatnonzero(near[row])
        assert len(kept) >= 2
        assert near[row][kept].min() >= np.sort(expected[row])[-2] - 1e-6


def test_ease_is_the_closed_form(blocks: Facts) -> None:
    dense = blocks.profile("purchases").toarray().astype(float)
    inverse = np.linalg.inv(dense.T @ dense + 5.0 * np.eye(20))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    assert np.allclose(weights(blocks.profile("purchases"), 5.0), expected, atol=1e-4)


def test_ease_ignores_items_nobody_bought(facts: Facts) -> None:
    ((_, scores),) = EASE.fit(facts, [{"signal": "purchases", "l2": 1.0, "half_life_days": None}], 0)
    assert scores(np.array([0, 1, -1]))[:, 3:].any() == False  # noqa: E712


def test_ease_is_left_out_above_its_limit(facts: Facts) -> None:
    assert EASE.why_not(facts, 3) is None
    assert "more than the limit of 2" in str(EASE.why_not(facts, 2))


@pytest.mark.parametrize(
    "family", [family for family in FAMILIES if "popularity" not in family.name], ids=lambda f: f.name
)
def test_every_personal_baseline_finds_the_camps_and_repeats_itself(family: object, blocks: Facts) -> None:
    grid = family.grid(blocks)[:2]  # type: ignore[attr-defined]
    first = [scores(np.arange(40)) for _, scores in family.fit(blocks, grid, 3)]  # type: ignore[attr-defined]
    again = [scores(np.arange(40)) for _, scores in family.fit(blocks, grid, 3)]  # type: ignore[attr-defined]
    for one, two in zip(first, again, strict=True):
        assert np.array_equal(one, two)
        odd = np.arange(40) % 2 == 1
        assert (one[odd, 10:].mean(1) > one[odd, :10].mean(1)).all()
        assert (one[~odd, :10].mean(1) > one[~odd, 10:].mean(1)).all()


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_no_baseline_tries_more_than_six_or_less_than_one(family: object, facts: Facts) -> None:
    assert 1 <= len(family.grid(facts)) <= 6  # type: ignore[attr-defined]


def test_ials_depends_on_its_seed_only(blocks: Facts) -> None:
    grid = IALS.grid(blocks)[:1]
    one, two = (next(scores(np.arange(4)) for _, scores in IALS.fit(blocks, grid, seed)) for seed in (1, 2))
    assert not np.array_equal(one, two)


def test_ranked_fills_bans_and_breaks_ties_by_row() -> None:
    score = np.array([[0, 2, 0, 2, 5, 0], [0, 0, 0, 0, 0, 0]], np.float32)
    filler = np.array([-0.9, -0.5, -0.1, -0.5, -0.5, -0.2])

    def banned(codes: np.ndarray) -> np.ndarray:
        result = np.zeros((len(codes), 6), bool)
        result[codes == 0, 4] = True
        return result

    lists = ranked(lambda codes: score[codes], np.array([0, 1]), filler, banned, 6)
    assert lists.tolist() == [[1, 3, 2, 5, 0, -1], [2, 5, 1, 3, 4, 0]]
    assert ranked(lambda codes: score[codes], np.array([1]), filler, banned, 9).tolist() == [
        [2, 5, 1, 3, 4, 0, -1, -1, -1]
    ]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [([1, 1], "a repeated item"), ([7], "rows 7 to 7"), ([-1], "rows -1"), ([0, 1, 2, 3], "for n=3")],
)
def test_a_recommender_that_breaks_the_rules_is_named(given: list[int], complaint: str) -> None:
    targets = targets_of(["a"], np.array([1], np.int32), 5.0)
    with pytest.raises(InputError, match=f"'mine'.*'a'.*{complaint}"):
        list(collect(lambda *asked: given, "mine", targets, 3, 5, False))


def test_a_short_list_is_padded_and_the_question_is_passed_on() -> None:
    asked = []

    def recommend(shopper: str, time: float, n: int, exclude_seen: bool) -> list[int]:
        asked.append((shopper, time, n, exclude_seen))
        return [4]

    targets = targets_of(["a"], np.array([1], np.int32), 5.0)
    assert [row.tolist() for row in collect(recommend, "mine", targets, 3, 5, True)] == [[4, -1, -1]]
    assert asked == [("a", 5.0, 3, True)]
