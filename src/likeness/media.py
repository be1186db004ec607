"""Pictures, sound and video of a shop: vectors brought by the user, and pictures looked at by an encoder."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from likeness.catalog.media import FILE, Media, load_media, read_media, save_media
from likeness.encode.image import load_image_encoder
from likeness.errors import InputError
from likeness.types import Catalogue, Vectors


class MediaReport(msgspec.Struct, frozen=True):
    """How many vectors of each kind a file brought, and how many the shop has now."""

    read: dict[str, int]
    kept: dict[str, int]


def import_media(folder: Path, path: Path) -> MediaReport:
    """Read a file of (item_id, kind, vector) into the shop's folder; a vector replaces the item's older one.

    Raises InputError naming file, line and rule; then nothing is taken.
    """
    read = read_media(path)
    kept = merged(load_media(folder), read)
    save_media(kept, folder)
    return MediaReport(_counts(read), _counts(kept))


def merged(old: Media, new: Media) -> Media:
    """Return both, the newer vector of an item winning. Raises InputError for a kind of two lengths."""
    ids: dict[str, tuple[str, ...]] = {}
    vectors: dict[str, Vectors] = {}
    for kind in sorted({*old.ids, *new.ids}):
        parts = [part for part in (old, new) if kind in part.ids]
        if len(sizes := {part.vectors[kind].shape[1] for part in parts}) > 1:
            raise InputError(
                f"vectors of kind {kind} have {sorted(sizes)} numbers, in the shop and in the file.",
                remedy=f"Give vectors of one length, or remove {FILE} from the shop's folder to start anew.",
            )
        found = {
            item: vector for part in parts for item, vector in zip(part.ids[kind], part.vectors[kind], strict=True)
        }
        ids[kind] = tuple(sorted(found))
        vectors[kind] = np.stack([found[item] for item in ids[kind]])
    return Media(ids, vectors)


def media_of(folder: Path, catalogue: Catalogue, images: str) -> tuple[list[Vectors], dict[str, int]]:
    """Return one (n_items, d) array per kind that has any, and how many pictures were looked at or why not.

    `images` names the encoder of pictures whose paths the items give, "" none.
    """
    given = load_media(folder)
    found = [given.of(catalogue, kind) for kind in given.ids]
    counts: dict[str, int] = {}
    if images:
        looked = load_image_encoder(images, root=folder).look([item.image for item in catalogue.items])
        found.append(looked.vectors)
        counts = dict(looked.counts)
    return [vectors for vectors in found if vectors.any()], counts


def _counts(media: Media) -> dict[str, int]:
    return {kind: len(ids) for kind, ids in media.ids.items()}
