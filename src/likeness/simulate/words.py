"""What people type and write: queries with typos and dropped words, reviews, in English and Chinese."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from likeness.simulate.config import SimulateConfig
from likeness.simulate.lists import SEARCH, Lists
from likeness.simulate.truth import ItemTruth, Truth
from likeness.simulate.vocabulary import BRANDS, COLOURS, LEAVES, MATERIALS, REVIEWS
from likeness.types import Floats, Rows

SOUND_ALIKES = dict(zip("杯锅茶子霜鞋粉粮灯包奶帐被枕烛", "怀过查字双协份良登苞乃账背忱竹", strict=True))
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def draw_queries(
    config: SimulateConfig, truth: Truth, lists: Lists, rng: np.random.Generator
) -> tuple[NDArray[np.int64], list[str], list[str]]:
    """Return the lists that answer a search, the query typed for each, and the same query without noise."""
    searched = np.flatnonzero(lists.kind == SEARCH)
    n = len(searched)
    chinese = truth.chinese[lists.shopper[searched]]
    noun = (rng.random(n) < 0.3).astype(int)
    noisy = rng.random(n) < config.query_noise
    dice = rng.random((n, 3))
    clean = [
        _query(truth.items, int(item), asked, bool(zh), int(k))
        for item, asked, zh, k in zip(lists.target[searched], lists.asked[searched], chinese, noun, strict=True)
    ]
    typed = [
        _garble(words, bool(zh), d) if bad else _joined(words, bool(zh))
        for words, zh, bad, d in zip(clean, chinese, noisy, dice, strict=True)
    ]
    return searched, typed, [_joined(words, bool(zh)) for words, zh in zip(clean, chinese, strict=True)]


def _query(shelf: ItemTruth, item: int, asked: NDArray[np.bool_], chinese: bool, noun: int) -> list[str]:
    """Return the words that describe the item someone has in mind."""
    leaf, side = LEAVES[shelf.category[item]], int(chinese)
    words = []
    if asked[0]:
        words.append(BRANDS[shelf.brand[item]][side].lower())
    if asked[1] and not leaf.cycle:  # nobody asks for the colour of a packet
        words.append(COLOURS[shelf.colour[item]][side])
    if asked[2]:
        material = shelf.material[item]
        words.append(MATERIALS[material] if chinese else material)
    return [*words, (leaf.nouns_zh if chinese else leaf.nouns)[noun]]


def _joined(words: list[str], chinese: bool) -> str:
    return ("" if chinese else " ").join(words)


def _garble(words: list[str], chinese: bool, dice: Floats) -> str:
    """Return the query with one thing wrong: a word dropped, or one slip of the finger."""
    kind, where, what = (float(x) for x in dice)
    if kind < 0.3 and len(words) > 1:
        gone = int(where * len(words))
        return _joined(words[:gone] + words[gone + 1 :], chinese)
    text = _joined(words, chinese)
    at = int(where * (len(text) - 1))
    return _slip_chinese(text, at, what) if chinese else _slip(text, at, what)


def _slip(text: str, at: int, what: float) -> str:
    """Return English text with a swapped, missing, doubled or wrong letter."""
    if what < 0.3:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if what < 0.6:
        return text[:at] + text[at + 1 :]
    if what < 0.8:
        return text[:at] + text[at] + text[at:]
    return text[:at] + LETTERS[int((what - 0.8) / 0.2 * 26)] + text[at + 1 :]


def _slip_chinese(text: str, at: int, what: float) -> str:
    """Return Chinese text with a sound-alike, a missing or two swapped characters."""
    alike = [i for i, character in enumerate(text) if character in SOUND_ALIKES]
    if what < 0.5 and alike:
        i = alike[at % len(alike)]
        return text[:i] + SOUND_ALIKES[text[i]] + text[i + 1 :]
    if what < 0.75 and len(text) > 2:
        return text[:at] + text[at + 1 :]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def draw_reviews(truth: Truth, shopper: Rows, item: Rows, rating: Floats, rng: np.random.Generator) -> list[str]:
    """Return a text of one or two sentences per review, in the shopper's language, that fits the rating."""
    dice = rng.random((len(item), 3))
    shelf = truth.items
    return [
        _review(int(shelf.category[i]), int(shelf.brand[i]), bool(zh), float(stars), d)
        for i, zh, stars, d in zip(item, truth.chinese[shopper], rating, dice, strict=True)
    ]


def _review(category: int, brand: int, chinese: bool, stars: float, dice: Floats) -> str:
    tone = "good" if stars >= 4 else "fair" if stars >= 3 else "bad"
    sentences = REVIEWS[tone, "zh" if chinese else "en"]
    first = int(dice[0] * len(sentences))
    chosen = [sentences[first]]
    if dice[1] < 0.5:
        chosen.append(sentences[(first + 1 + int(dice[2] * (len(sentences) - 1))) % len(sentences)])
    leaf = LEAVES[category]
    text = ("" if chinese else " ").join(chosen)
    return text.format(noun=(leaf.nouns_zh if chinese else leaf.nouns)[0], brand=BRANDS[brand][int(chinese)])
