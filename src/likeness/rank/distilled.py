"""What a cross-encoder thinks of words, as one product of two short vectors per candidate: its distilled pupil.

score(item | history) = (mean of the history's static text vectors, fading, times one matrix) · (the item's vector times
another). Both products with the matrices are made when fitting; serving takes microseconds and needs numpy alone. The
matrices are fitted by `likeness.train.distil_cross`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

import msgspec
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from likeness.errors import StoreError
from likeness.types import Catalogue, Floats, Pool, Request, Rows, Vectors

VECTORS, ABOUT = "words.safetensors", "words.json"
LATEST = 8  # items of the history that speak


class _About(msgspec.Struct, frozen=True, kw_only=True):
    fading: float
    format: int = 1


class WordsColumn:
    """The column "words:score" of products."""

    name = "words"
    columns = ("score",)

    def __init__(self, asks: Vectors, answers: Vectors, *, fading: float) -> None:
        """Keep, per catalogue row, what it asks for as part of a history (n, r) and what it answers as a candidate.

        `fading` is how many items back a part of the history speaks half as loud.
        """
        self._asks, self._answers = asks.astype(np.float32), answers.astype(np.float32)
        self._fading = fading

    def score(self, rows: Rows, history: Rows) -> Floats:
        """Return (n,) scores of catalogue rows (n,) after the rows of a history, latest first; 0 without a history."""
        if not len(history):
            return np.zeros(len(rows))
        latest = history[:LATEST]
        loud = loudness(len(latest), self._fading)
        asked = (loud[:, None] * self._asks[latest]).sum(axis=0)
        scores: Floats = (self._answers[rows] * asked).sum(axis=1, dtype=np.float64)  # by row: alone as among others
        return scores

    def describe(self, pool: Pool, request: Request) -> Floats:
        """Return (n, 1) of the pool's rows: after the page's items where there is a page, else the shopper's latest."""
        taste = request.taste
        history = request.context if len(request.context) else taste.rows[taste.weights[:, -1] > 0]
        return self.score(pool.rows, history)[:, None]

    def save(self, folder: Path) -> None:
        """Write two files into an existing folder."""
        save_file({"asks": self._asks, "answers": self._answers}, folder / VECTORS)
        (folder / ABOUT).write_bytes(msgspec.json.encode(_About(fading=self._fading)))

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing, damaged or of another catalogue."""
        try:
            about = msgspec.json.decode((folder / ABOUT).read_bytes(), type=_About)
            kept = load_file(folder / VECTORS)
            column = cls(kept["asks"], kept["answers"], fading=about.fading)
        except (OSError, SafetensorError, KeyError, msgspec.MsgspecError) as broken:
            raise StoreError(
                f"the words in {folder} cannot be read: {broken}.", remedy="Fit the shop again."
            ) from broken
        if len(kept["asks"]) != len(catalogue):
            found = f"{len(kept['asks'])} items, the catalogue {len(catalogue)}"
            raise StoreError(f"the words in {folder} are of {found}.", remedy="Fit the shop again.")
        return column


def loudness(length: int, fading: float) -> Vectors:
    """Return (length,) weights that sum to 1, halved every `fading` items."""
    loud = np.exp2(-np.arange(length) / fading)
    share: Vectors = (loud / loud.sum()).astype(np.float32)
    return share
