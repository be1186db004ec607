"""The descriptor of pictures that needs no network and no training: colour, layout, outline, edges and surface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from likeness.encode.picture_look import Looked, Picture
from likeness.encode.picture_open import Unusable, open_picture
from likeness.encode.picture_parts import LENGTHS, parts_of
from likeness.types import Vectors

SIDE = 96  # pixels a picture is shrunk to before anything is looked at
WEIGHTS: Mapping[str, float] = {"colour": 0.3, "layout": 0.3, "outline": 1.0, "edges": 1.0, "surface": 0.3}
"""What each part adds to the likeness of two pictures that agree in it."""


@dataclass(frozen=True)
class Descriptor:
    """Pictures to unit vectors by measuring them; the same bytes give the same vector."""

    root: Path | None = None  # where paths are read; None: only bytes are
    name: str = "descriptor-1"
    embedding_dim: int = sum(LENGTHS.values())

    def encode(self, pictures: Sequence[Picture]) -> Vectors:
        """Return (n, embedding_dim) float32 unit rows; zero where there is no usable picture."""
        return self.look(pictures).vectors

    def look(self, pictures: Sequence[Picture]) -> Looked:
        """Return the same rows with the reason of each that is zero."""
        out = np.zeros((len(pictures), self.embedding_dim), np.float32)
        unused: list[str | None] = []
        for row, picture in enumerate(pictures):
            try:
                opened = open_picture(picture, self.root, SIDE)
            except Unusable as refused:
                unused.append(refused.reason)
                continue
            unused.append(None)
            out[row] = joined(parts_of(opened))
        return Looked(out, tuple(unused))


def joined(parts: Mapping[str, Vectors]) -> Vectors:
    """Return the parts as one vector of length 1, so that a dot product is the weighted mean of theirs."""
    whole = np.concatenate([np.sqrt(WEIGHTS[name]) * part for name, part in parts.items()])
    return np.asarray(whole / max(float(np.linalg.norm(whole)), 1e-9), np.float32)
