"""How a file is understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from likeness.files.container import Container
from likeness.files.options import ImportOptions
from likeness.types import Clock


@dataclass(frozen=True, kw_only=True)
class FileKind:
    """What a file holds, in which format, and what each column is taken for."""

    kind: Literal["events", "items"]
    format: str  # one of files.options.FORMATS but "auto"
    container: Container
    mapping: Mapping[str, str] = field(default_factory=dict)  # field -> column
    clock: Clock = "time"
    day_first: bool = False  # whether 3/4/2011 is the third of April
    not_products: tuple[str, ...] = ()
    nobody: tuple[str, ...] = ()
    options: ImportOptions = field(default_factory=ImportOptions)  # what the user said
    notes: tuple[str, ...] = ()  # what was assumed, in plain words
    preview: tuple[dict[str, str], ...] = ()  # the first rows as understood: field -> value, or rule -> value

    def meaning(self) -> bytes:
        """Return what, together with the file's bytes, decides the events: part of the import's digest."""
        said = self.options
        parts = (self.kind, self.format, self.container.encoding, dict(self.mapping), self.clock, self.day_first)
        more = (self.not_products, self.nobody, said.until, said.timezone, said.currency, said.chunk_rows)
        return msgspec.json.encode((*parts, *more), order="sorted")
