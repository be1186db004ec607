"""Texts, ids and numbers out of anything."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from likeness.files.coerce import ids, number_of, numbers, texts


@pytest.mark.parametrize(
    ("value", "number"),
    [
        *(
            ("1,234.50", 1234.5),
            ("1.234,50", 1234.5),
            ("1,234", 1234.0),
            ("3,5", 3.5),
            ("£3.40", 3.4),
            ("12 USD", 12.0),
        ),
        *(
            ("１２", 12.0),
            ("-4", -4.0),
            ("\u22124", -4.0),
            ("1e3", 1000.0),
            (" 7 ", 7.0),
            (7, 7.0),
            ("1 234,5", 1234.5),
        ),
        *(
            ("three", None),
            ("0x10", None),
            ("1.2.3", None),
            (True, None),
            ([], None),
            ("9" * 500, None),
            (math.inf, None),
        ),
    ],
)
def test_one_number(value: object, number: float | None) -> None:
    assert number_of(value) == number


@pytest.mark.parametrize("make", [list, pa.array], ids=["list", "arrow"])
def test_numbers_name_what_they_cannot_read(make: Any) -> None:
    values, bad = numbers(make(["1", "x", None, "2,5", "", "1e999", "nan"]), 7)
    assert list(bad) == [1, 5]
    assert np.array_equal(values, [1, np.nan, np.nan, 2.5, np.nan, np.nan, np.nan], equal_nan=True)


def test_numbers_of_mixed_and_huge_values() -> None:
    values, bad = numbers([1, 2.5, None, True, [1], 10**400, 1e13, math.inf], 8)
    assert list(bad) == [3, 4, 5, 6, 7]
    assert list(values[:2]) == [1.0, 2.5]
    assert list(numbers([1, 10**400, None], 3)[1]) == [1]


def test_ids_are_texts_without_accidents() -> None:
    values, bad = ids(["a ", "", " null ", "13085.0", "None", 7, 7.0, True, {"a": 1}, 10**300, "\ud800x"], 11)
    assert values.to_pylist() == ["a", None, None, "13085", None, "7", "7", None, None, None, "\ufffdx"]
    assert list(bad) == [7, 8, 9]


def test_texts_of_arrow_types() -> None:
    for column in (
        pa.array(["a", None]),
        pa.array(["a", None], pa.large_string()),
        pa.array(["a", None]).dictionary_encode(),
    ):
        assert texts(column, 2)[0].to_pylist() == ["a", None]
    assert ids(pa.array([13085.0, None]), 2)[0].to_pylist() == ["13085", None]
    assert ids(pa.array([7, None]), 2)[0].to_pylist() == ["7", None]
    assert texts(None, 2)[0].to_pylist() == [None, None]
