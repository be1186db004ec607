"""JSON arrays as records, one object in memory at a time."""

from __future__ import annotations

import codecs
import json
import re
import zlib
from collections.abc import Iterator
from typing import IO, Any

from likeness.files.chunk import ROW_CHARS
from likeness.files.json_rows import Row, malformed
from likeness.files.lines import MAX_LINE

_SPACE = re.compile(r"[\s,]*")
_RESUME = re.compile(r"\}\s*,\s*(?=\{)")


def json_rows(stream: IO[bytes], encoding: str) -> Iterator[Row]:
    """Yield the objects of a JSON array, or of the first list of objects inside a JSON object; lines are places.

    Only the object that is being read is held in memory; after a fault reading goes on at the next object.
    """
    text = _Text(stream, encoding)
    decoder = json.JSONDecoder(strict=False)
    place = 0
    text.seek_list()
    while text.more():
        place += 1
        try:
            value, end = text.element(decoder)
        except (ValueError, RecursionError) as error:
            skipped = text.resume()
            yield malformed(place, str(error), skipped)
            continue
        raw = text.take(end)
        if isinstance(value, dict):
            yield Row(place, value, raw.encode("utf-8", "replace"))
        else:
            yield malformed(place, f"a JSON object is expected, not {type(value).__name__}", raw)


class _Text:
    """A window on a text stream that grows while an element does not fit, and is cut when it is done."""

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._window = ""
        self._ended = False

    def _grow(self) -> bool:
        try:
            data = b"" if self._ended else self._stream.read(1 << 20)
        except (OSError, EOFError, zlib.error):
            data = b""
        self._ended = not data
        self._window += self._decoder.decode(data, final=self._ended)
        return not self._ended

    def seek_list(self) -> None:
        """Go to the first element: behind the first `[` that opens a list of objects."""
        while (start := re.search(r"\[\s*(?=\{)", self._window)) is None:
            if len(self._window) > MAX_LINE or not self._grow():
                return
        self._window = self._window[start.end() :]

    def more(self) -> bool:
        """Skip to the next element and say whether there is one."""
        while True:
            self._window = _SPACE.sub("", self._window, count=1)
            if self._window:
                return self._window[0] != "]"
            if not self._grow():
                return False

    def element(self, decoder: json.JSONDecoder) -> tuple[Any, int]:
        """Return the next element and where it ends."""
        while True:
            try:
                return decoder.raw_decode(self._window)
            except json.JSONDecodeError:
                if len(self._window) > MAX_LINE or not self._grow():
                    raise

    def take(self, end: int) -> str:
        """Cut off and return the text of an element."""
        text, self._window = self._window[:end], self._window[end:]
        return text

    def resume(self) -> str:
        """Skip a faulty element, to the next object or the end; return the beginning of what was skipped."""
        skipped = self._window[:ROW_CHARS]
        while (found := _RESUME.search(self._window)) is None:
            self._window = self._window[-64:]
            if not self._grow():
                self._window = ""
                return skipped
        self.take(found.end())
        return skipped
