"""Features of writing outside the Latin alphabet: hashed character n-grams, and a Chinese shop lexicon.

Chinese, Japanese and Korean runs give characters and character pairs, which stand in for words where no spaces do
(Nie et al. 2000); other alphabets give whole words and character triples. Each feature is a fixed random direction
(random indexing, Kanerva et al. 2000), so texts that share features are near one another and nothing has to be stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from likeness.types import Vectors

IDEOGRAPH = re.compile(r"[぀-ヿ㐀-䶿一-鿿豈-﫿가-힯\U00020000-\U0003ffff]+")
ALPHABET = re.compile(r"[Ͱ-῿Ⰰ-ⷿꙀ-꿿]+")  # Greek to Khmer, without Latin and its marks
FUNCTION_WORDS = frozenset("的了是我你他她它们这那在和与及有个就都也很不吗呢吧啊着过们一为被把")
PAIR, CHARACTER, FUNCTION = 1.0, 0.35, 0.05
WORD, TRIPLE = 1.0, 0.5
LONGEST = 6  # characters of a lexicon word


@dataclass(frozen=True)
class Lexicon:
    """Words with a row in the encoder's table."""

    rows: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, *, first_row: int) -> Self:
        """Read `word<TAB>gloss` lines; the n-th word has row `first_row + n`. A missing file is an empty lexicon."""
        if not path.exists():
            return cls()
        lines = path.read_text(encoding="utf-8").splitlines()
        return cls({line.partition("\t")[0]: first_row + number for number, line in enumerate(lines)})

    def find(self, text: str) -> list[int]:
        """Return the rows of the words in `text`, longest match first from the left."""
        return [row for run in IDEOGRAPH.findall(text) for row in self._walk(run)] if self.rows else []

    def _walk(self, run: str) -> Iterator[int]:
        start = 0
        while start < len(run):
            end = next((e for e in range(min(len(run), start + LONGEST), start, -1) if run[start:e] in self.rows), 0)
            if end:
                yield self.rows[run[start:end]]
            start = end or start + 1


def script_features(text: str) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
    """Return (n,) hashes and (n,) weights of the n-grams in the non-Latin parts of `text`."""
    grams = [*_ideograph_grams(text), *_alphabet_grams(text)]
    hashes = np.fromiter((crc32(gram.encode("utf-8", "ignore")) for gram, _ in grams), np.uint64, len(grams))
    return hashes, np.fromiter((weight for _, weight in grams), np.float32, len(grams))


def sign_rows(hashes: NDArray[np.uint64], dim: int) -> Vectors:
    """Return (n, dim) unit rows of ±1/sqrt(dim), a fixed direction per hash, from SplitMix64 (Steele et al. 2014)."""
    words = -(-dim // 64)
    with np.errstate(over="ignore"):
        counter: NDArray[np.uint64] = hashes[:, None] * np.uint64(words) + np.arange(1, words + 1).astype(np.uint64)
        state: NDArray[np.uint64] = counter * np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    bits = np.unpackbits(state.astype("<u8").view(np.uint8), axis=1, count=dim)  # (n, dim)
    return (bits * np.float32(2) - np.float32(1)) / np.float32(np.sqrt(dim))


def _ideograph_grams(text: str) -> Iterator[tuple[str, float]]:
    for run in IDEOGRAPH.findall(text):
        for character in run:
            yield character, FUNCTION if character in FUNCTION_WORDS else CHARACTER
        for first, second in pairwise(run):
            yield first + second, PAIR if FUNCTION_WORDS.isdisjoint((first, second)) else FUNCTION


def _alphabet_grams(text: str) -> Iterator[tuple[str, float]]:
    for word in ALPHABET.findall(text.lower()):
        yield word, WORD
        padded = f"^{word}$"
        for start in range(len(padded) - 2):
            yield padded[start : start + 3], TRIPLE
