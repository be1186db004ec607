"""Traits: every item's categories, brand and attributes as codes, so that a weight per facet becomes one per item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from likeness.rank.shelf import PATH
from likeness.types import Catalogue, Floats, Rows

Ints = NDArray[np.int64]
Facet = tuple[str, str]  # kind ("category", "brand", "attribute") and value, as personas name them


class Traits:
    """The facets of a catalogue's items; numbered when first asked for, as few shoppers turn anything down."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Keep the catalogue."""
        self._catalogue = catalogue

    @property
    def names(self) -> tuple[Facet, ...]:
        """Return the facet of every code."""
        return self._numbered[0]

    @cached_property
    def count(self) -> Ints:
        """How many items have each facet."""
        return np.bincount(self._numbered[2], minlength=len(self.names))

    def of(self, row: int) -> list[int]:
        """Return the codes of one item, the most special category first."""
        _, start, codes = self._numbered
        return list(map(int, codes[start[row] : start[row + 1]]))

    def heaviest(self, rows: Rows, weights: Mapping[int, float]) -> Floats:
        """Return (n,) the largest of `weights` (code -> weight, at least 0) among the facets of each of `rows`."""
        names, start, codes = self._numbered
        given = np.zeros(len(names) + 1)
        given[list(weights)] = list(weights.values())
        length = start[rows + 1] - start[rows]
        first = np.cumsum(length) - length
        entry = np.arange(int(length.sum())) + np.repeat(start[rows] - first, length)
        out = np.zeros(len(rows))
        some = length > 0
        if some.any():
            out[some] = np.maximum.reduceat(given[codes[entry]], first[some])
        return out

    @cached_property
    def _numbered(self) -> tuple[tuple[Facet, ...], Ints, Ints]:
        """Return (facet of each code, where each row's codes start, codes)."""
        numbers: dict[Facet, int] = {}
        start, codes = [0], list[int]()
        for row in range(len(self._catalogue)):
            codes += [numbers.setdefault(facet, len(numbers)) for facet in facets_of(self._catalogue, row)]
            start.append(len(codes))
        return tuple(numbers), np.array(start, np.int64), np.array(codes, np.int64)


def facets_of(catalogue: Catalogue, row: int) -> Iterator[Facet]:
    """Yield the facets of one item: its category and those above it, brand, attributes."""
    category, brand = int(catalogue.category[row]), int(catalogue.brand[row])
    if category >= 0:
        name = catalogue.category_names[category]
        while name:
            yield "category", name
            name = name.rpartition(PATH)[0]
    if brand >= 0:
        yield "brand", catalogue.brand_names[brand]
    for name, value in sorted(catalogue.items[row].attributes.items()):
        yield "attribute", f"{name}={value}"
