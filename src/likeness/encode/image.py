"""Picture encoders behind one port: the shipped descriptor, or any sentence-transformers model that sees.

A vector says what a picture shows; an item whose picture cannot be used has the zero vector, which every reader takes
for "nothing known". Vectors made elsewhere, of pictures or of sound and video, come by `catalog/media`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from likeness.encode.picture_look import Looked, Picture
from likeness.errors import ConfigError, MissingExtra
from likeness.types import Vectors

__all__ = ["ImageEncoder", "Looked", "Picture", "load_image_encoder"]


@runtime_checkable
class ImageEncoder(Protocol):
    """Turns pictures into unit vectors."""

    @property
    def name(self) -> str:
        """Stable and versioned: a fitted artefact records it."""
        ...

    @property
    def embedding_dim(self) -> int:
        """The length of a vector."""
        ...

    def encode(self, pictures: Sequence[Picture]) -> Vectors:
        """Return (n, embedding_dim) float32 rows of length 1; zero where there is no usable picture. Never raises."""
        ...

    def look(self, pictures: Sequence[Picture]) -> Looked:
        """Return the same rows with the reason of each that is zero."""
        ...


def load_image_encoder(name: str = "descriptor", *, root: Path | None = None) -> ImageEncoder:
    """Return the encoder called `descriptor` or `sentence-transformers:NAME` (a CLIP model).

    Pictures given as paths are read below `root` and nowhere else; without it only bytes are. Raises ConfigError for
    another name or a model that cannot be opened, MissingExtra without pillow or sentence-transformers.
    """
    kind, _, model = name.partition(":")
    try:
        if name == "descriptor":
            from likeness.encode.picture_descriptor import Descriptor

            return Descriptor(root=root)
        if kind == "sentence-transformers" and model:
            from likeness.encode.picture_sentence import load_clip

            return load_clip(model, root=root)
    except ModuleNotFoundError as missing:
        if missing.name != "PIL":
            raise
        raise MissingExtra("looking at pictures", "images") from missing
    raise ConfigError(
        f"{name!r} is no encoder of pictures.",
        remedy="Use descriptor or sentence-transformers:NAME, or import vectors made elsewhere.",
    )
