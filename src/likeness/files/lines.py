"""Physical lines of a byte stream: numbered, bounded in length, and honest about a stream that breaks off."""

from __future__ import annotations

import codecs
import io
import zlib
from collections.abc import Iterator
from typing import IO, NamedTuple

from likeness.files.chunk import ROW_CHARS, Broken

MAX_LINE = 4 << 20


class Line(NamedTuple):
    """One line without its end, or what is wrong with it."""

    number: int
    data: bytes
    broken: Broken | None = None


def lines_of(stream: IO[bytes], encoding: str = "utf-8") -> Iterator[Line]:
    """Yield every line that is not blank; a blank line counts as a row only if something follows it."""
    blanks: list[int] = []
    for line in all_lines(stream, encoding):
        if line.broken is None and not line.data.strip():
            blanks.append(line.number)
            continue
        if blanks:
            yield from (empty_row(number) for number in blanks)
            blanks.clear()
        yield line


def empty_row(number: int) -> Line:
    """Return the blank line that something follows."""
    return Line(number, b"", Broken(number, "empty_row", "", ""))


def all_lines(stream: IO[bytes], encoding: str = "utf-8") -> Iterator[Line]:
    """Yield every line without its end, wide encodings as utf-8.

    A line over 4 MiB is cut and reported, and so is a stream that cannot be read to its end.
    """
    number = 0
    stream = _utf8(stream, encoding) if encoding.startswith(("utf-16", "utf-32")) else stream
    try:
        while data := stream.readline(MAX_LINE):
            number += 1
            if len(data) < MAX_LINE or data.endswith(b"\n"):
                yield Line(number, data.rstrip(b"\r\n") if number > 1 else _first(data))
            else:
                _skip_line(stream)
                yield Line(number, b"", _broken(number, f"longer than {MAX_LINE} bytes", data))
    except (OSError, EOFError, zlib.error) as error:
        yield Line(number + 1, b"", Broken(number + 1, "truncated_file", str(error), ""))


def _first(data: bytes) -> bytes:
    return data.removeprefix(codecs.BOM_UTF8).rstrip(b"\r\n")


def _skip_line(stream: IO[bytes]) -> None:
    while (rest := stream.readline(MAX_LINE)) and not rest.endswith(b"\n"):
        pass


def _broken(number: int, why: str, data: bytes) -> Broken:
    return Broken(number, "malformed", why, data[: 4 * ROW_CHARS].decode("utf-8", "replace")[:ROW_CHARS])


class _Recoded(io.RawIOBase):
    """A wide-character stream as utf-8."""

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self._text = io.TextIOWrapper(stream, encoding, errors="replace", newline="")
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._left:
            self._left = self._text.read(1 << 16).encode("utf-8", "replace")
        piece, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)


def _utf8(stream: IO[bytes], encoding: str) -> IO[bytes]:
    return io.BufferedReader(_Recoded(stream, encoding), 1 << 20)
