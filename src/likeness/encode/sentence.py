"""Any sentence-transformers model by name, imported only when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from likeness.errors import ConfigError, MissingExtra
from likeness.types import Vectors


@dataclass(frozen=True)
class SentenceEncoder:
    """Texts to unit vectors by a SentenceTransformer; made by `load_sentence`."""

    name: str
    embedding_dim: int
    model: Any  # sentence_transformers.SentenceTransformer
    batch_size: int = 64

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return (n, embedding_dim) float32 unit rows; an empty text is the zero vector."""
        out = np.zeros((len(texts), self.embedding_dim), np.float32)
        written = [row for row, text in enumerate(texts) if text.strip()]
        if written:
            out[written] = self.model.encode(
                [texts[row] for row in written],
                batch_size=self.batch_size,
                normalize_embeddings=True,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return out


def load_sentence(model: str, *, device: str = "cpu") -> SentenceEncoder:
    """Open a model by its hub name or folder.

    Raises MissingExtra without sentence-transformers, ConfigError when the model cannot be found or opened.
    """
    try:
        from sentence_transformers import SentenceTransformer
    except ModuleNotFoundError as missing:
        raise MissingExtra(f"the encoder sentence-transformers:{model}", "learn") from missing
    try:
        loaded = SentenceTransformer(model, device=device)
    except (OSError, ValueError) as unknown:
        remedy = "Give a model's hub name or its folder; the first use of a hub name needs a network."
        raise ConfigError(f"sentence-transformers cannot open {model!r}: {unknown}.", remedy=remedy) from unknown
    return SentenceEncoder(f"sentence-transformers:{model}", int(loaded.get_embedding_dimension() or 0), loaded)
