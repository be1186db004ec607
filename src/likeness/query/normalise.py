"""Text to words: one analysis for items and queries, so that what is looked up is what was indexed.

Latin words are folded (width, case, accents, apostrophes, plural s: the S-stemmer of Harman 1991). Runs of Chinese,
Japanese and Korean writing are segmented by rjieba; their character pairs are kept beside the words (Nie et al.
2000), so that a name no dictionary holds is found too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import pairwise

LONGEST_WORD = 64  # characters; the rest of a longer run is cut off
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA_HANGUL = "\u3040-\u30ff\uac00-\ud7af"
_EMOJI = "\u2600-\u27bf\U0001f300-\U0001faff"
HAN = re.compile(f"[{_HAN}]")
_UNSPACED = re.compile(f"[{_HAN}{_KANA_HANGUL}]+")
_PIECE = re.compile(rf"([{_HAN}]+)|([{_KANA_HANGUL}]+|\d+\.\d+|[^\W_{_HAN}{_KANA_HANGUL}]+|[{_EMOJI}])")
_DROPPED = re.compile("['\u2019\u02bc\u2122\u00ae\u00a9\u2120\ufe0f]")  # apostrophes, ™ ® © ℠, emoji form
_FRACTION = re.compile("[\u00bc-\u00be]")
_FRACTIONS = {"\u00bc": " 1/4 ", "\u00bd": " 1/2 ", "\u00be": " 3/4 "}
_ACCENT = re.compile("[\u0300-\u036f]")
_SPACE = re.compile(r"[\s\0]+")
_WITHOUT = re.compile(r"\bw/o\b")


def word_set(text: str) -> frozenset[str]:
    """Return the words of a space-separated list."""
    return frozenset(text.split())


ENGLISH_STOP_WORDS = word_set("a an and are as at be by for from in is it of on or the to with your you")
CHINESE_STOP_WORDS = word_set("的 了 和 与 及 或 在 是 我 你 他 她 们 送 要 想 买 给 请 帮 个 款 吗 呢 吧 啊")
STOP_WORDS = ENGLISH_STOP_WORDS | CHINESE_STOP_WORDS


def normalise(text: str) -> str:
    """Return the text in one width and case, without accents, apostrophes and control characters.

    >>> normalise("  Café™  MEN’S ｉＰｈｏｎｅ ")
    'cafe mens iphone'
    """
    text = _DROPPED.sub("", text)
    if not text.isascii():
        text = _FRACTION.sub(lambda found: _FRACTIONS[found[0]], text.encode("utf-8", "ignore").decode("utf-8"))
        text = unicodedata.normalize("NFKC", _ACCENT.sub("", unicodedata.normalize("NFKD", text)))
    folded = _SPACE.sub(" ", text.lower()).strip()
    return _WITHOUT.sub("without", folded)


def words(text: str) -> list[str]:
    """Return the words of a text in order, repeats and stop words included.

    >>> words("Kids' Water Bottles, 12.5oz")
    ['kid', 'water', 'bottle', '12.5', 'oz']
    >>> words("不锈钢水杯 500ml")
    ['不锈钢', '水杯', '500ml']
    """
    found: list[str] = []
    for han, other in _PIECE.findall(normalise(text)):
        if other:
            found.append(fold(other))
        else:
            found.extend(_segment(han))
    return found


def grams(text: str, *, characters: bool = False) -> list[str]:
    """Return the character pairs of unspaced writing, without those that hold a stop word; `characters` adds each
    character, as items are indexed.

    >>> grams("不锈钢的杯子")
    ['不锈', '锈钢', '杯子']
    """
    if not _UNSPACED.search(text):
        return []
    found: list[str] = []
    for run in _UNSPACED.findall(normalise(text)):
        pairs = (run[i : i + 2] for i in range(len(run) - 1))
        found.extend(pair for pair in pairs if CHINESE_STOP_WORDS.isdisjoint(pair))
        if characters:
            found.extend(run)
    return found


def joined(found: Sequence[str]) -> list[str]:
    """Return each word written together with the next, without repeats.

    >>> joined(["note", "book", "cover"])
    ['notebook', 'bookcover']
    """
    return list(dict.fromkeys(first + second for first, second in pairwise(found)))


def content(found: Iterable[str]) -> list[str]:
    """Return the words without stop words and repeats; all of them where nothing else is left."""
    every = list(dict.fromkeys(found))
    return [word for word in every if word not in STOP_WORDS] or every


@lru_cache(maxsize=100_000)
def fold(word: str) -> str:
    """Return a word without its plural ending.

    >>> [fold(word) for word in ("batteries", "dresses", "shoes", "glass", "bus")]
    ['battery', 'dress', 'shoe', 'glass', 'bus']
    """
    word = word[:LONGEST_WORD]
    if len(word) < 4 or not word.endswith("s") or not word.isascii():
        return word
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word if word.endswith(("ss", "us", "is")) else word[:-1]


def _segment(run: str) -> list[str]:
    """Return the dictionary words of a run; long runs are cut into pieces first."""
    import rjieba  # only where a text needs it

    return [word for start in range(0, len(run), 4096) for word in rjieba.cut(run[start : start + 4096])]


@cache
def warm_up() -> None:
    """Load the Chinese dictionary now, so that the first query need not."""
    _segment("中文")
