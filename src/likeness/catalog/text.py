"""What an item says, field by field: the words that are indexed, and the text that is embedded."""

from __future__ import annotations

from collections.abc import Sequence

from likeness.query.normalise import grams, words
from likeness.types import TEXT_FIELDS, Item, ItemText

LONGEST_DESCRIPTION = 8_000  # characters indexed
LONGEST_MEANING = 400  # characters embedded


def item_texts(items: Sequence[Item]) -> list[ItemText]:
    """Return the analysed words of every item, in the order of `items`."""
    return [_analysed(item) for item in items]


def field_text(item: Item, field: str) -> str:
    """Return the raw text of one of TEXT_FIELDS. Raises KeyError for another name."""
    match field:
        case "title":
            return item.title
        case "brand":
            return item.brand or ""
        case "attributes":
            return " ".join(_said(name, value) for name, value in sorted(item.attributes.items()))
        case "category":
            return " ".join(item.categories)
        case "description":
            return item.description[:LONGEST_DESCRIPTION]
    raise KeyError(field)


def meaning_text(item: Item) -> str:
    """Return the text whose vector stands for the item: its title, or the next best thing it has."""
    if item.title.strip():
        return item.title[:LONGEST_MEANING]
    rest = (field_text(item, field) for field in TEXT_FIELDS[1:])
    return " ".join(part for part in rest if part)[:LONGEST_MEANING]


def _analysed(item: Item) -> ItemText:
    title = words(item.title)
    fields = tuple(
        (*(title if field == "title" else words(text)), *grams(text, characters=True))
        for field, text in ((field, field_text(item, field)) for field in TEXT_FIELDS)
    )
    return ItemText(fields=fields, title=tuple(title))


def _said(name: str, value: str) -> str:
    """Return what an attribute adds to the text: its value, or its name where the value is a mere yes."""
    plain = value.strip().lower()
    if plain in {"yes", "true", "1", "是"}:
        return name
    return "" if plain in {"no", "false", "0", "否"} else value
