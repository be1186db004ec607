"""What titles are made of: words that can name a thing, how often each does, and the phrases they form.

English and Chinese titles end their phrases with the thing itself ("red lunch BAG", "不锈钢水杯" ends in 水杯), so the
share of a word's titles in which it ends a phrase tells things ("shampoo", 0.87) from their traits ("natural", 0.19).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from likeness.query.normalise import STOP_WORDS, fold, normalise, words

Phrase = tuple[str, ...]
Segments = list[list[str]]  # the stems of a title, cut at punctuation

_CUTS = re.compile(r"[,;:/|()\[\]{}+!?，。；：、（）【】]|(?<=\w{4})\.\s|\s[-–—]+\s")
_WORD = re.compile(r"[^\W\d_]-[^\W\d_]+|[^\W_]+|&")
_LINKS = frozenset(["with", "for", "in", "by", "of", "w", "&", "and", "和", "与", "及", "的"])
_MEASURES = "oz ounce ml pack count inch in cm mm pcs pc piece lb pound gram kg fl fluid size x pair per amp quot ct"
_COLOURS = (
    "red pink blue white black green ivory cream gold golden silver purple yellow orange brown grey gray turquoise "
    "lilac mint beige nude fair dark clear colour color "
    "红色 蓝色 白色 黑色 绿色 黄色 粉色 粉红色 紫色 灰色 棕色 金色 银色 橙色 颜色"
)
_TRAITS = (
    "small large mini medium big set new no asst assorted assd asstd design style edition version collection only "
    "may vary packaging pa ea cr me type various misc compatible ii iii iv "
    "大 小 中 新款 新 款 套装 款式 支 个 只 件 包邮"
)
_NAMELESS = STOP_WORDS | frozenset(" ".join((_MEASURES, _COLOURS, _TRAITS)).split())
_LONGEST_PHRASE = 3


@dataclass(frozen=True)
class Titles:
    """The titles of a shelf, read once."""

    segments: list[Segments]
    shown: dict[str, str]  # stem -> the form in which it is mostly written
    count: Counter[str]  # stem -> titles that hold it; only stems that can name a thing
    head: dict[str, float]  # stem -> share of its titles in which it ends a phrase, 0 to 1

    def phrases(self, item: int) -> set[Phrase]:
        """Return the runs of one to three words of a title that begin and end with a naming word."""
        found: set[Phrase] = set()
        for segment in self.segments[item]:
            for start in range(len(segment)):
                found.update(self._phrases_at(segment, start))
        return found

    def write(self, phrase: Phrase) -> str:
        """Return a phrase as people write it."""
        written = [self.shown[stem] for stem in phrase]
        return ("" if all(not word.isascii() for word in written) else " ").join(written)

    def _phrases_at(self, segment: list[str], start: int) -> Iterator[Phrase]:
        if segment[start] not in self.count:
            return
        for end in range(start + 1, min(start + _LONGEST_PHRASE, len(segment)) + 1):
            inner = segment[start + 1 : end - 1]
            if segment[end - 1] in self.count and all(stem in self.count or stem in STOP_WORDS for stem in inner):
                yield tuple(segment[start:end])


def read_titles(titles: Sequence[str]) -> Titles:
    """Cut titles into words and count which of them name things."""
    forms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    segments: list[Segments] = []
    for title in titles:
        pairs = [[*_words(segment)] for segment in _CUTS.split(normalise(title))]
        for stem, form in (pair for segment in pairs for pair in segment):
            forms[stem][form] += 1
        segments.append([[stem for stem, _ in segment] for segment in pairs if segment])
    count: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    for title_segments in segments:
        count.update({stem for segment in title_segments for stem in segment if can_name(stem)})
        ends.update(_heads(title_segments))
    shown = {stem: min(c, key=lambda form: (-c[form], form)) for stem, c in forms.items()}
    # Half a phrase in two titles is the prior: one lucky ending proves little.
    head = {stem: (ends[stem] + 0.5) / (n + 2) for stem, n in count.items()}
    return Titles(segments, shown, count, head)


def can_name(stem: str) -> bool:
    """Tell words that may name a thing from measures, colours, numbers and grammar."""
    if stem in _NAMELESS or any(character.isdigit() for character in stem):
        return False
    return len(stem) > 1 or not stem.isascii()


def _words(segment: str) -> Iterable[tuple[str, str]]:
    """Yield (stem, form as written); a letter before a hyphen stays with its word, as in "t-light"."""
    for piece in _WORD.findall(segment):
        if piece.isascii():
            yield fold(piece), piece
        else:
            yield from ((word, word) for word in words(piece))


def _heads(segments: Segments) -> set[str]:
    """Return the words that end the title's phrases; segments like "12 ounce bottle" after the first are measures."""
    found: set[str] = set()
    named = False
    for segment in segments:
        leading = _leading(segment)
        if leading and not (named and segment[0][0].isdigit()):
            found.add(leading[-1])
        named = named or len(leading) > 1
    return found


def _leading(segment: list[str]) -> list[str]:
    """Return the naming words before the first link: of "bag for women" those of "bag"."""
    found: list[str] = []
    for stem in segment:
        if stem in _LINKS and found:
            return found
        if can_name(stem):
            found.append(stem)
    return found
