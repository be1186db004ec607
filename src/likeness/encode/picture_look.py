"""Pictures as they are given, and as they come out of an encoder."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from likeness.types import Vectors

Picture: TypeAlias = str | Path | bytes | None
"""A path below the shop's folder, the file's own bytes, or nothing."""


@dataclass(frozen=True)
class Looked:
    """Pictures as vectors, and why some are not."""

    vectors: Vectors  # (n, embedding_dim) unit rows, zero where a picture was not used
    unused: tuple[str | None, ...]  # (n,) a name of picture_open.REASONS, None where the picture was used

    @property
    def counts(self) -> dict[str, int]:
        """Return reason -> number of pictures not used, the most frequent first."""
        return dict(Counter(reason for reason in self.unused if reason is not None).most_common())
