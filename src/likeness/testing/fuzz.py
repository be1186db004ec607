"""Bad lines by the thousand: what event files hold when programs, people and networks have been at them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from likeness.types import EVENT_NAMES

TIMES: tuple[Any, ...] = (
    *(
        1318177320,
        1318177320000,
        1318177320.5,
        "1318177320",
        "2011-10-09",
        "2011-10-09T16:22:00Z",
        "2011-10-09 16:22:00+08:00",
    ),
    *(
        "10/9/2011 16:22",
        "9.10.2011",
        "31/12/2011",
        "Oct 9, 2011 4:22 PM",
        "Sun, 09 Oct 2011 16:22:00 +0000",
        "20111009162200",
    ),
    *(
        "2011年10月9日 16时22分",
        "2011年10月9日下午4:22",
        "民国100年10月9日",
        "平成23年10月9日",
        "令和元年5月1日",
        "R5.10.9",
    ),
    *("พ.ศ. 2554-10-09", "9/10/2554", "2554-10-09", "1432-11-11", "1390/07/17", "๙/๑๐/๒๕๕๔", "5772-07-11"),
    *(
        "2011-13-45",
        "99/99/9999",
        "yesterday",
        "",
        "NaN",
        None,
        True,
        [],
        {},
        -1,
        0,
        5,
        10**30,
        1e308,
        "0000-00-00",
        "24:61:61",
    ),
)
"""Times in the calendars of the West, China, Japan, Thailand, Islam and Judaism, and things that are no time."""

TEXTS: tuple[Any, ...] = (
    *(
        "u1",
        "商品",
        "Ünïcödé",
        "a\u202eb\u202c",
        "\u200b",
        "\u2066x\u2069",
        "\ufeffid",
        "nul\0byte",
        "tab\tnew\nline",
        "🛒" * 3,
    ),
    *(
        "null",
        "NaN",
        "",
        "   ",
        "0",
        "-1",
        "x" * 300,
        "x" * 30_000,
        "'; DROP TABLE events; --",
        "=1+1",
        "\ud800",
        "e\u0301",
    ),
    *(None, True, False, 7, 12.0, -0.0, 3.5, 10**40, [1, [2]], {"a": {"b": 1}}, ["u1"], {"id": "u1"}),
)
"""Texts and ids, and what stands in their place."""

NUMBERS: tuple[Any, ...] = (
    *(
        1,
        2.5,
        "3",
        "1,234.50",
        "1.234,50",
        "£3.40",
        "１２",
        "٣",
        "1e5",
        "1e999",
        "0x10",
        "--",
        "three",
        "",
        None,
        True,
        [],
        {},
    ),
    *(0, -4, 80_995, 1e13, -1e300, 10**400, "9" * 5_000, "NaN", "Infinity"),
)
"""Quantities and amounts, and what stands in their place."""

_FIELDS: dict[str, tuple[Any, ...]] = {
    "event_id": (*TEXTS, *(f"e{i}" for i in range(40))),
    "event": (*EVENT_NAMES, "view", "buy", "Purchase", "page_view", *TEXTS),
    "time": TIMES,
    "user_id": (*TEXTS, *(f"u{i}" for i in range(40))),
    "visitor_id": TEXTS,
    "session_id": TEXTS,
    "item_id": (*TEXTS, *(f"i{i}" for i in range(40))),
    "query": TEXTS,
    "quantity": NUMBERS,
    "price": NUMBERS,
    "value": NUMBERS,
    "currency": ("EUR", "eur", "£", "euros", "¥", *TEXTS),
    "rating": (*NUMBERS, 1, 5, 4),
    "position": NUMBERS,
    "consent": ({"advertise": False}, '{"measure": true}', {"sell": True}, {"advertise": "maybe"}, "yes", *TEXTS),
    "device": ("mobile", "Googlebot/2.1", *TEXTS),
    "surplus": TEXTS,
}


def fuzz_record(random: Random) -> dict[str, Any]:
    """Return one object with fields of our format, each possibly absent, foreign or wrong."""
    record = {
        "event": random.choice(EVENT_NAMES),
        "time": random.choice(TIMES[:20]),
        "item_id": f"i{random.randrange(50)}",
    }
    for name in random.sample(tuple(_FIELDS), random.randrange(len(_FIELDS))):
        record[name] = random.choice(_FIELDS[name])
    return record


def _json(random: Random) -> bytes:
    return json.dumps(fuzz_record(random)).encode("ascii")


def _raw_json(random: Random) -> bytes:
    return json.dumps(fuzz_record(random), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _cut(random: Random) -> bytes:
    line = _raw_json(random)
    return line[: random.randrange(1, len(line))]


def _flipped(random: Random) -> bytes:
    line = bytearray(_raw_json(random))
    for _ in range(random.randrange(1, 6)):
        line[random.randrange(len(line))] = random.choice(b'\0\x01\x1b\x7f\x80\xc3\xff{}[]",:\\x')
    return bytes(line)


def _gb18030(random: Random) -> bytes:
    return json.dumps(fuzz_record(random) | {"query": "红色杯子"}, ensure_ascii=False).encode("gb18030", "replace")


def _latin(random: Random) -> bytes:
    return json.dumps(fuzz_record(random) | {"query": "crème brûlée"}, ensure_ascii=False).encode("latin-1", "replace")


def _utf16(random: Random) -> bytes:
    return _json(random).decode().encode("utf-16-le")


def _noise(random: Random) -> bytes:
    return random.randbytes(random.randrange(1, 200))


def _not_an_object(random: Random) -> bytes:
    return random.choice(
        (b"[]", b"[1,2]", b"null", b"42", b'"text"', b"true", b"{}", b"[" * 5_000, b'{"a":' * 3_000, b"{}{}")
    )


def _not_json(random: Random) -> bytes:
    return random.choice(
        (b"u1,i1,2011-10-09,3", b"<event/>", b"{'event': 'view_item'}", b"NaN", b"#", b"{event:1}", b"\0\0")
    )


_KINDS: tuple[Callable[[Random], bytes], ...] = (
    *(
        _json,
        _json,
        _json,
        _raw_json,
        _raw_json,
        _cut,
        _flipped,
        _gb18030,
        _latin,
        _utf16,
        _noise,
        _not_an_object,
        _not_json,
    ),
)


def fuzz_lines(count: int, seed: int = 0) -> Iterator[bytes]:
    """Yield `count` lines of event files, most of them bad: none is blank, none holds a line end.

    >>> len(set(fuzz_lines(100, seed=1))) > 50
    True
    """
    random = Random(seed)
    for _ in range(count):
        line = random.choice(_KINDS)(random).replace(b"\n", b"\0").replace(b"\r", b"\0")
        yield line if line.strip() else b"{"


def fuzz_csv(count: int, seed: int = 0) -> Iterator[bytes]:
    """Yield a header and `count` order lines in CSV: broken quotes, missing fields, mixed encodings."""
    random = Random(seed)
    yield b"Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"
    for _ in range(count):
        fields = [random.choice(values) for values in (TEXTS, TEXTS, TEXTS, NUMBERS, TIMES, NUMBERS, TEXTS, TEXTS)]
        texts = [str(field) for field in fields[: random.choice((8, 8, 8, 8, 7, 3, 1))]]
        quoted = ['"' + text.replace('"', '""') + '"' if random.random() < 0.3 else text for text in texts]
        line = ",".join(quoted).replace("\n", " ").replace("\r", " ")
        line = line.replace('"', "", 1) if random.random() < 0.02 else line
        yield line.encode(random.choice(("utf-8", "utf-8", "gb18030", "latin-1", "utf-16-le")), "replace").replace(
            b"\n", b" "
        )
