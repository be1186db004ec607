from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from likeness.encode.static import SHIPPED, StaticEncoder, load_static
from likeness.errors import ConfigError
from likeness.ports import Encoder

MEGABYTE = 1_000_000
HOSTILE = ["", "   ", "\x00", "\ud800", "a\ud800b", "‮shoes‬", "😀😀", "é" * 3000, "x" * 100_000, "١٢٣", "\n\t", "?!.,"]


@pytest.fixture(scope="module")
def encoder() -> StaticEncoder:
    return load_static()


def cosine(encoder: StaticEncoder, first: str, second: str) -> float:
    one, two = encoder.encode([first, second])
    return float(one @ two)


def test_it_is_an_encoder(encoder: StaticEncoder) -> None:
    assert isinstance(encoder, Encoder)
    vectors = encoder.encode(["red dress", "phone case for iphone"])
    assert vectors.shape == (2, encoder.embedding_dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_give_no_rows(encoder: StaticEncoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.embedding_dim)


@pytest.mark.parametrize("text", ["", "   ", "?!...", "\x00", "\ud800"])
def test_a_text_without_a_known_part_is_zero(encoder: StaticEncoder, text: str) -> None:
    assert not encoder.encode([text]).any()


def test_hostile_texts_give_finite_unit_or_zero_rows(encoder: StaticEncoder) -> None:
    lengths = np.linalg.norm(encoder.encode(HOSTILE), axis=1)
    assert np.all(np.isclose(lengths, 1, atol=1e-5) | (lengths == 0))


def test_one_text_alone_is_the_same_as_among_others(encoder: StaticEncoder) -> None:
    texts = ["red dress", "", "口红", "usb 数据线 cable", *HOSTILE, "blue suede shoes"] * 40
    together = encoder.encode(texts)
    for row in range(0, len(texts), 13):
        np.testing.assert_allclose(encoder.encode([texts[row]])[0], together[row], atol=1e-6)


def test_a_second_load_gives_the_same_vectors(encoder: StaticEncoder) -> None:
    texts = ["ceramic mug", "女士口红套装", "ботинки"]
    np.testing.assert_array_equal(load_static().encode(texts), encoder.encode(texts))


@pytest.mark.parametrize(
    ("query", "near", "far"),
    [
        ("sneakers", "men's running shoes size 10", "stainless steel frying pan"),
        ("phone cover", "silicone iphone case", "vitamin c serum"),
        ("sofa", "velvet couch three seater", "dog food chicken flavour"),
        ("LIPSTICK", "lip gloss makeup", "mechanical keyboard"),
        ("口红", "女士口红套装", "手机壳"),
        ("手机 case", "手机壳", "女士口红套装"),
        ("Bluetooth 耳机", "无线蓝牙耳机", "蓝色连衣裙"),
        ("ＰＨＯＮＥ ｃａｓｅ", "iphone case", "lipstick"),
        ("ботинки", "зимние ботинки", "красное платье"),
    ],
)
def test_what_is_alike_is_near(encoder: StaticEncoder, query: str, near: str, far: str) -> None:
    assert cosine(encoder, query, near) > cosine(encoder, query, far) + 0.1


@pytest.mark.parametrize(
    ("chinese", "near", "far"),
    [
        ("口红", "matte lipstick", "phone case"),
        ("手机壳", "phone case for iphone", "red lipstick"),
        ("红色连衣裙", "red summer dress", "stainless steel knife"),
        ("狗粮", "dry dog food", "women's handbag"),
        ("手機殼", "phone case for iphone", "red lipstick"),
    ],
)
def test_chinese_shop_words_are_near_english_ones(encoder: StaticEncoder, chinese: str, near: str, far: str) -> None:
    assert cosine(encoder, chinese, near) > cosine(encoder, chinese, far) + 0.1


def test_words_and_their_order_of_weight(encoder: StaticEncoder) -> None:
    assert cosine(encoder, "the leather belt for you", "leather belt") > cosine(
        encoder, "the leather belt for you", "the for you"
    )


def test_the_shipped_folder_is_small_and_says_where_it_comes_from() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= 16 * MEGABYTE
    config = json.loads((SHIPPED / "config.json").read_text(encoding="utf-8"))
    assert {"licence", "provenance", "name", "embedding_dim"} <= set(config)


def test_short_texts_are_fast(encoder: StaticEncoder) -> None:
    texts = [f"women leather ankle boots {number}" for number in range(4000)]
    encoder.encode(texts[:500])
    start = time.process_time()  # of every thread: never less than one core's time
    encoder.encode(texts)
    assert len(texts) / (time.process_time() - start) > 10_000


def test_loading_needs_no_heavy_library() -> None:
    code = (
        "import sys; from likeness.encode import load_encoder; load_encoder().encode(['shoes', '鞋'])\n"
        "print({'torch', 'onnxruntime', 'scipy', 'rjieba', 'pandas', 'openai'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_damaged_or_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(SHIPPED, folder)
    (folder / name).write_text("{broken", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_static(folder)
    (folder / name).unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        load_static(folder)


def test_another_format_version_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(SHIPPED, folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "version": 99}), encoding="utf-8")
    with pytest.raises(ConfigError, match="99"):
        load_static(folder)
