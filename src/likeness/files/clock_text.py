"""One written time to seconds UTC: ISO 8601, slashes and points, month names, Chinese and Japanese dates."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 1990, 2100

ERAS = {
    "民国": 1911,
    "民國": 1911,
    "令和": 2018,
    "平成": 1988,
    "昭和": 1925,
    "R": 2018,
    "H": 1988,
    "พ.ศ.": -543,
    "BE": -543,
}
"""What is added to a year of a named era: Republic of China, Japan, Buddhist."""

_MONTHS = {
    name: i
    for i, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_CLOCK = (
    r"(?:[T,\s]*(?P<half>上午|下午|午前|午後|凌晨|晚上|中午)?\s*(?P<h>\d{1,2})\s*[:.时時点]\s*(?P<mi>\d{1,2})(?:\s*[:.分]\s*(?P<s>\d{1,2})?秒?"
    r"(?:[.,](?P<f>\d{1,9}))?)?\s*分?\s*(?P<ampm>[AaPp]\.?[Mm]\.?)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?(?::?\d{2})?)?(?:\s*\[[\w/]+\])?$"
)
_SHAPES = tuple(
    re.compile(shape + _CLOCK, re.IGNORECASE)
    for shape in (
        r"^(?P<era>)(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})",
        r"^(?P<era>)(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?=T)",
        r"^(?P<era>)(?P<y>\d{4})[/.](?P<m>\d{1,2})[/.](?P<d>\d{1,2})",
        r"^(?P<era>)(?P<a>\d{1,2})(?P<sep>[/.-])(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4}|\d{2})(?!\d)",
        r"^(?P<era>民国|民國|令和|平成|昭和|[RH]|พ\.ศ\.|BE)?\s*(?P<y>\d{1,4}|元)\s*[年./-]\s*(?P<m>\d{1,2})\s*[月./-]\s*(?P<d>\d{1,2})\s*[日号號]?",
        r"^(?P<era>)(?:[a-z]{3,9},?\s+)?(?P<d>\d{1,2})(?:st|nd|rd|th)?[\s-]+(?P<mon>[a-z]{3})[a-z]*\.?,?[\s-]+(?P<y>\d{4}|\d{2})(?!\d)",
        r"^(?P<era>)(?:[a-z]{3,9},?\s+)?(?P<mon>[a-z]{3})[a-z]*\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})",
    )
)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?", re.IGNORECASE)


def time_of_text(
    text: str, zone: ZoneInfo, day_first: bool, of_number: Callable[[float], float | str | None]
) -> float | str | None:
    """Return seconds UTC, the reason why the text is no time, or None when it is empty.

    A text without a zone is in `zone`. `day_first` decides 3/4/2011; a date that contradicts it is not guessed at.
    """
    clean = text.strip()
    if not clean:
        return None
    if len(clean) > 80:
        return "too long for a time"
    if not clean.isascii():
        clean = unicodedata.normalize("NFKC", clean)
    if _NUMBER.fullmatch(clean):
        return of_number(float(clean))
    if (standard := _iso(clean, zone)) is not None:
        return standard
    for shape in _SHAPES:
        match = shape.match(clean)
        if match is not None:
            return _moment(match.groupdict(), zone, day_first)
    return "not a time in any known form"


def _iso(text: str, zone: ZoneInfo) -> float | None:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).timestamp()


def _moment(part: dict[str, str | None], zone: ZoneInfo, day_first: bool) -> float | str:
    year = _year(part)
    if isinstance(year, str):
        return year
    month, day = _month_and_day(part, day_first)
    if month > 12 >= day and part.get("a"):
        return f"month {month} under the reading {'day/month' if day_first else 'month/day'} of this file"
    try:
        naive = dt.datetime(year, month, day) + _clock(part)
        return naive.replace(tzinfo=_zone(part["zone"]) or zone).timestamp()
    except (ValueError, OverflowError) as error:
        return str(error)


def _year(part: dict[str, str | None]) -> int | str:
    era, digits = part["era"], part["y"] or ""
    written = 1 if digits == "元" else int(digits)
    if era:
        written += ERAS[era.upper() if era.isascii() else era]
    elif len(digits) == 2:
        written += 2000 if written < 70 else 1900
    if FIRST_YEAR <= written <= LAST_YEAR:
        return written
    if FIRST_YEAR <= written - 543 <= LAST_YEAR:
        return f"year {written} looks Buddhist ({written - 543}); write พ.ศ. before it or convert it"
    return f"year {written} is outside {FIRST_YEAR} to {LAST_YEAR}; name the era or convert the calendar"


def _month_and_day(part: dict[str, str | None], day_first: bool) -> tuple[int, int]:
    if part.get("mon"):
        return _MONTHS.get((part["mon"] or "").lower(), 0), int(part["d"] or 0)
    if not part.get("a"):
        return int(part["m"] or 0), int(part["d"] or 0)
    first, second = int(part["a"] or 0), int(part["b"] or 0)
    return (second, first) if day_first or part["sep"] == "." else (first, second)


def _clock(part: dict[str, str | None]) -> dt.timedelta:
    hour = int(part["h"] or 0)
    half = (part["half"] or part["ampm"] or "").lower().replace(".", "")
    late = half in ("pm", "下午", "午後", "晚上") or (half == "中午" and hour < 11)
    if half and hour > 12 and not late:
        raise ValueError(f"hour {hour} before noon")
    if half and hour <= 12:
        hour = hour % 12 + (12 if late else 0)
        hour = 12 if half == "中午" and hour == 0 else hour
    minute, second = int(part["mi"] or 0), int(part["s"] or 0)
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError(f"{hour}:{minute}:{second} is no time of day")
    return dt.timedelta(hours=hour, minutes=minute, seconds=min(second, 59), microseconds=_micro(part["f"]))


def _micro(digits: str | None) -> int:
    return int((digits or "0")[:6].ljust(6, "0"))


def _zone(text: str | None) -> dt.tzinfo | None:
    if not text:
        return None
    if text[0] not in "+-":
        return dt.UTC
    digits = text[1:].replace(":", "")
    offset = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:4] or 0))
    return dt.timezone(-offset if text[0] == "-" else offset)
