"""Themes: categories for items that came without any, induced from their titles and from what is bought together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from likeness.catalog.clusters import group, low_rank, unit_rows
from likeness.catalog.names import Shelf, name_group
from likeness.catalog.titles import Titles, read_titles
from likeness.seeds import rng_of
from likeness.types import Rows

Ints = NDArray[np.int64]

_DIM = 64
_MOST_THEMES = 128
_MOST_PAIRS = 1_000_000  # of (item, basket); the latest baskets are kept
_TOGETHER = 0.3  # weight of what is bought together beside the title's 1
_TRAIT = 0.25  # weight of a word that never ends a phrase
_LONGEST_NAME = 60  # characters


@dataclass(frozen=True)
class Baskets:
    """Which items went together: one pair per item of a basket, repeats allowed."""

    item: Ints  # (p,) row of the item
    basket: Ints  # (p,) code of the basket, growing with time


@dataclass(frozen=True)
class Themes:
    """A theme for every item."""

    code: Rows  # (n,) code into names, -1 for an item with neither title nor company
    names: tuple[str, ...]  # in ascending order, no repeats


def induce_themes(titles: Sequence[str], ids: Sequence[str], baskets: Baskets) -> Themes:
    """Return about sqrt(n) themes of n items, at most 128, each named by the words that set it apart.

    TF-IDF of title words, weighted by how often a word names a thing, beside TF-IDF of baskets; a low-rank picture of
    both; spherical k-means in it. Groups that get the same name are one theme. A group without words is named after
    its most central item. The same input gives the same themes.
    """
    read = read_titles(titles)
    matrix = sp.hstack([_words(read), _TOGETHER * _company(baskets, len(titles))]).tocsr()
    rng = rng_of("themes", len(titles))
    with threadpool_limits(1, "blas"):  # matrices this thin only make threads wait; and one order of sums
        vectors = low_rank(matrix, min(_DIM, *matrix.shape), rng) if matrix.nnz else np.zeros((len(titles), 1))
        code, cosine = group(vectors, min(_MOST_THEMES, max(1, round(math.sqrt(len(titles))))), rng)
    shelf = Shelf(read)
    named: dict[int, str] = {}
    for group_code in range(int(code.max(initial=-1)) + 1):
        members = np.flatnonzero(code == group_code)
        if len(members):
            central = int(members[np.argmax(cosine[members])])
            name = name_group(shelf, members.tolist()) or titles[central].strip() or ids[central]
            named[group_code] = name[:_LONGEST_NAME]
    names = sorted(set(named.values()))
    place = np.full(max(named, default=-1) + 2, -1, dtype=np.int32)  # the last place answers for -1
    for group_code, name in named.items():
        place[group_code] = names.index(name)
    return Themes(place[code], tuple(names))


def _words(titles: Titles) -> Any:
    """Return (n, words) unit rows: rarer words weigh more, and so do words that name things."""
    place = {stem: i for i, stem in enumerate(sorted(stem for stem, n in titles.count.items() if n > 1))}
    held = [{stem for segment in segments for stem in segment if stem in place} for segments in titles.segments]
    rows = np.repeat(np.arange(len(held)), [len(stems) for stems in held])
    columns = np.array([place[stem] for stems in held for stem in sorted(stems)], dtype=np.int64)
    counts = sp.csr_array((np.ones(len(columns)), (rows, columns)), shape=(len(held), len(place)))
    weight = np.array([_weight(titles, stem) for stem in place])
    return unit_rows(counts @ sp.diags_array(weight)) if len(place) else counts


def _weight(titles: Titles, stem: str) -> float:
    return math.log((1 + len(titles.segments)) / titles.count[stem]) * (_TRAIT + titles.head[stem])


def _company(baskets: Baskets, n: int) -> Any:
    """Return (n, baskets) unit rows: a basket of few items says more about each of them."""
    width = int(baskets.basket.max(initial=-1)) + 1
    pairs = sp.coo_array((np.ones(len(baskets.item)), (baskets.item, baskets.basket)), shape=(n, width)).tocsc()
    pairs.data[:] = 1.0  # a basket holds an item or does not
    size = np.diff(pairs.indptr)
    telling = np.flatnonzero((size > 1) & (np.cumsum(size[::-1])[::-1] <= _MOST_PAIRS))
    size = size[telling]
    return unit_rows(pairs[:, telling] @ sp.diags_array(np.log(1 + n / size) / np.sqrt(size))) if len(size) else pairs
