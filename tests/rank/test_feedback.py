"""Feedback: what was turned down is gone, what is like it stands lower, and nobody else is touched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from likeness.rank.feedback import STRENGTH, Feedback, rejected
from likeness.rank.traits import Traits
from likeness.types import DAY, Catalogue, Item, Rows, Taste, Vectors

LEAVES = ("Home > Mugs", "Home > Pots", "Toys", "Garden")
N = 40
HALF_LIVES = (3600.0, 7 * DAY, 90 * DAY)
ALL: Rows = np.arange(N, dtype=np.int32)
SCORES = np.linspace(3.0, 1.0, N)


def shelf() -> Catalogue:
    """Items stand on the four shelves in turn, have two brands in turn, and colours that only some share."""
    row = np.arange(N)
    return Catalogue(
        items=tuple(
            Item(item_id=f"i{k}", title=f"thing {k}", attributes={"colour": f"c{k % 7}"} if k % 2 else {})
            for k in range(N)
        ),
        category=(row % 4).astype(np.int32),
        category_names=LEAVES,
        brand=np.where(row % 5 == 0, -1, row % 3).astype(np.int32),
        brand_names=("Acme", "Best", "Cozy"),
        price=np.ones(N),
        band=np.zeros(N, np.int32),
        percentile=np.full(N, 0.5),
        available=np.ones(N, np.bool_),
    )


def vectors() -> Vectors:
    """Texts that say nothing but which shelf an item is on, and a little of its own."""
    own = np.hstack([np.eye(4)[np.arange(N) % 4], 0.5 * np.eye(N)])
    return (own / np.linalg.norm(own, axis=1, keepdims=True)).astype(np.float32)


def taste_of(
    weights: dict[int, float], *, age: float = 0.0, bought: tuple[int, ...] = (), facets: bool = True
) -> Taste:
    """Return the taste of one event of such a weight per item, `age` seconds ago, with the facets of that."""
    catalogue, time = shelf(), 1000 * DAY
    traits, said = Traits(catalogue), dict[str, dict[str, np.ndarray]]()
    decayed = {row: weight * np.exp2(-age / np.array(HALF_LIVES)) for row, weight in weights.items()}
    for row, weight in decayed.items() if facets else ():
        for code in traits.of(row):
            kind, value = traits.names[code]
            held = said.setdefault(kind, {})
            held[value] = held.get(value, 0.0) + weight
    rows = np.array(list(weights), np.int32)
    last, counted = np.full(len(rows), time - age), np.isin(rows, bought).astype(float)
    return Taste(
        shopper="u",
        time=time,
        half_lives=HALF_LIVES,
        rows=rows,
        weights=np.array(list(decayed.values())).reshape(len(rows), 3),
        count=np.ones(len(rows)),
        first=last,
        last=last,
        bought=counted,
        first_bought=last,
        last_bought=last,
        facets=said,
    )


@pytest.fixture(scope="module")
def feedback() -> Feedback:
    return Feedback(shelf(), vectors())


def row(*rows: int) -> Rows:
    return np.array(rows, np.int32)


def test_what_weighs_less_than_nothing_is_rejected_and_stays_so() -> None:
    for age in (0.0, DAY, 900 * DAY):
        assert rejected(taste_of({3: -4.0, 7: 5.0, 8: 0.0}, age=age)).tolist() == [3]
    assert not len(rejected(taste_of({3: -4.0 + 5.0})))
    assert not len(rejected(taste_of({})))


def test_the_latest_word_counts_whatever_was_liked_before() -> None:
    loved = taste_of({3: 20.0, 5: 4.0, 6: 9.0, 9: -1.0}, bought=(3, 5, 6))
    loved = replace(loved, bought=np.array([4.0, 1.0, 1.0, 0.0]))
    said = {"not_interested": row(3), "refund": row(5), "review": row(6), "purchase": row(9)}
    assert rejected(loved, said).tolist() == [3, 5]  # badly reviewed is buried, a yes outweighs an older no
    assert rejected(loved, {"refund": row(3)}).tolist() == [9]  # one of four purchases sent back is no refusal
    assert rejected(loved, said, asked=True).tolist() == [3]


def test_hidden_stays_hidden_where_nothing_else_may_be_read() -> None:
    assert rejected(taste_of({}), {"not_interested": row(2)}).tolist() == [2]


def test_who_turned_nothing_down_is_left_alone(feedback: Feedback) -> None:
    for taste in (taste_of({}), taste_of({1: 5.0, 2: 1.0})):
        done = feedback(ALL, SCORES, taste)
        assert not done.adjustment.any() and done.reasons(3) == ()
    assert feedback(ALL[:0], SCORES[:0], taste_of({1: -4.0})).adjustment.shape == (0,)


def test_what_is_like_it_stands_lower_and_the_rest_where_it_stood(feedback: Feedback) -> None:
    done = feedback(ALL, SCORES, taste_of({0: -4.0}))
    of_shelf, of_house = np.arange(N) % 4 == 0, np.arange(N) % 4 < 2
    assert (done.adjustment <= 0).all() and (done.adjustment[of_shelf] < 0).all()
    assert done.adjustment[of_shelf].max() < done.adjustment[~of_shelf].min()
    assert not done.adjustment[~of_house].any()  # another department, another brand
    assert done.adjustment.min() >= -STRENGTH * SCORES.std()
    untouched = ALL[~of_house]
    assert (np.argsort(-(SCORES + done.adjustment)[untouched]) == np.arange(len(untouched))).all()


def test_brand_and_attribute_count_too(feedback: Feedback) -> None:
    taste = taste_of({1: -4.0})
    for kind in ("brand", "attribute"):
        only = replace(taste, facets={kind: taste.facets[kind]})
        done, unlike = feedback(ALL, SCORES, only), np.arange(N) % 4 != 1
        moved = unlike & (done.adjustment < 0)
        shared = [k for k in range(N) if unlike[k] and set(Traits(shelf()).of(k)) & set(Traits(shelf()).of(1))]
        assert moved.any() and set(np.flatnonzero(moved)) <= set(shared)
        assert done.reasons(int(np.flatnonzero(moved)[0]))[0].name == f"disliked: {next(iter(taste.facets[kind]))}"


def test_a_facet_liked_on_the_whole_is_no_dislike(feedback: Feedback) -> None:
    only_facets = Feedback(shelf(), np.zeros((N, 4), np.float32))
    assert not only_facets(ALL, SCORES, taste_of({0: -4.0, 4: 5.0, 8: 5.0, 15: 1.0})).adjustment[12]
    assert only_facets(ALL, SCORES, taste_of({0: -4.0})).adjustment[12] < 0


def test_who_likes_others_like_it_turned_down_the_thing_and_not_its_kind() -> None:
    only_texts = Feedback(replace(shelf(), category=np.full(N, -1, np.int32)), vectors())
    alone = only_texts(ALL, SCORES, taste_of({0: -4.0}, facets=False)).adjustment
    fan = only_texts(ALL, SCORES, taste_of({0: -4.0, 4: 20.0}, facets=False)).adjustment
    assert alone[8] < 0.0 == fan[8]


def test_it_fades_with_the_half_lives_and_grows_with_every_no(feedback: Feedback) -> None:
    by = [feedback(ALL, SCORES, taste_of({0: -4.0}, age=age)).adjustment[4] for age in (0.0, 90 * DAY, 900 * DAY)]
    assert by[0] < by[1] < by[2] < 0
    assert feedback(ALL, SCORES, taste_of({0: -4.0, 8: -4.0})).adjustment[4] < by[0]


def test_it_is_in_units_of_the_spread_and_one_item_scores_as_among_others(feedback: Feedback) -> None:
    taste = taste_of({0: -4.0})
    one, ten = feedback(ALL, SCORES, taste).adjustment, feedback(ALL, 10 * SCORES + 5, taste).adjustment
    np.testing.assert_allclose(ten, 10 * one)
    flipped = feedback(ALL[::-1], SCORES[::-1], taste).adjustment
    np.testing.assert_allclose(flipped[::-1], one, rtol=1e-5, atol=1e-7)


def test_badly_reviewed_is_buried_but_not_gone(feedback: Feedback) -> None:
    taste, said = taste_of({4: 1.0}, bought=(4,)), {"review": row(4)}
    done = feedback(ALL, SCORES, taste, said)
    assert 4 not in rejected(taste, said)
    assert done.adjustment[4] == pytest.approx(-STRENGTH * SCORES.std())
    assert done.adjustment[4] < done.adjustment[8] < 0  # of the same shelf, mildly
    assert not feedback(ALL, SCORES, taste).adjustment.any()


def test_every_move_has_its_reason(feedback: Feedback) -> None:
    done = feedback(ALL, SCORES, taste_of({0: -4.0, 3: 5.0}))
    for place in range(N):
        reasons = done.reasons(place)
        assert len(reasons) == (done.adjustment[place] < 0)
        for reason in reasons:
            assert reason.kind == "rule" and reason.because == "i0"
            assert reason.contribution == done.adjustment[place]
            assert reason.name in {"disliked: Mugs", "disliked: Home", "disliked: thing 0", "disliked: Acme"}


def test_traits_are_the_facets_that_personas_name() -> None:
    traits = Traits(shelf())
    assert {traits.names[code] for code in traits.of(1)} == {
        ("category", "Home"),
        ("category", "Home > Pots"),
        ("brand", "Best"),
        ("attribute", "colour=c1"),
    }
    for code, facet in enumerate(traits.names):
        assert traits.count[code] == sum(facet in [traits.names[c] for c in traits.of(k)] for k in range(N))
    weights = {0: 0.5, 3: 0.25}
    expected = [max([weights.get(code, 0.0) for code in traits.of(k)], default=0.0) for k in range(N)]
    assert traits.heaviest(ALL, weights).tolist() == expected
    assert Traits(replace(shelf(), items=(), category=row(), brand=row())).heaviest(row(), {}).shape == (0,)
