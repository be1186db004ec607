"""Names for groups of titles: the two or three words that most of a group have and few others do."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from likeness.catalog.titles import Phrase, Titles

_WORDS = 3  # in one name
_COVERED = 0.7  # a name that most titles of the group bear says enough
_LEAST = 0.08  # of the group's titles must bear a part of its name
_LONGER = 0.4  # of those that bear a word must bear the phrase that is shown in its place


@dataclass
class Shelf:
    """The phrases of every title and how many titles hold each."""

    titles: Titles
    phrases: list[set[Phrase]] = field(init=False)
    count: Counter[Phrase] = field(init=False)

    def __post_init__(self) -> None:
        """Count once for all groups."""
        self.phrases = [self.titles.phrases(item) for item in range(len(self.titles.segments))]
        self.count = Counter(phrase for phrases in self.phrases for phrase in phrases)


def name_group(shelf: Shelf, members: Sequence[int]) -> str:
    """Return the name of a group of titles: phrases that together cover it, "" where its titles share no word.

    A phrase scores by the share of the group that bears it, times the logarithm of how much rarer it is elsewhere,
    times how often its last word names a thing; longer phrases are worth a little more.
    """
    inside = Counter(phrase for item in members for phrase in shelf.phrases[item])
    left, parts = set(members), list[Phrase]()
    while len(left) > (1 - _COVERED) * len(members):
        part = _best(shelf, inside, left, len(members), {stem for known in parts for stem in known}, not parts)
        if part is None:
            break
        parts.append(part)
        left = {item for item in left if part not in shelf.phrases[item] and part[-1:] not in shelf.phrases[item]}
    return ", ".join(shelf.titles.write(part) for part in parts)


def _best(
    shelf: Shelf, inside: Counter[Phrase], left: set[int], size: int, used: set[str], first: bool
) -> Phrase | None:
    now = Counter(phrase for item in left for phrase in shelf.phrases[item])
    least = max(2.0, _LEAST * size)
    fitting = [p for p, n in now.items() if n >= least and len(used | set(p)) <= _WORDS and not used >= set(p)]
    if not fitting:
        return min(now, key=lambda p: (-now[p], p)) if first and now else None
    score = {p: _score(shelf, p, now[p], inside[p], size) for p in fitting}
    best = min(fitting, key=lambda p: (-score[p], p))
    if score[best] <= 0:
        return None
    longer = [p for p in fitting if len(p) > len(best) and p[-1] == best[-1] and now[p] >= _LONGER * now[best]]
    return min(longer, key=lambda p: (-now[p] * len(p), p)) if longer and len(best) == 1 else best


def _score(shelf: Shelf, phrase: Phrase, now: int, inside: int, size: int) -> float:
    share = now / size
    elsewhere = (shelf.count[phrase] - inside + 0.5) / (len(shelf.phrases) - size + 1)
    if share <= elsewhere:
        return 0.0
    thing = 0.25 + shelf.titles.head.get(phrase[-1], 0.0)
    return share * math.log(share / elsewhere) * thing * (1 + 0.35 * (len(phrase) - 1))
