from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from likeness.encode.scripts import Lexicon, script_features, sign_rows


def lexicon(*words: str) -> Lexicon:
    return Lexicon({word: row for row, word in enumerate(words)})


def test_latin_text_has_no_script_features() -> None:
    assert script_features("Café crème 12 €")[0].size == 0


def test_chinese_gives_characters_and_pairs() -> None:
    hashes, weights = script_features("口红套")
    assert len(hashes) == len(weights) == 5
    assert len(set(hashes.tolist())) == 5


def test_pairs_do_not_cross_a_break() -> None:
    assert len(script_features("口 红")[0]) == 2
    assert len(script_features("口a红")[0]) == 2


def test_function_words_weigh_little() -> None:
    _, function = script_features("的")
    _, content = script_features("鞋")
    assert function[0] < content[0] / 5


def test_other_alphabets_give_words_and_triples() -> None:
    hashes, _ = script_features("Ботинки")
    assert len(hashes) == 1 + 7
    assert set(hashes.tolist()) == set(script_features("ботинки")[0].tolist())


@pytest.mark.parametrize("dim", [64, 100, 256, 384])
def test_directions_are_unit_fixed_and_nearly_orthogonal(dim: int) -> None:
    rows = sign_rows(np.arange(200, dtype=np.uint64), dim)
    assert rows.shape == (200, dim)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(rows, sign_rows(np.arange(200, dtype=np.uint64), dim))
    cosines = rows @ rows.T - np.eye(200)
    assert abs(cosines).max() < 6 / np.sqrt(dim)
    assert abs(cosines.mean()) < 0.01


def test_directions_do_not_change_between_versions() -> None:
    bits = (sign_rows(np.array([1], np.uint64), 64)[0] > 0).astype(int)
    assert "".join(map(str, bits[:16])) == "1111010001100101"


def test_the_longest_word_wins() -> None:
    words = lexicon("手机", "手机壳", "壳")
    assert words.find("苹果手机壳, 手机 case 壳") == [1, 0, 2]


def test_an_empty_lexicon_finds_nothing(tmp_path: Path) -> None:
    assert Lexicon.read(tmp_path / "none.tsv", first_row=7).find("手机") == []


def test_a_lexicon_file_counts_rows_from_the_first(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.tsv"
    path.write_text("口红\tlipstick\n鞋\tshoes\n", encoding="utf-8")
    assert Lexicon.read(path, first_row=7).find("鞋和口红") == [8, 7]
