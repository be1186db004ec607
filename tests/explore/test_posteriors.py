"""Posteriors are decayed sums per key: the same in any order and split, equal to the scalar Beta, places taken out."""

from __future__ import annotations

from math import exp2
from pathlib import Path

import numpy as np
import pytest

from likeness.errors import StoreError
from likeness.explore import outcomes
from likeness.explore.posteriors import CLICKS, EXPECTED, LOOKS, PURCHASES, Posteriors, beta, lift, lifted
from likeness.stats import Beta
from likeness.types import Event, Query, Slate, SlateItem

DAY = 86_400.0
LOOK = np.array([1.0, 0.5, 0.25])


def slate(request: str, items: str, time: float = 0.0) -> Slate:
    places = tuple(SlateItem(item_id=i, rank=k + 1, score=0.1, propensity=1.0) for k, i in enumerate(items))
    return Slate(request_id=request, shop_id="s", query=Query(time=time), model="m", items=places)


def event(request: str, item: str, name: str = "select_item", time: float = 1.0) -> Event:
    return Event(event_id=f"{request}{item}{name}{time}", event=name, time=time, item_id=item, request_id=request)


def random_log(n: int) -> list[tuple[str, str, float, float]]:
    rng = np.random.default_rng(3)
    names = ("looks", "expected", "clicks", "purchases")
    return [
        (f"k{rng.integers(9)}", names[rng.integers(4)], float(rng.random()), float(rng.random() * 30 * DAY))
        for _ in range(n)
    ]


def folded(log: list[tuple[str, str, float, float]]) -> Posteriors:
    found = Posteriors(7 * DAY)
    for key, name, amount, time in log:
        found.add(key, name, amount, time=time)
    return found


def read(posteriors: Posteriors, time: float = 40 * DAY) -> dict[str, list[float]]:
    keys = sorted(posteriors.row_of)
    return {key: posteriors.at(posteriors.rows([key]), time)[0].tolist() for key in keys}


def assert_same(one: Posteriors, other: Posteriors) -> None:
    ours, theirs = read(one), read(other)
    assert ours.keys() == theirs.keys()
    for key in ours:
        assert ours[key] == pytest.approx(theirs[key], rel=1e-9, abs=1e-12)


def test_any_order_and_split_is_the_same() -> None:
    log = random_log(300)
    whole = folded(log)
    assert_same(folded(log[::-1]), whole)
    assert_same(folded(log[:100]).merge(folded(log[200:])).merge(folded(log[100:200])), whole)
    assert_same(whole.merge(Posteriors(7 * DAY)), whole)
    assert_same(Posteriors(7 * DAY).merge(whole), whole)
    left = whole.subtract(folded(log[:100]))
    assert_same(left, folded(log[100:]).merge(folded([(k, "looks", 0.0, 0.0) for k in whole.row_of])))


def test_it_is_the_columnar_form_of_beta() -> None:
    scalar, columns = Beta((7 * DAY,), prior=(2.0, 18.0)), Posteriors(7 * DAY)
    rng = np.random.default_rng(0)
    for time in rng.random(40) * 30 * DAY:
        clicked = float(rng.random() < 0.3)
        scalar.update(clicked, time=time)
        columns.add("x", "looks", 1.0, time=time)
        columns.add("x", "clicks", clicked, time=time)
    a, b = beta(columns.at(columns.rows(["x"]), 31 * DAY), np.array([0.1]), strength=20.0)
    assert (a[0], b[0]) == pytest.approx(scalar.at(31 * DAY)[0])


def test_amounts_halve_with_the_half_life() -> None:
    found = Posteriors(DAY)
    found.add("x", "clicks", 8.0, time=0.0)
    assert found.at(found.rows(["x"]), 3 * DAY)[0, CLICKS] == pytest.approx(1.0)
    found.add("x", "clicks", 1.0, time=-DAY)  # late
    assert found.at(found.rows(["x"]), 0.0)[0, CLICKS] == pytest.approx(8.5)


def test_unknown_keys_are_nothing() -> None:
    found = Posteriors(DAY)
    assert found.at(found.rows(["x"]), 0.0).tolist() == [[0.0] * 4]
    a, b = beta(found.at(found.rows(["x"]), 0.0), np.array([0.25]), strength=8.0)
    assert (a[0], b[0]) == (2.0, 6.0)


def test_places_are_taken_out() -> None:
    """An item shown below and one shown on top that are liked alike get the same mean."""
    rng, found = np.random.default_rng(1), Posteriors(np.inf)
    for _ in range(20_000):
        for key, look in (("top", 1.0), ("low", 0.25)):
            found.add(key, "looks", look, time=0.0)
            found.add(key, "clicks", float(rng.random() < 0.2 * look), time=0.0)
    a, b = beta(found.at(found.rows(["top", "low"]), 0.0), np.array([0.1, 0.1]), strength=10.0)
    assert a / (a + b) == pytest.approx([0.2, 0.2], abs=0.01)


def test_lift_by_hand() -> None:
    sums = np.zeros((1, 4))
    sums[0, EXPECTED], sums[0, CLICKS] = 2.0, 5.0
    shape, rate = lift(sums, 1.5, strength=3.0)
    assert (shape[0], rate[0]) == (8.0, 4.0)  # 3 + 5 clicks over 3 / 1.5 + 2 expected: twice as good as thought
    a, b = lifted(np.array([0.1]), shape, rate)
    assert a[0] / (a[0] + b[0]) == pytest.approx(0.2)


def test_saved_and_loaded_it_goes_on(tmp_path: Path) -> None:
    whole = folded(random_log(200))
    whole.save(tmp_path / "p.parquet")
    loaded = Posteriors.load(tmp_path / "p.parquet")
    assert loaded.half_life == whole.half_life
    assert read(loaded) == read(whole)
    with pytest.raises(StoreError):
        Posteriors.load(tmp_path / "nowhere.parquet")


def test_a_place_is_answered_once() -> None:
    events = {
        "r": [
            event("r", "b"),
            event("r", "b", time=2.0),
            event("r", "b", "purchase", 3.0),
            event("r", "z"),
            event("q", "a"),
        ]
    }
    found = outcomes.fold([slate("r", "abc")], events, LOOK, np.inf)
    sums = found.at(found.rows("abc"), 9.0)
    assert sums[:, LOOKS].tolist() == [1.0, 0.5, 0.25]
    assert sums[:, CLICKS].tolist() == [0.0, 1.0, 0.0]
    assert sums[:, PURCHASES].tolist() == [0.0, 1.0, 0.0]
    assert "z" not in found.row_of


def test_live_is_batch() -> None:
    slates = [slate("r", "abc", 0.0), slate("s", "ba", DAY)]
    events = [
        event("r", "b", time=5.0),
        event("s", "a", time=DAY + 1),
        event("r", "b", "purchase", DAY + 2),
        event("r", "b", time=DAY + 3),
    ]
    cited = {r: [e for e in events if e.request_id == r] for r in "rs"}
    live = Posteriors(7 * DAY)
    for one in slates:
        outcomes.show(live, one, LOOK, expects=lambda _, place: place.score)
    known: list[Event] = []
    for e in events:
        of = next(one for one in slates if one.request_id == e.request_id)
        outcomes.answer(live, of, outcomes.answers(of, [e], known=[k for k in known if k.request_id == e.request_id]))
        known.append(e)
    assert_same(live, outcomes.fold(slates, cited, LOOK, 7 * DAY, expects=lambda _, place: place.score))


def test_keys_may_be_anything() -> None:
    found = outcomes.fold(
        [slate("r", "ab")], {}, LOOK, np.inf, keys=lambda _, p: (p.item_id, f"segment/{p.item_id}", "all")
    )
    assert sorted(found.row_of) == ["a", "all", "b", "segment/a", "segment/b"]
    assert found.at(found.rows(["all"]), 0.0)[0, LOOKS] == 1.5


def test_settings_are_checked() -> None:
    with pytest.raises(ValueError, match="half_life"):
        Posteriors(0.0)
    with pytest.raises(ValueError, match="half-lives"):
        Posteriors(1.0).merge(Posteriors(2.0))
    with pytest.raises(ValueError, match="strength"):
        beta(np.zeros((1, 4)), np.array([0.1]), strength=0.0)
    assert exp2(1) == 2
