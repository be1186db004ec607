"""The encoder shipped with the package: a table of word vectors, pooled; no network, no graph, numpy only.

Form of model2vec (Tulkens & van Dongen 2024): a text is the sum of the vectors of its word pieces, scaled to length 1;
a row's length is its token's weight. Writing outside the Latin alphabet is added by `script_features`, Chinese shop
words by a small lexicon whose rows lie in the same table.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from likeness.encode.scripts import Lexicon, script_features, sign_rows
from likeness.errors import ConfigError
from likeness.types import Vectors

FORMAT = "likeness-static-encoder"
FORMAT_VERSION = 1
SHIPPED = Path(__file__).parent / "shipped"
CHUNK = 512  # texts pooled at once: their rows stay in the processor's cache


@dataclass(frozen=True)
class StaticEncoder:
    """Texts to unit vectors by table look-up; made by `load_static`."""

    name: str
    embedding_dim: int
    tokenizer: Tokenizer
    table: NDArray[np.int8]  # (V, D), row v is table[v] * scale[v]
    scale: NDArray[np.float32]  # (V,), a token's weight included; 0 for an unknown token
    lexicon: Lexicon = field(default_factory=Lexicon)
    script_weight: float = 1.0

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return (n, embedding_dim) float32 unit rows; a text without a known part is the zero vector."""
        out = np.zeros((len(texts), self.embedding_dim), np.float32)
        for start in range(0, len(texts), CHUNK):
            chunk = [clean(text) for text in texts[start : start + CHUNK]]
            part = out[start : start + CHUNK]
            self._add_words(chunk, part)
            self._add_scripts(chunk, part)
        return _unit(out)

    def _add_words(self, texts: list[str], out: Vectors) -> None:
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
        self._add_rows(ids, out)

    def _add_rows(self, ids: list[list[int]], out: Vectors) -> None:
        lengths = np.fromiter(map(len, ids), np.int64, len(ids))
        flat = np.fromiter(chain.from_iterable(ids), np.int64, int(lengths.sum()))
        if not flat.size:
            return
        some = lengths > 0
        starts = (np.cumsum(lengths) - lengths)[some]
        rows = self.table[flat] * self.scale[flat, None]  # (tokens, D)
        out[some] += np.add.reduceat(rows, starts, axis=0)

    def _add_scripts(self, texts: list[str], out: Vectors) -> None:
        foreign = [(row, text) for row, text in enumerate(texts) if not text.isascii()]
        if not foreign:
            return
        words: list[list[int]] = [[] for _ in texts]
        for row, text in foreign:
            words[row] = self.lexicon.find(text)
            hashes, weights = script_features(text)
            if hashes.size:
                out[row] += self.script_weight * (weights @ sign_rows(hashes, self.embedding_dim))
        self._add_rows(words, out)


def load_static(folder: Path = SHIPPED) -> StaticEncoder:
    """Read an encoder's folder (`config.json`, `tokenizer.json`, `model.safetensors`, `lexicon.tsv`).

    Raises ConfigError when a file is missing, damaged or of another format version.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        tokenizer = Tokenizer.from_str((folder / "tokenizer.json").read_text(encoding="utf-8"))
        tensors = load_file(folder / "model.safetensors")
    except Exception as broken:  # tokenizers raises no narrower class
        raise ConfigError(
            f"the static encoder in {folder} cannot be read: {broken}.", remedy="Install likeness again."
        ) from broken
    if (config.get("format"), config.get("version")) != (FORMAT, FORMAT_VERSION):
        found = f"{config.get('format')} {config.get('version')}"
        raise ConfigError(
            f"{folder} holds {found}, expected {FORMAT} {FORMAT_VERSION}.",
            remedy="Fit the shop again with this version.",
        )
    return StaticEncoder(
        name=config["name"],
        embedding_dim=config["embedding_dim"],
        tokenizer=tokenizer,
        table=tensors["table"],
        scale=tensors["scale"].astype(np.float32),
        lexicon=Lexicon.read(folder / "lexicon.tsv", first_row=config["lexicon_row"]),
        script_weight=config["script_weight"],
    )


def clean(text: str) -> str:
    """Return the text in compatibility form (full-width letters become plain), without lone surrogates."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text.encode("utf-8", "ignore").decode("utf-8"))


def _unit(rows: Vectors) -> Vectors:
    unit: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-12))
    return unit
