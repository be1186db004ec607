"""Which encoding a text is in, and a reading of every line, also of those that break it."""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HIGH_RUNS = re.compile(rb"[\x80-\xff]+")


def encoding_of(sample: bytes) -> str:
    """Tell utf-8 (with or without mark), utf-16, utf-32, gb18030 or cp1252 from the beginning of a file.

    A file most of whose non-ASCII lines are utf-8 is utf-8; single lines that are not are read by `decode`.

    >>> encoding_of("商品名称".encode("gb18030")), encoding_of("crème".encode("latin-1"))
    ('gb18030', 'cp1252')
    """
    for mark, name in _BOMS:
        if sample.startswith(mark):
            return name
    lines = [line for line in sample.split(b"\n") if not line.isascii()][:2000]
    readable = sum(_is(line, "utf-8") for line in lines)
    if 2 * readable >= len(lines):
        return "utf-8"
    return _other([line for line in lines if not _is(line, "utf-8")])


def decode(line: bytes, encoding: str) -> tuple[str, bool]:
    """Return the text of one line, and whether it had to be read against the file's encoding."""
    try:
        return line.decode(encoding), False
    except UnicodeDecodeError:
        return line.decode(_other([line]), "replace"), True


def _other(lines: list[bytes]) -> str:
    # Chinese double bytes come in pairs of high bytes; a western accent stands alone between ASCII letters.
    runs = [len(run) for line in lines for run in _HIGH_RUNS.findall(line)]
    paired = sum(length % 2 == 0 for length in runs)
    chinese = sum(_is(line, "gb18030") for line in lines)
    return "gb18030" if 5 * paired >= 4 * len(runs) and 5 * chinese >= 4 * len(lines) else "cp1252"


def _is(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
