"""Delimited lines as lists of fields: quotes over several lines, and a way back when a quote never closes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import islice
from typing import IO

from likeness.files.chunk import ROW_CHARS, Broken
from likeness.files.container import Container
from likeness.files.encoding import decode
from likeness.files.json_rows import Row, malformed
from likeness.files.lines import Line, all_lines, empty_row

MAX_SPAN = 200
"""A quoted field that has not closed after this many lines never will; its first line alone is set aside."""

BATCH = 4_096

csv.field_size_limit(1 << 30)  # lines are bounded already


def csv_rows(stream: IO[bytes], container: Container) -> Iterator[Row]:
    """Yield one row per record with exactly as many fields as the header; empty trailing fields are dropped."""
    width = len(container.header)
    header = [name.casefold() for name in container.header]
    rows = _records(stream, container)
    if container.has_header:
        yield from _up_to_header(rows)
    for row in rows:
        if row.broken is not None or (len(row.fields) == width and row.fields[0].casefold() != header[0]):
            yield row
            continue
        fields = _fit(row.fields, width)
        if [name.strip().casefold() for name in fields] == header and container.has_header:
            yield malformed(row.line, "the header again", row.raw.decode())
        else:
            yield row._replace(fields=fields) if len(fields) == width else _misfit(row, width)


def _up_to_header(rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        if row.broken is None:
            return
        if row.broken.rule != "empty_row":
            yield row


def _fit(fields: list[str], width: int) -> list[str]:
    while len(fields) > width and not fields[-1].strip():
        fields = fields[:-1]
    return fields


def _misfit(row: Row, width: int) -> Row:
    return malformed(row.line, f"{len(row.fields)} fields where the header has {width}", row.raw.decode())


def _records(stream: IO[bytes], container: Container) -> Iterator[Row]:
    charset = "utf-8" if container.encoding.startswith("utf") else container.encoding
    quotes = _Quotes(container.delimiter)
    state = _Open(quotes, charset)
    lines = all_lines(stream, container.encoding)
    while batch := list(islice(lines, BATCH)):
        rows = None if state.busy else _plain(batch, container.delimiter, charset)
        if rows is not None:
            yield from rows
        else:
            for line in batch:
                yield from state.take(line)
    yield from state.give_up()


def _plain(batch: list[Line], delimiter: str, charset: str) -> list[Row] | None:
    """Read many lines at once if nothing about them is special: no quote, no blank, no fault."""
    raws = [line.data for line in batch]
    text = b"\n".join(raws)
    if b'"' in text or not all(raws):
        return None
    try:
        texts = text.decode(charset).split("\n")
        fields = list(csv.reader(texts, delimiter=delimiter, quoting=csv.QUOTE_NONE))
    except (UnicodeDecodeError, csv.Error):
        return None
    if len(fields) != len(batch):
        return None
    if charset != "utf-8":
        raws = [one.encode() for one in texts]
    return [Row(line.number, values, raw) for line, values, raw in zip(batch, fields, raws, strict=True)]


class _Open:
    """Lines one at a time: blank ones, those against the encoding, and quoted fields over several lines."""

    def __init__(self, quotes: _Quotes, charset: str) -> None:
        self._quotes = quotes
        self._charset = charset
        self._held: list[Row] = []  # the lines of a quoted field that is still open
        self._odd = False  # whether the lines held have an odd number of quotes
        self._blanks: list[int] = []

    @property
    def busy(self) -> bool:
        """Say whether something from earlier lines is still open."""
        return bool(self._held or self._blanks)

    def take(self, line: Line) -> Iterator[Row]:
        """Yield what the line completes."""
        if line.broken is None and not line.data.strip() and not self._held:
            self._blanks.append(line.number)
            return
        yield from (Row(number, None, broken=empty_row(number).broken) for number in self._blanks)
        self._blanks = []
        if line.broken is not None:
            yield Row(line.number, None, broken=line.broken)
        else:
            text, foreign = decode(line.data, self._charset)
            yield from self._fold(Row(line.number, text, line.data, ("encoding", text[:200]) if foreign else None))

    def _fold(self, row: Row) -> Iterator[Row]:
        quotes = row.raw.count(b'"')
        if not self._held and not (quotes and self._quotes.open(row.fields)):
            yield _record([row], self._quotes)
            return
        self._held.append(row)
        self._odd ^= bool(quotes % 2)  # an open field closes with the quote that makes their number even
        if not self._odd:
            yield _record(self._held, self._quotes)
            self._held = []
        elif len(self._held) > MAX_SPAN:
            yield from self.give_up()

    def give_up(self) -> Iterator[Row]:
        """Yield the lines of a field that never closed, each for itself, the first as broken."""
        held, self._held, self._odd = self._held, [], False
        for row in held[:1]:
            fault = Broken(row.line, "malformed", "a quote never closes", row.fields[:ROW_CHARS])
            yield Row(row.line, None, broken=fault)
        for row in held[1:]:
            yield _record([row], self._quotes)


class _Quotes:
    """The rule of quotes for one delimiter. Between tabs a quote opens a field only if it also closes it."""

    def __init__(self, delimiter: str) -> None:
        mark = re.escape(delimiter)
        self.delimiter = delimiter
        self._closed = re.compile(rf'(?:^|(?<={mark}))\s*"(?:[^"]|"")*"(?={mark}|$)')
        self._opens = re.compile(rf'(?:^|{mark})\s*"')

    def _loose(self, text: str) -> bool:
        return self._opens.search(self._closed.sub("", text)) is not None

    def open(self, text: str) -> bool:
        """Say whether the text ends inside a quoted field."""
        return self.delimiter != "\t" and text.count('"') % 2 == 1 and self._loose(text)

    def style(self, text: str) -> int:
        """Say whether quotes are to be read or to be kept."""
        return csv.QUOTE_NONE if self.delimiter == "\t" and self._loose(text) else csv.QUOTE_MINIMAL


def _record(rows: list[Row], quotes: _Quotes) -> Row:
    text = rows[0].fields if len(rows) == 1 else "\n".join(row.fields for row in rows)
    style = quotes.style(text) if '"' in text else csv.QUOTE_NONE
    try:
        fields = next(csv.reader([text], delimiter=quotes.delimiter, quoting=style), [])  # type: ignore[arg-type]
    except csv.Error as error:
        return malformed(rows[0].line, str(error), text)
    mended = next((row.mended for row in rows if row.mended is not None), None)
    return Row(rows[0].line, fields, text.encode("utf-8", "replace"), mended)
