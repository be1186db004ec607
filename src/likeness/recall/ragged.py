"""Ragged: rows of different lengths side by side, of which some can be replaced at the cost of their own length.

A replaced row is written behind the others and its place is looked up anew, so that the value before and the one after
share everything else. The buffers grow by a quarter when they are full, and leave behind what nobody looks at any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from likeness.types import Rows, Vectors

Entries = NDArray[np.int64]
Part = tuple[Rows, Vectors]
"""The columns of one row, ascending, and their values."""


@dataclass(frozen=True)
class Ragged:
    """Sparse rows (n of them); the entries of row i are start[i]:stop[i] of `column` and `value`."""

    start: Entries  # (n,)
    stop: Entries  # (n,)
    column: Rows  # (capacity,)
    value: Vectors  # (capacity,)
    used: int  # entries written when this value was made
    written: list[int]  # one number shared by all values over the same buffers: entries written by any of them

    @classmethod
    def of(cls, matrix: Any) -> Self:
        """Take the entries of a scipy.sparse csr_matrix."""
        matrix = matrix.tocsr()
        matrix.sum_duplicates()
        ends = matrix.indptr.astype(np.int64)
        return cls.packed(ends, matrix.indices.astype(np.int32), matrix.data.astype(np.float32, copy=False))

    @classmethod
    def packed(cls, ends: Entries, column: Rows, value: Vectors) -> Self:
        """Take rows that lie one after the other: row i is ends[i]:ends[i + 1]."""
        return cls(ends[:-1], ends[1:], column, value, len(column), [len(column)])

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.start)

    def row(self, row: int) -> Part:
        """Return the columns and values of one row."""
        here = slice(self.start[row], self.stop[row])
        return self.column[here], self.value[here]

    def entries(self, rows: Rows | Entries) -> tuple[Entries, Entries]:
        """Return (index into rows, index into `column` and `value`) of all entries of `rows`."""
        begin = self.start[rows]
        length = self.stop[rows] - begin
        which = np.repeat(np.arange(len(rows)), length)
        return which, np.arange(len(which)) + np.repeat(begin - (np.cumsum(length) - length), length)

    def holding(self, columns: Rows) -> Entries:
        """Return the rows that have an entry in any of some columns."""
        wanted = np.zeros(int(self.column[: self.used].max(initial=-1)) + 1, bool)
        wanted[columns[columns < len(wanted)]] = True
        entry = np.flatnonzero(wanted[self.column[: self.used]])
        order = np.lexsort((self.stop, self.start))  # an empty row before the one that starts where it does
        row = order[np.maximum(np.searchsorted(self.start[order], entry, side="right") - 1, 0)]
        return np.unique(row[(self.start[row] <= entry) & (entry < self.stop[row])])

    def replaced(self, rows: Sequence[int], parts: Sequence[Part]) -> Self:
        """Return the same rows with some of them (no repeats) replaced; one writer at a time."""
        if not len(rows):
            return self
        ends = self.used + np.cumsum([0, *(len(column) for column, _ in parts)])
        if self.written[0] != self.used or ends[-1] > len(self.column):
            return self._moved(int(ends[-1]) - self.used).replaced(rows, parts)
        self.column[self.used : ends[-1]] = np.concatenate([column for column, _ in parts])
        self.value[self.used : ends[-1]] = np.concatenate([value for _, value in parts])
        self.written[0] = int(ends[-1])
        start, stop = self.start.copy(), self.stop.copy()
        start[rows], stop[rows] = ends[:-1], ends[1:]
        return type(self)(start, stop, self.column, self.value, int(ends[-1]), self.written)

    def compact(self) -> tuple[Entries, Rows, Vectors]:
        """Return (ends, column, value) as `packed` takes them."""
        _, entry = self.entries(np.arange(len(self)))
        ends = np.concatenate([[0], np.cumsum(self.stop - self.start)]).astype(np.int64)
        return ends, self.column[entry], self.value[entry]

    def _moved(self, more: int) -> Self:
        """Return the same rows in buffers of their own, with room for `more` entries and a quarter on top."""
        ends, column, value = self.compact()
        room = len(column) // 4 + more
        grown = np.concatenate([column, np.empty(room, np.int32)]), np.concatenate([value, np.empty(room, np.float32)])
        return type(self)(ends[:-1], ends[1:], *grown, len(column), [len(column)])
