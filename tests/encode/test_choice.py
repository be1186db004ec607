from __future__ import annotations

import builtins
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from likeness.encode import load_encoder
from likeness.encode.onnx import _batches, minilm_folder
from likeness.encode.openai import BATCH, OpenAIEncoder, load_openai
from likeness.encode.sentence import SentenceEncoder
from likeness.errors import ConfigError, MissingExtra


def without(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    real = builtins.__import__

    def guarded(name: str, *rest: Any, **named: Any) -> Any:
        if name.split(".")[0] == package:
            raise ModuleNotFoundError(name)
        return real(name, *rest, **named)

    monkeypatch.delitem(sys.modules, package, raising=False)
    monkeypatch.setattr(builtins, "__import__", guarded)


@pytest.mark.parametrize(
    "name", ["", "word2vec", "openai:", "sentence-transformers:", "sentence-transformers", "static:x"]
)
def test_an_unknown_name_is_refused_with_the_names_that_are_known(name: str) -> None:
    with pytest.raises(ConfigError, match="static, minilm, sentence-transformers:NAME or openai:MODEL"):
        load_encoder(name)


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [
        ("minilm", "onnxruntime", "minilm"),
        ("sentence-transformers:x", "sentence_transformers", "learn"),
        ("openai:x", "openai", "llm"),
    ],
)
def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, name: str, package: str, extra: str) -> None:
    without(monkeypatch, package)
    with pytest.raises(MissingExtra, match=rf"likeness\[{extra}\]"):
        load_encoder(name)


def test_minilm_without_an_export_names_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    monkeypatch.setenv("LIKENESS_CACHE", str(tmp_path))
    with pytest.raises(ConfigError, match=r"likeness\.train\.export_minilm"):
        load_encoder("minilm")


def test_the_cache_folder_follows_the_environment() -> None:
    assert minilm_folder({"LIKENESS_CACHE": "/cache"}) == Path("/cache/minilm")
    assert minilm_folder({}).parts[-3:] == (".cache", "likeness", "minilm")


def test_batches_hold_every_text_once_and_stay_bounded() -> None:
    ids = [[1] * length for length in [5, 3000, 1, 9000, 7, 2500, 2500, 0]]
    batches = [batch.tolist() for batch in _batches(ids)]
    assert sorted(row for batch in batches for row in batch) == list(range(len(ids)))
    assert all(len(batch) == 1 or max(len(ids[row]) for row in batch) * len(batch) <= 4096 for batch in batches)
    assert list(_batches([])) == []


class Endpoint:
    """An embeddings endpoint whose vectors say how long the text is, answering out of order."""

    def __init__(self, dim: int = 3) -> None:
        self.embeddings, self.dim, self.calls = self, dim, [0]

    def create(self, *, model: str, input: Sequence[str]) -> Any:
        self.calls.append(len(input))
        data = [
            SimpleNamespace(index=n, embedding=[len(text), 1.0] + [0.0] * (self.dim - 2))
            for n, text in enumerate(input)
        ]
        return SimpleNamespace(data=data[::-1])


def test_openai_keeps_order_skips_empty_texts_and_batches() -> None:
    endpoint = Endpoint()
    encoder = load_openai("small", client=endpoint)
    texts = ["", "a" * 9, *["bb"] * BATCH]
    vectors = encoder.encode(texts)
    assert encoder.name == "openai:small"
    assert vectors.shape == (len(texts), 3)
    assert not vectors[0].any()
    np.testing.assert_allclose(vectors[1], np.array([9, 1, 0]) / np.sqrt(82), atol=1e-6)
    assert endpoint.calls[2:] == [BATCH, 1]


def test_openai_needs_a_key() -> None:
    pytest.importorskip("openai")
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        load_openai("small", environ={})


def test_openai_failures_name_the_remedy() -> None:
    broken = SimpleNamespace(embeddings=SimpleNamespace(create=lambda **_: 1 / 0))
    with pytest.raises(ConfigError, match="OPENAI_BASE_URL"):
        load_openai("small", client=broken)


def test_openai_refuses_another_dimension() -> None:
    with pytest.raises(ConfigError, match="Fit the shop again"):
        OpenAIEncoder("openai:small", 4, Endpoint(3), "small").encode(["x"])


def test_sentence_encoder_leaves_empty_texts_zero() -> None:
    model = SimpleNamespace(encode=lambda texts, **_: np.ones((len(texts), 2), np.float32))
    vectors = SentenceEncoder("sentence-transformers:x", 2, model).encode(["", "a", " ", "b"])
    np.testing.assert_array_equal(vectors.any(axis=1), [False, True, False, True])


@pytest.mark.skipif(not minilm_folder().exists(), reason="MiniLM is not exported here")
def test_an_exported_minilm_knows_what_is_alike() -> None:
    pytest.importorskip("onnxruntime")
    encoder = load_encoder("minilm")
    texts = ["sneakers", "men's running shoes", "frying pan", "", "word " * 2000]
    vectors = encoder.encode(texts)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1, 1, 0, 1], atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
    np.testing.assert_allclose(encoder.encode(texts[:1])[0], vectors[0], atol=0.05)  # quantised per batch
