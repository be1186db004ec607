from __future__ import annotations

import numpy as np

from likeness.recall.tokens import BANDS, BOUGHT, DISLIKED, GAPS, TOUCHED, tokens_of
from likeness.types import DAY

BANDS_OF = np.array([0, 4, -1, 2], np.int32)


def made(clock: str = "time"):  # type: ignore[no-untyped-def]
    owner, row = np.array([1, 0, 0, 0]), np.array([3, 1, 2, 0])
    last, bought, weight = np.array([5.0, 3 * DAY, 3 * DAY, 0.0]), np.array([0.0, 1, 0, 2]), np.array([1.0, 5, 1, -1])
    return tokens_of(owner, row, last, bought, weight, bands=BANDS_OF, clock=clock)  # type: ignore[arg-type]


def test_oldest_first_and_the_higher_row_first_in_a_tie() -> None:
    assert made().owner.tolist() == [0, 0, 0, 1]
    assert made().row.tolist() == [0, 2, 1, 3]


def test_kinds_and_bands() -> None:
    assert made().kind.tolist() == [DISLIKED, TOUCHED, BOUGHT, TOUCHED]
    assert made().band.tolist() == [1, 0, 5, 3]
    assert made().band.max() < BANDS


def test_gaps_are_since_the_token_before() -> None:
    assert made().gap.tolist() == [0, 5, 1, 0]  # three days, the same moment
    assert made("position").gap.tolist() == [0, 0, 0, 0]
    far = tokens_of(
        np.zeros(2, np.int64),
        np.arange(2),
        np.array([0.0, 999 * DAY]),
        np.ones(2),
        np.ones(2),
        bands=BANDS_OF,
        clock="time",
    )
    assert far.gap.max() == GAPS - 1


def test_of_nothing_there_is_nothing() -> None:
    none = np.empty(0)
    empty = none.astype(np.int64)
    assert not len(tokens_of(empty, empty, none, none, none, bands=BANDS_OF, clock="time").row)
