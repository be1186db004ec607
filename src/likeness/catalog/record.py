"""One record of any item file to an Item: field names of GA4, schema.org, Segment, Retail API, Amazon, RecBole, CSV."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from likeness.files.coerce import number_of, text_of
from likeness.files.names import plain
from likeness.types import ITEM_KINDS, Item

FIELDS: dict[str, tuple[str, ...]] = {
    "item_id": (
        *(
            "itemid",
            "productid",
            "asin",
            "parentasin",
            "sku",
            "stockcode",
            "productcode",
            "articleid",
            "goodsid",
            "movieid",
        ),
        *("商品id", "商品编号", "产品id", "产品编号", "货号", "id", "identifier"),
    ),
    "title": (
        *(
            "title",
            "itemname",
            "productname",
            "name",
            "producttitle",
            "movietitle",
            "商品名称",
            "产品名称",
            "商品名",
            "商品标题",
            "名称",
            "标题",
        ),
    ),
    "description": ("description", "productdescription", "longdescription", "desc", "商品描述", "描述", "详情"),
    "points": ("bulletpoints", "features", "feature", "highlights"),
    "brand": ("brand", "itembrand", "brands", "brandname", "manufacturer", "vendor", "品牌"),
    "price": (
        "price",
        "priceinfo",
        "offers",
        "saleprice",
        "listprice",
        "unitprice",
        "currentprice",
        "价格",
        "售价",
        "单价",
    ),
    "currency": ("currency", "pricecurrency", "currencycode", "币种"),
    "image": ("image", "imageurl", "images", "img", "thumbnail", "imageurlhighres", "图片"),
    "available": ("available", "availability", "instock", "stock", "currentstock", "inventory", "库存"),
    "kind": ("kind", "itemkind"),
}
"""Field -> plain names, the most telling first."""

CATEGORIES = (
    ("categories",),
    ("categorypath",),
    ("itemcategory", *(f"itemcategory{i}" for i in range(2, 6))),
    *(tuple(f"{stem}{i}" for i in range(1, 7)) for stem in ("categoryl", "category")),
    ("department", "productcategory", "producttype"),
    ("department", "category", "subcategory"),
    ("category", "subcategory"),
    ("productcategory",),
    ("producttype",),
    ("genres",),
    ("genre",),
    ("类别",),
    ("分类",),
    ("品类",),
)
"""Columns that make a category path, root first; the first row of which something is there counts."""

LONGEST_ATTRIBUTE = 80
_NO_ATTRIBUTE = re.compile(
    r"(id|gtin\d*|ean|upc|mpn|sku|url|uri|link|rating|ratings|count|number|rank|type|context|score|stock)$"
)
_MEASURES = {"size", "age", "year", "weight", "length", "width", "height", "volume", "capacity", "尺寸", "尺码", "年龄"}
_ABSENT = ("outofstock", "soldout", "discontinued", "false", "no", "0", "unavailable", "缺货", "下架")

plain_name = lru_cache(maxsize=4_096)(plain)


@lru_cache(maxsize=4_096)
def _spelling(name: str) -> str:
    """Return the name an attribute keeps: lower case, words joined by one underscore."""
    name = re.sub(r":(token|float|token_seq|float_seq)$", "", name.strip())
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


def item_of(record: Mapping[str, Any], mapping: Mapping[str, str]) -> tuple[Item | None, list[tuple[str, str]]]:
    """Return the item a record describes (None without an id), and what was wrong with it as (rule, value)."""
    said = {plain_name(name): value for name, value in record.items() if value not in (None, "", [], {})}
    spelt = {plain_name(name): _spelling(name) for name in record}
    said |= {plain(field): record[column] for field, column in mapping.items() if record.get(column) is not None}
    used: set[str] = set()
    faults: list[tuple[str, str]] = []
    item_id = _id(_take(said, used, "item_id"), faults)
    if item_id is None:
        return None, faults
    price, currency = _price(_take(said, used, "price"), faults)
    kind = _words(_take(said, used, "kind"))
    return Item(
        item_id=item_id,
        title=_words(_take(said, used, "title")),
        description="\n".join(filter(None, (_words(_take(said, used, part)) for part in ("description", "points")))),
        categories=_categories(said, used),
        brand=_words(_take(said, used, "brand")) or None,
        price=price,
        currency=_currency(_take(said, used, "currency") or currency, faults),
        image=_image(_take(said, used, "image")),
        available=_available(_take(said, used, "available", _offered(said.get("offers")))),
        kind=kind if kind in ITEM_KINDS else "product",
        attributes=_attributes(said, used, spelt),
    ), faults


def _take(said: Mapping[str, Any], used: set[str], field: str, otherwise: Any = None) -> Any:
    used.update(FIELDS[field])
    return next((said[name] for name in FIELDS[field] if name in said), otherwise)


def _id(value: Any, faults: list[tuple[str, str]]) -> str | None:
    text = (text_of(value) or "").strip()
    text = re.sub(r"^(-?\d+)\.0$", r"\1", text)
    if not text or len(text) > 256:
        faults.append(("missing_item" if value is None or text_of(value) == "" else "unreadable_id", str(value)[:200]))
        return None
    return text


def _words(value: Any) -> str:
    """Return text from a text, a list of texts, or an object with a name; HTML and runs of space taken out."""
    if isinstance(value, dict):
        value = value.get("name") or value.get("text")
    if isinstance(value, list):
        return "\n".join(filter(None, (_words(one) for one in value)))
    text = text_of(value) or ""
    if "<" in text:
        text = re.sub(r"</?[A-Za-z][^<>]{0,200}>", " ", text)
    if "&" in text:
        text = html.unescape(text)
    return re.sub(r"[^\S\n]+", " ", text).strip()


def _price(value: Any, faults: list[tuple[str, str]]) -> tuple[float | None, Any]:
    currency = None
    if isinstance(value, list):
        value = value[0]
    if isinstance(value, dict):
        currency = value.get("priceCurrency") or value.get("currencyCode") or value.get("currency")
        value = next(
            (value[name] for name in ("price", "lowPrice", "amount", "value") if value.get(name) is not None), None
        )
    price = number_of(value) if value is not None else None
    if (price is None and value is not None) or (price is not None and not 0 <= price <= 1e12):
        faults.append(("dropped_field", str(value)[:200]))
        return None, currency
    return price or None, currency  # a price of 0 stands for "not known"


def _currency(value: Any, faults: list[tuple[str, str]]) -> str | None:
    text = (text_of(value) or "").strip().upper()
    if text and re.fullmatch("[A-Z]{3}", text) is None:
        faults.append(("currency", text[:200]))
        return None
    return text or None


def _image(value: Any) -> str | None:
    if isinstance(value, list):
        value = value[0]
    if isinstance(value, dict):
        value = value.get("url") or value.get("uri") or value.get("large") or value.get("contentUrl")
    return text_of(value)


def _offered(offers: Any) -> Any:
    """Return the availability inside schema.org offers."""
    offer = offers[0] if isinstance(offers, list) else offers
    return offer.get("availability") if isinstance(offer, dict) else None


def _available(value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return value is not False
    number = number_of(value)
    if number is not None:
        return number > 0
    return not plain((text_of(value) or "").rpartition("/")[2]).startswith(_ABSENT)


def _categories(said: Mapping[str, Any], used: set[str]) -> tuple[str, ...]:
    for names in CATEGORIES:
        if any(name in said for name in names):
            used.update(names)
            levels = [level for name in names for level in _levels(said.get(name))]
            return tuple(dict.fromkeys(levels))
    return ()


def _levels(value: Any) -> list[str]:
    if isinstance(value, list):
        paths = [_levels(one) for one in value]
        nested = any(len(path) > 1 for path in paths)
        return max(paths, key=len) if nested else [level for path in paths for level in path]
    text = _words(value)
    return [level.strip() for level in re.split(r"\s*>\s*|\|", text) if level.strip() and level.strip() != "(not set)"]


def _attributes(said: Mapping[str, Any], used: set[str], spelt: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in ("attributes", "additionalproperty", "details"):
        found.update(_given(said.get(name)))
    for name, value in said.items():
        if name not in used and not isinstance(value, dict) and not _NO_ATTRIBUTE.search(name) and name not in found:
            text = _attribute(value, measure=name in _MEASURES)
            if text is not None:
                found[spelt.get(name, name)] = text
    return found


def _given(value: Any) -> dict[str, str]:
    if isinstance(value, list):  # schema.org: objects with name and value
        pairs = [(one.get("name") or one.get("key"), one.get("value")) for one in value if isinstance(one, dict)]
    else:
        pairs = list(value.items()) if isinstance(value, dict) else []
    read = {str(name): _attribute(_inner(inner), measure=True) for name, inner in pairs if name}
    return {name: text for name, text in read.items() if text is not None}


def _inner(value: Any) -> Any:
    """Return the texts or numbers of a Retail API attribute."""
    return value.get("text") or value.get("numbers") if isinstance(value, dict) else value


def _attribute(value: Any, *, measure: bool) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else None
    if isinstance(value, list):
        value = ", ".join(filter(None, (text_of(one) for one in value)))
    text = _words(value)
    if not text or len(text) > LONGEST_ATTRIBUTE or "://" in text or (not measure and number_of(text) is not None):
        return None
    return text
