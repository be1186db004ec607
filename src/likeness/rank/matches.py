"""How well an item's text answers the words of a query: one posting list per word, weights summed over fields.

BM25F (Robertson, Zaragoza & Taylor 2004): term counts are divided by the field's relative length, weighted by field and
added up before they saturate, so that a word in title and description counts once. Lists are looked up by a 64-bit hash
of the word; nothing has to be parsed when a table is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from likeness.query.normalise import joined
from likeness.types import Floats, ItemText, Rows

FIELD_WEIGHTS = (4.0, 1.0, 1.0, 1.0, 1.0)  # of types.TEXT_FIELDS: title, brand, attributes, category, description
LENGTH_SHARE = 0.5  # b: how much a long field is discounted
SATURATION = 1.2  # k1
HEAD_ENDS = frozenset({"for", "with", "compatible", "fit", "by", "适用", "适用于", "用于", "兼容", "配"})

Hashes = NDArray[np.uint64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Lists:
    """Posting lists side by side: list v is [starts[v], starts[v + 1])."""

    keys: Hashes  # (V,) ascending
    starts: Counts  # (V + 1,)
    rows: Rows  # (N,) ascending within a list
    mass: NDArray[np.float32]  # (N,) weighted, length-normalised count over all fields
    head: NDArray[np.float32]  # (N,) the same over the head of the title alone

    def frequencies(self, keys: Hashes) -> tuple[Counts, Counts]:
        """Return (list numbers, numbers of items); an unknown key has list -1 and 0 items."""
        if not len(self.keys):
            return np.full(len(keys), -1, np.int64), np.zeros(len(keys), np.int64)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        known = self.keys[place] == keys
        return np.where(known, place, -1), np.where(known, self.starts[place + 1] - self.starts[place], 0)

    def counts(self, number: int, rows: Rows) -> tuple[Floats, Floats]:
        """Return (mass, head) of one list at ascending `rows`, 0 where an item lacks the word."""
        if number < 0:
            return np.zeros(len(rows)), np.zeros(len(rows))
        span = slice(self.starts[number], self.starts[number + 1])
        listed = self.rows[span]
        place = np.minimum(np.searchsorted(listed, rows), len(listed) - 1)
        there = listed[place] == rows
        return self.mass[span][place] * there, self.head[span][place] * there


def word_lists(texts: Sequence[ItemText]) -> Lists:
    """Return the posting lists of every word in every field."""
    columns = [_column([text.fields[f] for text in texts], w) for f, w in enumerate(FIELD_WEIGHTS)]
    heads = _column([head(text.title) for text in texts], 1.0)
    rows = np.concatenate([rows for rows, _, _ in columns] + [heads[0]])
    mass = np.concatenate([mass for _, _, mass in columns] + [np.zeros(len(heads[0]))])
    in_head = np.concatenate([np.zeros(len(mass) - len(heads[0])), heads[2]])
    return _lists(chain.from_iterable([*(words for _, words, _ in columns), heads[1]]), rows, mass, in_head)


def pair_lists(texts: Sequence[ItemText]) -> Lists:
    """Return the posting lists of neighbouring title words, each pair written as one word."""
    pairs = [joined(text.title) for text in texts]
    rows, words, mass = _column(pairs, 1.0)
    return _lists(words, rows, mass, mass)


def head(title: Sequence[str]) -> Sequence[str]:
    """Return the part of a title that names the thing itself: "case" of "case for phone".

    >>> head(["case", "for", "phone"])
    ['case']
    """
    end = next((place for place, word in enumerate(title) if place and word in HEAD_ENDS), len(title))
    return title[:end]


def hashes(words: Iterable[str]) -> Hashes:
    """Return a 64-bit hash per word (BLAKE2b, RFC 7693)."""
    digests = b"".join(blake2b(word.encode("utf-8", "ignore"), digest_size=8).digest() for word in words)
    return np.frombuffer(digests, "<u8")


def _column(texts: Sequence[Sequence[str]], weight: float) -> tuple[Rows, list[str], Floats]:
    """Return (rows, words, weights), one per word: weight / (1 - b + b * length / mean length)."""
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    relative = lengths / max(float(lengths.mean()) if len(texts) else 0.0, 1e-9)
    each = weight / (1 - LENGTH_SHARE + LENGTH_SHARE * relative)
    rows = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)
    return rows, list(chain.from_iterable(texts)), np.repeat(each, lengths)


def _lists(words: Iterable[str], rows: Rows, mass: Floats, in_head: Floats) -> Lists:
    """Gather occurrences into lists sorted by (hash, row), the weights of repeats added up."""
    numbers: dict[str, int] = {}
    word = np.fromiter((numbers.setdefault(w, len(numbers)) for w in words), np.int64, len(rows))
    keys = hashes(numbers)
    by_key = np.argsort(keys, kind="stable")
    rank = np.empty(len(keys), np.int64)
    rank[by_key] = np.arange(len(keys))
    order = np.lexsort((rows, rank[word])) if len(rows) else np.empty(0, np.intp)
    lists, rows = rank[word][order], rows[order]
    new = np.flatnonzero(np.diff(lists, prepend=-1) | np.diff(rows, prepend=-1)) if len(rows) else order
    return Lists(
        keys=keys[by_key],
        starts=np.searchsorted(lists[new], np.arange(len(keys) + 1)),
        rows=rows[new],
        mass=_summed(mass[order], new),
        head=_summed(in_head[order], new),
    )


def _summed(values: Floats, starts: NDArray[np.intp]) -> NDArray[np.float32]:
    return np.add.reduceat(values, starts).astype(np.float32) if len(starts) else np.empty(0, np.float32)
