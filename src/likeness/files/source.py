"""Files as bytes: folders into files, gzip by its first bytes, position for progress, digest for recognition."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from likeness.errors import FormatError

GZIP = b"\x1f\x8b"
SAMPLE_BYTES = 1 << 20


def files_of(path: Path) -> list[Path]:
    """Return the file itself, or every file below a folder in order of name, hidden and marker files left out.

    Raises:
        FormatError: nothing is there.
    """
    if path.is_file():
        return [path]
    if not path.exists():
        raise FormatError(f"{path} does not exist.", remedy="Name a file, or a folder with files.")
    inside = sorted(p for p in path.rglob("*") if p.is_file() and not _hidden(p.relative_to(path)))
    if not inside:
        raise FormatError(f"{path} holds no file.", remedy="Name a file, or a folder with files.")
    return inside


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def is_gzip(path: Path) -> bool:
    """Tell gzip by its first bytes, whatever the name says."""
    with path.open("rb") as raw:
        return raw.read(2) == GZIP


class Tally(io.RawIOBase):
    """A file that counts the bytes read from it: `done` is the place in the file on disk, also under gzip."""

    def __init__(self, raw: IO[bytes]) -> None:
        """Wrap an open file."""
        self._raw = raw
        self.done = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read and count."""
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self.done += len(data)
        return len(data)


class Unpacked(io.RawIOBase):
    """Gzip that gives everything up to the point where the file breaks off, and only then complains."""

    def __init__(self, packed: IO[bytes]) -> None:
        """Wrap an open gzip file."""
        self._packed = packed
        self._member = zlib.decompressobj(31)
        self._input = b""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Unpack at most as much as fits; zlib.error or EOFError where the file is broken."""
        data = b""
        while not data:
            if self._member.eof:
                self._input = self._member.unused_data.lstrip(b"\0")
                if not self._input and not (block := self._packed.read(1 << 14)):
                    return 0
                self._input = self._input or block
                self._member = zlib.decompressobj(31)
            self._input = self._input or self._packed.read(1 << 14)
            if not self._input:
                raise EOFError("the compressed file ends too early")
            data = self._member.decompress(self._input, len(buffer))
            self._input = self._member.unconsumed_tail
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def open_bytes(path: Path) -> Iterator[tuple[io.BufferedReader[Any], Tally]]:
    """Open a file for reading, unpacked; the second value counts the bytes taken from the disk.

    Raises:
        FormatError: the file cannot be opened.
    """
    try:
        raw = path.open("rb", buffering=0)
    except OSError as error:
        raise FormatError(f"{path} cannot be opened: {error.strerror}.", remedy="Name a readable file.") from error
    with raw:
        tally = Tally(raw)
        buffered = io.BufferedReader(tally, 1 << 20)
        if buffered.peek(2)[:2] == GZIP:
            yield io.BufferedReader(Unpacked(buffered), 1 << 20), tally
        else:
            yield buffered, tally


def sample_of(path: Path, size: int = SAMPLE_BYTES) -> bytes:
    """Return the first bytes of a file, unpacked, as far as they can be read."""
    pieces: list[bytes] = []
    with open_bytes(path) as (stream, _):
        try:
            while size > 0 and (piece := stream.read1(min(size, 1 << 16))):
                pieces.append(piece)
                size -= len(piece)
        except (OSError, EOFError, ValueError, zlib.error):
            pass
    return b"".join(pieces)


def digest_of(path: Path, meaning: bytes) -> str:
    """Return the blake2b-128 hex of a file's bytes and of the options that change its meaning."""
    digest = hashlib.blake2b(meaning, digest_size=16)
    with path.open("rb") as raw:
        while block := raw.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
