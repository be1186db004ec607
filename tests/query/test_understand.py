from __future__ import annotations

import doctest
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.query import understand as module
from likeness.query.understand import MOST_TOKENS, understand


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("red bag", "en"),
        ("口红", "zh"),
        ("iPhone 手机壳", "mixed"),
        ("лампа", "other"),
        ("120", "other"),
        ("", ""),
        ("?!", ""),
    ],
)
def test_the_language_is_told_from_the_writing(text: str, language: str) -> None:
    assert understand(text).language == language


@pytest.mark.parametrize(
    ("text", "unwanted"),
    [
        ("dinnerware sets without mugs", {"without", "mug"}),
        ("lights without wiring with switch", {"without", "wiring"}),
        ("bottle w/o straw", {"without", "straw"}),
        ("without you", set()),  # a query does not begin with what it does not want
        ("cups without", set()),
        ("手机壳 不带 支架", {"不带", "支架"}),
        ("red mugs", set()),
    ],
)
def test_what_follows_without_is_unwanted_to_the_end_of_its_phrase(text: str, unwanted: set[str]) -> None:
    assert understand(text).unwanted == unwanted


def test_a_chinese_query_is_looked_up_by_words_and_pairs_without_stop_words() -> None:
    meant = understand("送女朋友的口红")
    assert {"女朋友", "口红", "女朋"} <= set(meant.tokens)
    assert not {"送", "的", "友的"} & set(meant.tokens)
    assert meant.words == ("送", "女朋友", "的", "口红")


@pytest.mark.parametrize("text", ["", " ", "\0", "!!!", "\ud800", "\u202e\u200f"])
def test_a_text_without_words_has_no_tokens(text: str) -> None:
    assert understand(text).tokens == ()


def test_a_very_long_query_is_read_only_so_far() -> None:
    text = " ".join(f"word{i}" for i in range(2_000))
    start = time.perf_counter()
    meant = understand(text)
    assert time.perf_counter() - start < 0.2
    assert len(meant.tokens) == MOST_TOKENS
    assert meant.tokens[0] == "word0"


@given(st.text())
def test_any_text_is_understood(text: str) -> None:
    meant = understand(text)
    assert len(set(meant.tokens)) == len(meant.tokens) <= MOST_TOKENS
    assert meant.unwanted <= set(meant.tokens)
    assert understand(meant.text).tokens == meant.tokens
