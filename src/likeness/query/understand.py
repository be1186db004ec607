"""What a query text means: its words, what is looked up for them, and what the shopper does not want."""

from __future__ import annotations

from likeness.query.normalise import HAN, content, grams, normalise, words
from likeness.types import Request, Understanding

LONGEST_QUERY = 2_000  # characters read
MOST_TOKENS = 32  # looked up; later ones are left out
WITHOUT = frozenset({"without", "不含", "不带", "不要", "无"})
UNWANTED_ENDS = frozenset({"with", "for", "in", "and", "but", "or"})


def understand(text: str) -> Understanding:
    """Return what the text means; an empty or wordless text has no tokens.

    >>> understand("Dinnerware sets without mugs").tokens
    ('dinnerware', 'set', 'without', 'mug')
    >>> sorted(understand("Dinnerware sets without mugs").unwanted)
    ['mug', 'without']
    """
    text = normalise(text[:LONGEST_QUERY])
    every = words(text)
    tokens = content([*every, *grams(text)])[:MOST_TOKENS]
    return Understanding(
        text=text,
        language=language_of(every),
        words=tuple(every[: 2 * MOST_TOKENS]),
        tokens=tuple(tokens),
        unwanted=_unwanted(every) & frozenset(tokens),
    )


def understood(request: Request) -> Understanding | None:
    """Return what the request's text means, asked for or already known; None for a request without text."""
    if request.understanding is not None:
        return request.understanding
    return understand(request.query.text) if request.query.text else None


def language_of(found: list[str]) -> str:
    """Return "en" for Latin letters, "zh" for ideographs, "mixed" for both, "other", or "" without any word."""
    ideographs = sum(bool(HAN.search(word)) for word in found)
    latin = sum(word.isascii() and not word.replace(".", "").isdigit() for word in found)
    if ideographs and latin:
        return "mixed"
    if ideographs:
        return "zh"
    return "en" if latin else "other" if found else ""


def _unwanted(found: list[str]) -> frozenset[str]:
    """Return the words from a "without" to the end of its phrase; a query cannot begin with one."""
    for place, word in enumerate(found[:-1]):
        if word in WITHOUT and place > 0:
            rest = found[place + 1 :]
            end = next((i for i, other in enumerate(rest) if other in UNWANTED_ENDS), len(rest))
            return frozenset(found[place : place + 1 + end])
    return frozenset()
