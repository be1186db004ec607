"""Vectors of pictures, sound and video made elsewhere: read from a file, checked row by row, kept beside the catalogue.

A row is (item_id, kind, vector). Of several vectors of one item and kind (views of one thing) the mean counts. Items
that the catalogue does not hold are kept: they may be sold tomorrow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from likeness.errors import FormatError, InputError, StoreError
from likeness.files.chunk import shown
from likeness.files.coerce import text_of
from likeness.files.container import container_of
from likeness.files.names import guess
from likeness.files.rows import chunks_of
from likeness.types import Catalogue, Vectors

FILE = "media.safetensors"
KINDS = ("image", "audio", "video", "other")
LONGEST = 8192  # numbers of one vector
ROWS = 10_000  # rows read at once
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "item_id": ("itemid", "id", "productid", "sku", "asin", "商品id"),
    "kind": ("kind", "type", "media", "modality"),
    "vector": ("vector", "embedding", "values", "features"),
}


@dataclass(frozen=True)
class Media:
    """Unit vectors by kind and item."""

    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # kind -> item ids, ascending
    vectors: Mapping[str, Vectors] = field(default_factory=dict)  # kind -> (m, d), in the order of `ids`

    def of(self, catalogue: Catalogue, kind: str) -> Vectors:
        """Return (n_items, d) vectors of a kind, zero where an item has none; d is 0 where nobody has any."""
        ids, vectors = self.ids.get(kind, ()), self.vectors.get(kind)
        out = np.zeros((len(catalogue), 0 if vectors is None else vectors.shape[1]), np.float32)
        if vectors is not None:
            rows = np.array([catalogue.row_of.get(item, -1) for item in ids], np.int64)
            out[rows[rows >= 0]] = vectors[rows >= 0]
        return out

    def unknown(self, catalogue: Catalogue) -> int:
        """Return how many items with a vector the catalogue does not hold."""
        return len({item for ids in self.ids.values() for item in ids} - catalogue.row_of.keys())


def read_media(path: Path) -> Media:
    """Read a Parquet, NDJSON or CSV file of (item_id, kind, vector); a vector in a text is numbers between spaces.

    Raises FormatError when the file or its columns cannot be told, InputError naming file, line and rule for the first
    row that breaks one: nothing is taken from a file with a fault.
    """
    sums: dict[tuple[str, str], tuple[Vectors, int]] = {}
    sizes: dict[str, tuple[int, int]] = {}  # kind -> numbers of its first vector, the line of that
    for line, item, kind, vector in _rows(path):
        size, first = sizes.setdefault(kind, (len(vector), line))
        if len(vector) != size:
            what = f"{len(vector)} numbers, the {kind} of line {first} has {size}"
            raise _fault(path, line, what, "Give all vectors of a kind the same length.")
        total, count = sums.get((kind, item), (np.zeros(size, np.float32), 0))
        sums[kind, item] = (total + vector / np.linalg.norm(vector), count + 1)
    if not sums:
        raise FormatError(f"{path.name} holds no vector.", remedy="Give rows of item_id, kind and vector.")
    ids = {kind: tuple(sorted(item for of, item in sums if of == kind)) for kind in KINDS if kind in sizes}
    return Media(ids, {kind: np.stack([_unit(sums[kind, item][0]) for item in ids[kind]]) for kind in ids})


def save_media(media: Media, folder: Path) -> None:
    """Write one file into an existing folder; the same vectors give the same bytes."""
    tensors: dict[str, Any] = {f"{kind}.vectors": np.ascontiguousarray(v) for kind, v in media.vectors.items()}
    for kind, ids in media.ids.items():
        tensors[f"{kind}.ids"] = np.frombuffer(msgspec.json.encode(ids), np.uint8)
    save_file(tensors, folder / FILE)


def load_media(folder: Path) -> Media:
    """Read what `save_media` wrote, nothing at all where it was never written. Raises StoreError when it is damaged."""
    path = folder / FILE
    if not path.exists():
        return Media()
    try:
        saved = load_file(path)
        kinds = [kind for kind in KINDS if f"{kind}.ids" in saved]
        ids = {kind: msgspec.json.decode(saved[f"{kind}.ids"].tobytes(), type=tuple[str, ...]) for kind in kinds}
        vectors = {kind: saved[f"{kind}.vectors"] for kind in kinds}
    except (OSError, SafetensorError, KeyError, msgspec.MsgspecError) as broken:
        raise StoreError(f"{path} cannot be read: {broken}.", remedy="Import the vectors again.") from broken
    if any(len(ids[kind]) != len(vectors[kind]) for kind in kinds):
        raise StoreError(f"{path} has ids without vectors.", remedy="Import the vectors again.")
    return Media(ids, vectors)


def _rows(path: Path) -> Iterator[tuple[int, str, str, Vectors]]:
    """Yield (line, item id, kind, vector) of every row, checked."""
    for chunk in chunks_of(path, container_of(path), ROWS):
        for broken in chunk.broken:
            if broken.rule != "empty_row":
                raise _fault(path, broken.line, f"{broken.rule}: {broken.value}", "Mend or drop the row.")
        for line, record in zip(chunk.lines.tolist(), chunk.as_records(), strict=True):
            names = guess(record, COLUMNS)
            for name in COLUMNS:
                if names.get(name) is None:
                    raise _fault(path, line, f"no {name}", "Name the columns item_id, kind and vector.")
            item = (text_of(record[names["item_id"]]) or "").strip()
            if not item:
                raise _fault(path, line, "an empty item_id", "Give every vector the id of its item.")
            kind = (text_of(record[names["kind"]]) or "").strip().lower()
            if kind not in KINDS:
                raise _fault(path, line, f"kind {kind!r}", f"Use one of {', '.join(KINDS)}.")
            yield line, item, kind, _vector(path, line, record[names["vector"]])


def _vector(path: Path, line: int, given: Any) -> Vectors:
    try:
        if isinstance(given, str):
            given = given.strip().strip("[]()").replace(",", " ").replace(";", " ").split()
        if isinstance(given, bytes) or given is None:
            raise TypeError
        vector = np.array([float(number) for number in given], np.float64)
    except (TypeError, ValueError, OverflowError):
        raise _fault(path, line, f"vector {shown(given)!r}", "Write numbers: a list, or text between spaces.") from None
    if not 1 <= len(vector) <= LONGEST:
        raise _fault(path, line, f"a vector of {len(vector)} numbers", f"Give 1 to {LONGEST:,}.")
    length = float(np.linalg.norm(vector)) if np.isfinite(vector).all() else np.nan
    if not 1e-12 < length < 1e12:
        raise _fault(path, line, "a vector with no direction (all 0, infinite or not a number)", "Leave the row out.")
    return (vector / length).astype(np.float32)


def _unit(vector: Vectors) -> Vectors:
    """Return the vector with length 1; views that cancel out are nothing."""
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length > 1e-6 else np.zeros_like(vector), np.float32)


def _fault(path: Path, line: int, what: str, remedy: str) -> InputError:
    return InputError(f"{path.name}, line {line}: {what}.", remedy=remedy)
