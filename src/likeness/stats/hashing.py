"""One stable hash for every sketch: the same in each process, on each machine, in each version."""

from __future__ import annotations

from hashlib import blake2b
from struct import Struct

_FOUR = Struct("<4I").unpack


def hash64(key: str) -> int:
    """A 64-bit hash of the key's UTF-8 form (BLAKE2b, RFC 7693), uniform enough for sketches."""
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def hash_rows(key: str, width: int) -> list[int]:
    """Four cell numbers below `width`, as if by four independent hashes of the key: one per row of a sketch."""
    digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return [number % width for number in _FOUR(digest)]
