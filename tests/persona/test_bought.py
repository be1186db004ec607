from __future__ import annotations

from likeness.persona.bought import Bought, first_purchase, merge_bought, subtract_bought
from likeness.types import DAY


def bought(*days: float, keep: int = 3) -> Bought:
    made = first_purchase(days[0] * DAY)
    for day in days[1:]:
        made.update(day * DAY, keep)
    return made


def test_the_latest_distinct_days_are_kept_in_order() -> None:
    assert bought(5.0, 1.0, 5.5, 9.0) == Bought(4, 1.0 * DAY, 9.0 * DAY, [1, 5, 9])
    assert bought(5.0, 1.0, 9.0, 7.0).days == [5, 7, 9]
    assert bought(5.0, 7.0, 9.0, 1.0).days == [5, 7, 9]


def test_merging_is_folding_and_leaves_the_inputs() -> None:
    left, right = {"a": bought(1.0, 5.0), "b": bought(2.0)}, {"a": bought(3.0, 9.0)}
    merged = merge_bought(left, right, 3)
    assert merged == {"a": bought(1.0, 5.0, 3.0, 9.0), "b": bought(2.0)}
    merged["b"].update(8.0 * DAY, 3)
    assert left["b"] == bought(2.0)


def test_taking_away_all_purchases_of_an_item_forgets_it() -> None:
    whole = merge_bought({"a": bought(1.0), "b": bought(2.0)}, {"a": bought(3.0)}, 3)
    assert subtract_bought(whole, {"b": bought(2.0), "a": bought(3.0)}) == {"a": Bought(1, DAY, 3 * DAY, [1, 3])}


def test_the_rhythm_is_that_of_days() -> None:
    assert bought(0.0, 10.0, 10.5, 22.0).cadence().gaps() == [10, 12]
    assert bought(4.0).cadence().median_gap() is None
