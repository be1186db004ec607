"""Any embeddings endpoint that speaks the OpenAI protocol, imported only when asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from likeness.errors import ConfigError, MissingExtra
from likeness.types import Vectors

KEY, ENDPOINT = "OPENAI_API_KEY", "OPENAI_BASE_URL"
TIMEOUT_SECONDS = 30.0
RETRIES = 2
BATCH = 128  # texts a request
LONGEST = 8000  # characters of a text; endpoints refuse more than some 8,000 tokens


@dataclass(frozen=True)
class OpenAIEncoder:
    """Texts to unit vectors by an embeddings endpoint; made by `load_openai`."""

    name: str
    embedding_dim: int
    client: Any  # openai.OpenAI, or anything with `embeddings.create`
    model: str

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return (n, embedding_dim) float32 unit rows; an empty text is the zero vector.

        Raises ConfigError when the endpoint fails after its retries or changes its dimension.
        """
        out = np.zeros((len(texts), self.embedding_dim), np.float32)
        written = [row for row, text in enumerate(texts) if text.strip()]
        for start in range(0, len(written), BATCH):
            rows = written[start : start + BATCH]
            vectors = embed(self.client, self.model, [texts[row] for row in rows])
            if vectors.shape[1] != self.embedding_dim:
                raise ConfigError(
                    f"{self.name} returned {vectors.shape[1]} numbers a text, {self.embedding_dim} before.",
                    remedy="Fit the shop again: its vectors are of another model.",
                )
            out[rows] = vectors
        return out


def load_openai(model: str, *, client: Any = None, environ: Mapping[str, str] | None = None) -> OpenAIEncoder:
    """Open the endpoint at `$OPENAI_BASE_URL` (by default OpenAI's) with `$OPENAI_API_KEY`; ask it once for the length.

    Raises MissingExtra without the openai package, ConfigError without a key or an answer.
    """
    client = _client(os.environ if environ is None else environ, model) if client is None else client
    return OpenAIEncoder(f"openai:{model}", embed(client, model, ["text"]).shape[1], client, model)


def embed(client: Any, model: str, texts: Sequence[str]) -> Vectors:
    """Return the (n, dimension) unit rows of one request, in the order of `texts`."""
    try:
        answer = client.embeddings.create(model=model, input=[text[:LONGEST] for text in texts])
    except Exception as failed:  # the client's error tree is only known where it is installed
        remedy = f"Check ${ENDPOINT}, ${KEY} and that the endpoint serves {model!r}."
        raise ConfigError(f"the embeddings endpoint failed for {model!r}: {failed}.", remedy=remedy) from failed
    rows = np.array([entry.embedding for entry in sorted(answer.data, key=lambda entry: entry.index)], np.float32)
    if rows.shape[:1] != (len(texts),):
        raise ConfigError(f"{model!r} gave {len(rows)} vectors for {len(texts)} texts.", remedy="Use another endpoint.")
    unit: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-12))
    return unit


def _client(environ: Mapping[str, str], model: str) -> Any:
    try:
        from openai import OpenAI
    except ModuleNotFoundError as missing:
        raise MissingExtra(f"the encoder openai:{model}", "llm") from missing
    key = environ.get(KEY)
    if not key:
        raise ConfigError(
            f"the encoder openai:{model} needs a key in ${KEY}.",
            remedy=f"export {KEY}=... (any word for a local endpoint)",
        )
    return OpenAI(api_key=key, base_url=environ.get(ENDPOINT), timeout=TIMEOUT_SECONDS, max_retries=RETRIES)
