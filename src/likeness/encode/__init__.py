"""Text encoders behind one port: the shipped table, MiniLM, any sentence-transformers name, any embeddings endpoint."""

from __future__ import annotations

from likeness.errors import ConfigError
from likeness.ports import Encoder

__all__ = ["load_encoder"]


def load_encoder(name: str = "static") -> Encoder:
    """Return the encoder called `static`, `minilm`, `sentence-transformers:NAME` or `openai:MODEL`.

    Each is imported only when asked for. Raises ConfigError for another name or an encoder that cannot be
    opened, MissingExtra when its optional dependency is not installed.

    >>> load_encoder().encode(["red lipstick"]).shape
    (1, 256)
    """
    kind, _, model = name.partition(":")
    if name == "static":
        from likeness.encode.static import load_static

        return load_static()
    if name == "minilm":
        from likeness.encode.onnx import load_minilm

        return load_minilm()
    if kind == "sentence-transformers" and model:
        from likeness.encode.sentence import load_sentence

        return load_sentence(model)
    if kind == "openai" and model:
        from likeness.encode.openai import load_openai

        return load_openai(model)
    raise ConfigError(
        f"{name!r} is no encoder.", remedy="Use static, minilm, sentence-transformers:NAME or openai:MODEL."
    )
