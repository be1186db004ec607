"""Filter expressions say what they say, and nothing else runs."""

from __future__ import annotations

import pytest

from likeness.errors import FilterError
from likeness.rank.filters import Where
from likeness.types import Catalogue


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("price < 20", ["m1", "m2"]),
        ("8 < price <= 40", ["m2", "l1"]),
        ('category == "Home"', ["m1", "m2", "l1", "x1"]),
        ('category == "Home > Mugs" and available', ["m1", "m2"]),
        ('category == "Mugs"', ["m1", "m2", "x1"]),
        ('category != "Home"', ["t1"]),
        ('brand in ("Acme", "Zen")', ["m1", "m2", "l1"]),
        ('not brand == "Acme"', ["m2", "t1", "x1"]),
        ('colour == "red" or "Tent" in title', ["m1", "t1"]),
        ("band >= 2", ["m2", "l1", "t1"]),
        ('price < "cheap"', []),
        ("True", ["m1", "m2", "l1", "t1", "x1"]),
    ],
)
def test_masks(catalogue: Catalogue, text: str, expected: list[str]) -> None:
    mask = Where(text).mask(catalogue)
    assert [item.item_id for item, hit in zip(catalogue.items, mask, strict=True) if hit] == expected


@pytest.mark.parametrize(
    "text", ["", "price <", "__import__('os')", "price.real", "[x for x in title]", "a is b", "(" * 500]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(FilterError, match="Write something like"):
        Where(text)


@pytest.mark.parametrize("text", ["nope == 3", "price < abc"])
def test_a_name_no_item_has_is_refused(catalogue: Catalogue, text: str) -> None:
    with pytest.raises(FilterError, match="Known names"):
        Where(text).mask(catalogue)
