"""Counts: the pairs that are remembered between a fit and the events that come after it, bounded per item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from likeness.errors import StoreError
from likeness.recall.company import Company, Matrix
from likeness.recall.ragged import Part, Ragged
from likeness.types import Catalogue, Floats, Rows, Vectors

KNOWN = 800  # companions of an item that are remembered
LEADING = 256  # items remembered of those that lead to an item
ROUNDING = 1e-5  # of a count: what is left of less when all of it was taken back
ROOM = 1.25  # how far both may grow until the furthest are forgotten
FILE = "counts.safetensors"
KEYS = ("ends", "column", "value")


@dataclass(frozen=True)
class Counts:
    """Pairs as of the moment they were first counted; `faded` is what has become of one of them since."""

    both: Ragged  # (n rows) companions without the item itself
    towards: Ragged  # (n rows) the items that lead to each item
    own: Floats  # (n,) how often each item was wanted
    faded: float = 1.0

    @classmethod
    def of(cls, company: Company) -> Self:
        """Keep the nearest pairs."""
        own = np.asarray(company.both.diagonal(), np.float64)
        rarity = _rarity(own)
        towards = company.later.T.tocsr()
        return cls(_pruned(company.both.tocsr(), rarity, KNOWN), _pruned(towards, rarity, LEADING), own)

    @property
    def rarity(self) -> Floats:
        """Return (n,): what a pair with each item is worth, so that everybody's companions are not the nearest."""
        return _rarity(self.own)

    def plus(self, rows: Rows, news: Company, faded: float) -> Self:
        """Return the counts with `news` over `rows` (m,) added; `faded` is what one pair has become by now."""
        own = self.own.copy()
        own[rows] = np.maximum(own[rows] + news.both.diagonal(), 0.0)
        rarity = _rarity(own)
        return replace(
            self,
            both=_added(self.both, rows, news.both, rarity, KNOWN),
            towards=_added(self.towards, rows, news.later.T.tocsr(), rarity, LEADING),
            own=own,
            faded=faded,
        )

    def save(self, folder: Path) -> None:
        """Write one file into an existing folder."""
        tensors: dict[str, NDArray[Any]] = {"own": self.own, "faded": np.array([self.faded])}
        for name, part in (("both", self.both), ("towards", self.towards)):
            ends, column, value = part.compact()
            tensors |= {f"{name}.ends": ends, f"{name}.column": column, f"{name}.value": value}
        save_file(tensors, folder / FILE)

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing, damaged or of another catalogue."""
        try:
            saved = load_file(folder / FILE)
            both, towards = (Ragged.packed(*(saved[f"{name}.{key}"] for key in KEYS)) for name in ("both", "towards"))
            counts = cls(both, towards, saved["own"], float(saved["faded"][0]))
        except (OSError, SafetensorError, KeyError) as broken:
            raise StoreError(f"{folder / FILE} cannot be read: {broken}.", remedy="Fit the shop again.") from broken
        if len(counts.own) != len(catalogue):
            found = f"{len(counts.own)} items, the catalogue {len(catalogue)}"
            raise StoreError(f"the counts in {folder} are of {found}.", remedy="Fit the shop again.")
        return counts


def nearest(item: int, column: Rows, value: Vectors, rarity: Floats, most: int) -> NDArray[np.int64]:
    """Return where the `most` largest of value x rarity[column] lie, the item itself left out; ties by column."""
    kept = np.flatnonzero(column != item)
    if len(kept) <= most:
        return kept
    nearness = value[kept] * rarity[column[kept]]
    least = np.partition(nearness, -most)[-most]
    kept, nearness = kept[nearness >= least], nearness[nearness >= least]
    nearer: NDArray[np.int64] = kept[np.lexsort((column[kept], -nearness))[:most]]
    return nearer


def _rarity(own: Floats) -> Floats:
    return np.asarray(1.0 / np.sqrt(own + 1e-9))


def _pruned(matrix: Matrix, rarity: Floats, most: int) -> Ragged:
    """Return the nearest entries of each row, by column."""
    matrix.sum_duplicates()
    chosen = list(_chosen(matrix, rarity, most))
    ends = np.cumsum([0, *map(len, chosen)])
    every = np.concatenate([np.empty(0, np.int64), *chosen])
    return Ragged.of(sp.csr_matrix((matrix.data[every], matrix.indices[every], ends), shape=matrix.shape))


def _chosen(matrix: Matrix, rarity: Floats, most: int) -> Iterator[NDArray[np.int64]]:
    for row in range(matrix.shape[0]):
        here = slice(matrix.indptr[row], matrix.indptr[row + 1])
        found = nearest(row, matrix.indices[here], matrix.data[here], rarity, most)
        yield np.sort(found) + matrix.indptr[row]


def _added(ragged: Ragged, rows: Rows, news: Matrix, rarity: Floats, most: int) -> Ragged:
    """Return `ragged` with news (m, m) over `rows` added; a row that outgrows its room keeps its nearest."""
    news.eliminate_zeros()
    touched, parts = [], []
    for local in np.flatnonzero(np.diff(news.indptr)):
        row, here = int(rows[local]), slice(news.indptr[local], news.indptr[local + 1])
        column, value = _sum(ragged.row(row), rows[news.indices[here]], news.data[here], row)
        if len(column) > most * ROOM:
            kept = np.sort(nearest(row, column, value, rarity, most))
            column, value = column[kept], value[kept]
        touched.append(row)
        parts.append((column, value))
    return ragged.replaced(touched, parts)


def _sum(part: Part, column: Rows, value: Vectors, item: int) -> Part:
    """Return a row with more added to it, without the item itself and without what has come to nothing."""
    column, value = column[column != item], value[column != item]
    order = np.argsort(column)
    column, value = column[order].astype(np.int32), value[order]
    at = np.searchsorted(part[0], column)
    known = at < len(part[0])
    known[known] = part[0][at[known]] == column[known]
    total = part[1].copy()
    total[at[known]] += value[known]
    total[total < ROUNDING * part[1]] = 0.0
    more = ~known & (value > 0)
    columns, values = np.insert(part[0], at[more], column[more]), np.insert(total, at[more], value[more])
    return columns[values > 0], values[values > 0]
