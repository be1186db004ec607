"""Words: items that hold the words of the query, found in a tantivy index and ranked by BM25 summed over fields.

BM25 is that of Robertson & Zaragoza (2009), k1 = 1.2, b = 0.75, per field. Titles are also indexed by joined
neighbours, so that "notebook" finds "note book" and the other way round. Queries are built term by term from analysed
words, never parsed: no text can be a syntax error.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import numpy as np
import tantivy

from likeness.errors import StoreError
from likeness.query.normalise import joined
from likeness.query.understand import understood
from likeness.types import TEXT_FIELDS, Candidates, Catalogue, ItemText, Request, Understanding

BOOSTS = {"title": 3.0, "brand": 1.5, "attributes": 1.0, "category": 1.0, "description": 1.0, "pairs": 1.0}
UNWANTED = 0.5  # what a word after "without" still counts: the shopper writes it, and so do the right items
FOLDER = "tantivy"
_HEAP = 128_000_000  # bytes
_TERM = tantivy.Query.term_query
_BOOST = tantivy.Query.boost_query
_EITHER = tantivy.Occur.Should


class Words:
    """A source over an index folder; an item's row is kept in the index."""

    name = "words"

    def __init__(self, folder: Path, catalogue: Catalogue, *, keep: TemporaryDirectory[str] | None = None) -> None:
        """Open the index in `folder`; `keep` is a folder that lives as long as the source. Raises StoreError."""
        self._folder = folder
        self._keep = keep
        self._available = catalogue.available
        try:
            index = tantivy.Index.open(str(folder))
        except ValueError as broken:
            raise StoreError(
                f"the word index in {folder} cannot be read: {broken}.", remedy="Fit the shop again."
            ) from broken
        self._schema = index.schema
        self._searcher = index.searcher()
        if self._searcher.num_docs != len(catalogue):
            found = f"{self._searcher.num_docs} items, the catalogue {len(catalogue)}"
            raise StoreError(f"the word index in {folder} holds {found}.", remedy="Fit the shop again.")

    @classmethod
    def build(cls, catalogue: Catalogue, texts: Sequence[ItemText]) -> Self:
        """Index `texts`, one per catalogue row, in a temporary folder that `save` copies."""
        keep = TemporaryDirectory(prefix="likeness-words-")
        _write(Path(keep.name), texts)
        return cls(Path(keep.name), catalogue, keep=keep)

    def recall(self, request: Request, n: int) -> Candidates:
        """Return at most `n` items with a word of the query, best first; ties by row."""
        meant = understood(request)
        allowed = self._available if request.allowed is None else request.allowed & self._available
        if meant is None or not meant.tokens or n <= 0 or not allowed.any():
            return _candidates([])
        query = tantivy.Query.boolean_query(list(self._clauses(meant)))
        limit, total = n, self._searcher.num_docs
        while True:
            found = self._find(query, min(limit, total))
            kept = [(row, score) for row, score in found if allowed[row]]
            if len(kept) >= n or len(found) < limit or limit >= total:
                return _candidates(kept[:n])
            limit *= 4  # the filter took too many: look deeper

    def save(self, folder: Path) -> None:
        """Copy the index below an existing folder."""
        shutil.copytree(self._folder, folder / FOLDER)

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """Open what `save` wrote. Raises StoreError when it is missing, damaged or of another catalogue."""
        return cls(folder / FOLDER, catalogue)

    def _find(self, query: tantivy.Query, limit: int) -> list[tuple[int, float]]:
        hits = self._searcher.search(query, limit=limit, count=False).hits
        rows = self._searcher.fast_field_values("row", [address for _, address in hits])
        found = ((int(row or 0), float(score)) for row, (score, _) in zip(rows, hits, strict=True))
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def _clauses(self, meant: Understanding) -> Iterable[tuple[tantivy.Occur, tantivy.Query]]:
        for token in meant.tokens:
            share = UNWANTED if token in meant.unwanted else 1.0
            for field, boost in BOOSTS.items():
                yield self._term(field, token, boost * share)
        for pair in joined(meant.words):
            yield self._term("title", pair, 1.0)
            yield self._term("pairs", pair, BOOSTS["pairs"])

    def _term(self, field: str, token: str, boost: float) -> tuple[tantivy.Occur, tantivy.Query]:
        return _EITHER, _BOOST(_TERM(self._schema, field, token, index_option="freq"), boost)


def _write(folder: Path, texts: Sequence[ItemText]) -> None:
    builder = tantivy.SchemaBuilder()
    for field in BOOSTS:
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
    builder.add_unsigned_field("row", fast=True)
    index = tantivy.Index(builder.build(), path=str(folder))
    spaces = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer("whitespace", spaces)
    writer = index.writer(heap_size=_HEAP, num_threads=1)  # one thread: rows stay in order, the index is repeatable
    for row, text in enumerate(texts):
        writer.add_document(_document(row, text))
    writer.commit()
    writer.wait_merging_threads()


def _document(row: int, text: ItemText) -> tantivy.Document:
    document = tantivy.Document()
    document.add_unsigned("row", row)
    for field, words in zip(TEXT_FIELDS, text.fields, strict=True):
        document.add_text(field, " ".join(words))
    document.add_text("pairs", " ".join(joined(text.title)))
    return document


def _candidates(found: Sequence[tuple[int, float]]) -> Candidates:
    rows = np.array([row for row, _ in found], np.int32)
    return Candidates(source=Words.name, rows=rows, scores=np.array([score for _, score in found], np.float64))
