from __future__ import annotations

import pytest

from likeness.catalog.text import LONGEST_MEANING, field_text, item_texts, meaning_text
from likeness.types import TEXT_FIELDS, Item

KETTLE = Item(
    item_id="k",
    title="Steel Kettles",
    brand="Acme",
    categories=("Home", "Kitchen"),
    description="Boils fast",
    attributes={"colour": "red", "cordless": "yes", "whistling": "no"},
)


def test_every_field_is_analysed_in_order() -> None:
    [text] = item_texts([KETTLE])
    said = dict(zip(TEXT_FIELDS, text.fields, strict=True))
    assert said["title"] == text.title == ("steel", "kettle")
    assert said["brand"] == ("acme",)
    assert said["category"] == ("home", "kitchen")
    assert said["description"] == ("boil", "fast")
    assert said["attributes"] == ("red", "cordless")  # a mere yes says the name, a mere no says nothing


def test_chinese_titles_are_indexed_by_words_pairs_and_characters() -> None:
    [text] = item_texts([Item(item_id="c", title="不锈钢水杯")])
    assert text.title == ("不锈钢", "水杯")
    assert {"不锈钢", "钢水", "杯"} <= set(text.fields[0])


def test_an_unknown_field_is_an_error() -> None:
    with pytest.raises(KeyError):
        field_text(KETTLE, "colour")


def test_an_item_without_title_means_the_next_best_it_has() -> None:
    assert meaning_text(KETTLE) == "Steel Kettles"
    assert meaning_text(Item(item_id="b", brand="Acme", description="Boils")) == "Acme Boils"
    assert meaning_text(Item(item_id="n")) == ""
    assert len(meaning_text(Item(item_id="l", title="x" * 9_999))) == LONGEST_MEANING
