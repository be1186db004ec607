"""Reasons: which features raised an item, whose history stands behind them, and the words that say just that."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from likeness.model import Stage
from likeness.persona.facts import BANDS
from likeness.rank.feedback import NAME
from likeness.rank.rules import Ruled
from likeness.types import Catalogue, Floats, Pool, Reason, Taste

Evidence = Callable[[str, str], tuple[str, ...]]
"""(facet kind, value) -> the latest event ids that stand behind it in the shopper's own history."""

LARGEST = 3  # reasons kept per item, the heaviest first

ENGLISH: Mapping[str, str] = {
    "popular": "popular with many shoppers lately",
    "again": "you have bought this before",
    "together": "goes with {because}",
    "similar": "is like {because}",
    "taste": "fits your interests",
    "related:substitute": "an alternative to {because}",
    "related:instead": "others who looked at {because} bought this",
    "related:complement": "bought along with {because}",
    "related:after": "often bought after {because}",
    "sequence": "fits what you chose lately",
    "factors": "chosen by shoppers with your taste",
    "fresh": "new, and close to {because}",
    "looks": "looks like {because}",
    "words": "matches the words of your search",
    "meaning": "matches the meaning of your search",
    "facet": "you often choose {name}",
    "facet:price": "in the price range you usually choose",
    "item:history": "you have shown interest in this",
    "item:taste": "close to what you like",
    "rule": "chosen by the shop: {name}",
    "disliked": "lower because you turned down {because}",
    "explore": "something new to try",
}
CHINESE: Mapping[str, str] = {
    "popular": "最近很受欢迎",
    "again": "您以前买过",
    "together": "常与{because}一起购买",
    "similar": "与{because}相似",
    "taste": "符合您的兴趣",
    "related:substitute": "可替代{because}",
    "related:instead": "看过{because}的人买了它",
    "related:complement": "常与{because}搭配购买",
    "related:after": "常在买过{because}后购买",
    "sequence": "符合您最近的选择",
    "factors": "品味相近的人的选择",
    "fresh": "新品，与{because}相近",
    "looks": "看起来像{because}",
    "words": "与您搜索的字词匹配",
    "meaning": "与您搜索的意思相近",
    "facet": "您常选{name}",
    "facet:price": "在您常选的价位",
    "item:history": "您对它感兴趣过",
    "item:taste": "与您的喜好相近",
    "rule": "店铺推荐：{name}",
    "disliked": "因为您不喜欢{because}，排名靠后",
    "explore": "尝试一点新东西",
}
LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "zh": CHINESE}


def no_evidence(kind: str, value: str) -> tuple[str, ...]:
    """Know of nothing: for a reader whose history is not at hand."""
    return ()


def reasons_of(
    stage: Stage,
    contributions: Floats,
    pool: Pool,
    place: int,
    catalogue: Catalogue,
    taste: Taste,
    evidence: Evidence,
) -> tuple[Reason, ...]:
    """Return the heaviest reasons of one candidate.

    `contributions` (F,) says how much each feature raised it above the mean of the pool; features of one source, and
    of one facet, count together. Only what raised it is a reason, and a facet only where the taste holds it.
    """
    weight: dict[str, float] = {}
    for name, contribution in zip(stage.scorer.names, contributions.tolist(), strict=True):
        part, _, rest = name.partition(":")
        whole = part in pool.sources and part != "related"  # its columns are reasons of their own
        key = part if whole else f"{part}:{rest.partition('/')[0]}"  # "/again": for what was bought
        weight[key] = weight.get(key, 0.0) + contribution
    found: list[Reason] = []
    for key, amount in sorted(weight.items(), key=lambda pair: -pair[1]):
        if amount <= 0 or len(found) == LARGEST:
            break
        part, _, rest = key.partition(":")
        if part in pool.sources:
            reason = _source_reason(key, amount, pool, place, catalogue, evidence)
        elif part == "facet":
            reason = _facet_reason(rest, amount, int(pool.rows[place]), catalogue, taste, evidence)
        else:
            reason = None if part != "item" else _item_reason(rest, amount, int(pool.rows[place]), taste)
        found += [reason] if reason is not None else []
    return tuple(found)


def ruled_reasons(ruled: Ruled, row: int) -> tuple[Reason, ...]:
    """Return the rules that moved the item of a catalogue row."""
    return tuple(Reason(kind="rule", name=name, contribution=by) for name, by in ruled.moved.get(row, ()))


def in_words(reason: Reason, catalogue: Catalogue, language: str = "en") -> str:
    """Return one reason as a phrase that claims nothing beyond it; `language` is "en" or "zh"."""
    phrases = LANGUAGES[language]
    key = {"source": reason.name, "item": f"item:{reason.name}"}.get(reason.kind, reason.kind)
    key = "facet:price" if reason.kind == "facet" and reason.name.startswith("price=") else key
    key = "disliked" if reason.kind == "rule" and reason.name.startswith(f"{NAME}: ") else key
    row = catalogue.row_of.get(reason.because or "")
    because = catalogue.items[row].title or reason.because if row is not None else reason.because
    if because is None and "{because}" in phrases.get(key, ""):
        key = "taste"
    name = reason.name.partition("=")[2] or reason.name
    return phrases.get(key, reason.name).format(because=because, name=name)


def _facet_reason(
    kind: str, amount: float, row: int, catalogue: Catalogue, taste: Taste, evidence: Evidence
) -> Reason | None:
    """Return the reason only if the shopper really likes this value, and events say so."""
    held = "price_band" if kind == "price" else kind
    value = _facet_value(kind, row, catalogue)
    liked = taste.facets.get(held, {}).get(value or "")
    if value is None or liked is None or liked[-1] <= 0:
        return None
    events = evidence(held, value)
    return Reason(kind="facet", name=f"{kind}={value}", contribution=amount, evidence=events) if events else None


def _item_reason(name: str, amount: float, row: int, taste: Taste) -> Reason | None:
    """Return the reason of the item itself: history only where there is some, taste only where somebody is known."""
    place = np.flatnonzero(taste.rows == row)
    if not taste.known or (name == "history" and not (len(place) and taste.weights[place[0], -1] > 0)):
        return None
    return Reason(kind="item", name=name, contribution=amount)


def _source_reason(
    name: str, amount: float, pool: Pool, place: int, catalogue: Catalogue, evidence: Evidence
) -> Reason | None:
    column = pool.sources.index(name.partition(":")[0])
    if pool.scores[place, column] != pool.scores[place, column]:  # NaN: this source did not propose it
        return None
    row = int(pool.because[place, column])
    if row < 0:
        return Reason(kind="source", name=name, contribution=amount)
    because = catalogue.items[row].item_id
    return Reason(kind="source", name=name, contribution=amount, because=because, evidence=evidence("item", because))


def _facet_value(kind: str, row: int, catalogue: Catalogue) -> str | None:
    match kind:
        case "category":
            code = int(catalogue.category[row])
            return catalogue.category_names[code] if code >= 0 else None
        case "brand":
            code = int(catalogue.brand[row])
            return catalogue.brand_names[code] if code >= 0 else None
        case "price":
            return BANDS[catalogue.band[row]] if catalogue.band[row] >= 0 else None
        case _:
            return None
