"""Any sentence-transformers model that sees (CLIP and its kin) by name, imported only when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from likeness.encode.picture_look import Looked, Picture
from likeness.encode.picture_open import Unusable, open_picture
from likeness.errors import ConfigError, MissingExtra
from likeness.types import Vectors

SIDE = 512  # pixels: such models read 224 to 384
BATCH = 32  # pictures unpacked at once, to bound memory


@dataclass(frozen=True)
class ClipEncoder:
    """Pictures to unit vectors by a SentenceTransformer; made by `load_clip`."""

    name: str
    embedding_dim: int
    model: Any  # sentence_transformers.SentenceTransformer
    root: Path | None = None

    def encode(self, pictures: Sequence[Picture]) -> Vectors:
        """Return (n, embedding_dim) float32 unit rows; zero where there is no usable picture."""
        return self.look(pictures).vectors

    def look(self, pictures: Sequence[Picture]) -> Looked:
        """Return the same rows with the reason of each that is zero."""
        out = np.zeros((len(pictures), self.embedding_dim), np.float32)
        unused: list[str | None] = [None] * len(pictures)
        for batch in _batches(pictures, self.root, unused):
            found = self.model.encode(
                list(batch.values()),
                batch_size=BATCH,
                normalize_embeddings=True,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
            out[list(batch)] = found
        return Looked(out, tuple(unused))


def _batches(
    pictures: Sequence[Picture], root: Path | None, unused: list[str | None]
) -> Iterator[dict[int, Image.Image]]:
    """Yield row -> opened picture, BATCH at a time, and note the reason of each that is not opened."""
    batch: dict[int, Image.Image] = {}
    for row, picture in enumerate(pictures):
        try:
            batch[row] = open_picture(picture, root, SIDE)
        except Unusable as refused:
            unused[row] = refused.reason
        if len(batch) == BATCH:
            yield batch
            batch = {}
    if batch:
        yield batch


def load_clip(model: str, *, root: Path | None = None, device: str = "cpu") -> ClipEncoder:
    """Open a model by its hub name or folder.

    Raises MissingExtra without sentence-transformers, ConfigError when it cannot be opened or does not see.
    """
    try:
        from sentence_transformers import SentenceTransformer
    except ModuleNotFoundError as missing:
        raise MissingExtra(f"the picture encoder sentence-transformers:{model}", "learn") from missing
    try:
        loaded = SentenceTransformer(model, device=device)
    except (OSError, ValueError) as unknown:
        remedy = "Give a model's hub name or its folder; the first use of a hub name needs a network."
        raise ConfigError(f"sentence-transformers cannot open {model!r}: {unknown}.", remedy=remedy) from unknown
    try:  # the length of a picture's vector is known only from one
        seen = loaded.encode([Image.new("RGB", (64, 64), "white")], show_progress_bar=False, convert_to_numpy=True)
    except Exception as blind:  # each kind of model refuses in its own way
        raise ConfigError(
            f"{model!r} cannot read pictures.", remedy="Name a CLIP model, e.g. clip-ViT-B-32."
        ) from blind
    return ClipEncoder(f"sentence-transformers:{model}", int(seen.shape[1]), loaded, root)
