"""Features and default weights of search: how words, meaning, the shelf and the shopper speak for an item.

Each feature is scaled so that 1 is a perfect match, whatever the query's length, and more is never worse. The first six
read the query and the item alone. The next two listen to the pool (pseudo-relevance feedback, Rocchio 1971): the items
that answer best so far lend their vectors and categories to the rest. The last four are the shopper's; they are 0
without a persona, and together too light to lift an item over one that holds a word more of the query.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from likeness.errors import StoreError
from likeness.query.normalise import joined
from likeness.query.understand import understood
from likeness.rank.linear import LinearScorer
from likeness.rank.matches import SATURATION, Counts, Lists, hashes, pair_lists, word_lists
from likeness.rank.personal import Personal
from likeness.rank.shelf import Shelf
from likeness.types import Catalogue, Floats, ItemText, Pool, Request, Rows, Understanding, Vectors

WEIGHTS = {
    "words": 1.0,  # BM25F over all fields, as a share of the best possible score
    "words:head": 0.4,  # the same over the head of the title: "case" in "case for phone"
    "words:cover": 0.2,  # share of the query's words found anywhere, by their information
    "words:pairs": 0.15,  # share of the query's neighbouring words that are neighbours in the title
    "words:joined": 0.3,  # words written together in one and apart in the other: "notebook", "note book"
    "meaning": 0.4,  # cosine of query and item
    "meaning:echo": 0.15,  # cosine of the item and the best answers so far
    "meaning:shelf": 0.25,  # share of the best answers so far that lie in the item's categories
    "facet:category": 0.04,  # the shopper's interest in the item's categories, -1 to 1
    "facet:brand": 0.03,  # and in its brand
    "item:taste": 0.03,  # cosine of the item and the shopper's vector
    "item:history": 0.02,  # what the shopper did with this very item, -1 to 1
}
NAMES = tuple(WEIGHTS)
WORDS, HEAD, COVER, PAIRS, JOINED, MEANING, ECHO, SHELF, PERSONAL = range(9)  # columns; the shopper's are the last
FIRST = np.array(list(WEIGHTS.values()))[:ECHO]
UNWANTED = 0.5  # share of a word after "without": both right and wrong items hold it
PART = 0.5  # share of a character pair beside the words of unspaced writing
BROAD = 3  # words; the shopper counts in full for a query this short, less for one that says more
ECHO_ITEMS, SHELF_ITEMS = 10, 20  # best answers so far that lend their vectors, their categories
WORDS_FILE, PAIRS_FILE = "words.safetensors", "pairs.safetensors"


def search_scorer() -> LinearScorer:
    """Return the scorer of search with its default weights: features are read as they are."""
    return LinearScorer(NAMES, list(WEIGHTS.values()))


class TextFeatures:
    """Turns a pool for a request with text into features; the same function serves training and serving."""

    names = NAMES

    def __init__(self, words: Lists, pairs: Lists, catalogue: Catalogue, vectors: Vectors) -> None:
        """Read posting lists of the catalogue's items and their (n_items, d) unit vectors."""
        self._words = words
        self._pairs = pairs
        self._items = len(catalogue)
        self._vectors = vectors
        self._shelf = Shelf(catalogue)
        self._personal = Personal(catalogue, self._shelf, vectors)

    @classmethod
    def build(cls, catalogue: Catalogue, texts: Sequence[ItemText], vectors: Vectors) -> Self:
        """Make the posting lists of `texts`, one per catalogue row."""
        return cls(word_lists(texts), pair_lists(texts), catalogue, vectors)

    def __call__(self, pool: Pool, request: Request) -> Floats:
        """Return (n, F) features of the pool's rows, in the order of NAMES."""
        out = np.zeros((len(pool.rows), len(NAMES)))
        meant = understood(request)
        if not len(pool.rows) or meant is None:
            return out
        self._lexical(meant, pool.rows, out)
        if request.vector is not None:
            out[:, MEANING] = np.maximum(self._vectors[pool.rows] @ request.vector, 0.0)
        self._feedback(pool.rows, out)
        if request.query.personalise and request.taste.known:
            strength = min(1.0, BROAD / max(len(meant.tokens), 1))
            out[:, PERSONAL:] = strength * self._personal(pool.rows, request.taste)
        return out

    def save(self, folder: Path) -> None:
        """Write the posting lists into an existing folder; vectors and catalogue are kept elsewhere."""
        for lists, name in ((self._words, WORDS_FILE), (self._pairs, PAIRS_FILE)):
            columns = ("keys", "starts", "rows", "mass", "head")
            save_file({column: getattr(lists, column) for column in columns}, folder / name)

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue, vectors: Vectors) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing or damaged."""
        try:
            words, pairs = (Lists(**load_file(folder / name)) for name in (WORDS_FILE, PAIRS_FILE))
        except (OSError, SafetensorError, TypeError) as broken:
            raise StoreError(
                f"the text features in {folder} cannot be read: {broken}.", remedy="Fit the shop again."
            ) from broken
        return cls(words, pairs, catalogue, vectors)

    def _lexical(self, meant: Understanding, rows: Rows, out: Floats) -> None:
        order = np.argsort(rows)
        found = np.zeros((len(rows), MEANING))
        self._add_words(meant, rows[order], found)
        self._add_pairs(meant, rows[order], found)
        out[order, :MEANING] = found

    def _add_words(self, meant: Understanding, rows: Rows, out: Floats) -> None:
        """Fill the columns words, head and cover, and half of joined, for ascending rows."""
        keys = hashes(meant.tokens)
        numbers, counts = self._words.frequencies(keys)
        whole = frozenset(meant.words)
        share = [UNWANTED if t in meant.unwanted else 1.0 if t in whole else PART for t in meant.tokens]
        weights = self._information(counts) * np.array(share)
        total = max(float(weights.sum()), 1e-9)
        for number, weight in zip(numbers.tolist(), (weights / total).tolist(), strict=True):
            mass, head = self._words.counts(number, rows)
            out[:, WORDS] += weight * mass / (mass + SATURATION)
            out[:, HEAD] += weight * head / (head + SATURATION)
            out[:, COVER] += weight * (mass > 0)
        numbers, counts = self._pairs.frequencies(keys)
        self._add_joined(self._pairs, numbers, counts, rows, len(keys), out)

    def _add_pairs(self, meant: Understanding, rows: Rows, out: Floats) -> None:
        """Fill the column pairs and the other half of joined."""
        keys = hashes(joined(meant.words))
        if not len(keys):
            return
        numbers, counts = self._pairs.frequencies(keys)
        weights = self._information(counts)
        for number, weight in zip(numbers.tolist(), (weights / weights.sum()).tolist(), strict=True):
            if number >= 0:
                out[:, PAIRS] += weight * (self._pairs.counts(number, rows)[0] > 0)
        numbers, counts = self._words.frequencies(keys)
        self._add_joined(self._words, numbers, counts, rows, len(meant.tokens), out)

    def _add_joined(self, lists: Lists, numbers: Counts, counts: Counts, rows: Rows, tokens: int, out: Floats) -> None:
        known = numbers >= 0
        most = float(self._information(np.zeros(1))[0]) * max(tokens, 1)
        for number, weight in zip(numbers[known].tolist(), self._information(counts[known]).tolist(), strict=True):
            held = lists.counts(number, rows)[0] > 0
            out[:, JOINED] = np.minimum(out[:, JOINED] + weight / most * held, 1.0)

    def _information(self, counts: Floats | Counts) -> Floats:
        """Return the inverse document frequency of BM25, always positive."""
        return np.asarray(np.log1p((self._items - counts + 0.5) / (counts + 0.5)))

    def _feedback(self, rows: Rows, out: Floats) -> None:
        """Fill the columns echo and shelf from the items that score best on the first six features."""
        base = out[:, :ECHO] @ FIRST
        ranked = np.lexsort((rows, -base))
        best, weight = _best(base, ranked, ECHO_ITEMS)
        centre = weight @ self._vectors[rows[best]]
        length = float(np.linalg.norm(centre))
        if length > 0:
            out[:, ECHO] = np.maximum(self._vectors[rows] @ (centre / length), 0.0)
        best, weight = _best(base, ranked, SHELF_ITEMS)
        out[:, SHELF] = self._shelf.shared(rows, rows[best], weight)


def _best(base: Floats, ranked: NDArray[np.intp], n: int) -> tuple[NDArray[np.intp], Floats]:
    """Return (places, weights) of the best `n`: by how far they stand above the next, summing to 1 (or 0)."""
    best = ranked[:n]
    above = base[best] - base[ranked[min(n, len(ranked) - 1)]]
    total = float(above.sum())
    return best, above / total if total > 0 else np.zeros(len(best))
