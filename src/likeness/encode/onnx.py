"""MiniLM as an int8 ONNX graph, run by onnxruntime: better vectors than the table at some milliseconds a text."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from likeness.errors import ConfigError, MissingExtra
from likeness.types import Vectors

FORMAT = "likeness-onnx-encoder"
FORMAT_VERSION = 1
BATCH_TOKENS = 4096  # ids of one run, padding included: bounds memory whatever the texts' lengths
EXPORT = "python -m likeness.train.export_minilm"


@dataclass(frozen=True)
class OnnxEncoder:
    """Texts to unit vectors by a transformer; made by `load_minilm`."""

    name: str
    embedding_dim: int
    tokenizer: Tokenizer
    session: Any  # onnxruntime.InferenceSession, which ships no types

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return (n, embedding_dim) float32 unit rows; an empty text is the zero vector, a long one is cut."""
        out = np.zeros((len(texts), self.embedding_dim), np.float32)
        written = [row for row, text in enumerate(texts) if text.strip()]
        cleaned = [texts[row].encode("utf-8", "ignore").decode("utf-8") for row in written]
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch_fast(cleaned)]
        for batch in _batches(ids):
            out[[written[row] for row in batch]] = self._run([ids[row] for row in batch])
        return out

    def _run(self, ids: list[list[int]]) -> Vectors:
        longest = max(map(len, ids))
        tokens = np.zeros((len(ids), longest), np.int64)  # (B, L)
        mask = np.zeros_like(tokens)
        for row, known in enumerate(ids):
            tokens[row, : len(known)] = known
            mask[row, : len(known)] = 1
        hidden = self.session.run(None, {"input_ids": tokens, "attention_mask": mask})[0]  # (B, L, D)
        return _pool(hidden, mask.astype(np.float32))


def minilm_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Return where the exported model lies: `$LIKENESS_CACHE/minilm`, by default `~/.cache/likeness/minilm`."""
    cache = (os.environ if environ is None else environ).get("LIKENESS_CACHE")
    return (Path(cache) if cache else Path.home() / ".cache" / "likeness") / "minilm"


def load_minilm(folder: Path | None = None, *, threads: int = 0) -> OnnxEncoder:
    """Open an exported folder (`model.onnx`, `tokenizer.json`, `config.json`); `threads` 0 lets the runtime choose.

    Raises MissingExtra without onnxruntime, ConfigError when the folder is absent or of another format.
    """
    try:
        import onnxruntime
    except ModuleNotFoundError as missing:
        raise MissingExtra("the minilm encoder", "minilm") from missing
    folder = minilm_folder() if folder is None else folder
    config = _config(folder)
    tokenizer = Tokenizer.from_str((folder / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(config["max_tokens"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    return OnnxEncoder(config["name"], config["embedding_dim"], tokenizer, session)


def _pool(hidden: Vectors, mask: Vectors) -> Vectors:
    """Return unit rows (B, D): the mean over real tokens (Reimers & Gurevych 2019); its length cancels the count."""
    total = np.einsum("bld,bl->bd", hidden, mask)
    unit: Vectors = total / np.linalg.norm(total, axis=1, keepdims=True)
    return unit


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    remedy = f"Export it once: pip install 'likeness[learn]' && {EXPORT}"
    if not path.exists():
        raise ConfigError(f"no exported MiniLM in {folder}.", remedy=remedy)
    config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if (config.get("format"), config.get("version")) != (FORMAT, FORMAT_VERSION):
        raise ConfigError(f"{folder} holds another format than {FORMAT} {FORMAT_VERSION}.", remedy=remedy)
    return config


def _batches(ids: list[list[int]]) -> Iterator[NDArray[np.intp]]:
    """Yield rows of `ids` by length, so that little is padded, at most BATCH_TOKENS padded ids at a time."""
    order = np.argsort([len(known) for known in ids], kind="stable")
    start = 0
    for end in range(1, len(order) + 1):
        if end == len(order) or len(ids[order[end]]) * (end + 1 - start) > BATCH_TOKENS:
            yield order[start:end]
            start = end
