"""What is learned from and what is asked: no overlap, nothing from later, nothing lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from likeness.errors import InputError, LikenessError
from likeness.evaluate import assert_before, guard, last_out, targets_of_log, time_split
from likeness.evaluate.slices import item_slices, orders, shopper_slices
from likeness.evaluate.splits import inner, new_only, targets_of
from likeness.types import DAY, Catalogue, Interactions

MakeLog = Callable[..., Interactions]

ROWS = [
    ("a", 0, 1.0), ("a", 1, 2.0), ("a", 0, 10.0), ("a", 2, 11.0), ("a", 2, 12.0), ("a", 3, 30.0),
    ("b", 4, 3.0), ("c", 1, 10.0), ("", 3, 10.5), ("d", 2, 9.99),
]  # fmt: skip


def wants(targets: object) -> dict[str, list[int]]:
    return {name: targets.rows[targets.owner == s].tolist() for s, name in enumerate(targets.shoppers)}  # type: ignore[attr-defined]


def test_time_split(log_of: MakeLog) -> None:
    split = time_split(log_of(ROWS), 10 * DAY, 10)
    assert wants(split.targets) == {"a": [0, 2], "c": [1]}  # the cutoff itself is later; day 30 is outside
    assert split.train.time.max() < 10 * DAY
    assert split.train.end == 10 * DAY
    assert len(split.train) == 4
    assert split.targets.time.tolist() == [10 * DAY] * 2
    assert wants(new_only(split, 5)) == {"a": [2], "c": [1]}


def test_last_out(log_of: MakeLog) -> None:
    split = last_out(log_of(ROWS))
    assert wants(split.targets) == {"a": [3]}  # the others bought once and stay whole
    assert len(split.train) == len(ROWS) - 1
    assert split.targets.time.tolist() == [30 * DAY]
    again = inner(split)
    assert wants(again.targets) == {"a": [2]}
    assert wants(new_only(again, 5)) == {}  # bought on day 11 already


def test_inner_window_is_earlier(log_of: MakeLog) -> None:
    split = time_split(log_of(ROWS), 10 * DAY, 5)
    earlier = inner(split)
    assert earlier.cutoff == 5 * DAY
    assert wants(earlier.targets) == {"d": [2]}
    assert earlier.train.time.max() < 5 * DAY


def test_errors_name_the_remedy(log_of: MakeLog) -> None:
    with pytest.raises(InputError, match="last_out"):
        time_split(log_of(ROWS, clock="position"), 10 * DAY, 5)
    with pytest.raises(InputError, match="longer window"):
        time_split(log_of(ROWS), 100 * DAY, 5)
    with pytest.raises(InputError, match="shorter window"):
        time_split(log_of(ROWS), 0.5 * DAY, 5)
    with pytest.raises(InputError, match="longer log"):
        last_out(log_of([("a", 1, 1.0)]))


def test_unknown_items_count_once_each(five_items: Catalogue) -> None:
    pairs = [("a", "i1"), ("a", "gone"), ("a", "gone"), ("a", "lost"), ("b", "gone")]
    targets = targets_of_log(pairs, five_items, 7.0)
    assert targets.wanted.tolist() == [3, 1]
    assert wants(targets) == {"a": [1], "b": []}


def test_guard_catches_looking_ahead(log_of: MakeLog) -> None:
    log = log_of(ROWS)
    assert guard(log, log.end) is log
    with pytest.raises(LikenessError, match=r"look ahead: 6 of 10"):
        guard(log, 10 * DAY)
    with pytest.raises(InputError):
        assert_before(np.array([5.0]), 5.0, "events")  # at the cutoff is too late
    with pytest.raises(InputError):
        assert_before(np.array([1.0, 9.0]), np.array([2.0, 8.0]), "events")  # one cutoff per event


def test_slices(log_of: MakeLog) -> None:
    rows = [("a", 0, float(day)) for day in range(5)] + [("b", 1, 0.0), ("b", 2, 0.0), ("b", 1, 1.0)]
    log = log_of(rows)
    assert orders(log).tolist() == [5, 2]  # two purchases of one day are one order
    targets = targets_of(["a", "b", "z"], np.array([1, 1, 0], np.int32), 0.0)
    found = shopper_slices(log, targets)
    assert {name: np.flatnonzero(part).tolist() for name, part in found.items()} == {
        "cold": [2],
        "warm": [1],
        "heavy": [0],
    }
    head = np.array([True, False, False])
    assert {name: wants(part) for name, part in item_slices(targets, head).items()} == {
        "head": {"z": [0]},
        "tail": {"a": [1], "b": [1]},
    }
