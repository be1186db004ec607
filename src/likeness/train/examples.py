"""Examples: what each shopper came to next, after all that came before, packed so that padding costs little."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from likeness.recall.tokens import BOUGHT, DISLIKED, Ints, Tokens, chosen_tokens, tokens_of
from likeness.types import EVENT_NAMES, Floats, Interactions

PURCHASE = EVENT_NAMES.index("purchase")
LOOKED = 0.3  # what a target counts that was only looked at, a purchase counting 1
N = TypeVar("N", np.int64, np.float64)
NOWHERE = -1  # the target of a place that asks nothing, and the segment of padding


class Batch(NamedTuple):
    """R rows of P places; several histories lie in one row, each with a segment number of its own."""

    row: Ints  # (R, P) catalogue row, 0 in padding
    kind: Ints
    gap: Ints
    band: Ints
    segment: Ints  # NOWHERE in padding
    target: Ints  # the catalogue row that came next, NOWHERE where none did
    weight: NDArray[np.float32]  # (R, P) of the target


@dataclass(frozen=True)
class Sequences:
    """Tokens in runs, one run a history: start[k]:start[k + 1]."""

    tokens: Tokens
    start: Ints  # (s + 1,)

    def __len__(self) -> int:
        """Return the number of histories."""
        return len(self.start) - 1

    def lengths(self) -> Ints:
        """Return the number of tokens of each history."""
        return np.diff(self.start)

    def taken(self, entries: Ints) -> Sequences:
        """Return the same histories with only some of their tokens, those left without any going."""
        return runs(chosen_tokens(self.tokens, entries))


def runs(tokens: Tokens) -> Sequences:
    """Return tokens, sorted by owner, as one history per owner."""
    breaks = np.flatnonzero(np.diff(tokens.owner, prepend=np.int64(-1)))
    return Sequences(tokens, np.append(breaks, len(tokens.owner)))


def sequences(log: Interactions, bands: NDArray[np.int32]) -> Sequences:
    """Return the history of every known shopper of a log, as it stands at the log's end."""
    kept = np.flatnonzero((log.shopper >= 0) & (log.row >= 0) & (log.weight != 0))
    n_items = len(bands)
    cell, place = np.unique(log.shopper[kept].astype(np.int64) * n_items + log.row[kept], return_inverse=True)
    last = np.full(len(cell), -np.inf)
    np.maximum.at(last, place, log.time[kept])
    bought = np.bincount(place, log.event[kept] == PURCHASE, minlength=len(cell)).astype(np.float64)
    weight = np.bincount(place, log.weight[kept], minlength=len(cell)).astype(np.float64)
    width = max(n_items, 1)
    tokens = tokens_of(cell // width, cell % width, last, bought, weight, bands=bands, clock=log.clock)
    return runs(tokens)


def without_last(told: Sequences, chosen: NDArray[np.bool_]) -> tuple[Sequences, Sequences, Ints]:
    """Return all histories with the last token of each `chosen` one (s,) taken off; those alone; and what was taken."""
    ends = told.start[1:] - 1
    taken = np.zeros(len(told.tokens.owner), bool)
    taken[ends[chosen]] = True
    rest = told.taken(np.flatnonzero(~taken))
    asked = np.repeat(chosen, told.lengths()) & ~taken
    return rest, told.taken(np.flatnonzero(asked)), told.tokens.row[ends[chosen]]


def shuffled_ties(told: Sequences, rng: np.random.Generator) -> Sequences:
    """Return the histories with tokens of one moment in random order: a basket has none of its own.

    Gaps stay where they were: inside a basket they are the same whoever stands there.
    """
    tokens = told.tokens
    order = np.lexsort((rng.random(len(tokens.time)), tokens.time, tokens.owner))
    row, kind, band = tokens.row[order], tokens.kind[order], tokens.band[order]
    return Sequences(tokens._replace(row=row, kind=kind, band=band), told.start)


def windows(told: Sequences, longest: int) -> tuple[Ints, Ints]:
    """Return (begin, end) of stretches of at most `longest` + 1 tokens, in which every token but a first is a target.

    Stretches are laid from the end of a history, so that its latest targets see as much as serving does.
    """
    begins, ends = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    begin, end = told.start[:-1], told.start[1:].copy()
    while len(end):
        first = np.maximum(begin, end - longest - 1)
        some = end - first > 1
        begins.append(first[some])
        ends.append(end[some])
        more = first > begin
        begin, end = begin[more], first[more] + 1
    return np.concatenate(begins), np.concatenate(ends)


def packs(told: Sequences, *, longest: int, places: int, rows: int, rng: np.random.Generator) -> Iterator[Batch]:
    """Yield batches of at most `rows` rows of `places` places, histories in random order, each in one row."""
    begin, end = windows(told, longest)
    order = rng.permutation(len(begin))
    begin, length = begin[order], (end - begin)[order] - 1  # the last token is a target alone
    line, offset = _laid(length, places)
    for first in range(0, int(line[-1]) + 1 if len(line) else 0, rows):
        chosen = np.flatnonzero((line >= first) & (line < first + rows))
        yield _batch(told.tokens, begin[chosen], length[chosen], line[chosen] - first, offset[chosen], places)


def _laid(length: Ints, places: int) -> tuple[Ints, Ints]:
    """Return the row each history lies in, and where in it: one after the other, a new row where there is no room."""
    line, offset = np.empty(len(length), np.int64), np.empty(len(length), np.int64)
    row = used = 0
    for k, size in enumerate(length.tolist()):
        if used + size > places:
            row, used = row + 1, 0
        line[k], offset[k] = row, used
        used += size
    return line, offset


def _batch(tokens: Tokens, begin: Ints, length: Ints, line: Ints, offset: Ints, places: int) -> Batch:
    which = np.repeat(np.arange(len(begin)), length)
    step = np.arange(len(which)) - np.repeat(np.cumsum(length) - length, length)
    entry, cell = begin[which] + step, (line[which], offset[which] + step)
    shape = (int(line.max()) + 1, places)
    wanted = tokens.kind[entry + 1] != DISLIKED
    weight: Floats = np.where(tokens.kind[entry + 1] == BOUGHT, 1.0, LOOKED)
    return Batch(
        row=_placed(tokens.row[entry], cell, shape, 0),
        kind=_placed(tokens.kind[entry], cell, shape, 0),
        gap=_placed(tokens.gap[entry], cell, shape, 0),
        band=_placed(tokens.band[entry], cell, shape, 0),
        segment=_placed(which, cell, shape, NOWHERE),
        target=_placed(np.where(wanted, tokens.row[entry + 1], NOWHERE), cell, shape, NOWHERE),
        weight=_placed(weight, cell, shape, 0.0).astype(np.float32),
    )


def _placed(values: NDArray[N], cell: tuple[Ints, Ints], shape: tuple[int, int], empty: float) -> NDArray[N]:
    out = np.full(shape, empty, values.dtype)
    out[cell] = values
    return out
