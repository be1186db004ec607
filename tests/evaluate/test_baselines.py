"""The baselines: what they compute by hand or in closed form, and how their lists are made."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from likeness.errors import InputError
from likeness.evaluate.baselines import FAMILIES, Facts, Scores, content_family, sasrec_family
from likeness.evaluate.baselines.ease import EASE, local_weights, weights
from likeness.evaluate.baselines.history import OWN_HISTORY, TIE
from likeness.evaluate.baselines.ials import IALS
from likeness.evaluate.baselines.neighbours import similarity
from likeness.evaluate.baselines.popular import popularity
from likeness.evaluate.baselines.slim import slim
from likeness.evaluate.lists import collect, ranked
from likeness.evaluate.splits import targets_of
from likeness.types import DAY, EVENT_NAMES, Interactions

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
    ((_, scores),) = EASE.fit(facts, [{**EASE.grid(facts)[0], "l2": 1.0}], 0)
    assert scores(np.array([0, 1, -1]))[:, 3:].any() == False  # noqa: E712


@pytest.mark.parametrize("half_life", [None, 3 * DAY])
def test_ease_over_all_companions_is_ease(blocks: Facts, half_life: float | None) -> None:
    profile = blocks.profile("purchases", half_life)
    assert np.allclose(local_weights(profile, 5.0, 19).toarray(), weights(profile, 5.0), atol=1e-5)
    few = local_weights(profile, 5.0, 4)
    assert np.bincount(few.tocoo().col).max() == 4


def test_ease_says_which_way_it_was_solved(blocks: Facts) -> None:
    assert {settings["solver"] for settings in EASE.grid(blocks)} == {"whole"}
    large = replace(blocks, dense_items=19, _made={})
    assert {settings["solver"] for settings in EASE.grid(large)} == {"nearest 256"}
    ((_, near),) = EASE.fit(large, EASE.grid(large)[:1], 0)
    ((_, whole),) = EASE.fit(blocks, EASE.grid(blocks)[:1], 0)
    assert np.allclose(near(np.arange(40)), whole(np.arange(40)), atol=1e-5)


def test_the_inverse_is_made_in_place(blocks: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of columns, and one n x n matrix at a time: 4 bytes per pair of items and a third on top."""
    monkeypatch.setattr("likeness.evaluate.baselines.ease.BLOCK", 64)
    n, rng = 900, np.random.default_rng(0)
    profile = sp.csr_array((rng.random((200, n)) < 0.01).astype(np.float32))
    tracemalloc.start()
    whole = weights(profile, 5.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.35 * 4 * n * n
    dense = profile.toarray().astype(float)
    inverse = np.linalg.inv(dense.T @ dense + 5.0 * np.eye(n))
    assert np.allclose(whole + np.eye(n), np.eye(n) - inverse / np.diag(inverse) + np.eye(n), atol=1e-4)


def test_slim_meets_the_conditions_of_its_minimum(blocks: Facts) -> None:
    """Where a weight is positive the slope is zero, where it is zero the slope is not negative."""
    dense = blocks.profile("purchases").toarray().astype(float)
    found = slim(blocks.profile("purchases"), 0.5, 2.0, 19).toarray()
    gram = dense.T @ dense
    assert not found.diagonal().any() and (found >= 0).all()
    for item in range(20):
        slope = gram @ found[:, item] - gram[:, item] + 2.0 * found[:, item] + 0.5
        slope[item] = 0.0
        assert np.allclose(slope[found[:, item] > 0], 0.0, atol=1e-2)
        assert (slope[found[:, item] == 0] > -1e-2).all()


def test_content_is_the_cosine_to_what_was_wanted(facts: Facts) -> None:
    vectors = np.eye(5, 3, dtype=np.float32)
    vectors[3] = [0.6, 0.8, 0.0]
    vectors[4] = [0.0, 0.0, 1.0]
    family = content_family(vectors)
    ((_, scores),) = family.fit(facts, [{"signal": "purchases", "half_life_days": None}], 0)
    said = scores(np.array([0, -1]))
    assert said[0].tolist() == pytest.approx([0.5**0.5, 0.5**0.5, 0, 1.4 * 0.5**0.5, 0], abs=1e-6)
    assert not said[1].any()
    assert 1 <= len(family.grid(facts)) <= 6


def test_sasrec_is_whatever_is_given_and_left_out_without_it(facts: Facts) -> None:
    asked = []

    def fit_sasrec(log: Interactions, n_items: int, settings: dict[str, float | str | None], seed: int) -> Scores:
        asked.append((len(log), n_items, settings, seed))
        return lambda codes: np.ones((len(codes), n_items), np.float32)

    family = sasrec_family(fit_sasrec)
    grid = family.grid(facts)
    assert 1 <= len(grid) <= 6 and family.why_not(facts) is None
    fitted = list(family.fit(facts, grid[:2], 3))
    assert asked == [(len(facts.train), 5, settings, 3) for settings in grid[:2]]
    assert fitted[0][1](np.array([0])).tolist() == [[1.0] * 5]
    assert sasrec_family(None).why_not(facts) == "it needs torch"


def test_negative_events_lower_what_they_name(log_of: MakeLog) -> None:
    """Everything is signed: a refund takes the purchase away, and rejection without purchase is below silence."""
    bought = log_of([("a", 0, 1.0), ("a", 1, 2.0), ("b", 0, 1.0), ("b", 1, 2.0), ("c", 0, 5.0), ("c", 2, 6.0)])
    event, weight = bought.event.copy(), bought.weight.copy()
    viewed, sent_back = EVENT_NAMES.index("view_item"), EVENT_NAMES.index("not_interested")
    event[4], weight[4], event[5], weight[5] = viewed, 1.0, sent_back, -5.0
    signed = Facts(train=replace(bought, event=event, weight=weight), n_items=3)
    positive = Facts(train=replace(bought, event=event, weight=np.maximum(weight, 0.0)), n_items=3)
    assert signed.signals == ("purchases", "everything")
    assert signed.profile("everything").toarray()[2].tolist() == pytest.approx([np.log(2), 0, -np.log(6)])
    for family in FAMILIES:
        for settings in (s for s in family.grid(signed) if s["signal"] == "everything"):
            ((_, now),), ((_, was),) = (list(family.fit(facts, [settings], 0)) for facts in (signed, positive))
            assert now(np.array([2]))[0, 2] <= was(np.array([2]))[0, 2] + 1e-6, (family.name, settings)


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
