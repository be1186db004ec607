from __future__ import annotations

import pytest

from likeness.stats import Distinct
from likeness.stats.hashing import hash64, hash_rows


@pytest.mark.parametrize("precision", [8, 12])
@pytest.mark.parametrize("n", [1, 10, 100, 1000, 20_000])
def test_estimates_stay_within_four_standard_errors(precision, n):
    x = Distinct(precision)
    for i in range(n):
        x.update(f"visitor {i}")
        x.update(f"visitor {i // 2}")
    assert x.estimate() == pytest.approx(n, rel=4.0 * x.standard_error(), abs=0.5)


def test_nothing_is_zero():
    assert Distinct().estimate() == 0.0


def test_sparse_until_one_register_in_eight():
    x = Distinct(8)
    for i in range(20):
        x.update(str(i))
    assert x.sparse and not x.dense
    for i in range(100):
        x.update(str(i))
    assert x.dense and not x.sparse


def test_the_hash_is_the_same_everywhere():
    assert hash64("likeness") == 1519834121812330036
    assert hash_rows("likeness", 1000) == [531, 618, 3, 343]


def test_precision_has_limits():
    for precision in (3, 19):
        with pytest.raises(ValueError, match="4 to 18"):
            Distinct(precision)
