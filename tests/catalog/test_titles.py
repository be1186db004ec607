from __future__ import annotations

from likeness.catalog.titles import can_name, read_titles


def test_a_word_that_ends_phrases_names_things() -> None:
    read = read_titles(["RED VINTAGE MUG", "Vintage Mugs, 12 Ounce Bottle", "vintage vase", "Mug with vintage print"])
    assert read.head["mug"] > 0.6 > 0.2 > read.head["vintage"]
    assert "bottle" in read.count  # it names a thing,
    assert read.head["bottle"] < read.head["vase"]  # but here only says how it is packed


def test_measures_colours_and_numbers_name_nothing() -> None:
    assert not any(can_name(stem) for stem in ("red", "oz", "12", "85123a", "the", "set", "x", "红色"))
    assert all(can_name(stem) for stem in ("mug", "t-light", "杯"))


def test_phrases_begin_and_end_with_a_naming_word() -> None:
    read = read_titles(["Set of 3 T-Light Holders with red wax", "cup and saucer"])
    assert read.phrases(0) == {("t-light",), ("holder",), ("t-light", "holder"), ("wax",)}
    assert ("cup", "and", "saucer") in read.phrases(1)


def test_words_are_shown_as_they_are_mostly_written() -> None:
    read = read_titles(["Christmas tree", "CHRISTMAS TREES", "trees", "不锈钢水杯"])
    assert read.write(("christma", "tree")) == "christmas trees"
    assert read.write(("不锈钢", "水杯")) == "不锈钢水杯"


def test_nothing_is_read_from_nothing() -> None:
    read = read_titles(["", "???", "12 34"])
    assert (dict(read.count), [read.phrases(row) for row in range(3)]) == ({}, [set(), set(), set()])
