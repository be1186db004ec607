from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.query import normalise as module
from likeness.query.normalise import LONGEST_WORD, content, fold, grams, normalise, words


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Women's Slippers", "womens slipper"),
        ("ＬＥＤ　Ｌａｍｐ", "led lamp"),
        ("Café Crème", "cafe creme"),
        ("Kindle™ Paperwhite®", "kindle paperwhite"),
        ("1½ inch", "1 1/2 inch"),
        ("bottle w/o straw", "bottle without straw"),
        ("Ｔ恤", "t恤"),
        ("ガラス", "ｶﾞﾗｽ"),
    ],
)
def test_two_ways_of_writing_give_the_same_words(one: str, other: str) -> None:
    assert words(one) == words(other)


def test_numbers_keep_their_decimals_and_model_names_stay_whole() -> None:
    assert words('12.5" X-1000v2, size 7') == ["12.5", "x", "1000v2", "size", "7"]


def test_chinese_is_segmented_and_its_pairs_cross_word_borders() -> None:
    assert words("不锈钢保温杯500ml") == ["不锈钢", "保温杯", "500ml"]
    assert "钢保" in grams("不锈钢保温杯")
    assert grams("不锈钢", characters=True) == ["不锈", "锈钢", "不", "锈", "钢"]


def test_pairs_never_hold_a_stop_word_and_latin_text_has_none() -> None:
    assert all("的" not in pair for pair in grams("女朋友的口红"))
    assert grams("red lipstick") == []


def test_content_drops_stop_words_unless_nothing_else_is_left() -> None:
    assert content(["the", "red", "and", "red", "bag"]) == ["red", "bag"]
    assert content(["to", "be", "or"]) == ["to", "be", "or"]


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12))
def test_folding_brings_a_word_and_its_simple_plural_together(word: str) -> None:
    if not word.endswith(("s", "x", "z", "y", "h", "e", "i", "u")) and len(word) > 2:
        assert fold(word + "s") == fold(word)


@given(st.text())
def test_any_text_has_short_clean_words(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    for word in [*words(text), *grams(text, characters=True)]:
        assert 0 < len(word) <= LONGEST_WORD
        assert not any(character.isspace() for character in word)
